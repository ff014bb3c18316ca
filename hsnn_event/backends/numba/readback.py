"""Reading projections back: their rules are run once more, in parallel, straight into the arrays that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.adjacency import GROUPS, INDEX, group_bytes
from hsnn_event.backends.numba.native import as_pointer
from hsnn_event.backends.numba.rows import COUNTED, row_delays, row_targets, row_times, row_weights
from hsnn_event.lowering.ir import FloatArray, IntArray, ProjectionPlan

PIECES_A_THREAD = 16


class Drawn(NamedTuple):
    """Where the synapses of a projection are drawn from: its record, and a bound for the synapses of a source.

    `arrays` are those that the records point to.
    """

    records: npt.NDArray[Any]
    arrays: list[npt.NDArray[Any]]
    place: int
    capacity: int
    n_sources: int
    n_threads: int

    def in_pieces(self, work: Callable[[int, int], object]) -> None:
        """Call `work` for ranges of source positions, on all threads."""
        length = max(1, self.n_sources // (PIECES_A_THREAD * self.n_threads))
        with ThreadPoolExecutor(self.n_threads) as pool:
            starts = range(0, self.n_sources, length)
            for done in [pool.submit(work, start, min(start + length, self.n_sources)) for start in starts]:
                done.result()


@nb.njit(error_model="numpy", nogil=True, cache=True)
def count_rows(projections, k, start, stop, capacity, counts):
    """The number of synapses of source positions `start` ... `stop` - 1."""
    projection = projections[k]
    known = projection.first != 0
    room = 0 if known else capacity
    targets, uniform, chosen = np.empty(room, np.int32), np.empty(room + 128), np.zeros(0, np.int64)
    for i in range(start, stop):
        if known:
            first = nb.carray(as_pointer(projection.first), (i + 2,), np.int64)
            counts[i] = first[i + 1] - first[i]
        else:
            counts[i], _ = row_targets(projection, i, targets, uniform, chosen)


@nb.njit(error_model="numpy", nogil=True, cache=True)
def draw_rows(
    projections, k, start, stop, row_d, offset, source_ids, target_ids, single, sources, targets, weights, delays
):
    """The synapses of source positions `start` ... `stop` - 1, those of position i from `offset[i]` on, sorted by delay,
    then by order of draw. `single`: weights are rounded to float32. `row_d` is scratch, int32 for delays in steps and
    float64 for those in ms, with room for the synapses of any source."""
    projection, capacity = projections[k], row_d.size
    row, uniform, row_w = np.empty(capacity, np.int32), np.empty(capacity + 128), np.empty(capacity)
    distinct = projection.kind == COUNTED and projection.multapses == 0
    chosen = np.zeros(projection.n_targets if distinct else 0, np.int64)
    for i in range(start, stop):
        n, gap = row_targets(projection, i, row, uniform, chosen)
        row_delays(projection, i, gap, row[:n], row_d[:n], uniform)
        row_weights(projection, i, gap, row_d[:n], row_w[:n])
        at, source = offset[i], source_ids[i]
        if projection.delay_kind == 0:
            for j in range(n):
                targets[at + j] = target_ids[row[j]]
                weights[at + j] = row_w[j]
            delays[at : at + n] = projection.delay_a
        else:
            order = np.argsort(row_d[:n], kind="mergesort")
            for j in range(n):
                targets[at + j] = target_ids[row[order[j]]]
                weights[at + j] = row_w[order[j]]
                delays[at + j] = row_d[order[j]]
        sources[at : at + n] = source
        if single:
            for j in range(at, at + n):
                weights[j] = np.float64(np.float32(weights[j]))


@nb.njit(error_model="numpy", nogil=True, cache=True)
def count_moved(projections, k, start, stop, capacity, moved, largest):
    """Into places `start` ... `stop` - 1: how many delays of a source were moved onto the grid, and the largest change."""
    projection = projections[k]
    targets, uniform, times = np.empty(capacity, np.int32), np.empty(capacity + 128), np.empty(capacity)
    distinct = projection.kind == COUNTED and projection.multapses == 0
    chosen = np.zeros(projection.n_targets if distinct else 0, np.int64)
    for i in range(start, stop):
        n, gap = row_targets(projection, i, targets, uniform, chosen)
        row_times(projection, i, gap, targets[:n], times[:n])
        for j in range(n):
            steps = max(1.0, np.floor(times[j] / projection.grid + 0.5))
            change = abs(steps * projection.grid - times[j])
            if change > projection.grid * 1e-6:
                moved[i] += 1
                largest[i] = max(largest[i], change)


@nb.njit(error_model="numpy", nogil=True, cache=True)
def row_memory(rows, first, stop, size):
    """(bytes, synapses) of the rows of neurons `first` ... `stop` - 1; `size` is that of a weight."""
    n_bytes, n_synapses = rows.shape[0] * (stop - first) * 24, np.int64(0)
    for block in range(rows.shape[0]):
        for neuron in range(first, stop):
            n_groups = rows[block, neuron, GROUPS]
            pairs = nb.carray(as_pointer(rows[block, neuron, INDEX]), (2 * abs(n_groups),), np.int32)
            for g in range(abs(n_groups)):
                length = np.int64(pairs[2 * g + 1])
                n_synapses += length
                n_bytes += 8 + group_bytes(length, n_groups < 0, size)
    return n_bytes, n_synapses


def counts(drawn: Drawn) -> IntArray:
    """The number of synapses of each source position."""
    found = np.zeros(drawn.n_sources, np.int64)
    records, place, capacity = drawn.records, drawn.place, drawn.capacity
    drawn.in_pieces(lambda start, stop: count_rows(records, place, start, stop, capacity, found))
    return found


def offsets(found: IntArray, source_ids: IntArray | None) -> IntArray:
    """Where the synapses of each source position begin, in the order of source ids."""
    order = slice(None) if source_ids is None else np.argsort(source_ids)
    places = np.empty(len(found), np.int64)
    places[order] = np.cumsum(found[order]) - found[order]
    return places


def edges(
    drawn: Drawn, plan: ProjectionPlan, n_targets: int, weight_type: str
) -> tuple[IntArray, IntArray, FloatArray, IntArray | FloatArray]:
    """(source ids, target ids, weights, delays), sorted by source, then delay, then order of draw.

    Delays are steps, or ms where the plan is exact.
    Ids are those of the populations; `n_targets` is the size of the target population.
    """
    found = counts(drawn)
    offset, n = offsets(found, plan.source_ids), int(found.sum())
    source_ids = np.arange(drawn.n_sources) if plan.source_ids is None else plan.source_ids
    target_ids = np.arange(n_targets) if plan.target_ids is None else plan.target_ids
    sources, targets, weights = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    delays: IntArray | FloatArray = np.empty(n) if plan.exact else np.empty(n, np.int64)
    single = weight_type == "float32"

    def draw(start: int, stop: int) -> None:
        row_d = np.empty(drawn.capacity, np.float64 if plan.exact else np.int32)
        draw_rows(
            drawn.records, drawn.place, start, stop, row_d, offset, source_ids, target_ids, single,
            sources, targets, weights, delays,
        )  # fmt: skip

    drawn.in_pieces(draw)
    return sources, targets, weights, delays


def delay_changes(drawn: Drawn) -> tuple[int, float]:
    """How many drawn delays were moved onto the grid, and the largest change in ms."""
    moved, largest = np.zeros(drawn.n_sources, np.int64), np.zeros(drawn.n_sources)
    records, place, capacity = drawn.records, drawn.place, drawn.capacity
    drawn.in_pieces(lambda start, stop: count_moved(records, place, start, stop, capacity, moved, largest))
    return int(moved.sum()), float(largest.max(initial=0.0))
