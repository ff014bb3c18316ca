"""The fused block adjacency: all synapses that leave a neuron for one block, sorted by delay.

A row is a run of groups, one for each delay; a group is its targets (uint16 ports of the block) followed by its
weights, or one weight followed by its targets where a neuron's synapses all have the same. The index of a row holds
(delay, length) pairs. Rows are written in one pass, in parallel, into segments that never move: a row is an address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.native import as_pointer, inner
from hsnn_event.backends.numba.rows import row_delays, row_targets, row_weights
from hsnn_event.backends.numba.segments import Segments

GROUPS, INDEX, DATA = range(3)  # columns of Adjacency.rows


@dataclass
class Adjacency:
    """`rows[block, neuron]` = (number of groups, address of the index, address of the data); `segments` own the memory.

    The number of groups is negative where the neuron's synapses share one weight.
    """

    rows: npt.NDArray[np.int64]
    segments: Segments = field(default_factory=Segments)
    n_synapses: int = 0
    max_delay: int = 1

    @property
    def n_bytes(self) -> int:
        """Memory of synapses and indices."""
        return self.segments.n_bytes + self.rows.nbytes


@inner
def gather(projection, neuron, n, targets, weights, delays, keys, uniform, chosen):
    """Draw the synapses that a neuron has by one projection, from place `n` on: `keys` (what its `target_map` says),
    `weights` and `delays`. Gives the place after the last."""
    i = np.int64(neuron)
    if projection.position != 0:
        i = nb.carray(as_pointer(projection.position), (neuron + 1,), np.int64)[neuron]
        if i < 0:
            return n
    m, gap = row_targets(projection, i, targets[n:], uniform, chosen)
    row_delays(projection, i, gap, targets[n : n + m], delays[n : n + m], uniform)
    row_weights(projection, i, gap, delays[n : n + m], weights[n : n + m])
    target_map = nb.carray(as_pointer(projection.target_map), (projection.n_targets,), np.uint32)
    for j in range(n, n + m):
        keys[j] = target_map[targets[j]]
    return n + m


@inner
def _span(delays, n):
    low, high = delays[0], delays[0]
    for j in range(n):
        low, high = min(low, delays[j]), max(high, delays[j])
    return np.int64(low), np.int64(high)


@inner
def _lay_out(counts, low, span, uniform_row, size, weight, rows, neuron, base, pairs, weights_w, used, cursor, shift):
    """Place a neuron's groups from word `used` (8 bytes) on: write rows, indices and the weight of uniform groups.

    `counts[block * span + d]` synapses have delay low + d. Sets `cursor` (where, in uint16, the targets of a group
    start) and `shift` (what to add to that to find their weights). Gives the first free word.
    """
    for block in range(rows.shape[0]):
        cells = range(block * span, (block + 1) * span)
        index = used
        for cell in cells:
            if counts[cell]:
                pairs[2 * used] = cell - block * span + low
                pairs[2 * used + 1] = counts[cell]
                used += 1
        rows[block, neuron, 0] = index - used if uniform_row else used - index
        rows[block, neuron, 1] = base + 8 * index
        rows[block, neuron, 2] = base + 8 * used
        at = used * 8
        for cell in cells:
            if counts[cell]:
                if uniform_row:
                    weights_w[at // size] = weight
                    cursor[cell] = (at + size) >> 1
                    at += size + padded(counts[cell], size)
                else:
                    cursor[cell] = at >> 1
                    at += padded(counts[cell], size)
                    shift[cell] = at // size - cursor[cell]
                    at += size * counts[cell]
        used = (at + 7) // 8
    return used


@inner
def _pack(n, keys, weights, delays, low, span, uniform_row, one, scratch, rows, neuron, segment, used):
    """Sort a neuron's `n` synapses by (block, delay), stably, into `segment`; gives the first free word.

    `one` is an array of the weights' type; `scratch` has 3 rows of the number of blocks * span, or longer.
    """
    counts, cursor, shift = scratch[0], scratch[1], scratch[2]
    for cell in range(rows.shape[0] * span):
        counts[cell] = 0
    for j in range(n):
        counts[np.int64(keys[j] >> np.uint32(16)) * span + delays[j] - low] += 1
    base, size = segment.ctypes.data, one.itemsize
    pairs = nb.carray(as_pointer(base), (2 * segment.size,), np.int32)
    targets16 = nb.carray(as_pointer(base), (4 * segment.size,), np.uint16)
    weights_w = nb.carray(as_pointer(base), (8 * segment.size // size,), one.dtype)
    used = _lay_out(
        counts, low, span, uniform_row, size, weights[0], rows, neuron, base, pairs, weights_w, used, cursor, shift
    )
    for j in range(n):
        cell = np.int64(keys[j] >> np.uint32(16)) * span + delays[j] - low
        k = cursor[cell]
        cursor[cell] = k + 1
        targets16[k] = np.uint16(keys[j])
        if not uniform_row:
            weights_w[k + shift[cell]] = weights[j]
    return used


@nb.njit(error_model="numpy", nogil=True)
def padded(length, size):
    """Bytes of a group's targets, padded to the size of a weight, which is a power of two."""
    return (2 * length + size - 1) & -size


@nb.njit(error_model="numpy", nogil=True)
def group_bytes(length, uniform, size):
    """Bytes of a group: targets, and one weight for all or one for each."""
    return padded(length, size) + (size if uniform else size * length)


@nb.njit(error_model="numpy", nogil=True, cache=True)
def build_rows(
    projections, first_projection, n_projections, offset, start, stop, uniform_row, one, capacity, n_targets,
    rows, segment, used, largest, in_place,
):
    """Write the rows of neurons `start` ... `stop` - 1 of one population into `segment` from word `used` on.

    `in_place`: write them where they lie, since only weights have changed; `segment` is left alone.
    `offset` is the population's first neuron in the network; `capacity` bounds the synapses of a neuron and
    `largest` = (largest delay seen, synapses made) is updated. Gives (first neuron not done, words used, words that
    its row may need): it stops where the segment might not hold the next row.
    """
    n_blocks = rows.shape[0]
    targets, keys = np.empty(capacity, np.int32), np.empty(capacity, np.uint32)
    weights, delays = np.empty(capacity), np.empty(capacity, np.int32)
    uniform = np.empty(capacity + 128)
    chosen = np.zeros((first_projection + n_projections, n_targets), np.int64)  # 0: no row, rows count from 1
    scratch = np.empty((3, 64 * n_blocks), np.int64)
    for neuron in range(start, stop):
        n = np.int64(0)
        for k in range(first_projection, first_projection + n_projections):
            n = gather(projections[k], neuron, n, targets, weights, delays, keys, uniform, chosen[k])
        if n == 0:
            continue
        low, high = _span(delays, n)
        cells = n_blocks * (high - low + 1)
        if cells > scratch.shape[1]:
            scratch = np.empty((3, 2 * cells), np.int64)
        groups = min(n, cells)
        words = n_blocks + groups + (n * (2 + one.itemsize) + groups * 2 * one.itemsize) // 8 + 1
        if in_place:
            place = nb.carray(as_pointer(rows[0, offset + neuron, INDEX]), (words,), np.int64)
            _pack(
                n, keys, weights, delays, low, high - low + 1, uniform_row, one, scratch, rows, offset + neuron, place,
                np.int64(0),
            )
            continue
        if used + words > segment.size:
            return neuron, used, words
        used = _pack(
            n, keys, weights, delays, low, high - low + 1, uniform_row, one, scratch, rows, offset + neuron, segment, used
        )
        largest[0] = max(largest[0], high)
        largest[1] += n
    return stop, used, 0


@dataclass(frozen=True)
class SourceRows:
    """What leaves one population: a run of the projection records, and bounds for scratch."""

    offset: int
    size: int
    first_projection: int
    n_projections: int
    uniform: bool
    capacity: int
    n_targets: int  # of the largest target object among projections without multapses, else 0


def build(
    projections: npt.NDArray[Any], sources: list[SourceRows], n_neurons: int, n_blocks: int, weight_type: str, n_threads: int
) -> Adjacency:
    """Draw and pack all rows on `n_threads` threads; the result does not depend on their number."""
    adjacency = Adjacency(np.zeros((n_blocks, n_neurons, 3), np.int64))
    adjacency.n_synapses = fill(adjacency, projections, sources, weight_type, n_threads)
    return adjacency


def fill(
    adjacency: Adjacency,
    projections: npt.NDArray[Any],
    sources: list[SourceRows],
    weight_type: str,
    n_threads: int,
    in_place: bool = False,
) -> int:
    """Draw and pack the rows of `sources`, in new memory or where they lie; gives the number of synapses."""
    one = np.zeros(1, weight_type)

    def write(
        each: SourceRows, start: int, stop: int, segment: npt.NDArray[np.int64], used: int, largest: npt.NDArray[np.int64]
    ) -> tuple[int, int, int]:
        done: tuple[int, int, int] = build_rows(
            projections, each.first_projection, each.n_projections, each.offset, start, stop, each.uniform, one,
            each.capacity, each.n_targets, adjacency.rows, segment, used, largest, in_place,
        )  # fmt: skip
        return done

    made = adjacency.segments.fill(sources, write, np.zeros(2, np.int64), n_threads)
    adjacency.max_delay = max(adjacency.max_delay, *(int(max_delay) for max_delay, _ in made))
    return sum(int(n_synapses) for _, n_synapses in made)


def compile_ahead(projections: npt.NDArray[Any], weight_type: str) -> None:
    """Compile, or load from the cache, what `build` calls: the rows of no neuron are written."""
    rows, segment, largest = np.zeros((1, 1, 3), np.int64), np.empty(0, np.int64), np.zeros(2, np.int64)
    build_rows(projections, 0, 0, 0, 0, 0, False, np.zeros(1, weight_type), 0, 0, rows, segment, 0, largest, False)
