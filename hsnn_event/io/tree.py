"""Declarations as text and arrays: plain values, and the dataclasses listed here by name. Nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, FileFormatError, shown
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.source import SourceModel
from hsnn_event.network.delays import DelayRounding
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.projection import PerEdge
from hsnn_event.random import Distribution
from hsnn_event.recording.result import Record
from hsnn_event.stimuli import Stimulus
from hsnn_event.timecourse import Steps
from hsnn_event.topology.distance import DistanceDelay
from hsnn_event.topology.hyper_rule import HyperRule, Openings
from hsnn_event.topology.positions import Space
from hsnn_event.topology.rules import Rule

Array = npt.NDArray[Any]
# The classes that declarations are made of, by the names that stand in files: dataclasses that hold plain values, arrays
# and one another.
DECLARING: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(DelayRounding, DistanceDelay, Distribution, HyperRule, JunctionModel, NeuronModel, Openings),
        *(PerEdge, Record, Rule, SourceModel, Space, Steps, Stimulus),
    )
}


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
        if DECLARING.get(kind.__name__) is kind:
            held = {each.name: self.write(getattr(value, each.name), place) for each in fields(kind) if each.init}
            return {"is": kind.__name__, "fields": held}
        raise ArgumentTypeError(
            f"{place}: {shown(value)} ({kind.__name__}) cannot be saved; use numbers, texts, arrays or tuples of them.",
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
        raise FileFormatError(f"array number {shown(number)} is missing.", number=number)
    return arrays[number]


def _instance(plain: dict[str, Any], arrays: list[Array]) -> Any:
    kind = DECLARING.get(plain["is"]) if isinstance(plain["is"], str) else None
    if kind is None:
        known = ", ".join(sorted(DECLARING))
        raise FileFormatError(f"{shown(plain['is'])} is no kind of declaration; there are {known}.", kind=plain["is"])
    return kind(**{key: read(value, arrays) for key, value in plain["fields"].items()})
