"""One state whose slope is a quadratic function of it: its flow and its crossing in closed form.

With f = v' and p = df/dv now, and q = a c - b**2 / 4 of v' = a v**2 + b v + c, which does not change: v moves in h ms by
2 U f / (1 - q U**2 - p U), where U = tan(sqrt(q) h/2) / sqrt(q), for q < 0 tanh(sqrt(-q) h/2) / sqrt(-q), and h/2 for q = 0.
Half of h, so that the angle is below pi/2 until v is infinite; and U loses no digits where q is nearly 0.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sympy

from hsnn_event.lowering import transcendental
from hsnn_event.lowering.crossing import CLOSE, SOONER, excess_of
from hsnn_event.lowering.exact_ir import NEVER
from hsnn_event.lowering.ir import Section
from hsnn_event.lowering.step import Names, Step
from hsnn_event.lowering.system import System, affine, degree
from hsnn_event.model.symbolic import symbol

_HALF_PI = 1.5707963267948966
_INFINITE = 1e150  # where v goes in finite time


@dataclass(frozen=True)
class Quadratic:
    """A threshold on the one state that moves. With y the excess, Y = -y, g = y' + p Y/2, the crossing has
    U = Y/(g + sqrt(g**2 + q Y**2))."""

    system: System
    state: str
    excess: sympy.Expr

    @property
    def _slope(self) -> sympy.Expr:
        return self.system.dynamics[self.state]

    @property
    def _bend(self) -> sympy.Expr:
        """p = 2 a v + b."""
        return sympy.diff(self._slope, symbol(self.state))

    @property
    def _square(self) -> sympy.Expr:
        """The factor a."""
        return sympy.expand(sympy.diff(self._bend, symbol(self.state))) / 2

    @property
    def _curvature(self) -> sympy.Expr:
        """q; what the host knows of it as a product if possible, since the difference would lose digits."""
        at_zero = {symbol(self.state): sympy.Integer(0)}
        a, b = self._square, self._bend.xreplace(at_zero)
        terms = sympy.Add.make_args(sympy.expand(self._slope.xreplace(at_zero)))
        known = sympy.Add(*(term for term in terms if not self.system.varies(term)))
        driven = sympy.Add(*(term for term in terms if self.system.varies(term)))
        return sympy.factor(_exact(a * known - b**2 / 4)) + a * driven

    def flow(self, step: Step, elapsed: int, names: Names, frozen: Collection[str] = ()) -> dict[str, int]:
        if self.state in frozen:
            return dict(names)
        b = step.builder
        zero, one = b.literal(0.0), b.literal(1.0)
        slope, bend = step.write(self._slope, names), step.write(self._bend, names)
        q = step.write(self._curvature, names)
        half = b.mul(b.literal(0.5), elapsed)
        root = b.emit("sqrt", b.emit("abs", q))
        angle = b.mul(root, half)
        turn = transcendental.tan(b, b.smaller(angle, b.literal(_HALF_PI)))
        arc = b.emit("select", b.emit("gt", q, zero), turn, transcendental.tanh(b, angle, step.limits))
        flat = b.emit("eq", root, zero)
        reach = b.emit("select", flat, half, b.div(arc, b.emit("select", flat, one, root)))
        below = b.sub(b.sub(one, b.mul(b.mul(q, reach), reach)), b.mul(bend, reach))
        finite = b.emit("gt", below, zero)
        change = b.div(b.mul(b.mul(b.literal(2.0), reach), slope), b.emit("select", finite, below, one))
        falls = b.emit("lt", slope, zero)
        endless = b.emit("select", falls, b.literal(-_INFINITE), b.literal(_INFINITE))
        return {**names, self.state: b.emit("select", finite, b.add(names[self.state], change), endless)}

    def _towards(self, step: Step) -> tuple[int, int, int, int]:
        """Y, y', p, and a in terms of y."""
        b = step.builder
        factor = step.write(affine(self.excess, [symbol(self.state)])[0][symbol(self.state)], {})
        left = b.emit("neg", step.write(self.excess, step.start))
        speed = b.mul(factor, step.write(self._slope, step.start))
        return left, speed, step.write(self._bend, step.start), b.div(step.write(self._square, step.start), factor)

    def ahead(self, step: Step) -> Section:
        b = step.builder
        zero, one = b.literal(0.0), b.literal(1.0)
        left, speed, bend, square = self._towards(step)
        q = step.write(self._curvature, step.start)
        there = b.add(b.add(speed, b.mul(bend, left)), b.mul(square, b.mul(left, left)))
        middle = b.add(speed, b.mul(b.mul(b.literal(0.5), bend), left))
        root = b.emit("sqrt", b.emit("abs", q))
        turns = b.emit("gt", q, zero)
        apart = b.sub(middle, b.mul(root, left))
        rises = b.emit("and", b.emit("gt", speed, zero), b.emit("gt", there, zero))
        rises = b.emit("and", rises, b.emit("or", turns, b.emit("gt", apart, zero)))
        apart = b.emit("select", b.emit("and", rises, b.emit("not", turns)), apart, one)
        straight = self._straight(step, left, root, apart)
        time = b.emit("select", turns, self._turned(step, left, root, middle), straight)
        time = b.emit("select", rises, b.larger(zero, time), b.literal(NEVER))
        return b.section([b.smaller(time, b.literal(NEVER))])

    def _turned(self, step: Step, left: int, root: int, middle: int) -> int:
        """Of q > 0: the angle of (g, sqrt(q) Y) over sqrt(q)."""
        b, zero = step.builder, step.builder.literal(0.0)
        rise = b.mul(root, left)
        length = b.emit("sqrt", b.add(b.mul(middle, middle), b.mul(rise, rise)))
        above = b.add(length, b.emit("abs", middle))
        safe = b.emit("select", b.emit("gt", above, zero), above, b.literal(1.0))
        angle = b.mul(b.literal(2.0), transcendental.atan(b, b.div(rise, safe)))
        back = b.emit("lt", middle, zero)
        angle = b.emit("select", back, b.sub(b.literal(2 * _HALF_PI), angle), angle)
        return b.div(angle, b.emit("select", b.emit("gt", root, zero), root, b.literal(1.0)))

    def _straight(self, step: Step, left: int, root: int, apart: int) -> int:
        """Of q <= 0: Y/(g - s Y) log(1 + z)/z with s = sqrt(-q), z = 2 s Y/(g - s Y)."""
        b, one = step.builder, step.builder.literal(1.0)
        base = b.div(left, apart)
        w = b.add(one, b.mul(b.mul(b.literal(2.0), root), base))
        return b.mul(base, transcendental.mean_inverse(b, w, step.limits))

    def safe(self, step: Step) -> Section:
        """y' is nowhere on the way above the most of its values at both ends and on the tangent from here."""
        b = step.builder
        zero, h = b.literal(0.0), b.load("elapsed", 0)
        left, speed, bend, square = self._towards(step)
        tangent = b.add(speed, b.mul(bend, left))
        curved = b.mul(square, b.mul(left, left))
        most = b.larger(speed, b.larger(tangent, b.add(tangent, curved)))
        within = b.emit("lt", b.mul(most, h), b.mul(b.literal(SOONER), left))
        level = b.emit("abs", step.write(affine(self.excess, map(symbol, self.system.states))[1], step.start))
        noise = b.mul(level, b.add(b.emit("abs", bend), b.mul(b.emit("abs", square), level)))
        falls = b.emit("lt", speed, b.mul(b.literal(-CLOSE), noise))
        apart = b.emit("gt", left, b.mul(b.literal(CLOSE), level))
        sure = b.emit("and", apart, b.emit("or", within, falls))
        return b.section([b.emit("and", sure, b.emit("gt", left, zero))])


def quadratic_of(system: System) -> Quadratic | None:
    """The form, if exactly one state moves, quadratically."""
    if len(system.dynamics) != 1 or system.threshold is None:
        return None
    ((state, slope),) = system.dynamics.items()
    if degree(slope, symbol(state)) != 2:
        return None
    excess = excess_of(system)
    return Quadratic(system, state, excess) if symbol(state) in excess.free_symbols else None


def _exact(value: sympy.Expr) -> sympy.Expr:
    """With fractions for floating-point numbers, so that factors are found."""
    return value.xreplace({each: sympy.Rational(float(each)) for each in value.atoms(sympy.Float)})
