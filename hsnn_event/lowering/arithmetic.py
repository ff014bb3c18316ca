"""Sections of a kernel: how they are written, one operation at a time, and what they mean in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.ir import BOOL_OPS, EASY, LOADS, PARTS, REAL_OPS, FloatArray, Instruction, Kernel, Section

Array = npt.NDArray[np.generic]

_FOLDED: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "abs": abs,
    "sqrt": math.sqrt,
    "floor": math.floor,
}


class Builder:
    """Writes a section. A value is known by its number; asking for the same operation twice gives the same number.

    >>> builder = Builder()
    >>> v = builder.load("state", 0)
    >>> cube = builder.power(v, 3)
    >>> [each.op for each in builder.section([cube]).code]
    ['state', 'mul', 'mul']
    """

    def __init__(self) -> None:
        self.code: list[Instruction] = []
        self._numbers: dict[Instruction, int] = {}

    def emit(self, op: str, *args: int, value: float | int | None = None) -> int:
        """The number of the value that this instruction gives; operations on literals are done here, in float64."""
        literals = [self.value_of(arg) for arg in args]
        if args and op in _FOLDED and None not in literals:
            folded = _fold(op, literals)
            if folded is not None:
                return self.literal(folded)
        instruction = Instruction(op, args, value)
        if instruction not in self._numbers:
            self._numbers[instruction] = len(self.code)
            self.code.append(instruction)
        return self._numbers[instruction]

    def value_of(self, number: int) -> float | None:
        """The value of a literal, None of anything else."""
        instruction = self.code[number]
        return float(instruction.value) if instruction.op == "literal" and instruction.value is not None else None

    def load(self, kind: str, index: int) -> int:
        """A state, constant, input or arrival, by its place in the kernel's list."""
        return self.emit(kind, value=index)

    def literal(self, value: float) -> int:
        return self.emit("literal", value=float(value) + 0.0)  # no negative zero: it would be another instruction

    def add(self, a: int, b: int) -> int:
        if self.value_of(a) == 0.0:
            return b
        return a if self.value_of(b) == 0.0 else self.emit("add", a, b)

    def sub(self, a: int, b: int) -> int:
        if self.value_of(a) == 0.0:
            return self.emit("neg", b)
        return a if self.value_of(b) == 0.0 else self.emit("sub", a, b)

    def mul(self, a: int, b: int) -> int:
        for one, other in ((a, b), (b, a)):
            if self.value_of(one) == 1.0:
                return other
            if self.value_of(one) == -1.0:
                return self.emit("neg", other)
        return self.emit("mul", a, b)

    def div(self, a: int, b: int) -> int:
        return a if self.value_of(b) == 1.0 else self.emit("div", a, b)

    def sum(self, terms: Sequence[int]) -> int:
        """The terms added up from left to right; 0 for none."""
        total = self.literal(0.0) if not terms else terms[0]
        for term in terms[1:]:
            total = self.add(total, term)
        return total

    def power(self, base: int, exponent: int) -> int:
        """A whole power by squaring, so that x**4 is (x*x)*(x*x)."""
        if exponent < 0:
            return self.div(self.literal(1.0), self.power(base, -exponent))
        if exponent == 0:
            return self.literal(1.0)
        half = self.power(base, exponent // 2)
        square = half if exponent == 1 else self.mul(half, half)
        if exponent == 1:
            return base
        return self.mul(square, base) if exponent % 2 else square

    def smaller(self, a: int, b: int) -> int:
        """a where a < b, else b: a b that is NaN is kept."""
        return self.emit("select", self.emit("lt", a, b), a, b)

    def larger(self, a: int, b: int) -> int:
        """a where b < a, else b: a b that is NaN is kept."""
        return self.emit("select", self.emit("lt", b, a), a, b)

    def section(self, outputs: Sequence[int]) -> Section:
        """The code that the outputs need, and no more."""
        needed: set[int] = set()
        pending = list(outputs)
        while pending:
            number = pending.pop()
            if number not in needed:
                needed.add(number)
                pending.extend(self.code[number].args)
        places = {number: place for place, number in enumerate(sorted(needed))}
        code = (self.code[number] for number in sorted(needed))
        return Section(
            tuple(each._replace(args=tuple(places[arg] for arg in each.args)) for each in code),
            tuple(places[number] for number in outputs),
        )


def _fold(op: str, literals: Sequence[float | None]) -> float | None:
    try:
        result = float(_FOLDED[op](*literals))
    except (ZeroDivisionError, ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def evaluate(
    section: Section,
    loads: Mapping[str, Sequence[npt.ArrayLike]],
    clamped: npt.ArrayLike | None = None,
    dtype: npt.DTypeLike = np.float64,
) -> list[Array]:
    """The outputs of a section: one IEEE operation of `dtype` (float32 or float64) an instruction.

    `loads["state"][0]` is what a load of state 0 gives, and so for "constant", "input" and "arrival"; shapes broadcast.
    Returns one array an output, of `dtype` or bool.

    >>> builder = Builder()
    >>> half = builder.mul(builder.load("state", 0), builder.literal(0.5))
    >>> evaluate(builder.section([half]), {"state": [np.array([1.0, 3.0])]})
    [array([0.5, 1.5])]
    """
    dtype = np.dtype(dtype)
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for op, args, value in section.code:
            if op in LOADS:
                assert isinstance(value, int)
                values.append(np.asarray(loads[op][value], dtype=dtype))
            elif op == "literal":
                values.append(np.asarray(value, dtype=dtype))
            elif op == "clamped":
                values.append(np.asarray(clamped, dtype=np.bool_))
            else:
                values.append(np.asarray(_MEANING[op](*(values[arg] for arg in args))))
    return [values[number] for number in section.outputs]


def attempted(
    kernel: Kernel,
    loads: Mapping[str, Sequence[npt.ArrayLike]],
    clamped: npt.NDArray[np.bool_],
    dtype: npt.DTypeLike = np.float64,
    look: Callable[[Array], object] = lambda parts: None,
) -> dict[str, list[Array]]:
    """What the attempts of a step lead to, as the loads "advanced" and "reached"; nothing for a kernel without.

    `clamped` has an element a neuron. `look` is told the parts that are attempted.
    """
    if kernel.attempt is None:
        return {}
    states: list[Array] = [np.asarray(each) for each in loads["state"]]
    part, done, active = np.ones(clamped.shape), np.zeros(clamped.shape), np.ones(clamped.shape, np.bool_)
    while active.any():
        look(part)
        *new, errors, stops = evaluate(kernel.attempt, {**loads, "state": states, "part": [part]}, clamped, dtype)
        error, stop = errors.astype(np.float64), stops.astype(np.bool_)
        taken = active & ((error <= 1) | (part == 1 / PARTS))
        states[: len(new)] = [np.where(taken, after, before) for after, before in zip(new, states, strict=False)]
        done += np.where(taken, part, 0.0)
        active &= ~(taken & (stop | np.isnan(error))) & (done < 1)
        longer = taken & (error <= EASY) & (np.mod(done, 2 * part) == 0)
        part = np.where(longer, 2 * part, np.where(taken, part, part / 2))
        part = np.where(active, part, 1.0)
    return {"advanced": states, "reached": [done]}


def _bits(x: FloatArray) -> tuple[npt.NDArray[np.signedinteger], int, int]:
    """The bits of x as integers, the number of mantissa bits, and the bias of the exponent."""
    if x.dtype == np.float32:
        return x.view(np.int32), 23, 127
    return x.view(np.int64), 52, 1023


def _scale2(x: FloatArray, k: FloatArray) -> FloatArray:
    bits, mantissa, bias = _bits(k)
    power: FloatArray = ((k.astype(bits.dtype) + bits.dtype.type(bias)) << mantissa).view(x.dtype)
    return x * power


def _exponent(x: FloatArray) -> FloatArray:
    bits, mantissa, bias = _bits(x)
    return ((bits >> mantissa) - bits.dtype.type(bias)).astype(x.dtype)


def _mantissa(x: FloatArray) -> FloatArray:
    bits, mantissa, bias = _bits(x)
    below = bits.dtype.type((1 << mantissa) - 1)
    mantissas: FloatArray = ((bits & below) | bits.dtype.type(bias << mantissa)).view(x.dtype)
    return mantissas


def _select(condition: npt.NDArray[np.bool_], if_true: FloatArray, if_false: FloatArray) -> FloatArray:
    return np.where(condition, if_true, if_false)


_MEANING: dict[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "min": lambda a, b: _select(a < b, a, b),
    "max": lambda a, b: _select(a > b, a, b),
    "floor": np.floor,
    "rint": np.rint,
    "select": _select,
    "scale2": _scale2,
    "exponent": _exponent,
    "mantissa": _mantissa,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}
assert set(_MEANING) == {*REAL_OPS, *BOOL_OPS}
