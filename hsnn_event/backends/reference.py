"""The semantics as a short program: one queue of arrivals, one neuron population after the other, no tricks.

It judges the fast backends, so it shares nothing with them but the Program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sortedcontainers import SortedList

from hsnn_event.backends.protocol import Moment, Probe, Seen, Watch, fed, sample_steps
from hsnn_event.backends.reference_couplings import Quantities, Real, ReferenceCouplings
from hsnn_event.backends.reference_edges import expand
from hsnn_event.backends.reference_hyper import junctions_of
from hsnn_event.backends.reference_stimuli import events_at, listed_source, noise_at, poisson_counts, poisson_source
from hsnn_event.lowering.arithmetic import attempted, evaluate
from hsnn_event.lowering.hyper_ir import first_evidence
from hsnn_event.lowering.ir import (
    CUT_EVERY,
    DENORMAL_CUT,
    LAG,
    EventsPlan,
    FloatArray,
    IntArray,
    ListedSource,
    NoisePlan,
    Number,
    PoissonPlan,
    Program,
    Section,
    Stages,
    ValuePlan,
)


class Synapse(NamedTuple):
    """One entry of a source's row."""

    delay: int
    population: int
    receptor: int
    target: int
    weight: float


class Arrival(NamedTuple):
    """A weight on its way; tuples sort in the order in which arrivals are summed."""

    due: int
    emitted: int
    source_population: int
    source: int
    rank: int
    synapse: Synapse


class ReferenceEngine:
    """An `Engine` in plain Python and NumPy, on one thread."""

    def __init__(self, program: Program, n_threads: int = 1, n_blocks: int | None = None) -> None:
        del n_threads, n_blocks
        self.program = program
        self.step = 0
        self._dtype = np.dtype(program.state_type)
        self._kernels = [program.kernels[plan.kernel] for plan in program.populations]
        self._states = [
            {name: values.astype(self._dtype) for name, values in plan.states.items()} for plan in program.populations
        ]
        self._constants = [dict(plan.constants) for plan in program.populations]
        self._inputs = [dict(plan.inputs) for plan in program.populations]
        self._edges = [self._expanded(number) for number in range(len(program.projections))]
        self._junctions = junctions_of(program.hyper)
        self._linking = {plan.population for plan in program.hyper if plan.rule == "any"}  # members emit for these
        self._rows = self._all_rows()
        self._noisy: Quantities = [{} for _ in program.populations]
        self._couplings = ReferenceCouplings(program, self._dtype)
        self._joined = [number for number, kernel in enumerate(self._kernels) if kernel.stages is not None]
        self._coupled: Quantities = [{} for _ in program.populations]      # inputs, in the stage that is computed
        self._hidden: list[list[Real]] = [[] for _ in program.populations]  # what earlier stages left
        self.restore(Moment.start(program.keys, len(program.populations)))

    def moment(self) -> Moment:
        clamped = [np.where(left > 0, self.step + left, 0) if left.any() else None for left in self._refractory]
        synapses = Counter(each[1:5] for each in self._queue)
        in_flight: dict[tuple[int, ...], int] = {}  # of a list fed from elsewhere, a neuron may fire several times a step
        for (*spike, _), n in synapses.items():
            in_flight[tuple(spike)] = max(n, in_flight.get(tuple(spike), 0))
        spikes = [spike for spike, n in sorted(in_flight.items()) for _ in range(n)]
        steps, populations, ids = np.array(spikes, dtype=np.int64).reshape(-1, 3).T.copy()
        evidence = tuple(each.evidence() for each in self._junctions)
        return Moment(self.step, tuple(self._keys.values()), tuple(clamped), steps, populations, ids, evidence)

    def restore(self, moment: Moment) -> None:
        self.step = moment.step
        self._sources = {plan.population: plan for plan in self.program.sources}
        drawn = (*self.program.poisson, *self.program.noise, *self.program.sources)
        keyed = (plan for plan in drawn if not isinstance(plan, ListedSource))
        self._keys = {id(plan): key for plan, key in zip(keyed, moment.keys, strict=True)}
        self._refractory = [
            np.zeros(plan.size, np.int64) if until is None else np.maximum(until - moment.step, 0)
            for plan, until in zip(self.program.populations, moment.clamped, strict=True)
        ]
        for junctions, plan, evidence in zip_longest(self._junctions, self.program.hyper, moment.evidence):
            junctions.restore(first_evidence(plan) if evidence is None else evidence)
        self._queue: SortedList = SortedList()
        for emitted, population, source in zip(moment.steps, moment.populations, moment.ids, strict=True):
            self._emit(int(emitted), int(population), int(source))

    def advance(self, n_steps: int, watch: Watch) -> Seen:
        due = [sample_steps(self.step, n_steps, probe.every).tolist() for probe in watch.probes]
        samples: list[list[FloatArray]] = [[] for _ in watch.probes]
        kept: list[tuple[int, int, int]] = []
        lags: list[float] = []
        for _ in range(n_steps):
            self.step += 1
            arrivals = self._arrivals()
            self._add_noise()
            self._couple(arrivals)
            spikes: list[list[int]] = []
            lag_of: list[FloatArray] = []
            for number in range(len(self._kernels)):
                spikes.append(self._fired(number, arrivals[number]))
                lag_of.append(self._lags(number))
                if self.step % CUT_EVERY == 0:
                    self._cut_denormals(number)
            self._judge(spikes)
            for number, fired in enumerate(spikes):
                for neuron in fired if number not in self._linking else ():
                    self._emit(self.step, number, neuron)
                if watch.spikes[number]:
                    kept += [(self.step, number, neuron) for neuron in fired]
                    lags += lag_of[number][fired].tolist()
            for k, probe in enumerate(watch.probes):
                if self.step % probe.every == 0:
                    samples[k].append(self._sample(probe))
        steps, populations, ids = np.array(kept, dtype=np.int64).reshape(-1, 3).T.copy()
        widths = [self._sample(probe).size for probe in watch.probes]
        arrays = [np.array(rows).reshape(len(n), width) for rows, n, width in zip(samples, due, widths, strict=True)]
        return Seen(steps, populations, ids, tuple(arrays), lags=np.array(lags) if any(lags) else None)

    def _judge(self, spikes: list[list[int]]) -> None:
        """Add to the spikes of a step, population by population, those of junctions."""
        all_spikes = [(number, neuron) for number, fired in enumerate(spikes) for neuron in fired]
        for junctions in self._junctions:
            spikes[junctions.plan.population] = junctions.fired(all_spikes, (self.step, 0.0))

    def _lags(self, number: int) -> FloatArray:
        """How far before the end of the step each neuron fired, if it did."""
        lags = self._states[number].get(LAG)
        return np.zeros(self.program.populations[number].size) if lags is None else lags.astype(np.float64)

    def _sample(self, probe: Probe) -> FloatArray:
        values = self.read(probe.population, probe.variable).astype(self._dtype).astype(np.float64)
        return values if probe.ids is None else values[probe.ids]

    def read(self, population: int, variable: str) -> FloatArray:
        values = self._coupled[population].get(variable, self._noisy[population].get(variable))
        values = self._holder(population, variable)[variable] if values is None else values
        return np.array(np.broadcast_to(values, self.program.populations[population].size), dtype=np.float64)

    def write(self, population: int, variable: str, values: Number) -> None:
        holder = self._holder(population, variable)
        if holder is self._states[population]:
            holder[variable] = np.full(self.program.populations[population].size, values, dtype=self._dtype)
        else:
            holder[variable] = np.array(values, dtype=np.float64) if np.ndim(values) else float(values)
            self._noisy[population].pop(variable, None)
            self._coupled[population].pop(variable, None)

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        plan = replace(self.program.projections[projection], weight=weight)
        plans = list(self.program.projections)
        plans[projection] = plan
        self.program = replace(self.program, projections=tuple(plans))
        self._edges[projection] = self._expanded(projection)
        self._rows = self._all_rows()
        self._queue = SortedList(
            each._replace(synapse=self._rows[each.source_population][each.source][each.rank]) for each in self._queue
        )

    def reconduct(self, coupling: int, conductance: ValuePlan, substeps: int) -> None:
        self.program = replace(self.program, substeps=substeps)
        self._couplings.reconduct(coupling, conductance)

    def feed(self, population: int, steps: IntArray, ids: IntArray) -> None:
        """Spikes of a population that is a list: those of steps done are in flight, the others still to come."""
        done = steps <= self.step
        for step, neuron in zip(steps[done].tolist(), ids[done].tolist(), strict=True):
            self._emit(step, population, neuron)
        self._sources[population] = fed(self._sources[population], self.step, steps[~done], ids[~done])

    def _holder(self, population: int, variable: str) -> dict[str, Any]:
        holders: list[dict[str, Any]] = [self._states[population], self._constants[population], self._inputs[population]]
        return next(holder for holder in holders if variable in holder)

    def _expanded(self, number: int) -> tuple[IntArray, IntArray, npt.NDArray[np.floating], npt.NDArray[Any]]:
        plan, populations = self.program.projections[number], self.program.populations
        sources, targets, weights, delays = expand(plan, (populations[plan.source].size, populations[plan.target].size))
        return sources, targets, weights.astype(self.program.weight_type), delays

    def _all_rows(self) -> list[list[list[Synapse]]]:
        """For each population and source its synapses, sorted by delay, then by order of draw."""
        rows: list[list[list[Synapse]]] = [[[] for _ in range(plan.size)] for plan in self.program.populations]
        for plan, edges in zip(self.program.projections, self._edges, strict=True):
            for source, target, weight, delay in zip(*(column.tolist() for column in edges), strict=True):
                rows[plan.source][source].append(Synapse(delay, plan.target, plan.receptor, target, weight))
        for junctions in self._junctions:
            junctions.lend(rows)
        for population in rows:
            for row in population:
                row.sort(key=lambda synapse: synapse.delay)
        return rows

    def _arrivals(self) -> list[list[npt.NDArray[np.floating]]]:
        """What arrives in this step, for each population and receptor."""
        sums = [
            [np.zeros(plan.size, self._dtype) for _ in kernel.receptors]
            for plan, kernel in zip(self.program.populations, self._kernels, strict=True)
        ]
        while self._queue and self._queue[0].due == self.step:
            synapse = self._queue.pop(0).synapse
            sums[synapse.population][synapse.receptor][synapse.target] += self._dtype.type(synapse.weight)
        for plan in self.program.stimuli:
            ids, amounts = self._stimulus(plan)
            np.add.at(sums[plan.population][plan.receptor], ids, amounts)
        return sums

    def _stimulus(self, plan: PoissonPlan | EventsPlan) -> tuple[IntArray, npt.NDArray[np.floating]]:
        """What a stimulus sends in this step: ids, and an amount each."""
        if isinstance(plan, EventsPlan):
            mine = events_at(plan, self.step)
            return plan.ids[mine], plan.amounts[mine].astype(self._dtype)
        ids = self._ids(plan)
        counts = poisson_counts(plan, self._keys[id(plan)], ids, self.step - plan.delay).astype(self._dtype)
        return ids, np.asarray(plan.weight, self._dtype) * counts

    def _ids(self, plan: PoissonPlan | NoisePlan) -> IntArray:
        return np.arange(self.program.populations[plan.population].size) if plan.ids is None else plan.ids

    def _add_noise(self) -> None:
        """Inputs of this step: what they are without noise, then noise in order of declaration."""
        for plan in self.program.noise:
            base = self._inputs[plan.population][plan.input]
            size = self.program.populations[plan.population].size
            self._noisy[plan.population][plan.input] = np.full(size, base, self._dtype)
        for plan in self.program.noise:
            ids = self._ids(plan)
            noise = noise_at(plan, self._keys[id(plan)], ids, self.step).astype(self._dtype)
            self._noisy[plan.population][plan.input][ids] += noise

    def _couple(self, arrivals: list[list[npt.NDArray[np.floating]]]) -> None:
        """Bring coupled populations to the last stage of the step: what is left of it is their `update`."""
        if not self._joined:
            return
        published: Quantities = [{} for _ in self._kernels]
        for number in self._joined:
            stages = self._stages(number)
            published[number] = dict(zip(stages.published, self._stage(number, stages.publish, arrivals), strict=True))
        n_stages = len(self._stages(self._joined[0]).sections)
        last = n_stages * self.program.substeps - 1
        for phase in range(last + 1):
            held = [self._held_inputs(number) for number in range(len(self._kernels))]
            self._coupled = self._couplings.inputs(published, held)
            for number in self._joined if phase < last else ():
                kernel, stages = self._kernels[number], self._stages(number)
                values = self._stage(number, stages.sections[phase % n_stages], arrivals)
                published[number] = dict(zip(stages.published, values[len(values) - len(stages.published) :], strict=True))
                if (phase + 1) % n_stages:
                    self._hidden[number] = values[: len(stages.hidden)]
                else:
                    self._states[number] |= dict(zip(kernel.states, values, strict=False))

    def _stages(self, number: int) -> Stages:
        stages = self._kernels[number].stages
        assert stages is not None
        return stages

    def _stage(self, number: int, section: Section, arrivals: list[list[npt.NDArray[np.floating]]]) -> list[Real]:
        clamped = self._refractory[number] > 0
        values = evaluate(section, self._loads(number, arrivals[number]), clamped, self._dtype)
        return [np.array(np.broadcast_to(value, clamped.shape), dtype=self._dtype) for value in values]

    def _held_inputs(self, number: int) -> dict[str, Real]:
        """Inputs without what couplings add."""
        held = {**self._inputs[number], **self._noisy[number]}
        return {name: np.asarray(value, self._dtype) for name, value in held.items()}

    def _fired(self, number: int, arrivals: list[npt.NDArray[np.floating]]) -> list[int]:
        """Advance one population by one step; the neurons that fired, in ascending order."""
        plan = self._sources.get(number)
        if plan is None:
            return self._update(number, arrivals)
        if isinstance(plan, ListedSource):
            return listed_source(plan, self.step)
        constant = self._constants[number].get("probability", 0.0)
        probability = constant if plan.probability is None else plan.probability.at(self.step)
        return poisson_source(probability, self._keys[id(plan)], self.program.populations[number].size, self.step)

    def _update(self, number: int, arrivals: list[npt.NDArray[np.floating]]) -> list[int]:
        kernel, states, refractory = self._kernels[number], self._states[number], self._refractory[number]
        clamped = refractory > 0
        refractory[clamped] -= 1
        advanced = attempted(kernel, self._loads(number, arrivals), clamped, self._dtype)
        states |= self._evaluated(number, kernel.update, arrivals, clamped, advanced)
        (fires,) = evaluate(kernel.fires, self._loads(number, arrivals), clamped, self._dtype)
        fires = np.broadcast_to(fires.astype(np.bool_), clamped.shape) & ~clamped
        if fires.any():
            after = self._evaluated(number, kernel.reset, arrivals, clamped)
            states |= {name: np.where(fires, after[name], states[name]) for name in kernel.states}
            if kernel.refractory:
                refractory[fires] = np.broadcast_to(self._constants[number]["refractory_steps"], fires.shape)[fires]
        return np.flatnonzero(fires).tolist()

    def _cut_denormals(self, number: int) -> None:
        states, cut = self._states[number], self._dtype.type(DENORMAL_CUT)
        states |= {name: np.where(np.abs(values) < cut, self._dtype.type(0), values) for name, values in states.items()}

    def _evaluated(
        self,
        number: int,
        section: Section,
        arrivals: list[npt.NDArray[np.floating]],
        clamped: npt.NDArray[np.bool_],
        advanced: Mapping[str, list[Any]] = MappingProxyType({}),
    ) -> dict[str, npt.NDArray[np.floating]]:
        values = evaluate(section, {**self._loads(number, arrivals), **advanced}, clamped, self._dtype)
        full = (np.array(np.broadcast_to(value, clamped.shape), dtype=self._dtype) for value in values)
        return dict(zip(self._kernels[number].states, full, strict=True))

    def _loads(self, number: int, arrivals: list[npt.NDArray[np.floating]]) -> dict[str, list[npt.NDArray[np.floating]]]:
        kernel = self._kernels[number]
        inputs = zip(self._inputs, self._noisy, self._coupled, strict=True)
        named = (
            ("state", kernel.states, self._states), ("constant", kernel.constants, self._constants),
            ("input", kernel.inputs, [{**held, **noisy, **coupled} for held, noisy, coupled in inputs]),
        )  # fmt: skip
        loads = {kind: [np.asarray(held[number][name], self._dtype) for name in names] for kind, names, held in named}
        if kernel.stages is not None:
            loads["state"] += self._hidden[number] or [np.zeros((), self._dtype) for _ in kernel.stages.hidden]
        return {**loads, "arrival": list(arrivals)}

    def _emit(self, emitted: int, population: int, source: int) -> None:
        """Enter what a spike brings about after the present step."""
        for rank, synapse in enumerate(self._rows[population][source]):
            if emitted + synapse.delay > self.step:
                self._queue.add(Arrival(emitted + synapse.delay, emitted, population, source, rank, synapse))
