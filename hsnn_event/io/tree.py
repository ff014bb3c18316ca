"""Declarations as text and arrays: plain values, and dataclasses of the modules listed here. Nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, FileFormatError

Array = npt.NDArray[Any]
# Where the classes live that declarations are made of: dataclasses that hold plain values, arrays and one another.
DECLARING = (
    "hsnn_event.model.declare",
    "hsnn_event.model.source",
    "hsnn_event.network.delays",
    "hsnn_event.network.projection",
    "hsnn_event.random",
    "hsnn_event.recording.result",
    "hsnn_event.stimuli",
    "hsnn_event.timecourse",
    "hsnn_event.topology.rules",
)


class Writer:
    """Turns values into what JSON can hold; arrays are put aside, each once, and referred to by number."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self._numbers: dict[int, int] = {}

    def write(self, value: Any, place: str) -> Any:
        """The plain form of `value`; ArgumentTypeError, which names the place, for what a file cannot hold."""
        if value is None or isinstance(value, bool | int | float | str):
            return value.item() if isinstance(value, np.generic) else str(value) if isinstance(value, str) else value
        if isinstance(value, np.generic) and value.dtype.kind in "biuf":
            return value.item()
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return {"array": self._kept(value)}
        if isinstance(value, tuple):
            return {"tuple": [self.write(each, place) for each in value]}
        if isinstance(value, list):
            return [self.write(each, place) for each in value]
        if isinstance(value, Mapping):
            return {"map": [[self.write(key, place), self.write(item, place)] for key, item in value.items()]}
        kind = type(value)
        if is_dataclass(kind) and kind.__module__ in DECLARING:
            held = {each.name: self.write(getattr(value, each.name), place) for each in fields(kind) if each.init}
            return {"is": f"{kind.__module__}:{kind.__name__}", "fields": held}
        raise ArgumentTypeError(
            f"{place}: {value!r} ({kind.__name__}) cannot be saved; files hold numbers, texts, arrays and tuples of them.",
            value=value,
        )

    def _kept(self, array: Array) -> int:
        if id(array) not in self._numbers:
            self._numbers[id(array)] = len(self.arrays)
            self.arrays.append(array)
        return self._numbers[id(array)]


def read(plain: Any, arrays: list[Array]) -> Any:
    """What `Writer.write` was given; FileFormatError for what it never writes.

    >>> writer = Writer()
    >>> plain = writer.write({"rates": np.arange(3), "labels": ("a", 1)}, "example")
    >>> read(plain, writer.arrays)
    {'rates': array([0, 1, 2]), 'labels': ('a', 1)}
    """
    if isinstance(plain, list):
        return [read(each, arrays) for each in plain]
    if not isinstance(plain, dict):
        return plain
    forms: dict[tuple[str, ...], Callable[[], Any]] = {
        ("array",): lambda: _array(plain["array"], arrays),
        ("tuple",): lambda: tuple(read(plain["tuple"], arrays)),
        ("map",): lambda: {read(key, arrays): read(value, arrays) for key, value in plain["map"]},
        ("is", "fields"): lambda: _instance(plain, arrays),
    }
    if tuple(plain) not in forms:
        raise FileFormatError(f"a value with the keys {', '.join(plain)} is none that files hold.", keys=tuple(plain))
    return forms[tuple(plain)]()


def _array(number: Any, arrays: list[Array]) -> Array:
    if not isinstance(number, int) or not 0 <= number < len(arrays):
        raise FileFormatError(f"array number {number!r} is missing.", number=number)
    return arrays[number]


def _instance(plain: dict[str, Any], arrays: list[Array]) -> Any:
    module, _, name = str(plain["is"]).partition(":")
    kind = getattr(import_module(module), name, None) if module in DECLARING else None
    if not (isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module):
        raise FileFormatError(f"{plain['is']!r} is no kind of declaration.", kind=plain["is"])
    held = {key: read(value, arrays) for key, value in plain["fields"].items()}
    return kind(**held)
