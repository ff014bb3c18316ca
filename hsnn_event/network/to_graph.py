"""A network as one graph: the reverse of `from_graph`. `Network.to_networkx` is the way to it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.errors import DeclarationError
from hsnn_event.network.graph_positions import give_positions
from hsnn_event.network.population import Population
from hsnn_event.quantities import is_array, label
from hsnn_event.random import Distribution

if TYPE_CHECKING:
    from hsnn_event.network.network import Network

WHERE = "Network.to_networkx"


def graph_of(network: Network, population: str, weight: str, delay: str, receptor: str, positions: str) -> Any:
    """The network as a DiGraph, or a MultiDiGraph where synapses are parallel."""
    import networkx

    _check_names(network, population, (weight, delay, receptor))
    _check_free(network, label(positions, f"{WHERE}: positions"), population)
    labels = _labels(network)
    offsets = dict(zip(network.populations, np.cumsum([0, *map(len, labels.values())]).tolist(), strict=False))
    nodes = [node for each in labels.values() for node in each]
    read = [(each.receptor, each.source.name, each.target.name, each.edges()) for each in network.projections.values()]
    pairs = [(edges.sources + offsets[source]) * len(nodes) + edges.targets + offsets[target]
             for _, source, target, edges in read]  # fmt: skip
    together = np.concatenate(pairs) if pairs else np.empty(0, np.int64)
    made = networkx.MultiDiGraph() if len(np.unique(together)) < len(together) else networkx.DiGraph()
    for each in network.populations.values():
        made.add_nodes_from(zip(labels[each.name], _node_attributes(each, population), strict=True))
        give_positions(made, each, labels[each.name], positions)
    for port, source, target, edges in read:
        tails, heads = labels[source], labels[target]
        made.add_edges_from(
            (tails[i], heads[j], {weight: w, delay: d, receptor: port})
            for i, j, w, d in zip(*(column.tolist() for column in edges), strict=True)
        )
    return made


def _check_names(network: Network, population: str, names: tuple[str, ...]) -> None:
    checked = [label(name, f"{WHERE}: {what}") for what, name in zip(("weight", "delay", "receptor"), names, strict=True)]
    for name in checked:
        if checked.count(name) > 1:
            text = f"{WHERE}: weight, delay and receptor cannot share the name {name!r} on an edge; give three names."
            raise DeclarationError(text, name=name)
    label(population, f"{WHERE}: population")
    for each in network.populations.values():
        if population in (*each.model.parameters, *each.model.states):
            text = f"{WHERE}: {population!r} is a parameter or state of {each.name!r}; give population= another name."
            raise DeclarationError(text, name=population)


def _check_free(network: Network, positions: str, population: str) -> None:
    """Refuse a name of positions that stands for something else on a node."""
    for each in network.populations.values():
        taken = (population, *each.model.parameters, *each.model.states)
        if each.space is not None and positions in taken:
            text = f"{WHERE}: {positions!r} already names something else of {each.name!r}; give positions= another name."
            raise DeclarationError(text, name=positions)


def _labels(network: Network) -> dict[str, list[Hashable]]:
    """The nodes of each population; with its name where those of two populations would be mistaken for each other."""
    labels: dict[str, list[Hashable]] = {each.name: list(each.labels) for each in network.populations.values()}
    if len(set().union(*labels.values())) == sum(map(len, labels.values())):
        return labels
    return {name: [(name, each) for each in labels[name]] for name in labels}


def _node_attributes(cells: Population, population: str) -> list[dict[str, Any]]:
    """For each neuron: its population, the values that it was given, and what is kept of the graph that it came from."""
    made: list[dict[str, Any]] = [{population: cells.name} for _ in range(cells.size)]
    for variable, ids in _given(cells).items():
        for neuron, value in zip(ids, cells.get(variable)[ids].tolist(), strict=True):
            made[neuron][variable] = value
    for name, held in cells.node_data.items():
        for neuron, value in held.items():
            made[neuron][name] = value
    return made


def _given(cells: Population) -> dict[str, list[int]]:
    """The parameters and states whose values are not only those of the model, and for which neurons."""
    everyone = range(cells.size)
    given: dict[str, set[int]] = {}
    for each in cells.assignments:
        given.setdefault(each.variable, set()).update(everyone if each.ids is None else each.ids.tolist())
    for name, value in cells.model.parameters.items():
        if isinstance(value, Distribution) or is_array(value):
            given[name] = set(everyone)
        elif name not in given or len(given[name]) < cells.size:
            given.setdefault(name, set()).update(np.flatnonzero(cells.get(name) != value).tolist())  # set between runs
    return {name: sorted(ids) for name, ids in given.items() if ids}
