"""Text of expressions: what it means, and that hostile text fails at once and in one way."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from hsnn_event.errors import ExpressionError, UnknownNameError
from hsnn_event.lowering.arithmetic import Builder, evaluate
from hsnn_event.lowering.transcendental import LIMITS
from hsnn_event.lowering.translate import Translator
from hsnn_event.model.parse import FUNCTIONS, clip, exprel, heaviside, parse, where
from hsnn_event.model.symbolic import OPAQUE, expression, symbol

NAMES = ("x", "y")


def compiled_value(text, **values):
    """The value of `text` by the way that models take: tree, SymPy, section, interpreter."""
    builder = Builder()
    loads = {name: builder.load("state", k) for k, name in enumerate(NAMES)}
    value = expression(text, {name: symbol(name) for name in NAMES}, "test")
    section = builder.section([Translator(builder, LIMITS["float64"], None).write(value, loads)])
    return float(evaluate(section, {"state": [values.get(name, 0.0) for name in NAMES]})[0])


HOSTILE = [
    "9**9**8", "9**9**9**9", "2**17", "x**1e9", "(x/x*9.0)**(x/x*9e9)", "1e999", "-1e999", "9" * 1999, "1e300*1e300",
    "exp(1000)", "exp(exp(exp(100)))", "().__class__", "x.real", "x[0]", "[x]", "{x}", "(x, y)", "lambda: 1", "lambda x: x",
    "x if y else 1", "'a'*9", "f'{x}'", "__import__('os')", "eval('1')", "exp(*x)", "exp(x=1)", "1j", "...",
    "None", "True", "x := 1", "x; y", "x = 1", "", "   ", "(" * 500 + "x" + ")" * 500, "-" * 1500 + "x", "x" + "+x" * 999,
    "exp(" * 300 + "x" + ")" * 300, "x\x00", "x # y", "ｘ", "x // y", "x % y", "x @ y", "x | y", "~x", "x << 2", "1or x",
    "0x", "1/0", "x/0", "x/(1-1)", "sqrt(-1)", "log(0)", "sqrt(x/x - 2)", "x > 1", "not x", "x and y", "exp", "exp()",
    "min(x)", "where(x, 1, 2)", "max(1, x > 2)", "x + t", "dt*x", "inf*", "x y", "import os", "await x", "yield", "x!",
    "a" * 2001, "x + 1e308 + 1e308",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:30])
def test_hostile_or_senseless_text_is_refused(text):
    with pytest.raises(ExpressionError, match=r"^test: "):
        compiled_value(text)


@pytest.mark.parametrize("text", ["z", "inf", "nan", "I", "beta", "sin(x)", "__import__(x)", "exec(x)", "pi"])
def test_nothing_is_known_but_what_is_declared(text):
    with pytest.raises(UnknownNameError, match=r"^test: "):
        compiled_value(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("xy0123456789.eE+-*/()<>=! ,andortexplgsqmi_", max_size=60))
@example("((((((((((x))))))))))")
def test_any_text_is_read_or_refused_by_a_typed_error(text):
    with contextlib.suppress(ExpressionError, UnknownNameError):
        compiled_value(text)


numbers = st.floats(0.1, 9.5).map(lambda value: repr(round(value, 3))) | st.integers(1, 9).map(str)
leaves = numbers | st.sampled_from(NAMES)


@st.composite
def safe_texts(draw, depth=3):
    """Text of a random tree that Python's own eval can judge."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(leaves)
    a, b, c = (draw(safe_texts(depth=depth - 1)) for _ in range(3))
    forms = [f"({a} {op} {b})" for op in "+-*/"]
    forms += [f"({a})**{power}" for power in ("2", "3", "-1", "0.5", "-2", "1.5")]
    forms += [f"{name}({a})" for name in ("abs", "tanh", "floor", "heaviside", "-", "sqrt")]
    forms += [f"min({a}, {b})", f"max({a}, {b}, {c})", f"where({a} < {b} and not {c} >= 1, {b}, {c})"]
    return draw(st.sampled_from(forms))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(safe_texts(), st.floats(0.5, 4.0), st.floats(0.5, 4.0))
def test_compiled_value_is_that_of_python(text, x, y):
    safe = {"x": x, "y": y, **{name: each[2] for name, each in FUNCTIONS.items()}, "__builtins__": {}}
    sides = [{}, {"x": x * (1 + 1e-9), "y": y * (1 - 1e-9)}, {"x": x * (1 - 1e-9), "y": y * (1 + 1e-9)}]
    try:
        python, *near = (eval(text, {**safe, **side}) for side in sides)
        value = compiled_value(text, x=x, y=y)
    except (ArithmeticError, TypeError, ValueError):
        assume(False)  # a complex number; no finite value (ExpressionError is a ValueError)
    assume(not any(isinstance(each, complex) for each in (python, *near)) and abs(python) < 1e12)
    # Where rounding decides (a jump of floor, a difference of equals), SymPy's order of terms may decide otherwise.
    assume(all(abs(each - python) <= 1e-6 * max(1.0, abs(python)) for each in near))
    assert value == pytest.approx(python, rel=1e-6, abs=1e-6)


def test_every_function_compiles_to_its_meaning():
    assert set(OPAQUE) | {"sqrt"} == set(FUNCTIONS)
    for name, (fewest, _, function) in FUNCTIONS.items():
        if name == "where":
            continue
        arguments = [0.7, 0.2, 0.9][:fewest]
        text = f"{name}({', '.join(['x', 'y', '0.9'][:fewest])})"
        assert compiled_value(text, x=0.7, y=0.2) == pytest.approx(function(*arguments), rel=1e-14), name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/2", 0.5), ("-x**2", -9.0), ("2**-1", 0.5), ("x**0.5", math.sqrt(3)), ("y**x", 8.0), ("x - y - 1", 0.0),
        ("x/y/2", 0.75), ("clip(x, 0, 1)", 1.0), ("clip(-x, 0, 1)", 0.0), ("min(x, y, 1)", 1.0), ("max(1, x, y)", 3.0),
        ("heaviside(x - 3)", 1.0), ("where(1 < y < x, 5, 6)", 5.0), ("where(x < y or not y < x, 5, 6)", 6.0),
        ("where(x != 3, 1, 2)", 2.0), ("exp(log(x))", 3.0), ("x**-0.5", 3**-0.5), ("1/(x*y)", 1 / 6), ("+x", 3.0),
        ("floor(-x/y)", -2.0), ("exprel(x - 3)", 1.0), ("sqrt(x**2)", 3.0), ("x\n + y", 5.0),
    ],
)  # fmt: skip
def test_meaning(text, value):
    assert compiled_value(text, x=3.0, y=2.0) == pytest.approx(value, rel=1e-15)


def test_python_s_own_functions_say_the_same():
    assert (where(True, 1, 2), clip(5, 0, 1), heaviside(0.0), heaviside(-1e-9), exprel(0.0)) == (1, 1, 1.0, 0.0, 1.0)
    assert exprel(1.0) == math.expm1(1.0)


def test_messages_name_the_place_and_the_cure():
    with pytest.raises(ExpressionError, match=r"^here: 'x > 1' is a condition where a number is needed\. Write where"):
        parse("x > 1", NAMES, "here")
    with pytest.raises(ExpressionError, match=r"^here: 'x' is not a condition\. Write comparisons"):
        parse("x", NAMES, "here", boolean=True)
    with pytest.raises(UnknownNameError, match=r"^here: function 'expp' is unknown\. Did you mean 'exp'"):
        parse("expp(x)", NAMES, "here")
    with pytest.raises(ExpressionError, match=r"the character '\^' has no meaning.*Powers are written \*\*"):
        parse("x^2", NAMES, "here")


def test_expressions_that_grow_by_each_other_are_bounded():
    names = {"x": symbol("x"), "y": symbol("y")}
    with pytest.raises(ExpressionError, match="20000 terms"):
        for k in range(40):
            names["x"] = expression(f"max(x + {k}, x*y, y)", names, "growth")


def test_arrays_broadcast_through_a_section():
    assert np.ndim(compiled_value("x*y", x=2.0, y=3.0)) == 0
