"""A model's equations as they are read: lines of text, and LaTeX for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hsnn_event.errors import shown
from hsnn_event.model.latex import formula, name_of, number
from hsnn_event.random import Distribution

if TYPE_CHECKING:
    from hsnn_event.model.declare import NeuronModel


_SIGNS = {"=": "=", "<-": r"\leftarrow"}


class Line(NamedTuple):
    """One statement: `left` is or becomes `right`, as `sign` says; without a sign it is `right` alone."""

    left: str
    right: str
    sign: str = "="
    differential: bool = False  # left is a state, of which the derivative is meant

    def text(self) -> str:
        """As the model says it."""
        left = f"d{self.left}/dt" if self.differential else self.left
        return f"{left} {self.sign} {self.right}" if self.sign else self.right

    def latex(self) -> str:
        """As formulas are set."""
        if not self.sign:
            return formula(self.right)
        left = name_of(self.left)
        if self.differential:
            left = rf"\frac{{\mathrm{{d}}{left}}}{{\mathrm{{d}}t}}"
        return rf"{left} {_SIGNS[self.sign]} {formula(self.right)}"


def text_of(model: NeuronModel) -> str:
    """All that a model says, one statement a line under headings."""
    lines = [model.name]
    for heading, statements in sections(model):
        lines += [f"  {heading}", *(f"    {each.text()}" for each in statements)]
    for heading, rows in values(model):
        width = max(len(name) for name, _, _ in rows)
        lines += [f"  {heading}", *(f"    {name:<{width}} = {value} {unit}".rstrip() for name, value, unit in rows)]
    return "\n".join(lines)


def latex_lines(model: NeuronModel) -> list[tuple[str, list[str]]]:
    """(heading, formulas) of each section; formulas without dollars, in what MathJax and Matplotlib both read."""
    return [(heading, [each.latex() for each in statements]) for heading, statements in sections(model)]


def latex_of(model: NeuronModel) -> str:
    """The equations as one block of LaTeX."""
    rows = []
    for heading, formulas in latex_lines(model):
        rows.append(rf"&\textbf{{{_escaped(heading)}}}")
        rows += [rf"&\quad {each}" for each in formulas]
    body = " \\\\\n".join(rows)
    return f"$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"


def html_of(model: NeuronModel) -> str:
    """The equations, and a table of parameters and inputs, for notebooks."""
    parts = [f"<b>{escape(model.name)}</b>"]
    for heading, formulas in latex_lines(model):
        parts.append(f"<div style='opacity:.65'>{escape(heading)}</div>")
        parts += [f"<div>$\\displaystyle {escape(each)}$</div>" for each in formulas]
    for heading, rows in values(model):
        cells = "".join(
            f"<tr><td>${name_of(name)}$</td><td style='text-align:right'>{escape(value)}</td><td>{escape(unit)}</td></tr>"
            for name, value, unit in rows
        )
        parts.append(f"<div style='opacity:.65'>{escape(heading)}</div><table>{cells}</table>")
    return f'<div style="line-height:1.6">{"".join(parts)}</div>'


def sections(model: NeuronModel) -> Iterator[tuple[str, list[Line]]]:
    """The statements of a model under their headings; those that it does not have are left out."""
    yield from _some("dynamics", (Line(state, rate, "=", True) for state, rate in model.dynamics.items()))
    yield from _some("where", (Line(name, text) for name, text in model.expressions.items()))
    for receptor, action in model.receptors.items():
        yield from _some(f"on an event at {receptor}", _assigned(action))
    if model.threshold is not None:
        yield "fires when", [Line("", model.threshold, "")]
    if model.hazard is not None:
        yield "fires by chance, per ms", [Line("", model.hazard, "")]
    yield from _some("then", _assigned(model.reset))
    if model.refractory is not None:
        yield "refractory for", [Line("", str(model.refractory["duration"]), "")]
        yield from _some("in which", (Line(state, text) for state, text in model.clamp.items()))
    yield from _some("at the start", (Line(state, _told(value)) for state, value in model.states.items()))


def values(model: NeuronModel) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """(name, value, unit) of parameters and inputs."""
    for heading, held in (("parameters", model.parameters), ("inputs", model.inputs)):
        if held:
            yield heading, [(name, _told(value), model.units.get(name, "")) for name, value in held.items()]


def _some(heading: str, statements: Iterable[Line]) -> Iterator[tuple[str, list[Line]]]:
    found = list(statements)
    if found:
        yield heading, found


def _assigned(action: object) -> Iterator[Line]:
    return (Line(state, text, "<-") for state, text in dict(action).items())  # type: ignore[call-overload]


def _told(value: object) -> str:
    """A number, the range of an array, a distribution or an expression."""
    if isinstance(value, int | float | np.number):
        return number(float(value))
    if isinstance(value, str):
        return value
    if isinstance(value, Distribution):
        numbers = (value.a,) if value.kind == "exponential" else (value.a, value.b)
        return f"{value.kind}({', '.join(map(number, numbers))})"
    if isinstance(value, np.ndarray | list | tuple):
        values = np.asarray(value)
        if values.size and values.dtype.kind in "iuf":
            return f"{number(float(values.min()))} ... {number(float(values.max()))}"
    return shown(value)


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")
