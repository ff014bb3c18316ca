"""How neurons and their input ports are dealt out to blocks, and blocks to threads.

Every block takes an equal slice of every population, so that blocks cost about the same whatever the rates. A block
has at most 65,536 ports (neuron x receptor), so that a target is 16 bits; a port's number counts within its block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.ir import IntArray, Program

MAX_PORTS = 65_536
ALIGN = 16  # neurons: slices begin at cache lines (16 float32)

# The arrays that a kernel walks side by side begin SPREAD elements apart within a memory page: a load whose address
# differs from that of a recent store in the page only is taken for its victim by the processor, and waits
# (benchmarks/README.md, "alignment"). 1,024 elements are a page of float32 and two of float64.
SPREAD, PAGE_ELEMENTS = 80, 1024
PAGE = 4096  # bytes


@dataclass(frozen=True)
class Slices:
    """Slice (population p, block b) holds neurons [first[p, b], first[p, b] + length[p, b]) of the population."""

    n_blocks: int
    offsets: IntArray      # (n_populations + 1,): number of the first neuron of each population in the network
    first: IntArray        # (n_populations, n_blocks)
    length: IntArray       # (n_populations, n_blocks)

    def block(self, population: int, ids: IntArray) -> IntArray:
        """The block in which each of the neurons `ids` of a population lies."""
        return ids // max(int(self.length[population, 0]), 1)

    def neurons(self, population: int, ids: IntArray | None) -> IntArray:
        """The neurons `ids` of a population (None: all of it)."""
        return np.arange(int(self.length[population].sum())) if ids is None else ids


def slices(sizes: IntArray, blocks: int, align: int) -> tuple[IntArray, IntArray, IntArray]:
    """Offsets, first neurons and lengths: an equal slice of every population to each block, in whole units of `align`."""
    share = -(-sizes // (blocks * align)) * align
    first = np.minimum(np.arange(blocks)[None, :] * share[:, None], sizes[:, None])
    return np.concatenate(([0], np.cumsum(sizes))), first, np.minimum(sizes[:, None] - first, share[:, None])


@dataclass(frozen=True)
class Partition(Slices):
    """Slices with numbered input ports."""

    port: IntArray         # (n_populations, n_blocks): first port of the slice, receptor after receptor
    stride: IntArray       # (n_populations, n_blocks): ports from one receptor to the next, some of them unused
    n_ports: IntArray      # (n_blocks,)

    def target_map(self, population: int, receptor: int, ids: IntArray | None) -> npt.NDArray[np.uint32]:
        """(block << 16) | port of each target of a projection, in the order of `ids` (None: all)."""
        neurons = self.neurons(population, ids)
        block = self.block(population, neurons)
        local = neurons - self.first[population, block]
        port = self.port[population, block] + receptor * self.stride[population, block] + local
        return ((block << 16) | port).astype(np.uint32)


def partition(program: Program, n_threads: int, n_blocks: int | None = None) -> Partition:
    """At least one block a thread (`n_blocks` if given), more where a block would have too many ports."""
    sizes = np.array([p.size for p in program.populations], np.int64)
    receptors = np.array([len(program.kernels[p.kernel].receptors) for p in program.populations], np.int64)
    arrays = np.array([len(program.kernels[p.kernel].states) + 1 for p in program.populations], np.int64)
    blocks = n_blocks or n_threads
    while (parts := _dealt(sizes, receptors, arrays, blocks)).n_ports.max(initial=0) > MAX_PORTS:
        blocks += n_threads if n_blocks is None else 1
    return parts


def _dealt(sizes: IntArray, receptors: IntArray, arrays: IntArray, blocks: int) -> Partition:
    """The partition into so many blocks; `arrays` is how many arrays a kernel has before its arrivals."""
    offsets, first, length = slices(sizes, blocks, ALIGN)
    large = length >= PAGE_ELEMENTS  # what is small lies in the first cache, side by side
    stride = np.where(large, _rounded(length - SPREAD, PAGE_ELEMENTS) + SPREAD, _rounded(length, ALIGN))
    port, end = np.zeros_like(length), np.zeros(blocks, np.int64)
    for p in range(len(sizes)):
        place = (first[p] + SPREAD * arrays[p] - end) % PAGE_ELEMENTS
        port[p] = end + np.where(large[p] & (receptors[p] > 0), place, 0)
        end = port[p] + stride[p] * receptors[p]
    return Partition(blocks, offsets, first, length, port, stride, _rounded(end, ALIGN))


def _rounded(values: IntArray, unit: int) -> IntArray:
    """Up to whole units."""
    return -(-values // unit) * unit


def aligned(values: npt.NDArray[Any], dtype: np.dtype[Any], offset: int = 0) -> npt.NDArray[Any]:
    """A copy that begins `offset` bytes, whole cache lines, after the start of a memory page.

    Vectors that straddle lines cost a kernel 15 to 45 %: benchmarks/README.md, "alignment".
    """
    memory = np.empty(values.size * dtype.itemsize + 2 * PAGE, np.uint8)
    start = -memory.ctypes.data % PAGE + offset % PAGE
    array = memory[start : start + values.size * dtype.itemsize].view(dtype)
    array[:] = values
    return array
