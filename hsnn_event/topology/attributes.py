"""Attributes of a graph's edges and nodes, read column by column."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import suppress
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, UnknownNameError, shown
from hsnn_event.quantities import real

Attribute = str | tuple[str, Any] | None  # its name, its name and the value where it is missing, or not to be read
Data = list[dict[str, Any]]  # the attributes of each edge or node
NUMBERS = (int, float, np.integer, np.floating)  # a bool is none, and objects with units are converted


def check_attribute(attribute: object, what: str) -> None:
    """Refuse what is no `Attribute`."""
    named = attribute[0] if isinstance(attribute, tuple) and len(attribute) == 2 else attribute
    if attribute is not None and not isinstance(named, str):
        raise ArgumentTypeError(
            f"{what} is the name of an edge attribute, or a pair such as ('w', 1.0), not {shown(attribute)}.",
            value=attribute,
        )


def edge_lists(graph: Any) -> tuple[list[Hashable], list[Hashable], Data]:
    """Tail, head and attributes of every edge, row by row; an undirected edge stands in the rows of both its nodes."""
    tails: list[Hashable] = []
    heads: list[Hashable] = []
    data: Data = []
    for node, row in graph.adjacency():
        if graph.is_multigraph():
            for head, parallel in row.items():
                heads.extend([head] * len(parallel))
                data.extend(parallel.values())
        else:
            heads.extend(row)
            data.extend(row.values())
        tails.extend([node] * (len(heads) - len(tails)))
    return tails, heads, data


def attribute_values(
    data: Data, attribute: Any, what: str, where: str, edges: Iterable[tuple[Any, Any]], otherwise: str = ""
) -> list[Any]:
    """An attribute of every edge, which is the edge's `what`; `otherwise` says what else helps where one lacks it."""
    if isinstance(attribute, tuple):
        name, default = attribute
        return [each.get(name, default) for each in data]
    try:
        return list(map(itemgetter(attribute), data))
    except KeyError:
        edge = next(edge for edge, each in zip(edges, data, strict=True) if attribute not in each)
        present = next(each for each in data if attribute not in each)
        there = ", ".join(map(str, present)) or "none"
        named = f"name another, {what}={what!r}, or " if what in present else ""
        raise UnknownNameError(
            f"{where}: edge {shown(edge)} has no attribute {attribute!r} for its {what}; its attributes: "
            f"{shown(there)[1:-1]}; {named}give a default, {what}=({attribute!r}, value){otherwise}.",
            name=attribute, edge=edge,
        ) from None  # fmt: skip


def attribute_numbers(
    data: Data,
    attribute: Any,
    what: str,
    where: str,
    edges: list[tuple[Any, Any]],
    unit: str | None,
    otherwise: str = "",
) -> npt.NDArray[np.float64]:
    """The same for a number, as float64, in `unit` where it has one."""
    values = attribute_values(data, attribute, what, where, edges, otherwise)
    return numbers(values, f"{where}: the {what} of edge", edges, unit)


def numbers(values: list[Any], what: str, owners: Iterable[Any], unit: str | None) -> npt.NDArray[np.float64]:
    """Numbers as float64, in `unit` where it has one; an error calls that of each owner by `what` and the owner."""
    if all(kind is not bool and issubclass(kind, NUMBERS) for kind in set(map(type, values))):
        with suppress(OverflowError):  # the number is found below
            plain = np.array(values, np.float64)
            if not np.isnan(plain).any():
                return plain
    pairs = zip(values, owners, strict=True)
    read = (real(value, f"{what} {shown(owner)}", infinite=True, unit=unit) for value, owner in pairs)
    return np.fromiter(read, np.float64, len(values))
