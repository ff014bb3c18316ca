"""Links and triangles: reciprocity, clustering, the census of triads. Memory is linear in the synapses, time in the number
of paths of two links."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from hsnn_event.errors import keywords_known
from hsnn_event.measures.adjacency import links

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AT_ONCE = 1 << 22  # paths of two links that are held together


@keywords_known
def reciprocity(network: Any) -> float:
    """The share of links whose reverse is there too; NaN without links. Autapses are no links.

    >>> reciprocity([[0, 1, 1], [1, 0, 0], [0, 0, 0]]).__round__(3)
    0.667
    """
    A = links(network)
    return float(A.multiply(A.T).sum() / A.nnz) if A.nnz else float("nan")


@keywords_known
def clustering(network: Any) -> FloatArray:
    """The clustering coefficient of each neuron, shape (n,): closed triangles among all that its links could close.

    That of directed graphs (Fagiolo, Phys. Rev. E 76, 2007), which in an undirected one is the usual one. 0 for neurons
    without pairs of neighbours.

    >>> import networkx as nx
    >>> clustering(nx.complete_graph(4)).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    A = links(network)
    both = (A + A.T).tocsr()
    degree = both.sum(axis=1)
    possible = 2 * (degree * (degree - 1) - 2 * A.multiply(A.T).sum(axis=1))
    found = closed(both, both, both)
    shares: FloatArray = np.divide(found, possible, out=np.zeros(len(found)), where=possible > 0)
    return shares


@keywords_known
def transitivity(network: Any) -> float:
    """The share of paths of two links that a third one closes, whatever the directions; 0 without such paths.

    >>> transitivity([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    1.0
    """
    A = links(network)
    skeleton = ((A + A.T) > 0).astype(np.int64).tocsr()
    degree = skeleton.sum(axis=1)
    paths = int((degree * (degree - 1)).sum())
    return int(closed(skeleton, skeleton, skeleton).sum()) / paths if paths else 0.0


@keywords_known
def triad_census(network: Any) -> dict[str, int]:
    """How often each of the 16 kinds of three neurons occurs, by the names of Holland and Leinhardt ("003" ... "300").

    The digits count mutual, one-way and missing links of the three pairs. Kinds with three connected pairs are counted
    as products of sparse matrices, the others follow from degrees (Moody, Social Networks 20, 1998).

    >>> {name: n for name, n in triad_census([[0, 1, 1], [0, 0, 1], [0, 0, 0]]).items() if n}
    {'030T': 1}
    """
    A = links(network)
    M = A.multiply(A.T).tocsr()  # mutual
    C = (A - M).tocsr()          # one-way
    C.eliminate_zeros()
    count = _closed_triads(M, C)
    out_degree, in_degree, mutual = (np.asarray(each, np.int64) for each in (C.sum(axis=1), C.sum(axis=0), M.sum(axis=1)))
    paths = {
        "021D": _pairs(out_degree), "021U": _pairs(in_degree), "021C": int(out_degree @ in_degree),
        "111D": int(mutual @ in_degree), "111U": int(mutual @ out_degree), "201": _pairs(mutual),
    }  # fmt: skip
    for kind, within in _PATHS_WITHIN.items():
        for path, times in within.items():
            paths[path] -= times * count[kind]
    count.update(paths)
    n = A.shape[0]
    alone = {  # of all third neurons those that no link joins to the pair
        kind: pairs * (n - 2) - sum(int(each[digit]) * found for each, found in count.items())
        for kind, digit, pairs in (("102", 0, M.nnz // 2), ("012", 1, C.nnz))
    }
    count.update(alone)
    count["003"] = comb(n, 3) - sum(count.values())
    return {kind: count[kind] for kind in KINDS}


KINDS = ("003", "012", "102", "021D", "021U", "021C", "111D", "111U", "030T", "030C", "201", "120D", "120U", "120C", "210",
         "300")  # fmt: skip
# Which paths of two links, each around one of the three neurons, are in a triad whose pairs are all connected.
_PATHS_WITHIN = {
    "030T": {"021D": 1, "021U": 1, "021C": 1},
    "030C": {"021C": 3},
    "120D": {"021D": 1, "111D": 2},
    "120U": {"021U": 1, "111U": 2},
    "120C": {"021C": 1, "111D": 1, "111U": 1},
    "210": {"201": 1, "111D": 1, "111U": 1},
    "300": {"201": 3},
}


def _closed_triads(M: csr_array, C: csr_array) -> dict[str, int]:
    turned = C.T.tocsr()

    def total(first: csr_array, second: csr_array, between: csr_array) -> int:
        return int(closed(first, second, between).sum())

    return {
        "030T": total(C, C, C),
        "030C": total(C, C, turned) // 3,
        "120D": total(turned, C, M) // 2,
        "120U": total(C, turned, M) // 2,
        "120C": total(C, C, M),
        "210": total(M, M, C),
        "300": total(M, M, M) // 6,
    }


def _pairs(degrees: IntArray) -> int:
    return int((degrees * (degrees - 1)).sum()) // 2


def closed(first: csr_array, second: csr_array, between: csr_array) -> IntArray:
    """For each i the sum over j of (first @ second)[i, j] * between[i, j]; only some rows of the product at a time."""
    found = np.zeros(first.shape[0], np.int64)
    for start, stop in _slices(first @ np.diff(second.indptr).astype(np.int64)):
        found[start:stop] = (first[start:stop] @ second).multiply(between[start:stop]).sum(axis=1)
    return found


def _slices(paths: IntArray) -> Iterator[tuple[int, int]]:
    """Rows in succession that hold about AT_ONCE paths together."""
    if not len(paths):
        return
    piece = np.cumsum(paths) // AT_ONCE
    yield from pairwise([0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(paths)])
