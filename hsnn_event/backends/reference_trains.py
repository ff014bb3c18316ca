"""Poisson trains in real time, plainly: interval by interval, from random counters alone."""

from __future__ import annotations

import numpy as np

from hsnn_event.elementary import log64
from hsnn_event.lowering.exact_ir import NEVER, RateCourse, placed
from hsnn_event.rng import uniform_at

Instant = tuple[int, float]


def later(instant: Instant, time: float, window: float) -> Instant:
    """The instant `time` ms after another."""
    offset = instant[1] + time
    windows = float(np.ceil(offset / window)) - 1.0
    return (instant[0] + int(windows), offset - windows * window) if windows else (instant[0], offset)


def elapsed(start: Instant, end: Instant, window: float) -> float:
    """The ms from one instant to another."""
    return (end[0] - start[0]) * window + (end[1] - start[1])


def next_event(course: RateCourse, key: int, neuron: int, draw: int, after: Instant, window: float) -> Instant | None:
    """The event of a neuron's train that draw number `draw` leads to from the instant `after`; None: there is none.

    The integral of the rate from one event to the next is an exponential number of mean 1.
    """
    left = -1000.0 * float(log64(uniform_at(np.uint64(key), neuron, 0, draw, 0)))
    start = after
    for k in range(max(0, _piece(course, after, window)), len(course.times)):
        begin = placed(float(course.times[k]), window)
        start = max(start, begin)
        rate = course.values[k] if np.ndim(course.values[k]) == 0 else np.asarray(course.values[k])[neuron]
        gap = left / float(rate) if rate > 0.0 else NEVER
        if k + 1 == len(course.times):
            return later(start, gap, window) if gap < NEVER else None
        span = elapsed(start, placed(float(course.times[k + 1]), window), window)
        if gap <= span:
            return later(start, gap, window)
        left -= float(rate) * span
    return None


def _piece(course: RateCourse, instant: Instant, window: float) -> int:
    """The number of the last value that began at `instant` or before it, -1 for none."""
    begun = [k for k, time in enumerate(course.times) if placed(float(time), window) <= instant]
    return begun[-1] if begun else -1
