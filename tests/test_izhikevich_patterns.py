"""The twenty patterns of Izhikevich (2004), told apart by a table of criteria; the scheme of the published figure, step
by step."""

from functools import cache

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import UnknownNameError

PATTERNS, pattern_of = hsnn.models.IZHIKEVICH_PATTERNS, hsnn.models.izhikevich_pattern


@cache
def simulated(name, method=None, finer=1):
    """Times of the spikes, and times and values of v before the reset's end of each step."""
    pattern = pattern_of(name)
    dt = pattern.dt / finer
    net = hsnn.Network(dt=dt, threads=1)
    cell = net.population("cell", 1, pattern.model, method=method or pattern.method)
    net.drive(cell, hsnn.stimuli.current(pattern.current))
    net.record(cell, "spikes")
    trace = net.record(cell, "v", every=pattern.dt)
    result = net.run(pattern.duration)
    return result.spikes["cell"].times, result[trace]["v"].times, result[trace]["v"].values[:, 0]


def script(name):
    """The scheme of the figure, written out: spikes of Euler steps of v, each followed by one of u with the new v."""
    pattern = pattern_of(name)
    a, b, c, d = (pattern.model.parameters[each] for each in "abcd")
    slope, constant = (4.1, 108.0) if name in ("class_1_excitable", "integrator") else (5.0, 140.0)
    v = pattern.model.states["v"]
    u, spikes = -16.0 if name == "accommodation" else b * v, []
    for k in range(round(pattern.duration / pattern.dt)):
        current = pattern.current.values[np.searchsorted(pattern.current.times, k * pattern.dt + 1e-9) - 1]
        v += pattern.dt * (0.04 * v * v + slope * v + constant - u + current)
        u += pattern.dt * a * (b * (v + 65.0) if name == "accommodation" else b * v - u)
        if v >= 30.0:
            v, u = c, u + d
            spikes.append((k + 1) * pattern.dt)
    return spikes


@pytest.mark.parametrize("name", PATTERNS)
def test_the_scheme_gives_the_spikes_of_the_published_script(name):
    np.testing.assert_allclose(simulated(name)[0], script(name), rtol=0, atol=1e-9)


def bursts(spikes, gap):
    """The numbers of spikes of runs whose intervals are below `gap`."""
    return [len(each) for each in np.split(spikes, np.flatnonzero(np.diff(spikes) >= gap) + 1)]


def turns(v):
    """How often the course of v turns."""
    return int((np.diff(np.sign(np.diff(v))) != 0).sum())


# name: a condition on the spikes s (ms), the times t and v (mV). Where one holds, none of the other 19 need fail, but what
# the paper's figure shows must hold, and would not for the pattern's opposite.
CRITERIA = {
    "tonic_spiking": lambda s, t, v: len(s) >= 4 and np.ptp(np.diff(s)[-2:]) < 1.0 and s[-1] > 80,
    "phasic_spiking": lambda s, t, v: len(s) == 1 and s[0] < 60 and np.ptp(v[t > 120]) < 3.0,
    "tonic_bursting": lambda s, t, v: len(bursts(s, 10)) >= 4 and min(bursts(s, 10)[:-1]) >= 2 and s[-1] > 180,
    "phasic_bursting": lambda s, t, v: bursts(s, 15) == [len(s)] and len(s) >= 4 and s[-1] < 90,
    "mixed_mode": lambda s, t, v: bursts(s, 8)[0] >= 3 and set(bursts(s, 8)[1:]) == {1} and len(bursts(s, 8)) >= 3,
    "spike_frequency_adaptation": lambda s, t, v: len(s) >= 5 and np.all(np.diff(s, 2) > 0),
    "class_1_excitable": lambda s, t, v: len(s) >= 8 and np.diff(s)[0] > 2 * np.diff(s)[-1] and np.all(np.diff(s, 2) < 0),
    "class_2_excitable": lambda s, t, v: len(s) >= 10 and s[0] > 100 and np.diff(s)[0] < 25 < 4 * np.diff(s)[-1],
    "spike_latency": lambda s, t, v: len(s) == 1 and 20 < s[0] < 35,  # the current ends at 13
    "subthreshold_oscillations": lambda s, t, v: len(s) == 1 and s[0] < 30 and turns(v[t > 40]) >= 5,
    "resonator": lambda s, t, v: len(s) == 1 and 320 < s[0] < 345,  # pairs at 40 ms distance, not at 20
    "integrator": lambda s, t, v: len(s) == 1 and 14 < s[0] < 25,  # pairs at 5 ms distance, not at 10
    "rebound_spike": lambda s, t, v: len(s) == 1 and s[0] > 25 and v[t < 25].min() < -75,
    "rebound_burst": lambda s, t, v: len(s) >= 4 and s[0] > 25 and np.diff(s).max() < 10 and s[-1] < 130,
    "threshold_variability": lambda s, t, v: len(s) == 1 and s[0] > 80,  # the same pulse at 10 alone fires nothing
    "bistability": lambda s, t, v: len(s) >= 4 and s[0] > 37 and s[-1] < 216 and np.ptp(np.diff(s)) < 3,
    "depolarizing_after_potential": lambda s, t, v: len(s) == 1 and v[t > s[0]].max() > -55 and v[-1] < -65,
    "accommodation": lambda s, t, v: len(s) == 1 and 300 < s[0] < 313,  # a steeper ramp to half the height
    "inhibition_induced_spiking": lambda s, t, v: len(s) >= 3 and s[0] > 50 and s[-1] < 260 and np.diff(s).min() > 40,
    "inhibition_induced_bursting": lambda s, t, v: len(s) >= 8 and s[0] > 50 and s[-1] < 255 and max(bursts(s, 15)) >= 4,
}
# What an accurate solution of the same equations shows too; the others belong to the scheme and its step.
TRUE = [name for name in CRITERIA if name not in (
    "spike_latency", "bistability", "depolarizing_after_potential", "inhibition_induced_bursting",
)]  # fmt: skip


def test_there_are_twenty():
    assert len(PATTERNS) == 20 and tuple(CRITERIA) == PATTERNS


@pytest.mark.parametrize("name", CRITERIA)
def test_each_pattern_is_what_it_is_called(name):
    s, t, v = simulated(name)
    assert CRITERIA[name](s, t, v), (s, v.min(), v.max())


@pytest.mark.parametrize("name", CRITERIA)
def test_patterns_under_an_accurate_method(name):
    s, t, v = simulated(name, "rk4", 25)
    assert CRITERIA[name](s, t, v) == (name in TRUE), (s, v.min(), v.max())


def test_no_pattern_passes_for_all_others():
    """The table tells apart: most pairs of patterns fail each other's criteria."""
    held = np.array([[bool(_holds(CRITERIA[row], column)) for column in CRITERIA] for row in CRITERIA])
    assert held.diagonal().all()
    mistaken = held & held.T & ~np.eye(20, dtype=bool)
    assert mistaken.sum() == 0, [(list(CRITERIA)[i], list(CRITERIA)[j]) for i, j in np.argwhere(mistaken)]


def _holds(criterion, name):
    s, t, v = simulated(name)
    try:
        return criterion(s, t, v)
    except (IndexError, ValueError):  # fewer spikes than it asks about
        return False


def test_an_unknown_pattern_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"name 'rebound_spikes' is unknown\. Did you mean 'rebound_spike'"):
        pattern_of("rebound_spikes")
