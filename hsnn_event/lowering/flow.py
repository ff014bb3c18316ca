"""The solution of linear equations at any time, for exact schedules: x(t + h) with h known at each event only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sympy

from hsnn_event.lowering import transcendental
from hsnn_event.lowering.linear import linear_row
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.translate import phi1
from hsnn_event.model.symbolic import symbol

ELAPSED = symbol("(elapsed)")


@dataclass(frozen=True)
class Rate:
    """dx/dt = `own` * x + sum(factor * state) over `moving` states + what stands still (`still`, `rest`)."""

    own: sympy.Expr
    moving: Mapping[str, sympy.Expr]
    still: Mapping[str, sympy.Expr]
    rest: sympy.Expr

    @property
    def decays(self) -> bool:
        """Does it depend on itself alone?"""
        return not self.moving and not self.still and self.rest == 0


def rates(step: Step, frozen: Collection[str]) -> dict[str, Rate]:
    """The equation of each state that moves, where those in `frozen` stand still as inputs do."""
    found = {}
    moves = [state for state in step.system.dynamics if state not in frozen]
    for state in moves:
        factors, rest = linear_row(step.system, state)
        own = factors.pop(state, sympy.Integer(0))
        moving = {name: factor for name, factor in factors.items() if name in moves}
        found[state] = Rate(own, moving, {name: each for name, each in factors.items() if name not in moves}, rest)
    return found


def is_shallow(found: Mapping[str, Rate]) -> bool:
    """Is all that moves a state something that decays by itself?"""
    return all(found[name].decays for rate in found.values() for name in rate.moving)


def entries_of(found: Mapping[str, Rate]) -> dict[tuple[str, str], sympy.Expr]:
    """The matrix A of x' = A x + ..., without its zeros."""
    entries = {(row, row): rate.own for row, rate in found.items() if rate.own != 0}
    return entries | {(row, name): factor for row, rate in found.items() for name, factor in rate.moving.items()}


def slope(step: Step, rate: Rate, state: str, names: Names) -> int:
    """dx/dt at one instant."""
    b = step.builder
    factors = {state: rate.own, **rate.moving, **rate.still}
    terms = [b.mul(step.write(factor, {}), names[name]) for name, factor in factors.items() if factor != 0]
    return b.sum([*terms, *([step.write(rate.rest, {})] if rate.rest != 0 else [])])


def flow(step: Step, elapsed: int, names: Names, frozen: Collection[str] = ()) -> dict[str, int]:
    """The states `elapsed` ms after `names`.

    A driven state moves by D(a) (a x + still) + sum(factor * driver * D(a, b)), where D(a) = (exp(a h) - 1)/a, and
    D(a, b) = (exp(a h) - exp(b h))/(a - b) is exp(larger h) times D(-|a - b|): neither loses digits where a and b are
    close, and nothing overflows however long the neuron has been idle.
    """
    b, found = step.builder, rates(step, frozen)
    new = dict(names)
    decayed = {state: _decay(step, rate.own, elapsed) for state, rate in found.items() if _drives(state, found)}
    for state, rate in found.items():
        if rate.decays:
            factor = decayed.get(state)
            new[state] = b.mul(names[state], _decay(step, rate.own, elapsed) if factor is None else factor)
            continue
        still = Rate(rate.own, {}, rate.still, rate.rest)
        reach = _reach(step, rate.own, elapsed)
        total = b.add(names[state], b.mul(reach, slope(step, still, state, names)))
        for name, factor in rate.moving.items():
            other = found[name].own
            own = b.add(b.literal(1.0), b.mul(step.write(rate.own, {}), reach))
            slower = step.write(rate.own - other, {})
            larger = b.emit("select", b.emit("ge", slower, b.literal(0.0)), own, decayed[name])
            apart = step.write(-sympy.Abs(rate.own - other), {})
            spread = b.mul(larger, b.mul(elapsed, _phi1(step, b.mul(apart, elapsed))))
            total = b.add(total, b.mul(b.mul(step.write(factor, {}), names[name]), spread))
        new[state] = total
    return new


def _drives(state: str, found: Mapping[str, Rate]) -> bool:
    return any(state in rate.moving for rate in found.values())


def _decay(step: Step, rate: sympy.Expr, elapsed: int) -> int:
    """exp(rate * h)."""
    if rate == 0:
        return step.builder.literal(1.0)
    return transcendental.exp(step.builder, step.builder.mul(step.write(rate, {}), elapsed), step.limits)


def _reach(step: Step, rate: sympy.Expr, elapsed: int) -> int:
    """(exp(rate * h) - 1)/rate, h where the rate is 0."""
    if rate == 0:
        return elapsed
    return step.builder.mul(elapsed, _phi1(step, step.builder.mul(step.write(rate, {}), elapsed)))


def _phi1(step: Step, z: int) -> int:
    return step.write(phi1(symbol("(z)")), {"(z)": z})
