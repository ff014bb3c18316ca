"""Weights, delays and receptors of a graph's edges: from attributes, one for all, or one for each source population."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hsnn_event.errors import ArgumentTypeError, DeclarationError, UnknownNameError, shown, unknown_name
from hsnn_event.network.views import FloatArray, IntArray, Value
from hsnn_event.quantities import hashable
from hsnn_event.topology.attributes import Data, attribute_values, check_attribute, numbers

if TYPE_CHECKING:
    from hsnn_event.network.population import Population


class Edges(NamedTuple):
    """Synapses that edges mean: numbers of the populations, ids within them, labels and attributes."""

    source_populations: IntArray
    target_populations: IntArray
    sources: IntArray
    targets: IntArray
    tails: list[Hashable]
    heads: list[Hashable]
    data: Data

    def named(self, edge: int) -> str:
        """An edge as errors show it."""
        return shown((self.tails[edge], self.heads[edge]))


@dataclass
class Column:
    """What is known of all weights or all delays: values of the edges, or of the source populations."""

    what: str
    edges: Edges
    values: FloatArray | list[Any] | None  # of edges; a list where objects with units are among them
    by_population: Sequence[Value | None]

    def of_edges(self, chosen: IntArray, unit: str | None) -> FloatArray | None:
        """The numbers of some edges, in `unit`."""
        if not isinstance(self.values, list):
            return None if self.values is None else self.values[chosen]
        owners = [(self.edges.tails[edge], self.edges.heads[edge]) for edge in chosen]
        return numbers([self.values[edge] for edge in chosen], self.what, owners, unit)

    def of_population(self, number: int) -> Value | None:
        """The value of all edges that leave a population; None: they have their own."""
        return self.by_population[number]


def columns_of(edges: Edges, given: Any, what: str, populations: Sequence[Hashable], where: str) -> Column:
    """`given`: the name of an attribute, a pair (name, default), a value, or a mapping of populations to values."""
    if isinstance(given, Mapping):
        return Column(what, edges, None, per_population(given, populations, f"{where}: {what}"))
    if not isinstance(given, str | tuple):
        return Column(what, edges, None, [given] * len(populations))
    otherwise = f", or one value for all edges, {what}=1.0"
    pairs = zip(edges.tails, edges.heads, strict=True)
    values = attribute_values(edges.data, given, what, where, pairs, otherwise)
    place, nothing = f"{where}: the {what} of edge", [None] * len(populations)
    if set(map(type, values)) <= {float, int}:
        owners = zip(edges.tails, edges.heads, strict=True)
        return Column(place, edges, numbers(values, place, owners, None), nothing)
    return Column(place, edges, values, nothing)


def per_population(given: Mapping[Any, Any], populations: Sequence[Hashable], what: str) -> list[Any]:
    """The value of each population."""
    for name in given:
        if name not in populations:
            raise unknown_name(f"{what}: population", name, map(str, populations))
    return [given.get(each) for each in populations]


def receptors_of(
    edges: Edges, given: Any, values: Sequence[Hashable], populations: Sequence[Population], where: str
) -> IntArray:
    """The receptor of each edge, as a number within the model of its target."""
    named, codes = _names(edges, given, values, where)
    table = np.full((len(named), len(populations)), -1)
    missing = [each for each, name in enumerate(named) if name is None]
    for number, population in enumerate(populations):
        known = tuple(population.model.receptors)
        for code, name in enumerate(named):
            table[code, number] = known.index(name) if isinstance(name, str) and name in known else -1
        if len(known) == 1:
            table[missing, number] = 0
    found: IntArray = table[codes, edges.target_populations] if len(codes) else codes
    if (found < 0).any():
        wrong = int(np.argmax(found < 0))
        raise _refused(edges, wrong, named[codes[wrong]], populations[edges.target_populations[wrong]], where)
    return found


def _names(edges: Edges, given: Any, values: Sequence[Hashable], where: str) -> tuple[list[Any], IntArray]:
    """The receptors that edges name (None: none), and which of them each edge does."""
    if given is None:
        return [None], np.zeros(len(edges.data), np.int64)
    if isinstance(given, Mapping):
        return per_population(given, values, f"{where}: receptor"), edges.source_populations
    check_attribute(given, f"{where}: receptor")
    attribute = given if isinstance(given, tuple) else (given, None)
    of_edges = attribute_values(edges.data, attribute, "receptor", where, ())
    try:
        numbers_of = {name: number for number, name in enumerate(dict.fromkeys(of_edges))}
    except TypeError as error:
        edge = next(edge for edge, name in enumerate(of_edges) if not hashable(name))
        text = f"{where}: the receptor of edge {edges.named(edge)} is {shown(of_edges[edge])}; give the name of a receptor."
        raise ArgumentTypeError(text, value=of_edges[edge]) from error
    return list(numbers_of), np.fromiter(map(numbers_of.__getitem__, of_edges), np.int64, len(of_edges))


def _refused(
    edges: Edges, edge: int, name: object, target: Population, where: str
) -> UnknownNameError | DeclarationError:
    known = tuple(target.model.receptors)
    place = f"{where}: edge {edges.named(edge)} into population {target.name!r}"
    if name is not None:
        return unknown_name(f"{place}: receptor", name, known)
    if not known:
        return DeclarationError(f"{place}: {target.model.name} has no receptor, so no spike can reach it. Give it one.")
    return DeclarationError(
        f"{place} names no receptor; {target.model.name} has {', '.join(known)}. Name one by an edge attribute, "
        f"receptor='name', or for each source population, receptor={{'E': {known[0]!r}}}.",
        known=known,
    )
