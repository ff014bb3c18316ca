"""Populations with and without a clock in one network: two engines that advance in turn and tell each other's spikes.

An event of a spike without a clock acts as if it was sent at the first step that does not end before it; one of a spike on
the clock is sent at the end of its step. So the engine without a clock goes first, by no more than the shortest delay on
the way to it, and the other follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from hsnn_event.backends.protocol import Engine, ExactEngine, ExactSpikes, Probe, Seen, Watch
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.ir import FloatArray, IntArray, Program

TOLERANCE = 1e-9  # of a step: a spike that is not further behind the end of a step belongs to it
FARTHEST = 2**31  # steps


class FedEngine(Engine, Protocol):
    """An `Engine` that can be told spikes."""

    def feed(self, population: int, steps: IntArray, ids: IntArray) -> None:
        """Spikes of a population that is a list: those of steps done are in flight, the others still to come.

        In each step to come a neuron fires at most once.
        """


class FedExactEngine(ExactEngine, Protocol):
    """An `ExactEngine` that can be told spikes."""

    def feed(self, population: int, times: FloatArray, ids: IntArray) -> None:
        """Spikes of a population that is a list, all of whose arrivals are later than `time`; sorted by time, then id."""


class Spikes(NamedTuple):
    """Spikes of populations without a clock on the grid, sorted by step, population, id."""

    steps: IntArray
    populations: IntArray
    ids: IntArray


class MixedEngine:
    """Both halves of a network, told apart by what `exact` says of each population; `times` are those of steps in ms."""

    def __init__(
        self,
        engines: tuple[FedEngine, FedExactEngine],
        programs: tuple[Program, ExactProgram],
        exact: IntArray,
        times: Callable[[IntArray], FloatArray],
    ) -> None:
        self.clock, self.exact = engines
        self._dt, self._window = programs[0].dt, programs[1].window
        self._is_exact = np.array(exact, dtype=np.bool_)
        self._times = times
        # The populations whose spikes the other half must be told.
        sends = np.zeros((2, len(self._is_exact)), dtype=np.bool_)
        for half in range(2):
            for plan in programs[half].projections:
                sends[half, plan.source] = self._is_exact[plan.source] != plan.exact
        self._to_clock, self._to_exact = sends
        self._ahead = ahead(programs[1], self._is_exact, self._dt)

    @property
    def step(self) -> int:
        """Whole steps done."""
        return self.clock.step

    def advance(self, n_steps: int, watch: Watch, before: bool = False) -> Seen:
        """Do `n_steps` steps, as an `Engine` does; `before`: leave what happens at the last instant without a clock.

        The next call begins with that, also one of 0 steps.
        """
        collected = _Collected(watch, self._is_exact)
        goal = self.step + n_steps
        self._advance_exact(self.step, collected, False)  # what was left
        while self.step < goal:
            until = min(goal, self.step + self._ahead)
            late = self._advance_exact(until, collected, before and until == goal)
            for stop in sorted({until, *late.steps.tolist()}):
                seen = self.clock.advance(stop - self.step, collected.of_clock(self._to_exact))
                collected.take_clock(seen)
                self._tell_exact(seen)
                self._tell_clock(Spikes(*(each[late.steps == stop] for each in late)))
        return collected.seen()

    def _advance_exact(self, until: int, collected: _Collected, before: bool) -> Spikes:
        """Up to the end of step `until`; gives the second and further spikes of a neuron in one step, not told yet."""
        time = float(self._times(np.array([until]))[0])
        seen = self.exact.advance(time, collected.of_exact(time, before, self._to_clock), before)
        collected.take_exact(seen)
        spikes = self._on_grid(seen.exact)
        again = np.zeros(len(spikes.steps), dtype=np.bool_)
        if len(again) > 1:
            again[1:] = np.logical_and.reduce([each[1:] == each[:-1] for each in spikes])
        again &= spikes.steps > self.step
        self._tell_clock(Spikes(*(each[~again] for each in spikes)))
        return Spikes(*(each[again] for each in spikes))

    def _on_grid(self, spikes: ExactSpikes | None) -> Spikes:
        """Those that the clock must be told."""
        nothing = np.empty(0, np.int64)
        if spikes is None or not len(spikes.ids):
            return Spikes(nothing, nothing, nothing)
        mine = self._to_clock[spikes.populations]
        times = (spikes.windows * self._window + spikes.offsets)[mine]
        steps = np.ceil(times / self._dt - TOLERANCE).astype(np.int64)
        populations, ids = spikes.populations[mine], spikes.ids[mine]
        order = np.lexsort((ids, populations, steps))
        return Spikes(steps[order], populations[order], ids[order])

    def _tell_clock(self, spikes: Spikes) -> None:
        for population in np.unique(spikes.populations).tolist():
            mine = spikes.populations == population
            self.clock.feed(population, spikes.steps[mine], spikes.ids[mine])

    def _tell_exact(self, seen: Seen) -> None:
        for population in np.unique(seen.populations).tolist():
            if self._to_exact[population]:
                mine = seen.populations == population
                self.exact.feed(population, self._times(seen.steps[mine]), seen.ids[mine])


def ahead(program: ExactProgram, exact: np.ndarray, dt: float) -> int:
    """By how many steps populations without a clock may run ahead: nothing that the others send reaches them so soon."""
    shortest = min((plan.delay.least for plan in program.projections if not exact[plan.source]), default=np.inf)
    return int(np.clip(np.floor(shortest / dt + TOLERANCE), 1, FARTHEST))


class _Collected:
    """What both halves show, piece by piece, in the order of the probes."""

    def __init__(self, watch: Watch, exact: np.ndarray) -> None:
        self._watch, self._exact = watch, exact
        self._clock: list[Seen] = []
        self._spikes: list[ExactSpikes] = []
        self._samples: list[list[FloatArray]] = [[] for _ in watch.probes]
        self._places = np.array([exact[probe.population] for probe in watch.probes], dtype=np.bool_)
        self._done = [0] * len(watch.probes)  # times of the exact probes that were asked for
        self._asked: list[int] = []

    def of_clock(self, sends: np.ndarray) -> Watch:
        """What to watch with a clock."""
        probes = tuple(probe for probe, exact in zip(self._watch.probes, self._places, strict=True) if not exact)
        return Watch((self._watch.spikes | sends) & ~self._exact, probes)

    def of_exact(self, time: float, before: bool, sends: np.ndarray) -> Watch:
        """What to watch without a clock up to `time`."""
        probes: list[Probe] = []
        self._asked = np.flatnonzero(self._places).tolist()
        for place in self._asked:
            probe = self._watch.probes[place]
            stop = int(np.searchsorted(probe.times, time, side="left" if before else "right"))
            probes.append(probe._replace(times=probe.times[self._done[place] : stop]))
            self._done[place] = stop
        return Watch((self._watch.spikes | sends) & self._exact, tuple(probes))

    def take_clock(self, seen: Seen) -> None:
        """What was seen with a clock."""
        self._clock.append(seen)
        for place, samples in zip(np.flatnonzero(~self._places).tolist(), seen.samples, strict=True):
            self._samples[place].append(samples)

    def take_exact(self, seen: Seen) -> None:
        """What was seen without a clock."""
        if seen.exact is not None:
            self._spikes.append(seen.exact)
        for place, samples in zip(self._asked, seen.samples, strict=True):
            self._samples[place].append(samples)

    def seen(self) -> Seen:
        """All together."""
        nothing = np.empty(0, np.int64)
        columns = [np.concatenate([nothing, *(seen[k] for seen in self._clock)]) for k in range(3)]
        wanted = self._watch.spikes[columns[1]]
        exact = [np.concatenate([spikes[k] for spikes in self._spikes]) for k in range(4)]
        kept = self._watch.spikes[exact[2]]
        samples = tuple(np.concatenate(parts) for parts in self._samples)
        lags = [np.zeros(len(seen.steps)) if seen.lags is None else seen.lags for seen in self._clock]
        spikes = ExactSpikes(*(each[kept] for each in exact))
        steps, populations, ids = (each[wanted] for each in columns)
        return Seen(steps, populations, ids, samples, spikes, np.concatenate([np.zeros(0), *lags])[wanted])
