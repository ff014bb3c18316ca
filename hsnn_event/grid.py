"""The grid of time: whole steps of dt, and what lies on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import GridError

TOLERANCE = 1e-6  # of a step: what is nearer to the grid than that is on it
NEVER = 2**62     # the step of an infinite time
MOST_STEPS = 2**53
NEARLY_ONE = 1.0 - 1e-7  # steps: the least interval, whatever rounding did to it
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
    def _steps_per_ms(self) -> int:
        """1 / dt where that is a whole number (then k / that is the correctly rounded time), else 0."""
        inverse = round(1.0 / self.dt)
        return inverse if abs(inverse * self.dt - 1.0) < 1e-9 else 0

    def time(self, step: int) -> float:
        """The time of a step in ms; step 3 of a 0.1 ms grid is at 0.3."""
        return step / self._steps_per_ms if self._steps_per_ms else round(step * self.dt, 9)

    def times(self, steps: IntArray) -> FloatArray:
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
