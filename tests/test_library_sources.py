"""Regular and bursting sources, rates sampled from functions, binary units."""

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import DeclarationError, HsnnError, MethodError, ValueRangeError

M = hsnn.models


def trains(model, size, duration, dt=0.1, backend="numba", pieces=1):
    net = hsnn.Network(dt=dt, threads=1, backend=backend)
    net.record(net.population("source", size, model), "spikes")
    return hsnn.concatenate([net.run(duration / pieces) for _ in range(pieces)]).spikes["source"].trains()


@pytest.mark.parametrize("backend", ["reference", "numba"])
@pytest.mark.parametrize("dt", [0.1, None])
def test_a_regular_source_fires_each_period_from_its_phase_on(dt, backend):
    periods, phases = np.array([10.0, 7.0, 3.3, 60.0]), np.array([0.0, 2.0, 25.0, 5.0])
    found = trains(M.regular(periods, phase=phases), 4, 50.0, dt, backend, pieces=2)
    for period, phase, times in zip(periods, phases, found, strict=True):
        expected = (phase or period) + period * np.arange(50)
        np.testing.assert_allclose(times, expected[expected <= 50.0], rtol=0, atol=1e-7)


@pytest.mark.parametrize("dt", [0.1, None])
def test_bursts_have_their_spikes_intervals_and_period(dt):
    found = trains(M.bursting(3, 1.5, 20.0, phase=[0.0, 4.0]), 2, 45.0, dt)
    np.testing.assert_allclose(found[0], [20.0, 21.5, 23.0, 40.0, 41.5, 43.0], rtol=0, atol=1e-7)
    np.testing.assert_allclose(found[1], [4.0, 5.5, 7.0, 24.0, 25.5, 27.0, 44.0], rtol=0, atol=1e-7)


def test_a_period_off_the_grid_does_not_drift():
    times = trains(M.regular(1.0 / 3.0), 1, 2000.0)[0]
    assert len(times) == 6000 and np.all(np.abs(times - np.arange(1, 6001) / 3.0 - 0.05) < 0.0501)  # in its step, to the end


def test_a_period_changes_between_runs():
    net = hsnn.Network(dt=0.1, threads=1)
    source = net.population("source", 2, M.regular(10.0))
    net.record(source, "spikes")
    net.run(15.0)
    source[1].set(period=1.0)
    assert [len(each) for each in net.run(10.0).spikes["source"].trains()] == [1, 10]


def test_sources_send_like_any_population():
    net = hsnn.Network(dt=0.1, threads=1)
    cell = net.population("cell", 1, M.lif_delta(t_ref=0.0))
    source = net.population("source", 1, M.bursting(2, 1.0, 10.0))
    net.connect(source, cell, hsnn.connect.all_to_all(), weight=16.0, delay=0.5)
    net.record(cell, "spikes")
    assert net.run(25.0).spikes["cell"].times.tolist() == [10.5, 11.5, 20.5, 21.5]


def test_jitter_displaces_each_spike_by_itself():
    """Mean and standard deviation of displacements, 4 standard errors of 400 logistic numbers (kurtosis 4.2); fixed seed."""
    found = np.array([times[:11] for times in trains(M.regular(20.0, jitter=0.8), 400, 260.0)])
    displaced = found - 20.0 * np.arange(1, 12)
    assert np.all(np.abs(displaced.mean(axis=0)) < 4 * 0.8 / 20)
    assert np.all(np.abs(displaced.std(axis=0) - 0.8) < 4 * 0.8 * np.sqrt(3.2 / 400) / 2)
    assert abs(np.corrcoef(displaced[:, 0], displaced[:, 1])[0, 1]) < 4 / 20


def test_bursts_by_chance_begin_at_their_rate():
    """200 neurons, 2 s: intervals within bursts as given, those between them exponential (4 standard errors)."""
    found = trains(M.bursting(3, 2.0, rate=20.0), 200, 2000.0)
    gaps = np.concatenate([np.diff(each) for each in found])
    within = np.concatenate([np.diff(each[: 3 * (len(each) // 3)].reshape(-1, 3)).ravel() for each in found])
    np.testing.assert_allclose(within, 2.0, rtol=0, atol=1e-9)
    waits = np.concatenate([each[3::3] - each[2 : 3 * ((len(each) - 1) // 3) : 3] for each in found])
    assert len(gaps) > 10_000 and waits.mean() == pytest.approx(50.0, abs=4 * 50.0 / np.sqrt(len(waits)) + 2.0)
    assert waits.std() == pytest.approx(waits.mean(), rel=0.06)


@pytest.mark.parametrize("model", [M.regular(10.0, jitter=1.0), M.bursting(2, 1.0, rate=5.0), M.gif()], ids=lambda m: m.name)
def test_chance_needs_a_clock(model):
    net = hsnn.Network(dt=None)
    net.population("source", 1, model)
    with pytest.raises(MethodError, match="it fires by chance"):
        net.run(1.0)


@pytest.mark.parametrize("words, make", [
    ("regular: period is 0; it must be above 0", lambda: M.regular(0.0)),
    ("regular: phase is -1; it must be 0 or more", lambda: M.regular(5.0, phase=-1.0)),
    ("bursting: n is 0; it must be at least 1", lambda: M.bursting(0, 1.0, 5.0)),
    ("regular: jitter is -1; it must be above 0", lambda: M.regular(5.0, jitter=-1.0)),
    ("bursting: rate is -1; it must be 0 or more", lambda: M.bursting(2, 1.0, rate=-1.0)),
    ("bursting: 6 spikes 1.0 ms apart last as long as the period of 5.0 ms", lambda: M.bursting(6, 1.0, 5.0)),
])  # fmt: skip
def test_sources_that_cannot_be_are_refused(words, make):
    with pytest.raises(ValueRangeError, match=words.replace(".", r"\.")):
        make()


def test_bursts_need_a_period_or_a_rate():
    for keywords in ({}, {"period": 5.0, "rate": 1.0}):
        with pytest.raises(DeclarationError, match=r"either period= .* or rate="):
            M.bursting(2, 1.0, **keywords)


# ------------------------------------------------------------------------------------------------------ rates as functions


def test_a_sampled_function_has_its_value_in_the_middle_of_each_interval():
    course = hsnn.sampled(lambda t: 2.0 * t, every=0.5, until=2.0)
    assert course.times.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0] and course.values.tolist() == [0.5, 1.5, 2.5, 3.5, 0.0]
    each = hsnn.sampled(lambda t: np.array([t, 1.0]), every=1.0, until=2.0)
    assert each.values.tolist() == [[0.5, 1.0], [1.5, 1.0], [0.0, 0.0]] and each.n_targets == 2


@pytest.mark.parametrize("dt", [0.1, None])
def test_an_inhomogeneous_source_follows_its_rate(dt):
    """Spikes of 3000 neurons in each tenth of a sine of 100 ms: Poisson numbers, 4 standard deviations. Fixed seed."""
    net = hsnn.Network(dt=dt, seed=4, threads=1)
    rate = hsnn.sampled(lambda t: 20.0 * (1.0 + np.sin(2 * np.pi * t / 100.0)), every=1.0, until=200.0)
    net.record(net.population("source", 3000, M.poisson(rate)), "spikes")
    spikes = net.run(250.0).spikes["source"]
    edges = np.arange(0.0, 210.0, 10.0)
    integral = 20.0 * (edges - 100.0 / (2 * np.pi) * np.cos(2 * np.pi * edges / 100.0)) / 1000.0
    expected = 3000 * np.diff(integral)
    found = np.histogram(spikes.times, edges)[0]
    assert np.all(np.abs(found - expected) < 4 * np.sqrt(expected) + 1)
    assert len(spikes.window(200.0, 250.0)) == 0


@pytest.mark.parametrize("words, keywords", [
    ("every must be above 0", {"every": 0.0}), ("until = 1 ms is no multiple of every = 0.3 ms", {"every": 0.3}),
    ("more than 10,000,000", {"every": 1e-8}), ("function of the time", {"function": 5.0}),
    ("the function failed at 0.05 ms", {"function": lambda t: 1 / 0}),
])  # fmt: skip
def test_what_cannot_be_sampled_is_refused(words, keywords):
    with pytest.raises(HsnnError, match=words):
        hsnn.sampled(**{"function": abs, "every": 0.1, "until": 1.0, **keywords})


# ---------------------------------------------------------------------------------------------------------- binary units


def hopfield(patterns):
    """A network of binary units that has stored patterns of +1 and -1: weights 2 w, thresholds sum_j w."""
    size = patterns.shape[1]
    weights = patterns.T @ patterns / size
    np.fill_diagonal(weights, 0.0)
    net = hsnn.Network(dt=1.0, seed=1, threads=1, backend="reference")
    units = net.population("units", size, M.binary(theta=weights.sum(axis=1)))
    net.connect(units, units, hsnn.connect.from_dense(2.0 * weights), delay=1.0)
    net.record(units, "spikes")
    return net, units


def recalled(net, units, cue, n_steps=10):
    """The states after `n_steps`, of which the first is the cue, set by a strong current."""
    net.reset()
    net.drive(units, hsnn.stimuli.current(np.where(cue > 0, 1e6, -1e6), stop=1.0))
    return active(net.run(float(n_steps)).spikes["units"], n_steps)


def active(spikes, step):
    states = -np.ones(spikes.n_neurons)
    states[spikes.ids[spikes.times == step]] = 1.0
    return states


@pytest.mark.parametrize("seed", range(5))
def test_binary_units_recall_a_stored_pattern_from_a_noisy_one(seed):
    """12 x 12 units, 2 patterns, a quarter of the units wrong: exact recall of each (Hopfield 1982)."""
    random = np.random.default_rng(seed)
    patterns = random.choice([-1.0, 1.0], (2, 144))
    for pattern in patterns:
        cue = pattern.copy()
        cue[random.choice(144, 36, replace=False)] *= -1.0
        net, units = hopfield(patterns)
        assert np.array_equal(recalled(net, units, cue, 1), cue)
        net, units = hopfield(patterns)
        assert np.array_equal(recalled(net, units, cue), pattern)


def test_a_step_of_binary_units_is_the_rule_of_mcculloch_and_pitts():
    random = np.random.default_rng(3)
    weights, theta = random.normal(0.0, 1.0, (20, 20)), random.normal(0.0, 0.5, 20)
    net = hsnn.Network(dt=0.1, threads=1, backend="reference")
    units = net.population("units", 20, M.binary(theta=theta))
    net.connect(units, units, hsnn.connect.from_dense(weights), delay=0.1)
    net.record(units, "spikes")
    spikes = net.run(2.0).spikes["units"]
    x = np.zeros(20)
    for step in range(1, 21):
        x = (weights.T @ x > theta).astype(float)
        assert np.array_equal(active(spikes, step / 10) > 0, x > 0), step


def test_binary_units_need_a_clock():
    net = hsnn.Network(dt=None)
    units = net.population("units", 2, M.binary(theta=-1.0))
    net.record(units, "spikes")
    with pytest.raises(HsnnError):
        net.run(1.0)
