"""`Component`: ion channels, receptors and transmitters as data, and how one becomes part of a neuron.

Nothing is special about a neuron that is put together: `compose` gives a `NeuronModel` as one written by hand would be.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NoReturn

import numpy as np

from hsnn_event.errors import ArgumentTypeError, ModelError, shown
from hsnn_event.model.declare import RANGES, WEIGHT, NeuronModel, check_identifier, listed, own
from hsnn_event.model.parse import parse

VOLTAGE, CURRENT = "v", "I"
_MERGED = ("parameters", "states", "dynamics", "expressions", "inputs", "receptors", "reset")
_VARIABLES = ("parameters", "states", "expressions", "inputs")
_NAME = re.compile(r"[A-Za-z_]\w*")
# What pA and nS become where the membrane's current has another unit.
_CONDUCTANCE = {"pA": "nS", "nA": "uS", "uA/cm2": "mS/cm2", "mV/ms": "1/ms"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Component:
    """A part of a neuron: `cell + component` is a neuron that has it.

    The fields are those of `NeuronModel`; texts may also read the names of the cell that it is added to, `v` among them.

    - `current`: an expression, inward positive, which is added to the cell's continuous input `I` where its dynamics and
      expressions read it. It is recordable as I_<name>. None for a component that carries no current, such as a transmitter.
    - `reset`: state of the component -> its value after a spike of the cell.
    - `units`: with pA for currents and nS for conductances; on a membrane per area they become uA/cm2 and mS/cm2.

    A parameter that the cell has already, with the same value, is shared. Any other name that the cell has is refused when
    it is added. Raises ModelError, ExpressionError, ArgumentTypeError, which name the place.

    >>> from hsnn_event.model.library import lif_exp
    >>> pump = Component(name="pump", parameters={"I_max": 5.0}, current="-I_max/(1 + exp(-(v + 60)/5))")
    >>> (lif_exp() + pump).dynamics["v"]
    '(E_L - v) / tau_m + (I_syn + I_e + (I + I_pump)) / C_m'
    """

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    states: Mapping[str, float | str] = field(default_factory=dict)
    dynamics: Mapping[str, str] = field(default_factory=dict)
    expressions: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, float] = field(default_factory=dict)
    receptors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reset: Mapping[str, str] = field(default_factory=dict)
    current: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    positive: Sequence[str] = ()
    not_negative: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_identifier(self.name, "the name of a component", "component")
        for each in fields(Component):
            if each.name not in ("name", "current", *RANGES):
                object.__setattr__(self, each.name, own(getattr(self, each.name), f"{self.name}.{each.name}"))
        for role in RANGES:
            object.__setattr__(self, role, listed(getattr(self, role), self.parameters, f"{self.name}.{role}"))
        for name, unit in self.units.items():
            if not isinstance(unit, str):
                raise ArgumentTypeError(f"{self.name}.units[{name!r}] must be text, not {shown(unit)}.", value=unit)
        if self.current is not None:
            _check_text(self.current, f"{self.name}.current")
        for role in ("dynamics", "expressions", "reset"):
            for name, text in getattr(self, role).items():
                _check_text(text, f"{self.name}.{role}[{name!r}]")

    def __add__(self, other: object) -> NoReturn:
        raise ArgumentTypeError(
            f"{self.name} + {shown(other)}: a sum begins with a cell, such as hsnn.models.membrane() + component.",
            value=other,
        )

    def __repr__(self) -> str:
        own_names = [name for role in _VARIABLES for name in getattr(self, role)]
        return f"<Component {self.name}: {', '.join(own_names) or 'nothing of its own'}>"


def compose(cell: NeuronModel, component: Component) -> NeuronModel:
    """The cell with the component in it; both stay as they are.

    Raises ArgumentTypeError for what is no component, ModelError where the cell has no voltage `v`, no input `I`, or uses a
    name of the component for something else, and what `NeuronModel` raises.
    """
    if not isinstance(component, Component):
        raise ArgumentTypeError(
            f"{cell.name} + {shown(component)}: only components can be added, such as hsnn.channels.leak().",
            value=component,
        )
    current = f"{CURRENT}_{component.name}"
    _check_fits(cell, component, current)
    merged: dict[str, Any] = {role: {**getattr(cell, role), **getattr(component, role)} for role in _MERGED}
    if component.current is not None:
        for role in ("dynamics", "expressions"):
            merged[role] |= {name: _with_current(text, current) for name, text in getattr(cell, role).items()}
        merged["expressions"][current] = component.current
    units = _units(cell, component, current)
    merged["units"] = {**units, **cell.units}
    if cell.receptors and component.receptors and units.get(WEIGHT) != cell.units.get(WEIGHT):
        merged["units"].pop(WEIGHT, None)  # no unit is that of the events of all receptors
    merged |= {role: tuple(dict.fromkeys((*getattr(cell, role), *getattr(component, role)))) for role in RANGES}
    return replace(cell, **merged)


def _check_text(text: object, place: str) -> None:
    """Its form; whether its names are known turns out when the component is added to a cell."""
    parse(text, _NAME.findall(text) if isinstance(text, str) else (), place)  # type: ignore[arg-type]


def _check_fits(cell: NeuronModel, component: Component, current: str) -> None:
    place = f"{cell.name} + {component.name}"
    if component.current is not None and (VOLTAGE not in cell.states or CURRENT not in cell.inputs):
        raise ModelError(
            f"{place}: a current needs a cell with a state {VOLTAGE!r} and an input {CURRENT!r}, to which it is added; "
            f"{cell.name} has states {', '.join(cell.states)} and inputs {', '.join(cell.inputs) or 'none'}.",
            name=cell.name,
        )
    if component.reset and cell.threshold is None:
        raise ModelError(f"{place}: the component acts at spikes, and {cell.name} has no threshold. Give it one.")
    taken = {name: role for role in _VARIABLES for name in getattr(cell, role)}
    names = [(name, role) for role in _VARIABLES for name in getattr(component, role)]
    for name, role in (*names, *([(current, "expressions")] if component.current is not None else [])):
        if name not in taken:
            continue
        if role == taken[name] == "parameters":
            _check_shared(place, name, cell.parameters[name], component.parameters[name])
            continue
        raise ModelError(
            f"{place}: {name!r} is already one of the {taken[name]} of {cell.name}. Give the component another name, "
            f"such as name='{component.name}2'.",
            name=name,
        )
    for name in component.receptors:
        if name in cell.receptors:
            raise ModelError(f"{place}: {cell.name} has a receptor {name!r} already. Give name= another name.", name=name)


def _check_shared(place: str, name: str, one: object, other: object) -> None:
    try:
        equal = one is other or bool(np.array_equal(one, other))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        equal = False
    if not equal:
        raise ModelError(
            f"{place}: the parameter {name!r} is {shown(one)} in the cell and {shown(other)} in the component. Give "
            "the same value to share it, or the component another name.",
            name=name,
        )


class _Added(ast.NodeTransformer):
    """I becomes I + current."""

    def __init__(self, current: str) -> None:
        self.current = current

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != CURRENT:
            return node
        return ast.BinOp(left=node, op=ast.Add(), right=ast.Name(id=self.current))


def _with_current(text: str, current: str) -> str:
    if CURRENT not in _NAME.findall(text):
        return text
    return ast.unparse(_Added(current).visit(ast.parse(" ".join(text.split()), mode="eval").body))


def _units(cell: NeuronModel, component: Component, current: str) -> dict[str, str]:
    """The component's units in those of the cell's current; unknown where that has none."""
    unit = cell.units.get(CURRENT)
    units = {**({current: "pA"} if component.current is not None else {}), **component.units}
    if unit == "pA":
        return units
    conductance = _CONDUCTANCE.get(unit or "")
    known = {"pA": unit, "nS": conductance, "nS/ms": conductance and f"{conductance}/ms"}
    return {name: wanted for name, given in units.items() if (wanted := known.get(given, given)) is not None}
