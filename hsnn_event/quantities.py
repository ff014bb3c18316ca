"""Numbers as users give them: read, checked, and refused with the name of what they were meant for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError, shown
from hsnn_event.units import in_unit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
UNBOUNDED = 2**62  # the size of what is not known yet, for `indices`


def real(
    value: object,
    what: str,
    low: float = -math.inf,
    high: float = math.inf,
    infinite: bool = False,
    unit: str | None = None,
) -> float:
    """`value` as a float in [low, high]; `infinite` allows infinity; objects with units are converted to `unit`.

    >>> real(3, "rate", low=0)
    3.0
    """
    value = in_unit(value, what, unit)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise ArgumentTypeError(f"{what} must be a number, not {shown(value)} ({type(value).__name__}).", value=value)
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueRangeError(
            f"{what} is {shown(value)}, beyond the range of floats (1.8e308). Give a smaller number.",
            value=value,
        ) from error
    _check_range(np.array([number]), what, low, high, infinite)
    return number


def whole(value: object, what: str, low: int = 0) -> int:
    """`value` as an int, at least `low`; a float passes if it is a whole number.

    >>> whole(10.0, "k")
    10
    """
    number = real(value, what, low)
    if number != int(number):
        raise ValueRangeError(f"{what} must be a whole number, not {shown(value)}.", value=value)
    return int(value) if isinstance(value, int | np.integer) else int(number)


def real_or_array(
    value: object,
    size: int,
    what: str,
    low: float = -math.inf,
    high: float = math.inf,
    infinite: bool = False,
    unit: str | None = None,
) -> float | FloatArray:
    """A float, or a float64 array (a copy) of shape (size,), with every number in [low, high]; units as in `real`."""
    value = in_unit(value, what, unit)
    if not is_array(value):
        return real(value, what, low, high, infinite)
    array = as_array(value, what, f"give one number or {size} numbers")
    if array.dtype.kind not in "iuf":
        raise ArgumentTypeError(f"{what} must hold real numbers, not {array.dtype}: {shown(value)}.", value=value)
    if array.shape != (size,):
        raise ShapeError(
            f"{what} has shape {array.shape}; give one number or an array of shape ({size},).", shape=array.shape, size=size
        )
    array = array.astype(np.float64)
    _check_range(array, what, low, high, infinite)
    return array


def indices(value: object, size: int, what: str) -> IntArray:
    """Whole numbers in 0 ... size - 1 as an int64 array (a copy) of one dimension."""
    value = in_unit(value, what, None)
    array = as_array(value if is_array(value) else [value], what, "give whole numbers")
    if array.ndim != 1:
        raise ShapeError(f"{what} must be one list of numbers, not an array of shape {array.shape}.", shape=array.shape)
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.dtype.kind not in "iu":
        raise ArgumentTypeError(f"{what} must hold whole numbers, not {array.dtype}: {shown(value)}.", value=value)
    wrong = (array < 0) | (array >= size)
    if wrong.any():
        first = int(array[wrong][0])
        limits = "run from 0 on" if size == UNBOUNDED else f"run from 0 to {size - 1}"
        raise ValueRangeError(f"{what} holds {first}, but ids {limits}.", value=first, size=size)
    return array.astype(np.int64)


def flag(value: object, what: str) -> bool:
    """`value` as a bool.

    >>> flag(True, "autapses")
    True
    """
    if not isinstance(value, bool | np.bool_):
        raise ArgumentTypeError(f"{what} must be True or False, not {shown(value)}.", value=value)
    return bool(value)


def label(value: object, what: str) -> str:
    """`value` as the name of an object: a text that is not empty.

    >>> label("exc", "name")
    'exc'
    """
    if not isinstance(value, str) or not value:
        raise ArgumentTypeError(f"{what} must be a text such as 'exc', not {shown(value)}.", value=value)
    return value


def hashable(value: object) -> bool:
    """Can it be looked up by?

    >>> hashable((1, "a")), hashable((1, []))
    (True, False)
    """
    try:
        hash(value)
    except TypeError:
        return False
    return True


def as_array(value: object, what: str, cure: str) -> npt.NDArray[Any]:
    """A sequence as an array (a copy) of whatever it holds; ShapeError where it is none."""
    try:
        return np.array(list(value) if isinstance(value, Iterable) and not hasattr(value, "__array__") else value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ShapeError(f"{what} is a ragged sequence, {shown(value)}; {cure}.", value=value) from error


def is_array(value: object) -> bool:
    """Is it a sequence of values rather than one?"""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    if hasattr(value, "magnitude"):  # pint's, which claim to be iterable always
        return is_array(value.magnitude)
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _check_range(array: FloatArray, what: str, low: float, high: float, infinite: bool) -> None:
    if np.isnan(array).any():
        raise ValueRangeError(f"{what} is NaN; give a number.", value=math.nan)
    if not infinite and np.isinf(array).any():
        raise ValueRangeError(f"{what} is infinite; give a finite number.", value=math.inf)
    wrong = (array < low) | (array > high)
    if wrong.any():
        first = float(array[wrong][0])
        limits = f"at least {low:g}" if math.isinf(high) else f"between {low:g} and {high:g}"
        raise ValueRangeError(f"{what} is {first:g}; it must be {limits}.", value=first, low=low, high=high)


def distinct_labels(labels: object, n: int, where: str, things: str) -> dict[Any, int]:
    """Label -> place of a list with one hashable label for each of `n` things, none twice.

    Raises ArgumentTypeError, ShapeError, DeclarationError, which begin with `where`.

    >>> distinct_labels(["a", 7], 2, "population 'exc'", "neurons")
    {'a': 0, 7: 1}
    """
    if isinstance(labels, str | bytes) or not is_array(labels):
        raise ArgumentTypeError(f"{where}: labels must be a list of labels, not {shown(labels)}.", value=labels)
    listed = list(labels)  # type: ignore[call-overload]
    for label in listed:
        if not hashable(label):
            text = f"{where}: the label {shown(label)} cannot be hashed; use texts or numbers."
            raise ArgumentTypeError(text, value=label)
    if len(listed) != n:
        raise ShapeError(f"{where}: {len(listed)} labels for {n} {things}; give one each.", size=n)
    places = {label: place for place, label in enumerate(listed)}
    if len(places) != n:
        twice = next(label for place, label in enumerate(listed) if places[label] != place)
        raise DeclarationError(f"{where}: the label {shown(twice)} occurs twice; give each once.", label=twice)
    return places
