"""The Hypergraph Interchange Format (HIF): JSON that lists incidences, https://github.com/pszufe/HIF-standard."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    FileAccessError,
    FileFormatError,
    HsnnError,
    ValueRangeError,
    shown,
)
from hsnn_event.files.replacing import checked_path, reason, replacing
from hsnn_event.quantities import hashable

if TYPE_CHECKING:
    from hsnn_event.topology.hypergraph import Hypergraph

T = TypeVar("T")
WHERE = "from_hif"
KINDS = ("undirected", "directed", "asc")
DIRECTIONS = ("tail", "head")  # sources, targets


class Names(NamedTuple):
    """What attributes are called: of hyperedges, and of incidences."""

    weight: str | None
    delay: str | None
    source_weight: str | None


def from_hif(make: Callable[..., T], source: Any, names: Names) -> T:
    """`Hypergraph.from_hif`."""
    for what, name in zip(Names._fields, names, strict=True):
        if name is not None and not isinstance(name, str):
            raise ArgumentTypeError(f"{WHERE}: {what} is the name of an attribute, or None, not {shown(name)}.", value=name)
    if isinstance(source, Mapping):
        return make(**_parts(source, names))
    path = checked_path(source, WHERE, "source")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        text = f"{WHERE}: {path} cannot be read: {reason(error)}. Look at its name and permissions."
        raise FileAccessError(text, path=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{WHERE}: {path} is no JSON: {shown(str(error))[1:-1]}.", path=str(path)) from error
    try:
        return make(**_parts(content, names))
    except HsnnError as error:
        raise FileFormatError(f"{WHERE}: {path}: {error}", path=str(path)) from error


def _parts(content: Any, names: Names) -> dict[str, Any]:
    """The fields of the hypergraph."""
    kind = content.get("network-type", "undirected") if isinstance(content, Mapping) else None
    if kind not in KINDS or not isinstance(content.get("incidences"), list):
        raise FileFormatError(
            f'{WHERE}: this is no HIF: it has a list "incidences" and, as "network-type", one of {", ".join(KINDS)}.'
        )
    nodes, edges = ({_id(each, one): each for each in _records(content, f"{one}s")} for one in ("node", "edge"))
    ends: dict[str, dict[Hashable, dict[Hashable, Any]]] = {end: {edge: {} for edge in edges} for end in DIRECTIONS}
    for each in _records(content, "incidences"):
        edge, node = _id(each, "edge"), _id(each, "node")
        nodes.setdefault(node, {})
        edges.setdefault(edge, {})
        end = each.get("direction") if kind == "directed" else "tail"
        if end not in DIRECTIONS:
            text = f'{WHERE}: the incidence of edge {shown(edge)} and node {shown(node)} has no direction "tail" or "head".'
            raise FileFormatError(text, edge=edge, node=node)
        if node in ends[end].setdefault(edge, {}):
            raise FileFormatError(f"{WHERE}: node {shown(node)} is twice in edge {shown(edge)}.", edge=edge, node=node)
        ends[end][edge][node] = each
    for end, word in zip(DIRECTIONS, ("source", "target"), strict=True):
        for edge in edges if kind == "directed" or end == "tail" else ():
            if not ends[end].get(edge):
                raise ValueRangeError(f"{WHERE}: hyperedge {shown(edge)} has no {word}. Leave it out.", edge=edge)
    places = {node: place for place, node in enumerate(nodes)}
    sources = _rows(ends["tail"], edges, places)
    records = [each for edge in edges for each in ends["tail"][edge].values()]
    return {
        **dict(zip(("source_indptr", "sources"), sources, strict=True)),
        **dict(zip(("target_indptr", "targets"), sources if kind != "directed" else _rows(ends["head"], edges, places),
                   strict=True)),
        "weights": _column(edges.values(), names.weight, "hyperedge"),
        "delays": _column(edges.values(), names.delay, "hyperedge"),
        "source_weights": _column(records, names.source_weight, "incidence"),
        "undirected": kind != "directed", "n_nodes": len(nodes),
        "node_labels": _labels(nodes), "edge_labels": _labels(edges),
    }  # fmt: skip


def _records(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = content.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise FileFormatError(f'{WHERE}: "{name}" is not a list of records.')
    return listed


def _id(record: Mapping[str, Any], name: str) -> Hashable:
    found = record.get(name)
    if found is None or not hashable(found):
        raise FileFormatError(f'{WHERE}: the record {shown(record)} has no "{name}".')
    return found  # type: ignore[no-any-return]


def _rows(ends: Mapping[Hashable, Any], edges: Any, places: Mapping[Hashable, int]) -> tuple[Any, Any]:
    starts = np.cumsum([0, *(len(ends[edge]) for edge in edges)])
    return starts, np.array([places[node] for edge in edges for node in ends[edge]], np.int64)


def _column(records: Any, name: str | None, what: str) -> Any:
    """An attribute of all of them; None where none has it."""
    if name is None:
        return None
    found = [_attribute(each, name) for each in records]
    lacking = [place for place, value in enumerate(found) if value is None]
    if len(lacking) == len(found):
        return None
    if lacking:
        raise DeclarationError(
            f"{WHERE}: {what} {lacking[0]} has no {name!r}, and others have. Give it to all of them, or read none: None.",
            name=name,
        )
    for place, value in enumerate(found):
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise ArgumentTypeError(f"{WHERE}: {what} {place}: {name!r} is {shown(value)}, not a number.", value=value)
    return np.array(found, np.float64)


def _attribute(record: Mapping[str, Any], name: str) -> Any:
    own = record.get("attrs")
    return record[name] if name in record else own.get(name) if isinstance(own, Mapping) else None


def _labels(names: Any) -> list[Hashable] | None:
    """None where they are the ids."""
    listed = list(names)
    return None if all(type(name) is int and name == place for place, name in enumerate(listed)) else listed


def to_hif(graph: Hypergraph, path: str | os.PathLike[str] | None, plain: bool = True) -> dict[str, Any]:
    """`Hypergraph.to_hif`; not `plain`: whatever labels there are."""
    where = None if path is None else checked_path(path, "to_hif")
    nodes, edges = (list(labels or range(n)) for labels, n in ((graph.node_labels, graph.n_nodes),
                                                              (graph.edge_labels, graph.n_edges)))  # fmt: skip
    for label in (*nodes, *edges) if plain else ():
        if isinstance(label, bool) or not isinstance(label, str | int):
            text = f"to_hif: the label {shown(label)} is neither a text nor a whole number, which is what HIF holds."
            raise ArgumentTypeError(text, label=label)
    records: list[dict[str, Any]] = [{"edge": edge} for edge in edges]
    for name, values in (("weight", graph.weights), ("delay", graph.delays)):
        if values is not None and np.ndim(values) and len(values) != graph.n_edges:  # type: ignore[arg-type]
            raise ArgumentTypeError("to_hif: weights are one a target, and HIF has one a hyperedge. Give weights=None.")
        for record, value in zip(records, np.broadcast_to(values, graph.n_edges).tolist() if values is not None else (),
                                 strict=values is not None):  # fmt: skip
            record.setdefault("attrs", {})[name] = value
    ends = [("tail", graph.source_indptr, graph.sources, graph.source_weights)]
    ends += [] if graph.undirected else [("head", graph.target_indptr, graph.targets, None)]
    incidences = []
    for end, starts, members, amounts in ends:
        owners = np.repeat(np.arange(graph.n_edges), np.diff(starts)).tolist()
        for place, (edge, member) in enumerate(zip(owners, members.tolist(), strict=True)):
            incidence = {"edge": edges[edge], "node": nodes[member]}
            incidence |= {} if graph.undirected else {"direction": end}
            incidences.append(incidence if amounts is None else {**incidence, "weight": float(amounts[place])})
    content: dict[str, Any] = {
        "network-type": "undirected" if graph.undirected else "directed", "metadata": {},
        "incidences": incidences, "nodes": [{"node": node} for node in nodes], "edges": records,
    }  # fmt: skip
    if where is not None:
        with replacing(where) as part:
            part.write_text(json.dumps(content), encoding="utf-8")
    return content
