"""Defects of the system that the project's first document describes, in neurons, receptors and transmitters: not here.

Each test is named after the defect; the numbers are those that the defective code gives.
"""

import numpy as np
import pytest
from equations import Equations
from single_neuron import run
from spikers import spikers

import hsnn_event as hsnn

C, M, R = hsnn.channels, hsnn.models, hsnn.receptors


def quiet_cell(*parts):
    """A cell that parts hardly move."""
    cell = M.membrane(C_m=1e15, v=-60.0)
    for part in parts:
        cell += part
    return cell


@pytest.mark.parametrize("v", [-40.0, -55.0])
def test_rates_are_no_nan_at_removable_singularities(v):
    """alpha_m was 0/0 at exactly -40 mV, alpha_n at -55 mV, and the neuron NaN from then on."""
    trace = run(M.hodgkin_huxley(), 20, dt=0.01, initial={"v": v})
    assert all(np.isfinite(values).all() for values in trace.states.values())


def test_gates_start_in_steady_state():
    """Gates began at 0, which made a neuron without input fire once."""
    trace = run(M.hodgkin_huxley(), 400, dt=0.05, method="rk4")
    assert trace.spikes == [] and abs(trace.states["v"] + 65.0).max() < 0.05
    gates = [trace.states[name][0] for name in ("m", "h", "n")]
    assert gates == pytest.approx([0.052932, 0.596121, 0.317677], abs=1e-6)  # of 1952, at the rest of 65 mV


def test_the_default_neuron_registers_its_spikes():
    """The threshold of the default neuron was 60 mV, above the sodium reversal potential, so no spike was ever seen."""
    trace = run(M.hodgkin_huxley(I_e=10.0), 400, dt=0.05, method="rk4")
    assert len(trace.spikes) >= 1 and trace.states["v"].max() < 50.0
    assert M.hodgkin_huxley().parameters["V_th"] < M.hodgkin_huxley().parameters["E_Na"]


def test_gates_are_recorded_under_their_own_names():
    """A helper that ran the neuron under a constant input gave h for n and n for h."""
    equations = Equations(M.hodgkin_huxley(), I=10.0)
    times = np.arange(0.0, 4.01, 0.5)
    truth = dict(zip(equations.states, equations.solve(times, equations.initial()), strict=True))
    trace = run(M.hodgkin_huxley(), 400, dt=0.01, method="rk4", inputs={"I": 10.0})
    for name in ("n", "h", "m"):
        np.testing.assert_allclose(trace.states[name][::50], truth[name], atol=1e-6)


def test_the_calcium_channel_closes_as_published_and_its_current_is_inward():
    """beta divided v + 8.9 by exp(v + 8.9)/5 - 1, which is 0 near -7.3 mV; and the current had the other sign."""
    equations = Equations(quiet_cell(C.calcium()))
    for v in (-60.0, -8.9, -7.29, 0.0, 30.0):
        x = v + 8.9
        beta = 0.02 * x / (np.exp(x / 5) - 1) if x else 0.1
        assert equations.value("beta_s", equations.initial(v=v)) == pytest.approx(beta, rel=1e-12)
    y = equations.initial(v=0.0)
    assert equations.value("I_Ca", y) > 0 and equations.value("I_Ca", equations.initial(v=100.0)) < 0


@pytest.mark.parametrize("tau", [2.0, 20.0])
def test_exponential_kinetics_keep_exp_of_minus_dt_over_tau(tau):
    """1 - exp(-dt/tau) was kept in each step: 0.049 of it at 2 ms, and the longer tau, the faster it went."""
    trace = run(quiet_cell(R.ampa(tau_syn=tau)), 3, arrivals={(1, "ampa"): 1.0}).states["g_ampa"]
    assert trace[2] / trace[1] == pytest.approx(np.exp(-0.1 / tau), rel=1e-12) and trace[2] > 0.95


def test_gaba_b_is_finite_from_rest_and_depends_on_its_messenger():
    """G**4/(G**4 * 100) is NaN at G = 0, and 0.01 ever after."""
    cell = quiet_cell(R.gaba_b())
    equations = Equations(cell)
    assert equations.value("I_gaba_b", equations.initial()) == 0.0
    for G, part in ((1.0, 1 / 101), (10.0**0.5, 0.5), (100.0, 1e8 / (1e8 + 100))):
        current = equations.value("I_gaba_b", equations.initial(G_gaba_b=G))
        assert current == pytest.approx(0.06 * part * (-95.0 + 60.0), rel=1e-12)
    G = [run(cell, 500, arrivals={(10 * k + 1, "gaba_b"): 1.0 for k in range(n)}).states["G_gaba_b"].max() for n in (1, 10)]
    assert np.isfinite(G).all() and 0 < G[0] < G[1] < 0.098 / 0.033


def test_the_block_by_magnesium_divides_by_3_57():
    """It divided by 3.75."""
    equations = Equations(quiet_cell(R.nmda(Mg=1.0)))
    assert equations.value("B_nmda", equations.initial(v=0.0)) == pytest.approx(1 / (1 + 1 / 3.57), rel=1e-14)


@pytest.mark.parametrize("name", ["ampa", "nmda", "gaba_a", "gaba_b"])
@pytest.mark.parametrize("kinetics", R.KINETICS)
def test_receptors_without_input_decay(name, kinetics):
    """A receptor whose transmitter no incoming synapse carried stood still."""
    part = getattr(R, name)(kinetics=kinetics)
    net = hsnn.Network(dt=0.1, backend="reference")
    cell = net.population("cell", 1, M.lif_exp() + part)  # nothing is connected to it
    state = {"destexhe": f"r_{name}"}.get(kinetics, f"g_{name}")
    cell.set(**{state: 0.5})
    net.run(5.0)
    assert 0 < cell.get(state)[0] < 0.5


def test_release_has_its_half_point_and_slope_in_their_places():
    """The constructor had 5 mV for the half point and 2 mV for the slope, which are 2 and 5."""
    assert R.release().parameters == {"T_max": 1.0, "V_p": 2.0, "K_p": 5.0}


def test_largest_conductances_belong_to_their_receptors():
    """Scripts gave AMPA's conductance to NMDA, and the other way round."""
    cell = quiet_cell(R.ampa(kinetics="destexhe", g_max=3.0), R.nmda(kinetics="destexhe", g_max=0.5, Mg=0.0))
    equations = Equations(cell)
    y = equations.initial(r_ampa=0.5, r_nmda=0.5)
    assert equations.value("I_ampa", y) == pytest.approx(3.0 * 0.5 * 60.0)
    assert equations.value("I_nmda", y) == pytest.approx(0.5 * 0.5 * 60.0)


def test_a_silent_synapse_weakens_no_other():
    """Inputs were averaged over all incoming synapses, so each one that was added weakened those that were there."""
    peaks = []
    for others in (0, 9):
        net = hsnn.Network(dt=0.1, backend="reference")
        cell = net.population("cell", 1, M.lif_exp() + R.ampa())
        net.connect(spikers(net, [1.0]), cell, hsnn.connect.all_to_all(), weight=2.0, delay=1.0, receptor="ampa")
        if others:
            silent = net.population("silent", others, M.lif_exp())
            net.connect(silent, cell, hsnn.connect.all_to_all(), weight=2.0, delay=1.0, receptor="ampa")
        trace = net.record(cell, "g_ampa")
        peaks.append(net.run(5.0)[trace]["g_ampa"].values.max())
    assert peaks == [2.0, 2.0]


@pytest.mark.parametrize("kinetics", R.KINETICS)
def test_the_charge_of_an_event_does_not_depend_on_the_step(kinetics):
    """An event was a current for one step, so its charge was proportional to dt."""
    charges = []
    for dt in (0.1, 0.05):
        trace = run(quiet_cell(R.ampa(kinetics=kinetics)), int(60 / dt), dt=dt, method="rk4", arrivals={(1, "ampa"): 0.5})
        charges.append(trace.states["r_ampa" if kinetics == "destexhe" else "g_ampa"].sum() * dt)
    assert charges[0] == pytest.approx(charges[1], rel=0.02)
