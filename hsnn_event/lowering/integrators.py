"""Methods that advance the states of a neuron by one step, chosen by name.

Under every method but "izhikevich2003" the linear equations that depend only on themselves (the decay of synaptic currents
and conductances) are advanced exactly, also to the stages of Runge-Kutta.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import sympy

from hsnn_event.errors import MethodError, unknown_name
from hsnn_event.lowering.linear import advance_exactly, linear_part, obstacle, propagate, why_not_linear
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import DT, System, affine, degree
from hsnn_event.lowering.translate import phi1
from hsnn_event.model.symbolic import symbol

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Tableau:
    """An explicit Runge-Kutta method: stage i starts from x + sum(a[i][j] * k[j]); the step is x + sum(b[j] * k[j])."""

    a: tuple[tuple[Fraction, ...], ...]
    b: tuple[Fraction, ...]
    order: int


HEUN = Tableau(a=((), (Fraction(1),)), b=(HALF, HALF), order=2)
RK4 = Tableau(
    a=((), (HALF,), (Fraction(0), HALF), (Fraction(0), Fraction(0), Fraction(1))),
    b=(Fraction(1, 6), Fraction(1, 3), Fraction(1, 3), Fraction(1, 6)),
    order=4,
)


def _explicit(tableau: Tableau, step: Step) -> dict[str, int]:
    system = step.system
    exact = linear_part(system)
    others = [state for state in system.dynamics if state not in exact]
    increments: list[dict[str, int]] = []
    for row in tableau.a:
        names: Names = step.start
        if increments:
            names = {**step.start, **propagate(step, exact, step.start, sum(row, Fraction(0)))}
            names |= {state: weighted(step, state, row, increments) for state in others}
        names = step.hold(names)
        increments.append({state: step.write(DT * system.dynamics[state], names) for state in others})
    new = propagate(step, exact, step.start, Fraction(1))
    return new | {state: weighted(step, state, tableau.b, increments) for state in others}


def weighted(step: Step, state: str, weights: tuple[Fraction, ...], increments: list[dict[str, int]]) -> int:
    """x + sum(weight * k), increments of equal weight added up first."""
    b = step.builder
    total = step.start[state]
    for weight in dict.fromkeys(each for each in weights if each):
        alike = [k[state] for k, each in zip(increments, weights, strict=False) if each == weight]
        total = b.add(total, b.mul(b.literal(float(weight)), b.sum(alike)))
    return total


def _exponential_euler(step: Step) -> dict[str, int]:
    """x + dt f(x) (e**z - 1)/z with z = dt df/dx, which is exact where all that f depends on but x stands still."""
    system = step.system
    exact = linear_part(system)
    names = step.hold(step.start)
    new = propagate(step, exact, step.start, Fraction(1))
    for state in (each for each in system.dynamics if each not in exact):
        rate = system.dynamics[state]
        slope = affine(rate, [symbol(state)])[0].get(symbol(state), sympy.Integer(0))
        mean = phi1(DT * slope) if slope != 0 else sympy.Integer(1)
        new[state] = step.builder.add(step.start[state], step.write(sympy.Mul(DT, mean, rate), names))
    return new


def _not_conditionally_linear(system: System) -> str | None:
    reasons = [why_not_linear(system, state) for state in system.dynamics]
    return next((reason for reason in reasons if reason), None)


def _izhikevich2003(step: Step) -> dict[str, int]:
    """The published scheme: two half Euler steps of the voltage, then one Euler step of the others with the new one."""
    system, b = step.system, step.builder
    voltage, *others = system.dynamics
    names = step.hold(step.start)
    for _ in range(2):
        change = step.write(sympy.Rational(1, 2) * DT * system.dynamics[voltage], names)
        names = step.hold({**names, voltage: b.add(names[voltage], change)})
    new = {voltage: names[voltage]}
    for state in others:
        new[state] = b.add(step.start[state], step.write(DT * system.dynamics[state], names))
    return new


def _not_izhikevich(system: System) -> str | None:
    states = list(system.dynamics)
    if len(states) < 2:
        return f"it is for a voltage and a recovery variable, and only {', '.join(states) or 'nothing'} moves"
    if degree(system.dynamics[states[0]], symbol(states[0])) != 2:
        return f"d{states[0]}/dt is not quadratic in {states[0]}"
    return None


@dataclass(frozen=True)
class Method:
    """`obstacle` says what prevents the method, or None; `advance` writes the new value of each state that moves.

    With a `tableau`, inputs may change from stage to stage, as those that couplings reach do.
    """

    obstacle: Callable[[System], str | None]
    advance: Callable[[Step], dict[str, int]]
    tableau: Tableau | None = None


def _nothing(system: System) -> None:
    del system


METHODS: Mapping[str, Method] = {
    "exact": Method(obstacle, advance_exactly),
    "rk2": Method(_nothing, partial(_explicit, HEUN), HEUN),
    "rk4": Method(_nothing, partial(_explicit, RK4), RK4),
    "exponential_euler": Method(_not_conditionally_linear, _exponential_euler),
    "izhikevich2003": Method(_not_izhikevich, _izhikevich2003),
}


def choose(system: System, method: str) -> str:
    """The method named, or for "auto" the exact one where it fits and "rk2" elsewhere.

    Heun's method is the cheapest of second order, and with exact conductances at both of its stages its error at the
    usual 0.1 ms is far below that of the grid of spike times; "rk4" is for those who ask for more.
    Raises UnknownNameError, and MethodError with the term that prevents the method and the methods that do fit.
    """
    if method == "auto":
        return "rk2" if obstacle(system) else "exact"
    if method not in METHODS:
        raise unknown_name(f"{system.name}: method", method, ["auto", *METHODS])
    reason = METHODS[method].obstacle(system)
    if reason:
        fitting = [name for name, each in METHODS.items() if not each.obstacle(system)]
        raise MethodError(
            f"{system.name}: method {method!r} does not fit: {reason}. Methods that fit: {', '.join(map(repr, fitting))}.",
            method=method,
            fitting=tuple(fitting),
        )
    return method
