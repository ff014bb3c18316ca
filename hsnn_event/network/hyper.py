"""Hyperedges as declarations: a population of junctions that listens to the sources, and its synapses onto the targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ValueRangeError, shown
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.views import Value, View
from hsnn_event.quantities import label
from hsnn_event.topology.hyper import HyperRule
from hsnn_event.topology.hypergraph import Hypergraph
from hsnn_event.topology.rules import Rule

if TYPE_CHECKING:
    from hsnn_event.network.network import Network
    from hsnn_event.network.population import Population

IntArray = npt.NDArray[np.int64]


def declared_junctions(
    network: Network,
    ends: tuple[tuple[View, ...], tuple[View, ...]],
    hypergraph: Any,
    rule: Any,
    weight: Value | None,
    delay: Value | None,
    receptor: str | None,
    name: str | None,
    round_delays: bool | None,
) -> Population:
    """The junctions and their synapses, every part checked, now parts of the network; nothing is added if one is refused."""
    where = "connect_hyper" if name is None else f"connect_hyper: {label(name, 'connect_hyper: name')}"
    sources, (target, *more) = ends
    check_hyper(hypergraph, rule, bool(more), where)
    schedule = schedule_of(sources, target, where)
    model, pairs = junction_model(sources, hypergraph, rule, where), target_rule(hypergraph, target, where)
    found = free_junction_name(network, sources, target) if name is None else name
    junctions = network.population(found, hypergraph.n_edges, model, schedule=schedule)
    weight, delay = one_for_all(hypergraph.weights, weight), one_for_all(hypergraph.delays, delay)
    try:
        network.connect(
            junctions, target, pairs, weight=weight, delay=delay, receptor=receptor, round_delays=round_delays
        )
    except BaseException:
        network.populations.withdraw(found)
        raise
    return junctions


def junction_model(sources: Sequence[View], hypergraph: Hypergraph, rule: HyperRule, where: str) -> JunctionModel:
    """The model of the junctions, every part of it checked; ids of the hypergraph count through the members of a group."""
    for view in sources:
        if isinstance(view.population.model, JunctionModel):
            raise DeclarationError(f"{where}: {view.name!r} are junctions, which no hyperedge listens to.", name=view.name)
    _check_ids(hypergraph.sources, sum(view.size for view in sources), "source", where)
    rule.check(np.diff(hypergraph.source_indptr), where)
    ids = np.concatenate([view.ids for view in sources])
    numbers = np.repeat(np.arange(len(sources)), [view.size for view in sources])
    amounts = hypergraph.source_weights
    return JunctionModel(
        name="hyperedge", states={}, times=np.empty(0), ids=np.empty(0, np.int64),
        populations=tuple(view.name for view in sources), indptr=hypergraph.source_indptr,
        where=numbers[hypergraph.sources], members=ids[hypergraph.sources], rule=rule,
        amounts=None if amounts is None else np.asarray(amounts, np.float64),
    )  # fmt: skip


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
        hint = f"; call it: {rule.__name__}()" if callable(rule) and hasattr(rule, "__name__") else ""
        text = f"{where}: give a rule of hsnn.hyper, such as threshold(k=2), not {shown(rule)}{hint}."
        raise ArgumentTypeError(text, value=rule)
    if several:
        raise ArgumentTypeError(f"{where}: a group has several members, and hyperedges lead to one; connect each.")
    if hypergraph.undirected:
        raise DeclarationError(
            f"{where}: an undirected hyperedge has no direction to send spikes in. Give hypergraph.directed(), in which "
            "each member has the others as its targets."
        )


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


def _check_ids(ids: IntArray, size: int, what: str, where: str) -> None:
    if len(ids) and int(ids.max()) >= size:
        text = f"{where}: {what} {int(ids.max())} of the hypergraph, but ids run from 0 to {size - 1}. Give larger ends."
        raise ValueRangeError(text, value=int(ids.max()), size=size)


def _per_target(values: Any, lengths: IntArray) -> Any:
    """One number a synapse; None where the hypergraph has none, or one for all, which is better given as such."""
    if values is None or np.ndim(values) == 0:
        return None
    if len(values) == len(lengths):
        return np.repeat(np.asarray(values, np.float64), lengths)
    return np.asarray(values, np.float64)
