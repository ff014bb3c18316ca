"""What a run records in memory, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hsnn_event.analysis.windows import FloatArray, IntArray
from hsnn_event.recording.spikes import SpikeData
from hsnn_event.recording.states import StateData


class KeptSpikes:
    """Spikes of some neurons of one population."""

    def __init__(self, neurons: IntArray) -> None:
        self.neurons = neurons
        self._times: list[FloatArray] = []
        self._ids: list[IntArray] = []

    def add(self, times: FloatArray, columns: Mapping[str, IntArray]) -> None:
        """Spikes of a piece, sorted by (time, id), with the column "ids"."""
        self._times.append(times)
        self._ids.append(columns["ids"])

    def data(self, t_start: float, t_stop: float) -> SpikeData:
        """All of them together."""
        times, ids = np.concatenate([np.zeros(0), *self._times]), np.concatenate([np.zeros(0, np.int64), *self._ids])
        return SpikeData(times, ids, len(self.neurons), t_start, t_stop, self.neurons)


class KeptSamples:
    """Samples of some variables of some neurons."""

    def __init__(self, neurons: IntArray, variables: tuple[str, ...], units: Mapping[str, str]) -> None:
        self.neurons, self.units = neurons, units
        self._times: list[FloatArray] = []
        self._values: dict[str, list[FloatArray]] = {name: [np.zeros((0, len(neurons)))] for name in variables}

    def add(self, times: FloatArray, columns: Mapping[str, FloatArray]) -> None:
        """Samples of a piece: (times, neurons) for each variable."""
        self._times.append(times)
        for name, rows in columns.items():
            self._values[name].append(rows)

    def data(self, t_start: float, t_stop: float) -> dict[str, StateData]:
        """All of them together."""
        times = np.concatenate([np.zeros(0), *self._times])
        return {
            name: StateData(times, self.neurons, np.concatenate(rows), name, self.units.get(name, ""))
            for name, rows in self._values.items()
        }
