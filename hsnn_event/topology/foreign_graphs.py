"""Graphs of other libraries (igraph, graph-tool) as NetworkX graphs, known by the package that they come from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from hsnn_event.errors import ArgumentTypeError, DeclarationError, shown
from hsnn_event.quantities import hashable

LABEL = "name"  # the attribute of nodes that igraph itself takes for their labels


def as_networkx(graph: Any, where: str) -> Any:
    """The graph itself if it is one of NetworkX, else one with the same nodes, edges and attributes.

    Nodes of igraph and graph-tool are numbers, or have the labels that their attribute "name" holds; attributes that are
    None there are left out. Parallel edges stay. Raises ArgumentTypeError for anything else, DeclarationError where two
    nodes have one name.
    """
    import networkx

    if isinstance(graph, networkx.Graph):
        return graph
    readers = {"igraph": _of_igraph, "graph_tool": _of_graph_tool}
    reader = readers.get(type(graph).__module__.partition(".")[0])
    if reader is None or isinstance(graph, type):
        raise ArgumentTypeError(
            f"{where}: a NetworkX graph (or one of igraph or graph-tool) is needed, not {shown(graph)}; "
            "hsnn.read_graph(path) reads one from a file.",
            value=graph,
        )
    return reader(graph, where)


def simplest(graph: Any) -> Any:
    """A multigraph as a plain graph where no edges are parallel; else as it is.

    >>> import networkx as nx
    >>> type(simplest(nx.MultiDiGraph([(0, 1), (1, 0)]))).__name__
    'DiGraph'
    """
    import networkx

    if any(len(parallel) > 1 for _, row in graph.adjacency() for parallel in row.values()):
        return graph
    return networkx.DiGraph(graph) if graph.is_directed() else networkx.Graph(graph)


def _of_igraph(graph: Any, where: str) -> Any:
    nodes = {name: graph.vs[name] for name in graph.vs.attributes()}
    edges = {name: graph.es[name] for name in graph.es.attributes()}
    rows = zip(graph.get_edgelist(), _rows(edges, graph.ecount()), strict=True)
    return _made(graph.is_directed(), _rows(nodes, graph.vcount()), ((*pair, held) for pair, held in rows), where)


def _of_graph_tool(graph: Any, where: str) -> Any:
    nodes, edges = dict(graph.vertex_properties), dict(graph.edge_properties)
    held = [{name: values[vertex] for name, values in nodes.items()} for vertex in graph.iter_vertices()]
    rows = ((source, target, dict(zip(edges, values, strict=True)))
            for source, target, *values in graph.iter_edges(list(edges.values())))  # fmt: skip
    return _made(graph.is_directed(), held, rows, where)


def _rows(columns: dict[str, Sequence[Any]], count: int) -> Iterator[dict[str, Any]]:
    """The attributes of each of `count` nodes or edges."""
    if not columns:
        return iter([{}] * count)
    return (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))


def _made(
    directed: bool, nodes: Iterable[dict[str, Any]], edges: Iterable[tuple[int, int, dict[str, Any]]], where: str
) -> Any:
    import networkx

    made = networkx.MultiDiGraph() if directed else networkx.MultiGraph()
    labels: list[Hashable] = []
    for number, held in enumerate(nodes):
        label = held.get(LABEL, number)
        if not hashable(label) or label in made:
            text = f"{where}: node {number} has the name {shown(label)}, as an earlier one has, or none. Give each its own."
            raise DeclarationError(text, name=label)
        labels.append(label)
        made.add_node(label, **_present(held))
    made.add_edges_from((labels[source], labels[target], _present(held)) for source, target, held in edges)
    return simplest(made)


def _present(held: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in held.items() if value is not None and name != LABEL}
