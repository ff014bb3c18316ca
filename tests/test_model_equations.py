"""Models print their equations, as text and in LaTeX, and make other models by `extend`."""

import pickle

import numpy as np
import pytest
from matplotlib import mathtext

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, ModelError, UnknownNameError
from hsnn_event.model.equations import latex_lines
from hsnn_event.model.latex import formula, name_of
from hsnn_event.model.parse import FUNCTIONS

FULL = hsnn.NeuronModel(
    name="full",
    parameters={"tau_m": 10.0, "E_L": np.array([-60.0, -70.0]), "V_th": hsnn.random.uniform(-55.0, -50.0), "t_ref": 2.0},
    states={"v": "E_L", "w": 0.0},
    dynamics={"v": "(E_L - v)/tau_m + drive + 0.5*xi", "w": "-w/30"},
    expressions={"drive": "(I - w)/tau_m"},
    inputs={"I": 1e-9},
    receptors={"exc": {"v": "v + weight"}, "both": {"v": "v + 2*weight", "w": "w + weight"}},
    threshold="v >= V_th and w < 3",
    reset={"v": "E_L", "w": "w + 1"},
    refractory={"duration": "t_ref", "clamp": {"v": "E_L"}},
    units={"v": "mV", "tau_m": "ms"},
)
TEXT = """\
full
  dynamics
    dv/dt = (E_L - v)/tau_m + drive + 0.5*xi
    dw/dt = -w/30
  where
    drive = (I - w)/tau_m
  on an event at exc
    v <- v + weight
  on an event at both
    v <- v + 2*weight
    w <- w + weight
  fires when
    v >= V_th and w < 3
  then
    v <- E_L
    w <- w + 1
  refractory for
    t_ref
  in which
    v = E_L
  at the start
    v = E_L
    w = 0
  parameters
    tau_m = 10 ms
    E_L   = -70 ... -60
    V_th  = uniform(-55, -50)
    t_ref = 2
  inputs
    I = 1e-09"""
NEED_ARGUMENTS = ("IZHIKEVICH_PATTERNS", "bursting", "izhikevich_pattern", "poisson", "regular", "spike_source")
LIBRARY = [getattr(hsnn.models, name)() for name in hsnn.models.__all__ if name not in NEED_ARGUMENTS]


def test_a_model_prints_all_that_it_says():
    assert FULL.equations() == str(FULL) == TEXT
    assert repr(FULL) == "<NeuronModel full: states v, w; receptors exc, both>"
    assert str(hsnn.models.poisson(rate=5.0)) == "poisson\n  parameters\n    rate = 5 Hz"
    assert len(repr(hsnn.models.poisson(rate=5.0))) < 80


@pytest.mark.parametrize("text, expected", [
    ("a - (b - c)", r"a - \left(b - c\right)"),
    ("a - b - c", "a - b - c"),
    ("-a*b", r"-a \, b"),
    ("-(a + b)", r"-\left(a + b\right)"),
    ("a*-b", r"a \, \left(-b\right)"),
    ("a/b/c", r"\frac{\frac{a}{b}}{c}"),
    ("-v/tau", r"-\frac{v}{\tau}"),
    ("(a + b)*c", r"\left(a + b\right) \, c"),
    ("2*3e-5*x", r"2 \cdot 3 \cdot 10^{-5} \, x"),
    ("x**2 + (x**2)**3", r"x^{2} + \left(x^{2}\right)^{3}"),
    ("(a/b)**2", r"\left(\frac{a}{b}\right)^{2}"),
    ("(-2)**n_max", r"\left(-2\right)^{n_{\mathrm{max}}}"),
    ("exp(-v/D)", r"\exp\left(-\frac{v}{D}\right)"),
    ("sqrt(2/tau_m)*xi_1", r"\sqrt{\frac{2}{\tau_{m}}} \, \xi_{1}"),
    ("abs(x) + floor(y)", r"\left|x\right| + \left\lfloor y \right\rfloor"),
    ("where(a > b or not c == 1, a, b)",
     r"\left(a \; \mathrm{if} \; a > b \vee \neg\left(c = 1\right) \; \mathrm{else} \; b\right)"),
    ("0 <= x < 1 and (a != b or b > 2)", r"0 \leq x < 1 \wedge \left(a \neq b \vee b > 2\right)"),
    ("heaviside(x)", r"\mathrm{heaviside}\left(x\right)"),
])  # fmt: skip
def test_formulas_keep_their_order_of_operations(text, expected):
    assert formula(text) == expected


def test_names_have_greek_letters_and_subscripts():
    names = {
        "tau_m": r"\tau_{m}", "V_th": r"V_{\mathrm{th}}", "E_L": "E_{L}", "Delta_T": r"\Delta_{T}", "v": "v",
        "g_syn_exc": r"g_{\mathrm{syn,exc}}", "rate": r"\mathrm{rate}", "lambda_": r"\lambda", "_": "\\_", "m_": "m",
    }  # fmt: skip
    assert {name: name_of(name) for name in names} == names


@pytest.mark.parametrize("model", [FULL, *LIBRARY], ids=lambda model: model.name)
def test_formulas_can_be_set(model):
    parser = mathtext.MathTextParser("path")
    for heading, formulas in latex_lines(model):
        for each in formulas:
            width, height, *_ = parser.parse(f"${each}$", dpi=72)
            assert width > 0 and height > 0, heading
    block, page = model._repr_latex_(), model._repr_html_()
    for _, formulas in latex_lines(model):
        assert all(each in block for each in formulas)
    assert block.startswith("$$\\begin{aligned}") and block.endswith("\\end{aligned}$$")
    assert all(f"${name_of(name)}$" in page for name in model.parameters)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_can_be_set(name):
    least = FUNCTIONS[name][0]
    text = "where(x > 0, x, y)" if name == "where" else f"{name}({', '.join('xyz'[:least])})"
    mathtext.MathTextParser("path").parse(f"${formula(text)}$")


def test_html_is_escaped():
    page = FULL.extend("full", parameters={"V_th": hsnn.random.uniform(-55.0, -50.0)}, units={"V_th": "mV"})._repr_html_()
    assert r"v \geq V" in page and "w &lt; 3" in page and "w < 3" not in page


def test_extend_merges_mappings_and_replaces_the_rest():
    lif = hsnn.models.lif_exp()
    model = lif.extend(
        "adapting", parameters={"tau_w": 100.0, "b": 40.0, "tau_m": 20.0}, states={"w": 0.0}, reset={"w": "w + b"},
        dynamics={"v": "(E_L - v)/tau_m + (I_syn - w + I_e + I)/C_m", "w": "-w/tau_w"},
        units={"w": "pA", "b": "pA", "tau_w": "ms"}, positive=["tau_w"],
    )  # fmt: skip
    assert model.name == "adapting" and list(model.states) == ["v", "I_syn", "w"]
    assert model.parameters == {**lif.parameters, "tau_w": 100.0, "b": 40.0, "tau_m": 20.0}
    assert model.reset == {"v": "V_reset", "w": "w + b"} and model.dynamics["I_syn"] == "-I_syn/tau_syn"
    assert model.threshold == lif.threshold and model.refractory == lif.refractory and model.positive == ("tau_w",)
    assert lif.states == {"v": "E_L", "I_syn": 0.0} and lif.parameters["tau_m"] == 10.0
    assert pickle.loads(pickle.dumps(model)).equations() == model.equations()


def test_extend_takes_away():
    silent = hsnn.models.lif_exp().extend(threshold=None, refractory=None, reset={"v": None},
                                          parameters={"V_th": None, "V_reset": None, "t_ref": None})  # fmt: skip
    assert silent.name == "lif_exp" and silent.threshold is None and silent.refractory is None and silent.reset == {}
    assert silent.not_negative == () and "C_m" in silent.positive
    assert hsnn.models.lif_exp().extend(refractory={"clamp": None}).clamp == {}
    fires = silent.extend(threshold="v > -50", refractory={"duration": "3"})
    assert fires.refractory == {"duration": "3"}


def test_extend_keeps_a_source_a_source():
    assert hsnn.models.spike_source([1.0], [0]).extend("mine").times.tolist() == [1.0]


@pytest.mark.parametrize("error, message, fields", [
    (UnknownNameError, "lif_exp.extend: field 'parameter' is unknown. Did you mean 'parameters'", {"parameter": {}}),
    (UnknownNameError, r"lif_exp.extend: parameters: key 'tau' is unknown. Did you mean 'tau_m'",
     {"parameters": {"tau": None}}),
    (ArgumentTypeError, "lif_exp.extend: states must be a mapping .* not 'w'", {"states": "w"}),
    (ArgumentTypeError, "lif_exp.extend: reset must be a mapping .* not None", {"reset": None}),
    (UnknownNameError, r"lif_exp.dynamics\['v'\]: name 'tau_m' is unknown", {"parameters": {"tau_m": None}}),
    (ModelError, "lif_exp.states: 'tau_m' is already one of parameters", {"states": {"tau_m": 1.0}}),
    (ModelError, "a model must be an ASCII identifier", {"name": "two words"}),
])  # fmt: skip
def test_mistakes_in_extending_are_named(error, message, fields):
    with pytest.raises(error, match=message):
        hsnn.models.lif_exp().extend(**fields)


def test_an_event_and_a_reset_act_on_several_states():
    """One step of kicks by arrivals and of the reset, which reads the values before it, by hand."""
    model = hsnn.NeuronModel(
        name="several", parameters={"a": 0.5}, states={"v": 0.0, "w": 1.0, "s": 0.0},
        dynamics={}, receptors={"both": {"v": "v + weight", "w": "w + a*weight"}, "one": {"s": "s - weight"}},
        threshold="v >= 3", reset={"v": "w", "w": "v + s", "s": "0"},
    )  # fmt: skip
    net = hsnn.Network(dt=1.0, backend="reference")
    cells = net.population("cells", 2, model)
    net.drive(cells, hsnn.stimuli.spikes([1.0, 2.0, 2.0], [0, 0, 1]), weight=2.0, receptor="both")
    net.drive(cells, hsnn.stimuli.spikes([1.0]), weight=0.25, receptor="one")
    trace = net.record(cells, ("v", "w", "s"))
    data = net.run(2.0)[trace]
    assert data["v"].values.tolist() == [[2.0, 0.0], [3.0, 2.0]]       # neuron 0: v 4 and w 3 fire, v = w
    assert data["w"].values.tolist() == [[2.0, 1.0], [3.75, 2.0]]      # w = v + s = 4 - 0.25
    assert data["s"].values.tolist() == [[-0.25, -0.25], [0.0, -0.25]]
