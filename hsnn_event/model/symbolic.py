"""A checked syntax tree -> SymPy, for the mathematics that lowering does once.

Symbols are real. Functions are opaque here (SymPy never rewrites or evaluates them), so that no text can start a
computation that is longer than the text.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping

import sympy

from hsnn_event.errors import ExpressionError
from hsnn_event.model.parse import FUNCTIONS, MAX_POWER, parse

MAX_NODES = 20_000

_NOT_REAL = (sympy.I, sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)
_RELATIONS: dict[type[ast.cmpop], type[sympy.Basic]] = {
    ast.Lt: sympy.StrictLessThan,
    ast.LtE: sympy.LessThan,
    ast.Gt: sympy.StrictGreaterThan,
    ast.GtE: sympy.GreaterThan,
    ast.Eq: sympy.Equality,
    ast.NotEq: sympy.Unequality,
}


def _opaque(name: str) -> type[sympy.Function]:
    return type(name, (sympy.Function,), {"is_real": True, "__module__": __name__})


OPAQUE: dict[str, type[sympy.Function]] = {name: _opaque(name) for name in FUNCTIONS if name != "sqrt"}


def symbol(name: str) -> sympy.Symbol:
    """The real symbol that stands for a declared name."""
    return sympy.Symbol(name, real=True)


def expression(text: str, names: Mapping[str, sympy.Expr], place: str, boolean: bool = False) -> sympy.Basic:
    """`text` in SymPy, every name replaced by what `names` says it stands for; `boolean`: it is a condition.

    Raises ExpressionError, UnknownNameError.

    >>> expression("3*v/2", {"v": symbol("v")}, "doc")
    1.5*v
    """
    converted = _Converter(names, place).convert(parse(text, names, place, boolean))
    if _size(converted, {}) > MAX_NODES:
        raise ExpressionError(
            f"{place}: more than {MAX_NODES} terms once its expressions are put in. Make it smaller.", place=place
        )
    literals = converted.atoms(sympy.Float, sympy.Integer)
    if converted.has(*_NOT_REAL) or not all(math.isfinite(float(each)) for each in literals):
        raise ExpressionError(f"{place}: {text[:60]!r} is not a finite real number.", place=place)
    return converted


class _Converter:
    def __init__(self, names: Mapping[str, sympy.Expr], place: str) -> None:
        self.names = names
        self.place = place

    def convert(self, node: ast.expr) -> sympy.Basic:
        match node:
            case ast.Constant(value=int() | float() as value):
                return sympy.Float(float(value))
            case ast.Name(id=name):
                return self.names[name]
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return sympy.Not(self.convert(operand), evaluate=False)
            case ast.UnaryOp(op=op, operand=operand):
                value = self.convert(operand)
                return -value if isinstance(op, ast.USub) else value
            case ast.BoolOp(op=op, values=values):
                join = sympy.And if isinstance(op, ast.And) else sympy.Or
                return join(*map(self.convert, values), evaluate=False)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self.comparison([left, *others], ops)
            case ast.BinOp(left=left, op=op, right=right):
                return self.real(self.binary(op, self.convert(left), self.convert(right)))
            case ast.Call(func=ast.Name(id="sqrt"), args=[arg]):
                return self.real(sympy.Pow(self.convert(arg), sympy.Rational(1, 2)))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.call(name, [self.convert(arg) for arg in args])
        raise AssertionError(f"parse let {ast.dump(node)} pass")

    def comparison(self, operands: list[ast.expr], ops: list[ast.cmpop]) -> sympy.Basic:
        values = [self.convert(each) for each in operands]
        links = [
            _RELATIONS[type(op)](values[k], values[k + 1], evaluate=False)
            for k, op in enumerate(ops)
        ]
        return links[0] if len(links) == 1 else sympy.And(*links, evaluate=False)

    def binary(self, op: ast.operator, left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
        match op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                if right.is_Number and float(right) == 0:
                    raise ExpressionError(f"{self.place}: divides by zero.", place=self.place)
                return left / right
        return left ** self.exponent(right)

    def call(self, name: str, args: list[sympy.Basic]) -> sympy.Expr:
        if not all(arg.is_Number for arg in args):
            return OPAQUE[name](*args)
        try:
            return self.real(sympy.Float(FUNCTIONS[name][2](*map(float, args))))
        except (ValueError, OverflowError):
            raise self.not_finite(OPAQUE[name](*args)) from None

    def exponent(self, value: sympy.Expr) -> sympy.Expr:
        """Whole and half exponents as exact numbers, so that they become products and square roots."""
        if not value.is_Number:
            return value
        number = float(value)
        if not abs(number) <= MAX_POWER:
            raise ExpressionError(
                f"{self.place}: a power of {number:g} is beyond {MAX_POWER}. Use exp for such growth.", place=self.place
            )
        return sympy.Rational(round(2 * number), 2) if (2 * number).is_integer() else value

    def real(self, value: sympy.Expr) -> sympy.Expr:
        """Refuse what SymPy's own arithmetic of literals made infinite."""
        if not math.isfinite(float(value.as_coeff_Mul()[0])):
            raise self.not_finite(value)
        return value

    def not_finite(self, value: sympy.Expr) -> ExpressionError:
        return ExpressionError(f"{self.place}: {str(value)[:60]!r} is not a finite real number.", place=self.place)


def _size(value: sympy.Basic, known: dict[sympy.Basic, int]) -> int:
    """Nodes of the tree, counted without walking shared parts twice."""
    if value not in known:
        known[value] = 1 + sum(_size(arg, known) for arg in value.args)
    return known[value]
