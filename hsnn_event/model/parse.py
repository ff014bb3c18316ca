"""The text of an expression -> a syntax tree of which every node is known to be harmless.

Text is read by Python's own parser and checked against a whitelist; it is never evaluated. Size, depth and powers are
bounded, so that hostile text fails at once. Nothing here imports SymPy.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Collection

from hsnn_event.errors import ExpressionError, shown, unknown_name
from hsnn_event.model.noise import is_noise

MAX_LENGTH = 2000  # characters
MAX_DEPTH = 100    # levels of the tree; a sum of n terms has n
MAX_POWER = 16     # of a constant exponent, up or down
RESERVED = ("t", "dt")

_ASSIGNMENT = re.compile(r"(?<![<>=!])=(?!=)")
_ALLOWED_TEXT = re.compile(r"[A-Za-z0-9_.+\-*/<>=!(), \t\n]*")


def where(condition: bool, if_true: float, if_false: float) -> float:
    """`if_true` where the condition holds."""
    return if_true if condition else if_false


def clip(x: float, low: float, high: float) -> float:
    """x, or the bound that it passes."""
    return min(max(x, low), high)


def heaviside(x: float) -> float:
    """1 at 0 and above, else 0."""
    return 1.0 if x >= 0 else 0.0


# name: (fewest arguments, most arguments, the function of floats). lowering.arithmetic says what each one compiles to.
FUNCTIONS: dict[str, tuple[int, int, Callable[..., float]]] = {
    "exp": (1, 1, math.exp),
    "log": (1, 1, math.log),
    "sqrt": (1, 1, math.sqrt),
    "abs": (1, 1, abs),
    "tanh": (1, 1, math.tanh),
    "cosh": (1, 1, math.cosh),
    "floor": (1, 1, math.floor),
    "heaviside": (1, 1, heaviside),
    "min": (2, 8, min),
    "max": (2, 8, max),
    "clip": (3, 3, clip),
    "where": (3, 3, where),
}

ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: math.pow(a, b),
}
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def parse(text: str, names: Collection[str], place: str, boolean: bool = False) -> ast.expr:
    """The checked tree of `text`, in which only `names` occur; `place` is what errors call it.

    `boolean` says whether a condition is wanted or a number. Names are ASCII identifiers; numbers are read as floats, so
    that 1/2 is 0.5.

    Raises ExpressionError, and UnknownNameError for a name that is not declared.

    >>> ast.unparse(parse("(E_L - v)/tau_m", {"E_L", "v", "tau_m"}, "lif.dynamics['v']"))
    '(E_L - v) / tau_m'
    """
    tree = _read(text, place)
    _check_depth(tree, place)
    checker = _Checker(frozenset(names), place)
    if boolean:
        checker.condition(tree)
    else:
        checker.number(tree)
    return tree


def _read(text: str, place: str) -> ast.expr:
    if not isinstance(text, str):
        raise ExpressionError(f"{place}: an expression is text, not {shown(text)} ({type(text).__name__}).", place=place)
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"{place}: {len(text)} characters, and {MAX_LENGTH} are the limit. Name parts of it in `expressions`.",
            place=place,
        )
    allowed = _ALLOWED_TEXT.match(text)
    if allowed is not None and allowed.end() < len(text):
        character = text[allowed.end()]
        raise ExpressionError(
            f"{place}: the character {character!r} has no meaning in {_short(text)}. Powers are written **, "
            "conditions with and, or, not.",
            place=place,
            text=text,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as "1or x"
            return ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError, Warning) as error:
        why = error.msg if isinstance(error, SyntaxError) else error
        if _ASSIGNMENT.search(text):
            why = "= compares nothing, write ==, >= or <="
        message = f"{place}: {_short(text)} cannot be read as one expression: {why}."
        raise ExpressionError(message, place=place, text=text) from None


def _check_depth(tree: ast.expr, place: str) -> None:
    """Bound the depth, without recursion."""
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise ExpressionError(
                f"{place}: nested deeper than {MAX_DEPTH} levels. Name parts of it in `expressions`.", place=place
            )
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


class _Checker:
    """Walks a tree; `number` returns the value of a part without names, and None of a part with names."""

    def __init__(self, names: frozenset[str], place: str) -> None:
        self.names = names
        self.place = place

    def refuse(self, node: ast.AST, why: str) -> ExpressionError:
        return ExpressionError(f"{self.place}: {_short(ast.unparse(node))} {why}", place=self.place)

    def number(self, node: ast.expr) -> float | None:
        match node:
            case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
                return self.finite(node, float, value)
            case ast.Name(id=name):
                self.known(name)
                return None
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                value = self.number(operand)
                return value if value is None or isinstance(node.op, ast.UAdd) else -value
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return self.binary(node, op, self.number(left), self.number(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
                return self.call(node, name, args)
            case ast.Call(func=ast.Name(id=name)) if name not in FUNCTIONS:
                raise unknown_name(f"{self.place}: function", name, FUNCTIONS)
            case ast.IfExp():
                raise self.refuse(node, "is Python's condition. Write where(condition, a, b).")
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                raise self.refuse(node, "is a condition where a number is needed. Write where(condition, 1, 0).")
        raise self.refuse(node, "is not a number, a name, an operation + - * / ** or a function call.")

    def condition(self, node: ast.expr) -> None:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others) if all(isinstance(op, _COMPARISONS) for op in ops):
                for each in (left, *others):
                    self.number(each)
            case ast.BoolOp(values=values):
                for value in values:
                    self.condition(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.condition(operand)
            case _:
                raise self.refuse(
                    node, "is not a condition. Write comparisons, such as v >= V_th, joined by and, or, not."
                )

    def known(self, name: str) -> None:
        if name in self.names:
            return
        if name in RESERVED:
            raise ExpressionError(
                f"{self.place}: {name!r} is kept for time, and equations here do not read it. Use an input that varies.",
                place=self.place,
                name=name,
            )
        if is_noise(name):
            raise ExpressionError(
                f"{self.place}: {name!r} is white noise, which stands in `dynamics` only. Give it a state of its own there.",
                place=self.place,
                name=name,
            )
        if name in FUNCTIONS:
            raise ExpressionError(f"{self.place}: the function {name!r} needs its arguments: {name}(...).", place=self.place)
        raise unknown_name(f"{self.place}: name", name, self.names)

    def binary(self, node: ast.BinOp, op: ast.operator, left: float | None, right: float | None) -> float | None:
        if isinstance(op, ast.Pow) and right is not None and abs(right) > MAX_POWER:
            raise self.refuse(node, f"raises to a power beyond {MAX_POWER}. Use exp for such growth.")
        if isinstance(op, ast.Div) and right == 0:
            raise self.refuse(node, "divides by zero.")
        if left is None or right is None:
            return None
        return self.finite(node, ARITHMETIC[type(op)], left, right)

    def call(self, node: ast.Call, name: str, args: list[ast.expr]) -> float | None:
        fewest, most, function = FUNCTIONS[name]
        if not fewest <= len(args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise self.refuse(node, f"gives {name} {len(args)} arguments; it takes {wanted}.")
        if name == "where":
            self.condition(args[0])
            self.number(args[1])
            self.number(args[2])
            return None
        values = [self.number(arg) for arg in args]
        known = [value for value in values if value is not None]
        return self.finite(node, function, *known) if len(known) == len(values) else None

    def finite(self, node: ast.AST, function: Callable[..., float], *values: float) -> float:
        try:
            result = float(function(*values))
        except (ValueError, OverflowError, ZeroDivisionError):
            result = math.nan
        if not math.isfinite(result):
            raise self.refuse(node, "is not a finite number.")
        return result


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
