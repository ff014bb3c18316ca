"""The adaptive method: its error against its tolerance, its work, its ends; and both backends to the bit."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from single_neuron import run

import hsnn_event as hsnn
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.protocol import Watch
from hsnn_event.backends.reference import ReferenceEngine
from hsnn_event.lowering import adaptive
from hsnn_event.lowering.arithmetic import attempted, evaluate
from hsnn_event.lowering.ir import PARTS
from hsnn_event.lowering.lowered import lower_model
from hsnn_event.lowering.program import lower

VAN_DER_POL = hsnn.NeuronModel(
    name="van_der_pol", parameters={"mu": 5.0}, states={"x": 1.0, "y": 0.0},
    dynamics={"x": "y", "y": "mu*(1 - x**2)*y - x"},
)  # fmt: skip
ADEX = hsnn.NeuronModel(
    name="adex",
    parameters={"C": 281.0, "g_L": 30.0, "E_L": -70.6, "V_T": -50.4, "D_T": 2.0, "a": 4.0, "tau_w": 144.0, "b": 80.5,
                "t_ref": 0.0, "I_e": 1000.0},
    states={"v": -70.6, "w": 0.0},
    dynamics={"v": "(-g_L*(v - E_L) + g_L*D_T*exp((v - V_T)/D_T) - w + I_e + I)/C", "w": "(a*(v - E_L) - w)/tau_w"},
    inputs={"I": 0.0},
    receptors={"default": {"v": "v + weight"}},
    threshold="v >= 0",
    reset={"v": "E_L", "w": "w + b"},
    detection="interpolated",
)  # fmt: skip


def true_end(derivatives, start, end):
    return solve_ivp(lambda _, x: derivatives(*x), (0, end), start, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]


def test_the_pair_has_the_orders_that_it_promises():
    # Conditions of order: sum b = 1, sum b c = 1/2, ... up to c**4 for the result, and one less for the other method.
    nodes = [sum(row) for row in adaptive.STAGES]
    weights = (*adaptive.STAGES[-1], 0)
    embedded = [b - e for b, e in zip(weights, adaptive.ERROR, strict=True)]
    for power in range(5):
        assert sum(b * c**power for b, c in zip(weights, nodes, strict=True)) * (power + 1) == 1
    for power in range(4):
        assert sum(b * c**power for b, c in zip(embedded, nodes, strict=True)) * (power + 1) == 1
    assert sum(b * c**4 for b, c in zip(embedded, nodes, strict=True)) * 5 != 1
    assert sum(adaptive.ERROR) == 0


def test_one_attempt_a_step_is_of_order_5():
    # Steps so short that the tolerance cuts none: the method by itself.
    def oscillator(v, w):
        return v - v**3 / 3 - w, 0.08 * (v + 0.7 - 0.8 * w)

    model = hsnn.NeuronModel(
        name="oscillator", states={"v": 1.0, "w": 0.5}, dynamics={"v": "v - v**3/3 - w", "w": "0.08*(v + 0.7 - 0.8*w)"}
    )
    truth = true_end(oscillator, [1.0, 0.5], 4.0)[0]
    errors = [abs(run(model, n, dt=4.0 / n, method="rk45").states["v"][-1] - truth) for n in (8, 16, 32)]
    assert (np.log2(np.array(errors[:-1]) / errors[1:]) > 4.7).all()


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("mu", [5.0, 100.0])
def test_the_error_does_not_depend_on_dt(mu, dt):
    truth = true_end(lambda x, y: (y, mu * (1 - x**2) * y - x), [1.0, 0.0], 20.0)
    trace = run(VAN_DER_POL.with_parameters(mu=mu), round(20 / dt), dt=dt, method="rk45")
    found = np.array([trace.states["x"][-1], trace.states["y"][-1]])
    assert np.abs(found - truth).max() < 2e-4 * np.abs(truth).max()


def parts_of(model, dt, n_steps):
    """How many parts each step was cut into, and the attempts that it took."""
    kernel = lower_model(model, "rk45", dt).kernel
    assert kernel.attempt is not None
    counts = []
    loads = {
        "constant": [np.full(1, value) for value in lower_model(model, "rk45", dt).constants({}, 1).values()],
        "state": [np.full(1, value) for value in (1.0, 0.0)], "input": [], "arrival": [],
    }  # fmt: skip
    for _ in range(n_steps):
        calls = []
        loads |= attempted(kernel, loads, np.array([False]), np.float64, look=calls.append)
        loads["state"] = evaluate(kernel.update, loads)
        counts.append(calls)
    return counts


def test_steps_are_cut_where_the_solution_is_steep_and_whole_where_it_is_not():
    calls = parts_of(VAN_DER_POL.with_parameters(mu=20.0), 0.1, 300)
    n = [len(each) for each in calls]
    assert min(n) == 1 and 20 < max(n) < 300
    assert all(1 / PARTS <= part <= 1 for each in calls for (part,) in each)


def test_discontinuities_end_it_at_the_least_part():
    jump = hsnn.NeuronModel(name="jump", states={"x": 0.0}, dynamics={"x": "where(x < 0.5, 1, 100)"})
    trace = run(jump, 10, dt=0.125, method="rk45")
    truth = np.where(np.arange(11) * 0.125 <= 0.5, np.arange(11) * 0.125, 0.5 + 100 * (np.arange(11) * 0.125 - 0.5))
    np.testing.assert_allclose(trace.states["x"], truth, atol=1e-3)


def test_what_has_no_solution_is_not_a_number_soon():
    explosion = hsnn.NeuronModel(name="explosion", states={"x": 1.0}, dynamics={"x": "x**2"})  # 1/(1 - t)
    trace = run(explosion, 12, dt=0.1, method="rk45")
    np.testing.assert_allclose(trace.states["x"][:10], 1 / (1 - 0.1 * np.arange(10)), rtol=1e-5)
    assert not np.isfinite(trace.states["x"][11])


def test_spikes_of_an_exponential_neuron_are_as_exact_as_the_tolerance():
    # The upstroke reaches infinity in finite time, within a step: only inside the step is its time to be had.
    parameters = ADEX.parameters

    def rates(v, w):
        p = parameters
        dv = -p["g_L"] * (v - p["E_L"]) + p["g_L"] * p["D_T"] * np.exp(min(700.0, (v - p["V_T"]) / p["D_T"])) - w + p["I_e"]
        return dv / p["C"], (p["a"] * (v - p["E_L"]) - w) / p["tau_w"]

    def threshold(_, x):
        return x[0]

    threshold.terminal, threshold.direction = True, 1
    truth = solve_ivp(lambda _, x: rates(*x), (0, 100), [-70.6, 0.0], method="DOP853", rtol=1e-10, atol=1e-10,
                      events=threshold).t_events[0][0]  # fmt: skip
    for dt in (0.05, 0.1, 0.5):
        net = hsnn.Network(dt=dt, backend="reference")
        cells = net.population("cells", 1, ADEX, method="rk45")
        net.record(cells, "spikes")
        spikes = net.run(12.0 if dt < 0.5 else 12.5).spikes["cells"]
        assert spikes.times[0] == pytest.approx(truth, abs=1e-4)


def test_refractory_neurons_stand_still_and_do_not_stop():
    model = replace(ADEX, refractory={"duration": "2", "clamp": {"v": "E_L"}})
    trace = run(model, 400, method="rk45")
    first = trace.spikes[0]
    assert (trace.states["v"][first : first + 21] == -70.6).all()
    assert trace.states["v"][first + 21] != -70.6
    w = trace.states["w"][first : first + 21]
    np.testing.assert_allclose(w, w[0] * np.exp(-np.arange(21) * 0.1 / 144), rtol=1e-7)


def network(precision="double"):
    net = hsnn.Network(dt=0.1, seed=5, precision=precision)
    cells = net.population("adex", 60, ADEX, method="rk45")
    cells.set(v=hsnn.random.uniform(-70.0, -50.0), I_e=hsnn.random.uniform(500.0, 1500.0))
    net.drive(cells[:20], hsnn.stimuli.noise(200.0))
    net.connect(cells, cells, hsnn.connect.bernoulli(0.2), weight=1.0, delay=1.0)
    if precision == "single":
        return net
    clamped = replace(ADEX, name="clamped", refractory={"duration": "1", "clamp": {"v": "E_L"}}, detection="level")
    other = net.population("clamped", 40, clamped, method="rk45")
    swinging = net.population("swinging", 10, replace(VAN_DER_POL, threshold="x > 1", detection="crossing"), method="rk45")
    swinging.set(mu=hsnn.random.uniform(1.0, 100.0))
    net.connect(cells, other, hsnn.connect.bernoulli(0.2), weight=1.0, delay=1.0)
    return net


@pytest.mark.parametrize("precision", ["double", "single"])
def test_both_backends_give_the_same_bits(precision):
    program = lower(network(precision))
    reference, fast = ReferenceEngine(program), NumbaEngine(program, 2, 3)
    watch = Watch(np.ones(len(program.populations), dtype=np.bool_))
    one, other = reference.advance(300, watch), fast.advance(300, watch)
    assert len(one.steps) > 60
    for name in ("steps", "populations", "ids", "lags"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for number, plan in enumerate(program.populations):
        for state in plan.states:
            assert np.array_equal(reference.read(number, state), fast.read(number, state)), state
