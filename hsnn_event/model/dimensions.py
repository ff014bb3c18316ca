"""Are a model's equations right in their units?

Each part of an equation has a unit, or it is free: a plain number, and what is a product with one, takes whatever unit
fits, since models such as Izhikevich's hold dimensional constants. What is known must agree, in dimension and in scale:
numbers are in the units declared, so mV and V cannot be added either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from hsnn_event.errors import DimensionError
from hsnn_event.units import dimension_of, exponent_of, factors_of

if TYPE_CHECKING:
    from hsnn_event.model.declare import NeuronModel

Symbol = tuple[str, str]  # prefix and base
_ALIKE = ("abs", "floor", "min", "max", "clip")  # functions that give the unit of their arguments
_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Unit:
    """A product of powers of unit symbols; equal where dimension and scale are, whatever the symbols."""

    powers: tuple[tuple[Symbol, Fraction], ...] = ()

    @staticmethod
    def of(text: str, place: str) -> Unit:
        """The unit that a text names; UnitError.

        >>> Unit.of("pA/pF", "doc") == Unit.of("mV/ms", "doc"), Unit.of("mV", "doc") == Unit.of("V", "doc")
        (True, False)
        """
        return Unit.product((((prefix, base), Fraction(power)) for prefix, base, power in factors_of(text, place)))

    @staticmethod
    def product(powers: Iterable[tuple[Symbol, Fraction]]) -> Unit:
        """Powers of equal symbols added up."""
        total: dict[Symbol, Fraction] = {}
        for symbol, power in powers:
            total[symbol] = total.get(symbol, Fraction(0)) + power
        return Unit(tuple((symbol, power) for symbol, power in total.items() if power))

    def __mul__(self, other: Unit) -> Unit:
        return Unit.product((*self.powers, *other.powers))

    def __pow__(self, power: Fraction) -> Unit:
        return Unit.product((symbol, each * power) for symbol, each in self.powers)

    @cached_property
    def meaning(self) -> tuple[Fraction, ...]:
        """The power of ten against SI, then the powers of SI's bases."""
        total = [Fraction(0)] * 7
        for symbol, power in self.powers:
            for place, each in enumerate((exponent_of(*symbol), *dimension_of(symbol[1]))):
                total[place] += power * each
        return tuple(total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unit) and self.meaning == other.meaning

    def __hash__(self) -> int:
        return hash(self.meaning)

    def __str__(self) -> str:
        if not any(self.meaning):
            return "1"
        above = "*".join(_power(symbol, power) for symbol, power in self.powers if power > 0) or "1"
        return "/".join((above, *(_power(symbol, -power) for symbol, power in self.powers if power < 0)))


def _power(symbol: Symbol, power: Fraction) -> str:
    return "".join(symbol) + ("" if power == 1 else str(power) if power.denominator == 1 else f"**{float(power):g}")


PLAIN = Unit()
MS = Unit.of("ms", "ms")
NOISE = MS**-_HALF


class Equation(NamedTuple):
    """`text` in a place of the model, of which the value must have a unit; None: a condition, or nothing is known of it."""

    place: str
    text: str
    unit: Unit | None
    what: str = ""

    @property
    def tree(self) -> ast.expr:
        """The text, read."""
        return ast.parse(" ".join(self.text.split()), mode="eval").body

    @property
    def names(self) -> set[str]:
        """The variables in it."""
        nodes = list(ast.walk(self.tree))
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        return {node.id for node in nodes if isinstance(node, ast.Name)} - called


def check_dimensions(model: NeuronModel, order: Iterable[str]) -> None:
    """Refuse units that are none, and equations that contradict their units: UnitError, DimensionError.

    `order` are the auxiliary expressions, each after those that it uses. One without a declared unit has that of its text.
    """
    units = {name: Unit.of(unit, f"{model.name}.units[{name!r}]") for name, unit in model.units.items()}
    if not units:
        return
    known: dict[str, Unit | None] = {name: unit for name, unit in units.items() if name not in model.expressions}
    known |= dict.fromkeys(model.noise, NOISE)
    for name in order:
        place = f"{model.name}.expressions[{name!r}]"
        equation = Equation(place, model.expressions[name], units.get(name), name)
        found = _checked(equation, known) if equation.names <= known.keys() else None
        if name in units or equation.names <= known.keys():
            known[name] = units.get(name, found)
    for equation in _equations(model, units):
        if equation.names <= known.keys():
            _checked(equation, known)


def _equations(model: NeuronModel, units: Mapping[str, Unit]) -> Iterator[Equation]:
    def texts(role: str, held: Mapping[str, object], time: Fraction = Fraction(0)) -> Iterator[Equation]:
        for name, text in held.items():
            if name in units and isinstance(text, str):
                what = f"d{name}/dt" if time else name
                yield Equation(f"{model.name}.{role}[{name!r}]", text, units[name] * MS**time, what)

    yield from texts("states", model.states)
    yield from texts("dynamics", model.dynamics, Fraction(-1))
    for receptor, action in model.receptors.items():
        yield from texts(f"receptors[{receptor!r}]", action)
    if model.threshold is not None:
        yield Equation(f"{model.name}.threshold", model.threshold, None)
    if model.hazard is not None:
        yield Equation(f"{model.name}.hazard", model.hazard, MS ** Fraction(-1), "the hazard")
    yield from texts("reset", model.reset)
    if model.refractory is not None:
        duration = str(model.refractory["duration"])
        yield Equation(f"{model.name}.refractory['duration']", duration, MS, "the duration")
    yield from texts("refractory['clamp']", model.clamp)


def _checked(equation: Equation, known: Mapping[str, Unit | None]) -> Unit | None:
    """The unit of an equation, None if it is free."""
    unit = _Reader(known, equation.place).unit(equation.tree)
    if equation.unit is not None and unit is not None and unit != equation.unit:
        raise DimensionError(
            f"{equation.place}: {equation.text} is in {unit}, but {equation.what} is in {equation.unit}. Change the "
            "equation or `units`.",
            place=equation.place, term=equation.text, left=str(equation.unit), right=str(unit),
        )  # fmt: skip
    return unit


class _Reader:
    """Finds the unit of each part of an equation; None where it is free."""

    def __init__(self, known: Mapping[str, Unit | None], place: str) -> None:
        self.known = known
        self.place = place

    def unit(self, node: ast.expr) -> Unit | None:
        match node:
            case ast.Name(id=name):
                return self.known[name]
            case ast.UnaryOp(operand=operand):
                return self.unit(operand)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.power(left, right)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(node, left, op, right)
            case ast.BoolOp(values=values):
                for each in values:
                    self.unit(each)
            case ast.Compare(left=left, comparators=others):
                self.alike(node, [left, *others], "compares")
                return PLAIN
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.call(node, name, args)
        return None

    def binary(self, node: ast.expr, left: ast.expr, op: ast.operator, right: ast.expr) -> Unit | None:
        if isinstance(op, ast.Add | ast.Sub):
            return self.alike(node, [left, right], "combines")
        one, other = self.unit(left), self.unit(right)
        if one is None or other is None:
            return None
        return one * (other if isinstance(op, ast.Mult) else other ** Fraction(-1))

    def power(self, base: ast.expr, exponent: ast.expr) -> Unit | None:
        unit = self.unit(base)
        power = _literal(exponent)
        if power is not None:
            return None if unit is None else unit**power
        self.plain(exponent, "the exponent")
        self.plain(base, "with an exponent that varies, the base")
        return PLAIN

    def call(self, node: ast.expr, name: str, args: list[ast.expr]) -> Unit | None:
        if name == "where":
            self.unit(args[0])
            return self.alike(node, args[1:], "chooses between")
        if name in _ALIKE:
            return self.alike(node, args, "compares")
        if name == "heaviside":
            self.unit(args[0])
        elif name == "sqrt":
            unit = self.unit(args[0])
            return None if unit is None else unit**_HALF
        else:
            self.plain(args[0], f"the argument of {name}")
        return PLAIN

    def plain(self, node: ast.expr, what: str) -> None:
        unit = self.unit(node)
        if unit is not None and unit != PLAIN:
            term = ast.unparse(node)
            raise DimensionError(
                f"{self.place}: {what} is {term}, in {unit}; it must be a plain number. Divide it by something in {unit}.",
                place=self.place, term=term, left="1", right=str(unit),
            )  # fmt: skip

    def alike(self, node: ast.expr, parts: list[ast.expr], verb: str) -> Unit | None:
        """The unit that all parts have."""
        found = [(part, self.unit(part)) for part in parts]
        fixed = [(part, unit) for part, unit in found if unit is not None]
        for part, unit in fixed[1:]:
            first, held = fixed[0]
            if unit != held:
                raise DimensionError(
                    f"{self.place}: {ast.unparse(node)} {verb} {ast.unparse(first)}, in {held}, and {ast.unparse(part)}, in "
                    f"{unit}. Change the equation or `units`.",
                    place=self.place, term=ast.unparse(node), left=str(held), right=str(unit),
                )  # fmt: skip
        return fixed[0][1] if fixed else None


def _literal(node: ast.expr) -> Fraction | None:
    """The value of an exponent that is a plain number."""
    if isinstance(node, ast.UnaryOp):
        value = _literal(node.operand)
        return -value if value is not None and isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        above, below = _literal(node.left), _literal(node.right)
        return None if above is None or not below else above / below
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(node.value).limit_denominator(1000)
    return None
