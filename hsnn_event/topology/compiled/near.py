"""Rows of the rules of distance: all neurons within a radius, and the nearest ones."""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.rng import COMPILED, LANE_TARGET, uniform_at
from hsnn_event.topology.compiled.cells import within

TOLERANCE = 1e-9  # of a distance: what differs by less is as far away, since sums of spacings are rounded


@nb.njit(**COMPILED)
def count_within(order, start, stop, points, reach, own, cells, counts):
    """How many targets the rows order[start] ... have; `reach` has a distance a row."""
    nothing, no_squares = np.empty(0, np.int32), np.empty(0)
    for slot in range(start, stop):
        i = order[slot]
        counts[i] = within(points[i], reach[i] * (1.0 + TOLERANCE), own[i], cells, nothing, no_squares, False)


@nb.njit(**COMPILED)
def rows_within(order, start, stop, points, reach, own, cells, offset, indptr, targets):
    """Write the targets of these rows, in ascending order, from indptr[i] - offset on."""
    most = np.int64(0)
    for slot in range(start, stop):
        i = order[slot]
        most = max(most, indptr[i + 1] - indptr[i])
    squares = np.empty(most)
    for slot in range(start, stop):
        i = order[slot]
        row = targets[indptr[i] - offset : indptr[i + 1] - offset]
        within(points[i], reach[i] * (1.0 + TOLERANCE), own[i], cells, row, squares, True)
        row.sort()


@nb.njit(**COMPILED)
def nearest_rows(order, start, stop, points, reach, own, cells, k, targets):
    """The k nearest targets of these rows, in ascending order; `reach` is how far the last of them is. Of those that are
    equally far the first ids are taken."""
    found, squares = np.empty(4 * k + 64, np.int32), np.empty(4 * k + 64)
    for slot in range(start, stop):
        i = order[slot]
        n = within(points[i], reach[i] * (1.0 + TOLERANCE), own[i], cells, found, squares, True)
        while n < 0:
            found, squares = np.empty(2 * found.size, np.int32), np.empty(2 * found.size)
            n = within(points[i], reach[i] * (1.0 + TOLERANCE), own[i], cells, found, squares, True)
        least = (reach[i] * (1.0 - TOLERANCE)) ** 2
        row, taken, equal = targets[i * k : (i + 1) * k], 0, 0
        for j in range(n):
            if squares[j] < least:
                row[taken] = found[j]
                taken += 1
            else:
                found[equal] = found[j]
                equal += 1
        found[:equal].sort()
        row[taken:] = found[: k - taken]
        row.sort()


@nb.njit(**COMPILED)
def thinned(start, stop, key, indptr, targets, p, counts):
    """Keep each candidate of rows `start` ... `stop` - 1 with its probability, in place; gives how many there are.

    Candidates and probabilities begin with those of row `start`. The draw of a pair is that of (source, target).
    """
    used, at = 0, 0
    for i in range(start, stop):
        begin = used
        for _ in range(indptr[i], indptr[i + 1]):
            if uniform_at(key, i, LANE_TARGET, targets[at], 0) < p[at]:
                targets[used] = targets[at]
                used += 1
            at += 1
        counts[i] = used - begin
    return used


@nb.njit(**COMPILED)
def put_back(order, start, stop, sorted_indptr, sorted_targets, indptr, targets):
    """Rows that were drawn in the order of cells, to where they belong."""
    for slot in range(start, stop):
        i = order[slot]
        targets[indptr[i] : indptr[i + 1]] = sorted_targets[sorted_indptr[slot] : sorted_indptr[slot + 1]]
