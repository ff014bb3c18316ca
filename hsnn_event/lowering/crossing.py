"""How the next crossing of a threshold is found, for schedule="exact": what all ways share, and the simplest of them."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from hsnn_event.errors import MethodError
from hsnn_event.lowering import transcendental
from hsnn_event.lowering.exact_ir import NEVER
from hsnn_event.lowering.flow import rates, slope
from hsnn_event.lowering.ir import Section
from hsnn_event.lowering.step import Step
from hsnn_event.lowering.system import NotAffineError, System, affine
from hsnn_event.model.symbolic import symbol

SOONER = 1.0 - 1e-9   # a lower bound of a time stays one when it is rounded
CLOSE = 1e-9          # of the threshold: what is nearer to it is left to the search, lest rounding decide
NOISE = 4 * 2.0**-52  # of the threshold: nearer than that, a potential is at it


def refusal(system: System, reason: str) -> MethodError:
    return MethodError(
        f"{system.name}: schedule='exact' does not fit: {reason}. Give schedule='clock', and dt to the network.",
        method="exact",
        reason=reason,
    )


def excess_of(system: System) -> sympy.Expr:
    """What reaches 0 from below when the neuron fires, affine in the states."""
    condition = system.threshold
    if isinstance(condition, sympy.GreaterThan | sympy.StrictGreaterThan):
        excess = condition.args[0] - condition.args[1]
    elif isinstance(condition, sympy.LessThan | sympy.StrictLessThan):
        excess = condition.args[1] - condition.args[0]
    else:
        raise refusal(system, f"the threshold is the condition {condition}, not a comparison such as v >= V_th")
    try:
        affine(excess, map(symbol, system.states))
    except NotAffineError as error:
        raise refusal(system, f"the threshold contains {error.facts['term']}, not linear in the states") from None
    if any(symbol(name) in excess.free_symbols for name in system.inputs):
        raise refusal(system, "the threshold contains an input that changes")
    return excess


def below(step: Step, y: int, speed: int, own: int, level: int) -> int:
    """Is y, which rises no faster than y' = `speed` + `own` * (its growth), surely below 0 for "elapsed" ms?

    (1 - exp(-z))/z <= 2/(2 + z), so for own <= 0 it is where y (2 - own h) + 2 speed h < 0; and for ever where it does not
    rise at the threshold. `level` is the size of what y is a difference of: nearer than rounding, nothing is sure.
    """
    b = step.builder
    zero, h = b.literal(0.0), b.load("elapsed", 0)
    there = b.sub(speed, b.mul(own, y))
    stretched = b.mul(b.mul(y, b.literal(SOONER)), b.sub(b.literal(2.0), b.mul(own, h)))
    within = b.emit("lt", b.add(stretched, b.mul(b.literal(2.0), b.mul(speed, h))), zero)
    never = b.emit("le", there, zero)
    apart = b.emit("lt", y, b.mul(b.literal(-CLOSE), b.emit("abs", level)))
    decays = b.emit("le", own, zero)
    return b.emit("and", b.emit("and", apart, decays), b.emit("or", within, never))


@dataclass(frozen=True)
class Alone:
    """A threshold on one state that no other state moves: y' = a y + k has its crossing in closed form.

    y reaches 0 after (-y/y') log(1 + z)/z with z = -a y/y', if it rises both here and at the threshold.
    """

    system: System
    excess: sympy.Expr
    state: str

    def _rising(self, step: Step) -> tuple[int, int, int, int]:
        """y, y', a, and y' at the threshold."""
        rate = rates(step, ())[self.state]
        b, factor = step.builder, affine(self.excess, [symbol(self.state)])[0][symbol(self.state)]
        y = step.write(self.excess, step.start)
        speed = b.mul(step.write(factor, {}), slope(step, rate, self.state, step.start))
        own = step.write(rate.own, {})
        return y, speed, own, b.sub(speed, b.mul(own, y))

    def ahead(self, step: Step) -> Section:
        b = step.builder
        y, speed, own, there = self._rising(step)
        rises = b.emit("and", b.emit("gt", speed, b.literal(0.0)), b.emit("gt", there, b.literal(0.0)))
        speed = b.emit("select", rises, speed, b.literal(1.0))
        straight = b.div(b.emit("neg", y), speed)
        w = b.add(b.literal(1.0), b.mul(own, straight))
        time = b.larger(b.literal(0.0), b.mul(straight, transcendental.mean_inverse(b, w, step.limits)))
        return b.section([b.smaller(b.emit("select", rises, time, b.literal(NEVER)), b.literal(NEVER))])

    def safe(self, step: Step) -> Section:
        y, speed, own, _ = self._rising(step)
        level = step.write(affine(self.excess, map(symbol, self.system.states))[1], {})
        return step.builder.section([below(step, y, speed, own, level)])
