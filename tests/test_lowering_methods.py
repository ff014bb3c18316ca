"""Integration methods: measured orders, exactness, and refusals that tell the truth."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from single_neuron import run

from hsnn_event.errors import MethodError, UnknownNameError
from hsnn_event.lowering.integrators import METHODS
from hsnn_event.lowering.lowered import lower_model
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library import izhikevich, lif_alpha, lif_cond_exp, lif_delta, lif_exp

CONDUCTANCES = lif_cond_exp(tau_syn={"exc": 2.0, "inh": 5.0}, V_th=1e9)
OSCILLATOR = NeuronModel(
    name="oscillator", states={"v": 1.0, "w": 0.5}, dynamics={"v": "v - v**3/3 - w", "w": "0.08*(v + 0.7 - 0.8*w)"}
)
GATE = NeuronModel(  # a state whose rate depends on the voltage, as in Hodgkin and Huxley
    name="gate",
    states={"v": -40.0, "m": 0.1},
    expressions={"m_inf": "1/(1 + exp(-(v + 35)/5))"},
    dynamics={"v": "(-60 - v)/10 + 4*m*(50 - v)/20", "m": "(m_inf - m)*(1 + 0.02*v**2)/100"},
)
SINKING = NeuronModel(name="sinking", parameters={"tau": 5.0}, states={"v": 3.0}, dynamics={"v": "-v/tau + sqrt(4)"})


def true_end(derivatives, start, end):
    return solve_ivp(lambda _, x: derivatives(*x), (0, end), start, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]


def conductances(v, e, i):
    return (16.6667 * (-70 - v) + e * (0 - v) + i * (-85 - v)) / 250, -e / 2, -i / 5


def gate(v, m):
    m_inf = 1 / (1 + np.exp(-(v + 35) / 5))
    return (-60 - v) / 10 + 4 * m * (50 - v) / 20, (m_inf - m) * (1 + 0.02 * v**2) / 100


def oscillator(v, w):
    return v - v**3 / 3 - w, 0.08 * (v + 0.7 - 0.8 * w)


PROBLEMS = [
    (CONDUCTANCES, conductances, {"v": -70.0, "g_exc": 20.0, "g_inh": 30.0}, "rk2", 2),
    (CONDUCTANCES, conductances, {"v": -70.0, "g_exc": 20.0, "g_inh": 30.0}, "rk4", 4),
    (CONDUCTANCES, conductances, {"v": -70.0, "g_exc": 20.0, "g_inh": 30.0}, "exponential_euler", 1),
    (CONDUCTANCES, conductances, {"v": -70.0, "g_exc": 20.0, "g_inh": 30.0}, "rush_larsen", 1),
    (CONDUCTANCES, conductances, {"v": -70.0, "g_exc": 20.0, "g_inh": 30.0}, "exponential_midpoint", 2),
    (OSCILLATOR, oscillator, {"v": 1.0, "w": 0.5}, "rk2", 2),
    (OSCILLATOR, oscillator, {"v": 1.0, "w": 0.5}, "rush_larsen", 1),
    (OSCILLATOR, oscillator, {"v": 1.0, "w": 0.5}, "exponential_midpoint", 2),
    (OSCILLATOR, oscillator, {"v": 1.0, "w": 0.5}, "rk4", 4),
    (GATE, gate, {"v": -40.0, "m": 0.1}, "rk2", 2),
    (GATE, gate, {"v": -40.0, "m": 0.1}, "rk4", 4),
    (GATE, gate, {"v": -40.0, "m": 0.1}, "exponential_euler", 1),
    (GATE, gate, {"v": -40.0, "m": 0.1}, "rush_larsen", 1),
    (GATE, gate, {"v": -40.0, "m": 0.1}, "exponential_midpoint", 2),
    (GATE, gate, {"v": -40.0, "m": 0.1}, "strang", 2),
]


@pytest.mark.parametrize(
    ("model", "derivatives", "start", "method", "order"), PROBLEMS, ids=[f"{p[0].name}-{p[3]}" for p in PROBLEMS]
)
def test_error_falls_with_the_order_of_the_method(model, derivatives, start, method, order):
    end = 4.0
    truth = true_end(derivatives, list(start.values()), end)[0]
    errors = []
    for n_steps in (32, 64, 128):
        trace = run(model, n_steps, dt=end / n_steps, method=method, initial=start)
        errors.append(abs(trace.states["v"][-1] - truth))
    measured = np.log2(np.array(errors[:-1]) / errors[1:])
    assert measured == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize("method", ["rk2", "rk4", "exponential_euler", "rush_larsen", "exponential_midpoint"])
def test_conductances_decay_exactly_under_every_method(method):
    trace = run(CONDUCTANCES, 50, dt=0.5, method=method, initial={"g_exc": 20.0})
    np.testing.assert_allclose(trace.states["g_exc"], 20.0 * np.exp(-np.arange(51) * 0.5 / 2.0), rtol=1e-13)


@pytest.mark.parametrize("method", ["exact", "exponential_euler", "rush_larsen", "exponential_midpoint"])
@pytest.mark.parametrize("dt", [0.01, 1.0, 20.0])
def test_one_linear_equation_is_solved_to_rounding(method, dt):
    trace = run(SINKING, 10, dt=dt, method=method)
    truth = 10.0 - 7.0 * np.exp(-np.arange(11) * dt / 5.0)
    np.testing.assert_allclose(trace.states["v"], truth, rtol=1e-14)


def test_oscillating_linear_system_is_exact():
    model = NeuronModel(name="ring", states={"x": 1.0, "y": 0.0}, dynamics={"x": "-0.1*x + 2*y", "y": "-2*x - 0.1*y"})
    times = np.arange(101) * 0.7
    trace = run(model, 100, dt=0.7)
    np.testing.assert_allclose(trace.states["x"], np.exp(-0.1 * times) * np.cos(2 * times), atol=1e-13)


def test_states_driven_by_a_clamped_one_see_the_clamp():
    def adaptive(**more):
        return NeuronModel(
            name="adaptive",
            parameters={"t_ref": 5.0, "tau": 20.0},
            states={"v": 20.0, "w": 1.0},
            dynamics={"v": "-v/10", "w": "(v - w)/tau", **more},
            threshold="v >= 15",
            reset={"v": "-7"},
            refractory={"duration": "t_ref", "clamp": {"v": "-5"}},
            receptors={"default": {"v": "v + weight"}},
        )

    for method in ("exact", "rk4", "rk45", "exponential_euler", "exponential_midpoint"):
        trace = run(adaptive(), 51, method=method)
        assert trace.spikes == [1]
        assert trace.states["v"][1] == -7.0
        assert (trace.states["v"][2:52] == -5.0).all()
        start = trace.states["w"][1]
        truth = -5.0 + (start + 5.0) * np.exp(-np.arange(51) * 0.1 / 20.0)
        np.testing.assert_allclose(trace.states["w"][1:], truth, rtol=1e-9 if method in ("rk4", "rk45") else 1e-12)


def test_input_that_is_driven_equals_one_known_before():
    driven = run(lif_exp(V_th=1e9), 100, inputs={"I": 375.0})
    known = run(lif_exp(V_th=1e9, I_e=375.0), 100)
    np.testing.assert_allclose(driven.states["v"], known.states["v"], rtol=1e-13)


@pytest.mark.parametrize("model", [lif_delta(), lif_exp(), lif_alpha()], ids=lambda model: model.name)
def test_auto_is_exact_for_linear_models(model):
    assert lower_model(model, "auto", 0.1).method == "exact"


@pytest.mark.parametrize("model", [lif_cond_exp(), izhikevich()], ids=lambda model: model.name)
def test_auto_is_rk2_for_others(model):
    assert lower_model(model, "auto", 0.1).method == "rk2"


AXON = NeuronModel(  # Hodgkin and Huxley 1952, as in docs/models.md
    name="axon",
    states={"v": -65.0, "m": "a_m/(a_m + b_m)", "h": "a_h/(a_h + b_h)", "n": "a_n/(a_n + b_n)"},
    expressions={
        "a_m": "1/exprel(-(v + 40)/10)", "b_m": "4*exp(-(v + 65)/18)",
        "a_h": "0.07*exp(-(v + 65)/20)", "b_h": "1/(1 + exp(-(v + 35)/10))",
        "a_n": "0.1/exprel(-(v + 55)/10)", "b_n": "0.125*exp(-(v + 65)/80)",
    },
    dynamics={
        "v": "10 - 120*m**3*h*(v - 50) - 36*n**4*(v + 77) - 0.3*(v + 54.387)",
        "m": "a_m*(1 - m) - b_m*m", "h": "a_h*(1 - h) - b_h*h", "n": "a_n*(1 - n) - b_n*n",
    },
)  # fmt: skip


def axon(v, m, h, n):
    a_m, b_m = 0.1 * (v + 40) / -np.expm1(-(v + 40) / 10), 4 * np.exp(-(v + 65) / 18)
    a_h, b_h = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    a_n, b_n = 0.01 * (v + 55) / -np.expm1(-(v + 55) / 10), 0.125 * np.exp(-(v + 65) / 80)
    dv = 10 - 120 * m**3 * h * (v - 50) - 36 * n**4 * (v + 77) - 0.3 * (v + 54.387)
    return dv, a_m * (1 - m) - b_m * m, a_h * (1 - h) - b_h * h, a_n * (1 - n) - b_n * n


def axon_errors(method, steps):
    start = [run(AXON, 0).states[name][0] for name in "vmhn"]
    truth = true_end(axon, start, 6.0)[0]
    return np.array([abs(run(AXON, n, dt=6.0 / n, method=method).states["v"][-1] - truth) for n in steps])


@pytest.mark.parametrize(
    ("method", "order"), [("exponential_euler", 1), ("exponential_midpoint", 2), ("strang", 2), ("rk2", 2), ("rk4", 4)]
)
def test_methods_have_their_order_through_a_spike_of_hodgkin_and_huxley(method, order):
    errors = axon_errors(method, (150, 300, 600))
    assert np.log2(errors[:-1] / errors[1:]) == pytest.approx(order, abs=0.3)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_the_adaptive_method_follows_that_spike_whatever_dt(dt):
    assert axon_errors("rk45", [round(6.0 / dt)])[0] < 1e-3


def test_exponential_methods_are_stable_where_a_step_is_longer_than_the_fastest_time():
    errors = {method: axon_errors(method, [30])[0] for method in ("exponential_midpoint", "rk4")}  # dt = 0.2
    assert errors["exponential_midpoint"] < 20.0 and not errors["rk4"] < 1e3


@pytest.mark.parametrize(
    ("method", "n_exponentials"),
    [("exponential_euler", 6 + 4), ("rush_larsen", 6 + 4), ("exponential_midpoint", 2 * 10), ("strang", 6)],
)
def test_equal_exponentials_are_computed_once(method, n_exponentials):
    # Six rates and one factor for each state; a_m stands in two places of dm/dt and in its slope.
    ops = [each.op for each in lower_model(AXON, method, 0.1).kernel.update.code]
    assert ops.count("rint") == n_exponentials


@pytest.mark.parametrize("dt", [0.1, 1.0, 10.0])
def test_split_gates_stay_between_0_and_1(dt):
    trace = run(AXON, 200, dt=dt, method="strang", initial={"v": 60.0})
    for gate in "mhn":
        assert trace.states[gate].min() >= 0.0 and trace.states[gate].max() <= 1.0


def test_splitting_is_for_gates_beside_a_voltage():
    with pytest.raises(MethodError, match="'strang' does not fit: it is for gates beside a voltage"):
        lower_model(CONDUCTANCES, "strang", 0.1)
    with pytest.raises(MethodError, match=r"'strang' does not fit: dv/dt contains .*v\*\*3"):
        lower_model(OSCILLATOR, "strang", 0.1)


def test_rush_larsen_is_exponential_euler_where_every_state_is_linear_in_itself():
    kernels = [lower_model(AXON, method, 0.1).kernel for method in ("rush_larsen", "exponential_euler")]
    assert kernels[0] == kernels[1]


def test_gates_only_or_what_is_linear_in_itself():
    with pytest.raises(MethodError, match=r"method 'rush_larsen' does not fit: dv/dt contains v\*\*2"):
        lower_model(NeuronModel(name="blow", states={"v": 0.0}, dynamics={"v": "v**2"}), "rush_larsen", 0.1)
    mixed = NeuronModel(name="mixed", states={"v": 1.0, "w": 1.0}, dynamics={"v": "w - v**3", "w": "-w*v"})
    trace = run(mixed, 1, method="rush_larsen")
    assert trace.states["v"][1] == 1.0 + 0.1 * (1.0 - 1.0)  # Euler's step
    assert trace.states["w"][1] == pytest.approx(np.exp(-0.1), rel=1e-15)


def test_auto_takes_exponentials_where_there_are_gates():
    assert lower_model(GATE, "auto", 0.1).method == "strang"


ALL = [lif_delta(), lif_exp(), lif_alpha(), lif_cond_exp(), izhikevich(), OSCILLATOR, GATE, SINKING]


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
@pytest.mark.parametrize("method", METHODS)
def test_a_refusal_advises_only_methods_that_fit(model, method):
    try:
        lower_model(model, method, 0.1)
    except MethodError as error:
        assert method not in error.fitting
        assert all(repr(name) in str(error) for name in error.fitting)
        for name in error.fitting:
            assert lower_model(model, name, 0.1).method == name


def test_a_refusal_names_the_term():
    with pytest.raises(MethodError, match=r"izhikevich: method 'exact' does not fit: dv/dt contains 0\.04\*v\*\*2"):
        lower_model(izhikevich(), "exact", 0.1)
    with pytest.raises(MethodError, match=r"dv/dt contains -v\*\(g_L \+ g_exc \+ g_inh\), which is not linear"):
        lower_model(lif_cond_exp(), "exact", 0.1)


def test_unknown_method_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'exact'"):
        lower_model(lif_exp(), "exakt", 0.1)
