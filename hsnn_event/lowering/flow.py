"""The solution of linear equations at any time, for exact schedules: x(t + h) with h known at each event only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sympy

from hsnn_event.lowering import transcendental
from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.linear import linear_row
from hsnn_event.lowering.step import Names, Step

FAR_APART = 0.5  # of the larger of two rates: then a difference of exponentials loses one digit of base 2
NO_RATE = 1e-200


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
    D(a, b) = (exp(a h) - exp(b h))/(a - b).
    """
    b, found = step.builder, rates(step, frozen)
    new, decayed = dict(names), dict[str, int]()
    for state, rate in found.items():
        if rate.decays:
            continue
        still = Rate(rate.own, {}, rate.still, rate.rest)
        own = _growth(step, step.write(rate.own, {}), elapsed)
        reach = _quotient(b, own.less_one, own.rate, elapsed)
        total = b.add(names[state], b.mul(reach, slope(step, still, state, names)))
        for name, factor in rate.moving.items():
            spread, decay = _spread(step, own, step.write(found[name].own, {}), elapsed)
            decayed.setdefault(name, decay)
            total = b.add(total, b.mul(b.mul(step.write(factor, {}), names[name]), spread))
        new[state] = total
    for state, rate in found.items():
        if rate.decays:
            factor = decayed[state] if state in decayed else _growth(step, step.write(rate.own, {}), elapsed).whole
            new[state] = b.mul(names[state], factor)
    return new


@dataclass(frozen=True)
class Growth:
    """exp(rate h), and exp(rate h) - 1 without cancellation."""

    rate: int
    whole: int
    less_one: int


def _growth(step: Step, rate: int, elapsed: int) -> Growth:
    x = step.builder.mul(rate, elapsed)
    return Growth(
        rate, transcendental.exp(step.builder, x, step.limits), transcendental.expm1(step.builder, x, step.limits)
    )


def _quotient(b: Builder, above: int, rate: int, without: int) -> int:
    """above/rate; `without`, where the rate is 0. The division is one for all neurons whose rate is the same."""
    none = b.emit("lt", b.emit("abs", rate), b.literal(NO_RATE))
    inverse = b.div(b.literal(1.0), b.emit("select", none, b.literal(1.0), rate))
    return b.emit("select", none, without, b.mul(above, inverse))


def _spread(step: Step, own: Growth, other: int, elapsed: int) -> tuple[int, int]:
    """D(a, b) and exp(b h), of one more exponential than exp(a h).

    Where a and b are far apart that is exp(b h). Where they are not, the difference of both would lose digits: it is
    exp((b - a) h), and D(a, b) = exp(a h) (1 - exp((b - a) h))/(a - b).
    """
    b = step.builder
    apart = b.sub(own.rate, other)
    size = b.larger(b.emit("abs", own.rate), b.emit("abs", other))
    far = b.emit("ge", b.emit("abs", apart), b.mul(b.literal(FAR_APART), size))
    more = _growth(step, b.emit("select", far, other, b.emit("neg", apart)), elapsed)
    gone = b.emit("lt", b.mul(own.rate, elapsed), b.literal(step.limits.low))  # beyond, exp(a h) is not exp's, but 0
    whole = b.emit("select", gone, b.literal(0.0), own.whole)
    decay = b.emit("select", far, more.whole, b.mul(whole, more.whole))
    above = b.emit("select", far, b.sub(own.less_one, more.less_one), b.emit("neg", b.mul(whole, more.less_one)))
    return _quotient(b, above, apart, b.mul(whole, elapsed)), decay
