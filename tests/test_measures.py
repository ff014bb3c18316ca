"""Measures of structure: NetworkX judges on graphs of every kind, analytic values where it has none."""

import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError
from hsnn_event.measures import motifs, paths

measures = hsnn.measures
DELTA = hsnn.models.lif_delta()
KINDS = st.sampled_from([nx.Graph, nx.DiGraph])


@st.composite
def graphs(draw, kinds=KINDS, loops=False):
    n = draw(st.integers(1, 12))
    graph = draw(kinds)()
    graph.add_nodes_from(range(n))
    ends = st.integers(0, n - 1)
    graph.add_edges_from(pair for pair in draw(st.lists(st.tuples(ends, ends), max_size=60)) if loops or pair[0] != pair[1])
    return graph


@settings(max_examples=60, deadline=None)
@given(graphs(st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]), loops=True))
def test_degrees_are_those_of_networkx(graph):
    if graph.is_directed():
        assert measures.in_degrees(graph).tolist() == [degree for _, degree in graph.in_degree()]
        assert measures.out_degrees(graph).tolist() == [degree for _, degree in graph.out_degree()]
    expected = nx.to_scipy_sparse_array(nx.create_empty_copy(graph)).toarray() * 0
    expected = expected if not graph.number_of_edges() else nx.to_numpy_array(graph, weight=None)
    assert np.array_equal(measures.adjacency(graph).toarray(), expected)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_links_and_triangles_are_those_of_networkx(graph):
    assert np.allclose(measures.clustering(graph), list(nx.clustering(graph).values()), rtol=1e-12)
    assert measures.transitivity(graph) == pytest.approx(nx.transitivity(graph.to_undirected()))
    if graph.number_of_edges():
        expected = nx.overall_reciprocity(graph) if graph.is_directed() else 1.0
        assert measures.reciprocity(graph) == pytest.approx(expected)
    else:
        assert np.isnan(measures.reciprocity(graph))


@settings(max_examples=100, deadline=None)
@given(graphs(st.just(nx.DiGraph)))
def test_the_census_of_triads_is_that_of_networkx(graph):
    assert measures.triad_census(graph) == nx.triadic_census(graph)


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_components_and_paths_are_those_of_networkx(graph):
    weak = nx.weakly_connected_components if graph.is_directed() else nx.connected_components
    strong = nx.strongly_connected_components if graph.is_directed() else nx.connected_components
    for labels, expected in ((measures.components(graph), weak), (measures.components(graph, strong=True), strong)):
        groups = {frozenset(np.flatnonzero(labels == each).tolist()) for each in set(labels.tolist())}
        assert groups == {frozenset(each) for each in expected(graph)}
        assert (np.diff(np.bincount(labels)) <= 0).all()
    lengths = [length for _, found in nx.all_pairs_shortest_path_length(graph) for length in found.values() if length]
    assert measures.path_length(graph) == pytest.approx(np.mean(lengths) if lengths else np.nan, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_modularity_is_that_of_networkx(graph, data):
    labels = data.draw(st.lists(st.integers(0, 3), min_size=len(graph), max_size=len(graph)))
    groups = [{node for node, label in enumerate(labels) if label == each} for each in set(labels)]
    resolution = data.draw(st.floats(0.0, 3.0))
    if graph.number_of_edges():
        expected = nx.community.modularity(graph, groups, weight=None, resolution=resolution)
        assert measures.modularity(graph, labels, resolution) == pytest.approx(expected, abs=1e-12)


def test_pieces_of_the_product_change_nothing(monkeypatch):
    graph = nx.gnp_random_graph(60, 0.2, seed=1, directed=True)
    whole = measures.triad_census(graph), measures.clustering(graph).tolist(), measures.path_length(graph)
    monkeypatch.setattr(motifs, "AT_ONCE", 50)
    monkeypatch.setattr(paths, "AT_ONCE", 100)
    assert (measures.triad_census(graph), measures.clustering(graph).tolist(), measures.path_length(graph)) == whole
    assert whole[0] == nx.triadic_census(graph)


def test_planted_communities_are_found():
    graph = nx.stochastic_block_model([40, 30, 20], np.full((3, 3), 0.01) + 0.4 * np.eye(3), seed=1, directed=True)
    labels = measures.communities(graph)
    assert labels.tolist() == [0] * 40 + [1] * 30 + [2] * 20
    found = nx.community.louvain_communities(graph, seed=0)
    assert measures.modularity(graph, labels) == pytest.approx(nx.community.modularity(graph, found))
    assert measures.communities(nx.empty_graph(3)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("exponent", [2.1, 2.5, 3.0])
def test_the_exponent_of_a_power_law_is_found(exponent):
    degrees = np.random.default_rng(1).zipf(exponent, 50_000)
    law = measures.power_law(degrees, k_min=1)
    # The standard error of the maximum-likelihood exponent is about (exponent - 1)/sqrt(n) (Clauset and others, 2009).
    assert abs(law.exponent - exponent) < 5 * (exponent - 1) / np.sqrt(50_000)
    assert law.n == 50_000 and law.distance < 0.01
    noisy = np.concatenate([degrees[degrees >= 5], np.random.default_rng(2).integers(1, 5, 50_000)])
    assert 4 <= measures.power_law(noisy).k_min <= 6


def test_a_scale_free_graph_has_the_degrees_of_preferential_attachment():
    degrees = measures.in_degrees(nx.barabasi_albert_graph(20_000, 5, seed=1))
    found, shares = measures.degree_distribution(degrees)
    k = found[:6]  # P(k) = 2m(m + 1)/(k(k + 1)(k + 2)), Dorogovtsev and others, Phys. Rev. Lett. 85, 2000
    assert k[0] == 5 and np.allclose(shares[:6], 60 / (k * (k + 1) * (k + 2)), rtol=0.08)
    assert shares.sum() == pytest.approx(1.0)


def test_the_small_world_lies_between_order_and_chance():
    sigma = {p: measures.small_world(nx.watts_strogatz_graph(1000, 10, p, seed=1)).sigma for p in (0.0, 0.1, 1.0)}
    assert sigma[0.1] > 20 and sigma[0.1] > 3 * sigma[0.0] and sigma[1.0] == pytest.approx(1.0, abs=0.4)
    graph = nx.gnp_random_graph(2000, 0.01, seed=1, directed=True)
    found = measures.small_world(graph, sources=50)
    assert found.sigma == pytest.approx(1.0, abs=0.15) and found.random_clustering == pytest.approx(0.01, rel=0.02)
    assert found.path_length == pytest.approx(measures.path_length(graph), rel=0.01)
    assert np.isnan(measures.small_world(nx.path_graph(2, nx.DiGraph)).sigma)


def test_networks_projections_matrices_and_graphs_are_one():
    graph = nx.gnp_random_graph(20, 0.2, seed=1, directed=True)
    nx.set_node_attributes(graph, {node: "ab"[node // 12] for node in graph}, "type")
    net = hsnn.Network.from_networkx(graph, DELTA, weight=1.0, delay=1.0, backend="reference")
    matrix = nx.to_scipy_sparse_array(graph)
    census = measures.triad_census(graph)
    others = (net, net.to_networkx(), matrix, matrix.toarray(), matrix.toarray().tolist(), igraph.Graph.from_networkx(graph))
    assert all(measures.triad_census(each) == census for each in others)
    between = net.projections["a->b.default"]
    assert np.array_equal(measures.adjacency(between).toarray()[:12, 12:], matrix.toarray()[:12, 12:])
    assert measures.in_degrees(between).sum() == between.n_synapses
    within = net.projections["a->a.default"]
    assert np.array_equal(measures.adjacency(within).toarray(), matrix.toarray()[:12, :12])


def test_stored_entries_and_parallel_synapses_count():
    W = coo_array(([0.0, 2.0, 3.0], ([0, 1, 1], [1, 0, 0])), shape=(2, 2))
    assert measures.adjacency(W).toarray().tolist() == [[0, 1], [2, 0]]
    assert measures.in_degrees(W).tolist() == [2, 1] and measures.reciprocity(W) == 1.0


@pytest.mark.parametrize(
    "act, error, words",
    [
        (lambda: measures.adjacency(csr_array(np.ones((2, 3)))), ShapeError, r"\(2, 3\).*square"),
        (lambda: measures.adjacency(np.ones((2, 3))), ShapeError, "square"),
        (lambda: measures.adjacency([1, 2]), ShapeError, "two dimensions"),
        (lambda: measures.adjacency([["a"]]), ArgumentTypeError, "real numbers"),
        (lambda: measures.adjacency(3), ArgumentTypeError, "NetworkX graph"),
        (lambda: measures.power_law([3, 3, 3]), ValueRangeError, "1 different values"),
        (lambda: measures.power_law([1, 2], k_min=0), ValueRangeError, "k_min"),
        (lambda: measures.modularity(nx.path_graph(3), [0, 1]), ShapeError, "2 labels for 3 neurons"),
        (lambda: measures.path_length(nx.path_graph(3), sources=0), ValueRangeError, "sources"),
        (lambda: measures.clusterings, AttributeError, "Did you mean 'clustering'"),
    ],
)
def test_what_has_no_measure_is_told(act, error, words):
    with pytest.raises(error, match=words):
        act()
