"""Rates, counts, intervals and correlations: pure functions of spike arrays.

`times` (ms, float64) and `ids` (int64) have one entry a spike and are sorted by (time, id). Neurons
are numbered 0 ... n_neurons - 1 here; a silent neuron counts.
"""

from __future__ import annotations

import numpy as np

from hsnn_event.analysis.windows import FloatArray, IntArray, bin_edges, bin_numbers


def mean_rate(n_spikes: int, n_neurons: int, start: float, stop: float) -> float:
    """Spikes a second and neuron (Hz) in the window (start, stop] in ms; NaN where it is empty.

    >>> mean_rate(30, 10, 0.0, 500.0)
    6.0
    """
    neuron_seconds = n_neurons * (stop - start) / 1000.0
    return n_spikes / neuron_seconds if neuron_seconds else float("nan")


def rates(ids: IntArray, n_neurons: int, start: float, stop: float) -> FloatArray:
    """The rate (Hz) of each neuron, shape (n_neurons,).

    >>> rates(np.array([0, 2, 2]), 3, 0.0, 500.0)
    array([2., 0., 4.])
    """
    counted = np.bincount(ids, minlength=n_neurons).astype(np.float64)
    seconds = (stop - start) / 1000.0
    return counted / seconds if seconds else np.full(n_neurons, np.nan)


def counts(times: FloatArray, start: float, stop: float, width: float) -> IntArray:
    """Numbers of spikes in bins of `width` ms, shape (n_bins,).

    >>> counts(np.array([0.1, 0.2, 0.3]), 0.0, 0.4, 0.2)
    array([2, 1])
    """
    n_bins = bin_edges(start, stop, width).size - 1
    numbers = bin_numbers(times, start, stop, width)
    return np.bincount(numbers, minlength=n_bins).astype(np.int64)


def counts_per_neuron(
    times: FloatArray, ids: IntArray, n_neurons: int, start: float, stop: float, width: float
) -> IntArray:
    """Numbers of spikes in bins of `width` ms of each neuron, shape (n_bins, n_neurons).

    >>> counts_per_neuron(np.array([0.1, 0.2, 0.3]), np.array([0, 1, 1]), 2, 0.0, 0.4, 0.2)
    array([[1, 1],
           [0, 1]])
    """
    n_bins = bin_edges(start, stop, width).size - 1
    cells = bin_numbers(times, start, stop, width) * n_neurons + ids
    counted = np.bincount(cells, minlength=n_bins * n_neurons)
    return counted.reshape(n_bins, n_neurons).astype(np.int64)


def intervals(times: FloatArray, ids: IntArray) -> tuple[FloatArray, IntArray]:
    """All intervals between successive spikes of one neuron (ms), and whose they are.

    Sorted by neuron, then time.

    >>> intervals(np.array([1.0, 2.0, 5.0, 9.0]), np.array([0, 1, 0, 0]))
    (array([4., 4.]), array([0, 0]))
    """
    order = np.argsort(ids, kind="stable")
    times, ids = times[order], ids[order]
    same = ids[1:] == ids[:-1]
    return np.diff(times)[same], ids[1:][same]


def cv(times: FloatArray, ids: IntArray, n_neurons: int) -> FloatArray:
    """The coefficient of variation of each neuron's intervals, shape (n_neurons,).

    Standard deviation (dividing by the number of intervals) over mean; NaN below three spikes.

    >>> cv(np.array([1.0, 2.0, 5.0]), np.array([0, 0, 0]), 2)
    array([0.5, nan])
    """
    values, owners = intervals(times, ids)
    n = np.bincount(owners, minlength=n_neurons)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(owners, weights=values, minlength=n_neurons) / n
        squares = (values - mean[owners]) ** 2
        deviation = np.sqrt(np.bincount(owners, weights=squares, minlength=n_neurons) / n)
        ratio = deviation / mean
    return np.where(n >= 2, ratio, np.nan)


def trains(times: FloatArray, ids: IntArray, n_neurons: int) -> list[FloatArray]:
    """The spike times of each neuron, ascending.

    >>> trains(np.array([1.0, 2.0, 3.0]), np.array([1, 0, 1]), 3)
    [array([2.]), array([1., 3.]), array([], dtype=float64)]
    """
    order = np.argsort(ids, kind="stable")
    ends = np.cumsum(np.bincount(ids, minlength=n_neurons))
    return np.split(times[order], ends[:-1])


def correlations(binned: IntArray) -> FloatArray:
    """Pearson's correlation of every pair of neurons, from counts of shape (n_bins, n_neurons).

    Shape (n_neurons * (n_neurons - 1) / 2,), pairs (0, 1), (0, 2), ..., (1, 2), ...; NaN where a
    neuron's counts are all equal.

    >>> correlations(np.array([[0, 0, 1], [1, 1, 0], [2, 2, 0]])).round(3)
    array([ 1.   , -0.866, -0.866])
    """
    centred = binned - binned.mean(axis=0)
    norm = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = np.where(norm > 0, centred / norm, np.nan)
    first, second = np.triu_indices(binned.shape[1], k=1)
    pairs: FloatArray = (unit.T @ unit)[first, second]
    return pairs
