"""What results are told of hyperedges, so that they find which activations caused which."""

from __future__ import annotations

import numpy as np

from hsnn_event.lowering.hyper import NEARLY
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.recording.hyperedges import FloatArray, Hyperedges, IntArray

CLOSE = 1e-9  # ms: without a clock, where sums of real times round


def hyperedges_of(network: Network) -> tuple[Hyperedges, ...]:
    """Those of all populations of junctions."""
    return tuple(
        _hyperedges(network, population, population.model)
        for population in network.populations.values() if isinstance(population.model, JunctionModel)
    )  # fmt: skip


def _hyperedges(network: Network, population: Population, model: JunctionModel) -> Hyperedges:
    rule, n_edges, lengths = model.rule, len(model.indptr) - 1, np.diff(model.indptr)
    target, indptr, targets, delays = _synapses(network, population)
    names, where, members, shifts = _sources(network, model)
    openings = rule.openings
    return Hyperedges(
        name=population.name, kind=rule.kind, populations=names, sizes=tuple(network[name].size for name in names),
        target=target, source_indptr=model.indptr, where=where, members=members, shifts=shifts, target_indptr=indptr,
        targets=targets, delays=delays,
        windows=np.broadcast_to(rule.window if rule.kind == "threshold" else np.inf, n_edges).astype(np.float64),
        least=rule.least_of(lengths), gaps=rule.gap_before(lengths),
        opening_times=np.empty(0) if openings is None else openings.times,
        opening_rows=np.empty((0, 2), np.int64) if openings is None else openings.rows(n_edges),
        distinct=rule.distinct, consume=rule.consume, gate=model.gate, closes=rule.closes,
        tolerance=CLOSE if population.exact else network.grid.dt * NEARLY,
    )  # fmt: skip


def _synapses(network: Network, population: Population) -> tuple[str, IntArray, IntArray, FloatArray]:
    """The target, and where, which and after what delays; nothing for junctions that open others."""
    for projection in network.projections.values():
        if projection.source.population is population:
            edges = projection.edges()
            indptr = np.concatenate(([0], np.cumsum(np.bincount(edges.sources, minlength=population.size))))
            return projection.target.name, indptr, edges.targets, edges.delays
    return "", np.zeros(population.size + 1, np.int64), np.empty(0, np.int64), np.empty(0)


def _sources(network: Network, model: JunctionModel) -> tuple[tuple[str, ...], IntArray, IntArray, FloatArray]:
    """Populations, and which of them, which neurons and how late; sources in the place of relays."""
    shifts = np.zeros(len(model.members))
    if model.relays is None:
        return model.populations, model.where, model.members, shifts
    names, where, members = model.populations[:-1], model.where.copy(), model.members.copy()
    relays = network[model.relays]
    sources, from_where, delays = (np.zeros(relays.size, kind) for kind in (np.int64, np.int64, np.float64))
    for projection in network.projections.values():
        if projection.target.population is relays:
            edges = projection.edges()
            sources[edges.targets], delays[edges.targets] = edges.sources, edges.delays
            from_where[edges.targets] = names.index(projection.source.name)
    late = np.flatnonzero(where == len(names))
    passed = members[late]
    where[late], members[late], shifts[late] = from_where[passed], sources[passed], delays[passed]
    return names, where, members, shifts
