"""Records as a run carries them out: of which population, computed from what, at which steps, into which file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hsnn_event.grid import IntArray
from hsnn_event.lowering.ir import Number, Program
from hsnn_event.lowering.observables import Observable, observable
from hsnn_event.network.network import Network
from hsnn_event.recording import Record
from hsnn_event.recording.stream import Track, absolute


@dataclass(frozen=True)
class Recorder:
    """A record of population `number`; `observables` are its variables, none for spikes."""

    record: Record
    number: int
    ids: IntArray | None  # the same array in all recorders of the same neurons; None: all
    track: Track
    observables: Mapping[str, Observable]
    every: int            # steps; 0: at `steps`
    steps: frozenset[int]
    path: str | None      # of the file; None: in memory

    def interval(self, goal: int) -> int:
        """Of the samples in a piece that ends with step `goal`, 0 for none; a single step is a multiple of itself."""
        return self.every or (goal if goal in self.steps else 0)

    def chosen(self, values: Mapping[str, Number]) -> dict[str, Number]:
        """Those of whole populations, for the neurons of this record."""
        return {name: value if self.ids is None or not np.ndim(value) else np.asarray(value)[self.ids]
                for name, value in values.items()}  # fmt: skip

    @property
    def bytes_a_step(self) -> float:
        """Of samples, on average; those at single steps do not count."""
        n_values = len(self.track.neurons) * sum(len(each.samples) + 1 for each in self.observables.values())
        return 8.0 * n_values / self.every if self.every else 0.0


def recorders_of(network: Network, program: Program) -> list[Recorder]:
    """A recorder for each record of the network."""
    numbers = {name: number for number, name in enumerate(network.populations)}
    known: dict[bytes, IntArray] = {}
    return [_recorder(network, program, numbers[record.target], record, known) for record in network.records]


def _recorder(network: Network, program: Program, number: int, record: Record, known: dict[bytes, IntArray]) -> Recorder:
    population = network.populations[record.target]
    model, spikes = population.model, isinstance(record.what, str)
    ids = None if record.ids is None else known.setdefault(record.ids.tobytes(), record.ids)
    neurons = np.arange(population.size) if ids is None else ids
    names = () if isinstance(record.what, str) else record.what
    driven = () if spikes else program.kernels[program.populations[number].kernel].inputs
    track = Track(
        record.name, record.target, population.size, "spikes" if spikes else "samples", neurons, names,
        {} if spikes else model.units, record.every, record.at,
    )  # fmt: skip
    every = 0 if spikes or record.at is not None else 1
    if record.every is not None:
        every = network.grid.steps(record.every, "every")
    return Recorder(
        record, number, ids, track,
        {name: observable(model, name, driven, f"record of {record.target!r}") for name in names},
        every,
        frozenset(network.grid.steps(time, "at") for time in record.at or ()),
        None if record.to is None else absolute(record.to, network.trial),
    )  # fmt: skip
