"""Neurons that fire by their channels follow an adaptive solver of order 8, spikes and all; and default methods suffice."""

from functools import cache

import numpy as np
import pytest
from equations import Equations
from single_neuron import run

import hsnn_event as hsnn
from hsnn_event.lowering.lowered import lower_model

M, R = hsnn.models, hsnn.receptors
DURATION = 100.0  # ms

# name: model, constant current, largest difference of v (mV) under "rk4" at 0.01 ms, spikes in DURATION
CASES = {
    "hodgkin_huxley": (M.hodgkin_huxley(), 10.0, 1e-3, 7),
    "traub_miles": (M.traub_miles(), 500.0, 0.02, 8),
    "wang_buzsaki": (M.wang_buzsaki(), 1.0, 0.02, 6),
    "morris_lecar_I": (M.morris_lecar(type="I"), 60.0, 1e-6, 2),
    "morris_lecar_II": (M.morris_lecar(type="II"), 100.0, 1e-6, 1),
    "morris_lecar_homoclinic": (M.morris_lecar(type="homoclinic"), 60.0, 1e-6, 3),
    "fitzhugh_nagumo": (M.fitzhugh_nagumo(), 0.5, 1e-6, 3),
}
TIMES = np.arange(1001) / 10.0


@cache
def truth(name):
    """v at TIMES, and the times of its crossings."""
    model, current, *_ = CASES[name]
    equations = Equations(model, I=current)
    start = equations.initial()
    spikes = equations.crossings(DURATION, start, level=model.parameters["V_th"])
    return equations.solve(TIMES, start)[0][1:], spikes


def simulated(name, dt, method):
    """v at TIMES, and the spikes."""
    model, current, *_ = CASES[name]
    net = hsnn.Network(dt=dt, threads=1)
    cell = net.population("cell", 1, model, method=method)
    net.drive(cell, hsnn.stimuli.current(current))
    net.record(cell, "spikes")
    trace = net.record(cell, "v", every=0.1)
    result = net.run(DURATION)
    return result[trace]["v"].values[:, 0], result.spikes["cell"].times


@pytest.mark.parametrize("name", CASES)
def test_trace_and_spikes_are_those_of_the_equations(name):
    """A spike is the first step at whose end v is above the threshold, so it comes up to a step after the crossing."""
    *_, bound, n_spikes = CASES[name]
    v, spikes = simulated(name, 0.01, "rk4")
    true_v, true_spikes = truth(name)
    np.testing.assert_allclose(v, true_v, rtol=0, atol=bound)
    assert len(true_spikes) == n_spikes and len(spikes) == n_spikes
    late = spikes - true_spikes
    assert late.min() > -1e-4 and late.max() < 0.01 + 1e-4


@pytest.mark.parametrize("name", ["hodgkin_huxley", "traub_miles", "wang_buzsaki"])
def test_the_default_method_keeps_intervals_at_the_usual_step(name):
    """At 0.1 ms: the mean interval within 3 percent, where Heun's method diverges or has twice the error."""
    _, spikes = simulated(name, 0.1, "auto")
    true = truth(name)[1]
    n = min(len(spikes), len(true))
    assert len(true) - n <= 1
    assert np.diff(spikes[:n]).mean() == pytest.approx(np.diff(true[:n]).mean(), rel=0.03)


BLOCKED = M.hodgkin_huxley() + R.nmda()


def test_the_block_of_nmda_leaves_a_stiff_membrane_stable_and_the_method_of_second_order():
    """The equation of v has the block, a function of v, in it. An explicit step would diverge at 0.1 ms."""
    equations = Equations(BLOCKED, I=10.0)
    start = equations.initial(g_nmda=0.3)
    end = equations.solve(np.array([0.0, 3.0]), start)[0, -1]
    errors = [abs(run(BLOCKED, n, dt=3.0 / n, inputs={"I": 10.0}, initial={"g_nmda": 0.3}).states["v"][-1] - end)
              for n in (100, 200, 400)]  # fmt: skip
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.25)
    trace = run(BLOCKED, 250, inputs={"I": 10.0})
    true = Equations(BLOCKED, I=10.0).crossings(25.0, Equations(BLOCKED).initial())
    assert len(trace.spikes) == len(true) and -77.0 < trace.states["v"].min() < trace.states["v"].max() < 50.0


GATED = [
    BLOCKED, M.hodgkin_huxley(), M.traub_miles(), M.wang_buzsaki(), M.morris_lecar(),
    M.lif_exp() + R.ampa(kinetics="destexhe"),
]  # fmt: skip
OTHERS = [M.fitzhugh_nagumo(), M.lif_cond_exp(), M.izhikevich(), M.lif_exp() + R.nmda()]


@pytest.mark.parametrize("model", [*GATED, *OTHERS], ids=lambda model: f"{model.name}-{len(model.states)}")
def test_gates_decide_the_default_method(model):
    expected = "exponential_midpoint" if model in GATED else "rk2"
    assert lower_model(model, "auto", 0.1).method == expected


def test_a_release_that_follows_the_presynaptic_potential_needs_no_event():
    """The interneurons of Wang and Buzsaki: ds/dt = 12 F(v_pre) (1 - s) - 0.1 s, F = 1/(1 + exp(-v/2))."""
    synapse = R.gaba_a(kinetics="destexhe", transmitter="input", alpha=12.0, beta=0.1, g_max=0.1, E_rev=-75.0)
    pre, post = M.wang_buzsaki() + R.release(V_p=0.0, K_p=2.0), M.wang_buzsaki() + synapse
    assert post.inputs["T_gaba_a"] == 0.0 and not post.receptors
    for v in (-60.0, 0.0, 30.0):
        F = Equations(pre).value("T", Equations(pre).initial(v=v))
        assert abs(F - 1 / (1 + np.exp(-v / 2))) < 1e-12
        equations = Equations(post, T_gaba_a=F)
        s = equations.slope(0.0, equations.initial(r_gaba_a=0.25))[equations.states.index("r_gaba_a")]
        assert s == pytest.approx(12.0 * F * 0.75 - 0.1 * 0.25)
