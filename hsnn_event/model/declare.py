"""`NeuronModel`: a neuron as data. Adding a model is adding a value."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from hsnn_event.errors import ArgumentTypeError, ModelError, ValueRangeError, shown, unknown_name
from hsnn_event.model.detection import check_detection
from hsnn_event.model.dimensions import check_dimensions
from hsnn_event.model.equations import html_of, latex_of, text_of
from hsnn_event.model.extend import extended
from hsnn_event.model.noise import check_linear, is_reserved, noise_in
from hsnn_event.model.parse import FUNCTIONS, RESERVED, parse
from hsnn_event.quantities import as_array, is_array, real
from hsnn_event.units import in_unit

if TYPE_CHECKING:
    from hsnn_event.model.compose import Component

WEIGHT = "weight"
AT = "at"  # set(at=...) schedules
HAZARD_DRAW = "hazard_draw"  # what lowering calls the random number that a hazard is compared with
RANGES = ("positive", "not_negative")  # fields that list parameters
_REFRACTORY_KEYS = ("duration", "clamp")


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuronModel:
    """A neuron: states that follow differential equations, and what arriving events, threshold and reset do to them.

    Every right-hand side is the text of one expression over the names declared here: numbers, + - * / **, comparisons with
    and, or, not, and the functions exp, log, exprel(x) = (exp(x) - 1)/x, sqrt, abs, min, max, tanh, cosh, floor,
    clip(x, low, high), heaviside (1 at 0 and above), where(condition, a, b). Time is in ms. All of it is checked when the
    model is declared.

    - `parameters`: a number, an array or a distribution, one value a neuron.
    - `states`: initial values, numbers or expressions of parameters and other states.
    - `dynamics`: dx/dt for each state x that moves by itself. xi, xi_1, xi_2, ... in it are independent Gaussian white
      noises, in 1/sqrt(ms): "-x/tau + sigma*sqrt(2/tau)*xi" is an Ornstein-Uhlenbeck process of standard deviation sigma.
    - `expressions`: auxiliary expressions, usable in all others.
    - `inputs`: continuous inputs and their default values.
    - `receptors`: name -> state -> the state after an event of weight `weight`; it must be state + weight * factor.
      Where an input stands for the state, the event adds to that input in the step at whose end it arrives.
    - `threshold`: a condition, or None for a neuron that never fires; `reset`: state -> value after the spike; all of
      them read the values before the reset. One of `reset` and `refractory` goes with a threshold.
    - `detection`: "level" fires in each step at whose end the condition holds; "crossing" where it holds at the end of a
      step and did not at its start, which needs neither reset nor refractoriness; "interpolated" likewise, and spikes are
      recorded at the time inside the step at which a straight line meets the threshold, which must be one comparison.
    - `hazard`: instead of a threshold the rate (1/ms) at which the neuron fires by chance: with the probability
      1 - exp(-hazard dt) at the end of each step, if it is not refractory. On the clock only.
    - `refractory`: None, or {"duration": expression in ms, "clamp": {state: expression}}. While it lasts a clamped state
      keeps that value, and events on it are lost.
    - `positive`, `not_negative`: names of parameters whose numbers must be above 0, or 0 or more, here and in `set`.
    - `units`: of variables, such as "mV" or "1/ms"; "weight" stands for that of events. Values given as objects with
      units (pint, quantities, Brian2) are converted to these. Equations of which all names have units must be right in
      their units; plain numbers in them take whatever unit fits.

    `print(model)` and notebooks show the equations.
    Raises ExpressionError, UnknownNameError, ModelError, DimensionError, UnitError, ArgumentTypeError, ValueRangeError,
    which name the place.

    >>> NeuronModel(name="leaky", parameters={"tau": 10.0}, states={"v": 0.0}, dynamics={"v": "-v/tua"})
    Traceback (most recent call last):
    hsnn_event.errors.UnknownNameError: leaky.dynamics['v']: name 'tua' is unknown. Did you mean 'tau'? Known: tau, v.
    """

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    states: Mapping[str, float | str]
    dynamics: Mapping[str, str] = field(default_factory=dict)
    expressions: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, float] = field(default_factory=dict)
    receptors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    threshold: str | None = None
    hazard: str | None = None
    reset: Mapping[str, str] = field(default_factory=dict)
    refractory: Mapping[str, object] | None = None
    detection: str = "level"
    units: Mapping[str, str] = field(default_factory=dict)
    positive: Sequence[str] = ()
    not_negative: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_identifier(self.name, "the name of a model", "model")
        for each in fields(NeuronModel):
            value = getattr(self, each.name)
            plain = ("name", "threshold", "hazard", "detection", *RANGES)
            if each.name in plain or (each.name == "refractory" and value is None):
                continue
            object.__setattr__(self, each.name, own(value, f"{self.name}.{each.name}"))
        for role in ("parameters", "states", "inputs"):
            object.__setattr__(self, role, _without_units(getattr(self, role), self.units, f"{self.name}.{role}"))
        for role in RANGES:
            object.__setattr__(self, role, listed(getattr(self, role), self.parameters, f"{self.name}.{role}"))
        receptors = {name: own(action, f"{self.name}.receptors[{name!r}]") for name, action in self.receptors.items()}
        object.__setattr__(self, "receptors", receptors)
        _check_names(self)
        _check_values(self)
        _check_equations(self)
        _check_events(self)
        check_dimensions(self, expression_order(self))

    def with_parameters(self, **values: object) -> NeuronModel:
        """The same model with other values of some parameters; UnknownNameError for a name that it has not.

        >>> from hsnn_event.model.library import lif_exp
        >>> lif_exp().with_parameters(tau_m=20.0).parameters["tau_m"]
        20.0
        """
        for name in values:
            if name not in self.parameters:
                raise unknown_name(f"{self.name}: parameter", name, self.parameters)
        return replace(self, parameters={**self.parameters, **values})

    def extend(self, name: str | None = None, **fields: object) -> NeuronModel:
        """A model with more in it: this one with some fields changed, and another name if one is given.

        Mappings (parameters, states, dynamics, expressions, inputs, receptors, reset, refractory, units) are merged: what
        is given is added or replaces what has that key, and None takes a key away. Other fields are replaced.
        Raises UnknownNameError for a field that models do not have, or a key to take away that is not there; and what
        declaring the new model raises.

        Adaptation in four lines:

        >>> from hsnn_event.model.library import lif_exp
        >>> adapting = lif_exp().extend(
        ...     "adapting", parameters={"tau_w": 100.0, "b": 40.0}, states={"w": 0.0}, reset={"w": "w + b"},
        ...     dynamics={"v": "(E_L - v)/tau_m + (I_syn - w + I_e + I)/C_m", "w": "-w/tau_w"},
        ...     units={"w": "pA", "b": "pA", "tau_w": "ms"})
        >>> adapting.reset
        {'v': 'V_reset', 'w': 'w + b'}
        """
        return extended(self, name, fields)

    def equations(self) -> str:
        """The equations, receptors, threshold, reset, refractoriness and parameters as text; `str(model)` is the same.

        >>> from hsnn_event.model.library import lif_delta
        >>> lif_delta().equations().splitlines()[:3]
        ['lif_delta', '  dynamics', '    dv/dt = (E_L - v)/tau_m + (I_e + I)/C_m']
        """
        return text_of(self)

    @property
    def noise(self) -> tuple[str, ...]:
        """The white noises in the dynamics."""
        return noise_in(self.dynamics)

    def check_range(self, name: str, value: object, what: str) -> None:
        """Refuse numbers, one or an array, that a parameter may not have; a distribution passes.

        >>> from hsnn_event.model.library import lif_exp
        >>> lif_exp().check_range("C_m", -5.0, "exc: C_m")
        Traceback (most recent call last):
        hsnn_event.errors.ValueRangeError: exc: C_m is -5; it must be above 0.
        """
        if name not in self.positive and name not in self.not_negative:
            return
        numeric = isinstance(value, int | float | np.number) or is_array(value)
        numbers = as_array(value, what, "give one number a neuron") if numeric else np.empty(0)
        if numbers.dtype.kind not in "iuf":
            return  # refused elsewhere
        wrong, wanted = (~(numbers > 0), "above 0") if name in self.positive else (~(numbers >= 0), "0 or more")
        if wrong.any():
            first = float(numbers[wrong].flat[0])
            raise ValueRangeError(f"{what} is {first:g}; it must be {wanted}.", name=name, value=first)

    def __add__(self, component: Component) -> NeuronModel:
        """The neuron with an ion channel, a receptor or another `Component` in it, as `compose` does it."""
        from hsnn_event.model.compose import compose  # which is built on this module

        return compose(self, component)

    @property
    def clamp(self) -> Mapping[str, str]:
        """State -> the expression of its value while the neuron is refractory."""
        clamp = (self.refractory or {}).get("clamp", {})
        assert isinstance(clamp, Mapping)
        return clamp

    def __str__(self) -> str:
        return text_of(self)

    def _repr_latex_(self) -> str:
        return latex_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    def __repr__(self) -> str:
        return f"<NeuronModel {self.name}: states {', '.join(self.states)}; receptors {', '.join(self.receptors) or 'none'}>"


def own(value: object, place: str) -> dict[str, object]:
    """A copy of a mapping, so that the model does not change with the caller's dictionary."""
    if not isinstance(value, Mapping):
        raise ArgumentTypeError(f"{place} must be a mapping, not {shown(value)} ({type(value).__name__}).", value=value)
    return dict(value)


def listed(given: object, known: Mapping[str, object], place: str) -> tuple[str, ...]:
    """Names of parameters, as a tuple."""
    if isinstance(given, str) or not is_array(given):
        raise ArgumentTypeError(f"{place} must be a list of names of parameters, not {shown(given)}.", value=given)
    names = tuple(given)  # type: ignore[var-annotated,arg-type]
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise unknown_name(f"{place}: parameter", name, known)
    return names


def _without_units(values: Mapping[str, object], units: Mapping[str, str], place: str) -> dict[str, object]:
    """Objects with units as plain numbers in the unit declared for their name."""
    return {name: in_unit(value, f"{place}[{name!r}]", units.get(name)) for name, value in values.items()}


def check_identifier(name: object, what: str, place: str) -> None:
    """Refuse what is no name."""
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise ModelError(
            f"{place}: {what} must be an ASCII identifier and no keyword, such as v or tau_m, not "
            f"{shown(name)}.",
            name=name,
        )


def _check_names(model: NeuronModel) -> None:
    roles: dict[str, str] = {}
    for role in ("parameters", "states", "expressions", "inputs"):
        for name in getattr(model, role):
            place = f"{model.name}.{role}"
            check_identifier(name, "a name", place)
            if name in FUNCTIONS or name in RESERVED or name in (WEIGHT, AT, HAZARD_DRAW) or is_reserved(name):
                what = "a function" if name in FUNCTIONS else "that of white noise" if is_reserved(name) else "reserved"
                raise ModelError(f"{place}: the name {name!r} is {what}. Choose another.", name=name)
            if name in roles:
                raise ModelError(f"{place}: {name!r} is already one of {roles[name]}. Choose another.", name=name)
            roles[name] = role
    for name in model.receptors:
        check_identifier(name, "a receptor's name", f"{model.name}.receptors")


def _check_values(model: NeuronModel) -> None:
    for name, value in model.parameters.items():
        place = f"{model.name}.parameters[{name!r}]"
        model.check_range(name, value, f"{model.name}: {name}")
        if value is None or isinstance(value, str | bytes | bool | Mapping):
            text = f"{place} must be a number, an array or a distribution, not {shown(value)}."
            raise ArgumentTypeError(text, value=value)
        if isinstance(value, int | float | np.number):
            real(value, place, infinite=True)
        elif is_array(value) and as_array(value, place, "give one number a neuron").dtype.kind not in "iuf":
            raise ArgumentTypeError(f"{place} must hold real numbers, not {shown(value)}.", value=value)
    for name, value in model.inputs.items():
        real(value, f"{model.name}.inputs[{name!r}]")
    for name, value in model.states.items():
        if not isinstance(value, str):
            real(value, f"{model.name}.states[{name!r}]")


def _check_equations(model: NeuronModel) -> None:
    variables = {*model.parameters, *model.states, *model.inputs}
    expression_order(model)
    everything = variables | set(model.expressions)
    for name, text in model.dynamics.items():
        _check_state(model, name, "dynamics")
        place = f"{model.name}.dynamics[{name!r}]"
        check_linear(parse(text, everything | set(noise_in({name: text})), place), place)
    initial_order(model)


def _check_events(model: NeuronModel) -> None:
    everything = {*model.parameters, *model.states, *model.inputs, *model.expressions}
    for receptor, action in model.receptors.items():
        for name, text in action.items():
            if name not in model.inputs:
                _check_state(model, name, f"receptors[{receptor!r}]")
            parse(text, everything | {WEIGHT}, f"{model.name}.receptors[{receptor!r}][{name!r}]")
    if model.hazard is not None:
        if model.threshold is not None:
            raise ModelError(f"{model.name}: both threshold= and hazard= say when it fires. Give one of them.")
        parse(model.hazard, everything, f"{model.name}.hazard")
    elif model.threshold is not None:
        parse(model.threshold, everything, f"{model.name}.threshold", boolean=True)
    elif model.reset or model.refractory:
        text = f"{model.name}: without a threshold or a hazard, reset and refractory have no meaning. Leave them out."
        raise ModelError(text)
    check_detection(model)
    for name, text in model.reset.items():
        _check_state(model, name, "reset")
        parse(text, everything, f"{model.name}.reset[{name!r}]")
    if model.refractory is not None:
        _check_refractory(model, everything)


def _check_refractory(model: NeuronModel, everything: set[str]) -> None:
    refractory = model.refractory or {}
    for key in refractory:
        if key not in _REFRACTORY_KEYS:
            raise unknown_name(f"{model.name}.refractory: key", key, _REFRACTORY_KEYS)
    place = f"{model.name}.refractory['duration']"
    if "duration" not in refractory:
        raise ModelError(f"{model.name}.refractory: 'duration' is missing. Give an expression, such as 't_ref'.")
    parse(str(refractory["duration"]), model.parameters, place)
    clamp = refractory.get("clamp", {})
    if not isinstance(clamp, Mapping):
        raise ArgumentTypeError(f"{model.name}.refractory['clamp'] must be a mapping, not {shown(clamp)}.", value=clamp)
    for name, text in clamp.items():
        _check_state(model, name, "refractory['clamp']")
        parse(text, everything, f"{model.name}.refractory['clamp'][{name!r}]")


def _check_state(model: NeuronModel, name: str, place: str) -> None:
    if name not in model.states:
        raise unknown_name(f"{model.name}.{place}: state", name, model.states)


def expression_order(model: NeuronModel) -> list[str]:
    """The auxiliary expressions, each after those that it uses."""
    return _in_order(_names_in(model, "expressions"), f"{model.name}.expressions")


def names_read(model: NeuronModel, expression: str) -> set[str]:
    """The parameters, states, inputs and expressions that an auxiliary expression reads, also through others."""
    uses = _names_in(model, "expressions")
    read: set[str] = set()
    pending = [expression]
    while pending:
        found = uses[pending.pop()] - read
        read |= found
        pending += [name for name in found if name in uses]
    return read


def initial_order(model: NeuronModel) -> list[str]:
    """The states whose initial value is an expression, each after those that it uses."""
    uses = _names_in(model, "states")
    expressions = _names_in(model, "expressions")
    for name in reversed(expression_order(model)):  # what an expression reads, the initial value reads
        for used in uses.values():
            if name in used:
                used |= expressions[name]
    return _in_order(uses, f"{model.name}.states")


def _names_in(model: NeuronModel, role: str) -> dict[str, set[str]]:
    """The declared names that each text of a role reads."""
    variables = {*model.parameters, *model.states, *model.inputs, *model.expressions}
    return {
        name: {node.id for node in ast.walk(parse(text, variables, f"{model.name}.{role}[{name!r}]"))
               if isinstance(node, ast.Name)} & variables
        for name, text in getattr(model, role).items() if isinstance(text, str)
    }  # fmt: skip


def _in_order(uses: Mapping[str, set[str]], place: str) -> list[str]:
    order: list[str] = []
    while len(order) < len(uses):
        ready = [name for name in uses if name not in order and uses[name] & set(uses) <= set(order)]
        if not ready:
            stuck = [name for name in uses if name not in order]
            how = f"{', '.join(stuck)} are defined by each other" if len(stuck) > 1 else f"{stuck[0]} is defined by itself"
            raise ModelError(f"{place}: {how}. Break the circle with a number or a parameter.", names=stuck)
        order.extend(ready)
    return order
