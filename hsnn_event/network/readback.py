"""What a projection's synapses are given out as, and taken in as: graphs, and weights in the order of its edges."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.errors import DeclarationError, ShapeError, ValueRangeError
from hsnn_event.network.population import Population
from hsnn_event.network.views import FloatArray, IntArray
from hsnn_event.quantities import label, real_or_array

if TYPE_CHECKING:
    from hsnn_event.network.projection import Edges, Projection


def graph(projection: Projection, edges: Edges, weight: str, delay: str) -> Any:
    """The projection as a directed NetworkX graph, a multigraph where synapses are parallel."""
    import networkx

    if label(weight, "to_networkx: weight") == label(delay, "to_networkx: delay"):
        text = f"to_networkx: weight and delay cannot share the name {weight!r} on an edge; give two names."
        raise DeclarationError(text, name=weight)
    source, target = projection.source.population, projection.target.population
    sources, targets = _nodes(source, target)
    pairs = edges.sources * target.size + edges.targets
    made = networkx.MultiDiGraph() if len(np.unique(pairs)) < len(pairs) else networkx.DiGraph()
    made.add_nodes_from(sources, population=source.name)
    if target is not source:
        made.add_nodes_from(targets, population=target.name)
    made.add_edges_from(
        (sources[i], targets[j], {weight: w, delay: d})
        for i, j, w, d in zip(*(column.tolist() for column in edges), strict=True)
    )
    return made


def _nodes(source: Population, target: Population) -> tuple[list[Hashable], list[Hashable]]:
    """Labels; with the population's name where those of two populations would be mistaken for each other."""
    if source is target or not set(source.labels) & set(target.labels):
        return list(source.labels), list(target.labels)
    return [(source.name, each) for each in source.labels], [(target.name, each) for each in target.labels]


def in_order(projection: Projection, value: object) -> FloatArray:
    """Weights, one a synapse, as an array in the order of the projection's edges."""
    from scipy.sparse import issparse

    what = f"{projection.name}: weight"
    if not issparse(value):
        return np.asarray(real_or_array(value, projection.n_synapses, what))
    matrix: Any = value
    coo = matrix.tocoo()
    shape = projection.source.population.size, projection.target.population.size
    if coo.shape != shape:
        raise ShapeError(f"{what}: the matrix has shape {coo.shape}; as from to_scipy, it is {shape}.", shape=coo.shape)
    values = np.asarray(real_or_array(coo.data, len(coo.data), what))
    edges = projection.edges()
    order, given = _by_pair(edges.sources, edges.targets), _by_pair(coo.row, coo.col)
    same = len(order) == len(given) and all(
        np.array_equal(mine[order], theirs[given])
        for mine, theirs in ((edges.sources, coo.row), (edges.targets, coo.col))
    )
    if not same:
        raise ValueRangeError(
            f"{what}: the matrix has other entries ({len(given)}) than the projection has synapses ({len(order)}); change "
            "the values of what to_scipy() gives.",
            n_entries=len(given), n_synapses=len(order),
        )  # fmt: skip
    weights = np.empty(len(order))
    weights[order] = values[given]
    return weights


def _by_pair(sources: IntArray, targets: IntArray) -> IntArray:
    """The order by source, then target; parallel synapses stay as they stand."""
    return np.lexsort((targets, sources))
