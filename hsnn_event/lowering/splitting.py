"""Strang's splitting for neurons with gates: half a step of the voltage, a whole one of the gates, half one of the voltage.

Each part is linear in what it moves, the others standing still: x' = f(x) with the slope a. It takes the trapezoidal rule,
x + h f/(1 - z/2) with z = a h, which needs no exponential; and where h is longer than two time constants, where that rule
would go beyond the steady state, it goes there: gates stay between 0 and 1 at any step. The rates of gates, by far the most
work, are needed once a step, at the voltage in its middle; the whole is the same forwards and backwards, and so of second
order (Strang 1968, doi 10.1137/0705041).
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

import sympy

from hsnn_event.lowering.linear import linear_part, propagate, why_not_linear
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import DT, System, affine
from hsnn_event.model.symbolic import symbol

HALF = Fraction(1, 2)


def advance(step: Step) -> dict[str, int]:
    """The states after the three parts. What is advanced exactly counts as it is at the beginning and at the end."""
    voltage, gates = parts(step.system)
    exact = propagate(step, linear_part(step.system), step.start, Fraction(1))
    names = step.hold(step.start)
    half = _moved(step, voltage, names, HALF)
    names = step.hold({**step.start, **half})
    new = {**exact, **_moved(step, gates, names, Fraction(1))}
    names = step.hold({**names, **new})
    return {**new, **_moved(step, voltage, names, HALF)}


def parts(system: System) -> tuple[list[str], list[str]]:
    """The states that the threshold reads (without one: v), and the others that are not advanced exactly."""
    exact = linear_part(system)
    watched = ("v",) if system.threshold is None else system.reads(system.threshold)
    moving = [state for state in system.dynamics if state not in exact]
    return [each for each in moving if each in watched], [each for each in moving if each not in watched]


def obstacle(system: System) -> str | None:
    """What prevents the splitting, or None."""
    voltage, gates = parts(system)
    if not voltage or not gates:
        return "it is for gates beside a voltage that the threshold reads"
    for part in (voltage, gates):
        for state in part:
            reason = why_not_linear(system, state)
            if reason:
                return reason
            other = next((each for each in system.reads(system.dynamics[state]) if each in part and each != state), None)
            if other:
                return f"d{state}/dt contains {other}, which moves in the same part of the step"
    return None


def _moved(step: Step, states: Collection[str], names: Names, fraction: Fraction) -> dict[str, int]:
    """The states after fraction * dt, all others as in `names`."""
    b, span, new = step.builder, DT * sympy.Rational(fraction), dict[str, int]()
    for state in states:
        slope = affine(step.system.drift(state), [symbol(state)])[0].get(symbol(state), sympy.Integer(0))
        change = step.write(sympy.Mul(span, step.system.dynamics[state]), names)
        if slope != 0:
            z = step.write(span * slope, names)
            trapezoidal = b.sub(b.literal(1.0), b.mul(b.literal(0.5), z))
            change = b.div(change, b.larger(trapezoidal, b.emit("neg", z)))
        new[state] = b.add(names[state], change)
    return new
