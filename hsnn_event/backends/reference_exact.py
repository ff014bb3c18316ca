"""The semantics of exact schedules as a short program: one sorted list of all that is to happen, instant by instant.

It judges the fast engines, so it shares nothing with them but the ExactProgram.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np
from sortedcontainers import SortedList

from hsnn_event.backends.protocol import ExactSpikes, Flowing, Seen, Watch
from hsnn_event.backends.reference_edges import expand
from hsnn_event.backends.reference_events import ARRIVAL, CHANGE, LOOK, TRAIN, Event, Neuron
from hsnn_event.backends.reference_hyper import junctions_of
from hsnn_event.backends.reference_trains import Instant, elapsed, later, trains_of
from hsnn_event.errors import CascadeError
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.exact_ir import (
    MOST_AT_ONCE,
    NEVER,
    PERIOD,
    ExactListedSource,
    ExactProgram,
    placed,
)
from hsnn_event.lowering.hyper_ir import first_evidence
from hsnn_event.lowering.ir import FloatArray, IntArray, Number, Section, ValuePlan


class ReferenceExactEngine:
    """An `ExactEngine` in plain Python."""

    def __init__(self, program: ExactProgram, n_threads: int = 1, n_blocks: int | None = None) -> None:
        del n_threads, n_blocks
        self.program, self._window = program, program.window
        self._kernels = [program.kernels[plan.kernel] for plan in program.populations]
        self._numbers: list[dict[str, Number]] = [{**plan.constants, **plan.inputs} for plan in program.populations]
        self._junctions = junctions_of(program.hyper, program.window)
        self._rows = self._all_rows()
        self.restore(None, program.keys)

    def restore(self, moment: Flowing | None, keys: tuple[int, ...]) -> None:
        start: Instant = (-1, self._window)
        self.time, self._before = (0.0, False) if moment is None else (moment.time, moment.before)
        self._now = start if moment is None else placed(self.time, self._window)
        self._queue: SortedList = SortedList(key=lambda event: event[:7])
        self._spikes: list[tuple[int, float, int, int]] = []
        self._fresh: list[tuple[int, int]] = []  # of this instant
        evidence = () if moment is None else moment.evidence
        for junctions, plan, held in zip_longest(self._junctions, self.program.hyper, evidence):
            junctions.restore(first_evidence(plan) if held is None else held)
        self._keys, self._round, self._n_spikes = keys, 0, 0
        for number, plan in enumerate(self.program.populations):
            self._numbers[number] |= plan.inputs
        self._neurons = [[self._neuron(p, i, moment) for i in range(plan.size)] for p, plan in self._populations()]
        self._enter_courses()
        self._trains = trains_of(self.program, keys)
        for number in range(len(self._trains)):
            self._enter_train(number, None if moment is None else moment.drawn[number])
        self._enter_lists()
        if moment is not None:
            instants = zip(moment.spike_windows.tolist(), moment.spike_offsets.tolist(), strict=True)
            for instant, p, i in zip(instants, moment.populations.tolist(), moment.ids.tolist(), strict=True):
                self._emit(instant, -1, p, i)
        for p, plan in self._populations():
            for i in range(plan.size):
                self._look_ahead(p, i)

    def moment(self) -> Flowing:
        def each(value: Any, dtype: Any) -> tuple[Any, ...]:
            return tuple(np.array([value(n) for n in mine], dtype).reshape(len(mine)) for mine in self._neurons)

        states = tuple(np.array([n.states for n in mine]).reshape(len(mine), -1).T.copy() for mine in self._neurons)
        flying = sorted({e.order[1:6] for e in self._queue if e.kind == ARRIVAL and e.order[0] == 0})
        columns = [np.array([spike[k] for spike in flying], float if k == 1 else np.int64) for k in range(4)]
        return Flowing(
            self.time, self._before, self._keys, states,
            each(lambda n: n.stamp[0], np.int64), each(lambda n: n.stamp[1], float),
            each(lambda n: n.until[0], np.int64), each(lambda n: n.until[1], float), each(lambda n: n.fired, np.int64),
            columns[0], columns[1], columns[2], columns[3], tuple(train.drawn.copy() for train in self._trains),
            tuple(junctions.evidence() for junctions in self._junctions),
        )  # fmt: skip

    def advance(self, until: float, watch: Watch, before: bool = False) -> Seen:
        samples: list[list[FloatArray]] = [[] for _ in watch.probes]
        for time in sorted({time for probe in watch.probes for time in probe.times} | {until}):
            self._advance(time, before and time == until)
            for k, probe in enumerate(watch.probes):
                if time in probe.times:
                    values = self.read(probe.population, probe.variable)
                    samples[k].append(values if probe.ids is None else values[probe.ids])
        kept = sorted(spike for spike in self._spikes if watch.spikes[spike[2]])
        self._spikes = []
        columns = [np.array([spike[k] for spike in kept], float if k == 1 else np.int64) for k in range(4)]
        sizes = [self.program.populations[p.population].size if p.ids is None else len(p.ids) for p in watch.probes]
        arrays = (np.array(rows).reshape(len(rows), size) for rows, size in zip(samples, sizes, strict=True))
        nothing = np.empty(0, np.int64)
        return Seen(nothing, nothing, nothing, tuple(arrays), ExactSpikes(*columns))

    def feed(self, population: int, times: FloatArray, ids: IntArray) -> None:
        """Spikes of a population that runs elsewhere, at `time` or later; what they bring about comes after them."""
        for time, i in zip(np.asarray(times).tolist(), np.asarray(ids).tolist(), strict=True):
            self._emit(placed(time, self._window), 0, population, i)

    def read(self, population: int, variable: str) -> FloatArray:
        kernel = self._kernels[population]
        if variable not in kernel.states:
            size = self.program.populations[population].size
            return np.array(np.broadcast_to(self._numbers[population][variable], size), np.float64)
        place = kernel.states.index(variable)
        return np.array([self._at(population, i, self._now)[place] for i in range(len(self._neurons[population]))])

    def write(self, population: int, variable: str, values: Number) -> None:
        kernel = self._kernels[population]
        for i in range(len(self._neurons[population])):
            self._move(population, i, self._now)
        if variable in kernel.states:
            each = np.broadcast_to(values, len(self._neurons[population])).tolist()
            for neuron, value in zip(self._neurons[population], each, strict=True):
                neuron.states[kernel.states.index(variable)] = value
        else:
            if variable not in self._numbers[population]:
                raise KeyError(variable)
            self._numbers[population][variable] = np.array(values, float) if np.ndim(values) else float(values)
            for number, train in enumerate(self._trains):
                if train.population == population and train.course is None:
                    self._redraw(number)
        for i in range(len(self._neurons[population])):
            self._look_ahead(population, i)

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        plans = list(self.program.projections)
        plans[projection] = replace(plans[projection], weight=weight)
        self.program = replace(self.program, projections=tuple(plans))
        self._rows = self._all_rows()
        flying = [event for event in self._queue if event.kind == ARRIVAL and event.order[0] == 0]
        for event in flying:
            self._queue.remove(event)
            _, _, _, p, i, _, rank = event.order
            _, _, _, receptor, value = self._rows[p][i][rank]
            self._queue.add(event._replace(content=(receptor, value)))

    def _populations(self) -> Any:
        return enumerate(self.program.populations)

    def _neuron(self, p: int, i: int, moment: Flowing | None) -> Neuron:
        kernel, plan = self._kernels[p], self.program.populations[p]
        if moment is None:
            neuron = Neuron([float(plan.states[name][i]) for name in kernel.states])
            neuron.stamp = self._now
            return neuron
        neuron = Neuron(moment.states[p][:, i].tolist())
        neuron.stamp = (int(moment.windows[p][i]), float(moment.offsets[p][i]))
        neuron.until = (int(moment.until_windows[p][i]), float(moment.until_offsets[p][i]))
        neuron.fired = int(moment.fired[p][i])
        return neuron

    def _all_rows(self) -> list[list[list[tuple[float, int, int, int, float]]]]:
        """For each population and source its synapses (delay, population, target, receptor, weight), sorted by delay."""
        rows: Any = [[[] for _ in range(plan.size)] for plan in self.program.populations]
        sizes = [plan.size for plan in self.program.populations]
        for plan in self.program.projections:
            sources, targets, weights, delays = expand(plan, (sizes[plan.source], sizes[plan.target]))
            weights = weights.astype(self.program.weight_type).astype(float)
            for i, j, w, d in zip(sources.tolist(), targets.tolist(), weights.tolist(), delays.tolist(), strict=True):
                rows[plan.source][i].append((float(d), plan.target, j, plan.receptor, w))
        for junctions in self._junctions:
            junctions.lend(rows)
        for population in rows:
            for row in population:
                row.sort(key=lambda synapse: synapse[0])  # stably
        found: list[list[list[tuple[float, int, int, int, float]]]] = rows
        return found

    def _enter(self, at: Instant, round: int, p: int, i: int, order: tuple[Any, ...], content: tuple[int, float]) -> None:
        """An arrival, if it is still to come."""
        if not self._past(at) or (round and at == self._now):
            self._queue.add(Event(*at, round, ARRIVAL, p, i, order, content))

    def _past(self, at: Instant) -> bool:
        return at < self._now or (at == self._now and not self._before)

    def _enter_courses(self) -> None:
        for plan in self.program.courses:
            for time, values in zip(plan.times.tolist(), plan.values, strict=True):
                at = placed(time, self._window)
                if self._past(at):
                    self._numbers[plan.population][plan.input] = values
                else:
                    self._queue.add(Event(*at, 0, CHANGE, plan.population, 0, (plan.input,), values))

    def _enter_lists(self) -> None:
        for events in self.program.events:
            listed = zip(events.times.tolist(), events.ids.tolist(), events.amounts.tolist(), strict=True)
            for k, (time, i, amount) in enumerate(listed):
                content = events.receptor, amount
                self._enter(placed(time, self._window), 0, events.population, i, (1, events.order, k), content)
        for source in self.program.sources:
            if isinstance(source, ExactListedSource):
                for time, i in zip(source.times.tolist(), source.ids.tolist(), strict=True):
                    at = placed(time, self._window)
                    if not self._past(at):
                        self._queue.add(Event(*at, 0, TRAIN, source.population, i, (), None))

    def _enter_train(self, number: int, drawn: FloatArray | None) -> None:
        train = self._trains[number]
        if drawn is None:
            for i in train.ids:
                self._draw(number, i, self._now)
        else:
            for i, at in train.go_on(drawn):
                self._enter_event(number, i, at)

    def _draw(self, number: int, i: int, after: Instant) -> None:
        train = self._trains[number]
        self._enter_event(number, i, train.next(i, after, self._numbers[train.population].get("rate", 0.0)))

    def _enter_event(self, number: int, i: int, at: Instant | None) -> None:
        if at is not None:
            self._queue.add(Event(*at, 0, TRAIN, self._trains[number].population, i, (number,), number))

    def _redraw(self, number: int) -> None:
        """After a change of rates; what is left of an interval has the law of a whole one."""
        for event in [e for e in self._queue if e.kind == TRAIN and e.content == number]:
            self._queue.remove(event)
        self._enter_train(number, None)

    def _advance(self, until: float, before: bool) -> None:
        end = placed(until, self._window)
        while self._queue and (self._queue[0][:2] < end or (self._queue[0][:2] == end and not before)):
            if self._queue[0][:2] != self._now:
                self._judge()
            event = self._queue.pop(0)
            self._now, self._round = event[:2], event.round
            if event.kind == CHANGE:
                self._before = True
                self.write(event.population, event.order[0], event.content)
            elif event.kind == LOOK:
                if self._neurons[event.population][event.neuron].look is event:
                    self._look(event.population, event.neuron)
            elif event.kind == TRAIN:
                self._train(event)
            else:
                self._arrive(event)
        self._judge()
        self._now, self._round, self.time, self._before = end, 0, until, before

    def _judge(self) -> None:
        """All spikes of an instant are there: junctions fire."""
        spikes, self._fresh = sorted(self._fresh), []
        for junctions in self._junctions:
            plan = junctions.plan
            for edge in junctions.fired(spikes, self._now):
                self._spikes.append((*self._now, plan.population, edge))
                if plan.rule != "any":  # there members have emitted for them
                    self._emit(self._now, 0, plan.population, edge)

    def _train(self, event: Event) -> None:
        """A neuron of a source fires, or an event of a drive arrives."""
        p, i = event.population, event.neuron
        train = None if event.content is None else self._trains[event.content]
        if train is not None and train.drive is not None:
            order = (1, train.drive.order, int(train.drawn[i, 0]))
            content = train.drive.receptor, train.own(train.drive.weight, i)
            self._queue.add(Event(*self._now, 0, ARRIVAL, p, i, order, content))
        else:
            self._note(p, i)
            self._emit(self._now, 0, p, i)
        if train is not None:
            self._draw(event.content, i, train.emitted(i))

    def _note(self, p: int, i: int) -> None:
        self._spikes.append((*self._now, p, i))
        self._fresh.append((p, i))

    def _arrive(self, first: Event) -> None:
        """All that arrives at a neuron at one instant, in one round."""
        sums = [0.0] * len(self._kernels[first.population].receptors)
        event = first
        while True:
            receptor, amount = event.content
            sums[receptor] += amount
            if not self._queue or self._queue[0][:6] != first[:6]:
                break
            event = self._queue.pop(0)
        p, i = first.population, first.neuron
        self._move(p, i, self._now)
        neuron, kernel = self._neurons[p][i], self._kernels[p]
        refractory = self._now <= neuron.until
        neuron.states = self._evaluate(p, i, kernel.arrive_clamped if refractory else kernel.arrive, arrival=sums)
        if not refractory and self._evaluate(p, i, kernel.fires)[0]:
            self._fire(p, i)
        self._look_ahead(p, i)

    def _look(self, p: int, i: int) -> None:
        """Refractoriness ends, or a crossing is searched for."""
        neuron, kernel = self._neurons[p][i], self._kernels[p]
        if neuron.stamp < neuron.until:
            self._move(p, i, self._now)
            if self._evaluate(p, i, kernel.fires)[0]:
                self._fire(p, i)
        else:
            states = self._evaluate(p, i, kernel.flow, elapsed=neuron.clear)
            step = 0.0 if kernel.closed else self._evaluate(p, i, kernel.ahead, states=states)[0]
            if self._evaluate(p, i, kernel.fires, states=states)[0] or neuron.clear + step == neuron.clear:
                neuron.fired = neuron.fired if neuron.stamp == self._now else 0
                neuron.states, neuron.stamp = states, self._now
                self._fire(p, i)
        self._look_ahead(p, i)

    def _look_ahead(self, p: int, i: int) -> None:
        """Enter when the neuron must be looked at next; a search goes on from where it has come to."""
        neuron, kernel = self._neurons[p][i], self._kernels[p]
        if neuron.look is not None:
            self._queue.discard(neuron.look)
            neuron.look = None
        if not kernel.states:
            return
        if neuron.stamp < neuron.until:
            at = neuron.until
        else:
            states = self._evaluate(p, i, kernel.flow, elapsed=neuron.clear) if neuron.clear else neuron.states
            if neuron.clear or not self._evaluate(p, i, kernel.fires)[0]:
                neuron.clear += self._evaluate(p, i, kernel.ahead, states=states)[0]
            if neuron.clear >= NEVER:
                return
            at = later(neuron.stamp, neuron.clear, self._window)
        neuron.look = Event(*at, self._round if at == self._now else 0, LOOK, p, i, ())
        self._queue.add(neuron.look)

    def _fire(self, p: int, i: int) -> None:
        neuron, kernel = self._neurons[p][i], self._kernels[p]
        period = float(np.broadcast_to(self._numbers[p].get(PERIOD, 0.0), len(self._neurons[p]))[i])
        while True:
            neuron.fired += 1
            if neuron.fired > MOST_AT_ONCE:
                time = self._now[0] * self._window + self._now[1]
                raise CascadeError.of(self.program.populations[p].name, i, time, MOST_AT_ONCE)
            self._note(p, i)
            self._emit(self._now, self._round, p, i)
            neuron.states, neuron.clear = self._evaluate(p, i, kernel.reset), 0.0
            until = later(self._now, period, self._window)
            if until != self._now:  # a period that vanishes in rounding is none
                neuron.until = until
                return
            if not self._evaluate(p, i, kernel.fires)[0]:
                return

    def _emit(self, at: Instant, round: int, p: int, i: int) -> None:
        self._n_spikes += 1
        for rank, (delay, population, target, receptor, weight) in enumerate(self._rows[p][i]):
            order, due = (0, *at, p, i, self._n_spikes, rank), later(at, delay, self._window)
            self._enter(due, round + 1 if due == at else 0, population, target, order, (receptor, weight))

    def _move(self, p: int, i: int, to: Instant) -> None:
        """Bring a neuron's states to an instant at which something happens to it."""
        neuron = self._neurons[p][i]
        if neuron.stamp != to:
            neuron.states, neuron.stamp, neuron.fired = self._at(p, i, to), to, 0
        neuron.clear = 0.0

    def _at(self, p: int, i: int, to: Instant) -> list[float]:
        neuron, kernel = self._neurons[p][i], self._kernels[p]
        if neuron.stamp == to:
            return neuron.states
        section = kernel.clamped if neuron.stamp < neuron.until else kernel.flow
        return self._evaluate(p, i, section, elapsed=elapsed(neuron.stamp, to, self._window))

    def _evaluate(
        self, p: int, i: int, section: Section, elapsed: float = 0.0, states: list[float] | None = None,
        arrival: list[float] | None = None,
    ) -> list[Any]:  # fmt: skip
        kernel, numbers = self._kernels[p], self._numbers[p]
        own = {name: value if np.ndim(value) == 0 else np.asarray(value)[i] for name, value in numbers.items()}
        loads: dict[str, list[Any]] = {
            "state": self._neurons[p][i].states if states is None else states,
            "constant": [own[name] for name in kernel.constants],
            "input": [own[name] for name in kernel.inputs],
            "arrival": arrival or [], "elapsed": [elapsed],
        }  # fmt: skip
        return [value.item() for value in evaluate(section, loads)]
