"""A model's equations in SymPy, and the questions that lowering asks of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import sympy

from hsnn_event.errors import MethodError
from hsnn_event.model.declare import HAZARD_DRAW, WEIGHT, NeuronModel, expression_order
from hsnn_event.model.symbolic import expression, symbol

_WHOLE = re.compile(r"(\d)\.0(?![\de])")
DT = symbol("dt")
ARRIVING = symbol(WEIGHT)


@dataclass(frozen=True)
class System:
    """The equations of a model, auxiliary expressions put in.

    In `dynamics` a noise stands for the white noise itself, in 1/sqrt(ms), each term of the first degree in it.
    `host` are the symbols whose values are known before a run: parameters, dt, and the inputs that nothing drives.
    Everything else (states, driven inputs, an event's weight) varies from step to step.
    """

    name: str
    host: tuple[str, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    initial: dict[str, sympy.Expr]
    dynamics: dict[str, sympy.Expr]
    receptors: dict[str, dict[str, sympy.Expr]]
    threshold: sympy.Basic | None
    reset: dict[str, sympy.Expr]
    clamp: dict[str, sympy.Expr]
    duration: sympy.Expr | None
    quantities: dict[str, sympy.Expr]  # parameters, states, inputs and expressions by name
    detection: str = "level"
    noise: tuple[str, ...] = ()        # white noises in the dynamics
    coupled: tuple[str, ...] = ()      # inputs that change from stage to stage

    def varies(self, value: sympy.Basic) -> bool:
        """Does it depend on anything that is not known before the run?"""
        return any(each.name not in self.host for each in value.free_symbols)

    def reads(self, value: sympy.Basic) -> tuple[str, ...]:
        """The states that it depends on."""
        return tuple(name for name in self.states if symbol(name) in value.free_symbols)

    def drift(self, state: str) -> sympy.Expr:
        """dx/dt without noise."""
        return affine(self.dynamics[state], map(symbol, self.noise))[1]

    def kicks(self, state: str) -> dict[str, sympy.Expr]:
        """The factor of each noise in dx/dt."""
        return {xi.name: factor for xi, factor in affine(self.dynamics[state], map(symbol, self.noise))[0].items()}

    @property
    def held(self) -> tuple[str, ...]:
        """Clamped states that drive a state which moves on: its equation must see them clamped."""
        moving = [self.dynamics[name] for name in self.dynamics if name not in self.clamp]
        return tuple(name for name in self.clamp if any(name in self.reads(rate) for rate in moving))


def system_of(model: NeuronModel, driven: tuple[str, ...]) -> System:
    """The equations of `model`, in which the inputs `driven` vary from step to step."""
    place = model.name
    names: dict[str, sympy.Expr] = {
        name: symbol(name) for name in (*model.parameters, *model.states, *model.inputs)
    }
    for name in expression_order(model):
        names[name] = expression(model.expressions[name], names, f"{place}.expressions[{name!r}]")

    def read(texts: object, role: str) -> dict[str, sympy.Expr]:
        items = dict(texts).items()  # type: ignore[call-overload]
        return {name: expression(str(text), names, f"{place}.{role}[{name!r}]") for name, text in items}

    with_noise = {**names, **{xi: symbol(xi) for xi in model.noise}}
    dynamics = {name: expression(text, with_noise, f"{place}.dynamics[{name!r}]") for name, text in model.dynamics.items()}
    initial, reset, clamp = read(model.states, "states"), read(model.reset, "reset"), read(model.clamp, "clamp")
    duration = None
    if model.refractory is not None:
        duration = expression(str(model.refractory["duration"]), names, f"{place}.refractory['duration']")
    threshold = None
    if model.threshold is not None:
        threshold = expression(model.threshold, names, f"{place}.threshold", boolean=True)
    if model.hazard is not None:  # an exponential number of mean 1 is below hazard*dt with probability 1 - exp(-hazard*dt)
        hazard = expression(model.hazard, names, f"{place}.hazard")
        threshold = sympy.StrictGreaterThan(DT * hazard, symbol(HAZARD_DRAW), evaluate=False)
    quantities = dict(names)
    names[WEIGHT] = ARRIVING
    return System(
        name=place,
        host=(*model.parameters, *(name for name in model.inputs if name not in driven), DT.name),
        states=tuple(model.states),
        inputs=(*(name for name in model.inputs if name in driven), *([HAZARD_DRAW] if model.hazard is not None else [])),
        initial=initial,
        dynamics={name: dynamics[name] for name in model.states if name in dynamics},
        receptors={name: read(action, f"receptors[{name!r}]") for name, action in model.receptors.items()},
        threshold=threshold,
        reset=reset,
        clamp=clamp,
        duration=duration,
        detection=model.detection,
        noise=model.noise,
        quantities=quantities,
    )


class NotAffineError(MethodError):
    """`term` is not of the first degree in the variables asked for."""


def affine(value: sympy.Expr, variables: Iterable[sympy.Symbol]) -> tuple[dict[sympy.Symbol, sympy.Expr], sympy.Expr]:
    """The factors c and the rest r of value = sum(c[x] * x) + r, where neither contains a variable.

    Raises NotAffineError with the first term that has no such form.

    >>> v, w = symbol("v"), symbol("w")
    >>> affine(3 * (v + w) - v * w, [v])
    ({v: 3 - w}, 3*w)
    """
    variables = set(variables)
    if not value.free_symbols & variables:
        return {}, value
    if value.is_Symbol:
        return {value: sympy.Integer(1)}, sympy.Integer(0)
    if value.is_Add:
        factors: dict[sympy.Symbol, sympy.Expr] = {}
        rest = sympy.Integer(0)
        for term in value.args:
            inner, constant = affine(term, variables)
            rest += constant
            for name, factor in inner.items():
                factors[name] = factors.get(name, sympy.Integer(0)) + factor
        return {name: factor for name, factor in factors.items() if factor != 0}, rest
    dependent = [each for each in value.args if each.free_symbols & variables]
    if value.is_Mul and len(dependent) == 1:
        scale = sympy.Mul(*(each for each in value.args if each is not dependent[0]))
        try:
            inner, constant = affine(dependent[0], variables)
        except NotAffineError as error:
            if dependent[0].is_Add:
                raise
            raise _not_affine(value) from error  # 0.04*v**2 says more than v**2
        return {name: scale * factor for name, factor in inner.items()}, scale * constant
    raise _not_affine(value)


def _not_affine(value: sympy.Expr) -> NotAffineError:
    return NotAffineError(f"{readable(value)} is not of the first degree.", term=readable(value))


def degree(value: sympy.Expr, variable: sympy.Symbol) -> float:
    """The degree of a polynomial in `variable`, infinity for anything else."""
    if variable not in value.free_symbols:
        return 0
    if value.is_Symbol:
        return 1
    if value.is_Add:
        return max(degree(each, variable) for each in value.args)
    if value.is_Mul:
        return sum(degree(each, variable) for each in value.args)
    if value.is_Pow and value.exp.is_Integer and value.exp > 0:
        return degree(value.base, variable) * int(value.exp)
    return float("inf")


def readable(value: sympy.Basic) -> str:
    """The expression as a user would write it: 0.04*v**2 rather than 0.0400000000000000*v**2."""
    return _WHOLE.sub(r"\1", sympy.sstr(value, full_prec=False))
