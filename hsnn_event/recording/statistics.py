"""What is computed from spikes: rates, counts, intervals, correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.analysis import spikes as analysis
from hsnn_event.analysis.windows import FloatArray, IntArray, bin_edges
from hsnn_event.errors import ValueRangeError
from hsnn_event.quantities import flag, real


class SpikeStatistics:
    """The part of `SpikeData` that computes; what is "per neuron" follows the order of `neurons`."""

    n_neurons: int
    t_start: float
    t_stop: float
    neurons: IntArray

    if TYPE_CHECKING:  # fields in memory, properties of a file

        @property
        def times(self) -> FloatArray: ...
        @property
        def ids(self) -> IntArray: ...

    def __len__(self) -> int:
        return int(self.times.size)

    def rate(self, bin: float | None = None) -> Any:
        """The mean rate in Hz a neuron; with `bin` (ms) over time, shape (n_bins,).

        >>> from hsnn_event import SpikeData
        >>> spikes = SpikeData([100.0, 300.0, 600.0], [0, 1, 0], 2, 0.0, 1000.0)
        >>> spikes.rate()
        1.5
        >>> spikes.rate(bin=500.0)
        array([2., 1.])
        """
        if bin is None:
            return analysis.mean_rate(len(self), self.n_neurons, self.t_start, self.t_stop)
        neuron_seconds = np.diff(self.bin_edges(bin)) * self.n_neurons / 1000.0
        return self.counts(bin) / neuron_seconds

    def rates(self) -> FloatArray:
        """The rate of each neuron in Hz, shape (n_neurons,)."""
        return analysis.rates(self._positions(), self.n_neurons, self.t_start, self.t_stop)

    def bin_edges(self, bin: float) -> FloatArray:
        """The edges (ms) of the bins of `rate` and `counts`; the last bin may be shorter."""
        return bin_edges(self.t_start, self.t_stop, _width(bin))

    def counts(self, bin: float, per_neuron: bool = False) -> IntArray:
        """Numbers of spikes in bins of `bin` ms: (n_bins,), or (n_bins, n_neurons) per neuron."""
        bin = _width(bin)
        if not flag(per_neuron, "counts: per_neuron"):
            return analysis.counts(self.times, self.t_start, self.t_stop, bin)
        return analysis.counts_per_neuron(
            self.times, self._positions(), self.n_neurons, self.t_start, self.t_stop, bin
        )

    def isi(self) -> FloatArray:
        """All intervals between successive spikes of one neuron in ms, sorted by neuron, then time.

        >>> from hsnn_event import SpikeData
        >>> SpikeData([1.0, 2.0, 4.0], [0, 1, 0], 2, 0.0, 5.0).isi()
        array([3.])
        """
        return analysis.intervals(self.times, self._positions())[0]

    def cv(self) -> FloatArray:
        """The coefficient of variation of each neuron's intervals; NaN below three spikes."""
        return analysis.cv(self.times, self._positions(), self.n_neurons)

    def correlations(self, bin: float) -> FloatArray:
        """Pearson's correlation of the counts in bins of `bin` ms, for every pair of neurons."""
        return analysis.correlations(self.counts(bin, per_neuron=True))

    def trains(self) -> list[FloatArray]:
        """The spike times of each neuron in ms."""
        return analysis.trains(self.times, self._positions(), self.n_neurons)

    def _positions(self) -> IntArray:
        """Where the neuron of each spike stands in `neurons`."""
        if np.array_equal(self.neurons, np.arange(self.n_neurons)):
            outside = (self.ids < 0) | (self.ids >= self.n_neurons)
            if np.any(outside):
                raise stranger(self.ids[outside][0], self.n_neurons)
            return self.ids
        order = np.argsort(self.neurons, kind="stable")
        ascending = self.neurons[order]
        twice = np.flatnonzero(ascending[1:] == ascending[:-1])
        if twice.size:
            raise ValueRangeError(
                f"neuron {ascending[twice[0]]} is named twice. Name each neuron once.",
                id=int(ascending[twice[0]]),
            )
        places = np.searchsorted(ascending, self.ids)
        found = places < self.n_neurons
        found[found] = ascending[places[found]] == self.ids[found]
        if not np.all(found):
            raise stranger(self.ids[~found][0], self.n_neurons)
        return order[places]


def stranger(neuron: int, n_neurons: int) -> ValueRangeError:
    return ValueRangeError(
        f"id {neuron} is not among the {n_neurons} neurons that were recorded; `neurons` lists them.", id=int(neuron)
    )


def _width(bin: object) -> float:
    """The width of a bin in ms."""
    return real(bin, "bin", unit="ms")
