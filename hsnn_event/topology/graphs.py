"""NetworkX graphs as connection rules: nodes are neurons, edges are synapses."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from typing import Any

import numpy as np

from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    ShapeError,
    UnknownNameError,
    ValueRangeError,
    shown,
    unknown_name,
)
from hsnn_event.quantities import hashable, is_array
from hsnn_event.topology.attributes import Attribute, attribute_numbers, attribute_values, check_attribute, edge_lists
from hsnn_event.topology.foreign_graphs import as_networkx
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.rules import IntArray, Rule, switches

Places = Mapping[Hashable, int] | range   # of each label; a range: all labels of the graph are places


@dataclass(frozen=True, eq=False)
class GraphPattern(Pattern):
    """A graph, and how its nodes and attributes are read."""

    graph: Any
    weight: Attribute
    delay: Attribute
    receptor: Attribute
    sources: Labels | None
    targets: Labels | None
    flags: dict[str, Any]
    kind = "from_networkx"
    random = False

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The edges as a list, in the order of the graph's adjacency."""
        (from_places, from_labels), (to_places, to_labels) = self._places(source, target, wanted.where)
        tails, heads, data = edge_lists(self.graph)
        sources, targets = _looked_up(from_places, tails), _looked_up(to_places, heads)
        mine = (sources >= 0) & (targets >= 0)
        if self.receptor is not None:
            place = f"{wanted.where}: from_networkx"
            named = attribute_values(data, self.receptor, "receptor", place, zip(tails, heads, strict=True))
            mine &= np.fromiter((name == wanted.receptor for name in named), np.bool_, len(data))
        if not mine.all():
            tails, heads, data = list(compress(tails, mine)), list(compress(heads, mine)), list(compress(data, mine))
            sources, targets = sources[mine], targets[mine]
        place, edges = f"{wanted.where}: from_networkx", list(zip(tails, heads, strict=True))
        read = {
            name: attribute_numbers(data, attribute, name, place, edges, unit, f", or {name}= in connect")
            for name, attribute, needed, unit in (
                ("weight", self.weight, wanted.weight, wanted.weight_unit),
                ("delay", self.delay, wanted.delay, "ms"),
            )
            if attribute is not None and needed
        }
        rule = Rule(
            "from_edges", len(data), sources=sources, targets=targets, weights=read.get("weight"), delays=read.get("delay"),
            **self.flags,
        )  # fmt: skip
        return rule, from_labels, to_labels

    def receptors(self, known: tuple[str, ...]) -> tuple[str, ...] | None:
        """Those that the edges name, in the model's order; a name that it does not have is an error."""
        if self.receptor is None:
            return None
        tails, heads, data = edge_lists(self.graph)
        named = attribute_values(data, self.receptor, "receptor", "connect: from_networkx", zip(tails, heads, strict=True))
        for name in named if not all(map(hashable, named)) else set(named):
            if not isinstance(name, str) or name not in known:
                raise unknown_name("from_networkx: receptor", name, known)
        return tuple(name for name in known if name in named)

    def _places(
        self, source: End, target: End, where: str
    ) -> tuple[tuple[Places, Labels | None], tuple[Places, Labels | None]]:
        same = source.population == target.population and np.array_equal(source.ids, target.ids)
        if self.sources is None and self.targets is None and same:
            both = _end_places(tuple(self.graph), source, False, where)
            return both, both
        if self.sources is None or self.targets is None:
            raise DeclarationError(
                f"{where}: name the nodes that are sources and targets, from_networkx(G, sources=[labels], "
                "targets=[labels]); without them a graph connects one population with itself."
            )
        for what, labels in (("sources", self.sources), ("targets", self.targets)):
            for label in labels:
                if label not in self.graph:
                    raise UnknownNameError(
                        f"{where}: from_networkx: {what} holds {shown(label)}, which is no node of the graph; see G.nodes.",
                        name=label,
                    )
        return _end_places(self.sources, source, True, where), _end_places(self.targets, target, True, where)


def from_networkx(
    G: Any,
    weight: Attribute = "w",
    delay: Attribute = "d",
    sources: Sequence[Hashable] | None = None,
    targets: Sequence[Hashable] | None = None,
    *,
    receptor: Attribute = None,
    autapses: bool = True,
    multapses: bool = True,
) -> GraphPattern:
    """A NetworkX graph of any kind: an edge is a synapse, of an undirected graph two, a self-loop one; parallel edges stay.
    Graphs of igraph and graph-tool are taken as well.

    `weight` and `delay` (ms) name edge attributes; a pair such as ("w", 1.0) gives the value where one is missing,
    and None reads none. They are not read where `connect` is given `weight=` or `delay=`. `receptor` names the
    attribute that holds the receptor of an edge: `connect` then takes the edges of its receptor or, without one, makes a
    projection for each receptor and gives a list.

    Labels that a population has been given name its neurons. Otherwise integer labels that are exactly 0 ... n - 1 are
    ids, whatever their order; other labels take ids in the order of `G.nodes`, and `population.labels` keeps them.
    Between two different populations `sources` and `targets` list the nodes that are theirs, in order of their ids; edges
    that do not lead from a source to a target are left to other projections.

    Raises ArgumentTypeError here; DeclarationError, ShapeError, UnknownNameError (a missing attribute, an unknown label)
    and ValueRangeError in `connect`.

    >>> import networkx as nx
    >>> str(from_networkx(nx.cycle_graph(5), weight=("w", 1.0)))
    'from_networkx'
    """
    graph = as_networkx(G, "from_networkx")
    for what, attribute in (("weight", weight), ("delay", delay), ("receptor", receptor)):
        check_attribute(attribute, f"from_networkx: {what}")
    listed = _label_list(sources, "sources"), _label_list(targets, "targets")
    return GraphPattern(graph, weight, delay, receptor, *listed, switches(autapses, multapses))


def _label_list(labels: Any, what: str) -> Labels | None:
    if labels is None:
        return None
    if not is_array(labels):
        raise ArgumentTypeError(f"from_networkx: {what} is a list of node labels, not {shown(labels)}.", value=labels)
    listed = tuple(labels.tolist()) if isinstance(labels, np.ndarray) else tuple(labels)
    try:
        twice = len(set(listed)) != len(listed)
    except TypeError as error:
        text = f"from_networkx: {what} holds what cannot be a label: {shown(labels)}. Give nodes of the graph."
        raise ArgumentTypeError(text, value=labels) from error
    if twice:
        raise ValueRangeError(f"from_networkx: {what} holds a label twice: {shown(labels)}. Give each once.", labels=labels)
    return listed


def _end_places(labels: Labels, end: End, listed: bool, where: str) -> tuple[Places, Labels | None]:
    """The place of each label at one end, and the labels that its population takes over."""
    n = len(end.ids)
    numbers = len(labels) == n and _are_ids(labels)
    if end.labels is not None and not (numbers and any(label not in end.labels for label in labels)):
        return _known_places(labels, end, end.labels, where), None
    if len(labels) != n:
        raise ShapeError(
            f"{where}: from_networkx has {len(labels)} nodes for the {n} neurons of {end.population!r}; give one node a "
            "neuron.",
            n_nodes=len(labels), size=n,
        )  # fmt: skip
    if numbers:
        return {place: place for place in range(n)} if listed else range(n), None
    if not end.whole and not listed:
        raise DeclarationError(
            f"{where}: the graph's labels cannot name a part of {end.population!r}; give the population labels=, or list "
            "the nodes in order: from_networkx(G, sources=[labels], targets=[labels])."
        )
    return {label: place for place, label in enumerate(labels)}, labels if end.whole else None


def _known_places(labels: Labels, end: End, known: Mapping[Hashable, int], where: str) -> dict[Hashable, int]:
    at = {neuron: place for place, neuron in enumerate(end.ids.tolist())}
    places = {label: at.get(known.get(label, -1), -1) for label in labels}
    for label, place in places.items():
        if place < 0:
            raise UnknownNameError(
                f"{where}: from_networkx: no neuron of {end.population!r} that is connected has the label "
                f"{shown(label)}; labels= of net.population gives them.",
                name=label,
            )
    return places


def _are_ids(labels: Labels) -> bool:
    """Exactly the integers 0 ... n - 1?"""
    whole = all(isinstance(label, int | np.integer) and not isinstance(label, bool) for label in labels)
    return whole and set(labels) == set(range(len(labels)))


def _looked_up(places: Places, labels: list[Hashable]) -> IntArray:
    """The place of each label, -1 where it has none."""
    found: Iterable[Any] = labels if isinstance(places, range) else map(places.get, labels, repeat(-1))
    return np.fromiter(found, np.int64, len(labels))
