"""Statistics of one run of the network of Brunel (2000): how often, how regularly and how synchronously its neurons fire.

The definitions by which states A to D are compared with NEST. They are used both for the stored reference
(``tests/data/make_nest_brunel.py``) and for the simulation under test. Pure NumPy.

Whole networks, not neurons, are the independent samples: one number a run and kind. Two simulators agree where the
difference of their means is within what such differences vary by among runs, ``largest_difference``.
"""

import numpy as np

# ms left out and ms measured
WINDOWS = {"A": (100.0, 100.0), "B": (200.0, 400.0), "C": (200.0, 400.0), "D": (200.0, 1000.0)}
BIN = 0.5  # ms
GRID_TOLERANCE = 1e-6  # of a bin: spikes on a bin's edge belong to the bin that ends there
KINDS = ("rate_exc", "rate_inh", "cv", "synchrony", "frequency")


def activity(times_ms, start, stop):
    """Return the spikes in each bin (a, a + 0.5 ms] from ``start`` to ``stop``."""
    edges = start + BIN * (np.arange(round((stop - start) / BIN) + 1) + GRID_TOLERANCE)
    return np.histogram(times_ms, edges)[0]


def statistics(exc, inh, sizes, start, stop):
    """Return ``{kind: number}`` of one run; ``exc`` and ``inh`` are (times in ms, ids), ``sizes`` their neurons.

    * ``rate_exc``, ``rate_inh``: mean rates in Hz.
    * ``cv``: mean over excitatory neurons with three spikes or more of the coefficient of variation of their intervals.
    * ``synchrony``: variance over mean of the excitatory activity in bins of 0.5 ms, 1 for independent neurons.
    * ``frequency``: centroid in Hz of the power spectrum of that activity within half an octave about its peak between
      8 and 500 Hz. The peak itself is known to a line of the spectrum only, 1 to 10 Hz.
    """
    inside = [_window(times, ids, start, stop) for times, ids in (exc, inh)]
    seconds = (stop - start) / 1000.0
    rates = [times.size / n / seconds for (times, _), n in zip(inside, sizes, strict=True)]
    counts = activity(inside[0][0], start, stop)
    values = (*rates, _mean_cv(*inside[0]), counts.var() / counts.mean(), _frequency(counts))
    return dict(zip(KINDS, map(float, values), strict=True))


def largest_difference(ours, theirs, quantile):
    """Return the half-width of the interval of the difference of two means, where both vary alike.

    ``quantile`` is that of Student's t with ``len(ours) + len(theirs) - 2`` degrees of freedom.
    """
    n, m = len(ours), len(theirs)
    pooled = ((n - 1) * np.var(ours, ddof=1) + (m - 1) * np.var(theirs, ddof=1)) / (n + m - 2)
    return quantile * np.sqrt(pooled * (1 / n + 1 / m))


def _window(times, ids, start, stop):
    """Return the spikes in (start, stop], sorted by (id, time)."""
    times, ids = np.asarray(times, dtype=float), np.asarray(ids, dtype=np.int64)
    inside = (times > start + BIN * GRID_TOLERANCE) & (times <= stop + BIN * GRID_TOLERANCE)
    order = np.lexsort((times[inside], ids[inside]))
    return times[inside][order], ids[inside][order]


def _mean_cv(times, ids):
    """Return the mean over neurons of the CV of their intervals; input sorted by id."""
    same = ids[1:] == ids[:-1]
    intervals, owner = np.diff(times)[same], ids[1:][same]
    n = np.bincount(owner)
    enough = n >= 2
    mean = np.bincount(owner, weights=intervals)[enough] / n[enough]
    square = np.bincount(owner, weights=intervals**2)[enough] / n[enough]
    return np.mean(np.sqrt(np.maximum(square - mean**2, 0.0)) / mean)


def _frequency(counts):
    """Return the centroid of the power about the highest peak."""
    frequency = np.fft.rfftfreq(counts.size, BIN / 1000.0)
    power = np.abs(np.fft.rfft(counts - counts.mean())) ** 2
    power[(frequency < 8.0) | (frequency > 500.0)] = 0.0
    peak = frequency[np.argmax(power)]
    near = (frequency >= peak / 2**0.25) & (frequency <= peak * 2**0.25)
    return np.sum(frequency[near] * power[near]) / np.sum(power[near])
