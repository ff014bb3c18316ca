"""Graphs from files, by the readers of NetworkX and SciPy; the suffix names the format."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from hsnn_event.errors import (
    ArgumentTypeError,
    FileAccessError,
    FileFormatError,
    HsnnError,
    ShapeError,
    keywords_known,
    shown,
    unknown_name,
)
from hsnn_event.files.replacing import checked_path, reason
from hsnn_event.quantities import flag, is_array
from hsnn_event.topology.foreign_graphs import simplest

PACKED = (".gz", ".bz2")  # what the readers unpack by themselves
COMMENTS = ("#", "%")
# What the readers raise on a file that is not of their format; each has errors of its own beside these.
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, SyntaxError, EOFError, zlib.error, struct.error)


class Asked(NamedTuple):
    """What `read_graph` was asked for, checked."""

    path: Path
    suffix: str
    directed: bool
    columns: tuple[str, ...]
    label: Callable[[str], Any] | None


@keywords_known
def read_graph(
    path: str | os.PathLike[str],
    *,
    directed: bool = True,
    columns: Sequence[str] = ("w", "d"),
    label: Callable[[str], Any] | None = None,
) -> Any:
    """The NetworkX graph in a file, for `Network.from_networkx`; parallel edges stay, as a multigraph.

    - `.graphml`, `.gexf`, `.gml` (with labels), `.net` (Pajek): the file says whether it is directed, and names attributes;
      the weight of GEXF and Pajek is "weight".
    - `.edgelist`, `.edges`, `.txt`, `.csv`, `.tsv`: a line is source, target and numbers, the attributes `columns`, or a
      dictionary of attributes; # and % begin comments. They are `directed`, or not.
    - `.mtx` (Matrix Market): W[source, target] becomes the attribute columns[0], 1.0 where the file is a pattern. Nodes are
      0 ... n - 1; a symmetric matrix has both edges.

    All of them may be packed (`.gz`, `.bz2`). `label` makes a node of its text, such as int; None gives texts, but int
    where all nodes of an edge list are whole numbers.

    Raises FileAccessError (it cannot be opened), UnknownNameError (no known suffix), FileFormatError (not of this format),
    ShapeError (a matrix that is not square), ArgumentTypeError.

    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp(), "areas.edgelist")
    >>> _ = path.write_text("V1 V2 0.5 1.5\\nV2 V1 0.25 2.0\\n")
    >>> read_graph(path).edges["V1", "V2"]
    {'w': 0.5, 'd': 1.5}
    """
    where = checked_path(path, "read_graph")
    suffix = next((each for each in map(str.lower, reversed(where.suffixes)) if each not in PACKED), "")
    if suffix not in _READERS:
        raise unknown_name(f"read_graph: {shown(str(where))}: the suffix", suffix, _READERS)
    if label is not None and not callable(label):
        raise ArgumentTypeError(f"read_graph: label is a function of a text, such as int, not {shown(label)}.", value=label)
    asked = Asked(where, suffix, flag(directed, "read_graph: directed"), _names(columns), label)
    try:
        with open(where, "rb"):  # so that whatever prevents it is an OSError
            pass
        return _READERS[suffix](asked)
    except HsnnError:
        raise
    except OSError as error:
        text = f"{where} cannot be read: {reason(error)}. Look at its name and permissions."
        raise FileAccessError(text, path=str(where)) from error
    except Exception as error:
        if not isinstance(error, (*UNREADABLE, *_own_errors())):
            raise
        text = f"{where} was not read as {suffix[1:]}: {' '.join(str(error).split())[:200] or type(error).__name__}. "
        raise FileFormatError(text + "Look at the file, or give it the suffix of its format.", path=str(where)) from error


def _own_errors() -> tuple[type[Exception], ...]:
    """What NetworkX and the parser of XML raise on files that they cannot read."""
    from xml.etree.ElementTree import ParseError

    import networkx

    return networkx.NetworkXException, ParseError


def _names(columns: Any) -> tuple[str, ...]:
    names: tuple[Any, ...] = () if isinstance(columns, str) or not is_array(columns) else tuple(columns)
    if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        text = f"read_graph: columns are different names of attributes, such as ('w', 'd'), not {shown(columns)}."
        raise ArgumentTypeError(text, value=columns)
    return names


def _graphml(asked: Asked) -> Any:
    import networkx

    return networkx.read_graphml(asked.path, node_type=asked.label or str)


def _gexf(asked: Asked) -> Any:
    import networkx

    graph = networkx.read_gexf(asked.path, node_type=asked.label)
    return simplest(graph) if graph.is_multigraph() else graph


def _gml(asked: Asked) -> Any:
    import networkx

    return _relabelled(networkx.read_gml(asked.path), asked.label)


def _pajek(asked: Asked) -> Any:
    import networkx

    return _relabelled(simplest(networkx.read_pajek(asked.path)), asked.label)


def _edge_list(asked: Asked) -> Any:
    import networkx

    delimiter = {".csv": ",", ".tsv": "\t"}.get(asked.suffix)
    rows = [line.strip() for line in _lines(asked.path)]
    rows = [line for line in rows if line and not line.startswith(COMMENTS)]
    data: Any = bool(rows) and "{" in rows[0]
    if rows and not data:
        n_columns = len(rows[0].split(delimiter)) - 2
        if n_columns > len(asked.columns):
            text = f"{asked.path}: a line has {n_columns} values after its nodes; columns= names only {asked.columns}."
            raise FileFormatError(text, path=str(asked.path), columns=asked.columns)
        data = [(name, float) for name in asked.columns[: max(n_columns, 0)]]
    if delimiter == ",":
        rows = [",".join(map(str.strip, line.split(","))) for line in rows] if data is not True else rows
    kind = networkx.MultiDiGraph if asked.directed else networkx.MultiGraph
    graph = networkx.parse_edgelist(rows, delimiter=delimiter, create_using=kind, nodetype=asked.label, data=data)
    if asked.label is None and all(node.removeprefix("-").isdecimal() for node in graph):
        graph = networkx.relabel_nodes(graph, int)
    return simplest(graph)


def _lines(path: Path) -> list[str]:
    import bz2
    import gzip

    opened: dict[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".bz2": bz2.open}
    with opened.get(path.suffix.lower(), open)(path, "rt", encoding="utf-8") as file:
        return list(file)


def _matrix(asked: Asked) -> Any:
    import networkx
    from scipy.io import mmread
    from scipy.sparse import coo_array

    matrix = coo_array(mmread(asked.path))
    if matrix.dtype.kind not in "iufb":
        text = f"{asked.path}: the matrix holds {matrix.dtype}, not real numbers. Give a matrix of weights."
        raise FileFormatError(text, path=str(asked.path))
    if matrix.shape[0] != matrix.shape[1]:
        text = f"{asked.path}: the matrix has shape {matrix.shape}; W[source, target] of a graph is square."
        raise ShapeError(text, shape=matrix.shape)
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(range(matrix.shape[0]))
    triplets = zip(matrix.row.tolist(), matrix.col.tolist(), matrix.data.astype(float).tolist(), strict=True)
    graph.add_weighted_edges_from(triplets, weight=asked.columns[0])
    return _relabelled(simplest(graph), asked.label)


def _relabelled(graph: Any, label: Callable[[str], Any] | None) -> Any:
    import networkx

    return graph if label is None else networkx.relabel_nodes(graph, {node: label(str(node)) for node in graph})


_READERS: dict[str, Callable[[Asked], Any]] = {
    ".graphml": _graphml,
    ".gexf": _gexf,
    ".gml": _gml,
    ".net": _pajek,
    **dict.fromkeys((".edgelist", ".edges", ".txt", ".csv", ".tsv"), _edge_list),
    ".mtx": _matrix,
}
