"""From plans of stimuli, noise and sources to the records that compiled code reads, cut to slices, arrays kept alive."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba import noise, sources, stimuli
from hsnn_event.backends.numba.partition import Partition
from hsnn_event.distributions import KINDS
from hsnn_event.elementary import exp64
from hsnn_event.lowering.ir import (
    Course,
    EventsPlan,
    FloatArray,
    IntArray,
    ListedSource,
    NoisePlan,
    Number,
    PoissonPlan,
    PoissonSource,
    Program,
)
from hsnn_event.lowering.poisson import MOST_EXPECTED, SOURCES_A_CHAIN, chain_exponent, poisson_parts, poisson_table


class Run(NamedTuple):
    """Neighbouring targets in a slice: `length` from place `begin` of the view, id `first`, in slice `slice` and block."""

    slice: int
    block: int
    begin: int
    first: int
    length: int


@dataclass
class Table:
    """Records sorted by slice, then in the order in which they were added; `first[s]` is where those of slice s begin.

    `stream[k]` is the place of record k's key among those of its kind, -1 for none.
    """

    records: IntArray
    first: IntArray
    stream: IntArray
    arrays: list[npt.NDArray[Any]] = field(default_factory=list)
    _added: list[tuple[int, int, list[int]]] = field(default_factory=list)

    @staticmethod
    def empty(n_columns: int) -> Table:
        """A table to add records to."""
        return Table(np.zeros((0, n_columns), np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))

    def address(self, array: npt.NDArray[Any]) -> int:
        """Keep an array alive and give its address."""
        self.arrays.append(np.ascontiguousarray(array))
        return int(self.arrays[-1].ctypes.data)

    def add(self, place: int, stream: int, record: list[int]) -> None:
        """Another record of slice `place`."""
        self._added.append((place, stream, record))

    def sorted(self, n_slices: int) -> Table:
        """Itself, with the records in place."""
        self._added.sort(key=lambda each: each[0])
        if self._added:
            self.records = np.array([record for _, _, record in self._added], np.int64)
            self.stream = np.array([stream for _, stream, _ in self._added], np.int64)
        self.first = np.searchsorted([place for place, _, _ in self._added], np.arange(n_slices + 1)).astype(np.int64)
        return self

    def rekey(self, column: int, keys: tuple[int, ...]) -> None:
        """Write the keys of the streams into the records."""
        for k, stream in enumerate(self.stream.tolist()):
            if stream >= 0:
                self.records[k, column] = signed(keys[stream])


def signed(key: int) -> int:
    """The int64 with the bits of a 64-bit key."""
    return key - (1 << 64 if key >> 63 else 0)


def stimulus_table(program: Program, parts: Partition) -> Table:
    """Every Poisson drive and every list of events, in order of declaration."""
    table = Table.empty(stimuli.N_COLUMNS)
    streams = {id(plan): stream for stream, plan in enumerate(program.poisson)}
    for plan in program.stimuli:
        if isinstance(plan, EventsPlan):
            _add_events(table, plan, parts, program.state_type)
        else:
            _add_poisson(table, plan, streams[id(plan)], parts, program.state_type)
    return table.sorted(len(program.populations) * parts.n_blocks)


def _add_poisson(table: Table, plan: PoissonPlan, stream: int, parts: Partition, state_type: str) -> None:
    course, weights = plan.expected, np.atleast_1d(np.asarray(plan.weight, state_type))
    own = any(np.ndim(value) for value in course.values)
    width = len(np.atleast_1d(course.values[0])) if own else 1
    values = table.address(_means(course) if own else _thresholds(table, course))
    steps, weights_at, stride = table.address(course.steps), table.address(weights), int(weights.size > 1)
    for run in _runs(plan.population, plan.ids, parts):
        table.add(run.slice, stream, [
            stimuli.POISSON, _port(plan.population, plan.receptor, run, parts), run.first, run.length,
            steps, len(course.steps), values + 8 * run.begin * own, int(own), width,
            weights_at + run.begin * stride * weights.itemsize, stride, plan.delay, signed(plan.key),
        ])  # fmt: skip


def _thresholds(table: Table, course: Course) -> IntArray:
    """For each piece of a course that all targets share: address and length of its thresholds, number of draws."""
    known: dict[Number, tuple[int, int, int]] = {0.0: (0, 0, 0)}
    for value in course.values:
        if value not in known:
            n_draws = poisson_parts(float(value))
            thresholds = poisson_table(float(value) / n_draws)
            known[value] = table.address(thresholds), len(thresholds), n_draws
    return np.array([known[value] for value in course.values], np.int64).reshape(-1, 3)


def _means(course: Course) -> FloatArray:
    """For each piece of a course: of every target the number of draws, the mean of one, and exp(-mean)."""
    total = np.array(course.values, np.float64)
    parts = np.ceil(total / MOST_EXPECTED)
    means = total / np.maximum(parts, 1.0)
    starts = np.array([exp64(-mean) for mean in means.ravel()]).reshape(means.shape)
    return np.stack([parts, means, starts], axis=1)


def _add_events(table: Table, plan: EventsPlan, parts: Partition, state_type: str) -> None:
    p = plan.population
    blocks = parts.block(p, plan.ids)
    for b in np.unique(blocks).tolist():
        mine = blocks == b
        ports = parts.port[p, b] + plan.receptor * parts.stride[p, b] + plan.ids[mine] - parts.first[p, b]
        record = np.zeros(stimuli.N_COLUMNS, np.int64)
        record[stimuli.KIND], record[stimuli.N] = stimuli.EVENTS, mine.sum()
        record[stimuli.COURSE], record[stimuli.VALUES] = table.address(plan.steps[mine]), table.address(ports)
        record[stimuli.WEIGHTS] = table.address(plan.amounts[mine].astype(state_type))
        table.add(p * parts.n_blocks + b, -1, record.tolist())


class NoisyInput(NamedTuple):
    """The values of an input with noise, and what they are without it; both of the states' type."""

    values: npt.NDArray[Any]
    base: npt.NDArray[Any]


def noise_table(program: Program, parts: Partition, inputs: dict[tuple[int, str], NoisyInput]) -> Table:
    """Every noisy input, and its noises in order of declaration."""
    table = Table.empty(noise.N_COLUMNS)
    for (p, _), each in inputs.items():
        for run in _runs(p, None, parts):
            offset = run.first * each.values.itemsize
            addresses = [each.values.ctypes.data + offset, each.base.ctypes.data + offset]
            table.add(run.slice, -1, [noise.PLAIN, *addresses, run.first, run.length, 0, 0, 0, 0, 1, 0, 0])
    for stream, plan in enumerate(program.noise):
        _add_noise(table, plan, stream, parts, inputs[plan.population, plan.input].values)
    return table.sorted(len(program.populations) * parts.n_blocks)


def _add_noise(table: Table, plan: NoisePlan, stream: int, parts: Partition, values: npt.NDArray[Any]) -> None:
    course = plan.sigma
    own = any(np.ndim(value) for value in course.values)
    sigma, steps = table.address(np.array(course.values, np.float64)), table.address(course.steps)
    width = len(np.atleast_1d(course.values[0])) if own else 0
    for run in _runs(plan.population, plan.ids, parts):
        address = values.ctypes.data + run.first * values.itemsize
        table.add(run.slice, stream, [
            noise.NOISE, address, 0, run.first, run.length, steps, len(course.steps), sigma + 8 * run.begin * own, width,
            plan.every, signed(plan.key), KINDS[plan.law],
        ])  # fmt: skip


def source_records(
    plan: PoissonSource | ListedSource, key: int, probability: Number, parts: Partition
) -> tuple[IntArray, list[npt.NDArray[Any]]]:
    """One record a block, and the arrays that they point to; `probability` is that of a source without a course."""
    p, table = plan.population, Table.empty(sources.N_COLUMNS)
    records = np.zeros((parts.n_blocks, sources.N_COLUMNS), np.int64)
    records[:, sources.ID], records[:, sources.LENGTH] = parts.first[p], parts.length[p]
    records[:, sources.SIZE] = parts.length[p].sum()
    if isinstance(plan, ListedSource):
        records[:, sources.KIND] = sources.LISTED
        blocks = parts.block(p, plan.ids)
        for b in range(parts.n_blocks):
            mine = blocks == b
            records[b, sources.N] = mine.sum()
            records[b, sources.COURSE] = table.address(plan.steps[mine])
            records[b, sources.VALUES] = table.address(plan.ids[mine])
        return records, table.arrays
    course = Course(np.zeros(1, np.int64), (probability,)) if plan.probability is None else plan.probability
    values = np.array([np.atleast_1d(value) for value in course.values]).reshape(len(course.steps), -1)
    records[:, sources.KIND], records[:, sources.KEY] = sources.POISSON, signed(key)
    records[:, sources.N], records[:, sources.COURSE] = len(course.steps), table.address(course.steps)
    records[:, sources.VALUES], records[:, sources.WIDTH] = table.address(values), max(values.shape[1], 1)
    records[:, sources.BOUNDS] = table.address(_bounds(values, int(parts.length[p].sum())))
    return records, table.arrays


def _bounds(values: FloatArray, size: int) -> FloatArray:
    """Of each piece and chain the power of 2 that no probability exceeds, and the logarithm of 1 minus it; (0, 0) for 0."""
    n_chains = (size - 1) // SOURCES_A_CHAIN + 1
    bounds = np.zeros((len(values), n_chains, 2))
    for piece, row in enumerate(values):
        for chain in range(n_chains):
            largest = float((row[chain * SOURCES_A_CHAIN : (chain + 1) * SOURCES_A_CHAIN] if len(row) > 1 else row).max())
            if largest > 0.0:
                bound = 2.0 ** chain_exponent(largest)
                bounds[piece, chain] = bound, (math.log1p(-bound) if bound < 1.0 else -math.inf)
    return bounds


def _runs(p: int, selection: IntArray | None, parts: Partition) -> Iterator[Run]:
    """Neighbouring ids of a view, slice by slice."""
    ids = np.arange(int(parts.length[p].sum())) if selection is None else np.asarray(selection)
    blocks = parts.block(p, ids)
    breaks = np.flatnonzero((np.diff(ids) != 1) | (np.diff(blocks) != 0)) + 1
    for begin, end in pairwise([0, *breaks.tolist(), len(ids)]):
        if begin < end:
            b = int(blocks[begin])
            yield Run(p * parts.n_blocks + b, b, begin, int(ids[begin]), end - begin)


def _port(p: int, receptor: int, run: Run, parts: Partition) -> int:
    b = run.block
    return int(parts.port[p, b] + receptor * parts.stride[p, b] + run.first - parts.first[p, b])
