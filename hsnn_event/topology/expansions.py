"""Hypergraphs as other structures: directed hyperedges, pairs, bipartite graphs, incidence matrices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event import memory
from hsnn_event.errors import ShapeError, ValueRangeError, unknown_name
from hsnn_event.topology.rules import IntArray, Rule

if TYPE_CHECKING:
    from hsnn_event.topology.hypergraph import Hypergraph

ENDS = ("source", "target")


def directed(graph: Hypergraph, each: str) -> Hypergraph:
    """`Hypergraph.directed`."""
    if not isinstance(each, str) or each not in ENDS:
        raise unknown_name("directed: each", each, ENDS)
    if not graph.undirected:
        return graph
    sizes = np.diff(graph.source_indptr)
    if isinstance(graph.weights, np.ndarray) and len(graph.weights) != graph.n_edges:
        raise ShapeError("directed: weights are one for all, or one a hyperedge, where hyperedges are undirected.")
    if (sizes == 1).any():
        edge = int(np.flatnonzero(sizes == 1)[0])
        text = f"directed: hyperedge {edge} has one member, which has no others. Leave it out, or give it another member."
        raise ValueRangeError(text, edge=edge)
    memory.require(16.0 * float((sizes.astype(np.float64) ** 2).sum()), "directed: the hyperedges of all members")
    edges = np.repeat(np.arange(graph.n_edges), sizes)  # of each new hyperedge
    row = np.repeat(np.arange(len(edges)), sizes[edges])
    place = np.arange(len(row)) - np.repeat(np.cumsum(sizes[edges]) - sizes[edges], sizes[edges])
    entries = graph.source_indptr[edges[row]] + place  # of the members
    entries = entries[entries != row]
    singles, several = np.arange(len(edges) + 1), np.concatenate(([0], np.cumsum(sizes[edges] - 1)))
    weights, delays = (
        values[edges] if isinstance(values, np.ndarray) else values for values in (graph.weights, graph.delays)
    )
    same = replace(graph, weights=None, delays=None, source_weights=None, edge_labels=None, undirected=False)
    amounts, others = graph.source_weights, graph.sources[entries]
    if each == "source":
        return replace(
            same, source_indptr=singles, target_indptr=several, targets=others, weights=weights, delays=delays,
            source_weights=amounts,
        )  # fmt: skip
    return replace(
        same, source_indptr=several, sources=others, target_indptr=singles, targets=graph.sources, weights=weights,
        delays=delays, source_weights=None if amounts is None else amounts[entries],
    )  # fmt: skip


def clique(undirected: Hypergraph) -> Rule:
    """`Hypergraph.clique`."""
    graph = directed(undirected, "source")
    n_sources, n_targets = np.diff(graph.source_indptr), np.diff(graph.target_indptr)
    pairs = float((n_sources.astype(np.float64) * n_targets).sum())
    memory.require(60.0 * pairs, f"clique: {pairs:.3g} pairs")  # ids, values, and what finds them
    edge = np.repeat(np.repeat(np.arange(graph.n_edges), n_sources), np.repeat(n_targets, n_sources))
    member = np.repeat(np.arange(len(graph.sources)), np.repeat(n_targets, n_sources))
    first = np.cumsum(np.repeat(n_targets, n_sources)) - np.repeat(n_targets, n_sources)
    place = graph.target_indptr[edge] + np.arange(len(edge)) - first[member]
    return Rule(
        "from_edges", len(edge), sources=graph.sources[member], targets=graph.targets[place],
        weights=_spread(graph.weights, edge, place, graph.n_edges),
        delays=_spread(graph.delays, edge, place, graph.n_edges),
    )  # fmt: skip


def star(graph: Hypergraph) -> Any:
    """`Hypergraph.star`."""
    import networkx as nx

    made = nx.Graph() if graph.undirected else nx.DiGraph()
    nodes = [("node", label) for label in graph.node_labels or range(graph.n_nodes)]
    edges = [("edge", label) for label in graph.edge_labels or range(graph.n_edges)]
    made.add_nodes_from(nodes, bipartite=0)
    made.add_nodes_from(edges, bipartite=1)
    for starts, members, leads in ((graph.source_indptr, graph.sources, True), (graph.target_indptr, graph.targets, False)):
        owners = np.repeat(np.arange(graph.n_edges), np.diff(starts)).tolist()
        for edge, member in zip(owners, members.tolist(), strict=True):
            made.add_edge(*((nodes[member], edges[edge]) if leads else (edges[edge], nodes[member])))
    return made


def incidence(graph: Hypergraph) -> tuple[Any, Any]:
    """`Hypergraph.to_incidence`."""
    from scipy.sparse import csc_array

    shape = (graph.n_nodes, graph.n_edges)
    amounts = np.ones(len(graph.sources)) if graph.source_weights is None else graph.source_weights
    sources = csc_array((amounts, graph.sources, graph.source_indptr), shape=shape)
    return sources, csc_array((np.ones(len(graph.targets)), graph.targets, graph.target_indptr), shape=shape)


def _spread(values: Any, edge: IntArray, place: IntArray, n_edges: int) -> Any:
    """One value a pair."""
    if values is None or np.ndim(values) == 0:
        return None if values is None else np.full(len(edge), float(values))
    return values[edge] if len(values) == n_edges else values[place]
