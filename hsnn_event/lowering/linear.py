"""Linear equations and their exact solution over a step: x(t + h) = exp(A h) x(t) + inputs and constant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

import sympy

from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import DT, NotAffineError, System, affine
from hsnn_event.lowering.white_noise import groups, received
from hsnn_event.model.symbolic import symbol

Row = tuple[dict[str, sympy.Expr], sympy.Expr]     # factors of states and inputs, and what is left
Generator = dict[tuple[str, str], sympy.Expr]      # (state, what moves it) -> factor times the time
CONSTANT = "1"                                     # the column of what is left


def linear_row(system: System, state: str) -> Row:
    """dx/dt as factors (of noises too) known to the host; raises NotAffineError with the term that prevents it."""
    factors, rest = affine(system.dynamics[state], map(symbol, (*system.states, *system.inputs, *system.noise)))
    return {name.name: factor for name, factor in factors.items()}, rest


def obstacle(system: System) -> str | None:
    """What prevents an exact solution of all states together."""
    for state in system.dynamics:
        try:
            linear_row(system, state)
        except NotAffineError as error:
            return f"d{state}/dt contains {error.facts['term']}, which is not linear in the states"
    return None


def linear_part(system: System) -> tuple[str, ...]:
    """The largest set of linear equations that depend on themselves only and not on the threshold's states.

    They stay exact under an approximate method. What the threshold reads, what is clamped and what couplings move is left to
    the method; and so is what shares a noise with an equation left to it.
    """
    watched = () if system.threshold is None else system.reads(system.threshold)
    rows: dict[str, set[str]] = {}
    for state in system.dynamics:
        if state in watched or state in system.clamp:
            continue
        try:
            factors = linear_row(system, state)[0]
        except NotAffineError:
            continue
        if not set(factors) & set(system.coupled):
            rows[state] = {name for name in factors if name in system.dynamics}
    noises = {state: set(system.kicks(state)) for state in system.dynamics} if system.noise else {}
    before = None
    while before != rows:
        before = rows
        outside = set().union(*(xis for state, xis in noises.items() if state not in rows))
        rows = {
            state: uses for state, uses in rows.items() if uses <= set(rows) and not noises.get(state, set()) & outside
        }
    return tuple(rows)


def propagate(
    step: Step, members: Sequence[str], names: Names, fraction: Fraction, frozen: Collection[str] = ()
) -> dict[str, int]:
    """The values of `members` after fraction * dt, from their values in `names`; those in `frozen` stand still.

    A structural zero of the propagator costs nothing. Of noise a part of a step has that part: its mean, given the whole.
    """
    generator: Generator = {}
    noise: Generator = {}
    for state in (each for each in members if each not in frozen):
        factors, rest = linear_row(step.system, state)
        for xi in (each for each in step.system.noise if each in factors):
            noise[state, xi] = factors.pop(xi) * DT ** sympy.Rational(1, 2)
        terms = {**factors, **({CONSTANT: rest} if rest != 0 else {})}
        for name in (each for each in (*step.start, CONSTANT) if each in terms):
            generator[state, name] = terms[name] * DT * sympy.Rational(fraction)
    part = "" if fraction == 1 else f"{fraction.numerator}_{fraction.denominator}"
    prefix = ("H" if frozen else "P") + part
    new = {state: _row(step, state, generator, names, prefix) for state in members}
    whole = {place: factor / sympy.Rational(fraction) for place, factor in generator.items()}
    for state, kick in received(step, members, whole, noise, fraction).items():
        new[state] = step.builder.add(new[state], kick)
    return new


def _row(step: Step, row: str, generator: Generator, names: Names, prefix: str) -> int:
    """The sum of one row of the propagator: the state itself, the other states, inputs, the constant."""
    b, terms, below = step.builder, [], _below(generator)
    for column in dict.fromkeys([row, *(name for name in (*step.start, CONSTANT) if name in below.get(row, ()))]):
        if column == row and row not in below.get(row, ()):
            terms.append(names[row])  # it does not depend on itself: its own factor is 1
            continue
        # Only what lies on a path from row to column has a part in this entry: so it varies from neuron to neuron only
        # where it must, and its bits do not depend on other parameters.
        between = [name for name in below[row] | {row} if column in below.get(name, set()) | {name}]
        inner = {place: value for place, value in generator.items() if set(place) <= set(between)}
        moving = [name for name in step.start if any(place[0] == name for place in inner)]
        nodes = [*moving, *(name for name in (*step.start, CONSTANT) if name in between and name not in moving)]
        label = f"in_{column}" if column in step.system.inputs else column
        factor = b.load("constant", step.pool.propagator(f"{prefix}_{row}_{label}", inner, nodes, row, column))
        terms.append(factor if column == CONSTANT else b.mul(factor, names[column]))
    return b.sum(terms)


def _below(generator: Collection[tuple[str, str]]) -> dict[str, set[str]]:
    """What each name depends on, by the structure alone; itself only if it feeds back on itself."""
    below: dict[str, set[str]] = {}
    for row, column in generator:
        below.setdefault(row, set()).add(column)
    changed = True
    while changed:
        changed = False
        for names in below.values():
            more = set().union(*(below.get(name, ()) for name in names)) - names
            names |= more
            changed |= bool(more)
    return below


def advance_exactly(step: Step) -> dict[str, int]:
    """All states by one propagator. States that a clamped one drives have another while it is clamped."""
    system = step.system
    members = tuple(system.dynamics)
    new = propagate(step, members, step.start, Fraction(1))
    below = _below([(state, name) for state in members for name in linear_row(system, state)[0]])
    driven = [state for state in members if state not in system.clamp and below.get(state, set()) & set(system.held)]
    driven = _with_those_of_the_same_noise(system, driven)
    if driven:
        still = propagate(step, members, step.hold(step.start), Fraction(1), frozen=system.held)
        for state in driven:
            new[state] = step.builder.emit("select", step.builder.emit("clamped"), still[state], new[state])
    return new


def _with_those_of_the_same_noise(system: System, driven: Sequence[str]) -> list[str]:
    """Those too whose noise goes with that of `driven` states, and so is another one while something is clamped."""
    factors = {(state, name) for state in system.dynamics for name in linear_row(system, state)[0]}
    noise = {place for place in factors if place[1] in system.noise}
    found = set(driven)
    for group in groups(system.dynamics, factors - noise, noise):
        found |= set(group) if set(group) & found else set()
    return [state for state in system.dynamics if state in found and state not in system.clamp]


def why_not_linear(system: System, state: str) -> str | None:
    """What prevents dx/dt = a*x + b, a and b free of x, noise apart."""
    try:
        affine(system.drift(state), [symbol(state)])
    except NotAffineError as error:
        return f"d{state}/dt contains {error.facts['term']}, which is not linear in {state}"
    return None
