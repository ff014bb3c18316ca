"""Hypergraphs of other libraries, as the content of the interchange format that both sides know."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from hsnn_event.errors import ArgumentTypeError, MissingExtraError, shown

Content = dict[str, Any]


def hif_of_xgi(graph: Any) -> Content:
    """Of a hypergraph of XGI."""
    xgi = _library("xgi", "from_xgi", graph)
    if not isinstance(graph, xgi.Hypergraph | xgi.DiHypergraph | xgi.SimplicialComplex):
        raise ArgumentTypeError(f"from_xgi: H is a hypergraph of XGI, not {shown(graph)}.", value=graph)
    content: Content = xgi.to_hif_dict(graph)
    return {**content, "nodes": [{"node": node} for node in graph.nodes]}  # all of them, in order


def xgi_of_hif(content: Content) -> Any:
    """A hypergraph of XGI."""
    xgi = _library("xgi", "to_xgi")
    made = xgi.DiHypergraph() if content["network-type"] == "directed" else xgi.Hypergraph()
    made.add_nodes_from(each["node"] for each in content["nodes"])
    ends: dict[Any, dict[str, list[Any]]] = {each["edge"]: {"tail": [], "head": []} for each in content["edges"]}
    for each in content["incidences"]:
        ends[each["edge"]][each.get("direction", "tail")].append(each["node"])
    for each in content["edges"]:
        members = ends[each["edge"]]
        mine = (members["tail"], members["head"]) if content["network-type"] == "directed" else members["tail"]
        made.add_edge(mine, idx=each["edge"], **each.get("attrs", {}))
    return made


def hif_of_hypernetx(graph: Any) -> Content:
    """Of a hypergraph of HyperNetX."""
    hypernetx = _library("hypernetx", "from_hypernetx", graph)
    if not isinstance(graph, hypernetx.Hypergraph):
        raise ArgumentTypeError(f"from_hypernetx: H is a hypernetx.Hypergraph, not {shown(graph)}.", value=graph)
    cells = graph.incidences.dataframe["weight"].to_dict()
    return {
        "network-type": "undirected",
        "nodes": [{"node": node} for node in graph.nodes],
        "edges": [{"edge": edge, "attrs": dict(graph.get_properties(edge, level=0))} for edge in graph.edges],
        "incidences": [{"edge": edge, "node": node, "weight": weight} for (edge, node), weight in cells.items()],
    }


def hypernetx_of_hif(content: Content) -> Any:
    """A hypergraph of HyperNetX."""
    hypernetx = _library("hypernetx", "to_hypernetx")
    members: dict[Any, dict[Any, dict[str, Any]]] = {each["edge"]: {} for each in content["edges"]}
    for each in content["incidences"]:
        members[each["edge"]][each["node"]] = {"weight": each["weight"]} if "weight" in each else {}
    attributes = {each["edge"]: each.get("attrs", {}) for each in content["edges"]}
    return hypernetx.Hypergraph(members, edge_properties=attributes)


def _library(name: str, what: str, given: object = None) -> ModuleType:
    """The library; where an object of it is given it has been imported."""
    if given is not None and name not in sys.modules:
        argument = "H is a hypernetx.Hypergraph" if name == "hypernetx" else "H is a hypergraph of XGI"
        raise ArgumentTypeError(f"{what}: {argument}, not {shown(given)}.", value=given)
    try:
        return __import__(name)
    except ImportError as error:
        text = f"{what} needs {name}. Install it with: pip install 'hsnn_event[hypergraphs]'."
        raise MissingExtraError(text, extra="hypergraphs") from error
