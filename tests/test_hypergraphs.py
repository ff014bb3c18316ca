"""Hypergraphs as data: what they hold, and the way to other libraries, files and structures and back."""

import json
from dataclasses import fields

import hypernetx
import networkx as nx
import numpy as np
import pytest
import xgi
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array

import hsnn_event as hsnn
from hsnn_event import memory
from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    FileAccessError,
    FileFormatError,
    InsufficientMemoryError,
    ShapeError,
    UnknownNameError,
    ValueRangeError,
)

H = hsnn.Hypergraph
members = st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True)
directed = st.lists(st.tuples(members, members), min_size=1, max_size=6)
undirected = st.lists(st.lists(st.integers(0, 8), min_size=2, max_size=4, unique=True), min_size=1, max_size=6)
LABELS = ["a", "b", 7, "d", "e", "f", "g", "h", "i"]


@st.composite
def hypergraphs(draw, labelled=True):
    several = draw(st.booleans())
    pairs = draw(directed if several else undirected)
    edges = pairs if several else [set(each) for each in pairs]
    made = H.from_lists(edges, weight=draw(st.sampled_from([None, 2.0])), delay=1.5)
    if draw(st.booleans()):
        made = changed(made, weights=np.arange(1.0, made.n_edges + 1))
    if draw(st.booleans()):
        made = changed(made, source_weights=np.arange(1.0, len(made.sources) + 1))
    if labelled and draw(st.booleans()):
        made = changed(made, n_nodes=9, node_labels=LABELS, edge_labels=[f"e{e}" for e in range(made.n_edges)])
    return made


def changed(graph, **values):
    return H(**{**{each.name: getattr(graph, each.name) for each in fields(H)}, **values})


def content(graph):
    """What a hypergraph says, by labels: (sources, targets, weight, delay) of each hyperedge; its nodes."""
    nodes = graph.node_labels or tuple(range(graph.n_nodes))
    edges = graph.edge_labels or tuple(range(graph.n_edges))
    amounts = np.ones(len(graph.sources)) if graph.source_weights is None else graph.source_weights
    said = {}
    for e, edge in enumerate(edges):
        mine, theirs = (slice(starts[e], starts[e + 1]) for starts in (graph.source_indptr, graph.target_indptr))
        sources = {nodes[i]: float(amounts[k]) for k, i in enumerate(graph.sources[mine].tolist(), mine.start)}
        values = [None if v is None else float(np.broadcast_to(v, graph.n_edges)[e]) for v in (graph.weights, graph.delays)]
        said[edge] = sources, frozenset(nodes[i] for i in graph.targets[theirs].tolist()), *values
    return said, frozenset(nodes), graph.undirected


def test_lists_may_be_generators():
    made = H.from_lists(pair for pair in [((0, 1), (2,)), ((3,), (4, 5))])
    assert content(made) == content(H.from_lists([((0, 1), (2,)), ((3,), (4, 5))]))
    assert H.from_lists({0, 1} for _ in range(3)).n_edges == 3


def test_sizes_and_degrees():
    graph = H.from_lists([{0, 1, 2}, {2, 3}])
    assert (graph.n_nodes, graph.sizes.tolist(), graph.degrees.tolist()) == (4, [3, 2], [1, 1, 2, 1])
    graph = H.from_lists([((0, 1), (1, 5))])
    assert (graph.n_nodes, graph.sizes.tolist(), graph.degrees.tolist()) == (6, [4], [1, 2, 0, 0, 0, 1])
    assert repr(graph) == "<hypergraph: 6 nodes, 1 hyperedges, 2 sources and 2 targets in all>"


@given(hypergraphs())
def test_the_interchange_format_gives_everything_back(graph):
    again = H.from_hif(json.loads(json.dumps(graph.to_hif())))
    assert content(again) == content(graph)


def test_files_of_the_interchange_format(tmp_path):
    path, graph = tmp_path / "graph.hif.json", H.from_lists([((0, 1), (2,))], weight=2.0, delay=1.5)
    assert graph.to_hif(path) == json.loads(path.read_text())
    assert content(H.from_hif(path)) == content(graph) == content(H.from_hif(str(path)))
    written = xgi.read_hif(path)
    assert isinstance(written, xgi.DiHypergraph) and written.edges.dimembers() == [({0, 1}, {2})]
    assert written.edges[0] == {"weight": 2.0, "delay": 1.5}
    xgi.write_hif(xgi.Hypergraph([{"x", "y"}, {"y", "z"}]), tmp_path / "xgi.json")
    assert content(H.from_hif(tmp_path / "xgi.json"))[0][0] == ({"x": 1.0, "y": 1.0}, frozenset("xy"), None, None)


HIF = {"network-type": "directed", "incidences": [
    {"edge": "e", "node": "a", "direction": "tail"}, {"edge": "e", "node": "b", "direction": "head"}
]}  # fmt: skip


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"network-type": "sideways"}, FileFormatError, "no HIF"),
    ({"incidences": {}}, FileFormatError, "no HIF"),
    ({"incidences": [5]}, FileFormatError, "list of records"),
    ({"incidences": [{"edge": "e"}]}, FileFormatError, 'has no "node"'),
    ({"incidences": [{"edge": "e", "node": ["a"]}]}, FileFormatError, 'has no "node"'),
    ({"incidences": [{"edge": "e", "node": "a"}]}, FileFormatError, 'no direction "tail" or "head"'),
    ({"incidences": HIF["incidences"][:1]}, ValueRangeError, "hyperedge 'e' has no target"),
    ({"incidences": HIF["incidences"][1:]}, ValueRangeError, "hyperedge 'e' has no source"),
    ({"incidences": HIF["incidences"] * 2}, FileFormatError, "twice in edge 'e'"),
    ({"edges": [{"edge": "e", "weight": "heavy"}]}, ArgumentTypeError, "'heavy', not a number"),
    ({"edges": [{"edge": "e", "attrs": {"delay": -1.0}}]}, ValueRangeError, "delay"),
    ({"edges": [{"edge": "lonely"}]}, ValueRangeError, "'lonely' has no source"),
])  # fmt: skip
def test_what_is_no_hypergraph_is_refused(change, kind, words, tmp_path):
    with pytest.raises(kind, match=words):
        H.from_hif({**HIF, **change})
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({**HIF, **change}))
    with pytest.raises(FileFormatError, match=words) as caught:
        H.from_hif(path)
    assert str(path) in str(caught.value)


def test_files_that_cannot_be_read_or_written(tmp_path):
    path = tmp_path / "graph.json"
    with pytest.raises(FileAccessError, match="No such file"):
        H.from_hif(path)
    for text in ("{", "[" * 100_000, '{"a": 1}'):
        path.write_text(text)
        with pytest.raises(FileFormatError, match=r"no JSON|no HIF"):
            H.from_hif(path)
    with pytest.raises(FileAccessError, match="cannot be written"):
        H.from_lists([{0, 1}]).to_hif(tmp_path / "nowhere" / "graph.json")
    odd = changed(H.from_lists([{0, 1}]), node_labels=[(0, 0), (0, 1)])
    with pytest.raises(ArgumentTypeError, match=r"label '?\(0, 0\)"):
        odd.to_hif(path)
    assert path.read_text() == '{"a": 1}'  # nothing was written


def test_some_with_a_weight_and_some_without_is_an_error():
    edges = [{"edge": 0, "weight": 1.0}, {"edge": 1}]
    incidences = [{"edge": e, "node": n} for e in (0, 1) for n in (e, e + 1)]
    said = {"network-type": "undirected", "incidences": incidences, "edges": edges}
    with pytest.raises(DeclarationError, match="hyperedge 1 has no 'weight'"):
        H.from_hif(said)
    assert H.from_hif(said, weight=None).weights is None


@given(hypergraphs())
@settings(deadline=None)
def test_xgi_and_back(graph):
    plain = changed(graph, source_weights=None)  # which XGI does not know
    theirs = plain.to_xgi()
    assert isinstance(theirs, xgi.Hypergraph if plain.undirected else xgi.DiHypergraph)
    assert content(H.from_xgi(theirs)) == content(plain)
    assert theirs.num_nodes == plain.n_nodes and theirs.num_edges == plain.n_edges


def test_simplicial_complexes_have_all_their_faces():
    made = H.from_xgi(xgi.SimplicialComplex([{1, 2, 3}]))
    assert made.undirected and sorted(made.sizes.tolist()) == [2, 2, 2, 3] and made.node_labels == (1, 2, 3)


@given(hypergraphs())
@settings(deadline=None, max_examples=30)
def test_hypernetx_and_back(graph):
    if not graph.undirected:
        with pytest.raises(ArgumentTypeError, match="undirected hyperedges only"):
            graph.to_hypernetx()
        return
    again = H.from_hypernetx(graph.to_hypernetx(), weight=None if graph.weights is None else "weight")
    edges, nodes, _ = content(graph)
    assert content(again) == (edges, nodes & {node for each in edges.values() for node in each[0]}, True)


def test_hypernetx_itself():
    theirs = hypernetx.Hypergraph({"a": ["x", "y"], "b": ["y", "z"]})
    made = H.from_hypernetx(theirs)
    assert content(made)[0]["a"] == ({"x": 1.0, "y": 1.0}, frozenset("xy"), None, None)
    assert H.from_hypernetx(theirs, weight="weight").weights.tolist() == [1.0, 1.0]


def test_foreign_objects_are_refused():
    for read in (H.from_xgi, H.from_hypernetx):
        with pytest.raises(ArgumentTypeError, match="H is a hyper"):
            read(nx.path_graph(3))


@given(hypergraphs(labelled=False))
def test_incidence_matrices_and_back(graph):
    sources, targets = graph.to_incidence()
    again = H.from_incidence(sources, None if graph.undirected else targets, weighted=graph.source_weights is not None)
    ours, theirs = content(changed(graph, weights=None, delays=None)), content(again)
    assert theirs == ours
    dense = H.from_incidence(sources.toarray() != 0, targets.toarray() != 0)
    assert content(dense)[1] == ours[1]
    assert content(H.from_incidence(coo_array(sources), csr_array(targets)))[1] == ours[1]


@given(undirected)
@settings(deadline=None)
def test_the_clique_expansion_is_that_of_xgi(edges):
    rule = H.from_lists([set(each) for each in edges]).clique()
    pairs = set(zip(rule.sources.tolist(), rule.targets.tolist(), strict=True))
    theirs = xgi.to_graph(xgi.Hypergraph([set(each) for each in edges]))
    assert pairs == {pair for u, v in theirs.edges for pair in ((u, v), (v, u))}
    assert rule.count == sum(len(each) * (len(each) - 1) for each in edges)


@given(hypergraphs())
@settings(deadline=None)
def test_the_star_expansion_is_the_bipartite_graph_of_xgi(graph):
    mine = graph.star()
    theirs, nodes, edges = xgi.to_bipartite_graph(changed(graph, source_weights=None).to_xgi(), index=True)
    named = {**{k: ("node", v) for k, v in nodes.items()}, **{k: ("edge", v) for k, v in edges.items()}}
    assert set(map(frozenset, mine.edges)) == {frozenset(map(named.get, pair)) for pair in theirs.edges}
    assert set(mine.nodes) == set(named.values())
    if not graph.undirected:
        assert set(mine.edges) == {tuple(map(named.get, pair)) for pair in theirs.edges}


@given(undirected, st.booleans())
def test_undirected_hyperedges_lead_from_others_to_each_or_from_each_to_others(edges, weighted):
    graph = H.from_lists([set(each) for each in edges], weight=np.arange(len(edges)) + 1.0)
    if weighted:
        graph = changed(graph, source_weights=np.arange(len(graph.sources)) + 1.0)
    for each in ("source", "target"):
        found = content(graph.directed(each=each))[0].values()
        amounts = content(graph)[0]
        expected = []
        for edge, (members, _, weight, _) in amounts.items():
            for one in members:
                others = {node: amount for node, amount in members.items() if node != one}
                ends = ({one: members[one]}, set(others)) if each == "source" else (others, {one})
                expected.append((ends[0], frozenset(ends[1]), weight, None))
                assert edge in amounts
        assert sorted(map(str, found)) == sorted(map(str, expected))


def test_what_does_not_fit_is_refused_before_it_is_made(monkeypatch):
    indptr = np.arange(0, 10_001, 100)
    graph = H(indptr, np.tile(np.arange(100), 100), indptr, np.tile(np.arange(100), 100))
    monkeypatch.setattr(memory, "free", lambda: 1e6)
    with pytest.raises(InsufficientMemoryError, match=r"clique: 1e\+06 pairs take 0.06 GB; 0.001 GB are free"):
        graph.clique()
    lists = [set(range(e, e + 300)) for e in range(3)]
    with pytest.raises(InsufficientMemoryError, match="directed"):
        H.from_lists(lists).directed()


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda: H.from_lists("abc"), ArgumentTypeError, "list of pairs"),
    (lambda: H.from_lists({0: 1}), ArgumentTypeError, "list of pairs"),
    (lambda: H.from_lists([((0, 1), (2,)), {1, 2}]), ArgumentTypeError, "not both"),
    (lambda: H.from_lists([((), (2,))]), ValueRangeError, "hyperedge 0 has none"),
    (lambda: H.from_lists([((0, 0), (2,))]), ValueRangeError, "source 0 twice"),
    (lambda: H.from_lists([((0.5,), (2,))]), ArgumentTypeError, "member 0.5"),
    (lambda: H.from_lists([((0,), (2,))], weight=np.nan), ValueRangeError, "weight"),
    (lambda: H.from_lists([((0,), (2,))], delay=-1.0), ValueRangeError, "delay"),
    (lambda: H.from_lists([((0,), (2,))], weight=[1.0, 2.0, 3.0]), ShapeError, "weight"),
    (lambda: H([0, 2], [0, 1], [0, 1, 2], [0, 1]), ShapeError, "give both for each"),
    (lambda: H([0, 3], [0, 1], [0, 1], [0]), ShapeError, "does not cut"),
    (lambda: H([0, 1], [5], [0, 1], [0], n_nodes=3), ValueRangeError, "node 5"),
    (lambda: H([0, 1], [0], [0, 1], [1], node_labels=["a"]), ValueRangeError, "node 1 is a member"),
    (lambda: H([0, 1], [0], [0, 1], [1], node_labels=["a", "a"]), DeclarationError, "'a' occurs twice"),
    (lambda: H([0, 1], [0], [0, 1], [1], node_labels=["a", []]), ArgumentTypeError, "cannot be hashed"),
    (lambda: H([0, 1], [0], [0, 1], [1], node_labels=5), ArgumentTypeError, "node_labels is a list of labels, not 5"),
    (lambda: H([0, 1], [0], [0, 1], [1], edge_labels={"a"}), ArgumentTypeError, "edge_labels is a list of labels"),
    (lambda: H([0, 1], [0], [0, 1], [1], edge_labels=["a", "b"]), ShapeError, "2 labels for 1 edges"),
    (lambda: H.from_lists([{0, 1}]).directed(each="edge"), UnknownNameError, "each"),
    (lambda: H.from_lists([{0}]).directed(), ValueRangeError, "hyperedge 0 has one member"),
    (lambda: H.from_incidence([[1, "x"]]), ArgumentTypeError, "incidence"),
    (lambda: H.from_hif(5), ArgumentTypeError, "source"),
    (lambda: H.from_hif(HIF, weight=5), ArgumentTypeError, "weight is the name"),
])  # fmt: skip
def test_wrong_arguments_are_named(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def labelled_network():
    net = hsnn.Network(dt=0.1)
    fired = hsnn.models.spike_source([1.0, 1.0, 2.0], [0, 2, 1])
    sources = net.population("sources", 3, fired, labels=["c", "b", "a"])
    cells = net.population("cells", 2, hsnn.models.lif_delta(V_th=1e3), labels=["y", "x"])
    return net, sources, cells


def test_neurons_are_found_by_their_labels():
    net, sources, cells = labelled_network()
    graph = H([0, 2], [0, 1], [0, 1], [3], 1.0, 1.0, node_labels=["a", "c", "b", "x"], edge_labels=["both"])
    junctions = net.connect_hyper(sources, cells, graph, rule=hsnn.hyper.all_of(0.5))
    net.record(junctions, "spikes")
    assert net.run(3.0).spikes[junctions.name].times.tolist() == [1.0]  # "a" and "c" are neurons 2 and 0
    assert junctions.labels == ("both",)
    (synapses,) = (each for each in net.projections.values() if each.source.population is junctions)
    assert synapses.edges().targets.tolist() == [1]


def test_labels_without_a_neuron_are_named():
    net, sources, cells = labelled_network()
    graph = H([0, 1], [0], [0, 1], [1], 1.0, 1.0, node_labels=["z", "x"])
    with pytest.raises(UnknownNameError, match="sources: node 'z'"):
        net.connect_hyper(sources, cells, graph, rule=hsnn.hyper.any())
    twice = net.population("twice", 1, hsnn.models.poisson(1.0), labels=["a"])
    graph = H([0, 1], [0], [0, 1], [1], 1.0, 1.0, node_labels=["a", "x"])
    with pytest.raises(DeclarationError, match="'a' is a label of two sources"):
        net.connect_hyper(sources + twice, cells, graph, rule=hsnn.hyper.any())
    assert list(net.populations) == ["sources", "cells", "twice"]
