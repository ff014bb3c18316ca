"""The semantics as a short program: one queue of arrivals, one neuron population after the other, no tricks.

It judges the fast backends, so it shares nothing with them but the Program.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sortedcontainers import SortedList

from hsnn_event.backends.protocol import Moment, Probe, Seen, Watch, sample_steps
from hsnn_event.backends.reference_edges import expand
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.ir import (
    CUT_EVERY,
    DENORMAL_CUT,
    FloatArray,
    IntArray,
    Number,
    PoissonPlan,
    Program,
    Section,
    ValuePlan,
)
from hsnn_event.lowering.poisson import poisson_parts, poisson_table
from hsnn_event.rng import philox


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
    """An `Engine` in plain Python and NumPy."""

    def __init__(self, program: Program) -> None:
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
        self._rows = self._all_rows()
        self.restore(Moment.start(tuple(plan.key for plan in program.poisson), len(program.populations)))

    def moment(self) -> Moment:
        clamped = [np.where(left > 0, self.step + left, 0) if left.any() else None for left in self._refractory]
        in_flight = {(each.emitted, each.source_population, each.source) for each in self._queue}
        steps, populations, ids = np.array(sorted(in_flight), dtype=np.int64).reshape(-1, 3).T.copy()
        return Moment(self.step, self._keys, tuple(clamped), steps, populations, ids)

    def restore(self, moment: Moment) -> None:
        self.step = moment.step
        self._keys = moment.keys
        self._refractory = [
            np.zeros(plan.size, np.int64) if until is None else np.maximum(until - moment.step, 0)
            for plan, until in zip(self.program.populations, moment.clamped, strict=True)
        ]
        self._queue: SortedList = SortedList()
        for emitted, population, source in zip(moment.steps, moment.populations, moment.ids, strict=True):
            self._emit(int(emitted), int(population), int(source))

    def advance(self, n_steps: int, watch: Watch) -> Seen:
        due = [sample_steps(self.step, n_steps, probe.every).tolist() for probe in watch.probes]
        samples: list[list[FloatArray]] = [[] for _ in watch.probes]
        kept: list[tuple[int, int, int]] = []
        for _ in range(n_steps):
            self.step += 1
            arrivals = self._arrivals()
            for number in range(len(self._kernels)):
                fired = self._update(number, arrivals[number])
                for neuron in fired:
                    self._emit(self.step, number, neuron)
                if self.step % CUT_EVERY == 0:
                    self._cut_denormals(number)
                if watch.spikes[number]:
                    kept += [(self.step, number, neuron) for neuron in fired]
            for k, probe in enumerate(watch.probes):
                if self.step % probe.every == 0:
                    samples[k].append(self._sample(probe))
        steps, populations, ids = np.array(kept, dtype=np.int64).reshape(-1, 3).T.copy()
        widths = [self._sample(probe).size for probe in watch.probes]
        arrays = [np.array(rows).reshape(len(n), width) for rows, n, width in zip(samples, due, widths, strict=True)]
        return Seen(steps, populations, ids, tuple(arrays))

    def _sample(self, probe: Probe) -> FloatArray:
        values = self.read(probe.population, probe.variable).astype(self._dtype).astype(np.float64)
        return values if probe.ids is None else values[probe.ids]

    def read(self, population: int, variable: str) -> FloatArray:
        values = self._holder(population, variable)[variable]
        return np.array(np.broadcast_to(values, self.program.populations[population].size), dtype=np.float64)

    def write(self, population: int, variable: str, values: Number) -> None:
        holder = self._holder(population, variable)
        if holder is self._states[population]:
            holder[variable] = np.full(self.program.populations[population].size, values, dtype=self._dtype)
        else:
            holder[variable] = np.array(values, dtype=np.float64) if np.ndim(values) else float(values)

    def edges(self, projection: int) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
        sources, targets, weights, delays = self._edges[projection]
        order = np.lexsort((delays, sources))  # stable: equal keys keep the order of draw
        return sources[order], targets[order], weights[order].astype(np.float64), delays[order]

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

    def _holder(self, population: int, variable: str) -> dict[str, Any]:
        holders: list[dict[str, Any]] = [self._states[population], self._constants[population], self._inputs[population]]
        return next(holder for holder in holders if variable in holder)

    def _expanded(self, number: int) -> tuple[IntArray, IntArray, npt.NDArray[np.floating], IntArray]:
        plan, populations = self.program.projections[number], self.program.populations
        sources, targets, weights, delays = expand(plan, (populations[plan.source].size, populations[plan.target].size))
        return sources, targets, weights.astype(self.program.weight_type), delays

    def _all_rows(self) -> list[list[list[Synapse]]]:
        """For each population and source its synapses, sorted by delay, then by order of draw."""
        rows: list[list[list[Synapse]]] = [[[] for _ in range(plan.size)] for plan in self.program.populations]
        for plan, edges in zip(self.program.projections, self._edges, strict=True):
            for source, target, weight, delay in zip(*(column.tolist() for column in edges), strict=True):
                rows[plan.source][source].append(Synapse(delay, plan.target, plan.receptor, target, weight))
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
        for plan, key in zip(self.program.poisson, self._keys, strict=True):
            if plan.start < self.step - plan.delay <= plan.stop:
                ids = np.arange(self.program.populations[plan.population].size) if plan.ids is None else plan.ids
                counts = poisson_counts(plan, key, ids, self.step - plan.delay).astype(self._dtype)
                sums[plan.population][plan.receptor][ids] += np.asarray(plan.weight, self._dtype) * counts
        return sums

    def _update(self, number: int, arrivals: list[npt.NDArray[np.floating]]) -> list[int]:
        """Advance one population by one step; the neurons that fired, in ascending order."""
        kernel, states, refractory = self._kernels[number], self._states[number], self._refractory[number]
        clamped = refractory > 0
        refractory[clamped] -= 1
        states |= self._evaluated(number, kernel.update, arrivals, clamped)
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
        self, number: int, section: Section, arrivals: list[npt.NDArray[np.floating]], clamped: npt.NDArray[np.bool_]
    ) -> dict[str, npt.NDArray[np.floating]]:
        values = evaluate(section, self._loads(number, arrivals), clamped, self._dtype)
        full = (np.array(np.broadcast_to(value, clamped.shape), dtype=self._dtype) for value in values)
        return dict(zip(self._kernels[number].states, full, strict=True))

    def _loads(self, number: int, arrivals: list[npt.NDArray[np.floating]]) -> dict[str, list[npt.NDArray[np.floating]]]:
        kernel = self._kernels[number]
        named = (
            ("state", kernel.states, self._states), ("constant", kernel.constants, self._constants),
            ("input", kernel.inputs, self._inputs),
        )  # fmt: skip
        loads = {kind: [np.asarray(held[number][name], self._dtype) for name in names] for kind, names, held in named}
        return {**loads, "arrival": list(arrivals)}

    def _emit(self, emitted: int, population: int, source: int) -> None:
        """Enter what a spike brings about after the present step."""
        for rank, synapse in enumerate(self._rows[population][source]):
            if emitted + synapse.delay > self.step:
                self._queue.add(Arrival(emitted + synapse.delay, emitted, population, source, rank, synapse))


def poisson_counts(plan: PoissonPlan, key: int, ids: IntArray, step: int) -> IntArray:
    """The count that each of the neurons `ids` draws at emission step `step`."""
    counts, means = np.zeros(len(ids), np.int64), np.broadcast_to(plan.expected, ids.shape)
    for place, (mean, neuron) in enumerate(zip(means.tolist(), ids.tolist(), strict=True)):
        parts = poisson_parts(mean)
        for part in range(parts):
            counts[place] += (_table(mean / parts) <= _word(key, neuron, step, part)).sum()
    return counts


_table = lru_cache(maxsize=4096)(poisson_table)


def _word(key: int, neuron: int, step: int, part: int) -> int:
    """The random 32-bit word of a neuron: four neurons, 64 apart, share one call of the generator."""
    counter = neuron >> 8 << 6 | neuron & 63, step & 0xFFFFFFFF, step >> 32, part, key & 0xFFFFFFFF, key >> 32
    return int(philox(*(np.uint64(word) for word in counter))[neuron >> 6 & 3])
