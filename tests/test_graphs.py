"""Graphs as rules and back: labels, directions, parallel edges, self-loops, attributes; NetworkX's own matrices judge."""


import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, DeclarationError, GridError, ShapeError, UnknownNameError, ValueRangeError

DELTA = hsnn.models.lif_delta()
from_networkx = hsnn.connect.from_networkx
LABELS = st.one_of(st.integers(-5, 30), st.text(max_size=3), st.tuples(st.integers(0, 3), st.text(max_size=1)), st.none())
KINDS = st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])


def population(n, name="a", net=None, **keywords):
    net = net or hsnn.Network(dt=0.1, seed=1, backend="reference")
    return net.population(name, n, DELTA, **keywords)


def connected(graph, cells=None, **keywords):
    rule = from_networkx(graph) if isinstance(graph, nx.Graph) else graph
    cells = cells or population(len(rule.graph))
    return cells.population.network.connect(cells, cells, rule, **keywords)


def sums(projection):
    """The synapses in an order that fixes what arrives: by pair and delay, parallel ones as they are added up."""
    edges = projection.edges()
    order = np.lexsort((edges.delays, edges.targets, edges.sources))
    return [column[order].tolist() for column in edges]


def directed(graph):
    """Every synapse that a graph means, as (label, label, weight, delay), sorted by text."""
    graph = graph.to_directed() if not graph.is_directed() else graph
    return sorted(((u, v, float(d["w"]), d["d"]) for u, v, d in graph.edges(data=True)), key=repr)


@st.composite
def graphs(draw, labels=LABELS):
    nodes = draw(st.lists(labels.filter(lambda label: label is not None), min_size=1, max_size=8, unique=True))
    graph = draw(KINDS)()
    graph.add_nodes_from(nodes)
    for u, v in draw(st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)), max_size=25)):
        weight = draw(st.floats(-1e3, 1e3) | st.integers(-5, 5) | st.just(0))
        graph.add_edge(u, v, w=weight, d=draw(st.integers(1, 100)) / 10)
    return graph


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_a_graph_comes_back_as_it_went_in(graph):
    projection = connected(graph)
    back = projection.to_networkx()
    assert directed(back) == directed(graph)
    assert list(back) == list(projection.source.labels) and set(back) == set(graph)
    assert back.is_multigraph() == (back.number_of_edges() > len(set(back.edges())))
    again = connected(back, population(len(graph), labels=projection.source.labels))
    assert sums(again) == sums(projection)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_networkx_makes_the_same_matrix(graph):
    cells = population(len(graph))
    matrix = connected(graph, cells).to_scipy()
    # NetworkX adds up parallel edges: so does toarray. It leaves the loops of undirected graphs once, as we do.
    expected = nx.to_scipy_sparse_array(graph, nodelist=list(cells.labels), weight="w", dtype=float)
    assert np.allclose(matrix.toarray(), expected.toarray(), rtol=1e-12, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)))
def test_integer_labels_are_ids_whatever_their_order(order):
    graph = nx.DiGraph()
    graph.add_nodes_from(order)
    graph.add_edge(1, 4, w=2.0, d=1.0)
    cells = population(6)
    edges = connected(graph, cells).edges()
    assert (edges.sources.tolist(), edges.targets.tolist()) == ([1], [4])
    assert cells.labels == tuple(range(6))


@pytest.mark.parametrize("labels", [[0, 1, 3], [1, 2, 3], [0, 1, "b"], [False, 1, 2], [0.0, 1.0, 2.0]])
def test_other_labels_take_ids_in_the_order_of_the_nodes(labels):
    graph = nx.DiGraph()
    graph.add_nodes_from(labels)
    graph.add_edge(labels[2], labels[0], w=2.0, d=1.0)
    cells = population(3)
    edges = connected(graph, cells).edges()
    assert (edges.sources.tolist(), edges.targets.tolist()) == ([2], [0])
    assert cells.labels == tuple(labels) and cells.labelled([labels[2]]).ids.tolist() == [2]


def test_labels_of_a_population_name_its_neurons():
    cells = population(4, labels=["d", "c", "b", "a"])
    graph = nx.DiGraph([("a", "b"), ("d", "a")])
    edges = connected(graph, cells, weight=1.0, delay=1.0).edges()
    assert list(zip(edges.sources.tolist(), edges.targets.tolist(), strict=True)) == [(0, 3), (3, 2)]
    part = cells.network.connect(cells[2:], cells[2:], from_networkx(graph.subgraph("ab")), weight=1.0, delay=1.0)
    assert part.edges().sources.tolist() == [3]
    with pytest.raises(UnknownNameError, match="label 'z'"):
        connected(nx.path_graph(["a", "z"], nx.DiGraph), cells, weight=1.0, delay=1.0)
    with pytest.raises(UnknownNameError, match="label 'a'"):
        cells.network.connect(cells[:2], cells[:2], from_networkx(graph), weight=1.0, delay=1.0)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_two_populations_share_a_graph(graph, random):
    nodes = list(graph)
    random.shuffle(nodes)
    k = random.randint(0, len(nodes))
    left, right = nodes[:k], nodes[k:]
    if not left or not right:
        return
    net = hsnn.Network(dt=0.1, seed=1, backend="reference")
    ends = {"left": (population(len(left), "left", net), left), "right": (population(len(right), "right", net), right)}
    made = []
    for source, sources in ends.values():
        for target, targets in ends.values():
            projection = net.connect(source, target, from_networkx(graph, sources=sources, targets=targets))
            edges = projection.edges()
            columns = (column.tolist() for column in edges)
            made += [(source.labels[i], target.labels[j], w, d) for i, j, w, d in zip(*columns, strict=True)]
    assert sorted(map(repr, made)) == sorted(map(repr, directed(graph)))


def test_nodes_of_two_populations_with_the_same_ids_are_told_apart():
    net = hsnn.Network(dt=0.1, backend="reference")
    a, b = population(2, "a", net), population(2, "b", net)
    back = net.connect(a, b, hsnn.connect.from_edges([0, 0], [1, 1]), weight=1.0, delay=0.3).to_networkx("weight", "delay")
    assert list(back.edges(data=True)) == [(("a", 0), ("b", 1), {"weight": 1.0, "delay": 0.3})] * 2
    assert back.nodes[("b", 0)] == {"population": "b"}
    again = net.connect(
        a, b, from_networkx(back, "weight", "delay", sources=[("a", 0), ("a", 1)], targets=[("b", 0), ("b", 1)])
    )
    assert again.n_synapses == 2 and again.name == "a->b.default#2"


def test_attributes_and_defaults():
    graph = nx.DiGraph([(0, 1), (1, 2)])
    graph.edges[0, 1].update(w=3.0, d=0.5)
    with pytest.raises(UnknownNameError, match=r"a->a.default: .*\(1, 2\).*'w'.*weight=\('w', value\)"):
        connected(graph)
    defaults = from_networkx(graph, weight=("w", 1.5), delay=("d", 2.0))
    assert connected(defaults).get("weight").tolist() == [3, 1.5]
    assert connected(from_networkx(graph, delay=None), weight=2.0, delay=1.0).get("delay").tolist() == [1, 1]
    assert connected(graph, weight=hsnn.random.uniform(1.0, 2.0), delay=[0.2, 0.1]).get("delay").tolist() == [0.2, 0.1]
    with pytest.raises(DeclarationError, match="brings no weight"):
        connected(from_networkx(graph, weight=None), delay=1.0)


def test_delays_off_the_grid_are_refused_or_rounded_and_reported():
    graph = nx.DiGraph()
    graph.add_edge(0, 1, w=1.0, d=0.52)
    graph.add_edge(1, 0, w=1.0, d=0.5)
    with pytest.raises(GridError, match="round_delays=True"):
        connected(graph)
    rounding = connected(graph, round_delays=True).delay_rounding
    assert rounding.count == 1 and rounding.largest == pytest.approx(0.02)


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_drawn_delays_report_their_rounding(backend):
    net = hsnn.Network(dt=0.1, seed=1, backend=backend)
    cells = net.population("a", 100, DELTA)
    drawn = net.connect(cells, cells, hsnn.connect.fixed_outdegree(20), weight=1.0, delay=hsnn.random.uniform(0.5, 2.5))
    assert drawn.delay_rounding.count > 1990 and 0.049 < drawn.delay_rounding.largest <= 0.05 + 1e-9


def test_receptors_of_edges():
    graph = nx.MultiDiGraph()
    for number, name in enumerate(["inh", "exc", "exc"]):
        graph.add_edge(0, 1, w=float(number), d=1.0, kind=name)
    net = hsnn.Network(dt=0.1, backend="reference")
    cells = net.population("a", 2, hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 5.0}))
    rule = from_networkx(graph, receptor="kind")
    made = net.connect(cells, cells, rule)
    assert [(each.name, each.get("weight").tolist()) for each in made] == [("a->a.exc", [1.0, 2.0]), ("a->a.inh", [0.0])]
    assert net.connect(cells, cells, rule, receptor="inh").get("weight").tolist() == [0.0]
    graph.add_edge(1, 1, w=1.0, d=1.0, kind="gaba")
    with pytest.raises(UnknownNameError, match="receptor 'gaba'"):
        net.connect(cells, cells, rule)


@pytest.mark.parametrize("view", [False, True])
def test_switches(view):
    graph = nx.MultiDiGraph([("a", "a"), ("a", "b"), ("a", "b")])
    cells = population(5, labels=list("abcde"))
    cells = cells[:3] if view else cells
    for flags, expected in (({"autapses": False}, [1, 2]), ({"multapses": False}, [5, 1])):
        rule = from_networkx(graph, **flags)
        made = cells.population.network.connect(cells, cells, rule, weight=[5, 1, 2], delay=1.0)
        assert made.get("weight").tolist() == expected and made.n_synapses == 2


def with_edge(**attributes):
    graph = nx.DiGraph()
    graph.add_edge(0, 1, **{"w": 1.0, "d": 1.0, **attributes})
    return graph


@pytest.mark.parametrize(
    "act, error, words",
    [
        (lambda: from_networkx([(0, 1)]), ArgumentTypeError, "NetworkX graph"),
        (lambda: from_networkx(nx.Graph(), weight=3), ArgumentTypeError, "name of an edge attribute"),
        (lambda: from_networkx(nx.Graph(), sources="a"), ArgumentTypeError, "list of node labels"),
        (lambda: from_networkx(nx.Graph(), sources=[1, 1]), ValueRangeError, "twice"),
        (lambda: from_networkx(nx.Graph(), targets=[[1]]), ArgumentTypeError, "cannot be a label"),
        (lambda: connected(with_edge(), population(3)), ShapeError, "2 nodes for the 3 neurons of 'a'"),
        (lambda: connected(with_edge(w="1")), ArgumentTypeError, r"weight of edge \(0, 1\) must be a number, not '1'"),
        (lambda: connected(with_edge(w=True)), ArgumentTypeError, "must be a number, not True"),
        (lambda: connected(with_edge(w=np.nan)), ValueRangeError, "NaN"),
        (lambda: connected(with_edge(d=-1.0)), ValueRangeError, "negative"),
        (lambda: connected(nx.path_graph("ab", nx.DiGraph), population(4)[:2]), DeclarationError, "labels="),
        (
            lambda: connected(from_networkx(with_edge(), sources=[0, 1], targets=[0, 7])),
            UnknownNameError,
            "holds 7, which is no node",
        ),
    ],
)
def test_bad_graphs_are_refused(act, error, words):
    with pytest.raises(error, match=words):
        act()


def test_between_two_populations_the_nodes_must_be_named():
    net = hsnn.Network(dt=0.1, backend="reference")
    a, b = population(2, "a", net), population(2, "b", net)
    with pytest.raises(DeclarationError, match=r"sources=\[labels\]"):
        net.connect(a, b, from_networkx(with_edge()))
    with pytest.raises(DeclarationError, match="cannot be divided"):
        net.connect(a + b, b, from_networkx(with_edge()))
    assert a.labels == (0, 1) and not net.projections
