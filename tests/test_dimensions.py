"""Units of equations: what contradicts itself is refused when it is declared, with both units and the term."""

from fractions import Fraction

import pytest

import hsnn_event as hsnn
from hsnn_event.errors import DimensionError, UnitError
from hsnn_event.model.dimensions import Unit

CELL = {
    "name": "cell",
    "parameters": {"tau": 10.0, "C": 200.0, "g": 10.0, "E": -60.0, "V": -0.06, "D": 2.0, "t_ref": 2.0, "free": 1.0},
    "states": {"v": "E", "w": 0.0, "n": 0.0},
    "inputs": {"I": 0.0},
    "units": {"v": "mV", "w": "pA", "n": "1", "tau": "ms", "C": "pF", "g": "nS", "E": "mV", "V": "V", "D": "mV",
              "t_ref": "ms", "I": "pA"},
}  # fmt: skip


def cell(**fields):
    return hsnn.NeuronModel(**{**CELL, **fields})


@pytest.mark.parametrize("one, other", [
    ("pA/pF", "mV/ms"), ("nS*mV", "pA"), ("MOhm*nA", "mV"), ("1/ms", "kHz"), ("GOhm pF", "ms"), ("mS", "1/kOhm"),
    ("mM", "umol/cm3"),
])  # fmt: skip
def test_units_are_what_they_mean(one, other):
    assert Unit.of(one, "one") == Unit.of(other, "other")


@pytest.mark.parametrize("one, other", [("mV", "V"), ("mV", "ms"), ("mS/cm2", "mS"), ("uF/cm2", "pF/cm2"), ("1/ms", "Hz")])
def test_scale_and_dimension_tell_units_apart(one, other):
    assert Unit.of(one, "one") != Unit.of(other, "other")


def test_units_print_as_they_are_written():
    mv, ms = Unit.of("mV", "mV"), Unit.of("ms", "ms")
    assert Unit.of("uA/cm2", "I") * Unit.of("uF/cm2", "C") ** Fraction(-1) == mv * ms ** Fraction(-1)
    assert str(mv * ms ** Fraction(-1)) == "mV/ms"
    assert str(mv * ms ** Fraction(-1, 2)) == "mV/ms**0.5"
    assert str(mv * mv ** Fraction(-1)) == "1" and str(ms ** Fraction(-2)) == "1/ms2"


@pytest.mark.parametrize("fields", [
    {"dynamics": {"v": "(g*(E - v) + w + I)/C"}},
    {"dynamics": {"v": "(E - v)/tau + I/C"}},
    {"dynamics": {"v": "(g*D*exp((v - E)/D) - g*v)/C"}},
    {"dynamics": {"v": "0.04*v**2 + 5*v + 140 - v/tau + I/C"}},              # numbers take the unit that fits
    {"dynamics": {"n": "0.1*(v + 40)/(1 - exp(-(v + 40)/10))*(1 - n)"}},
    {"dynamics": {"n": "(1/(1 + exp((E - v)/D)) - n)/tau"}},
    {"dynamics": {"v": "D*sqrt(2/tau)*xi - v/tau"}},
    {"dynamics": {"v": "D/sqrt(tau)*xi - sqrt(v*v)/tau"}},
    {"dynamics": {"v": "where(v > E, max(v, D), clip(v, D, E))/tau"}},
    {"dynamics": {"v": "heaviside(v - E)*abs(v)/tau + floor(v)/tau"}},
    {"dynamics": {"v": "free*v + E"}},                                         # free has no unit: left alone
    {"dynamics": {"v": "rate*v"}, "expressions": {"rate": "1/(tau + t_ref)"}},
    {"dynamics": {"v": "J/C"}, "expressions": {"J": "g*(E - v)", "K": "J + w"}},  # J is in pA, as its text says
    {"dynamics": {"v": "v/tau*n**n"}},
    {"receptors": {"exc": {"w": "w + weight"}}, "units": {**CELL["units"], "weight": "pA"}},
    {"receptors": {"exc": {"v": "v + weight"}, "inh": {"w": "w + weight"}}},   # weight has no unit of its own
    {"threshold": "v >= E + D and n > 0", "reset": {"v": "E", "w": "w + g*D"}},
    {"threshold": "v >= E", "refractory": {"duration": "t_ref + 0.5", "clamp": {"v": "E"}}},
])  # fmt: skip
def test_what_is_right_in_its_units_is_taken(fields):
    cell(**fields)


@pytest.mark.parametrize("fields, message, left, right", [
    ({"dynamics": {"v": "E - v"}}, r"cell.dynamics\['v'\]: E - v is in mV, but dv/dt is in mV/ms", "mV/ms", "mV"),
    ({"dynamics": {"v": "I"}}, r"I is in pA, but dv/dt is in mV/ms", "mV/ms", "pA"),
    ({"dynamics": {"v": "(E - v)/tau + I"}},
     r"dynamics\['v'\]: \(E - v\) / tau \+ I combines \(E - v\) / tau, in mV/ms, and I, in pA", "mV/ms", "pA"),
    ({"dynamics": {"v": "(V - v)/tau"}}, r"V - v combines V, in V, and v, in mV", "V", "mV"),          # by the scale alone
    ({"dynamics": {"v": "D*xi"}}, r"D\*xi is in mV/ms\*\*0.5, but dv/dt is in mV/ms", "mV/ms", "mV/ms**0.5"),
    ({"dynamics": {"v": "exp(v)*v/tau"}}, r"the argument of exp is v, in mV; it must be a plain number", "1", "mV"),
    ({"dynamics": {"v": "v/tau*tanh(I)"}}, r"the argument of tanh is I, in pA", "1", "pA"),
    ({"dynamics": {"v": "v/tau*n**D"}}, r"the exponent is D, in mV", "1", "mV"),
    ({"dynamics": {"v": "where(v > tau, v, E)/tau"}}, r"v > tau compares v, in mV, and tau, in ms", "mV", "ms"),
    ({"dynamics": {"v": "where(v > 0, v, I)/tau"}}, r"chooses between v, in mV, and I, in pA", "mV", "pA"),
    ({"dynamics": {"v": "max(v, I)/tau"}}, r"max\(v, I\) compares v, in mV, and I, in pA", "mV", "pA"),
    ({"dynamics": {"v": "J/tau"}, "expressions": {"J": "g*(E - v)"}}, r"J/tau is in nS\*mV/ms, but dv/dt", "mV/ms",
     "nS*mV/ms"),
    ({"expressions": {"J": "g*v"}, "units": {**CELL["units"], "J": "nA"}},
     r"expressions\['J'\]: g\*v is in nS\*mV, but J is in nA", "nA", "nS*mV"),
    ({"states": {"v": "I", "w": 0.0, "n": 0.0}}, r"states\['v'\]: I is in pA, but v is in mV", "mV", "pA"),
    ({"receptors": {"exc": {"v": "v + weight"}}, "units": {**CELL["units"], "weight": "pA"}},
     r"receptors\['exc'\]\['v'\]: v \+ weight combines v, in mV, and weight, in pA", "mV", "pA"),
    ({"threshold": "v >= I", "reset": {"v": "E"}}, r"threshold: v >= I compares v, in mV, and I, in pA", "mV", "pA"),
    ({"threshold": "v >= E and not w > D", "reset": {"v": "E"}}, r"threshold: w > D compares w, in pA", "pA", "mV"),
    ({"threshold": "v >= E", "reset": {"v": "E", "w": "w + g"}}, r"reset\['w'\]: w \+ g combines", "pA", "nS"),
    ({"threshold": "v >= E", "refractory": {"duration": "E"}},
     r"refractory\['duration'\]: E is in mV, but the duration is in ms", "ms", "mV"),
    ({"threshold": "v >= E", "refractory": {"duration": "2", "clamp": {"v": "I"}}},
     r"refractory\['clamp'\]\['v'\]: I is in pA, but v is in mV", "mV", "pA"),
])  # fmt: skip
def test_a_contradiction_names_equation_term_and_both_units(fields, message, left, right):
    with pytest.raises(DimensionError, match=message) as caught:
        cell(**fields)
    assert (caught.value.left, caught.value.right) == (left, right)


@pytest.mark.parametrize("unit", ["mvolt", "", "mV/", 3, None, "1/0.5"])
def test_a_text_that_is_no_unit_is_refused(unit):
    with pytest.raises(UnitError, match=r"cell.units\['v'\] is .*, which is no unit. Write prefixes and"):
        cell(units={"v": unit})
