"""Records as a run carries them out: of which population, computed from what, at which steps, into which file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hsnn_event.grid import FloatArray, IntArray, Time
from hsnn_event.lowering.ir import Number
from hsnn_event.lowering.observables import Observable, observable
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.recording import Record
from hsnn_event.recording.stream import Track, absolute


class Piece(NamedTuple):
    """The steps after `first` until `last`; without a clock, what happens at `first` too if it is `resumed`, and at `last`
    unless it is `before`."""

    first: float
    last: float
    resumed: bool = False
    before: bool = False


@dataclass(frozen=True)
class Recorder:
    """A record of population `number`; `observables` are its variables, none for spikes."""

    record: Record
    number: int
    ids: IntArray | None  # the same array in all recorders of the same neurons; None: all
    track: Track
    observables: Mapping[str, Observable]
    every: float          # steps; 0: at `steps`
    steps: frozenset[float]
    path: str | None      # of the file; None: in memory
    exact: bool           # without a clock, so that an instant may be left and come to later

    def due(self, grid: Time, piece: Piece) -> IntArray | FloatArray:
        """The steps, or times without a clock, of the samples in a piece."""
        first, last = piece.first, piece.last
        found: IntArray | FloatArray = np.array(sorted(self.steps))
        if self.every:
            found = grid.multiples(first - self.every, last, self.every)
        after = found >= first if self.exact and piece.resumed else found > first
        until = found < last if self.exact and piece.before else found <= last
        return found[after & until]

    def chosen(self, values: Mapping[str, Number]) -> dict[str, Number]:
        """Those of whole populations, for the neurons of this record."""
        return {name: value if self.ids is None or not np.ndim(value) else np.asarray(value)[self.ids]
                for name, value in values.items()}  # fmt: skip

    @property
    def bytes_a_step(self) -> float:
        """Of samples, on average; those at single steps do not count."""
        n_values = len(self.track.neurons) * sum(len(each.samples) + 1 for each in self.observables.values())
        return 8.0 * n_values / self.every if self.every else 0.0


def _grid(population: Population, neurons: IntArray) -> tuple[int, ...] | None:
    """The shape of the lattice of which these are all neurons."""
    whole = population.space is not None and np.array_equal(neurons, np.arange(population.size))
    return population.space.grid_shape if whole and population.space is not None else None


def recorders_of(network: Network, inputs: Sequence[tuple[str, ...]]) -> list[Recorder]:
    """A recorder for each record of the network; `inputs` are those that something drives, a population."""
    numbers = {name: number for number, name in enumerate(network.populations)}
    known: dict[bytes, IntArray] = {}
    return [_recorder(network, inputs, numbers[record.target], record, known) for record in network.records]


def _recorder(
    network: Network, inputs: Sequence[tuple[str, ...]], number: int, record: Record, known: dict[bytes, IntArray]
) -> Recorder:
    population = network.populations[record.target]
    model, spikes = population.model, isinstance(record.what, str)
    ids = None if record.ids is None else known.setdefault(record.ids.tobytes(), record.ids)
    neurons = np.arange(population.size) if ids is None else ids
    names = () if isinstance(record.what, str) else record.what
    driven = () if spikes else inputs[number]
    track = Track(
        record.name, record.target, population.size, "spikes" if spikes else "samples", neurons, names,
        {} if spikes else model.units, record.every, record.at, _grid(population, neurons),
    )  # fmt: skip
    every: float = 0 if spikes or record.at is not None else 1
    if record.every is not None:
        every = network.grid.steps(record.every, "every")
    return Recorder(
        record, number, ids, track,
        {name: observable(model, name, driven, f"record of {record.target!r}") for name in names},
        every,
        frozenset(network.grid.steps(time, "at") for time in record.at or ()),
        None if record.to is None else absolute(record.to, network.trial),
        population.exact,
    )  # fmt: skip
