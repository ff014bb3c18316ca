"""Receptors and transmitters against closed forms: single cells, stepped by the interpreter, and small networks."""

import numpy as np
import pytest
from equations import Equations
from scipy.integrate import solve_ivp
from single_neuron import run
from spikers import spikers

import hsnn_event as hsnn

R = hsnn.receptors
MAKERS = {"ampa": R.ampa, "nmda": R.nmda, "gaba_a": R.gaba_a, "gaba_b": R.gaba_b}
RATES = {"ampa": (1.1, 0.19), "nmda": (0.072, 0.0066), "gaba_a": (5.0, 0.18)}  # Destexhe et al. (1994)


def held(*parts, v=-60.0):
    """A cell whose potential stands still (what the parts do to it is negligible), and the parts."""
    cell = hsnn.models.membrane(C_m=1e15, v=v)
    for part in parts:
        cell += part
    return cell


def constant(part, T, v=-60.0, **changes):
    """Where the states of a part come to rest under a constant concentration of transmitter, and the current there."""
    cell = held(part, v=v).with_parameters(**changes)
    equations = Equations(cell, **{f"T_{part.name}": T})
    end = solve_ivp(equations.slope, (0.0, 20_000.0), equations.initial(), "LSODA", rtol=1e-10, atol=1e-12).y[:, -1]
    return dict(zip(equations.states, end, strict=True)), equations.value(f"I_{part.name}", end)


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("T", [0.01, 1.0])
def test_bound_receptors_come_to_the_steady_state_of_first_order_kinetics(name, T):
    alpha, beta = RATES[name]
    states, current = constant(MAKERS[name](kinetics="destexhe", transmitter="input"), T)
    assert states[f"r_{name}"] == pytest.approx(alpha * T / (alpha * T + beta), rel=1e-6)
    reversal, g_max, open_part = {"ampa": (0.0, 1.0, 1.0), "nmda": (0.0, 0.6, 1 / (1 + np.exp(0.062 * 60.0) / 3.57)),
                                  "gaba_a": (-80.0, 1.2, 1.0)}[name]  # fmt: skip
    assert current == pytest.approx(g_max * open_part * states[f"r_{name}"] * (reversal + 60.0), rel=1e-6)


def test_gaba_b_comes_to_the_steady_state_of_its_messenger():
    states, current = constant(R.gaba_b(transmitter="input"), 0.01)
    r = 0.52 * 0.01 / (0.52 * 0.01 + 0.0013)
    G = 0.098 / 0.033 * r
    assert states["r_gaba_b"] == pytest.approx(r, rel=1e-6) and states["G_gaba_b"] == pytest.approx(G, rel=1e-6)
    assert current == pytest.approx(0.06 * G**4 / (G**4 + 100.0) * (-95.0 + 60.0), rel=1e-6)


@pytest.mark.parametrize(("v", "Mg", "part"), [
    (0.0, 1.0, 0.7812), (-60.0, 1.0, 0.0796), (40.0, 1.0, 0.9771), (-60.0, 0.0, 1.0), (-60.0, 2.0, 0.0415),
])  # fmt: skip
def test_the_block_of_nmda_is_that_of_jahr_and_stevens(v, Mg, part):
    equations = Equations(held(R.nmda(Mg=Mg), v=v))
    block = equations.value("B_nmda", equations.initial())
    assert block == pytest.approx(1 / (1 + np.exp(-0.062 * v) * Mg / 3.57), rel=1e-14)
    assert block == pytest.approx(part, abs=1e-4)  # by a calculator
    assert equations.value("I_nmda", equations.initial(g_nmda=2.0)) == pytest.approx(-2.0 * part * v, rel=1e-2)


@pytest.mark.parametrize("name", MAKERS)
def test_exponential_conductances_jump_by_the_weight_and_decay(name):
    tau = 7.0
    trace = run(held(MAKERS[name](kinetics="exponential", tau_syn=tau)), 300, arrivals={(10, name): 2.5, (50, name): 0.5})
    times = 0.1 * np.arange(301)
    truth = 2.5 * np.exp(-(times - 1.0) / tau) * (times > 0.95) + 0.5 * np.exp(-(times - 5.0) / tau) * (times > 4.95)
    np.testing.assert_allclose(trace.states[f"g_{name}"], truth, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(("rise", "decay"), [(0.5, 7.0), (7.0, 0.5), (3.0, 3.0), (3.0, 3.0000001)])
def test_rise_and_decay_has_the_weight_as_its_peak(rise, decay):
    cell = held(R.ampa(kinetics="rise_decay", tau_rise=rise, tau_decay=decay))
    trace = run(cell, 3000, dt=0.01, arrivals={(1, "ampa"): 2.5})
    g = trace.states["g_ampa"][1:]
    times = 0.01 * np.arange(len(g))
    peak = rise if rise == decay else rise * decay / (decay - rise) * np.log(decay / rise)
    assert g.max() == pytest.approx(2.5, rel=1e-5) and times[g.argmax()] == pytest.approx(peak, abs=0.006)
    if abs(rise - decay) > 1e-3:
        shape = np.exp(-times / decay) - np.exp(-times / rise)
        height = np.exp(-peak / decay) - np.exp(-peak / rise)
        np.testing.assert_allclose(g, 2.5 * shape / height, rtol=1e-9, atol=1e-12)
    elif rise == decay:
        np.testing.assert_allclose(g, 2.5 * times / rise * np.exp(1 - times / rise), rtol=1e-9, atol=1e-12)


def test_default_times_are_those_of_the_rates():
    for name, (alpha, beta) in RATES.items():
        assert MAKERS[name]().parameters[f"tau_syn_{name}"] == 1 / beta
        slow = MAKERS[name](kinetics="rise_decay").parameters
        assert (slow[f"tau_rise_{name}"], slow[f"tau_decay_{name}"]) == (1 / (alpha + beta), 1 / beta)


def test_transmitter_adds_up_and_clears():
    cell = held(R.ampa(kinetics="destexhe", tau_T=2.0))
    for n in (1, 5):  # synapses at once: T is their sum, and r the fraction that the equations say
        trace = run(cell, 400, dt=0.02, method="rk4", arrivals={(50, "ampa"): 1.0 * n})
        T, r = trace.states["T_ampa"], trace.states["r_ampa"]
        np.testing.assert_allclose(T[50:], n * np.exp(-0.02 * np.arange(351) / 2.0), rtol=1e-12)
        assert (T[:50] == 0).all() and (r[:51] == 0).all()
        truth = solve_ivp(lambda t, r, n=n: 1.1 * n * np.exp(-t / 2.0) * (1 - r) - 0.19 * r, (0.0, 7.0), [0.0], "DOP853",
                          0.02 * np.arange(351), rtol=1e-11, atol=1e-13).y[0]  # fmt: skip
        np.testing.assert_allclose(r[50:], truth, atol=1e-6)


def test_receptors_saturate_however_many_spikes_arrive():
    """A thousand at once bind all receptors and no more, at the usual step, under a method that follows fast binding."""
    cell = held(R.gaba_a(kinetics="destexhe"))
    r = run(cell, 200, method="exponential_euler", arrivals={(5, "gaba_a"): 1000.0}).states["r_gaba_a"]
    assert r.min() >= 0 and 0.999 < r.max() <= 1 and r[-1] < 1


def test_synapses_add_up_whatever_stands_beside_them():
    """Two synapses move a cell as one of the sum of their weights; a silent one changes nothing."""
    traces = []
    for weights in ([1.0, 2.0], [3.0], [3.0, 0.0, 0.0]):
        net = hsnn.Network(dt=0.1, backend="reference")
        cell = net.population("cell", 1, hsnn.models.lif_exp() + R.ampa())
        source = spikers(net, [1.0] * len(weights))
        net.connect(source, cell, hsnn.connect.all_to_all(), weight=np.array(weights), delay=1.0, receptor="ampa")
        trace = net.record(cell, ("v", "g_ampa"))
        data = net.run(10.0)[trace]
        traces.append(data["v"].values)
        assert data["g_ampa"].values.max() == 3.0
    assert np.array_equal(traces[0], traces[1]) and np.array_equal(traces[1], traces[2])


def test_graded_release_follows_the_potential():
    cell = hsnn.models.membrane() + R.release()
    equations = Equations(cell)
    for v in (-65.0, 2.0, 7.0, 40.0):
        assert equations.value("T", [v]) == pytest.approx(1 / (1 + np.exp(-(v - 2.0) / 5.0)))
    other = hsnn.models.membrane() + R.release() + R.release(name="dopamine", T_max=0.5)
    assert Equations(other).value("dopamine", [2.0]) == 0.25


def test_what_a_receptor_of_ones_own_does():
    kainate = R.receptor(
        "kainate", event={"s": "s + weight/tau"}, states={"s": 0.0}, dynamics={"s": "-s/tau"}, parameters={"tau": 50.0},
        current="2*s*(E - v)", expressions={"E": "5"}, units={"tau": "ms"}, positive=["tau"],
    )  # fmt: skip
    trace = run(held(kainate), 100, arrivals={(1, "kainate"): 3.0})
    np.testing.assert_allclose(trace.states["s"][1:], 3.0 / 50.0 * np.exp(-0.1 * np.arange(100) / 50.0), rtol=1e-12)


def test_delta_moves_the_potential():
    trace = run(held(R.delta()), 2, arrivals={(2, "default"): 4.5})
    np.testing.assert_allclose(trace.states["v"], [-60.0, -60.0, -55.5], rtol=1e-12)


@pytest.mark.parametrize("kinetics", R.KINETICS)
@pytest.mark.parametrize("name", MAKERS)
def test_every_receptor_moves_a_cell_towards_its_reversal_potential(name, kinetics):
    part = MAKERS[name](kinetics=kinetics)
    reversal = part.parameters[f"E_rev_{name}"]
    cell = hsnn.models.lif_delta(E_L=-70.0, V_th=1e9, C_m=10.0) + part
    weight = 20.0 if name == "gaba_b" else 0.5
    v = run(cell, 600, method="rk4", arrivals={(2, name): weight}).states["v"]
    assert np.isfinite(v).all() and (v[-1] > v[0]) == (reversal > v[0]) and abs(v[-1] - v[0]) > 1e-3


@pytest.mark.parametrize("cell", ["lif_exp", "lif_delta", "adex"])
def test_weights_in_other_units_than_the_neurons_own(cell):
    whole = getattr(hsnn.models, cell)()
    assert "weight" in whole.units
    parts = [R.ampa(), R.nmda(kinetics="rise_decay"), R.gaba_a(kinetics="destexhe"), R.delta(name="jump")]
    for part in parts:
        whole += part
    assert whole.units["g_ampa"] == "nS" and "weight" not in whole.units  # nS, plain numbers and mV


def test_a_weight_in_one_unit_keeps_it():
    assert (hsnn.models.lif_cond_exp() + R.nmda(kinetics="rise_decay")).units["weight"] == "nS"
    whole = held(R.nmda(kinetics="rise_decay"), R.ampa(kinetics="rise_decay"))
    assert (whole.units["weight"], whole.units["dg_ampa"]) == ("mS/cm2", "mS/cm2/ms")
