"""Distances in links, and how small a world they make."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from hsnn_event.errors import keywords_known
from hsnn_event.measures.adjacency import links
from hsnn_event.measures.motifs import clustering
from hsnn_event.quantities import whole
from hsnn_event.rng import stream_key, uniforms

AT_ONCE = 1 << 22  # distances that are held together


class SmallWorld(NamedTuple):
    """`sigma` = (clustering / random_clustering) / (path_length / random_path_length): above 1 in a small world."""

    sigma: float
    clustering: float
    path_length: float
    random_clustering: float
    random_path_length: float


@keywords_known
def path_length(network: Any, sources: int | None = None, seed: int = 0) -> float:
    """The mean number of links on the shortest way from one neuron to another, over all pairs with a way; NaN without any.

    `sources` neurons, chosen by `seed`, estimate it in large networks: time is linear in the synapses for each of them.
    Raises ArgumentTypeError and ValueRangeError.

    >>> path_length([[0, 1, 0], [0, 0, 1], [0, 0, 0]]).__round__(3)
    1.333
    """
    return _mean_distance(links(network), sources, seed)


@keywords_known
def small_world(network: Any, sources: int | None = None, seed: int = 0) -> SmallWorld:
    """The small-world index against random graphs of as many neurons n and links (Humphries, Gurney, PLoS ONE 3, 2008).

    For those, with k links a neuron, clustering is k/(n - 1) and the mean path length log(n)/log(k); where k is 1 or less
    there is none, and sigma is NaN. `sources` and `seed` are those of `path_length`.

    >>> import networkx as nx
    >>> small_world(nx.watts_strogatz_graph(500, 10, 0.1, seed=1)).sigma > 10
    True
    """
    A = links(network)
    n = A.shape[0]
    k = A.nnz / n if n else 0.0
    found, length = float(clustering(A).mean()) if n else math.nan, _mean_distance(A, sources, seed)
    if k <= 1:
        return SmallWorld(math.nan, found, length, math.nan, math.nan)
    random_found, random_length = k / (n - 1), math.log(n) / math.log(k)
    return SmallWorld(found / random_found / (length / random_length), found, length, random_found, random_length)


def _mean_distance(A: csr_array, sources: int | None, seed: int) -> float:
    from scipy.sparse.csgraph import dijkstra

    n = A.shape[0]
    chosen = np.arange(n)
    key = stream_key(whole(seed, "measures: seed"), "measures", "path_length")
    if sources is not None and whole(sources, "measures: sources", low=1) < n:
        chosen = np.sort(np.argsort(uniforms(key, n))[: int(sources)])
    total, pairs = 0.0, 0
    for piece in np.array_split(chosen, max(1, math.ceil(len(chosen) * n / AT_ONCE))):
        distances = dijkstra(A, unweighted=True, indices=piece) if len(piece) else np.empty(0)
        ways = distances[np.isfinite(distances) & (distances > 0)]
        total, pairs = total + float(ways.sum()), pairs + len(ways)
    return total / pairs if pairs else math.nan
