"""How neurons and their input ports are dealt out to blocks, and blocks to threads.

Every block takes an equal slice of every population, so that blocks cost about the same whatever the rates. A block
has at most 65,536 ports (neuron x receptor), so that a target is 16 bits; a port's number counts within its block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.ir import IntArray, Program

MAX_PORTS = 65_536
ALIGN = 16  # neurons: slices begin at cache lines (16 float32)


@dataclass(frozen=True)
class Partition:
    """Slice (population p, block b) holds neurons [first[p, b], first[p, b] + length[p, b]) of the population."""

    n_blocks: int
    offsets: IntArray      # (n_populations + 1,): number of the first neuron of each population in the network
    first: IntArray        # (n_populations, n_blocks)
    length: IntArray       # (n_populations, n_blocks)
    port: IntArray         # (n_populations, n_blocks): first port of the slice, receptor after receptor
    stride: IntArray       # (n_populations, n_blocks): ports from one receptor to the next, length rounded up
    n_ports: IntArray      # (n_blocks,)

    def target_map(self, population: int, receptor: int, ids: IntArray | None) -> npt.NDArray[np.uint32]:
        """(block << 16) | port of each target of a projection, in the order of `ids` (None: all)."""
        size = int(self.length[population].sum())
        neurons = np.arange(size) if ids is None else ids
        block = neurons // max(int(self.length[population, 0]), 1)
        local = neurons - self.first[population, block]
        port = self.port[population, block] + receptor * self.stride[population, block] + local
        return ((block << 16) | port).astype(np.uint32)


def partition(program: Program, n_threads: int, n_blocks: int | None = None) -> Partition:
    """At least one block a thread (`n_blocks` if given), more where a block would have too many ports."""
    sizes = np.array([p.size for p in program.populations], np.int64)
    receptors = np.array([len(program.kernels[p.kernel].receptors) for p in program.populations], np.int64)
    blocks = n_blocks or n_threads
    while int((_share(sizes, blocks) * receptors).sum()) > MAX_PORTS:
        blocks += n_threads if n_blocks is None else 1
    share = _share(sizes, blocks)
    first = np.minimum(np.arange(blocks)[None, :] * share[:, None], sizes[:, None])
    length = np.minimum(sizes[:, None] - first, share[:, None])
    stride = -(-length // ALIGN) * ALIGN
    ports = stride * receptors[:, None]
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    return Partition(blocks, offsets, first, length, np.cumsum(ports, axis=0) - ports, stride, ports.sum(axis=0))


def _share(sizes: IntArray, blocks: int) -> IntArray:
    """Neurons of each population in a block, whole cache lines of them."""
    return -(-sizes // (blocks * ALIGN)) * ALIGN
