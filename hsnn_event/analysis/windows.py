"""Windows and bins of time: (start, stop], and times of a grid fall where their decimals say.

Step k of a 0.1 ms grid has the time k / 10, while an edge may have been computed as k * 0.1 or as a
sum; the two differ by units in the last place. So a time within `EDGE_ULPS` units in the last place
of an edge lies on that edge: 3e-15 ms at 1 ms, 2e-10 ms at 100 s, far below any step.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ValueRangeError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

EDGE_ULPS = 16
MOST_BINS = 10**9  # 8 GB of counts: what is more was not meant


def edge_tolerance(*times: float) -> float:
    """How far (ms) a time may be from an edge and still lie on it."""
    return EDGE_ULPS * float(np.spacing(max(1.0, *(abs(time) for time in times))))


def window_slice(times: FloatArray, start: float, stop: float) -> slice:
    """The part of the ascending `times` (ms) with start < time <= stop.

    >>> times = np.array([0.1, 0.2, 0.3, 0.4])
    >>> times[window_slice(times, 0.2, 0.1 + 0.2)]
    array([0.3])
    """
    tolerance = edge_tolerance(start, stop)
    first, last = np.searchsorted(times, [start + tolerance, stop + tolerance], side="right")
    return slice(int(first), int(last))


def bin_edges(start: float, stop: float, width: float) -> FloatArray:
    """The edges (ms) of bins of `width`; the last bin is shorter where `width` does not divide.

    >>> bin_edges(0.0, 1.0, 0.4)
    array([0. , 0.4, 0.8, 1. ])
    """
    if not (np.isfinite(width) and width > 0):
        raise ValueRangeError(
            f"bin = {width:g} ms is not a positive number. Give the width of a bin in ms, such as "
            "bin=5.0.",
            value=width,
        )
    ratio = (stop - start) / width
    if ratio > MOST_BINS:
        raise ValueRangeError(
            f"bin = {width:g} ms cuts ({start:g}, {stop:g}] ms into {ratio:.3g} bins. Take wider bins.", value=width
        )
    whole = round(ratio)
    n_bins = whole if abs(ratio - whole) * width <= edge_tolerance(start, stop) else int(ratio) + 1
    edges: FloatArray = start + width * np.arange(n_bins + 1, dtype=np.float64)
    edges[-1] = stop
    return edges


def bin_numbers(times: FloatArray, start: float, stop: float, width: float) -> IntArray:
    """The number of the bin (a, b] in which each time lies; all times lie in (start, stop].

    >>> bin_numbers(np.array([0.1, 0.3, 0.30000001, 0.8]), 0.0, 0.8, 0.1)
    array([0, 2, 3, 7])
    """
    edges = bin_edges(start, stop, width)
    inner = edges[1:-1] + edge_tolerance(start, stop)
    return np.searchsorted(inner, times, side="left").astype(np.int64)
