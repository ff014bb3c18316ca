"""The synapses of populations without a clock: rows like those of `adjacency`, with delays in ms.

A row holds all synapses that leave a neuron for one block, in words of 8 bytes. A group is those of one delay, target
population and receptor, sorted by these, and within a group by projection, then draw. First stands the index, three
words a group: its delay (float64), the byte offset of its data from the row's address, and
`length | population << 32 | receptor << 48`. Then the data, group after group: targets (uint32 places in the block's slice
of the population), then weights, both padded to 8 bytes; or, where a neuron's synapses all have one weight, that weight
in 8 bytes, then the targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.adjacency import SourceRows, gather
from hsnn_event.backends.numba.native import as_pointer, inner
from hsnn_event.backends.numba.partition import Slices, slices
from hsnn_event.backends.numba.records import ProjectionTable, fill_weights, projection_table
from hsnn_event.backends.numba.segments import Segments
from hsnn_event.errors import BackendError
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.ir import IntArray, ProjectionPlan, ValuePlan

MOST_BLOCKS = 64
PLACE_BITS = 26  # of a target's 32: where it stands in its slice; the others are the block
ALIGN = 8  # neurons: slices of float64 begin at cache lines
GROUPS, ROW = range(2)  # columns of ExactRows.rows
DELAY, OFFSET, PACKED, INDEX_WORDS = range(4)  # of a group's entry in the index
LENGTH_MASK, POPULATION_SHIFT, POPULATION_MASK, RECEPTOR_SHIFT = 0xFFFF_FFFF, 32, 0xFFFF, 48
SHORTEST, LONGEST, N_SYNAPSES = range(3)  # places in what a thread has seen


@dataclass(frozen=True)
class ExactParts(Slices):
    """Slices whose neurons are numbered, each slice by itself."""

    def target_map(self, population: int, receptor: int, ids: IntArray | None) -> npt.NDArray[np.uint32]:
        """(block << 26) | place in the slice, of each of the neurons `ids` (None: all), whatever the receptor."""
        neurons = self.neurons(population, ids)
        block = self.block(population, neurons)
        return ((block << PLACE_BITS) | (neurons - self.first[population, block])).astype(np.uint32)


def deal(program: ExactProgram, n_blocks: int) -> ExactParts:
    """An equal slice of every population to each of `n_blocks` blocks, or to 64, which are the most."""
    blocks = min(n_blocks, MOST_BLOCKS)
    sizes = np.array([p.size for p in program.populations], np.int64)
    offsets, first, length = slices(sizes, blocks, ALIGN)
    if length.max(initial=0) > 1 << PLACE_BITS:
        raise BackendError(
            f"a slice of {int(length.max())} neurons without a clock is more than {1 << PLACE_BITS}; give more threads, or "
            "split the population."
        )
    return ExactParts(blocks, offsets, first, length)


@dataclass
class ExactRows:
    """`rows[block, neuron]` = (number of groups, address of the row); `segments` own the memory.

    The number is negative where the neuron's synapses share one weight. `shortest` and `longest` delay are in ms.
    """

    rows: npt.NDArray[np.int64]
    table: ProjectionTable
    weight_type: str
    segments: Segments = field(default_factory=Segments)
    n_synapses: int = 0
    shortest: float = np.inf
    longest: float = 0.0

    @property
    def n_bytes(self) -> int:
        """Memory of synapses and indices."""
        return self.segments.n_bytes + self.rows.nbytes

    def bytes_per_synapse(self, population: int) -> float:
        """Of the rows of a source population; NaN where it has no synapses."""
        source = self.table.sources[population]
        size = np.dtype(self.weight_type).itemsize
        n_bytes, n_synapses = row_memory(self.rows, source.offset, source.offset + source.size, size)
        return n_bytes / n_synapses if n_synapses else np.nan


def build(program: ExactProgram, parts: ExactParts, n_threads: int) -> ExactRows:
    """Draw and pack all rows on `n_threads` threads; the result does not depend on their number."""
    table = projection_table(program, parts, n_threads)
    made = ExactRows(np.zeros((parts.n_blocks, int(parts.offsets[-1]), 2), np.int64), table, program.weight_type)
    made.n_synapses, made.shortest, made.longest = _fill(made, table.sources, n_threads)
    return made


def reweight(made: ExactRows, plan: ProjectionPlan, number: int, weight: ValuePlan, n_threads: int) -> bool:
    """Give projection `number` of the program, `plan`, new weights where its rows lie.

    True: one weight no longer serves all synapses of the population, so its rows have moved and what is in flight must be
    entered anew. The old rows stay in memory, unchanged, as long as `made` does.
    """
    table, source = made.table, made.table.sources[plan.source]
    n_sources = source.size if plan.source_ids is None else len(plan.source_ids)
    fill_weights(table, table.place[number], plan, weight, n_sources, n_threads)
    mine = table.records[source.first_projection : source.first_projection + source.n_projections]
    shared = bool((mine["weight_kind"] == 0).all()) and len(set(mine["weight_a"].tolist())) == 1
    moves = source.uniform and not shared
    if moves:
        source = table.sources[plan.source] = replace(source, uniform=False)
    _fill(made, [source], n_threads, in_place=not moves)
    return moves


def _fill(
    made: ExactRows, sources: Sequence[SourceRows], n_threads: int, in_place: bool = False
) -> tuple[int, float, float]:
    """Draw and pack the rows of `sources`, in new memory or where they lie; (number, shortest, longest) of synapses."""
    one = np.zeros(1, made.weight_type)

    def write(
        each: SourceRows, start: int, stop: int, segment: npt.NDArray[np.int64], used: int, seen: npt.NDArray[np.float64]
    ) -> tuple[int, int, int]:
        done: tuple[int, int, int] = build_rows(
            made.table.records, each.first_projection, each.n_projections, each.offset, start, stop, each.uniform, one,
            each.capacity, each.n_targets, made.rows, segment, used, seen, in_place,
        )  # fmt: skip
        return done

    found = np.array(made.segments.fill(sources, write, np.array([np.inf, 0.0, 0.0]), n_threads))
    return int(found[:, N_SYNAPSES].sum()), float(found[:, SHORTEST].min()), float(found[:, LONGEST].max())


@inner
def group_words(length, uniform, size):
    """Words of a group's data; `size` is that of a weight in bytes."""
    targets = (length + 1) >> 1
    return targets + (1 if uniform else (length * size + 7) >> 3)


@inner
def _draw(projections, first, n_projections, neuron, targets, keys, weights, delays, tags, uniform, chosen):
    """All synapses of a neuron: (their number, do the delays ascend). `tags` are what a group's length is packed with."""
    n, ascend = np.int64(0), True
    for k in range(n_projections):
        projection = projections[first + k]
        end = gather(projection, neuron, n, targets, weights, delays, keys, uniform, chosen[k])
        tag = (projection.target << POPULATION_SHIFT) | (projection.receptor << RECEPTOR_SHIFT)
        for j in range(n, end):
            tags[j] = tag
            ascend &= delays[max(j - 1, 0)] <= delays[j]
        n = end
    return n, ascend


@inner
def _sort(n, ascend, keys, delays, ends, order):
    """Into `order`: the synapses by block, then delay, then as drawn. Those of block b end before `ends[b]`."""
    ends[:] = 0
    for j in range(n):
        ends[keys[j] >> np.uint32(PLACE_BITS)] += 1
    before = np.int64(0)
    for b in range(ends.size):  # where the block's next synapse goes, and in the end the place after its last
        ends[b], before = before, before + ends[b]
    if ascend:
        for j in range(n):
            block = keys[j] >> np.uint32(PLACE_BITS)
            order[ends[block]] = j
            ends[block] += 1
        return
    for j in np.argsort(delays[:n], kind="mergesort"):  # which is stable
        block = keys[j] >> np.uint32(PLACE_BITS)
        order[ends[block]] = j
        ends[block] += 1


@inner
def _group_end(start, stop, order, delays, tags):
    """Where the group ends that begins at place `start` of `order`; `stop` is where its block ends."""
    delay, tag, end = delays[order[start]], tags[order[start]], start + 1
    while end < stop and delays[order[end]] == delay and tags[order[end]] == tag:
        end += 1
    return end


@inner
def _count(order, ends, delays, tags, uniform_row, size, n_groups):
    """Set the number of groups in each block; gives the words that they take with their index."""
    words, start = np.int64(0), np.int64(0)
    for b in range(ends.size):
        n_groups[b] = 0
        while start < ends[b]:
            end = _group_end(start, ends[b], order, delays, tags)
            words += INDEX_WORDS + group_words(end - start, uniform_row, size)
            n_groups[b] += 1
            start = end
    return words


@inner
def _write_group(start, end, order, keys, weights, uniform_row, targets32, weights_w, at, size):
    """Write the data of a group, `order[start:end]`, from word `at` on; gives the word after it."""
    if uniform_row:
        weights_w[at * 8 // size] = weights[order[start]]
        at += 1
    for j in range(start, end):
        targets32[2 * at + j - start] = keys[order[j]] & np.uint32((1 << PLACE_BITS) - 1)
    at += (end - start + 1) >> 1
    if not uniform_row:
        for j in range(start, end):
            weights_w[at * 8 // size + j - start] = weights[order[j]]
        at += (size * (end - start) + 7) >> 3
    return at


@inner
def _write(order, ends, keys, weights, delays, tags, uniform_row, one, n_groups, rows, memory, used):
    """Write a neuron's rows, that of the first block at word `used` of `memory`, and into `rows` where they are."""
    base, size, start = memory.ctypes.data, one.itemsize, np.int64(0)
    reals = nb.carray(as_pointer(base), (memory.size,), np.float64)
    targets32 = nb.carray(as_pointer(base), (2 * memory.size,), np.uint32)
    weights_w = nb.carray(as_pointer(base), (8 * memory.size // size,), one.dtype)
    for b in range(ends.size):
        rows[b, GROUPS] = -n_groups[b] if uniform_row else n_groups[b]
        rows[b, ROW] = base + 8 * used
        row, at = used, used + INDEX_WORDS * n_groups[b]
        while start < ends[b]:
            end = _group_end(start, ends[b], order, delays, tags)
            reals[used + DELAY] = delays[order[start]] + 0.0  # never -0.0
            memory[used + OFFSET] = 8 * (at - row)
            memory[used + PACKED] = (end - start) | tags[order[start]]
            at = _write_group(start, end, order, keys, weights, uniform_row, targets32, weights_w, at, size)
            used += INDEX_WORDS
            start = end
        used = at


@nb.njit(error_model="numpy", nogil=True, cache=True)
def build_rows(
    projections, first_projection, n_projections, offset, start, stop, uniform_row, one, capacity, n_targets,
    rows, segment, used, seen, in_place,
):
    """Write the rows of neurons `start` ... `stop` - 1 of one population into `segment` from word `used` on.

    Arguments and result are those of `adjacency.build_rows`, but for `seen`: shortest delay, longest, number of synapses.
    """
    targets, keys, order = np.empty(capacity, np.int32), np.empty(capacity, np.uint32), np.empty(capacity, np.int64)
    weights, delays, tags = np.empty(capacity), np.empty(capacity), np.empty(capacity, np.int64)
    uniform = np.empty(capacity + 128)
    chosen = np.zeros((n_projections, n_targets), np.int64)  # 0: no row, rows count from 1
    ends, n_groups = np.empty(rows.shape[0], np.int64), np.empty(rows.shape[0], np.int64)
    for neuron in range(start, stop):
        n, ascend = _draw(
            projections, first_projection, n_projections, neuron, targets, keys, weights, delays, tags, uniform, chosen
        )
        if n == 0:
            continue
        _sort(n, ascend, keys, delays, ends, order)
        words = _count(order, ends, delays, tags, uniform_row, one.itemsize, n_groups)
        if not in_place and used + words > segment.size:
            return neuron, used, words
        memory, place = segment, used
        if in_place:  # the rows of a neuron follow each other
            memory, place = nb.carray(as_pointer(rows[0, offset + neuron, ROW]), (words,), np.int64), np.int64(0)
        else:
            used += words
            for j in range(n):
                seen[SHORTEST], seen[LONGEST] = min(seen[SHORTEST], delays[j]), max(seen[LONGEST], delays[j])
            seen[N_SYNAPSES] += n
        to = rows[:, offset + neuron]
        _write(order, ends, keys, weights, delays, tags, uniform_row, one, n_groups, to, memory, place)
    return stop, used, 0


@nb.njit(error_model="numpy", nogil=True, cache=True)
def row_memory(rows, first, stop, size):
    """(bytes, synapses) of the rows of neurons `first` ... `stop` - 1; `size` is that of a weight in bytes."""
    n_bytes, n_synapses = rows.shape[0] * (stop - first) * 16, np.int64(0)
    for block in range(rows.shape[0]):
        for neuron in range(first, stop):
            n_groups = rows[block, neuron, GROUPS]
            index = nb.carray(as_pointer(rows[block, neuron, ROW]), (INDEX_WORDS * abs(n_groups),), np.int64)
            for g in range(abs(n_groups)):
                length = index[INDEX_WORDS * g + PACKED] & LENGTH_MASK
                n_synapses += length
                n_bytes += 8 * (INDEX_WORDS + group_words(length, n_groups < 0, size))
    return n_bytes, n_synapses
