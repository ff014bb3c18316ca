"""The Numba backend without a clock: an `ExactEngine` made of compiled loops, over windows or, where delays of synapses are
0 or nearly so, over instants; and of the kernels' addresses.
"""

from __future__ import annotations

import time

import numpy as np

from hsnn_event.backends.numba import exact_driver as driver
from hsnn_event.backends.numba import exact_due, exact_heap, exact_rows, exact_spikes, exact_team, judge
from hsnn_event.backends.numba.crew import Crew, broken_off, new_posts
from hsnn_event.backends.numba.exact_records import Population, invoke, kept_of_sources
from hsnn_event.backends.numba.exact_stimuli import listed_of, trains_of
from hsnn_event.backends.numba.heap import new_heap, only_looks
from hsnn_event.backends.numba.judges import Judges
from hsnn_event.backends.numba.native import BROKEN_OFF, new_barrier, yield_address
from hsnn_event.backends.numba.slots import new_slots, put_all
from hsnn_event.backends.protocol import ExactSpikes, Flowing, Seen, Watch
from hsnn_event.errors import CascadeError
from hsnn_event.lowering.exact_ir import MOST_AT_ONCE, ExactProgram, RateCourse, all_placed, placed
from hsnn_event.lowering.ir import FloatArray, IntArray, Number, ValuePlan

LOOK_WINDOWS = 4096  # how far ahead looks are entered: later ones are entered again on the way


class NumbaExactEngine:
    """Runs an ExactProgram on `n_threads` threads, one block each; spikes do not depend on their number.

    `queue` is "windows", or "heap", which needs one thread and takes any delays; "auto": as delays permit.
    """

    def __init__(
        self, program: ExactProgram, n_threads: int = 1, n_blocks: int | None = None, queue: str = "auto"
    ) -> None:
        del n_blocks
        self._by_instant = queue == "heap" or (queue == "auto" and program.shortest < program.window)
        self.program, self._n_builders = program, n_threads
        self._n_threads = n_threads = 1 if self._by_instant else n_threads
        self.timing = {"construct": 0.0, "compile": 0.0}
        self._parts = exact_rows.deal(program, n_threads)
        began = time.perf_counter()
        self._rows = exact_rows.build(program, self._parts, self._n_builders)
        self.timing["construct"] += time.perf_counter() - began
        self._allocate()
        began = time.perf_counter()
        self.restore(None, program.keys)
        self._crew.compile()
        self.timing["compile"] += time.perf_counter() - began

    @property
    def n_synapses(self) -> int:
        """Of all projections together."""
        return self._rows.n_synapses

    @property
    def n_bytes(self) -> int:
        """Memory of synapses and their indices."""
        return self._rows.n_bytes

    def bytes_per_synapse(self, projection: int) -> float:
        """Memory of the rows of the projection's source population, a synapse in them; NaN where there are none."""
        return self._rows.bytes_per_synapse(self.program.projections[projection].source)

    def _allocate(self) -> None:
        program, parts, n = self.program, self._parts, self._n_threads
        driven = {plan.population for plan in program.sources}
        self._populations = [
            None if p in driven else Population(program, p, parts) for p in range(len(program.populations))
        ]
        self._numbers: list[dict[str, Number]] = [{**plan.constants, **plan.inputs} for plan in program.populations]
        self._changes = np.unique([at for course in program.courses for at in course.times])  # times of inputs
        self._trains, self._listed = trains_of(program, parts), listed_of(program, parts)
        self._judges = Judges(program, parts.offsets, n)
        codes = judge.exact_codes() if program.hyper else (0, 0, 0)
        self._team = exact_team.ExactTeam(
            self._rows.rows, np.zeros((2, n, 2), np.int64),
            np.array([0, 0, *codes, *self._judges.addresses.ravel()], np.int64), new_posts(n), new_barrier(),
        )  # fmt: skip
        self._crew = Crew(self._team.posts, self._team.barrier, yield_address())
        self._blocks = [self._new_block(b) for b in range(n)]

    def _new_block(self, b: int) -> exact_team.Block:
        n, program = len(self._populations), self.program
        block = exact_team.Block(
            np.zeros((n, exact_team.CONTEXT), np.int64), np.zeros(exact_team.N_COMMON, np.int64), np.zeros((n, 4), np.int64),
            self._listed.of(b), self._trains.records, np.zeros(exact_team.N_PLACES, np.int64),
        )  # fmt: skip
        reals = block.common.view(np.float64)
        reals[exact_team.WINDOW] = program.window
        reals[exact_team.REACH] = exact_team.BY_INSTANT if self._by_instant else LOOK_WINDOWS - 1
        return block

    def _new_work(self) -> exact_team.Work:
        windows = self._rows.longest / self.program.window if np.isfinite(self._rows.longest) else 0.0
        return exact_team.Work(
            arrivals=new_slots(int(windows) + 3), looks=new_slots(LOOK_WINDOWS),
            due=np.empty((1024, 3), np.int64), scratch=np.empty((1024, 3), np.int64),
            even=np.empty((256, 2)), odd=np.empty((256, 2)), met=np.empty((256, 2)), met_scratch=np.empty((256, 2)),
            log=np.empty((256, 3)), n_log=np.zeros(1, np.int64),
        )  # fmt: skip

    def restore(self, moment: Flowing | None, keys: tuple[int, ...]) -> None:
        start = moment is None
        self._crew.dismiss()
        self.time, self._before = (0.0, False) if moment is None else (moment.time, moment.before)
        self._w, self._o = (-1, self.program.window) if start else placed(self.time, self.program.window)
        self._keys, self._whole = keys, True
        self._work = [self._new_work() for _ in self._blocks]
        self._heap = new_heap(int(self._parts.offsets[-1]) if self._by_instant else 0)
        self._trains.rekey(keys)
        for p, population in enumerate(self._populations):
            if population is not None:
                population.place(p, self.program.populations[p].states, moment)
                self._numbers[p] |= self.program.populations[p].inputs
        for course in self.program.courses:
            begun = int(np.searchsorted(course.times, self.time, side="left" if self._before else "right"))
            if begun:
                self._numbers[course.population][course.input] = course.values[begun - 1]
        for p in range(len(self._populations)):
            self._rebind(p)
        for block, work in zip(self._blocks, self._work, strict=True):
            self._enter_block(block, work)
        self._enter_trains(None if moment is None else moment.drawn)
        self._flying = np.empty((0, 3))
        self._judges.recall(() if moment is None else moment.evidence)
        if moment is not None:
            neurons = self._parts.offsets[moment.populations] + moment.ids
            self._enter(np.stack([moment.spike_windows, moment.spike_offsets, neurons], axis=1))
        for p in range(len(self._populations)):
            self._look_at(p)

    def _enter_block(self, block: exact_team.Block, work: exact_team.Work) -> None:
        rows, place = block.listed, block.place
        offsets = rows[:, 1].view(np.float64) if len(rows) else np.empty(0)
        past = (rows[:, 0] < self._w) | ((rows[:, 0] == self._w) & (offsets <= self._done))
        place[:] = 0
        place[exact_team.NUMBER], place[exact_team.FRESH], place[exact_team.HEARD] = self._w, self._w - 1, int(past.sum())
        block.common[exact_team.SPIKES], block.common[exact_team.CAPACITY] = work.even.ctypes.data, len(work.even)
        block.common[[exact_team.N_SPIKES, exact_team.START]] = 0
        block.common[exact_team.CULPRIT] = -1
        block.contexts[:, exact_team.N_TOUCHED] = 0

    @property
    def _done(self) -> float:
        """The offset in the present window up to which all has happened."""
        return float(np.nextafter(self._o, 0.0)) if self._before else self._o

    def _enter_trains(self, drawn: tuple[FloatArray, ...] | None) -> None:
        for t in range(len(self._trains.populations)):
            self._take_rate(t)
            self._trains.drawn[t][:] = (0.0, self._w, self._o) if drawn is None else drawn[t]
            self._enter_train(t, drawn is None)

    def _enter_train(self, t: int, draws: bool) -> None:
        ids, p = self._trains.ids[t], self._trains.populations[t]
        where = self._parts.block(p, ids)
        for b, work in enumerate(self._work):
            looks = exact_due.enter_train(
                self._trains.records, t, np.ascontiguousarray(ids[where == b]), draws, work.looks, self.program.window,
                self._w,
            )  # fmt: skip
            self._work[b] = work._replace(looks=looks)

    def _take_rate(self, t: int) -> None:
        """Take up the rate of a train, where it is a constant."""
        if self._trains.constant[t]:
            rate = self._numbers[self._trains.populations[t]]["rate"]
            self._trains.rate(t, RateCourse(np.zeros(1), (rate,)), self.program.window)

    def moment(self) -> Flowing:
        self._require_whole()
        plans = list(zip(self._populations, self.program.populations, strict=True))
        window = self.program.window
        kept = [kept_of_sources(plan.size, window) if held is None else held.kept() for held, plan in plans]
        states = [
            np.zeros((0, plan.size)) if held is None else self._states(p, None, stamped=True)
            for p, (held, plan) in enumerate(plans)
        ]
        flying = self._still_flying()
        populations, ids = self._in_populations(flying[:, 2].astype(np.int64))
        return Flowing(
            time=self.time, before=self._before, keys=self._keys, states=tuple(states),
            windows=tuple(each.windows for each in kept), offsets=tuple(each.offsets for each in kept),
            until_windows=tuple(each.until_windows for each in kept),
            until_offsets=tuple(each.until_offsets for each in kept), fired=tuple(each.fired for each in kept),
            spike_windows=flying[:, 0].astype(np.int64), spike_offsets=flying[:, 1].copy(),
            populations=populations, ids=ids, drawn=tuple(each.copy() for each in self._trains.drawn),
            evidence=self._judges.evidence(),
        )  # fmt: skip

    def advance(self, until: float, watch: Watch, before: bool = False) -> Seen:
        self._require_whole()
        first = int(np.searchsorted(self._changes, self.time, side="left" if self._before else "right"))
        changes = set(self._changes[first : int(np.searchsorted(self._changes, until, side="right"))].tolist())
        sampled = {at for probe in watch.probes for at in probe.times}
        stops = sorted(sampled | changes | {until})
        samples: list[list[FloatArray]] = [[] for _ in watch.probes]
        spikes = [np.empty((0, 3))]
        for stop in stops:
            last = before and stop == until
            if stop in changes and not last:
                spikes.append(self._reach(stop, True))
                self._change(stop)
            spikes.append(self._reach(stop, last))
            for k, probe in enumerate(watch.probes):
                if stop in probe.times:
                    samples[k].append(self._sample(probe.population, probe.variable, probe.ids))
        return self._seen(np.concatenate(spikes), samples, watch)

    def _seen(self, spikes: FloatArray, samples: list[list[FloatArray]], watch: Watch) -> Seen:
        if self.program.hyper:
            spikes = spikes[np.lexsort((spikes[:, 2], spikes[:, 1], spikes[:, 0]))]
        populations, ids = self._in_populations(spikes[:, 2].astype(np.int64))
        here = watch.spikes[populations]
        exact = ExactSpikes(spikes[here, 0].astype(np.int64), spikes[here, 1], populations[here], ids[here])
        widths = [self.program.populations[p.population].size if p.ids is None else len(p.ids) for p in watch.probes]
        arrays = tuple(np.array(rows).reshape(len(rows), width) for rows, width in zip(samples, widths, strict=True))
        nothing = np.empty(0, np.int64)
        return Seen(nothing, nothing, nothing, arrays, exact)

    def _reach(self, until: float, before: bool) -> FloatArray:
        """Go to an instant, or right before it; all spikes on the way: (window, offset, neuron)."""
        self.time, self._before = until, before
        self._w, self._o = placed(until, self.program.window)
        self._team.orders[: exact_team.MOST] = self._w, np.float64(self._done).view(np.int64)
        self._whole = False
        for thread, (status, work) in self._crew.run(self._advance).items():
            self._work[thread] = work
            if status == exact_team.CASCADE:
                self._refuse_cascade(thread)
        if self._team.barrier[BROKEN_OFF]:
            self._refuse_cascade(None)
        self._whole = True
        log = self._work[0]
        spikes = log.log[: log.n_log[0]].copy()
        log.n_log[0] = 0
        self._flying = np.concatenate((self._flying, self._judges.sent(spikes)))
        if len(self._flying) > 4096:
            self._flying = self._still_flying()
        return spikes

    def _advance(self, thread: int) -> tuple[int, exact_team.Work]:
        if self._by_instant:
            status, work, self._heap = exact_heap.advance(self._team, self._blocks[0], self._work[0], self._heap)
            return status, work
        status, work = driver.advance(
            thread, self._n_threads, self._crew.yield_at, self._team, self._blocks[thread], self._work[thread]
        )
        return status, work

    def _refuse_cascade(self, thread: int | None) -> None:
        blocks = self._blocks if thread is None else [self._blocks[thread]]
        for block in blocks:
            culprit = int(block.common[exact_team.CULPRIT])
            if culprit >= 0:
                populations, ids = self._in_populations(np.array([culprit]))
                name, population = self.program.populations[int(populations[0])].name, self._populations[int(populations[0])]
                assert population is not None
                window, offset = population.stamp_of(int(ids[0]))
                raise CascadeError.of(name, int(ids[0]), window * self.program.window + offset, MOST_AT_ONCE)

    def _require_whole(self) -> None:
        if not self._whole:
            raise broken_off("window")

    def _change(self, at: float) -> None:
        for course in self.program.courses:
            k = int(np.searchsorted(course.times, at))
            if k < len(course.times) and course.times[k] == at:
                self.write(course.population, course.input, course.values[k])

    def feed(self, population: int, times: FloatArray, ids: IntArray) -> None:
        """Spikes of a population that runs elsewhere, at `time` or later; what they bring about comes after them."""
        neurons = self._parts.offsets[population] + ids
        self._enter(np.stack([*all_placed(times, self.program.window), neurons], axis=1))

    def _enter(self, spikes: FloatArray) -> None:
        """Enter spikes in flight (window, offset, neuron), in order."""
        self._flying = np.concatenate((self._flying, spikes))
        spikes = self._judges.handed_on(spikes)
        windows, rest = spikes[:, 0].astype(np.int64), np.ascontiguousarray(spikes[:, 1:])
        for b, work in enumerate(self._work):
            self._work[b] = exact_spikes.enter_spikes(
                self._rows.rows[b], windows, rest, work, self.program.window, self._w, self._done
            )

    def _still_flying(self) -> FloatArray:
        """Spikes of which something is still to come, in order."""
        w, o, neurons = self._flying.T
        longest = self._judges.longest(neurons, lambda which: exact_spikes.longest_delays(self._rows.rows, which))
        offset = np.where(longest < 0.0, -1.0, o + longest)
        windows, offset = all_placed(offset, self.program.window)
        arrival = np.where(longest < 0.0, -np.inf, w + windows)
        later = (arrival > self._w) | ((arrival == self._w) & (offset > self._done))
        flying = self._flying[later]
        return flying[np.lexsort((flying[:, 2], flying[:, 1], flying[:, 0]))]

    def _in_populations(self, neurons: IntArray) -> tuple[IntArray, IntArray]:
        populations = np.searchsorted(self._parts.offsets, neurons, side="right") - 1
        return populations, neurons - self._parts.offsets[populations]

    def read(self, population: int, variable: str) -> FloatArray:
        return self._sample(population, variable, None)

    def _sample(self, p: int, variable: str, ids: IntArray | None) -> FloatArray:
        population = self._populations[p]
        if population is None or variable not in population.kernel.states:
            values = np.array(np.broadcast_to(self._numbers[p][variable], self.program.populations[p].size), np.float64)
            return values if ids is None else values[ids]
        return self._states(p, ids)[population.kernel.states.index(variable)]

    def _states(self, p: int, ids: IntArray | None, stamped: bool = False) -> FloatArray:
        """(n_states, n_ids) as they are now, or at the neurons' stamps."""
        population = self._populations[p]
        assert population is not None
        which = np.arange(population.size) if ids is None else ids
        where, out = self._parts.block(p, which), np.empty((population.code.n_states, len(which)))
        for b, block in enumerate(self._blocks):
            mine = np.ascontiguousarray(which[where == b] - self._parts.first[p, b])
            values = np.empty((population.code.n_states, len(mine)))
            reals = block.common.view(np.float64)
            reals[exact_team.WINDOW_NOW], reals[exact_team.LIMIT] = self._w, self._o
            context, to = block.contexts[p].ctypes.data, values.ctypes.data
            invoke(population.code.view, context, mine.ctypes.data, len(mine), to, int(stamped))
            out[:, where == b] = values
        return out

    def write(self, population: int, variable: str, values: Number) -> None:
        held = self._populations[population]
        if held is not None:
            held.stamp(self._states(population, None), self._w, self._o)
            if variable in held.kernel.states:
                held.set(variable, values)
                self._look_at(population)
                return
        if variable not in self._numbers[population]:
            raise KeyError(variable)
        self._numbers[population][variable] = np.array(values, np.float64) if np.ndim(values) else float(values)
        self._rebind(population)
        self._look_at(population)
        for t, p in enumerate(self._trains.populations):
            if p == population and self._trains.constant[t] and variable == "rate":
                self._redraw(t)

    def _redraw(self, t: int) -> None:
        """After a change of rates; what is left of an interval has the law of a whole one."""
        self._take_rate(t)
        for b, work in enumerate(self._work):
            self._work[b] = work._replace(looks=exact_due.without_train(work.looks, t))
        self._trains.drawn[t][:, 1:] = self._w, self._o
        self._enter_train(t, True)

    def _rebind(self, p: int) -> None:
        population = self._populations[p]
        if population is not None:
            for b, block in enumerate(self._blocks):
                population.bind(p, b, block, self._numbers[p])

    def _look_at(self, p: int) -> None:
        """Look at all neurons of a population in the present window."""
        population = self._populations[p]
        if population is None:
            return
        population.look(exact_team.BY_INSTANT if self._by_instant else self._w)
        if self._by_instant:
            self._heap.looks[self._parts.offsets[p] : self._parts.offsets[p + 1]] = self._w, self._o
        for b, work in enumerate(self._work):
            n = int(self._parts.length[p, b])
            rows = np.zeros((n, 3), np.int64)
            rows[:, 0], rows[:, 1], rows[:, 2] = p, np.arange(n), np.float64(self._o).view(np.int64)
            self._work[b] = work._replace(looks=put_all(work.looks, np.full(n, self._w), rows))

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        flying = self._still_flying()
        plan = self.program.projections[projection]
        if exact_rows.reweight(self._rows, plan, projection, weight, self._n_builders):
            for b, work in enumerate(self._work):
                self._work[b] = work._replace(arrivals=new_slots(work.arrivals.tail.size))
                self._forget_synapses(work, self._blocks[b].place)
            only_looks(self._heap)
            self._flying = np.empty((0, 3))
            self._enter(flying)

    def _forget_synapses(self, work: exact_team.Work, place: IntArray) -> None:
        """Remove their arrivals from what is due in this window."""
        due = work.due[place[exact_team.INDEX] : place[exact_team.N_DUE]]
        due = due[(due[:, 2] & (exact_team.WIDE | exact_team.SPIKE | exact_team.LOOKED)) != 0]
        work.due[: len(due)] = due
        place[[exact_team.INDEX, exact_team.N_DUE]] = 0, len(due)
