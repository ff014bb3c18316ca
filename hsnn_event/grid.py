"""Time as a network counts it: in whole steps of dt, or, without a clock, in real numbers of ms.

Both kinds have the same methods; what they call a step is an int on the grid, and the time in ms itself without a clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import GridError

TOLERANCE = 1e-6  # of a step: what is nearer to the grid than that is on it
NEVER = 2**62     # the step of an infinite time
MOST_STEPS = 2**53
NEARLY_ONE = 1.0 - 1e-7  # steps: the least interval, whatever rounding did to it
LEAST_INTERVAL = 1e-6     # ms, between things that come again and again without a clock
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Step k ends at time k * dt (ms).

    >>> Grid(0.1).time(3), Grid(0.1).steps(1.5, "delay")
    (0.3, 15)
    """

    dt: float

    @property
    def least(self) -> float:
        """The least interval in ms, a little less than a step, whatever rounding did to it."""
        return self.dt * NEARLY_ONE

    @property
    def _steps_per_ms(self) -> int:
        """1 / dt where that is a whole number (then k / that is the correctly rounded time), else 0."""
        inverse = round(1.0 / self.dt)
        return inverse if abs(inverse * self.dt - 1.0) < 1e-9 else 0

    def time(self, step: float) -> float:
        """The time of a step in ms; step 3 of a 0.1 ms grid is at 0.3."""
        return step / self._steps_per_ms if self._steps_per_ms else round(step * self.dt, 9)

    def times(self, steps: IntArray | FloatArray) -> FloatArray:
        """The same for an array."""
        return steps / self._steps_per_ms if self._steps_per_ms else np.round(steps * self.dt, 9)

    def steps(self, time: float, what: str, cure: str = "Give a multiple of dt.") -> int:
        """The number of whole steps in `time`; a GridError if that is none, or more than can be counted."""
        ratio = time / self.dt
        if abs(ratio) >= MOST_STEPS:
            text = f"{what} of {time:g} ms is more than 2**53 steps of dt = {self.dt:g} ms. Give a shorter time."
            raise GridError(text, time=time, dt=self.dt)
        if abs(ratio - round(ratio)) > TOLERANCE:
            raise GridError(f"{what} of {time:g} ms is not a multiple of dt = {self.dt:g} ms. {cure}", time=time, dt=self.dt)
        return round(ratio)

    def steps_before(self, time: float) -> int:
        """How many steps begin before `time`: a stimulus that starts then acts first in the step after these."""
        return NEVER if math.isinf(time) else max(0, math.ceil(time / self.dt - TOLERANCE))

    def after(self, step: float, length: float) -> int:
        """The step that comes `length` steps after `step`."""
        return int(step + length)

    def multiples(self, after: float, until: float, every: float) -> IntArray:
        """The multiples of `every` steps in (after, until].

        >>> Grid(0.1).multiples(10, 20, 5).tolist()
        [15, 20]
        """
        return np.arange(after // every + 1, until // every + 1, dtype=np.int64) * int(every)

    def stretch(self, steps: float) -> int:
        """As many whole steps as fit, at least one."""
        return max(1, int(steps))


@dataclass(frozen=True)
class Continuum:
    """Time without a clock: a step is a time in ms.

    >>> Continuum().time(0.25), Continuum().steps(1.5, "delay"), Continuum().after(0.2, 0.1)
    (0.25, 1.5, 0.3)
    """

    dt: ClassVar[float] = math.nan
    least: ClassVar[float] = LEAST_INTERVAL

    def time(self, step: float) -> float:
        """The time in ms: itself."""
        return float(step)

    def times(self, steps: IntArray | FloatArray) -> FloatArray:
        """The same for an array."""
        return np.asarray(steps, dtype=np.float64)

    def steps(self, time: float, what: str, cure: str = "") -> float:
        """The time itself; a GridError if it is no number, or longer than any run."""
        if not abs(time) < MOST_STEPS:
            raise GridError(f"{what} of {time:g} ms is more than 2**53 ms. Give a shorter time. {cure}".strip(), time=time)
        return float(time)

    def steps_before(self, time: float) -> float:
        """The time at which a stimulus that starts then begins to act."""
        return NEVER if math.isinf(time) else max(0.0, time)

    def after(self, step: float, length: float) -> float:
        """The time `length` ms later, without what decimals lose in sums: 0.2 + 0.1 is 0.3."""
        return float(tidy(step + length))

    def multiples(self, after: float, until: float, every: float) -> FloatArray:
        """The multiples of `every` ms in (after, until], each by itself: the third one of 0.1 is 0.3.

        >>> Continuum().multiples(0.1, 0.4, 0.1).tolist()
        [0.2, 0.3, 0.4]
        """
        numbers = np.arange(math.floor(after / every), math.floor(until / every) + 2)
        times = tidy(np.asarray(numbers * every, dtype=np.float64))
        return times[(times > after) & (times <= until)]

    def stretch(self, steps: float) -> float:
        """A length in ms that is not too small to get on."""
        return max(LEAST_INTERVAL, steps)


def tidy(times: float | FloatArray) -> FloatArray:
    """Times whose decimals end within 1e-12 of them, in parts of 1 ms or of themselves, are these decimals."""
    times = np.asarray(times, dtype=np.float64)
    decimals = np.round(times, 9)
    return np.where(abs(decimals - times) < 1e-12 * np.maximum(1.0, times), decimals, times)


def following(step: float, interval: float) -> float:
    """The multiple of `interval` after that at `step`.

    >>> following(15, 5), following(0.2, 0.1)
    (20, 0.3)
    """
    if isinstance(interval, int):
        return step + interval
    return float(tidy((round(step / interval) + 1) * interval))


Time = Grid | Continuum
