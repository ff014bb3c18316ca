"""Distributions of single-neuron rates, ISI variability and correlations of spike trains.

The definitions by which the microcircuit is compared with NEST. They are used both for the stored
reference (``tests/data/make_nest_microcircuit.py``) and for the simulation under test. Pure NumPy.

How to compare. Let ``ours`` be a few seeds of the simulation under test and ``theirs`` the stored
seeds of NEST, with the Kolmogorov-Smirnov distance D of two distributions. Whole networks, not
neurons, are the independent samples: neurons of one network share its fluctuations, so that the
textbook p-value of D is of no use. NEST's own spread is the yardstick instead, ``tolerance_ratio``:

    median over (ours x theirs) of D  /  maximum over pairs of different seeds of NEST of D

A test asks that it is at most 1.5 for every population and kind. The median of ours is robust where
a single distance is not. The maximum of theirs is the yardstick, not the median: one unusual network
of four takes part in half of their pairs, and among 24 comparisons four further seeds of NEST itself
came to 1.57 medians, yet only to 1.27 maxima.
"""

import itertools

import numpy as np

KINDS = ("rate", "cv", "correlation")
BIN = 2.0  # ms, of spike counts for correlations
CORRELATED = 200  # neurons at most that enter correlations, a population
DIGITS = 4  # decimals kept of all values, so that stored and fresh ones tie alike
GRID_TOLERANCE = 1e-6  # of a bin: spikes on a bin's edge belong to the bin that ends there


def distributions(times_ms, ids, n_neurons, t_start, t_stop):
    """Return per-neuron rates (Hz), ISI CVs and pairwise correlations of one population.

    Spikes outside ``(t_start, t_stop]`` are ignored; ids count from 0.

    * ``rate``: spike count over duration, of every neuron, silent ones included.
    * ``cv``: standard deviation (``ddof=0``) over mean of the inter-spike intervals, of neurons
      with three spikes or more, in order of id, rounded to 4 decimals.
    * ``correlation``: Pearson coefficient of spike counts in bins ``(a, a + 2 ms]`` from
      ``t_start`` on, for all pairs i < j of the 200 neurons of lowest id that fire at all, row by
      row, rounded to 4 decimals. An incomplete last bin is left out, and so is a neuron whose
      counts do not vary.
    """
    times_ms, ids = np.asarray(times_ms, dtype=float), np.asarray(ids, dtype=np.int64)
    inside = (times_ms > t_start) & (times_ms <= t_stop)
    order = np.lexsort((times_ms[inside], ids[inside]))
    times, ids = times_ms[inside][order], ids[inside][order]
    counts = np.bincount(ids, minlength=n_neurons)
    return {
        "rate": np.round(counts / (t_stop - t_start) * 1000.0, DIGITS),
        "cv": np.round(_interval_cv(times, ids, counts), DIGITS),
        "correlation": np.round(_correlation(times - t_start, ids, counts, t_stop - t_start), DIGITS),
    }


def _interval_cv(times, ids, counts):
    """Return the CV of intervals of each neuron with three spikes or more; input sorted by id."""
    same = ids[1:] == ids[:-1]
    intervals, owner = np.diff(times)[same], ids[1:][same]
    n = np.maximum(counts - 1, 1)
    mean = np.bincount(owner, weights=intervals, minlength=counts.size) / n
    deviation = (intervals - mean[owner]) ** 2
    variance = np.bincount(owner, weights=deviation, minlength=counts.size) / n
    enough = counts >= 3
    return np.sqrt(variance[enough]) / mean[enough]


def _correlation(times, ids, counts, duration):
    """Return Pearson coefficients of binned counts for pairs of the first neurons that fire."""
    chosen = np.flatnonzero(counts)[:CORRELATED]
    n_bins = int(duration / BIN + GRID_TOLERANCE)
    bins = np.ceil(times / BIN - GRID_TOLERANCE).astype(np.int64) - 1
    row = np.full(counts.size, -1)
    row[chosen] = np.arange(chosen.size)
    keep = (row[ids] >= 0) & (bins < n_bins)
    binned = np.zeros((chosen.size, n_bins))
    np.add.at(binned, (row[ids[keep]], bins[keep]), 1.0)
    binned = binned[np.ptp(binned, axis=1) > 0]
    if len(binned) < 2:
        return np.empty(0)
    return np.corrcoef(binned)[np.triu_indices(len(binned), k=1)]


def ks_distance(a, b):
    """Return the largest distance of two empirical distribution functions; NaN if one is empty."""
    a, b = np.sort(a), np.sort(b)
    if not (a.size and b.size):
        return np.nan
    values = np.concatenate((a, b))
    below_a = np.searchsorted(a, values, side="right") / a.size
    below_b = np.searchsorted(b, values, side="right") / b.size
    return float(np.abs(below_a - below_b).max())


def between(ours, theirs):
    """Return the distances of all pairs (one of ours, one of theirs)."""
    return np.array([ks_distance(a, b) for a, b in itertools.product(ours, theirs)])


def among(samples):
    """Return the distances of all pairs of different samples."""
    return np.array([ks_distance(a, b) for a, b in itertools.combinations(samples, 2)])


def tolerance_ratio(ours, theirs):
    """Return the median distance of ours to theirs in units of the largest among theirs."""
    return np.median(between(ours, theirs)) / np.max(among(theirs))


def load(path):
    """Return ``{population: {kind: [one array a seed]}}`` of a stored reference."""
    with np.load(path) as stored:
        unit = dict.fromkeys(KINDS, 10.0**-DIGITS) | {"rate": 1000.0 / stored["duration_ms"]}
        seeds = range(len(stored["seeds"]))
        return {
            str(name): {kind: [np.round(stored[f"{name}.{kind}.{i}"] * unit[kind], DIGITS) for i in seeds] for kind in KINDS}
            for name in stored["populations"]
        }
