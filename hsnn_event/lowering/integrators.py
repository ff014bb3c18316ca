"""Methods that advance the states of a neuron by one step, chosen by name.

Under every method but Izhikevich's two and "rk45" the linear equations that depend only on themselves (the decay of synaptic
currents and conductances) are advanced exactly, also to the stages of Runge-Kutta.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import sympy

from hsnn_event.errors import MethodError, unknown_name
from hsnn_event.lowering import adaptive, splitting
from hsnn_event.lowering.ir import Section
from hsnn_event.lowering.linear import advance_exactly, linear_part, obstacle, propagate, why_not_linear
from hsnn_event.lowering.splitting import HALF
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import DT, NotAffineError, System, affine, degree, readable, system_of
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.symbolic import OPAQUE, symbol


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
    return _exponential(step, step.hold(step.start), Fraction(1))


def _exponential_midpoint(step: Step) -> dict[str, int]:
    """A whole step with what drives each state as it is in the middle, where half a step of exponential Euler leads.

    The midpoint rule, with exponentials: Hochbruck and Ostermann 2010, doi 10.1017/S0962492910000048.
    """
    middle = _exponential(step, step.hold(step.start), HALF)
    return _exponential(step, step.hold({**step.start, **middle}), Fraction(1))


def _exponential(step: Step, names: Names, fraction: Fraction) -> dict[str, int]:
    """The states after fraction * dt, what drives them standing still at `names`.

    x' = a x + b leads to x + h f(x) (e**z - 1)/z with z = a h, which is then exact; other states take Euler's step. f has
    the mean of white noise over the step in it, z has not: the factor of a noise is that at the beginning (Ito).
    Functions of x in its own equation stand still, too: a membrane with the block of NMDA receptors stays stable.
    """
    system = step.system
    exact = linear_part(system)
    new = propagate(step, exact, step.start, fraction)
    span = DT * sympy.Rational(fraction)
    for state in (each for each in system.dynamics if each not in exact):
        rate, still = _standing_still(system, state)
        mean, given = sympy.Integer(1), names
        try:
            drift = affine(rate, map(symbol, system.noise))[1]
            slope = affine(drift, [symbol(state)])[0].get(symbol(state), sympy.Integer(0))
        except NotAffineError:
            rate = system.dynamics[state]
        else:
            mean = OPAQUE["exprel"](span * slope) if slope != 0 else mean
            held = {name.name: step.write(function, names) for function, name in still.items()}
            given = {**names, state: step.start[state], **held}
        new[state] = step.builder.add(step.start[state], step.write(sympy.Mul(span, mean, rate), given))
    return new


def _standing_still(system: System, state: str) -> tuple[sympy.Expr, dict[sympy.Expr, sympy.Symbol]]:
    """dx/dt with a name for each outermost function of x in it, and these names."""
    names: dict[sympy.Expr, sympy.Symbol] = {}

    def named(value: sympy.Basic) -> sympy.Basic:
        if symbol(state) not in value.free_symbols or value.is_Symbol:
            return value
        if isinstance(value, sympy.Function):
            return names.setdefault(value, symbol(f"({state} {len(names)})"))
        return value.func(*map(named, value.args))

    rate = named(system.dynamics[state])
    return (rate, names) if names else (system.dynamics[state], names)


def _not_conditionally_linear(system: System) -> str | None:
    reasons = [why_not_linear(system, state) for state in system.dynamics]
    return next((reason for reason in reasons if reason), None)


def _no_gate(system: System) -> str | None:
    reasons = [why_not_linear(system, state) for state in system.dynamics]
    return reasons[0] if reasons and None not in reasons else None


def _izhikevich(parts: int, step: Step) -> dict[str, int]:
    """The published schemes: Euler steps of the voltage, one or two halves, then one of the others with the new voltage."""
    system, b = step.system, step.builder
    voltage, *others = system.dynamics
    names = step.hold(step.start)
    for _ in range(parts):
        change = step.write(sympy.Rational(1, parts) * DT * system.dynamics[voltage], names)
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

    Where there is an `attempt`, neurons cut the step into parts, as `ir.Kernel` says, and `advance` reads what these have
    made of the states.
    `ito`: the factor of a noise may contain states, which count as they are at the beginning of the step.
    With a `tableau`, inputs may change from stage to stage, as those that couplings reach do.
    """

    obstacle: Callable[[System], str | None]
    advance: Callable[[Step], dict[str, int]]
    attempt: Callable[[Step], Section] | None = None
    ito: bool = False
    tableau: Tableau | None = None


def _nothing(system: System) -> None:
    del system


METHODS: Mapping[str, Method] = {
    "exact": Method(obstacle, advance_exactly),
    "rk2": Method(_nothing, partial(_explicit, HEUN), tableau=HEUN),
    "rk4": Method(_nothing, partial(_explicit, RK4), tableau=RK4),
    "rk45": Method(_nothing, adaptive.advance, adaptive.attempt),
    "exponential_euler": Method(_not_conditionally_linear, _exponential_euler, ito=True),
    "rush_larsen": Method(_no_gate, _exponential_euler, ito=True),
    "exponential_midpoint": Method(_no_gate, _exponential_midpoint),
    "strang": Method(splitting.obstacle, splitting.advance),
    "izhikevich2003": Method(_not_izhikevich, partial(_izhikevich, 2)),
    "izhikevich2004": Method(_not_izhikevich, partial(_izhikevich, 1)),
}


def _has_gates(system: System) -> bool:
    """Does a state that the threshold does not read follow x' = a x + b, where a varies?"""
    watched = () if system.threshold is None else system.reads(system.threshold)
    for state in (each for each in system.dynamics if each not in watched and why_not_linear(system, each) is None):
        slope = affine(system.dynamics[state], [symbol(state)])[0].get(symbol(state), sympy.Integer(0))
        if system.varies(slope):
            return True
    return False


def why_not(system: System, method: Method) -> str | None:
    """What prevents a method, or None."""
    return (None if method.ito else _multiplied_noise(system)) or method.obstacle(system)


def _multiplied_noise(system: System) -> str | None:
    """The noise that a state multiplies, if there is one."""
    for state in system.dynamics if system.noise else ():
        for xi, factor in system.kicks(state).items():
            if system.reads(factor):
                return f"d{state}/dt contains {readable(factor * symbol(xi))}, noise times a state"
    return None


def choose(system: System, method: str, coupled: bool = False) -> str:
    """The method named; for "auto" "exact" where it fits, with gates "strang" or else "exponential_midpoint", or "rk2".

    Heun's method is the cheapest of second order, and with exact conductances at both of its stages its error at the
    usual 0.1 ms is far below that of the grid of spike times; "rk4" is for those who ask for more. Gates make spikes stiff:
    at 0.1 ms Heun's method diverges for Hodgkin and Huxley's axon, and its intervals are worse where it does not. Coupled
    neurons meet in the stages of a Runge-Kutta method: with gates "rk4", whose substeps are short enough (`open_rate`), or
    "rk2".
    Raises UnknownNameError, and MethodError with the term that prevents the method and the methods that do fit.
    """
    if method == "auto" and coupled:
        method = "rk4" if _has_gates(system) else "rk2"
    if method == "auto":
        if _multiplied_noise(system) is None:
            if not obstacle(system):
                return "exact"
            split = "exponential_midpoint" if splitting.obstacle(system) else "strang"
            return split if _has_gates(system) else "rk2"
        method = "rush_larsen" if _not_conditionally_linear(system) else "exponential_euler"
    if method not in METHODS:
        raise unknown_name(f"{system.name}: method", method, ["auto", *METHODS])
    reason = why_not(system, METHODS[method])
    if reason:
        fitting = [name for name, each in METHODS.items() if not why_not(system, each)]
        raise MethodError(
            f"{system.name}: method {method!r} does not fit: {reason}. Methods that fit: "
            f"{', '.join(map(repr, fitting)) or 'none'}.",
            method=method,
            fitting=tuple(fitting),
        )
    return method


def steadier(model: NeuronModel, method: str, driven: tuple[str, ...]) -> tuple[str, ...]:
    """Methods that stay finite with longer steps than `method`, best first: exponentials where each equation is linear in
    its own state, and the method that chooses its steps."""
    system = system_of(model, driven)
    if not obstacle(system):
        better: tuple[str, ...] = ("exact",)
    elif not _not_conditionally_linear(system):
        better = ("exponential_midpoint", "exponential_euler", "rk45")
        better = better if splitting.obstacle(system) else ("strang", *better)
    else:
        better = ("rk45",)
    first = better.index(method) if method in better else len(better)
    return better[:first]
