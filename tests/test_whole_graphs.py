"""Whole networks from graphs and back: nothing is lost, NetworkX's own graphs and matrices judge, and what lacks is told."""

from types import MappingProxyType

import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, DeclarationError, GridError, UnknownNameError, ValueRangeError

DELTA = hsnn.models.lif_delta()
TWO = hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 5.0})
MODELS = {"E": DELTA, "I": TWO, 3: hsnn.models.poisson(5.0)}
LABELS = st.one_of(st.integers(-5, 30), st.text(max_size=3), st.tuples(st.integers(0, 3), st.text(max_size=1)))
KINDS = st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
NUMBERS = st.floats(-1e3, 1e3) | st.integers(-5, 5)


def network(graph, models=MODELS, **keywords):
    return hsnn.Network.from_networkx(graph, models, **{"backend": "reference", **keywords})


def edges_of(graph):
    """Every synapse that a graph means, in an order of its own."""
    graph = graph if graph.is_directed() else graph.to_directed()
    found = [(u, v, float(held["w"]), held["d"], held.get("receptor", "default")) for u, v, held in graph.edges(data=True)]
    return sorted(found, key=repr)


@st.composite
def graphs(draw):
    nodes = draw(st.lists(LABELS, min_size=1, max_size=8, unique=True))
    graph = draw(KINDS)()
    for node in nodes:
        held = draw(st.fixed_dictionaries({"type": st.sampled_from(["E", "I"])}, optional={
            "V_th": NUMBERS, "v": NUMBERS, "pos": st.tuples(NUMBERS, NUMBERS), "region": st.text(max_size=3)}))  # fmt: skip
        graph.add_node(node, **held)
    for u, v in draw(st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)), max_size=25)):
        ends = {graph.nodes[v]["type"]} if graph.is_directed() else {graph.nodes[each]["type"] for each in (u, v)}
        if len(ends) == 1:  # an undirected edge names one receptor for both its ends
            receptor = "default" if ends == {"E"} else draw(st.sampled_from(["exc", "inh"]))
            graph.add_edge(u, v, w=draw(NUMBERS), d=draw(st.integers(1, 100)) / 10, receptor=receptor)
    return graph


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_a_graph_comes_back_as_it_went_in(graph):
    net = network(graph)
    back = net.to_networkx()
    assert dict(back.nodes(data=True)) == dict(graph.nodes(data=True))
    assert edges_of(back) == edges_of(graph)
    assert back.is_multigraph() == (back.number_of_edges() > len(set(back.edges())))
    for name in net.populations:
        assert list(net[name].labels) == [node for node, kind in graph.nodes(data="type") if kind == name]


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_a_network_comes_back_as_it_went_in(graph):
    net = network(graph)
    again = network(net.to_networkx())
    assert list(again.populations) == list(net.populations) and set(again.projections) == set(net.projections)
    for name, projection in net.projections.items():
        columns = [np.array(each.edges()) for each in (projection, again.projections[name])]
        mine, other = (each[:, np.lexsort(each)] for each in columns)
        assert np.array_equal(mine, other)


def typed(graph, kinds=("E", "I")):
    nx.set_node_attributes(graph, {node: kinds[place % len(kinds)] for place, node in enumerate(graph)}, "type")
    return graph


@pytest.mark.parametrize(
    "graph",
    [
        nx.karate_club_graph(), nx.watts_strogatz_graph(60, 4, 0.2, seed=1), nx.barabasi_albert_graph(60, 2, seed=1),
        nx.gnp_random_graph(50, 0.1, seed=1, directed=True), nx.scale_free_graph(60, seed=1), nx.grid_2d_graph(5, 6),
        nx.stochastic_block_model([20, 30], [[0.2, 0.05], [0.05, 0.2]], seed=1), nx.les_miserables_graph(),
        nx.random_geometric_graph(40, 0.3, seed=1), nx.configuration_model([3] * 20, seed=1), nx.empty_graph(4),
    ],
    ids=lambda graph: f"{type(graph).__name__}-{len(graph)}",
)  # fmt: skip
def test_the_graph_of_any_generator_becomes_a_network(graph):
    order = list(graph)
    back = network(graph, DELTA, population=None, weight=2.0, delay=1.0).to_networkx()
    expected = nx.to_scipy_sparse_array(graph, nodelist=order, weight=None, dtype=float) * 2.0
    assert list(back) == order
    assert np.array_equal(nx.to_scipy_sparse_array(back, nodelist=order, weight="w").toarray(), expected.toarray())
    assert all(back.nodes[node].items() >= held.items() for node, held in graph.nodes(data=True))


def test_values_for_all_edges_and_for_those_of_a_population():
    graph = typed(nx.complete_graph(6, nx.DiGraph))
    net = network(graph, TWO, weight={"E": 2.0, "I": -3.0}, delay=hsnn.random.uniform(1.0, 2.0),
                  receptor={"E": "exc", "I": "inh"})  # fmt: skip
    assert list(net.projections) == ["E->E.exc", "E->I.exc", "I->E.inh", "I->I.inh"]
    assert {name: set(each.get("weight")) for name, each in net.projections.items()} == {
        "E->E.exc": {2.0}, "E->I.exc": {2.0}, "I->E.inh": {-3.0}, "I->I.inh": {-3.0}}  # fmt: skip
    delays = np.concatenate([each.get("delay") for each in net.projections.values()])
    assert 1.0 <= delays.min() < delays.max() <= 2.0


def test_a_value_that_is_no_name_becomes_one_and_comes_back():
    graph = typed(nx.path_graph(4), ("L2/3", 4))
    net = network(graph, {"L2/3": DELTA, 4: TWO}, weight=1.0, delay=1.0, receptor={"L2/3": "exc", 4: "default"})
    assert list(net.populations) == ["L2_3", "type_4"]
    assert dict(net.to_networkx().nodes(data="type")) == dict(graph.nodes(data="type"))
    with pytest.raises(DeclarationError, match="both become the population 'a_b'"):
        network(typed(nx.path_graph(2), ("a b", "a/b")), DELTA)


def test_parameters_name_what_is_read():
    graph = nx.DiGraph()
    graph.add_node("a", V_th=-40.0, v=-70.0)
    net = network(graph, DELTA, population=None, parameters=["V_th"])
    assert net["neurons"].get("V_th").tolist() == [-40.0]
    assert net["neurons"].node_data == {"v": {0: -70.0}}
    assert net.to_networkx().nodes["a"] == {"type": "neurons", "V_th": -40.0, "v": -70.0}


def test_a_network_without_a_graph_gives_one():
    net = hsnn.Network(seed=3, backend="reference")
    exc, inh = net.population("exc", 3, DELTA), net.population("inh", 2, TWO)
    exc.set(v=hsnn.random.uniform(0.0, 1.0))
    inh[1:].set(V_th=-44.0)
    net.connect(exc, inh, hsnn.connect.all_to_all(), weight=1.0, delay=0.5, receptor="exc")
    net.connect(inh, inh, hsnn.connect.from_edges([0, 0], [1, 1]), weight=[1.0, 2.0], delay=0.5, receptor="inh")
    graph = net.to_networkx()
    assert list(graph) == [("exc", 0), ("exc", 1), ("exc", 2), ("inh", 0), ("inh", 1)]
    assert [graph.nodes["exc", k]["v"] for k in range(3)] == exc.get("v").tolist()
    assert [graph.nodes["inh", k].get("V_th") for k in range(2)] == [None, -44.0]
    again = network(graph, {"exc": DELTA, "inh": TWO})
    assert nx.utils.graphs_equal(again.to_networkx(), graph)


def test_what_a_graph_says_is_saved(tmp_path):
    graph = typed(nx.random_geometric_graph(10, 0.5, seed=1))
    nx.set_node_attributes(graph, {node: tuple(at) for node, at in graph.nodes(data="pos")}, "pos")
    net = network(graph, DELTA, weight=1.0, delay=1.0)
    net.save(tmp_path / "net.h5")
    assert nx.utils.graphs_equal(hsnn.Network.load(tmp_path / "net.h5").to_networkx(), net.to_networkx())


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_activity_follows_the_edges(backend):
    graph = nx.DiGraph()
    for place in range(5):
        graph.add_edge(f"n{place}", f"n{place + 1}", w=30.0, d=1.0 + place)
    net = network(graph, DELTA, population=None, backend=backend)
    cells = net["neurons"]
    net.drive(cells.labelled(["n0"]), hsnn.stimuli.spikes([1.0]), weight=30.0, delay=0.1)
    net.record(cells, "spikes")
    spikes = net.run(30.0).spikes["neurons"]
    assert [cells.labels[neuron] for neuron in spikes.ids] == [f"n{place}" for place in range(6)]
    assert np.allclose(np.diff(spikes.times), [1.0, 2.0, 3.0, 4.0, 5.0])


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("directed", [False, True])
def test_a_graph_of_igraph_is_the_same_network(named, directed):
    graph = typed(nx.gnm_random_graph(30, 100, seed=1, directed=directed))
    nx.set_edge_attributes(graph, {edge: 1.0 + place for place, edge in enumerate(graph.edges)}, "w")
    graph = nx.relabel_nodes(graph, "n{}".format) if named else graph
    other = igraph.Graph.from_networkx(graph, vertex_attr_hashable="name" if named else "_nx_name")
    if not named:
        del other.vs["_nx_name"]
    mine, theirs = (network(each, DELTA, delay=1.0).to_networkx() for each in (graph, other))
    assert nx.utils.graphs_equal(mine, theirs)
    made = [net_of(each).to_scipy().toarray() for each in (graph, other)]
    assert np.array_equal(*made)


def net_of(graph):
    """Of a graph as a rule."""
    net = hsnn.Network(backend="reference")
    cells = net.population("cells", 30, DELTA)
    return net.connect(cells, cells, hsnn.connect.from_networkx(graph), delay=1.0)


def test_parallel_edges_of_igraph_stay_and_what_is_none_is_missing():
    graph = igraph.Graph([(0, 1), (0, 1), (1, 1)], directed=True, edge_attrs={"w": [1.0, 2.0, 3.0]})
    graph.vs[0]["V_th"] = -40.0
    back = network(graph, DELTA, population=None, delay=1.0).to_networkx()
    assert sorted(back.edges(data="w")) == [(0, 1, 1.0), (0, 1, 2.0), (1, 1, 3.0)]
    assert dict(back.nodes(data="V_th")) == {0: -40.0, 1: None}
    graph.vs["name"] = ["a", "a"]
    with pytest.raises(DeclarationError, match="node 1 has the name 'a'"):
        network(graph, DELTA, population=None, delay=1.0)


class GraphToolGraph:
    """The part of graph_tool.Graph that is read, by its documentation: no package index has graph-tool."""

    vertex_properties = MappingProxyType({"type": ["E", "I", "E"], "name": ["a", "b", "c"]})
    edge_properties = MappingProxyType({"w": [1.0, 2.0]})

    def is_directed(self):
        return True

    def iter_vertices(self):
        return iter(range(3))

    def iter_edges(self, properties):
        return ([*ends, *(held[place] for held in properties)] for place, ends in enumerate([(0, 1), (2, 0)]))


def test_a_graph_of_graph_tool_is_read_by_its_documented_interface(monkeypatch):
    monkeypatch.setattr(GraphToolGraph, "__module__", "graph_tool")
    back = network(GraphToolGraph(), DELTA, delay=1.0).to_networkx()
    assert dict(back.nodes(data="type")) == {"a": "E", "c": "E", "b": "I"}
    assert sorted(back.edges(data="w")) == [("a", "b", 1.0), ("c", "a", 2.0)]


def test_values_set_between_runs_come_back():
    net = hsnn.Network(dt=0.1, backend="reference")
    cells, rates = net.population("cells", 3, DELTA), net.population("rates", 2, hsnn.models.poisson([3.0, 5.0]))
    net.population("listed", 1, hsnn.models.spike_source([1.0], [0]))
    net.connect(rates, cells, hsnn.connect.all_to_all(), weight=1.0, delay=1.0)
    net.run(1.0)
    cells[1:].set(V_th=-48.0)
    graph = net.to_networkx()
    assert [graph.nodes["cells", k].get("V_th") for k in range(3)] == [None, -48.0, -48.0]
    assert "v" not in graph.nodes["cells", 0]
    assert [graph.nodes["rates", k].get("rate") for k in range(2)] == [3.0, 5.0]


def test_objects_with_units_are_converted():
    import pint

    units = pint.UnitRegistry()
    graph = nx.DiGraph()
    graph.add_node("a", V_th=-0.04 * units.volt)
    graph.add_edge("a", "a", w=1.0, d=2000.0 * units.microsecond)
    net = network(graph, DELTA, population=None)
    assert net["neurons"].get("V_th").tolist() == [-40.0]
    assert net.projections[0].get("delay").tolist() == [2.0]


def without(*names, node=None, **changed):
    """A good graph of two nodes, with something taken away or changed."""
    graph = nx.DiGraph()
    graph.add_node("a", type="E")
    graph.add_node("b", **{"type": "I", **(node or {})})
    graph.add_edge("a", "b", **{name: value for name, value in {"w": 1.0, "d": 1.0, "receptor": "exc", **changed}.items()
                                if name not in names})  # fmt: skip
    return graph


def unnamed():
    graph = without()
    del graph.nodes["b"]["type"]
    return graph


@pytest.mark.parametrize(
    "act, error, words",
    [
        (lambda: network([(0, 1)]), ArgumentTypeError, "NetworkX graph .*read_graph"),
        (lambda: network(nx.DiGraph()), DeclarationError, "no nodes"),
        (lambda: network(unnamed()), UnknownNameError, "node 'b' has no attribute 'type'.*population=None"),
        (lambda: network(without(node={"type": None})), UnknownNameError, "node 'b' has type=None"),
        (lambda: network(without(), {"E": DELTA}), UnknownNameError, "models= has none for node 'b': population 'I'"),
        (lambda: network(without(), {"E": DELTA, "I": 3}), ArgumentTypeError, r"models\['I'\] is a NeuronModel"),
        (lambda: network(without(), 3), ArgumentTypeError, "models is one NeuronModel"),
        (lambda: network(without("w")), UnknownNameError, r"edge \('a', 'b'\) has no attribute 'w' for its weight"),
        (lambda: network(without("d")), UnknownNameError, r"edge \('a', 'b'\) has no attribute 'd' for its delay"),
        (lambda: network(without("receptor")), DeclarationError, r"edge \('a', 'b'\) into population 'I' names no receptor"),
        (lambda: network(without(receptor="gaba")), UnknownNameError, r"\('a', 'b'\).*receptor 'gaba' is unknown"),
        (lambda: network(without(receptor=[1])), ArgumentTypeError, r"receptor of edge \('a', 'b'\)"),
        (lambda: network(without(w="1")), ArgumentTypeError, r"weight of edge \('a', 'b'\) must be a number"),
        (lambda: network(without(w=np.nan)), ValueRangeError, r"weight of edge \('a', 'b'\) is NaN"),
        (lambda: network(without(d=-1.0)), ValueRangeError, r"delay of edge \('a', 'b'\) is -1 ms, and negative"),
        (lambda: network(without(d=0.55)), GridError, "round_delays=True"),
        (lambda: network(without(), weight=[1.0]), ArgumentTypeError, "weight is an array; put the values on the edges"),
        (lambda: network(without(), weight={"X": 1.0}), UnknownNameError, "population 'X'"),
        (lambda: network(without(), weight=None), DeclarationError, "brings no weight"),
        (lambda: network(without(node={"V_th": "x"})), ArgumentTypeError, "V_th of node 'b' must be a number"),
        (lambda: network(without(node={"V_th": np.nan})), ValueRangeError, "V_th of node 'b' is NaN"),
        (lambda: network(without(node={"C_m": -1.0})), ValueRangeError, "above 0"),
        (lambda: network(without(), parameters=["tau"]), UnknownNameError, "parameter or state 'tau'"),
        (lambda: network(without(), parameters="V_th"), ArgumentTypeError, "list of names"),
        (lambda: network(without(), wieght=1.0), UnknownNameError, "argument 'wieght' is unknown. Did you mean 'weight'"),
        (lambda: network(without()).to_networkx(weight="d"), DeclarationError, "cannot share the name"),
        (lambda: network(without()).to_networkx(population="v"), DeclarationError, "parameter or state"),
        (lambda: network(without()).to_networkx(receptor=3), ArgumentTypeError, "must be a text"),
    ],
)
def test_what_lacks_is_told(act, error, words):
    with pytest.raises(error, match=words):
        act()
