"""Neurons sorted into cells of space, so that who is near is found by looking into few of them.

Points have three coordinates here; where space has fewer dimensions, the first ones are 0. The cells of the last dimension
follow one another in memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.rng import COMPILED

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Cells(NamedTuple):
    """Points `ids[first[c] : first[c + 1]]` lie in cell c, in ascending order; `points` are sorted like `ids`.

    There are `shape` cells of length `edge` along each dimension, from `low` on; `period` is inf where space is open.
    """

    points: FloatArray
    ids: npt.NDArray[np.int32]
    first: IntArray
    low: FloatArray
    edge: FloatArray
    shape: IntArray
    period: FloatArray


@nb.njit(**COMPILED)
def place(x, axis, cells):
    """The number of the cell of a coordinate along one dimension; outside of the cells where space is open."""
    at = np.int64(np.floor((x - cells.low[axis]) / cells.edge[axis]))
    if cells.period[axis] < np.inf:
        at = max(0, min(at, cells.shape[axis] - 1))
    return at


@nb.njit(**COMPILED)
def homes(points, cells):
    """The cell of each point; the nearest one for points outside of all cells."""
    found = np.empty(len(points), np.int64)
    for i in range(len(points)):
        at = np.int64(0)
        for axis in range(3):
            at = at * cells.shape[axis] + max(0, min(place(points[i, axis], axis, cells), cells.shape[axis] - 1))
        found[i] = at
    return found


@nb.njit(**COMPILED)
def sorted_by_cell(home, n_cells):
    """(first, order): a stable counting sort of points by cell."""
    first = np.zeros(n_cells + 1, np.int64)
    for i in range(home.size):
        first[home[i] + 1] += 1
    for c in range(n_cells):
        first[c + 1] += first[c]
    cursor, order = first[:-1].copy(), np.empty(home.size, np.int32)
    for i in range(home.size):
        order[cursor[home[i]]] = i
        cursor[home[i]] += 1
    return first, order


@nb.njit(**COMPILED)
def _rows_to_search(at, axis, reach, cells):
    """(first, last, wrapped): offsets of cells along a dimension that lie within reach, each cell once; `wrapped` where
    they are all that there are around a closed dimension."""
    ahead = np.int64(reach / cells.edge[axis]) + 1
    if cells.period[axis] < np.inf:
        if 2 * ahead + 1 >= cells.shape[axis]:
            return -at, cells.shape[axis] - 1 - at, True
        return -ahead, ahead, False
    return max(-ahead, -at), min(ahead, cells.shape[axis] - 1 - at), False


@nb.njit(**COMPILED)
def _slab(x, offset, at, axis, cells):
    """How far a coordinate is at least from the cells at an offset from its own."""
    within = x - cells.low[axis] - at * cells.edge[axis]
    if offset > 0:
        return max(0.0, offset * cells.edge[axis] - within)
    return max(0.0, within - (offset + 1) * cells.edge[axis]) if offset < 0 else 0.0


@nb.njit(**COMPILED)
def _scan(x, begin, end, square, own, cells, found, squares, n, keep):
    """Add points `begin` ... `end` - 1 that are near enough; gives how many there are then. Unless `keep` only count."""
    closed = cells.period[0] < np.inf or cells.period[1] < np.inf or cells.period[2] < np.inf
    for k in range(begin, end):
        distance = 0.0
        for axis in range(3):
            apart = abs(cells.points[k, axis] - x[axis])
            if closed:
                apart = min(apart, abs(cells.period[axis] - apart))
            distance += apart * apart
        near = distance <= square and cells.ids[k] != own
        if keep:
            if n >= found.size:
                if near:
                    return -1
                continue
            found[n] = cells.ids[k]
            squares[n] = distance
        n += near
    return n


@nb.njit(**COMPILED)
def within(x, reach, own, cells, found, squares, keep):
    """The points at most `reach` from `x`, `own` left out: their number; with `keep` also their ids and squared distances,
    and -1 where there is no room for them."""
    n, wide = np.int64(0), reach * (1.0 + 1e-6)
    square = reach * reach
    at0, at1 = place(x[0], 0, cells), place(x[1], 1, cells)
    first0, last0, around0 = _rows_to_search(at0, 0, wide, cells)
    first1, last1, around1 = _rows_to_search(at1, 1, wide, cells)
    columns, closed = cells.shape[2], cells.period[2] < np.inf
    for k0 in range(first0, last0 + 1):
        apart0 = 0.0 if around0 else _slab(x[0], k0, at0, 0, cells)
        for k1 in range(first1, last1 + 1):
            apart1 = 0.0 if around1 else _slab(x[1], k1, at1, 1, cells)
            left = wide * wide - apart0 * apart0 - apart1 * apart1
            if left < 0.0:
                continue
            half = np.sqrt(left) + 1e-6 * wide
            c0 = (at0 + k0 + cells.shape[0]) % cells.shape[0]
            row = (c0 * cells.shape[1] + (at1 + k1 + cells.shape[1]) % cells.shape[1]) * columns
            begin = np.int64(np.floor((x[2] - half - cells.low[2]) / cells.edge[2]))
            end = np.int64(np.floor((x[2] + half - cells.low[2]) / cells.edge[2])) + 1
            if not closed or end - begin >= columns:
                begin, end = 0 if closed else max(begin, 0), columns if closed else min(end, columns)
                if begin < end:
                    n = _scan(x, cells.first[row + begin], cells.first[row + end], square, own, cells, found, squares, n,
                              keep)  # fmt: skip
            else:
                shift = columns if begin < 0 else 0
                begin, end = min(begin + shift, columns - 1), end + shift
                last = min(end, columns)
                n = _scan(x, cells.first[row + begin], cells.first[row + last], square, own, cells, found, squares, n,
                          keep)  # fmt: skip
                if end > columns and n >= 0:
                    n = _scan(x, cells.first[row], cells.first[row + end - columns], square, own, cells, found, squares, n,
                              keep)  # fmt: skip
            if n < 0:
                return n
    return n
