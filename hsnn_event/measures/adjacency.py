"""What is connected to what, as one sparse matrix, whatever it is that is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, issparse

from hsnn_event.errors import ArgumentTypeError, ShapeError, keywords_known, shown
from hsnn_event.network.network import Network
from hsnn_event.network.projection import Projection
from hsnn_event.quantities import as_array, is_array
from hsnn_event.topology.attributes import edge_lists
from hsnn_event.topology.foreign_graphs import as_networkx


@keywords_known
def adjacency(network: Any) -> csr_array:
    """The number of synapses from each neuron (row) to each (column), int64, shape (n, n).

    Neurons of a network are numbered population after population. Of a projection between two populations the sources
    come first, then the targets, all neurons of both. Each stored entry of a sparse matrix is a synapse, each entry of an
    array that is not 0. Nodes of a graph are numbered in the order of `G.nodes`.

    Raises ArgumentTypeError, and ShapeError where a matrix is not square.

    >>> import networkx as nx
    >>> adjacency(nx.path_graph(3)).toarray().tolist()
    [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    """
    if isinstance(network, Network):
        offsets, n = {}, 0
        for each in network.populations.values():
            offsets[each.name], n = n, n + each.size
        return _counted([_ends(each, offsets) for each in network.projections.values()], n)
    if isinstance(network, Projection):
        source, target = network.source.population, network.target.population
        same = source is target
        offsets = {source.name: 0} if same else {source.name: 0, target.name: source.size}
        return _counted([_ends(network, offsets)], source.size + (0 if same else target.size))
    if issparse(network):
        matrix: Any = network.tocoo()  # type: ignore[attr-defined]
        _check_square(matrix.shape)
        return _counted([(matrix.row, matrix.col)], matrix.shape[0])
    if is_array(network) and not hasattr(network, "adjacency") and not hasattr(network, "vs"):
        return _of_array(network)
    graph = as_networkx(network, "measures")
    place = {node: number for number, node in enumerate(graph)}
    tails, heads, _ = edge_lists(graph)
    ends = tuple(np.fromiter(map(place.__getitem__, labels), np.int64, len(labels)) for labels in (tails, heads))
    return _counted([ends], len(place))


def links(network: Any) -> csr_array:
    """The pairs that are connected, 1 each, without autapses, with sorted indices."""
    counts = adjacency(network).tocoo()
    other = counts.row != counts.col
    ones = np.ones(int(other.sum()), np.int64)
    return csr_array((ones, (counts.row[other], counts.col[other])), shape=counts.shape)


def _ends(projection: Projection, offsets: dict[str, int]) -> tuple[Any, Any]:
    edges = projection.edges()
    source, target = projection.source.population.name, projection.target.population.name
    return edges.sources + offsets[source], edges.targets + offsets[target]


def _of_array(array: object) -> csr_array:
    what = "measures: the network"
    dense = as_array(array, what, "give a matrix, one row a source")
    if dense.ndim != 2:
        text = f"{what} has shape {dense.shape}; give a matrix W[source, target], two dimensions."
        raise ShapeError(text, shape=dense.shape)
    _check_square(dense.shape)
    if dense.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"{what} must hold real numbers, not {dense.dtype}: {shown(array)}.", value=array)
    return _counted([np.nonzero(dense)], len(dense))


def _check_square(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1]:
        text = f"measures: the network has shape {shape}; a matrix W[source, target] between the same neurons is square."
        raise ShapeError(text, shape=shape)


def _counted(ends: list[Any], n: int) -> csr_array:
    """Pairs of sources and targets as counts; parallel ones are added up."""
    sources = np.concatenate([np.empty(0, np.int64), *(each[0] for each in ends)])
    targets = np.concatenate([np.empty(0, np.int64), *(each[1] for each in ends)])
    return coo_array((np.ones(len(sources), np.int64), (sources, targets)), shape=(n, n)).tocsr()
