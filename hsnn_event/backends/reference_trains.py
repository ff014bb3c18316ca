"""Poisson trains in real time, plainly: interval by interval, from random counters alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hsnn_event.elementary import log64
from hsnn_event.lowering.exact_ir import NEVER, ExactPoisson, ExactPoissonSource, ExactProgram, RateCourse, placed
from hsnn_event.lowering.ir import FloatArray, Number
from hsnn_event.rng import uniform_at

Instant = tuple[int, float]


class Train:
    """The trains of a drive (`drive` is its plan) or of a source, one a neuron. `drawn[i]` holds the number of draws done
    and the instant of the next event as it is emitted, or (0, 0.0) where there is none."""

    def __init__(self, plan: ExactPoisson | ExactPoissonSource, size: int, key: int, window: float) -> None:
        self.population, self.course = plan.population, plan.rate
        self.drive = plan if isinstance(plan, ExactPoisson) else None
        ids = None if self.drive is None else self.drive.ids
        self.ids = list(range(size)) if ids is None else ids.tolist()
        self.drawn = np.zeros((size, 3))
        self._key, self._window = key, window

    def own(self, values: Number, i: int) -> float:
        """Of values in order of those who have a train, neuron i's."""
        return float(values) if np.ndim(values) == 0 else float(np.asarray(values)[self.ids.index(i)])

    def next(self, i: int, after: Instant, rate: Number) -> Instant | None:
        """Draw the event that follows the instant `after`; gives when it arrives. `rate` counts where there is no course."""
        course = RateCourse(np.zeros(1), (rate,)) if self.course is None else self.course
        rates = RateCourse(course.times, tuple(self.own(value, i) for value in course.values))
        done = int(self.drawn[i, 0])
        at = next_event(rates, self._key, i, done, after, self._window)
        self.drawn[i] = (done + 1, *(at or (0, 0.0)))
        return self.arrival(i)

    def emitted(self, i: int) -> Instant:
        """The instant of the next event."""
        return int(self.drawn[i, 1]), float(self.drawn[i, 2])

    def arrival(self, i: int) -> Instant | None:
        """When the next event arrives; None: there is none."""
        if self.drawn[i, 2] == 0.0:
            return None
        return later(self.emitted(i), 0.0 if self.drive is None else self.drive.delay, self._window)

    def go_on(self, drawn: FloatArray) -> Iterator[tuple[int, Instant | None]]:
        """Take up what had been drawn; gives each neuron and when its next event arrives."""
        self.drawn[:] = drawn
        for i in self.ids:
            yield i, self.arrival(i)


def trains_of(program: ExactProgram, keys: tuple[int, ...]) -> list[Train]:
    """What draws Poisson trains, in the order of the keys."""
    sources = [plan for plan in program.sources if isinstance(plan, ExactPoissonSource)]
    plans: list[ExactPoisson | ExactPoissonSource] = [*program.poisson, *sources]
    sizes = [program.populations[plan.population].size for plan in plans]
    return [Train(plan, size, key, program.window) for plan, size, key in zip(plans, sizes, keys, strict=True)]


def later(instant: Instant, time: float, window: float) -> Instant:
    """The instant `time` ms after another."""
    offset = instant[1] + time
    windows = float(np.ceil(offset / window)) - 1.0
    return (instant[0] + int(windows), offset - windows * window) if windows else (instant[0], offset)


def elapsed(start: Instant, end: Instant, window: float) -> float:
    """The ms from one instant to another."""
    return (end[0] - start[0]) * window + (end[1] - start[1])


def next_event(course: RateCourse, key: int, neuron: int, draw: int, after: Instant, window: float) -> Instant | None:
    """The event of a neuron's train that draw number `draw` leads to from the instant `after`, if
    there is one; rates are numbers.

    The integral of the rate from one event to the next is an exponential number of mean 1.
    """
    left = -1000.0 * float(log64(uniform_at(np.uint64(key), neuron, 0, draw, 0)))
    start = after
    for k in range(max(0, _piece(course, after, window)), len(course.times)):
        begin = placed(float(course.times[k]), window)
        start = max(start, begin)
        rate = float(course.values[k])
        gap = left / rate if rate > 0.0 else NEVER
        if k + 1 == len(course.times):
            return later(start, gap, window) if gap < NEVER else None
        span = elapsed(start, placed(float(course.times[k + 1]), window), window)
        if gap <= span:
            return later(start, gap, window)
        left -= rate * span
    return None


def _piece(course: RateCourse, instant: Instant, window: float) -> int:
    """The number of the last value that began at `instant` or before it, -1 for none."""
    begun = [k for k, time in enumerate(course.times) if placed(float(time), window) <= instant]
    return begun[-1] if begun else -1
