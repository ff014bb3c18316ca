"""Graphs in files: what NetworkX and SciPy write comes back, and what is not of its format is told."""

import gzip

import networkx as nx
import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import coo_array

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, FileAccessError, FileFormatError, ShapeError, UnknownNameError

WRITERS = {
    "graphml": nx.write_graphml, "graphml.gz": nx.write_graphml, "gexf": nx.write_gexf, "gml": nx.write_gml,
    "edgelist": nx.write_edgelist, "edges.bz2": nx.write_edgelist,
}  # fmt: skip


def a_graph(kind=nx.DiGraph):
    graph = kind()
    for node, area in (("V1", "E"), ("V2", "I"), ("MT", "E")):
        graph.add_node(node, type=area, V_th=-50.0 - len(graph))
    for place, (u, v) in enumerate([("V1", "V2"), ("V2", "V1"), ("V1", "MT"), ("MT", "MT")]):
        graph.add_edge(u, v, w=1.5 + place, d=0.1 * (1 + place))
    return graph


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiDiGraph])
@pytest.mark.parametrize("suffix", WRITERS)
def test_what_networkx_writes_comes_back(suffix, kind, tmp_path):
    graph, path = a_graph(kind), tmp_path / f"areas.{suffix}"
    if kind is nx.MultiDiGraph:
        graph.add_edge("V1", "V2", w=9.0, d=1.0)
    WRITERS[suffix](graph, path)
    back = hsnn.read_graph(path, directed=graph.is_directed())
    assert (back.is_directed(), back.is_multigraph()) == (graph.is_directed(), graph.is_multigraph())
    assert set(back) == set(graph)
    mine, theirs = (sorted((frozenset((u, v)) if kind is nx.Graph else (u, v), held["w"], held["d"])
                           for u, v, held in each.edges(data=True)) for each in (graph, back))  # fmt: skip
    assert mine == theirs
    if "edge" not in suffix:  # lists of edges hold no nodes
        assert {node: (held["type"], held["V_th"]) for node, held in back.nodes(data=True)} == {
            node: (held["type"], held["V_th"]) for node, held in graph.nodes(data=True)}  # fmt: skip


def test_a_network_goes_through_a_file(tmp_path):
    cell = hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 5.0})
    graph = a_graph()
    net = hsnn.Network.from_networkx(graph, {"E": cell, "I": cell}, receptor={"E": "exc", "I": "inh"}, backend="reference")
    nx.write_graphml(net.to_networkx(), tmp_path / "net.graphml")
    read = hsnn.read_graph(tmp_path / "net.graphml")
    again = hsnn.Network.from_networkx(read, {"E": cell, "I": cell}, backend="reference")
    assert nx.utils.graphs_equal(again.to_networkx(), net.to_networkx())


@pytest.mark.parametrize(
    "name, text, edges, nodes",
    [
        ("a.edgelist", "# areas\n1 2\n2 3\n", [(1, 2, {}), (2, 3, {})], int),
        ("a.txt", "% areas\nV1 V2 0.5\nV2 V1 2\n", [("V1", "V2", {"w": 0.5}), ("V2", "V1", {"w": 2.0})], str),
        ("a.CSV", "a, b, 1.5, 2\nb,a,1,3\n", [("a", "b", {"w": 1.5, "d": 2.0}), ("b", "a", {"w": 1.0, "d": 3.0})], str),
        ("a.tsv", "left eye\tV1\t1.0\n", [("left eye", "V1", {"w": 1.0})], str),
        ("a.edges", "a b {'w': 1.0, 'receptor': 'exc'}\n", [("a", "b", {"w": 1.0, "receptor": "exc"})], str),
        ("a.edges.gz", "-1 2 0.5\n", [(-1, 2, {"w": 0.5})], int),
        ("a.edgelist", "", [], str),
    ],
)
def test_lists_of_edges(name, text, edges, nodes, tmp_path):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    graph = hsnn.read_graph(path)
    assert list(graph.edges(data=True)) == edges and all(type(node) is nodes for node in graph)


def test_matrices_of_matrix_market(tmp_path):
    W = coo_array(([0.5, 2.0, 0.0], ([0, 1, 3], [1, 1, 0])), shape=(4, 4))
    mmwrite(tmp_path / "general.mtx", W)
    graph = hsnn.read_graph(tmp_path / "general.mtx", columns=["weight"])
    assert sorted(graph.edges(data="weight")) == [(0, 1, 0.5), (1, 1, 2.0), (3, 0, 0.0)]  # a stored zero is an edge
    assert np.array_equal(nx.to_numpy_array(graph), W.toarray())
    mmwrite(tmp_path / "symmetric.mtx", W + W.T, symmetry="symmetric")
    assert np.array_equal(nx.to_numpy_array(hsnn.read_graph(tmp_path / "symmetric.mtx"), weight="w"), (W + W.T).toarray())
    (tmp_path / "pattern.mtx").write_text("%%MatrixMarket matrix coordinate pattern general\n3 3 1\n2 3\n")
    assert list(hsnn.read_graph(tmp_path / "pattern.mtx", label="n{}".format).edges(data="w")) == [("n1", "n2", 1.0)]


def test_labels_and_the_formats_own_weights(tmp_path):
    graph = nx.DiGraph()
    graph.add_edge(3, 1, weight=2.0)
    nx.write_graphml(graph, tmp_path / "a.graphml")
    nx.write_pajek(graph, tmp_path / "a.net")
    nx.write_gexf(graph, tmp_path / "a.gexf")
    for name in ("a.graphml", "a.net", "a.gexf"):
        assert list(hsnn.read_graph(tmp_path / name, label=int).edges(data="weight")) == [(3, 1, 2.0)]
    assert set(hsnn.read_graph(tmp_path / "a.graphml")) == {"1", "3"}


@pytest.mark.parametrize(
    "name, text, error, words",
    [
        ("a.xlsx", "", UnknownNameError, "suffix '.xlsx' is unknown.*graphml"),
        ("nothing", "", UnknownNameError, "suffix '' is unknown"),
        ("a.graphml", "no XML", FileFormatError, "not read as graphml"),
        ("a.graphml", "<graphml/>", FileFormatError, "not read as graphml"),
        ("a.gexf", "<gexf>", FileFormatError, "not read as gexf"),
        ("a.gml", "graph [ node [", FileFormatError, "not read as gml"),
        ("a.net", "*vertices x", FileFormatError, "not read as net"),
        ("a.edgelist", "a b x\n", FileFormatError, "not read as edgelist"),
        ("a.edgelist", "a b 1 2 3\n", FileFormatError, "3 values after its nodes; columns="),
        ("a.edgelist", "a b {'w': open('x')}\n", FileFormatError, "not read as edgelist"),
        ("a.edges.gz", "not packed", FileAccessError, "cannot be read"),
        ("a.mtx", "1 2 3", FileFormatError, "not read as mtx"),
        ("a.mtx", "%%MatrixMarket matrix coordinate real general\n2 3 1\n1 3 1.0\n", ShapeError, "square"),
        ("a.mtx", "%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1.0 1.0\n", FileFormatError, "complex"),
    ],
)
def test_what_is_not_of_its_format_is_told(name, text, error, words, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(error, match=words):
        hsnn.read_graph(tmp_path / name)


def test_a_file_that_cannot_be_opened_and_bytes_that_are_no_text(tmp_path):
    with pytest.raises(FileAccessError, match="No such file"):
        hsnn.read_graph(tmp_path / "nothing.graphml")
    (tmp_path / "folder.edges").mkdir()
    with pytest.raises(FileAccessError):
        hsnn.read_graph(tmp_path / "folder.edges")
    (tmp_path / "bytes.edges").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError):
        hsnn.read_graph(tmp_path / "bytes.edges")
    with pytest.raises(ArgumentTypeError, match="label is a function"):
        hsnn.read_graph(tmp_path / "bytes.edges", label=3)
