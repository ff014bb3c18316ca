"""Hyperedges as declarations: a population of junctions that listens to the sources, and its synapses onto the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, DeclarationError, GridError, ValueRangeError, shown, unknown_name
from hsnn_event.network.given import call_it
from hsnn_event.network.junctions import RELAY, JunctionModel
from hsnn_event.network.part import all_or_nothing
from hsnn_event.network.views import Value, View
from hsnn_event.quantities import label, real_or_array
from hsnn_event.topology.hyper_rule import Gate, HyperRule
from hsnn_event.topology.hypergraph import Hypergraph
from hsnn_event.topology.rules import Rule

if TYPE_CHECKING:
    from hsnn_event.network.network import Network
    from hsnn_event.network.population import Population

IntArray = npt.NDArray[np.int64]


class Synapses(NamedTuple):
    """What is said of the synapses of junctions, as `connect` takes it."""

    weight: Value | None
    delay: Value | None
    receptor: str | None
    round_delays: bool | None


class Members(NamedTuple):
    """The sources of all hyperedges, behind one another: neurons `ids` of populations[where]."""

    populations: tuple[str, ...]
    where: IntArray
    ids: IntArray
    relays: str | None = None


def declared_junctions(
    network: Network,
    ends: tuple[tuple[View, ...], tuple[View, ...]],
    hypergraph: Any,
    rule: Any,
    source_delay: Any,
    synapses: Synapses,
    name: str | None,
) -> Population:
    """The junctions and their synapses, every part checked, now parts of the network; nothing is added if one is refused."""
    where = "connect_hyper" if name is None else f"connect_hyper: {label(name, 'connect_hyper: name')}"
    sources, (target, *more) = ends
    check_hyper(hypergraph, rule, bool(more), where)
    graph = by_ids(directed(hypergraph, rule, where), sources, target, where)
    schedule = schedule_of(sources, target, where)
    members = members_of(sources, graph, where)
    rule.check(np.diff(graph.source_indptr), where)
    pairs = target_rule(graph, target, where)
    opening = None if rule.gate is None else gate_model(network, rule.gate, schedule, where)
    found = free_junction_name(network, sources, target) if name is None else name
    with all_or_nothing(network):
        members = relayed(network, members, source_delay, f"{found}_sources", synapses.round_delays, where)
        gate = None if opening is None else network.population(f"{found}_gate", len(opening.indptr) - 1, opening,
                                                               schedule=schedule).name  # fmt: skip
        model = junction_model(members, graph, replace(rule, gate=None), gate)
        junctions = network.population(found, graph.n_edges, model, schedule=schedule, labels=graph.edge_labels)
        weight, delay = one_for_all(graph.weights, synapses.weight), one_for_all(graph.delays, synapses.delay)
        network.connect(
            junctions, target, pairs, weight=weight, delay=delay, receptor=synapses.receptor,
            round_delays=synapses.round_delays,
        )  # fmt: skip
    return junctions


def directed(hypergraph: Hypergraph, rule: HyperRule, where: str) -> Hypergraph:
    """Of an undirected hyperedge one from all others to each member: none is evidence for itself."""
    if not hypergraph.undirected:
        return hypergraph
    if rule.kind == "sequence":
        raise DeclarationError(f"{where}: an undirected hyperedge is in no order, which a sequence needs. Give pairs "
                               "(sources, targets).")  # fmt: skip
    return hypergraph.directed(each="source" if rule.kind == "any" and not rule.gated else "target")


def by_ids(graph: Hypergraph, sources: Sequence[View], target: View, where: str) -> Hypergraph:
    """The hypergraph with ids that count within its ends: where both have labels, nodes are found by them."""
    labels = graph.node_labels
    if labels is None:
        return graph
    ids = {"sources": graph.sources, "targets": graph.targets}
    for end, views in (("sources", sources), ("targets", (target,))):
        held = [view.population.own_labels for view in views]
        if any(each is None for each in held):
            continue
        names = [each[i] for each, view in zip(held, views, strict=True) if each for i in view.ids.tolist()]
        places = {label: place for place, label in enumerate(names)}
        if len(places) < len(names):
            twice = next(label for place, label in enumerate(names) if places[label] != place)
            text = f"{where}: {shown(twice)} is a label of two {end}, so hyperedges cannot be told by labels. Rename one."
            raise DeclarationError(text, label=twice)
        lacking = [labels[node] for node in np.unique(ids[end]).tolist() if labels[node] not in places]
        if lacking:
            raise unknown_name(f"{where}: {end}: node", lacking[0], map(str, names))
        found = np.array([places.get(label, -1) for label in labels])
        ids[end] = found[ids[end]]
    n_nodes = 1 + max(int(each.max(initial=-1)) for each in ids.values())
    return replace(graph, node_labels=None, n_nodes=n_nodes, sources=ids["sources"], targets=ids["targets"])


def members_of(sources: Sequence[View], hypergraph: Hypergraph, where: str) -> Members:
    """The sources as neurons of populations; ids of the hypergraph count through the members of a group."""
    _require_neurons(sources, where)
    _check_ids(hypergraph.sources, sum(view.size for view in sources), "source", where)
    ids = np.concatenate([view.ids for view in sources])
    numbers = np.repeat(np.arange(len(sources)), [view.size for view in sources])
    return Members(tuple(view.name for view in sources), numbers[hypergraph.sources], ids[hypergraph.sources])


def junction_model(members: Members, hypergraph: Hypergraph, rule: HyperRule, gate: str | None) -> JunctionModel:
    """The model of the junctions."""
    return JunctionModel(
        name="hyperedge", states={}, times=np.empty(0), ids=np.empty(0, np.int64), populations=members.populations,
        indptr=hypergraph.source_indptr, where=members.where, members=members.ids, rule=rule,
        amounts=hypergraph.source_weights, gate=gate, relays=members.relays,
    )  # fmt: skip


def gate_model(network: Network, gate: Gate, schedule: str, where: str) -> JunctionModel:
    """The model of junctions that listen to what opens others."""
    try:
        views = network.own_parts(gate.by)
    except ArgumentTypeError as error:
        text = f"{where}: gate: by is a population, view or group of the network, not {shown(gate.by)}."
        raise ArgumentTypeError(text, value=gate.by) from error
    _require_neurons(views, f"{where}: gate")
    for view in views:
        if view.population.schedule != schedule:
            raise DeclarationError(
                f"{where}: gate: {view.name!r} has the schedule {view.population.schedule!r}, and the ends of the "
                f"hyperedges {schedule!r}. Give all of them the same schedule=.",
                name=view.name,
            )
    n = sum(view.size for view in views)
    each = (np.arange(n),) if gate.each is None else gate.each
    starts = np.concatenate(([0], np.cumsum([len(ids) for ids in each]))).astype(np.int64)
    graph = Hypergraph(starts, np.concatenate(each), np.arange(len(each) + 1), np.arange(len(each)))
    rule = HyperRule("threshold", gate.least, gate.window, distinct=False, consume=False)
    return junction_model(members_of(views, graph, f"{where}: gate: each"), graph, rule, None)


def relayed(
    network: Network, members: Members, delay: Any, name: str, round_delays: bool | None, where: str
) -> Members:
    """The members, relays in the place of those whose evidence comes later; these are made, and reached."""
    if delay is None:
        return members
    delays = real_or_array(delay, len(members.ids), f"{where}: source_delay", low=0.0, unit="ms")
    late = np.flatnonzero(np.broadcast_to(delays, len(members.ids)))
    if not len(late):
        return members
    keys = np.column_stack([members.where, members.ids, np.broadcast_to(delays, len(members.ids))])[late]
    pairs, places = np.unique(keys, axis=0, return_inverse=True)  # a relay a neuron and delay
    schedule = network.populations[members.populations[0]].schedule
    relays = network.population(name, len(pairs), RELAY, schedule=schedule)
    for number, source in enumerate(members.populations):
        mine = np.flatnonzero(pairs[:, 0] == number)
        if len(mine):
            rule = Rule("from_edges", len(mine), sources=pairs[mine, 1].astype(np.int64), targets=mine)
            try:
                network.connect(network.populations[source], relays, rule, weight=1.0, delay=pairs[mine, 2],
                                round_delays=round_delays)  # fmt: skip
            except (GridError, ValueRangeError) as error:
                raise type(error)(f"{where}: source_delay: {error}", **error.facts) from None
    where_to, ids = members.where.copy(), members.ids.copy()
    where_to[late], ids[late] = len(members.populations), places.ravel()
    return Members((*members.populations, name), where_to, ids, name)


def target_rule(hypergraph: Hypergraph, target: View, where: str) -> Rule:
    """The synapses of the junctions."""
    _check_ids(hypergraph.targets, target.size, "target", where)
    lengths = np.diff(hypergraph.target_indptr)
    return Rule(
        "csr", len(hypergraph.targets), targets=hypergraph.targets, indptr=hypergraph.target_indptr,
        shape=(hypergraph.n_edges, target.size), weights=_per_target(hypergraph.weights, lengths),
        delays=_per_target(hypergraph.delays, lengths),
    )  # fmt: skip


def check_hyper(hypergraph: Any, rule: Any, several: bool, where: str) -> None:
    """Refuse what is no hypergraph, and no rule for it."""
    if not isinstance(hypergraph, Hypergraph):
        text = f"{where}: give a hypergraph, such as Hypergraph.from_lists([((0, 1), (2,))]), not {shown(hypergraph)}."
        raise ArgumentTypeError(text, value=hypergraph)
    if not isinstance(rule, HyperRule):
        text = f"{where}: give a rule of hsnn.hyper, such as threshold(k=2), not {shown(rule)}{call_it(rule)}."
        raise ArgumentTypeError(text, value=rule)
    if several:
        raise ArgumentTypeError(f"{where}: a group has several members, and hyperedges lead to one; connect each.")


def free_junction_name(network: Network, sources: Sequence[View], target: View) -> str:
    """The default name of a population of junctions."""
    base = "_".join([*(view.name for view in sources), target.name, "junctions"])
    names = (base if number == 1 else f"{base}_{number}" for number in range(1, len(network.populations) + 2))
    return next(name for name in names if name not in network.populations)


def schedule_of(sources: Sequence[View], target: View, where: str) -> str:
    """That of all of them."""
    schedules = {view.name: view.population.schedule for view in (*sources, target)}
    if len(set(schedules.values())) > 1:
        listed = ", ".join(f"{name} {schedule!r}" for name, schedule in schedules.items())
        raise DeclarationError(
            f"{where}: hyperedges have one kind of time, and their ends have two: {listed}. Give all of them the same "
            "schedule=.",
            schedules=schedules,
        )
    return target.population.schedule


def one_for_all(held: Any, given: Any) -> Any:
    """What `connect` is told: the number that is given, or the one that the hypergraph has for all hyperedges."""
    return held if given is None and held is not None and np.ndim(held) == 0 else given


def _require_neurons(views: Sequence[View], where: str) -> None:
    """Junctions fire after all spikes of an instant: they are no evidence."""
    for view in views:
        if isinstance(view.population.model, JunctionModel):
            raise DeclarationError(f"{where}: {view.name!r} are junctions, which no hyperedge listens to.", name=view.name)


def _check_ids(ids: IntArray, size: int, what: str, where: str) -> None:
    if len(ids) and int(ids.max()) >= size:
        text = f"{where}: {what} {int(ids.max())} of the hypergraph, but ids run from 0 to {size - 1}. Give larger ends."
        raise ValueRangeError(text, value=int(ids.max()), size=size)


def _per_target(values: Any, lengths: IntArray) -> Any:
    """One number a synapse; None where the hypergraph has none, or one for all, which is better given as such."""
    if values is None or np.ndim(values) == 0:
        return None
    if len(values) == len(lengths):
        return np.repeat(values, lengths)
    return values
