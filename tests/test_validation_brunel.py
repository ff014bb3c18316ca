"""Brunel (2000), states A to D over seeds; Izhikevich (2003) against its script over 20 seeds."""

from functools import cache

import numpy as np
import pytest

from hsnn_event.networks import brunel2000, izhikevich2003
from hsnn_event.networks.brunel import REFERENCE_RATES

SEEDS = range(1, 4)
BIN = 0.5  # ms
# ms left out and ms measured
WINDOWS = {"A": (100.0, 100.0), "B": (200.0, 400.0), "C": (200.0, 400.0), "D": (200.0, 1000.0)}


@cache
def spikes_of(state):
    """The excitatory spikes of each seed."""
    found = []
    for seed in SEEDS:
        net = brunel2000(state, seed=seed, threads=1)
        net.record(net["exc"], "spikes")
        left_out, measured = WINDOWS[state]
        net.run(left_out)
        found.append(net.run(measured).spikes["exc"])
    return found


def rates(state):
    return np.array([spikes.rate() for spikes in spikes_of(state)])


def spectrum(state):
    """Frequencies (Hz) and the mean power over seeds of the activity of the excitatory population."""
    left_out, measured = WINDOWS[state]
    edges = left_out + BIN * (np.arange(round(measured / BIN) + 1) + 1e-6)
    activity = np.array([np.histogram(spikes.times, edges)[0] for spikes in spikes_of(state)], dtype=float)
    power = np.abs(np.fft.rfft(activity - activity.mean(axis=1, keepdims=True))) ** 2
    return np.fft.rfftfreq(activity.shape[1], BIN / 1000.0), power.mean(axis=0)


# Published ranges of simulations for B and D, and 5 % about the theory for the others: it leaves out finite size in C,
# and fluctuations in A.
@pytest.mark.parametrize("state, low, high", [
    ("A", 0.95 * REFERENCE_RATES["A"], 1.05 * REFERENCE_RATES["A"]), ("B", 55.0, 59.0),
    ("C", 0.95 * REFERENCE_RATES["C"], 1.05 * REFERENCE_RATES["C"]), ("D", 5.0, 6.5),
])  # fmt: skip
def test_rates_are_those_of_the_state(state, low, high):
    assert low <= rates(state).mean() <= high


@pytest.mark.parametrize("state, low, high", [("B", 177.0, 188.0), ("D", 15.0, 28.0)])
def test_synchronous_irregular_states_oscillate(state, low, high):
    """B at 180 to 185 Hz, D at about 20 Hz; a window of a second tells frequencies 1 Hz apart, the peak is wider."""
    frequency, power = spectrum(state)
    band = frequency > 8.0
    assert low <= frequency[band][np.argmax(power[band])] <= high


def test_a_is_regular_and_synchronous_and_the_others_are_irregular():
    cv = {state: np.nanmean([np.nanmean(spikes.cv()) for spikes in spikes_of(state)]) for state in WINDOWS}
    assert cv["A"] < 0.05 and all(cv[state] > 0.3 for state in "BCD")
    # Variance of the activity over that of independent spikes, in bins of 0.5 ms: large where neurons fire together. C is
    # asynchronous only in the limit of sparse connections; a tenth leaves it at 60, against 225 in B.
    fano = {}
    for state in WINDOWS:
        left_out, measured = WINDOWS[state]
        edges = left_out + BIN * (np.arange(round(measured / BIN) + 1) + 1e-6)
        counts = np.array([np.histogram(spikes.times, edges)[0] for spikes in spikes_of(state)])
        fano[state] = counts.var() / counts.mean()
    assert fano["C"] < min(fano["A"], fano["B"]) / 2


@cache
def counts_of_2003():
    """Spikes in the first second, of 20 seeds."""
    counts = []
    for seed in range(20):
        net = izhikevich2003(seed=seed, threads=1)
        net.record(net["exc"] + net["inh"], "spikes")
        counts.append(sum(len(spikes) for spikes in net.run(1000.0).spikes.values()))
    return counts


def test_the_script_of_2003_fires_as_published():
    """7,533 spikes in the first second, standard deviation 166: mean and deviation over 20 seeds of a program that is it."""
    counts = counts_of_2003()
    standard_error = 166.0 / np.sqrt(20)
    assert abs(np.mean(counts) - 7533.0) < 3.0 * np.sqrt(2.0) * standard_error
    assert 0.5 < np.std(counts, ddof=1) / 166.0 < 1.8
