"""Models as data: what a declaration accepts, and that every mistake is named where it stands."""

import pickle

import numpy as np
import pytest

from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    ExpressionError,
    HsnnError,
    ModelError,
    UnknownNameError,
    ValueRangeError,
)
from hsnn_event.lowering.lowered import lower_model
from hsnn_event.model import library
from hsnn_event.model.declare import NeuronModel

LEAKY = {
    "name": "leaky",
    "parameters": {"tau": 10.0, "theta": 1.0, "t_ref": 2.0},
    "states": {"v": 0.0, "w": "2*v"},
    "dynamics": {"v": "drive - v/tau"},
    "expressions": {"drive": "I/2"},
    "inputs": {"I": 0.0},
    "receptors": {"exc": {"v": "v + weight"}},
    "threshold": "v >= theta",
    "reset": {"v": "0"},
    "refractory": {"duration": "t_ref", "clamp": {"v": "0"}},
    "units": {"tau": "ms"},
}


def leaky(**changes):
    return NeuronModel(**{**LEAKY, **changes})


MISTAKES = [
    ({"dynamics": {"v": "-v/tua"}}, UnknownNameError, r"leaky\.dynamics\['v'\]: name 'tua' is unknown\. Did you mean 'tau'"),
    ({"dynamics": {"x": "1"}}, UnknownNameError, r"leaky\.dynamics: state 'x' is unknown"),
    ({"dynamics": {"v": 1.0}}, ExpressionError, r"leaky\.dynamics\['v'\]: an expression is text, not 1\.0"),
    ({"dynamics": {"v": "v > 1"}}, ExpressionError, r"leaky\.dynamics\['v'\]: .* is a condition"),
    ({"dynamics": {"v": "weight"}}, UnknownNameError, r"leaky\.dynamics\['v'\]: name 'weight' is unknown"),
    ({"dynamics": {"v": "v*t"}}, ExpressionError, r"leaky\.dynamics\['v'\]: 't' is kept for time"),
    ({"states": {"v": "w", "w": "v"}}, ModelError, r"leaky\.states: v, w are defined by each other"),
    ({"states": {"v": 0.0, "w": float("nan")}}, ValueRangeError, r"leaky\.states\['w'\] is NaN"),
    ({"states": {"v": 0.0, "tau": 0.0}}, ModelError, r"leaky\.states: 'tau' is already one of parameters"),
    ({"states": {"v": 0.0, "exp": 0.0}}, ModelError, r"leaky\.states: the name 'exp' is a function"),
    ({"states": {"v": 0.0, "dt": 0.0}}, ModelError, r"leaky\.states: the name 'dt' is reserved"),
    ({"states": {"v": 0.0, "weight": 0.0}}, ModelError, "the name 'weight' is reserved"),
    ({"states": {"v": 0.0, "lambda": 0.0}}, ModelError, "no keyword, such as v or tau_m, not 'lambda'"),
    ({"states": {"v": 0.0, "w-1": 0.0}}, ModelError, "no keyword, such as v or tau_m, not 'w-1'"),
    ({"states": ["v"]}, ArgumentTypeError, r"leaky\.states must be a mapping, not \['v'\]"),
    ({"expressions": {"drive": "drive + I"}}, ModelError, r"leaky\.expressions: drive is defined by itself"),
    ({"parameters": {"tau": "10", "theta": 1.0, "t_ref": 2.0}}, ArgumentTypeError, r"\['tau'\] must be a number"),
    ({"parameters": {"tau": True, "theta": 1.0, "t_ref": 2.0}}, ArgumentTypeError, r"leaky\.parameters\['tau'\]"),
    ({"parameters": {"tau": np.nan, "theta": 1.0, "t_ref": 2.0}}, ValueRangeError, r"leaky\.parameters\['tau'\] is NaN"),
    ({"parameters": {"tau": ["a"], "theta": 1.0, "t_ref": 2.0}}, ArgumentTypeError, "must hold real numbers"),
    ({"inputs": {"I": "0"}}, ArgumentTypeError, r"leaky\.inputs\['I'\] must be a number"),
    ({"receptors": {"exc": {"u": "u + weight"}}}, UnknownNameError, r"leaky\.receptors\['exc'\]: state 'u' is unknown"),
    ({"receptors": {"exc": "v + weight"}}, ArgumentTypeError, r"leaky\.receptors\['exc'\] must be a mapping"),
    ({"receptors": {"e-x": {"v": "v"}}}, ModelError, "a receptor's name must be an ASCII identifier"),
    ({"threshold": "v"}, ExpressionError, r"leaky\.threshold: 'v' is not a condition"),
    ({"threshold": None}, ModelError, "without a threshold or a hazard, reset and refractory have no meaning"),
    ({"reset": {"u": "0"}}, UnknownNameError, r"leaky\.reset: state 'u' is unknown"),
    ({"refractory": {"time": "t_ref"}}, UnknownNameError, r"leaky\.refractory: key 'time' is unknown"),
    ({"refractory": {"clamp": {}}}, ModelError, "'duration' is missing"),
    ({"refractory": {"duration": "v"}}, UnknownNameError, r"leaky\.refractory\['duration'\]: name 'v' is unknown"),
    ({"refractory": {"duration": "t_ref", "clamp": "v"}}, ArgumentTypeError, "must be a mapping, not 'v'"),
    ({"refractory": "t_ref"}, ArgumentTypeError, r"leaky\.refractory must be a mapping"),
    ({"name": "a cell"}, ModelError, "the name of a model must be an ASCII identifier"),
]


@pytest.mark.parametrize(("changes", "error", "message"), MISTAKES)
def test_a_mistake_is_named_where_it_stands(changes, error, message):
    with pytest.raises(error, match=message):
        leaky(**changes)


def test_a_declaration_keeps_its_own_copy():
    parameters = dict(LEAKY["parameters"])
    model = leaky(parameters=parameters)
    parameters["tau"] = 99.0
    assert model.parameters["tau"] == 10.0


def test_parameters_may_be_arrays_or_objects_that_are_drawn_later():
    law = object()
    model = leaky(parameters={"tau": np.array([1.0, 2.0]), "theta": law, "t_ref": 2})
    assert model.parameters["theta"] is law


def test_with_parameters_changes_values_only():
    model = leaky().with_parameters(tau=5.0)
    assert (model.parameters["tau"], model.dynamics) == (5.0, leaky().dynamics)
    with pytest.raises(UnknownNameError, match=r"leaky: parameter 'taus' is unknown\. Did you mean 'tau'"):
        model.with_parameters(taus=1.0)
    with pytest.raises(ValueRangeError):
        model.with_parameters(tau=float("nan"))


def test_models_pickle_and_say_what_they_are():
    copy = pickle.loads(pickle.dumps(leaky()))
    assert copy.dynamics == leaky().dynamics
    assert repr(copy) == "<NeuronModel leaky: states v, w; receptors exc>"


# Neurons: functions that need no argument and give a model with equations.
OTHERS = ("poisson", "spike_source", "regular", "bursting", "izhikevich_pattern", "IZHIKEVICH_PATTERNS")
MODELS = [getattr(library, name) for name in library.__all__ if name not in OTHERS]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_of_the_library_lowers_and_documents_its_units(model):
    declared = model()
    assert declared.name == model.__name__
    assert "Defaults:" in model.__doc__
    if model is not library.fitzhugh_nagumo:  # without dimension
        assert {*declared.parameters, *declared.states, *declared.inputs} <= set(declared.units)
    for state_type in ("float64", "float32"):
        kernel = lower_model(declared, "auto", 0.1, state_type).kernel
        assert kernel.states[: len(declared.states)] == tuple(declared.states)  # hidden ones follow
        assert kernel.receptors == tuple(declared.receptors)


@pytest.mark.parametrize("model", MODELS[1:], ids=lambda model: model.__name__)
@pytest.mark.parametrize("name", ["C_m", "tau_m", "tau_syn", "t_ref", "g_L"])
def test_values_without_a_meaning_are_refused(model, name):
    if name not in {each.partition("_exc")[0] for each in model().parameters}:
        return
    for value in (-1.0, float("nan"), np.array([1.0, -1.0])):
        with pytest.raises(ValueRangeError, match=rf"{model.__name__}: {name}"):
            model(**{name: value, **({"E_rev": 0.0} if name == "tau_syn" and "E_rev_exc" in model().parameters else {})})


@pytest.mark.parametrize("model", [library.lif_exp, library.lif_alpha])
def test_a_mapping_makes_a_receptor_for_each_key(model):
    declared = model(tau_syn={"ampa": 2.0, "gaba": 8.0})
    assert list(declared.receptors) == ["ampa", "gaba"]
    assert declared.parameters["tau_syn_gaba"] == 8.0
    assert {"I_ampa", "I_gaba"} <= set(declared.states)


def test_conductance_receptors_need_the_same_keys():
    with pytest.raises(DeclarationError, match="tau_syn is for a, b and E_rev for a"):
        library.lif_cond_exp(tau_syn={"a": 1.0, "b": 2.0}, E_rev={"a": 0.0})
    with pytest.raises(DeclarationError, match="empty"):
        library.lif_cond_exp(tau_syn={}, E_rev={})
    single = library.lif_cond_exp(tau_syn=1.0, E_rev=0.0)
    assert (list(single.states), list(single.receptors)) == (["v", "g_syn"], ["default"])


@pytest.mark.parametrize("key", ["not a name", "lambda", "exp-1", 3])
def test_receptor_keys_that_are_no_names_are_refused(key):
    with pytest.raises(HsnnError):
        library.lif_exp(tau_syn={key: 1.0})
