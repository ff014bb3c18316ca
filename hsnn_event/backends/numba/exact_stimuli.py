"""Stimuli and sources of a network without a clock, as tables that compiled code reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.exact_rows import ExactParts
from hsnn_event.backends.numba.exact_team import POPULATION, RECEPTOR, SPIKE, UNIFORM, WIDE
from hsnn_event.backends.numba.exact_trains import (
    DELAY,
    DRAWN,
    FIRST,
    GROUPS,
    KEY,
    N_COLUMNS,
    N_PIECES,
    PACKED,
    PIECE_O,
    PIECE_W,
    PLACES,
    RATES,
    WIDTH,
)
from hsnn_event.lowering.exact_ir import (
    ExactListedSource,
    ExactPoisson,
    ExactPoissonSource,
    ExactProgram,
    RateCourse,
    all_placed,
)
from hsnn_event.lowering.ir import FloatArray, IntArray, Number


@dataclass
class Trains:
    """A record for each Poisson drive, then each Poisson source; `drawn[t]` is the protocol's, `ids[t]` who has a train,
    `constant[t]`: its rate is the constant "rate" of its population."""

    records: IntArray
    populations: list[int]
    drawn: list[FloatArray]
    ids: list[IntArray]
    constant: list[bool]
    _alive: dict[int, list[npt.NDArray[Any]]] = field(default_factory=dict)

    def rekey(self, keys: tuple[int, ...]) -> None:
        """Draw from other streams."""
        self.records[:, KEY] = np.array(keys, np.uint64).view(np.int64)

    def rate(self, t: int, course: RateCourse, window: float) -> None:
        """Give a train its rates."""
        w, o = all_placed(np.asarray(course.times, np.float64), window)
        each = any(np.ndim(value) for value in course.values)
        width = next((len(np.asarray(value)) for value in course.values if np.ndim(value)), 1)
        rates = np.array([np.broadcast_to(value, width if each else 1) for value in course.values], np.float64)
        self._alive[t] = [w, o, rates]
        self.records[t, [N_PIECES, PIECE_W, PIECE_O, RATES]] = len(w), w.ctypes.data, o.ctypes.data, rates.ctypes.data
        self.records[t, WIDTH] = rates.shape[1] if each else 1

    def keep(self, t: int, array: npt.NDArray[Any]) -> int:
        """Keep an array alive beside the rates; its address."""
        self._alive.setdefault(-1 - t, []).append(array)
        return int(array.ctypes.data)


def trains_of(program: ExactProgram, parts: ExactParts) -> Trains:
    """The trains of a program; those of sources whose rate is a parameter have their rates set apart."""
    sources = [plan for plan in program.sources if isinstance(plan, ExactPoissonSource)]
    plans: list[ExactPoisson | ExactPoissonSource] = [*program.poisson, *sources]
    sizes = [program.populations[plan.population].size for plan in plans]
    trains = Trains(
        np.zeros((len(plans), N_COLUMNS), np.int64),
        [plan.population for plan in plans],
        [np.zeros((size, 3)) for size in sizes],
        [_trained(plan, size) for plan, size in zip(plans, sizes, strict=True)],
        [plan.rate is None for plan in plans],
    )  # fmt: skip
    for t, plan in enumerate(plans):
        record = trains.records[t]
        record[DRAWN] = trains.drawn[t].ctypes.data
        if plan.rate is not None:
            trains.rate(t, plan.rate, program.window)
        if isinstance(plan, ExactPoissonSource):
            record[PACKED], record[FIRST] = SPIKE, parts.offsets[plan.population]
            continue
        record[DELAY] = np.float64(plan.delay).view(np.int64)
        record[PACKED] = _arrival(plan.population, plan.receptor)
        weights = np.zeros(sizes[t])
        weights[trains.ids[t]] = plan.weight
        record[GROUPS] = trains.keep(t, groups(parts, plan.population, np.arange(sizes[t]), weights))
        if plan.ids is not None:
            places = np.zeros(sizes[t], np.int64)
            places[plan.ids] = np.arange(len(plan.ids))
            record[PLACES] = trains.keep(t, places)
    return trains


def _trained(plan: ExactPoisson | ExactPoissonSource, size: int) -> IntArray:
    """Who has a train."""
    return plan.ids if isinstance(plan, ExactPoisson) and plan.ids is not None else np.arange(size)


def _arrival(population: int, receptor: int) -> int:
    """What is packed of an arrival at one neuron, with a weight of its own."""
    return 1 | population << POPULATION | receptor << RECEPTOR | UNIFORM | WIDE


def groups(parts: ExactParts, population: int, ids: IntArray, weights: Number) -> IntArray:
    """A group of one synapse for each of some neurons, 16 bytes each: a float64, and the neuron's number in its block."""
    made = np.zeros((len(ids), 2), np.int64)
    made[:, 0] = np.array(np.broadcast_to(weights, len(ids)), np.float64).view(np.int64)
    made[:, 1] = ids - parts.first[population, parts.block(population, ids)]
    return made


@dataclass(frozen=True)
class Listed:
    """Listed stimuli and spikes: a row for the driver and the block it belongs to, sorted by instant."""

    rows: IntArray     # (n, 4): window, bits of the offset, address or number, packed
    blocks: IntArray
    alive: tuple[npt.NDArray[Any], ...]

    def of(self, block: int) -> IntArray:
        return np.ascontiguousarray(self.rows[self.blocks == block])


def listed_of(program: ExactProgram, parts: ExactParts) -> Listed:
    """All listed events and spikes; at one instant spikes of sources, then events in order of declaration."""
    rows, blocks, alive = [np.zeros((0, 4), np.int64)], [np.zeros(0, np.int64)], []
    for source in program.sources:
        if isinstance(source, ExactListedSource) and len(source.times):
            numbers = source.ids + parts.offsets[source.population]
            rows.append(_rows(program, source.times, numbers, SPIKE))
            blocks.append(parts.block(source.population, source.ids))
    for plan in sorted(program.events, key=lambda plan: plan.order):
        made = groups(parts, plan.population, plan.ids, plan.amounts)
        alive.append(made)
        addresses = made.ctypes.data + 16 * np.arange(len(made))
        rows.append(_rows(program, plan.times, addresses, _arrival(plan.population, plan.receptor)))
        blocks.append(parts.block(plan.population, plan.ids))
    together, where = np.concatenate(rows), np.concatenate(blocks)
    order = np.lexsort((together[:, 1], together[:, 0]))
    return Listed(together[order], where[order], tuple(alive))


def _rows(program: ExactProgram, times: FloatArray, numbers: IntArray, packed: int) -> IntArray:
    windows, offsets = all_placed(times, program.window)
    return np.stack([windows.astype(np.int64), offsets.view(np.int64), numbers, np.full(len(times), packed)], axis=1)
