"""Directed hypergraphs as data: which sources and which targets every hyperedge has, with weights and delays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import UNBOUNDED, as_array, indices, is_array, real, real_or_array
from hsnn_event.topology.rules import Rule

IntArray = npt.NDArray[np.int64]
Values = float | npt.NDArray[np.float64] | None  # for all; one an edge, or (weights) one a target; left open


@dataclass(frozen=True, eq=False)
class Hypergraph:
    """Hyperedge e has the sources `sources[source_indptr[e]:source_indptr[e + 1]]` and likewise its targets.

    Ids count within the objects that `Network.connect_hyper` is given. `weights` are one number, one a hyperedge or one an
    entry of `targets`; `delays` (ms) one number or one a hyperedge; `source_weights`, one an entry of `sources`, are what
    `hyper.weighted` adds up (None: 1). An `undirected` hyperedge has its members as sources and as targets: `directed`
    makes hyperedges from each member to the others.

    Raises ShapeError, ValueRangeError, ArgumentTypeError, which name the hyperedge.

    >>> Hypergraph.from_lists([((0, 1, 2), (10, 11)), ((3, 4), (12,))], weight=2.0, delay=1.5)
    <hypergraph: 2 hyperedges, 5 sources and 3 targets in all>
    """

    source_indptr: IntArray
    sources: IntArray
    target_indptr: IntArray
    targets: IntArray
    weights: Values = None
    delays: Values = None
    source_weights: npt.NDArray[np.float64] | None = None
    undirected: bool = False

    def __post_init__(self) -> None:
        held = vars(self)
        for end in ("source", "target"):
            starts = indices(held[f"{end}_indptr"], UNBOUNDED, f"Hypergraph: {end}_indptr")
            held[f"{end}_indptr"], held[f"{end}s"] = starts, _members(starts, held[f"{end}s"], end)
        if self.n_edges != len(self.target_indptr) - 1:
            raise ShapeError(
                f"Hypergraph: {self.n_edges} hyperedges have sources and {len(self.target_indptr) - 1} have targets; give "
                "both for each."
            )
        held["weights"] = _values(self.weights, "weight", (self.n_edges, len(self.targets)))
        held["delays"] = _values(self.delays, "delay", (self.n_edges,), low=0.0)
        if self.source_weights is not None:
            held["source_weights"] = _values(self.source_weights, "source_weights", (len(self.sources),), one=False)

    @property
    def n_edges(self) -> int:
        """Number of hyperedges."""
        return len(self.source_indptr) - 1

    @classmethod
    def from_lists(
        cls,
        edges: Iterable[Any],
        weight: float | Sequence[float] | None = None,
        delay: float | Sequence[float] | None = None,
        source_weights: Sequence[float] | None = None,
    ) -> Hypergraph:
        """From pairs (sources, targets), or from sets of members: undirected hyperedges.

        >>> Hypergraph.from_lists([{0, 1, 2}, {2, 3}]).undirected
        True
        """
        for edge in edges if is_array(edges) else ():
            if not is_array(edge):
                raise ArgumentTypeError(f"from_lists: edges holds {shown(edge)}; give pairs (sources, targets), or sets.")
        if not is_array(edges) or isinstance(edges, dict):
            text = f"from_lists: edges is a list of pairs (sources, targets) or of sets, not {shown(edges)}."
            raise ArgumentTypeError(text, value=edges)
        listed = [tuple(edge) for edge in edges]
        pairs = [edge for edge in listed if len(edge) == 2 and all(is_array(end) or isinstance(end, range) for end in edge)]
        if pairs and len(pairs) != len(listed):
            raise ArgumentTypeError("from_lists: give pairs (sources, targets), or sets of members, not both.")
        sources = [tuple(edge[0]) if pairs else edge for edge in listed]
        targets = [tuple(edge[1]) if pairs else edge for edge in listed]
        rows: Any = (*_in_rows(sources), *_in_rows(targets), weight, delay, source_weights, not pairs)  # checked there
        return cls(*rows)

    @classmethod
    def from_incidence(cls, sources: Any, targets: Any = None, weight: Values = None, delay: Values = None) -> Hypergraph:
        """From incidence matrices, node x hyperedge, sparse or dense: what is stored and not 0 is a member. Without
        `targets` hyperedges are undirected.

        >>> Hypergraph.from_incidence(np.array([[1, 0], [1, 1], [0, 1]])).sources.tolist()
        [0, 1, 1, 2]
        """
        mine = _columns(sources, "sources")
        theirs = mine if targets is None else _columns(targets, "targets")
        return cls(*mine, *theirs, weight, delay, undirected=targets is None)

    def to_incidence(self) -> tuple[Any, Any]:
        """The incidence matrices of sources and of targets, node x hyperedge: SciPy CSC arrays of 1.

        >>> sources, targets = Hypergraph.from_lists([((0, 1), (2,))]).to_incidence()
        >>> sources.shape, targets.shape
        ((2, 1), (3, 1))
        """
        from scipy.sparse import csc_array

        return tuple(
            csc_array((np.ones(len(ids)), ids, starts), shape=(int(ids.max(initial=-1)) + 1, self.n_edges))
            for starts, ids in ((self.source_indptr, self.sources), (self.target_indptr, self.targets))
        )  # type: ignore[return-value]

    def directed(self) -> Hypergraph:
        """The same with a hyperedge from each member to all others in place of an undirected one.

        >>> Hypergraph.from_lists([{0, 1, 2}]).directed().targets.tolist()
        [1, 2, 0, 2, 0, 1]
        """
        if not self.undirected:
            return self
        sizes = np.diff(self.source_indptr)
        if isinstance(self.weights, np.ndarray) and len(self.weights) != self.n_edges:
            raise ShapeError("directed: weights are one for all, or one a hyperedge, where hyperedges are undirected.")
        edges = np.repeat(np.arange(self.n_edges), sizes)  # of each new hyperedge
        row = np.repeat(np.arange(len(edges)), sizes[edges])
        place = np.arange(len(row)) - np.repeat(np.cumsum(sizes[edges]) - sizes[edges], sizes[edges])
        others = self.sources[self.source_indptr[edges[row]] + place]
        kept = others != self.sources[row]
        lengths = np.maximum(sizes[edges] - 1, 0)
        weights, delays = (value[edges] if isinstance(value, np.ndarray) else value for value in (self.weights, self.delays))
        return replace(
            self, source_indptr=np.arange(len(edges) + 1), target_indptr=np.concatenate(([0], np.cumsum(lengths))),
            targets=others[kept], weights=weights, delays=delays, undirected=False,
        )  # fmt: skip

    def clique(self) -> Rule:
        """The rule that connects each source of a hyperedge with each of its targets, with its weight and delay; as
        `net.connect` takes it.

        >>> str(Hypergraph.from_lists([((0, 1), (2, 3))], weight=1.0, delay=1.0).clique())
        'from_edges'
        """
        graph = self.directed()
        n_sources, n_targets = np.diff(graph.source_indptr), np.diff(graph.target_indptr)
        edge = np.repeat(np.repeat(np.arange(graph.n_edges), n_sources), np.repeat(n_targets, n_sources))
        member = np.repeat(np.arange(len(graph.sources)), np.repeat(n_targets, n_sources))
        first = np.cumsum(np.repeat(n_targets, n_sources)) - np.repeat(n_targets, n_sources)
        place = graph.target_indptr[edge] + np.arange(len(edge)) - first[member]
        return Rule(
            "from_edges", len(edge), sources=graph.sources[member], targets=graph.targets[place],
            weights=_spread(graph.weights, edge, place, graph.n_edges),
            delays=_spread(graph.delays, edge, place, graph.n_edges),
        )  # fmt: skip

    def __repr__(self) -> str:
        kind = "undirected " if self.undirected else ""
        ends = f"{len(self.sources)} sources and {len(self.targets)} targets in all"
        return f"<hypergraph: {self.n_edges} {kind}hyperedges, {ends}>"


def _members(starts: IntArray, members: Any, end: str) -> IntArray:
    """Checked ids of one end."""
    ids = indices(members, UNBOUNDED, f"Hypergraph: {end}s")
    if not len(starts) or starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] != len(ids):
        raise ShapeError(f"Hypergraph: {end}_indptr does not cut the {len(ids)} {end}s into hyperedges.")
    lengths = np.diff(starts)
    if (lengths == 0).any():
        edge = int(np.flatnonzero(lengths == 0)[0])
        text = f"Hypergraph: {end}s: hyperedge {edge} has none. Give it a {end}, or leave it out."
        raise ValueRangeError(text, edge=edge)
    edges = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((ids, edges))
    twice = np.flatnonzero((np.diff(ids[order]) == 0) & (np.diff(edges[order]) == 0))
    if len(twice) and end == "source":
        edge, member = int(edges[order[twice[0]]]), int(ids[order[twice[0]]])
        raise ValueRangeError(f"Hypergraph: hyperedge {edge} has the source {member} twice. Give it once.", edge=edge)
    return ids


def _values(value: Any, name: str, lengths: tuple[int, ...], low: float = -np.inf, one: bool = True) -> Any:
    """None, one number, or an array of one of these lengths."""
    what = f"Hypergraph: {name}"
    if value is None or (one and not is_array(value)):
        return None if value is None else real(value, what, low=low)
    array = as_array(value, what, "give one number, or a list of them") if is_array(value) else np.zeros(0)
    if array.ndim != 1 or len(array) not in lengths:
        several = ("one number, or " if one else "") + " or ".join(map(str, dict.fromkeys(lengths)))
        raise ShapeError(f"{what} has shape {array.shape}; give {several} of them.", name=name)
    return real_or_array(array, len(array), what, low=low)


def _in_rows(lists: Sequence[Any]) -> tuple[IntArray, Any]:
    """Where each list begins, and all of them behind one another."""
    for edge, members in enumerate(lists):
        for each in members:
            if not isinstance(each, int | np.integer) or isinstance(each, bool) or not 0 <= each < 2**62:
                raise ArgumentTypeError(
                    f"from_lists: edges: hyperedge {edge} has the member {shown(each)}; members are ids, from 0 on."
                )
    starts = np.concatenate(([0], np.cumsum([len(each) for each in lists]))).astype(np.int64)
    return starts, np.array([each for members in lists for each in members], np.int64)


def _columns(matrix: Any, what: str) -> tuple[IntArray, IntArray]:
    from scipy.sparse import csc_array

    try:
        held = csc_array(matrix)
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise ArgumentTypeError(
            f"from_incidence: {what} is {shown(matrix)}; give a matrix, node x hyperedge, sparse or dense."
        ) from error
    if held.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"from_incidence: {what} holds {held.dtype}; give numbers, or booleans.")
    held.eliminate_zeros()
    held.sort_indices()
    return held.indptr.astype(np.int64), held.indices.astype(np.int64)


def _spread(values: Any, edge: IntArray, place: IntArray, n_edges: int) -> Any:
    """One value a pair."""
    if values is None or np.ndim(values) == 0:
        return None if values is None else np.full(len(edge), float(values))
    return values[edge] if len(values) == n_edges else values[place]
