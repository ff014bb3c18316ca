"""Objects with units (pint, quantities, Brian2) as plain numbers in the package's units, without importing their packages.

They are known by what they can do: quantities by `.rescale`, pint by `.to` and `.magnitude`, Brian2 by `.dim` and the SI
value in the array itself. Units are texts such as "ms", "1/ms" or "uA/cm2", as in `NeuronModel.units`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple, TypeVar

import numpy as np

from hsnn_event.errors import UnitError, shown

T = TypeVar("T")

_PREFIXES = {"": 0, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "k": 3, "M": 6, "G": 9}
_DIMENSIONS = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")
_BASES = {
    "m": (1, 0, 0, 0), "s": (0, 0, 1, 0), "A": (0, 0, 0, 1), "Hz": (0, 0, -1, 0), "C": (0, 0, 1, 1), "V": (2, 1, -3, -1),
    "S": (-2, -1, 3, 2), "F": (-2, -1, 4, 2), "ohm": (2, 1, -3, -2), "K": (0, 0, 0, 0, 1), "mol": (0, 0, 0, 0, 0, 1),
    "M": (-3, 0, 0, 0, 0, 1),
}  # fmt: skip
_SCALES = {"M": 3}  # powers of ten of bases that are not SI's own: a mole in a litre
_FACTOR = re.compile(r"([A-Za-z]+)(?:\*\*|\^)?(-?\d+)?")


def carries_unit(value: object) -> bool:
    """Is it an object whose unit `float` or `asarray` would drop, or a list that holds one?"""
    if isinstance(value, list | tuple):
        return any(type(each) not in (int, float) and carries_unit(each) for each in value)
    if isinstance(value, np.ndarray) and type(value) is np.ndarray:
        return False
    return hasattr(value, "rescale") or hasattr(value, "magnitude") or hasattr(value, "to_value") or _is_brian(value)


class Factor(NamedTuple):
    """One factor of a unit: (prefix base)**power."""

    prefix: str
    base: str
    power: int


def factors_of(unit: str, place: str) -> list[Factor]:
    """The factors of the text of a unit; UnitError, which calls it `place`, for a text that is none.

    >>> factors_of("uA/cm2", "doc")
    [Factor(prefix='u', base='A', power=1), Factor(prefix='c', base='m', power=-2)]
    """
    try:
        return _factors(unit)
    except (ValueError, AttributeError, TypeError):
        raise UnitError(
            f"{place} is {shown(unit)}, which is no unit. Write prefixes and {', '.join(_BASES)} with *, / and whole "
            "powers, such as mV, 1/ms or uA/cm2, and 1 for a plain number.",
            unit=unit,
        ) from None


def dimension_of(base: str) -> tuple[int, ...]:
    """The powers of length, mass, time, current, temperature and substance in a base."""
    return _BASES[base] + (0,) * (6 - len(_BASES[base]))


def exponent_of(prefix: str, base: str) -> int:
    """The power of ten by which the unit differs from SI's own."""
    return _PREFIXES[prefix] + _SCALES.get(base, 0)


def in_unit(value: T, what: str, unit: str | None) -> T:
    """`value` without its unit, as a number or array in `unit`; one without a unit as it is.

    Raises UnitError where the dimensions differ, or where `unit` is None: then it is not known what the number means.

    >>> in_unit(3.0, "delay", "ms")
    3.0
    """
    if not carries_unit(value):
        return value
    if isinstance(value, list | tuple):
        return [in_unit(each, what, unit) for each in value]  # type: ignore[return-value]
    if unit is None:
        raise UnitError(
            f"{what} carries a unit ({shown(value)}), but which unit it should have is not known here. Give a plain number "
            "in ms, mV, pA, nS, pF, MOhm or Hz, such as quantity.to('ms').magnitude; a model's own variables get a unit by "
            "NeuronModel(units={name: unit}).",
            value=value,
        )
    try:
        return _converted(value, unit)  # type: ignore[return-value]  # what a caller may do with it, it could before
    except Exception as error:  # each package has its own
        raise UnitError(
            f"{what} is {shown(value)}; that is no number of {unit} ({error}). Give it in {unit}, or as a plain number.",
            value=value,
            unit=unit,
        ) from error


def _converted(value: object, unit: str) -> object:
    factors = _factors(unit)
    if _is_brian(value):
        return _from_si(value, factors)
    text = "*".join(f"{prefix}{base}**{power}" for prefix, base, power in factors)
    if hasattr(value, "rescale"):
        plain = value.rescale(text).magnitude
    elif hasattr(value, "to") and hasattr(value, "magnitude"):
        plain = value.to(text).magnitude
    else:
        raise TypeError(f"objects of {type(value).__module__} cannot be read")
    return plain.item() if isinstance(plain, np.ndarray) and plain.ndim == 0 else plain


def _factors(unit: str) -> list[Factor]:
    """Prefix, base and power of each factor of a unit's text."""
    factors = []
    over, *under = unit.replace("Ohm", "ohm").replace("µ", "u").split("/")
    for side, parts in ((1, [over]), (-1, under)):
        for factor in (each for part in parts for each in re.split(r"(?<!\*)\*(?!\*)| ", part.strip("() ")) if each != "1"):
            match = _FACTOR.fullmatch(factor)
            split = match and _symbol(match[1])
            if not match or not split:
                raise ValueError(f"the unit {unit!r} is not known")
            factors.append(Factor(*split, side * int(match[2] or 1)))
    return factors


def _symbol(symbol: str) -> tuple[str, str] | None:
    """Prefix and base of a symbol; a base of that name goes before ("m" is the metre)."""
    for prefix in _PREFIXES:
        base = symbol.removeprefix(prefix)
        if symbol.startswith(prefix) and base in _BASES:
            return prefix, base
    return None


def _is_brian(value: object) -> bool:
    return hasattr(getattr(value, "dim", None), "get_dimension")


def _from_si(value: object, factors: list[Factor]) -> object:
    """Brian2 holds SI values, which cost the last digit: 15 digits give 0.3 ms back as 0.3."""
    exponent = 0
    wanted = [0] * len(_DIMENSIONS)
    for prefix, base, power in factors:
        exponent += exponent_of(prefix, base) * power
        for place, dimension in enumerate(_BASES[base]):
            wanted[place] += dimension * power
    held = value.dim  # type: ignore[attr-defined]
    for name, power in zip(_DIMENSIONS, wanted, strict=True):
        if held.get_dimension(name) != power:
            raise TypeError(f"its dimension of {name} is {held.get_dimension(name)}, not {power}")
    si = np.asarray(value, dtype=np.float64)
    scale = Fraction(10) ** -exponent
    numbers = si * float(scale.numerator) / float(scale.denominator)
    plain = np.array([float(f"{number:.15g}") for number in numbers.ravel()]).reshape(numbers.shape)
    return float(plain) if plain.ndim == 0 else plain
