"""Which neurons belong together: components and communities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ShapeError, keywords_known
from hsnn_event.measures.adjacency import adjacency, links
from hsnn_event.quantities import UNBOUNDED, flag, indices, real, whole

IntArray = npt.NDArray[np.int64]


@keywords_known
def components(network: Any, strong: bool = False) -> IntArray:
    """The number of each neuron's connected component, shape (n,); 0 is the largest.

    Links count whatever their direction or, if `strong`, each neuron reaches each other one along them.

    >>> components([[0, 1, 0], [0, 0, 0], [0, 0, 0]]).tolist()
    [0, 0, 1]
    """
    from scipy.sparse.csgraph import connected_components

    weak = not flag(strong, "components: strong")
    return _by_size(connected_components(links(network), connection="weak" if weak else "strong")[1])


@keywords_known
def communities(network: Any, resolution: float = 1.0, seed: int = 0) -> IntArray:
    """The number of each neuron's community, shape (n,), by NetworkX's Louvain method; 0 is the largest.

    Neurons within one have more links with each other than random links would give; a larger `resolution` makes them
    smaller. Parallel synapses weigh more. `seed` is that of the order in which neurons are visited.

    Raises ArgumentTypeError, ShapeError, ValueRangeError.

    >>> import networkx as nx
    >>> communities(nx.barbell_graph(4, 0)).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1]
    """
    import networkx

    counts = _without_autapses(network)
    symmetric = (counts != counts.T).nnz == 0
    graph = networkx.from_scipy_sparse_array(counts, create_using=networkx.Graph if symmetric else networkx.DiGraph)
    gamma = real(resolution, "communities: resolution", low=0.0)
    number = whole(seed, "communities: seed") % 2**32  # NumPy's generators take no more
    labels = np.zeros(len(graph), np.int64)
    if not counts.nnz:
        return np.arange(len(graph))
    for community, nodes in enumerate(networkx.community.louvain_communities(graph, resolution=gamma, seed=number)):
        labels[list(nodes)] = community
    return _by_size(labels)


@keywords_known
def modularity(network: Any, labels: Any, resolution: float = 1.0) -> float:
    """The share of synapses within communities, less `resolution` times that which random ones of these degrees have there.

    `labels` is the number of each neuron's community, shape (n,). NaN without synapses; autapses are left out. That of
    directed graphs (Leicht, Newman, Phys. Rev. Lett. 100, 2008), in an undirected one the usual one.

    >>> import networkx as nx
    >>> modularity(nx.barbell_graph(4, 0), [0, 0, 0, 0, 1, 1, 1, 1]).__round__(3)
    0.423
    """
    counts = _without_autapses(network).tocoo()
    group = indices(labels, UNBOUNDED, "modularity: labels")
    gamma = real(resolution, "modularity: resolution", low=0.0)
    if len(group) != counts.shape[0]:
        text = f"modularity: there are {len(group)} labels for {counts.shape[0]} neurons; give one a neuron."
        raise ShapeError(text, n_labels=len(group), size=counts.shape[0])
    total = counts.data.sum()
    if not total:
        return float("nan")
    _, group = np.unique(group, return_inverse=True)
    leaving, arriving = (np.bincount(group[ends], counts.data) for ends in (counts.row, counts.col))
    size = min(len(leaving), len(arriving))  # no term of the others is above 0
    within = counts.data[group[counts.row] == group[counts.col]].sum()
    return float(within / total - gamma * (leaving[:size] @ arriving[:size]) / total**2)


def _without_autapses(network: Any) -> Any:
    counts = adjacency(network)
    counts.setdiag(0)
    counts.eliminate_zeros()
    return counts


def _by_size(labels: npt.NDArray[Any]) -> IntArray:
    """The same groups numbered from the largest on; of equal ones that comes first whose first neuron does."""
    _, first, group, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[group]
