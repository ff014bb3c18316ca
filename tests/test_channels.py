"""Ion channels and the neurons made of them: published numbers of the equations themselves, evaluated from their text."""

import numpy as np
import pytest
from equations import Equations
from scipy.optimize import brentq

import hsnn_event as hsnn

M, C = hsnn.models, hsnn.channels
CHANNELS = [C.sodium(), C.potassium(), C.sodium_traub_miles(), C.potassium_traub_miles(), C.calcium(), C.m_current(),
            C.a_current()]  # fmt: skip
NEURONS = {
    "hodgkin_huxley": M.hodgkin_huxley(), "traub_miles": M.traub_miles(), "wang_buzsaki": M.wang_buzsaki(),
    "morris_lecar_I": M.morris_lecar(type="I"), "morris_lecar_II": M.morris_lecar(),
    "morris_lecar_homoclinic": M.morris_lecar(type="homoclinic"), "fitzhugh_nagumo": M.fitzhugh_nagumo(),
}  # fmt: skip


class Steady:
    """The steady states of a model, one for each v."""

    def __init__(self, model):
        self.equations = Equations(model)
        self.capacity = model.parameters.get("C_m", 1.0)

    def current(self, v):
        """The current that holds v."""
        self.equations.known["I"] = 0.0
        return -self.capacity * self.equations.slope(0.0, self.equations.initial(v=v))[0]

    def growth(self, v):
        """The largest real part of the eigenvalues of the Jacobian: how fast a small change grows."""
        self.equations.known["I"] = self.current(v)
        return np.linalg.eigvals(self.equations.jacobian(self.equations.initial(v=v))).real.max()

    def rest(self, low, high):
        return brentq(self.current, low, high, xtol=1e-12)

    def hopf(self, low, high):
        """The current at which the state of a v between low and high loses or gains its stability."""
        return self.current(brentq(self.growth, low, high, xtol=1e-12))


def fires(model, current, duration):
    """Does it fire in `duration` ms under a step of current, from its rest?"""
    start = Equations(model).initial(v=Steady(model).rest(-70.0, -60.0))
    return bool(Equations(model, I=current).crossings(duration, start, method="LSODA", rtol=1e-9, atol=1e-9).size)


def test_hodgkin_huxley_at_rest():
    assert Steady(M.hodgkin_huxley()).rest(-70.0, -60.0) == pytest.approx(-64.99638, abs=5e-6)


@pytest.mark.parametrize("low, high, current", [(-62.0, -58.0, 9.7754), (-46.0, -42.0, 154.522)])
def test_hopf_points_of_hodgkin_huxley(low, high, current):
    assert Steady(M.hodgkin_huxley()).hopf(low, high) == pytest.approx(current, rel=1e-5)


def test_rheobase_of_hodgkin_huxley():
    """A step of current from rest: 2.2403 uA/cm2 is the first that gives a spike."""
    assert not fires(M.hodgkin_huxley(), 2.2402, 60.0) and fires(M.hodgkin_huxley(), 2.2404, 60.0)


def test_morris_lecar_of_type_II():
    steady = Steady(M.morris_lecar(type="II"))
    assert steady.rest(-70.0, -50.0) == pytest.approx(-60.855, abs=5e-4)
    assert steady.hopf(-30.0, -20.0) == pytest.approx(93.858, abs=5e-4)
    assert steady.hopf(5.0, 10.0) == pytest.approx(212.019, abs=5e-4)


def test_morris_lecar_of_type_I_loses_its_rest_in_a_saddle_node():
    """The curve I(v) of its steady states has a fold at 39.96 uA/cm2, before which the rest is stable: there firing begins,
    and slowly. That of type II rises all along, so that its rest is lost in a Hopf bifurcation."""
    values = np.arange(-60.0, 20.0, 0.1)
    one, two = Steady(M.morris_lecar(type="I")), Steady(M.morris_lecar(type="II"))
    currents = np.array([one.current(v) for v in values])
    fold = int(np.argmax(np.diff(currents) < 0))
    assert currents[fold] == pytest.approx(39.96, abs=0.01) and one.growth(values[fold - 2]) < 0
    assert (np.diff([two.current(v) for v in values]) > 0).all()


def test_the_homoclinic_set_differs_in_speed_alone():
    one, other = M.morris_lecar(type="I").parameters, M.morris_lecar(type="homoclinic").parameters
    assert {name for name in one if one[name] != other[name]} == {"phi"} and other["phi"] == 0.23


def test_hopf_points_of_fitzhugh_nagumo_are_the_analytic_ones():
    """The trace of the Jacobian, 1 - v**2 - b phi, vanishes at them."""
    steady, at = Steady(M.fitzhugh_nagumo()), np.sqrt(1 - 0.8 * 0.08)
    for low, high, v in ((-1.05, -0.9, -at), (0.9, 1.05, at)):
        assert steady.hopf(low, high) == pytest.approx((v + 0.7) / 0.8 - v + v**3 / 3, rel=1e-8)
    begins = Equations(M.fitzhugh_nagumo())
    assert np.abs(begins.slope(0.0, begins.initial())).max() < 1e-12  # at rest


def test_wang_buzsaki_begins_to_fire_at_a_saddle_node():
    """Class 1: I(v) of its steady states has a fold at a small current, before which the rest is stable. In the paper's
    figure the first spikes come between 0.1 and 0.2 uA/cm2."""
    steady, values = Steady(M.wang_buzsaki()), np.arange(-66.0, -50.0, 0.05)
    currents = np.array([steady.current(v) for v in values])
    fold = int(np.argmax(np.diff(currents) < 0))
    assert 0.1 < currents[fold] < 0.2 and steady.growth(values[fold - 2]) < 0
    assert not fires(M.wang_buzsaki(), currents[fold] - 0.01, 500.0)
    assert fires(M.wang_buzsaki(), currents[fold] + 0.01, 500.0)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda each: each.name + "_".join(each.states))
def test_gates_begin_in_their_steady_state(channel):
    cell = M.membrane() + channel
    for v in (-90.0, -65.0, -55.0, -40.0, -8.9, 20.0):
        equations = Equations(cell)
        y = equations.initial(v=v)
        slopes = equations.slope(0.0, y)
        for gate in channel.states:
            place = equations.states.index(gate)
            assert abs(slopes[place]) < 1e-12 and 0 <= y[place] <= 1


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda each: each.name + "_".join(each.states))
def test_rates_are_finite_and_smooth_at_every_potential(channel):
    """Where a rate is 0/0 as textbooks write it, its value lies between those of its neighbours."""
    cell = M.membrane() + channel
    equations = Equations(cell)
    y = equations.initial()
    for name in channel.expressions:
        def rate(v, name=name):
            return equations.value(name, np.array([v, *y[1:]]))

        values = np.array([rate(v) for v in np.arange(-120.0, 80.0, 0.5)])  # -40, -55, -50 and -23 are among them
        assert np.isfinite(values).all() and (values >= 0).all()
        for v in (-55.0, -50.0, -48.0, -40.0, -23.0, -8.9):
            middle = (rate(v - 1e-5) + rate(v + 1e-5)) / 2
            assert rate(v) == pytest.approx(middle, rel=1e-9)


@pytest.mark.parametrize(("name", "v", "value"), [
    ("alpha_m", -40.0, 1.0), ("alpha_n", -55.0, 0.1), ("alpha_m", -65.0, 0.1 * 25 / (np.exp(2.5) - 1)),
    ("alpha_n", -65.0, 0.01 * 10 / (np.exp(1.0) - 1)), ("beta_m", -65.0, 4.0), ("alpha_h", -65.0, 0.07),
    ("beta_h", -65.0, 1 / (np.exp(3.0) + 1)), ("beta_n", -65.0, 0.125),
])  # fmt: skip
def test_rates_of_the_squid_axon_are_those_of_1952(name, v, value):
    """As printed, in terms of the depolarisation from rest, v + 65."""
    equations = Equations(M.hodgkin_huxley())
    assert equations.value(name, equations.initial(v=v)) == pytest.approx(value, rel=1e-12)


def test_a_gate_in_steady_state_follows_at_once():
    gate = C.Gate(power=2, inf="1/(1 + exp(-(v + 40)/5))")
    cell = M.membrane() + C.channel("X", g=2.0, E=10.0, gates={"x": gate})
    assert list(cell.states) == ["v"]
    assert Equations(cell).value("I_X", [-40.0]) == pytest.approx(2.0 * 0.25 * 50.0)


def test_the_m_current_slows_firing_and_the_a_current_delays_it():
    """What they are known for, in the regular spiking cell of Pospischil et al. (2008)."""
    def spikes(*parts):
        cell = M.membrane(v=-70.0, I_e=1.0)
        for part in (C.sodium_traub_miles(g_Na=50.0, V_T=-56.2), C.potassium_traub_miles(g_K=5.0, V_T=-56.2),
                     C.leak(g_L=0.0205, E_L=-70.3), *parts):  # fmt: skip
            cell += part
        equations = Equations(cell)
        return equations.crossings(300.0, equations.initial(), method="LSODA", rtol=1e-7, atol=1e-7)

    plain, adapting = spikes(), spikes(C.m_current(tau_max=608.0))
    assert np.diff(plain)[-1] < 1.05 * np.diff(plain)[1] and len(adapting) < len(plain)
    assert np.diff(adapting)[-1] > 1.3 * np.diff(adapting)[0]
    assert spikes(C.a_current(g_A=0.3, E_A=-90.0))[0] > plain[0] + 1.0
