"""The microcircuit at a tenth of its size against NEST: distributions of rates, CVs and correlations, by population.

The reference is made by tests/data/make_nest_microcircuit.py; tests/microcircuit_statistics.py has the definitions, and
says why the yardstick is the largest distance among NEST's own seeds. Mean rates alone would pass with wrong delays.
"""

from functools import cache
from pathlib import Path

import microcircuit_statistics as statistics
import numpy as np
import pytest

from hsnn_event.networks import microcircuit, pd14

PATH = Path(__file__).parent / "data" / "nest_microcircuit_scale01.npz"
NEST = statistics.load(PATH)
SETTLED, STOP = 500.0, 10_500.0  # ms, as in the reference
SEEDS = (1, 2, 3, 4)  # as many as the reference has
LARGEST_RATIO = 1.5  # four further seeds of NEST come to 1.27


def sample_of(seed):
    """By population: the distributions of one run."""
    net = microcircuit(scale=0.1, drive="poisson", seed=seed, threads=1)
    for population in net.populations.values():
        net.record(population, "spikes")
    spikes = net.run(STOP).spikes
    return {
        name: statistics.distributions(each.times, each.ids, each.n_neurons, SETTLED, STOP) for name, each in spikes.items()
    }


@cache
def ours():
    """The distributions of every seed."""
    return [sample_of(seed) for seed in SEEDS]


def ratio(samples, name, kind):
    """The distance to NEST's distribution in units of the largest among NEST's own seeds."""
    return statistics.tolerance_ratio([sample[name][kind] for sample in samples], NEST[name][kind])


def mean_rate(samples, name):
    return np.mean([sample[name]["rate"].mean() for sample in samples])


@pytest.mark.parametrize("kind", statistics.KINDS)
@pytest.mark.parametrize("name", NEST)
def test_distributions_are_as_near_to_nest_as_nest_to_itself(name, kind):
    assert ratio(ours(), name, kind) <= LARGEST_RATIO


@pytest.mark.parametrize("name", NEST)
def test_mean_rates_are_those_of_nest(name):
    # Means over four seeds on both sides. Among seeds rates vary by 1 to 4 %, so the difference of two means by 3 % at
    # most; a bound of 10 % is three of these.
    theirs = np.mean([rates.mean() for rates in NEST[name]["rate"]])
    assert mean_rate(ours(), name) == pytest.approx(theirs, rel=0.1)


def test_the_comparison_notices_wrong_delays_that_mean_rates_do_not_show(monkeypatch):
    monkeypatch.setitem(pd14.parameters()["delay_mean"], "exc", 3.0)  # instead of 1.5 ms
    slow = [sample_of(1)]
    assert all(mean_rate(slow, name) == pytest.approx(mean_rate(ours(), name), rel=0.1) for name in NEST)
    # measured: 2.2 for the correlations of L5E, where the true delays give 0.7
    assert ratio(slow, "L5E", "correlation") > LARGEST_RATIO
