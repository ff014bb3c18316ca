"""Neurons that fire by chance: the law of their spikes, the generalised integrate-and-fire neuron, errors."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from single_neuron import run

import hsnn_event as hsnn
from hsnn_event.errors import DeclarationError, DimensionError, ModelError, UnknownNameError, ValueRangeError
from hsnn_event.model.declare import HAZARD_DRAW

M = hsnn.models
CERTAIN, NEVER = {HAZARD_DRAW: 0.0}, {HAZARD_DRAW: 1e9}  # what the random number of each step is


def escape(**more):
    return hsnn.NeuronModel(**{
        "name": "escape", "parameters": {"rho": 0.5}, "states": {"n": 0.0}, "hazard": "rho", "reset": {"n": "n + 1"}, **more,
    })  # fmt: skip


def spikes_of(model, size, duration, dt=0.1, trial=0, **values):
    net = hsnn.Network(dt=dt, seed=3, threads=1)
    cells = net.population("cells", size, model)
    cells.set(**values)
    net.record(cells, "spikes")
    net.reset(trial=trial)
    return net.run(duration).spikes["cells"]


@pytest.mark.parametrize("rho, dt", [(0.02, 0.1), (0.5, 0.1), (0.5, 1.0), (5.0, 1.0)])
def test_a_neuron_fires_in_a_step_with_probability_1_minus_exp_of_minus_the_hazard(rho, dt):
    """Binomial numbers, 4 standard deviations; neighbours in time and id are uncorrelated. Fixed seed."""
    size, n_steps = 1000, 400
    spikes = spikes_of(escape(parameters={"rho": rho}), size, n_steps * dt, dt)
    p = 1.0 - np.exp(-rho * dt)
    assert abs(len(spikes) - size * n_steps * p) < 4 * np.sqrt(size * n_steps * p * (1 - p))
    table = np.zeros((n_steps + 1, size))
    table[np.rint(spikes.times / dt).astype(int), spikes.ids] = 1.0
    table = table[1:] - p
    for shifted in (table[1:] * table[:-1], table[:, 1:] * table[:, :-1]):
        assert abs(shifted.mean()) < 4 * p * (1 - p) / np.sqrt(shifted.size)


def test_the_extremes_of_a_hazard():
    assert len(spikes_of(escape(), 20, 10.0, rho=0.0)) == 0
    assert len(spikes_of(escape(), 20, 10.0, rho=1e9)) == 20 * 100


def test_trials_differ_and_come_back():
    assert spikes_of(escape(), 50, 20.0) == spikes_of(escape(), 50, 20.0) != spikes_of(escape(), 50, 20.0, trial=1)


def test_a_refractory_neuron_does_not_fire():
    model = escape(parameters={"rho": 5.0}, refractory={"duration": "2"})
    intervals = spikes_of(model, 100, 100.0).isi()
    assert intervals.min() > 2.0 and intervals.mean() == pytest.approx(2.0 + 0.1 / (1 - np.exp(-0.5)), rel=0.02)


def test_the_rate_at_a_constant_potential_is_the_hazard():
    """q = 0, v held at -45 mV: lambda = 100 Hz exp((v - V_T)/Delta_V); 4 standard errors."""
    model = M.gif(E_L=-45.0, V_reset=-45.0, t_ref=0.0, V_T=-45.5, Delta_V=2.0, lambda_0=100.0, q_stc=0.0, tau_stc=10.0,
                  q_sfa=0.0, tau_sfa=10.0)  # fmt: skip
    rate = 100.0 * np.exp(0.5 / 2.0)
    expected = 1000 * 10.0 * (1 - np.exp(-rate * 1e-4)) / 0.1 * 50.0 / 10.0
    assert abs(len(spikes_of(model, 1000, 50.0)) - expected) < 4 * np.sqrt(expected)


def test_what_a_spike_leaves_behind_decays_and_adds_up():
    trace = run(M.gif(t_ref=0.0), 20, dt=1.0, inputs=CERTAIN)
    assert trace.spikes == list(range(1, 21))
    eta, gamma = 0.0, 0.0
    for _ in range(20):
        eta, gamma = eta * np.exp(-1.0 / 57.8) + 56.7, gamma * np.exp(-1.0 / 640.0) + 1.8
    assert trace.states["eta_1"][-1] == pytest.approx(eta, rel=1e-12)
    assert trace.states["gamma_2"][-1] == pytest.approx(gamma, rel=1e-12)


def test_between_spikes_the_potential_is_that_of_the_equations():
    def slope(t, x):
        v, one, two, current = x
        return [(-3.7 * (v + 67.0) - one - two + current + 100.0) / 83.1, -one / 57.8, -two / 218.2, -current / 10.0]

    start = {"v": -60.0, "eta_1": 80.0, "eta_2": -10.0, "I_syn": 150.0}
    truth = solve_ivp(slope, (0.0, 40.0), list(start.values()), "DOP853", rtol=1e-11, atol=1e-11).y[:, -1]
    trace = run(M.gif(I_e=100.0), 40, dt=1.0, initial=start, inputs=NEVER)
    np.testing.assert_allclose([trace.states[name][-1] for name in start], truth, rtol=1e-9)


def test_gif_adapts():
    spikes = spikes_of(M.gif(I_e=150.0), 100, 1000.0)
    early, late = spikes.window(0.0, 150.0).rate(), spikes.window(700.0, 1000.0).rate()
    assert 1.0 < late < 0.75 * early


@pytest.mark.parametrize("words, error, changes", [
    ("both threshold= and hazard=", ModelError, {"threshold": "n > 1"}),
    (r"escape\.hazard: name 'rha' is unknown. Did you mean 'rho'", UnknownNameError, {"hazard": "rha"}),
    (r"escape\.hazard: .* is a condition", ModelError, {"hazard": "n > 1"}),
    ("the name 'hazard_draw' is reserved", ModelError, {"states": {"hazard_draw": 0.0}, "reset": {}}),
    ("the hazard", DimensionError, {"units": {"rho": "ms"}}),
])  # fmt: skip
def test_a_hazard_that_cannot_be_is_refused(words, error, changes):
    with pytest.raises(error, match=words):
        escape(**changes)


def test_keys_of_gif_belong_together():
    with pytest.raises(DeclarationError, match=r"gif: tau_sfa is for 1, 2 and q_sfa for default\. Give the same keys"):
        M.gif(q_sfa=1.0)
    with pytest.raises(ValueRangeError, match="gif: Delta_V is 0; it must be above 0"):
        M.gif(Delta_V=0.0)
