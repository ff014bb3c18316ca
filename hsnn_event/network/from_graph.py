"""A network from one graph: nodes become populations, edges projections. `Network.from_networkx` is the way to it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hsnn_event.errors import ArgumentTypeError, DeclarationError, UnknownNameError, ValueRangeError, shown, unknown_name
from hsnn_event.model.declare import NeuronModel
from hsnn_event.network.graph_positions import space_of
from hsnn_event.network.graph_values import Edges, columns_of, receptors_of
from hsnn_event.network.population import Population
from hsnn_event.network.views import assign
from hsnn_event.quantities import hashable, is_array, label
from hsnn_event.topology.attributes import Attribute, check_attribute, edge_lists, numbers
from hsnn_event.topology.foreign_graphs import as_networkx
from hsnn_event.topology.rules import IntArray, Rule

if TYPE_CHECKING:
    from hsnn_event.network.network import Network

WHERE = "Network.from_networkx"
ALL = "neurons"  # the population of all nodes, where no attribute names one
Models = NeuronModel | Mapping[Hashable, NeuronModel]


class Nodes(NamedTuple):
    """The nodes of one population, in order of their ids; `value` is what the population attribute holds for them."""

    name: str
    value: Hashable
    model: NeuronModel
    labels: list[Hashable]


def declare(
    network: Network,
    given: Any,
    models: Models,
    population: Attribute,
    weight: Any,
    delay: Any,
    receptor: Any,
    parameters: Sequence[str] | None,
    positions: str | None,
) -> None:
    """Give a new network the populations and projections of a graph."""
    graph = as_networkx(given, WHERE)
    groups = _grouped(graph, models, population)
    wanted = _wanted(parameters, groups)
    if positions is not None:
        label(positions, f"{WHERE}: positions")
    spaces = [None if positions is None else space_of(graph, each.name, each.labels, positions, WHERE) for each in groups]
    populations = [
        network.population(each.name, space or len(each.labels), each.model, labels=_labels(each.labels))
        for each, space in zip(groups, spaces, strict=True)
    ]
    for each, made in zip(groups, populations, strict=True):
        _set_values(made, each, graph, population, wanted)
    values = [each.value for each in groups]
    for what, given_value in (("weight", weight), ("delay", delay)):
        if isinstance(given_value, tuple):
            check_attribute(given_value, f"{WHERE}: {what}")
        elif is_array(given_value) and not isinstance(given_value, Mapping):
            text = f"{WHERE}: {what} is an array; put the values on the edges, as an attribute that {what}= names."
            raise ArgumentTypeError(text, value=given_value)
    edges = _edges(graph, groups)
    codes = receptors_of(edges, receptor, values, populations, WHERE)
    weights = columns_of(edges, weight, "weight", values, WHERE)
    delays = columns_of(edges, delay, "delay", values, WHERE)
    _connect(network, populations, edges, codes, weights, delays)


def _grouped(graph: Any, models: Any, population: Attribute) -> list[Nodes]:
    """The populations in order of their first nodes."""
    check_attribute(population, f"{WHERE}: population")
    if not isinstance(models, NeuronModel | Mapping):
        text = f"{WHERE}: models is one NeuronModel, or a mapping of populations to models, not {shown(models)}."
        raise ArgumentTypeError(text, value=models)
    if not len(graph):
        raise DeclarationError(f"{WHERE}: the graph has no nodes, so there is nothing to simulate. Give one with nodes.")
    labels: dict[Hashable, list[Hashable]] = {}
    name, *default = population if isinstance(population, tuple) else (population,)
    for node, held in graph.nodes(data=True):
        value = ALL if name is None else held.get(name, *default)
        if value is None or not hashable(value):
            raise _without_population(node, name, held)
        labels.setdefault(value, []).append(node)
    found = [Nodes(_name(name, value), value, _model(models, value, nodes[0]), nodes) for value, nodes in labels.items()]
    names: dict[str, Hashable] = {}
    for each in found:
        other = names.setdefault(each.name, each.value)
        if other != each.value:
            text = f"{WHERE}: {shown(other)} and {shown(each.value)} both become the population {each.name!r}; rename one."
            raise DeclarationError(text, name=each.name)
    return found


def _without_population(node: Hashable, name: str | None, held: dict[str, Any]) -> UnknownNameError:
    if name in held:
        what = f"{name}={shown(held[name])}, which names no population; give it a text"
    else:
        there = shown(", ".join(map(str, held)) or "none")[1:-1]
        what = (f"no attribute {name!r} to name its population; its attributes: {there}. Name another, population=, give a "
                f"default, population=({name!r}, value), or put all nodes into one with population=None")  # fmt: skip
    return UnknownNameError(f"{WHERE}: node {shown(node)} has {what}.", name=name, node=node)


def _name(attribute: str | None, value: Hashable) -> str:
    """The value itself if it can be the name of a population; else, as for 4 or "L2/3", one made of it."""
    if isinstance(value, str) and value.isidentifier():
        return value
    made, kind = re.sub(r"\W", "_", str(value)), re.sub(r"\W", "_", str(attribute))
    return made if made.isidentifier() else f"{kind if kind.isidentifier() else 'population'}_{made}"


def _model(models: Models, value: Hashable, node: Hashable) -> NeuronModel:
    model = models if isinstance(models, NeuronModel) else models.get(value)
    if model is None and isinstance(models, Mapping):
        raise unknown_name(f"{WHERE}: models= has none for node {shown(node)}: population", value, map(str, models))
    if not isinstance(model, NeuronModel):
        text = f"{WHERE}: models[{value!r}] is a NeuronModel such as models.lif_exp(), not {shown(model)}."
        raise ArgumentTypeError(text, value=model)
    return model


def _wanted(parameters: object, groups: list[Nodes]) -> frozenset[str] | None:
    """The node attributes that are read as parameters or states; None: all that are named as one."""
    if parameters is None:
        return None
    if isinstance(parameters, str) or not is_array(parameters):
        text = f"{WHERE}: parameters is a list of names of parameters and states, not {shown(parameters)}."
        raise ArgumentTypeError(text, value=parameters)
    known = {name for each in groups for name in (*each.model.parameters, *each.model.states)}
    for name in parameters:  # type: ignore[attr-defined]
        if not isinstance(name, str) or name not in known:
            raise unknown_name(f"{WHERE}: parameters: parameter or state", name, known)
    return frozenset(parameters)  # type: ignore[call-overload,no-any-return]


def _labels(labels: list[Hashable]) -> list[Hashable] | None:
    """None where they are the ids that neurons have without labels."""
    ids = all(type(label) is int and label == place for place, label in enumerate(labels))
    return None if ids else labels


def _set_values(made: Population, nodes: Nodes, graph: Any, attribute: Attribute, wanted: frozenset[str] | None) -> None:
    """Parameters and states from attributes of the same names; all other attributes are kept as `node_data`."""
    variables = {*made.model.parameters, *made.model.states}
    if wanted is not None:
        variables &= wanted
    name = attribute[0] if isinstance(attribute, tuple) else attribute
    held: dict[str, dict[int, Any]] = {}
    for neuron, node in enumerate(nodes.labels):
        for each, value in graph.nodes[node].items():
            held.setdefault(each, {})[neuron] = value
    if name in held and nodes.value == nodes.name:
        del held[name]  # `to_networkx` writes it from the population's name
    for variable, by_neuron in held.items():
        if variable not in variables or variable == name:
            made.node_data[variable] = by_neuron
            continue
        ids = list(by_neuron)
        owners = [nodes.labels[neuron] for neuron in ids]
        place = f"{WHERE}: {variable} of node"
        values = numbers(list(by_neuron.values()), place, owners, made.model.units.get(variable))
        assign((made if len(ids) == made.size else made[ids],), {variable: values})


def _edges(graph: Any, groups: list[Nodes]) -> Edges:
    """Every synapse that the edges mean: populations, ids and attributes of its ends."""
    tails, heads, data = edge_lists(graph)
    place = {label: number for number, label in enumerate(graph)}
    population, neuron = np.empty(len(place), np.int64), np.empty(len(place), np.int64)
    for number, each in enumerate(groups):
        places = np.fromiter(map(place.__getitem__, each.labels), np.int64, len(each.labels))
        population[places], neuron[places] = number, np.arange(len(places))
    sources, targets = (np.fromiter(map(place.__getitem__, labels), np.int64, len(labels)) for labels in (tails, heads))
    return Edges(population[sources], population[targets], neuron[sources], neuron[targets], tails, heads, data)


def _connect(
    network: Network, populations: list[Population], edges: Edges, codes: IntArray, weights: Any, delays: Any
) -> None:
    """One projection for each receptor of each pair of populations that edges connect."""
    most = max(len(each.model.receptors) for each in populations) + 1
    key = (edges.source_populations * len(populations) + edges.target_populations) * most + codes
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    for chosen in np.split(order, starts[1:]) if len(order) else ():
        first = chosen[0]
        source, target = (populations[each[first]] for each in (edges.source_populations, edges.target_populations))
        receptor = list(target.model.receptors)[codes[first]]
        rule = Rule(
            "from_edges", len(chosen), sources=edges.sources[chosen], targets=edges.targets[chosen],
            weights=weights.of_edges(chosen, target.weight_unit(receptor)), delays=delays.of_edges(chosen, "ms"),
        )  # fmt: skip
        if rule.delays is not None and rule.delays.min() < 0:
            wrong = chosen[int(rule.delays.argmin())]
            shortest = float(rule.delays.min())
            text = f"{WHERE}: the delay of edge {edges.named(wrong)} is {shortest:g} ms, and negative. Give 0 or more."
            raise ValueRangeError(text, delay=shortest)
        number = edges.source_populations[first]
        network.connect(
            source, target, rule, weight=weights.of_population(number), delay=delays.of_population(number), receptor=receptor
        )
