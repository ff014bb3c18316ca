"""SymPy -> single operations. What is known before the run becomes a constant that the host computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import sympy
from sympy.logic import boolalg

from hsnn_event.errors import ModelError
from hsnn_event.lowering import transcendental
from hsnn_event.lowering.arithmetic import Builder
from hsnn_event.lowering.system import readable
from hsnn_event.lowering.transcendental import Limits
from hsnn_event.model.symbolic import OPAQUE

_RELATIONS = {
    sympy.StrictLessThan: "lt",
    sympy.LessThan: "le",
    sympy.StrictGreaterThan: "gt",
    sympy.GreaterThan: "ge",
    sympy.Equality: "eq",
    sympy.Unequality: "ne",
}


class HostValues(Protocol):
    """Where the values of expressions come from that are known before the run."""

    def knows(self, value: sympy.Basic) -> bool:
        """Is it known before the run (and no plain number)?"""

    def constant(self, value: sympy.Expr) -> int:
        """The index of the constant that holds it."""


class Translator:
    """Writes expressions into a builder; `host` is None where every symbol is in the environment."""

    def __init__(self, builder: Builder, limits: Limits, host: HostValues | None) -> None:
        self.builder = builder
        self.limits = limits
        self.host = host

    def write(self, value: sympy.Basic, names: Mapping[str, int]) -> int:
        """The number of `value`, with each symbol of `names` standing for the value of that number."""
        b = self.builder
        if value.is_Number:
            return b.literal(float(value))
        if self.host is not None and self.host.knows(value):
            return b.load("constant", self.host.constant(value))
        if value.is_Symbol:
            return names[value.name]
        if value.is_Add:
            return self._sum(value, names)
        if value.is_Mul or value.is_Pow:
            return self._product(value, names)
        if type(value) in _RELATIONS:
            left, right = (self.write(arg, names) for arg in value.args)
            return b.emit(_RELATIONS[type(value)], left, right)
        if isinstance(value, boolalg.BooleanFunction | boolalg.BooleanAtom):
            return self._logic(value, names)
        return self._call(value, names)

    def _sum(self, value: sympy.Expr, names: Mapping[str, int]) -> int:
        """Terms in SymPy's order, those known to the host as one constant; subtraction instead of a factor -1."""
        known, varying = self._split(value.args)
        added: list[int] = []
        taken: list[int] = []
        for term in varying:
            factor, rest = term.as_coeff_Mul()
            negative = float(factor) == -1.0 and not self._split(sympy.Mul.make_args(rest))[0]
            (taken if negative else added).append(self.write(rest if negative else term, names))
        if known:
            added.append(self.write(sympy.Add(*known), names))
        total = self.builder.sum(added)
        for term in taken:
            total = self.builder.sub(total, term)
        return total

    def _product(self, value: sympy.Expr, names: Mapping[str, int]) -> int:
        """What varies first, then one constant for all that the host knows, then the division."""
        b = self.builder
        known, varying = self._split(sympy.Mul.make_args(value))
        above = [each for each in varying if not _is_inverse(each)]
        below = [each.base ** -each.exp for each in varying if _is_inverse(each)]
        factors = [self._power(each, names) for each in above]
        for each in [each for each in below if isinstance(each, OPAQUE["exprel"])]:
            below.remove(each)
            factors.append(transcendental.inverse_exprel(b, self.write(each.args[0], names), self.limits))
        if known or not factors:
            factors.append(self.write(sympy.Mul(*known), names))
        total = factors[0]
        for factor in factors[1:]:
            total = b.mul(total, factor)
        if below:
            divisor = self._power(below[0], names)
            for each in below[1:]:
                divisor = b.mul(divisor, self._power(each, names))
            total = b.div(total, divisor)
        return total

    def _split(self, parts: Sequence[sympy.Expr]) -> tuple[list[sympy.Expr], list[sympy.Expr]]:
        """The parts that are numbers or known to the host, and the others."""
        known = [each for each in parts if each.is_Number or (self.host is not None and self.host.knows(each))]
        return known, [each for each in parts if each not in known]

    def _power(self, value: sympy.Expr, names: Mapping[str, int]) -> int:
        b = self.builder
        if not value.is_Pow:
            return self.write(value, names)
        base = self.write(value.base, names)
        if value.exp.is_Rational and value.exp.q in (1, 2):
            whole, half = divmod(value.exp.p, 2) if value.exp.q == 2 else (int(value.exp), 0)
            root = b.emit("sqrt", base) if half else b.literal(1.0)
            return b.mul(b.power(base, whole), root) if whole else root
        return transcendental.power(b, base, self.write(value.exp, names), self.limits)

    def _logic(self, value: sympy.Basic, names: Mapping[str, int]) -> int:
        b = self.builder
        if isinstance(value, boolalg.BooleanAtom):
            return b.emit("lt", b.literal(0.0), b.literal(1.0 if value == sympy.true else 0.0))
        terms = [self.write(arg, names) for arg in value.args]
        if isinstance(value, sympy.Not):
            return b.emit("not", terms[0])
        total = terms[0]
        for term in terms[1:]:
            total = b.emit("and" if isinstance(value, sympy.And) else "or", total, term)
        return total

    def _call(self, value: sympy.Basic, names: Mapping[str, int]) -> int:
        function = _FUNCTIONS.get(type(value))
        if function is None:
            raise ModelError(
                f"{readable(value)} ({type(value).__name__}) has no meaning in a model. Use numbers, names, + - * / ** "
                "and the functions of expressions.",
            )
        return function(self, *(self.write(arg, names) for arg in value.args))


def _is_inverse(value: sympy.Expr) -> bool:
    return bool(value.is_Pow and value.exp.is_Rational and value.exp < 0)


def _elementary(function: Callable[[Builder, int, Limits], int]) -> Callable[..., int]:
    return lambda to, x: function(to.builder, x, to.limits)


def _clip(to: Translator, x: int, low: int, high: int) -> int:
    return to.builder.smaller(high, to.builder.larger(low, x))


def _heaviside(to: Translator, x: int) -> int:
    b = to.builder
    return b.emit("select", b.emit("ge", x, b.literal(0.0)), b.literal(1.0), b.literal(0.0))


def _least(to: Translator, *values: int) -> int:
    least = values[0]
    for value in values[1:]:
        least = to.builder.smaller(value, least)
    return least


def _greatest(to: Translator, *values: int) -> int:
    greatest = values[0]
    for value in values[1:]:
        greatest = to.builder.larger(value, greatest)
    return greatest


# What each function of model.parse.FUNCTIONS compiles to (sqrt is a power).
_FUNCTIONS: dict[type, Callable[..., int]] = {
    OPAQUE["exp"]: _elementary(transcendental.exp),
    OPAQUE["exprel"]: _elementary(transcendental.exprel),
    OPAQUE["log"]: _elementary(transcendental.log),
    OPAQUE["tanh"]: _elementary(transcendental.tanh),
    OPAQUE["cosh"]: _elementary(transcendental.cosh),
    OPAQUE["abs"]: lambda to, x: to.builder.emit("abs", x),
    sympy.Abs: lambda to, x: to.builder.emit("abs", x),  # SymPy's own sqrt(x**2)
    OPAQUE["floor"]: lambda to, x: to.builder.emit("floor", x),
    OPAQUE["heaviside"]: _heaviside,
    OPAQUE["min"]: _least,
    OPAQUE["max"]: _greatest,
    OPAQUE["clip"]: _clip,
    OPAQUE["where"]: lambda to, *args: to.builder.emit("select", *args),
}
