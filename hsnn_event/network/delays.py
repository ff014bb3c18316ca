"""Delays in whole steps, and what became of those that lie off the grid; and those that need no grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ValueRangeError
from hsnn_event.grid import Grid, Time
from hsnn_event.random import Distribution
from hsnn_event.topology.distance import DistanceDelay
from hsnn_event.topology.positions import Space

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
MOST_STEPS = 2**31 - 1  # a delay is held in 32 bits
NO_ZERO = "A delay of 0 needs a source without a clock too; give a longer one, or schedule='exact' to the source."


@dataclass(frozen=True)
class DelayRounding:
    """How many delays were moved onto the grid, and the largest change in ms."""

    count: int
    largest: float


def in_ms(values: FloatArray, what: str, zero: bool = True) -> FloatArray:
    """Delays of any shape that no clock rounds: 0 or more, or, unless `zero`, more than 0."""
    if values.size and (values.min() < 0 or not (zero or values.min() > 0)):
        text = "Give 0 or more." if zero else NO_ZERO
        shortest = float(values.min())
        raise ValueRangeError(f"{what} is {shortest:g} ms{', and negative' if shortest < 0 else ''}. {text}", delay=shortest)
    return values


def check_law(law: Distribution, what: str, zero: bool) -> None:
    """Refuse a distribution of delays, drawn without a clock, that does not say that none is negative."""
    gives_zero = law.low <= 0 and (law.kind == "normal" or law.a == law.b == 0)
    if law.low < 0 or (gives_zero and not zero):
        raise ValueRangeError(
            f"{what}: {law.kind} gives delays down to {law.low:g} ms; they must be {'0 or more' if zero else 'above 0'}. "
            "Give the distribution a bound, such as low=0.1.",
            low=law.low,
        )


def check_distance(delay: DistanceDelay, spaces: tuple[Space, Space], what: str, grid: Time, zero: bool) -> None:
    """Refuse delays by distance that are more steps than can be held, or that may be 0 where none may be."""
    longest = delay.longest(*spaces)
    if isinstance(grid, Grid) and longest / grid.dt > MOST_STEPS:
        raise ValueRangeError(
            f"{what}: distance_delay gives up to {longest:.4g} ms, more than 2**31 - 1 steps of {grid.dt:g} ms. Give a "
            "higher velocity.", delay=longest,
        )  # fmt: skip
    if not isinstance(grid, Grid) and not zero and delay.offset == 0.0:
        raise ValueRangeError(f"{what}: distance_delay without an offset gives 0 at one place. {NO_ZERO}", delay=0.0)


def in_steps(values: FloatArray, what: str, grid: Grid, rounds: bool, least: int) -> tuple[IntArray, DelayRounding]:
    """Whole steps in times of any shape, at least `least`; off the grid they are an error or, if asked for, rounded."""
    if (values < 0).any():
        raise ValueRangeError(f"{what} is {values.min():g} ms, and negative. Give 0 or more.", delay=float(values.min()))
    steps = np.rint(values / grid.dt)
    if not rounds:
        if values.size:
            off = values.flat[np.argmax(abs(values / grid.dt - steps))]
            grid.steps(float(off), what, "Give a multiple of dt, or round_delays=True.")
        if (steps < least).any():
            shortest = float(values.min())
            raise ValueRangeError(
                f"{what} is {shortest:g} ms; the least is one step, {grid.dt:g} ms. Give a longer delay, or take a "
                "smaller dt.",
                delay=shortest, dt=grid.dt,
            )
    steps = np.maximum(steps, least)
    if (steps > MOST_STEPS).any():
        raise ValueRangeError(
            f"{what} is {values.max():g} ms, more than 2**31 - 1 steps of {grid.dt:g} ms. Give a shorter one.",
            delay=float(values.max()),
        )
    changes = abs(steps * grid.dt - values)
    moved = changes > grid.dt * 1e-6
    return steps.astype(np.int64), DelayRounding(int(moved.sum()), float(changes[moved].max(initial=0.0)))
