"""Rows of the kernel rule: each pair with a probability that is a function of its distance.

A cell, seen from the cell of a source, has a bound for the probabilities of all its points. Points of a Poisson process,
whose hazard is that of the bound, lead from candidate to candidate, so that most neurons are never looked at; a candidate
is accepted with probability / bound.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.elementary import exp64, log64
from hsnn_event.rng import COMPILED, LANE_ACCEPT, LANE_TARGET, fill_uniform
from hsnn_event.topology.compiled.cells import Cells, place

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BATCH = 64


class Law(NamedTuple):
    """The numbers of `topology.kernels.Kernel`; `square` is that of the cutoff."""

    exponential: bool
    p: float
    falloff: float       # 1 / width, or 1 / (2 width**2)
    p_less: float
    falloff_less: float
    square: float


class Stencil(NamedTuple):
    """The cells to visit from a cell: `offsets` (cells, 3), `steps` in the list of cells where none of them lies beyond a
    border, `bounds` and `hazards` of their points, and `reach`, the largest offset either way along each dimension."""

    offsets: IntArray
    steps: IntArray
    bounds: FloatArray
    hazards: FloatArray
    inverses: FloatArray  # 1 / hazards
    expected: FloatArray  # the probability between the middles of both cells
    reach: IntArray       # shape (2, 3): down, up


@nb.njit(**COMPILED)
def probability(square, law):
    """The probability at a squared distance."""
    if law.exponential:
        return law.p * exp64(-law.falloff * np.sqrt(square))
    p = law.p * exp64(-law.falloff * square)
    if law.p_less > 0.0:
        p = max(p - law.p_less * exp64(-law.falloff_less * square), 0.0)
    return p


@nb.njit(**COMPILED)
def _probabilities(squares, law):
    """The same for an array, in place: 0 beyond the cutoff. The loops have no branches, so that they vectorise."""
    if law.exponential:
        for j in range(squares.size):
            p = law.p * exp64(-law.falloff * np.sqrt(squares[j]))
            squares[j] = p if squares[j] <= law.square else 0.0
    elif law.p_less > 0.0:
        for j in range(squares.size):
            p = law.p * exp64(-law.falloff * squares[j]) - law.p_less * exp64(-law.falloff_less * squares[j])
            squares[j] = p if squares[j] <= law.square else 0.0
    else:
        for j in range(squares.size):
            p = law.p * exp64(-law.falloff * squares[j])
            squares[j] = p if squares[j] <= law.square else 0.0


@nb.njit(**COMPILED)
def bound(least, most, law):
    """At least the probability at all squared distances between two; both terms fall with distance."""
    if law.exponential:
        return law.p * exp64(-law.falloff * np.sqrt(least))
    p = law.p * exp64(-law.falloff * least)
    if law.p_less > 0.0:
        p = max(p - law.p_less * exp64(-law.falloff_less * most), 0.0)
    return min(1.0, p * (1.0 + 1e-12))


@nb.njit(**COMPILED)
def fill_bounds(offsets, edge, law, bounds, expected):
    """The bounds of cells at these offsets, 0 beyond the cutoff, and the probabilities between middles of cells."""
    for s in range(len(offsets)):
        least = most = middle = 0.0
        for axis in range(3):
            cells_apart = abs(offsets[s, axis])
            least += (max(0.0, cells_apart - 1.0) * edge[axis]) ** 2
            most += ((cells_apart + 1.0) * edge[axis]) ** 2
            middle += (cells_apart * edge[axis]) ** 2
        least *= 1.0 - 1e-9
        bounds[s] = bound(least, most, law) if least <= law.square else 0.0
        expected[s] = probability(middle, law) if middle <= law.square else 0.0


@nb.njit(**COMPILED)
def _inside(at0, at1, at2, stencil, cells):
    """Does no cell of the stencil lie beyond a border?"""
    return (
        at0 >= stencil.reach[0, 0] and at0 + stencil.reach[1, 0] < cells.shape[0]
        and at1 >= stencil.reach[0, 1] and at1 + stencil.reach[1, 1] < cells.shape[1]
        and at2 >= stencil.reach[0, 2] and at2 + stencil.reach[1, 2] < cells.shape[2]
    )  # fmt: skip


@nb.njit(**COMPILED)
def _cell(at0, at1, at2, s, stencil, cells):
    """The cell at offset `s`; -1 where there is none."""
    cell = np.int64(0)
    for axis in range(3):
        at = stencil.offsets[s, axis] + (at0 if axis == 0 else at1 if axis == 1 else at2)
        if cells.period[axis] < np.inf:
            at = (at + cells.shape[axis]) % cells.shape[axis]
        if at < 0 or at >= cells.shape[axis]:
            return np.int64(-1)
        cell = cell * cells.shape[axis] + at
    return cell


@nb.njit(**COMPILED)
def expect(order, start, stop, points, cells, stencil, expected):
    """About how many targets the rows order[start] ... will have, by slot; rows of one cell are told once."""
    last0 = last1 = last2 = np.int64(-(2**62))
    value = 0.0
    for slot in range(start, stop):
        x = points[order[slot]]
        at0, at1, at2 = place(x[0], 0, cells), place(x[1], 1, cells), place(x[2], 2, cells)
        if at0 != last0 or at1 != last1 or at2 != last2:
            value = 0.0
            for s in range(stencil.hazards.size):
                cell = _cell(at0, at1, at2, s, stencil, cells)
                if cell >= 0:
                    value += stencil.expected[s] * (cells.first[cell + 1] - cells.first[cell])
            last0, last1, last2 = at0, at1, at2
        expected[slot] = value


@nb.njit(**COMPILED)
def kernel_rows(start, stop, order, points, cells, stencil, law, own, key, targets, used, counts):
    """Rows order[start] ..., as `Fill` of topology/drawing.py says."""
    logs, accept, chances = np.empty(BATCH), np.empty(BATCH), np.empty(BATCH)
    candidates, bounds = np.empty(BATCH, np.int64), np.empty(BATCH)
    n_cells = stencil.hazards.size
    for slot in range(start, stop):
        i, begin, draw = order[slot], used, 0
        x0, x1, x2 = points[i, 0], points[i, 1], points[i, 2]
        at0, at1, at2 = place(x0, 0, cells), place(x1, 1, cells), place(x2, 2, cells)
        inside = _inside(at0, at1, at2, stencil, cells)
        home = (at0 * cells.shape[1] + at1) * cells.shape[2] + at2
        s, at, end, hazard, inverse = -1, np.int64(0), np.int64(0), 0.0, 0.0
        while s < n_cells:
            if used + BATCH > targets.size:
                return slot, begin
            fill_uniform(logs, key, i, LANE_TARGET, draw)
            for j in range(BATCH):
                logs[j] = -log64(logs[j])
            n = 0
            for j in range(BATCH):
                gap = logs[j]
                while True:
                    left = end - at
                    if left > 0:
                        if gap < left * hazard:
                            break
                        gap -= left * hazard
                    s += 1
                    if s >= n_cells:
                        break
                    cell = home + stencil.steps[s] if inside else _cell(at0, at1, at2, s, stencil, cells)
                    at = end = np.int64(0)
                    if cell >= 0:
                        at, end = cells.first[cell], cells.first[cell + 1]
                        hazard, inverse = stencil.hazards[s], stencil.inverses[s]
                if s >= n_cells:
                    break
                at += min(np.int64(gap * inverse), end - at - 1)
                candidates[n] = at
                bounds[n] = stencil.bounds[s]
                n += 1
                at += 1
            for j in range(n):
                k = candidates[j]
                apart0, apart1, apart2 = (
                    abs(cells.points[k, 0] - x0), abs(cells.points[k, 1] - x1), abs(cells.points[k, 2] - x2)
                )  # fmt: skip
                apart0 = min(apart0, abs(cells.period[0] - apart0))
                apart1 = min(apart1, abs(cells.period[1] - apart1))
                apart2 = min(apart2, abs(cells.period[2] - apart2))
                chances[j] = apart0 * apart0 + apart1 * apart1 + apart2 * apart2
            fill_uniform(accept[:n], key, i, LANE_ACCEPT, draw)
            used = _accepted(candidates[:n], bounds, chances, accept, law, own[i], cells, targets, used)
            draw += BATCH
        counts[slot] = used - begin
        targets[begin:used].sort()
    return stop, used


@nb.njit(**COMPILED)
def _accepted(candidates, bounds, squares, accept, law, own, cells, targets, used):
    """Add the candidates that are accepted; gives the place of the next target."""
    _probabilities(squares[: candidates.size], law)
    for j in range(candidates.size):
        target = cells.ids[candidates[j]]
        targets[used] = target
        used += accept[j] * bounds[j] < squares[j] and target != own
    return used


__all__ = ["Cells", "Law", "Stencil", "expect", "fill_bounds", "kernel_rows"]
