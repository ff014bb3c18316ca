"""Hypergraphs as data: which sources and which targets every hyperedge has, with weights and delays."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import UNBOUNDED, distinct_labels, flag, indices, is_array, whole
from hsnn_event.topology import expansions, hif, other_hypergraphs
from hsnn_event.topology.members import checked_members, checked_values, columns_of, in_rows
from hsnn_event.topology.rules import Rule

IntArray = npt.NDArray[np.int64]
Values = float | npt.NDArray[np.float64] | None  # for all; one an edge, or (weights) one a target; left open
Labels = Sequence[Hashable] | None


@dataclass(frozen=True, eq=False)
class Hypergraph:
    """Hyperedge e has the sources `sources[source_indptr[e]:source_indptr[e + 1]]` and likewise its targets.

    Ids count within the objects that `Network.connect_hyper` is given. `weights` are one number, one a hyperedge or one an
    entry of `targets`; `delays` (ms) one number or one a hyperedge; `source_weights`, one an entry of `sources`, are what
    rules that add (`hyper.weighted`, `hyper.equations`) add up (None: 1). An `undirected` hyperedge has its members as
    sources and as targets. `node_labels` and `edge_labels` are what nodes and hyperedges are called, by id; `n_nodes` is
    the number of nodes, those without hyperedges included (None: as many as there are labels, or ids need).

    Raises ShapeError, ValueRangeError, ArgumentTypeError, which name the hyperedge.

    >>> Hypergraph.from_lists([((0, 1, 2), (10, 11)), ((3, 4), (12,))], weight=2.0, delay=1.5)
    <hypergraph: 13 nodes, 2 hyperedges, 5 sources and 3 targets in all>
    """

    source_indptr: IntArray
    sources: IntArray
    target_indptr: IntArray
    targets: IntArray
    weights: Values = None
    delays: Values = None
    source_weights: npt.NDArray[np.float64] | None = None
    undirected: bool = False
    node_labels: Labels = None
    edge_labels: Labels = None
    n_nodes: int = None  # type: ignore[assignment]  # filled in below

    def __post_init__(self) -> None:
        held = vars(self)
        for end in ("source", "target"):
            starts = indices(held[f"{end}_indptr"], UNBOUNDED, f"Hypergraph: {end}_indptr")
            held[f"{end}_indptr"], held[f"{end}s"] = starts, checked_members(starts, held[f"{end}s"], end)
        if self.n_edges != len(self.target_indptr) - 1:
            raise ShapeError(
                f"Hypergraph: {self.n_edges} hyperedges have sources and {len(self.target_indptr) - 1} have targets; give "
                "both for each."
            )
        held["weights"] = checked_values(self.weights, "weight", (self.n_edges, len(self.targets)))
        held["delays"] = checked_values(self.delays, "delay", (self.n_edges,), low=0.0)
        if self.source_weights is not None:
            held["source_weights"] = checked_values(self.source_weights, "source_weights", (len(self.sources),), one=False)
        held["undirected"] = flag(self.undirected, "Hypergraph: undirected")
        for name in ("node_labels", "edge_labels"):
            if held[name] is not None and (not is_array(held[name]) or isinstance(held[name], set | frozenset | dict)):
                text = f"Hypergraph: {name} is a list of labels, not {shown(held[name])}."
                raise ArgumentTypeError(text, value=held[name])
        needed = 1 + max(int(self.sources.max(initial=-1)), int(self.targets.max(initial=-1)))
        known = needed if self.node_labels is None else len(self.node_labels)
        held["n_nodes"] = known if self.n_nodes is None else whole(self.n_nodes, "Hypergraph: n_nodes")
        if self.n_nodes < needed:
            text = f"Hypergraph: node {needed - 1} is a member, but there are {self.n_nodes} nodes. Give more, or lower ids."
            raise ValueRangeError(text, node=needed - 1, n_nodes=self.n_nodes)
        for name, n, things in (("node_labels", self.n_nodes, "nodes"), ("edge_labels", self.n_edges, "edges")):
            if held[name] is not None:
                held[name] = tuple(distinct_labels(held[name], n, f"Hypergraph: {name}", things))

    @property
    def n_edges(self) -> int:
        """Number of hyperedges."""
        return len(self.source_indptr) - 1

    @property
    def sizes(self) -> IntArray:
        """The number of nodes of each hyperedge: of sources and targets, a node that is both counted twice if directed."""
        sources, targets = np.diff(self.source_indptr), np.diff(self.target_indptr)
        return sources if self.undirected else sources + targets

    @property
    def degrees(self) -> IntArray:
        """In how many hyperedges each node is: as a source or target, both counted if directed.

        >>> Hypergraph.from_lists([{0, 1, 2}, {2, 3}]).degrees.tolist()
        [1, 1, 2, 1]
        """
        degrees = np.bincount(self.sources, minlength=self.n_nodes)
        return degrees if self.undirected else degrees + np.bincount(self.targets, minlength=self.n_nodes)

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
        if isinstance(edges, dict) or not is_array(edges):
            text = f"from_lists: edges is a list of pairs (sources, targets) or of sets, not {shown(edges)}."
            raise ArgumentTypeError(text, value=edges)
        listed = []
        for edge in edges:
            if not is_array(edge):
                raise ArgumentTypeError(f"from_lists: edges holds {shown(edge)}; give pairs (sources, targets), or sets.")
            listed.append(tuple(edge))
        pairs = [edge for edge in listed if len(edge) == 2 and all(is_array(end) or isinstance(end, range) for end in edge)]
        if pairs and len(pairs) != len(listed):
            raise ArgumentTypeError("from_lists: give pairs (sources, targets), or sets of members, not both.")
        sources = [tuple(edge[0]) if pairs else edge for edge in listed]
        targets = [tuple(edge[1]) if pairs else edge for edge in listed]
        rows: Any = (*in_rows(sources), *in_rows(targets), weight, delay, source_weights, not pairs)  # checked there
        return cls(*rows)

    @classmethod
    def from_incidence(
        cls,
        sources: Any,
        targets: Any = None,
        weight: Values = None,
        delay: Values = None,
        *,
        weighted: bool = False,
    ) -> Hypergraph:
        """From incidence matrices, node x hyperedge, sparse or dense: what is stored and not 0 is a member. Without
        `targets` hyperedges are undirected. `weighted`: the numbers in `sources` are source weights.

        >>> Hypergraph.from_incidence(np.array([[1, 0], [1, 1], [0, 1]])).sources.tolist()
        [0, 1, 1, 2]
        """
        mine = columns_of(sources, "sources")
        theirs = mine if targets is None else columns_of(targets, "targets")
        return cls(
            mine.indptr, mine.members, theirs.indptr, theirs.members, weight, delay,
            mine.values if flag(weighted, "from_incidence: weighted") else None, targets is None,
            n_nodes=max(mine.n_nodes, theirs.n_nodes),
        )  # fmt: skip

    def to_incidence(self) -> tuple[Any, Any]:
        """The incidence matrices of sources and of targets, node x hyperedge: SciPy CSC arrays of source weights and of 1.

        >>> sources, targets = Hypergraph.from_lists([((0, 1), (2,))]).to_incidence()
        >>> sources.shape, targets.toarray().ravel().tolist()
        ((3, 1), [0.0, 0.0, 1.0])
        """
        return expansions.incidence(self)

    @classmethod
    def from_hif(
        cls,
        source: str | os.PathLike[str] | Mapping[str, Any],
        *,
        weight: str | None = "weight",
        delay: str | None = "delay",
        source_weight: str | None = "weight",
    ) -> Hypergraph:
        """From the Hypergraph Interchange Format: the name of a JSON file, or its content as a dictionary.

        Of a directed hypergraph members with direction "tail" are sources, those with "head" targets; "undirected" and
        "asc" (a simplicial complex) are undirected. Nodes and hyperedges are numbered as they come, and keep their names as
        labels. `weight` and `delay` name attributes of hyperedges, `source_weight` one of incidences: all of them have it,
        or none; None reads none.

        Raises FileAccessError, FileFormatError, ShapeError, ValueRangeError, ArgumentTypeError.

        >>> incidences = [{"edge": "e", "node": "a", "direction": "tail"}, {"edge": "e", "node": "b", "direction": "head"}]
        >>> Hypergraph.from_hif({"network-type": "directed", "incidences": incidences}).node_labels
        ('a', 'b')
        """
        return hif.from_hif(cls, source, hif.Names(weight, delay, source_weight))

    def to_hif(self, path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """The hypergraph in the Hypergraph Interchange Format, as a dictionary; with `path` written there as JSON too,
        whole or not at all.

        Raises FileAccessError, ArgumentTypeError for labels that are neither texts nor whole numbers.

        >>> sorted(Hypergraph.from_lists([{0, 1}], weight=2.0).to_hif())
        ['edges', 'incidences', 'metadata', 'network-type', 'nodes']
        """
        return hif.to_hif(self, path)

    @classmethod
    def from_xgi(cls, H: Any, *, weight: str | None = "weight", delay: str | None = "delay") -> Hypergraph:
        """From a Hypergraph, DiHypergraph or SimplicialComplex of XGI; names are those of `from_hif`.

        Raises MissingExtraError, ArgumentTypeError, ShapeError, ValueRangeError.
        """
        return hif.from_hif(cls, other_hypergraphs.hif_of_xgi(H), hif.Names(weight, delay, "weight"))

    def to_xgi(self) -> Any:
        """An xgi.Hypergraph or xgi.DiHypergraph, which has no source weights. Raises MissingExtraError."""
        return other_hypergraphs.xgi_of_hif(hif.to_hif(self, None, plain=False))

    @classmethod
    def from_hypernetx(cls, H: Any, *, weight: str | None = None, delay: str | None = "delay") -> Hypergraph:
        """From a hypernetx.Hypergraph, whose hyperedges are undirected. weight="weight" reads weights, which HyperNetX gives
        to all hyperedges: 1 where nothing else is said.

        Raises MissingExtraError, ArgumentTypeError, ShapeError, ValueRangeError.
        """
        return hif.from_hif(cls, other_hypergraphs.hif_of_hypernetx(H), hif.Names(weight, delay, "weight"))

    def to_hypernetx(self) -> Any:
        """A hypernetx.Hypergraph of undirected hyperedges, without the nodes that are in none.

        Raises MissingExtraError, ArgumentTypeError if directed.
        """
        if not self.undirected:
            raise ArgumentTypeError("to_hypernetx: HyperNetX has undirected hyperedges only; to_xgi() keeps directions.")
        return other_hypergraphs.hypernetx_of_hif(hif.to_hif(self, None, plain=False))

    def directed(self, *, each: str = "source") -> Hypergraph:
        """The same with a hyperedge from each member to all others in place of an undirected one; with each="target" one
        from all others to each member. Members of one alone have no others.

        >>> Hypergraph.from_lists([{0, 1, 2}]).directed().targets.tolist()
        [1, 2, 0, 2, 0, 1]
        """
        return expansions.directed(self, each)

    def clique(self) -> Rule:
        """The rule that connects each source of a hyperedge with each of its targets, with its weight and delay; as
        `net.connect` takes it. Raises InsufficientMemoryError.

        >>> str(Hypergraph.from_lists([((0, 1), (2, 3))], weight=1.0, delay=1.0).clique())
        'from_edges'
        """
        return expansions.clique(self)

    def star(self) -> Any:
        """The bipartite graph of nodes and hyperedges, of NetworkX: ("node", id) and ("edge", id), or labels in the place of
        ids, with "bipartite" 0 and 1. If directed a DiGraph: from sources to hyperedges to targets.

        >>> Hypergraph.from_lists([((0, 1), (2,))]).star().number_of_edges()
        3
        """
        return expansions.star(self)

    def __repr__(self) -> str:
        kind = "undirected " if self.undirected else ""
        ends = f"{len(self.sources)} members" if self.undirected else (
            f"{len(self.sources)} sources and {len(self.targets)} targets"
        )  # fmt: skip
        return f"<hypergraph: {self.n_nodes} nodes, {self.n_edges} {kind}hyperedges, {ends} in all>"
