"""Collecting what one run records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

import numpy as np

from hsnn_event.backends.protocol import Engine
from hsnn_event.grid import FloatArray, Grid, IntArray
from hsnn_event.recording import Record, SpikeData, StateData


class Collector:
    """What one run of `n_steps` records: spikes that the engine keeps, and samples of states."""

    def __init__(self, engine: Engine, grid: Grid, sizes: dict[str, int], records: Sequence[Record], n_steps: int) -> None:
        self._engine, self._grid, self._sizes = engine, grid, sizes
        self._records = list(records)
        self.start, self.end = engine.step, engine.step + n_steps
        self.timing = {"simulate": 0.0, "record": 0.0}
        self._numbers = {name: number for number, name in enumerate(sizes)}
        self.watched = np.zeros(len(self._numbers), dtype=np.bool_)
        self._intervals: dict[Record, int] = {}
        for record in self._records:
            if record.what == "spikes":
                self.watched[self._numbers[record.target]] = True
            else:
                self._intervals[record] = 1 if record.every is None else self._grid.steps(record.every, "every")
        self._steps: dict[Record, list[int]] = {record: [] for record in self._intervals}
        self._samples: dict[Record, list[list[FloatArray]]] = {record: [] for record in self._intervals}

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Count the seconds of the block to a phase."""
        began = perf_counter()
        try:
            yield
        finally:
            self.timing[phase] += perf_counter() - began

    def next_sample(self, step: int) -> int:
        """The first step after `step` in which a state is sampled."""
        return min((step // interval * interval + interval for interval in self._intervals.values()), default=self.end)

    def sample(self) -> None:
        """Read the states that are due in the step just done."""
        for record, interval in self._intervals.items():
            if self._engine.step % interval == 0:
                ids = slice(None) if record.ids is None else record.ids
                number = self._numbers[record.target]
                self._samples[record].append([self._engine.read(number, name)[ids] for name in record.what])
                self._steps[record].append(self._engine.step)

    def data(self) -> tuple[dict[str, SpikeData], dict[Record, SpikeData | dict[str, StateData]]]:
        """Spikes by population (the union of its records), and the data of every record."""
        steps, populations, ids = self._engine.spikes()
        spikes: dict[str, SpikeData] = {}
        records: dict[Record, SpikeData | dict[str, StateData]] = {}
        for name in dict.fromkeys(record.target for record in self._records if record.what == "spikes"):
            mine = populations == self._numbers[name]
            spikes[name] = self._spike_data(name, self._grid.times(steps[mine]), ids[mine])
        for record in self._records:
            if record.what == "spikes":
                records[record] = spikes[record.target] if record.ids is None else spikes[record.target][record.ids]
            else:
                records[record] = self._state_data(record)
        return spikes, records

    def _spike_data(self, name: str, times: FloatArray, ids: IntArray) -> SpikeData:
        """The spikes of the neurons that some record of the population watches."""
        size = self._sizes[name]
        chosen = [record.ids for record in self._records if record.what == "spikes" and record.target == name]
        start, stop = self._grid.time(self.start), self._grid.time(self._engine.step)
        if any(each is None for each in chosen):
            return SpikeData(times, ids, size, start, stop)
        neurons = np.unique(np.concatenate([each for each in chosen if each is not None]))
        kept = np.isin(ids, neurons)
        return SpikeData(times[kept], ids[kept], len(neurons), start, stop, neurons)

    def _state_data(self, record: Record) -> dict[str, StateData]:
        ids = np.arange(self._sizes[record.target]) if record.ids is None else record.ids
        times = self._grid.times(np.array(self._steps[record], dtype=np.int64))
        values = np.array(self._samples[record], dtype=np.float64).reshape(len(times), len(record.what), len(ids))
        return {name: StateData(times, ids, values[:, place]) for place, name in enumerate(record.what)}
