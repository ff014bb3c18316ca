"""Published and analytic values of single neurons."""

import numpy as np
import pytest
from single_neuron import run

from hsnn_event.model.library import izhikevich, lif_alpha, lif_cond_exp, lif_delta, lif_exp

FREE = {"V_th": 1e9}  # a neuron that never fires


@pytest.mark.parametrize("model", [lif_delta, lif_exp, lif_alpha])
def test_constant_current_gives_the_published_trace(model):
    trace = run(model(E_L=-70.0, V_th=-55.0, I_e=1000.0), 100)
    np.testing.assert_allclose(trace.states["v"][1:4], [-69.602, -69.2079, -68.8178], rtol=1e-6)
    assert trace.spikes[0] == 48


def test_rate_on_the_grid_is_that_of_the_interval_rounded_up():
    trace = run(lif_delta(E_L=0.0, V_th=15.0, V_reset=0.0, I_e=1000.0), 1000)
    assert np.diff(trace.spikes).tolist() == [68] * (len(trace.spikes) - 1)  # 4.700036 ms -> 48 steps, 20 refractory


def test_current_arrives_before_the_voltage_moves():
    trace = run(lif_exp(), 25, arrivals={(20, "default"): 100.0})
    assert trace.states["I_syn"][20] == 100.0
    assert trace.states["v"][20] == pytest.approx(-70.0, abs=1e-12)
    assert trace.states["v"][21] > -70.0 + 1e-3


def test_clamp_lasts_from_the_spike_to_the_end_of_t_ref():
    model = lif_delta(t_ref=1.0, I_e=100.0)
    trace = run(model, 40, arrivals={(21, "default"): 100.0})
    assert trace.spikes == [21]
    assert (trace.states["v"][21:32] == -70.0).all()
    assert trace.states["v"][32] > -70.0


@pytest.mark.parametrize(("after", "acts"), [(10, False), (11, True)])
def test_delta_arrivals_are_lost_while_refractory(after, acts):
    model = lif_delta(t_ref=1.0)
    trace = run(model, 40, arrivals={(21, "default"): 100.0, (21 + after, "default"): 1.0})
    assert (trace.states["v"][21 + after] > -69.5) == acts


@pytest.mark.parametrize("model", [lif_delta, lif_exp, lif_alpha, lif_cond_exp])
def test_single_precision_follows_double(model):
    more = {} if model is lif_cond_exp else {"tau_m": 15.0}
    arrivals = {(step, name): 2.0 for step in (3, 30, 31, 70) for name in model().receptors}
    double, single = (
        run(model(I_e=400.0, V_th=1e9, **more), 300, arrivals=arrivals, state_type=kind) for kind in ("float64", "float32")
    )
    for name, values in double.states.items():
        assert single.states[name].dtype == np.float32
        np.testing.assert_allclose(single.states[name], values, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("tau", [5.0, 10.0])
def test_alpha_current_peaks_at_its_weight_after_tau(tau):
    trace = run(lif_alpha(tau_syn=tau), 200, arrivals={(10, "default"): 3.0})
    current = trace.states["I_syn"]
    assert int(current.argmax()) == 10 + round(tau / 0.1)
    assert current.max() == pytest.approx(3.0, rel=1e-12)
    lag = np.arange(191) * 0.1
    np.testing.assert_allclose(current[10:], 3.0 * lag / tau * np.exp(1 - lag / tau), atol=1e-12)


@pytest.mark.parametrize("tau_syn", [2.0, 10.0, 10.0 + 1e-9])
def test_exponential_current_gives_the_analytic_potential(tau_syn):
    trace = run(lif_exp(tau_syn=tau_syn, **FREE), 300, arrivals={(1, "default"): 100.0})
    lag = np.arange(300) * 0.1
    if abs(tau_syn - 10.0) < 1e-6:
        shape = lag * np.exp(-lag / 10.0)
    else:
        shape = (np.exp(-lag / 10.0) - np.exp(-lag / tau_syn)) / (1 / tau_syn - 1 / 10.0)
    np.testing.assert_allclose(trace.states["v"][1:], -70.0 + 100.0 / 250.0 * shape, rtol=0, atol=1e-9)


def test_izhikevich_2003_scheme_fires_as_published():
    trace = run(izhikevich(), 1000, dt=1.0, method="izhikevich2003", inputs={"I": 10.0})
    assert trace.spikes[:4] == [4, 31, 79, 141]
    assert len(trace.spikes) == 20


def test_izhikevich_equations_solved_accurately_fire_23_times():
    trace = run(izhikevich(), 10_000, dt=0.1, method="rk4", inputs={"I": 10.0})
    assert len(trace.spikes) == 23


def test_conductance_neuron_rests_at_the_weighted_reversal_potential():
    model = lif_cond_exp(tau_syn={"exc": 1e12, "inh": 1e12}, **FREE)
    trace = run(model, 2000, initial={"g_exc": 3.0, "g_inh": 5.0})
    expected = (16.6667 * -70.0 + 3.0 * 0.0 + 5.0 * -85.0) / (16.6667 + 3.0 + 5.0)
    assert trace.states["v"][-1] == pytest.approx(expected, abs=1e-6)
