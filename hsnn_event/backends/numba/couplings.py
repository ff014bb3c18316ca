"""Couplings: pairs packed by target, the compiled code that adds them up, and what coupled neurons show each other.

Each thread gathers for the slices of its own blocks, in one order, so that no bit depends on threads or blocks. What
neurons show each other is kept twice, by turns: a stage reads one copy and writes the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba import kernels, readback, records, rows
from hsnn_event.backends.numba.drives import NoisyInput
from hsnn_event.backends.numba.gather import QUANTITIES, gather_address
from hsnn_event.backends.numba.partition import SPREAD, Partition, aligned
from hsnn_event.lowering.ir import CouplePlan, IntArray, Number, Program, ValuePlan
from hsnn_event.lowering.junctions import Incoming, Pairs, drawable, incoming, junctions
from hsnn_event.lowering.widened import HIDDEN, published, stage_kernels, widened


class CoupledInput(NamedTuple):
    """An input without and with what couplings add."""

    base: npt.NDArray[Any]
    values: npt.NDArray[Any]


class Packed(NamedTuple):
    """The pairs that act on a population: those of neuron i are `starts[i]` ... `starts[i + 1]` - 1."""

    plan: CouplePlan
    source: int
    target: int
    starts: IntArray
    partners: npt.NDArray[np.uint32]
    conductances: npt.NDArray[Any]


class Couplings:
    """The couplings of a program, and the arrays that its coupled populations have beside their states."""

    def __init__(
        self,
        program: Program,
        parts: Partition,
        noisy: dict[tuple[int, str], NoisyInput],
        numbers: list[dict[str, Number]],
        n_threads: int,
    ) -> None:
        self._program, self._parts, self._n_threads = program, parts, n_threads
        self._real = np.dtype(program.state_type)
        self._packed = [self._pack(plan) for plan in program.couplings]
        self.arrays: dict[tuple[int, str, int], npt.NDArray[Any]] = {}  # population, name of the layout, copy
        self.inputs: dict[tuple[int, str], CoupledInput] = {}
        for p, population in enumerate(program.populations):
            kernel = program.kernels[population.kernel]
            for place, name in enumerate(widened(kernel).states[len(kernel.states) :], len(kernel.states)):
                for copy in (0, 1):
                    self.arrays[p, name, copy] = aligned(np.zeros(population.size), self._real, self._offset(place))
                if name.startswith(HIDDEN):  # a neuron's own
                    self.arrays[p, name, 1] = self.arrays[p, name, 0]
        for packed in (each for some in self._packed for each in some):
            key = packed.target, packed.plan.input
            held = np.broadcast_to(np.asarray(numbers[key[0]][key[1]]), program.populations[key[0]].size)
            kernel = program.kernels[program.populations[key[0]].kernel]
            place = len(widened(kernel).states) + 1 + kernel.inputs.index(key[1])
            base = noisy[key].values if key in noisy else aligned(held, self._real)
            self.inputs.setdefault(key, CoupledInput(base, aligned(held, self._real, self._offset(place))))

    def _offset(self, place: int) -> int:
        """Where in its page the array at a place of a kernel's layout begins, in bytes."""
        return SPREAD * place * self._real.itemsize

    @property
    def phases(self) -> tuple[int, int]:
        """The number of stages in a step, and in a substep; 0 where nothing is coupled."""
        stages = [kernel.stages for kernel in self._program.kernels if kernel.stages is not None]
        n_stages = len(stages[0].sections) if stages else 0
        return n_stages * self._program.substeps, n_stages

    def stage_codes(self, p: int, own: frozenset[str]) -> list[int]:
        """The addresses of a population's stages, then of what publishes its states."""
        kernel = self._program.kernels[self._program.populations[p].kernel]
        return [kernels.stage_address(each, self._real.name, own) for each in stage_kernels(kernel)]

    def reconduct(self, number: int, conductance: ValuePlan, substeps: int) -> None:
        """Other conductances of a coupling, and another number of substeps."""
        plans = list(self._program.couplings)
        plans[number] = replace(plans[number], edges=replace(plans[number].edges, weight=conductance))
        self._program = replace(self._program, couplings=tuple(plans), substeps=substeps)
        self._packed[number] = self._pack(plans[number])

    def records(self) -> tuple[IntArray, IntArray]:
        """A record for each coupling and slice, sorted by slice, and where those of each slice begin."""
        n_blocks, fresh = self._parts.n_blocks, set(self.inputs)
        width = max((len(plan.pre) + len(plan.post) for plan in self._program.couplings), default=0)
        found: list[tuple[int, list[int]]] = []
        for packed in (each for some in self._packed for each in some):
            key = packed.target, packed.plan.input
            before = self.inputs[key].base if key in fresh else self.inputs[key].values
            fresh.discard(key)
            for b in range(n_blocks):
                record = self._record(packed, before, self.inputs[key].values, b)
                found.append((packed.target * n_blocks + b, record + [0] * (QUANTITIES + 2 * width - len(record))))
        found.sort(key=lambda each: each[0])
        table = np.array([record for _, record in found], np.int64).reshape(-1, QUANTITIES + 2 * width)
        n_slices = len(self._program.populations) * n_blocks
        return table, np.searchsorted([s for s, _ in found], np.arange(n_slices + 1)).astype(np.int64)

    def _record(self, packed: Packed, before: npt.NDArray[Any], after: npt.NDArray[Any], b: int) -> list[int]:
        first, plan = int(self._parts.first[packed.target, b]), packed.plan
        size = self._real.itemsize
        shared = plan.edges.weight.kind == "constant"
        code = gather_address(plan.function, (len(plan.pre), len(plan.post)), shared, plan.averaged,
                              (self._real.name, self._program.weight_type))  # fmt: skip
        of_pre = [self.arrays[packed.source, published(name), k].ctypes.data for name in plan.pre for k in (0, 1)]
        of_post = [
            self.arrays[packed.target, published(name), k].ctypes.data + first * size for name in plan.post for k in (0, 1)
        ]
        return [
            code, int(self._parts.length[packed.target, b]), packed.starts.ctypes.data + 8 * first,
            packed.partners.ctypes.data, packed.conductances.ctypes.data, before.ctypes.data + first * size,
            after.ctypes.data + first * size, *of_pre, *of_post,
        ]  # fmt: skip

    def _pack(self, plan: CouplePlan) -> list[Packed]:
        edges, populations = drawable(plan), self._program.populations
        sizes = populations[edges.source].size, populations[edges.target].size
        n_sources = sizes[0] if edges.source_ids is None else len(edges.source_ids)
        drawn = records.single_table(edges, sizes, self._n_threads).drawn(0, n_sources, self._n_threads)
        found = readback.edges(drawn, edges, sizes[1], self._program.weight_type)
        pairs = junctions(plan, Pairs(*found[:3]), sizes[1])
        return [self._by_target(plan, each) for each in incoming(plan, pairs)]

    def _by_target(self, plan: CouplePlan, acting: Incoming) -> Packed:
        size = self._program.populations[acting.target].size
        starts, order = rows.group_by_source(acting.pairs.targets, size)
        shared = plan.edges.weight.kind == "constant"
        each = np.array([plan.edges.weight.a]) if shared else acting.pairs.conductances[order]
        partners = acting.pairs.sources[order].astype(np.uint32)
        return Packed(plan, acting.source, acting.target, starts, partners, each.astype(self._program.weight_type))
