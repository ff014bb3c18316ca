"""Components in cells: what comes out is the neuron that one would write by hand, and what does not fit is refused."""

from dataclasses import fields

import numpy as np
import pytest
from equations import Equations
from single_neuron import run

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, ExpressionError, ModelError, UnknownNameError, ValueRangeError
from hsnn_event.model.compose import Component

PUMP = Component(
    name="pump",
    parameters={"I_max": 4.0},
    states={"s": "s_inf"},
    expressions={"s_inf": "1/(1 + exp(-(v + 60)/5))"},
    dynamics={"s": "(s_inf - s)/20"},
    current="-I_max*s",
    units={"I_max": "pA"},
    not_negative=["I_max"],
)


def contents(model):
    return {each.name: getattr(model, each.name) for each in fields(model)}


def test_a_cell_with_a_component_is_the_cell_written_by_hand():
    by_hand = hsnn.NeuronModel(
        name="lif",
        parameters={"tau_m": 10.0, "C_m": 250.0, "V_th": -50.0, "I_max": 4.0},
        states={"v": -65.0, "s": "1/(1 + exp(-(v + 60)/5))"},
        dynamics={"v": "(-65 - v)/tau_m + (I - I_max*s)/C_m", "s": "(1/(1 + exp(-(v + 60)/5)) - s)/20"},
        inputs={"I": 0.0},
        threshold="v >= V_th",
        reset={"v": "-70"},
    )
    bare = hsnn.NeuronModel(
        name="lif",
        parameters={"tau_m": 10.0, "C_m": 250.0, "V_th": -50.0},
        states={"v": -65.0},
        dynamics={"v": "(-65 - v)/tau_m + I/C_m"},
        inputs={"I": 0.0},
        threshold="v >= V_th",
        reset={"v": "-70"},
    )
    before = contents(bare)
    one, other = (run(model, 800, inputs={"I": 450.0}) for model in (by_hand, bare + PUMP))
    assert one.spikes == other.spikes and len(one.spikes) > 2
    for state in ("v", "s"):
        np.testing.assert_allclose(one.states[state], other.states[state], rtol=1e-12)
    assert contents(bare) == before


def test_currents_are_added_wherever_the_input_is_read_and_can_be_recorded():
    cell = hsnn.NeuronModel(
        name="two", states={"v": -60.0, "u": 0.0}, expressions={"drive": "2*I"}, inputs={"I": 3.0},
        dynamics={"v": "-v + drive", "u": "I - u"},
    ) + PUMP  # fmt: skip
    equations = Equations(cell)
    y = equations.initial()
    current = -4.0 * 0.5
    assert equations.value("I_pump", y) == current and equations.value("drive", y) == 2 * (3.0 + current)
    assert equations.slope(0.0, y)[:2] == [60.0 + 2 * (3.0 + current), 3.0 + current]
    net = hsnn.Network(backend="reference")
    trace = net.record(net.population("two", 1, cell), ("I_pump", "s"))
    data = net.run(2.0)[trace]
    np.testing.assert_allclose(data["I_pump"].values, -4.0 * data["s"].values, rtol=1e-15)


def test_order_and_number_of_components_do_not_matter():
    parts = [hsnn.channels.sodium(), hsnn.channels.potassium(), hsnn.channels.leak(), hsnn.receptors.ampa()]
    slopes = []
    for order in (parts, parts[::-1]):
        cell = hsnn.models.membrane(v=-50.0)
        for part in order:
            cell = cell + part
        equations = Equations(cell)
        names = sorted(cell.states)
        slope = dict(zip(equations.states, equations.slope(0.0, equations.initial(g_ampa=0.5)), strict=True))
        slopes.append([slope[name] for name in names])
    np.testing.assert_allclose(*slopes, rtol=1e-12)
    assert set(hsnn.models.membrane().parameters) == {"C_m", "V_th", "I_e"}  # what was added to is as it was


def test_two_channels_of_a_kind_have_names_of_their_own():
    cell = hsnn.models.membrane() + hsnn.channels.sodium() + hsnn.channels.sodium(name="NaP", g_Na=0.2)
    assert {"m", "h", "m_NaP", "h_NaP"} < set(cell.states) and cell.parameters["g_NaP"] == 0.2


def test_a_parameter_of_equal_value_is_shared():
    cell = hsnn.models.membrane() + hsnn.channels.sodium_traub_miles() + hsnn.channels.potassium_traub_miles()
    assert list(cell.parameters).count("V_T") == 1
    values = np.array([-63.0, -60.0])
    cell = hsnn.models.membrane() + hsnn.channels.sodium_traub_miles(V_T=values)
    cell += hsnn.channels.potassium_traub_miles(V_T=values.copy())
    with pytest.raises(ModelError, match=r"membrane \+ K: the parameter 'V_T' is .* in the cell and -50.0 in the component"):
        hsnn.models.membrane() + hsnn.channels.sodium_traub_miles() + hsnn.channels.potassium_traub_miles(V_T=-50.0)


def test_units_are_those_of_the_membrane():
    per_area = hsnn.models.membrane() + hsnn.receptors.ampa() + hsnn.channels.leak()
    assert {name: per_area.units[name] for name in ("g_ampa", "I_ampa", "E_rev_ampa", "g_L")} == {
        "g_ampa": "mS/cm2", "I_ampa": "uA/cm2", "E_rev_ampa": "mV", "g_L": "mS/cm2",
    }  # fmt: skip
    absolute = hsnn.models.lif_exp() + hsnn.receptors.ampa()
    assert (absolute.units["g_ampa"], absolute.units["I_ampa"], absolute.units["tau_syn_ampa"]) == ("nS", "pA", "ms")
    unknown = hsnn.models.fitzhugh_nagumo() + hsnn.receptors.ampa()
    assert "g_ampa" not in unknown.units and unknown.units["E_rev_ampa"] == "mV"


def test_ranges_hold_in_the_cell():
    with pytest.raises(ValueRangeError, match="g_L is -1; it must be 0 or more"):
        hsnn.models.membrane() + hsnn.channels.leak(g_L=-1.0)
    cell = hsnn.models.lif_exp() + PUMP
    assert "C_m" in cell.positive and "I_max" in cell.not_negative


def test_a_component_may_act_at_spikes():
    cell = hsnn.models.lif_delta(I_e=800.0) + hsnn.receptors.release(kinetics="spike", tau_T=5.0)
    trace = run(cell, 400)
    assert len(trace.spikes) > 2
    assert all(trace.states["T"][step] == 1.0 for step in trace.spikes) and trace.states["T"].max() == 1.0
    assert trace.states["T"][trace.spikes[0] + 10] == pytest.approx(np.exp(-1.0 / 5.0), rel=1e-12)
    silent = hsnn.NeuronModel(name="silent", states={"v": 0.0}, dynamics={"v": "-v"})
    with pytest.raises(ModelError, match=r"silent \+ T: .* no threshold"):
        silent + hsnn.receptors.release(kinetics="spike")


REFUSED = [
    (lambda cell: cell + 3, ArgumentTypeError, r"membrane \+ 3: only components"),
    (lambda cell: cell + hsnn.channels.sodium, ArgumentTypeError, "only components"),
    (lambda cell: hsnn.channels.sodium() + hsnn.channels.leak(), ArgumentTypeError, "begins with a cell"),
    (lambda cell: cell + PUMP + PUMP, ModelError, "'I_pump' is already|'s' is already .* name='pump2'"),
    (lambda cell: cell + hsnn.receptors.delta() + hsnn.receptors.delta(), ModelError, "has a receptor 'default'"),
    (lambda cell: cell + Component(name="x", current="g*(v - E)"), UnknownNameError, r"'g' is unknown"),
    (lambda cell: cell + Component(name="C_m", parameters={"v": 1.0}), ModelError, "'v' is already one of the states"),
    (lambda cell: Component(name="x", current="g*(v - E"), ExpressionError, r"x\.current: .* cannot be read"),
    (lambda cell: Component(name="x", current=3.0), ExpressionError, r"x\.current: an expression is text"),
    (lambda cell: Component(name="a b"), ModelError, "the name of a component"),
    (lambda cell: Component(name="x", states=[1]), ArgumentTypeError, r"x\.states must be a mapping"),
    (lambda cell: Component(name="x", dynamics={"s": "-s^2"}), ExpressionError, r"x\.dynamics\['s'\]"),
    (lambda cell: hsnn.NeuronModel(name="n", states={"u": 0.0}) + PUMP, ModelError, "state 'v' and an input 'I'"),
    (lambda cell: hsnn.channels.Gate(alpha="1"), ModelError, "alpha is given. Give alpha and beta"),
    (lambda cell: hsnn.channels.Gate(), ModelError, "nothing is given"),
    (lambda cell: hsnn.channels.Gate(inf="1", power=17), ValueRangeError, "power is 17"),
    (lambda cell: hsnn.channels.channel("X", g=1.0, E=0.0, gates={"x": "m"}), ArgumentTypeError, "gates must map names"),
    (lambda cell: hsnn.channels.sodium(g_NA=1.0), UnknownNameError, "'g_NA' is unknown. Did you mean 'g_Na'"),
    (lambda cell: hsnn.channels.sodum(), AttributeError, "mean 'sodium'"),
    (lambda cell: hsnn.receptors.ampa(kinetics="alpha"), UnknownNameError, "kinetics 'alpha' is unknown. .*rise_decay"),
    (lambda cell: hsnn.receptors.ampa(alpha=1.0), UnknownNameError, "of 'exponential' kinetics: argument 'alpha'"),
    (lambda cell: hsnn.receptors.ampa(transmitter="input"), hsnn.errors.DeclarationError, "needs kinetics='destexhe'"),
    (lambda cell: hsnn.receptors.release(kinetics="spikes"), UnknownNameError, "mean 'spike'"),
    (lambda cell: hsnn.receptors.AMPA(), AttributeError, "mean 'ampa'"),
    (lambda cell: cell + hsnn.receptors.ampa(tau_syn=0.0), ValueRangeError, "tau_syn_ampa is 0; it must be above 0"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "kind", "words"), REFUSED)
def test_what_does_not_fit_is_refused(act, kind, words):
    with pytest.raises(kind, match=words) as caught:
        act(hsnn.models.membrane())
    assert str(caught.value).endswith(".")


def test_components_say_what_they_hold():
    assert repr(PUMP) == "<Component pump: I_max, s, s_inf>"
    assert repr(hsnn.receptors.delta()) == "<Component default: nothing of its own>"
