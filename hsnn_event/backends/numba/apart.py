"""Delays that distance makes, computed where a row is drawn, from its targets: no synapse needs a number of its own."""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.native import address_of, as_pointer
from hsnn_event.lowering.ir import Apart

# What `measuring` reads, in words of 8 bytes: offset and velocity as numbers, how many dimensions, addresses of positions.
OFFSET, VELOCITY, DIMENSIONS, SOURCES, TARGETS, PERIOD, WORDS = range(7)


def law_of(offset: float, velocity: float, apart: Apart) -> npt.NDArray[np.int64]:
    """The record that `measuring` reads; it holds addresses of the arrays of `apart`, which must be kept alive."""
    law = np.zeros(WORDS, np.int64)
    law[:DIMENSIONS] = np.array([offset, velocity]).view(np.int64)
    law[DIMENSIONS] = len(apart.period)
    law[SOURCES:] = [array.ctypes.data for array in apart]
    return law


@cache
def measuring() -> int:
    """The address of a function (law, times, n, targets, i) that writes offset + distance / velocity (ms) between source
    position i and each of its `n` targets."""

    def measure(law, times, n, targets, i):
        words, numbers = nb.carray(as_pointer(law), (6,), np.int64), nb.carray(as_pointer(law), (2,), np.float64)
        d = words[2]
        own = nb.carray(as_pointer(words[3] + 8 * i * d), (d,), np.float64)
        period = nb.carray(as_pointer(words[5]), (d,), np.float64)
        drawn = nb.carray(as_pointer(targets), (n,), np.int32)
        out = nb.carray(as_pointer(times), (n,), np.float64)
        for j in range(n):
            other = nb.carray(as_pointer(words[4] + 8 * np.int64(drawn[j]) * d), (d,), np.float64)
            square = 0.0
            for axis in range(d):
                difference = abs(other[axis] - own[axis])
                difference = min(difference, period[axis] - difference)
                square += difference * difference
            out[j] = numbers[0] + np.sqrt(square) / numbers[1]
        return 0

    return address_of(measure)
