"""Wrong arguments of every public call: only the package's own errors come out, and each says what was wrong."""

import inspect
import math
import re
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import hsnn_event as hsnn
from hsnn_event import errors, quantities
from hsnn_event.errors import HsnnError, shown
from hsnn_event.lowering import integrators
from hsnn_event.network.coupling import Coupling
from hsnn_event.network.network import METHODS
from hsnn_event.network.population import Population
from hsnn_event.network.projection import Projection
from hsnn_event.network.views import Group
from hsnn_event.recording import StateData

WRONG = [
    None, True, "x", b"x", "", "a\0b", "naïve name", math.nan, math.inf, -math.inf, -1, -0.5, 0, 0.5, 1e300, 1j,
    10**400, -(10**400), 2**63, -(2**63) - 1, object(), object, math, len, Exception("boom"), {}, {1: 2}, {"a": 1}, set(),
    [], [1], [1, 2, 3, 4], [[1], [2]], [[1], [1, 2]], [None], ["a"], ["v", "v"], (), (1, "b"), ("v", 3), range(3),
    slice(None), slice("a", 2), np.zeros((2, 2)), np.array([]), np.array(["a"]), np.array([np.nan]), np.array(1.5),
    np.array(None), np.float32(3), np.int64(-3), np.datetime64("2020"),
]  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)

NET = hsnn.Network(backend="reference", seed=1)
A = NET.population("a", 4, hsnn.models.lif_exp())
B = NET.population("b", 3, hsnn.models.lif_cond_exp())
ALL = hsnn.connect.all_to_all()
SPIKES = hsnn.SpikeData([1.0, 2.0], [0, 1], 2, 0.0, 5.0)
RESULT = hsnn.Result({"a": SPIKES}, t_start=0.0, t_stop=5.0)
MATRIX = csr_array(np.ones((4, 4)))
GRAPH = nx.complete_graph(4)
PROJECTION = NET.connect(A, A, ALL, weight=1.0, delay=1.0)
COUPLING = NET.couple(A, A, ALL, conductance=1.0)
NAMED = NET.population("named", 4, hsnn.models.lif_exp(), labels=["a", "b", "c", "d"])
FILES = TemporaryDirectory()
SAVED = Path(FILES.name, "saved.h5")
SAVED_NET = hsnn.Network(backend="reference")
SAVED_NET.population("p", 2, hsnn.models.lif_exp())
SAVED_NET.save(SAVED)
RUNNING = hsnn.Network(backend="reference")
WATCHED = RUNNING.population("watched", 2, hsnn.models.lif_exp())
RUNNING.record(WATCHED, "v", name="kept")
STREAMED = RUNNING.record(WATCHED, "v", every=0.5, to=Path(FILES.name, "streamed.h5"), name="streamed")
RAN = RUNNING.run(1.0)
TRACE, STORED = RAN["kept"]["v"], RAN["streamed"]["v"]
GRIDDED = hsnn.SpikeData([1.0], [0], 4, 0.0, 5.0, grid_shape=(2, 2))
SILENT = hsnn.SpikeData([], [], 2, 0.0, 5.0)
EDGES = Path(FILES.name, "graph.edges")
EDGES.write_text("1 2 0.5\n")
TABLE = Path(FILES.name, "spikes.csv")
SILENT.to_csv(TABLE)
OF_CSV = {"path": TABLE, "n_neurons": 2, "t_start": 0.0, "t_stop": 5.0}
MODEL = {"name": "m", "states": {"v": 0.0}, "dynamics": {"v": "-v"}, "threshold": "v > 1", "reset": {"v": "0"}}


def modest(x, most=10.0):
    """Not a number that would make the call long rather than wrong."""
    return isinstance(x, bool) or not isinstance(x, int | float | np.number) or not x > most


def network(**keywords):
    return hsnn.Network(**keywords)


def populated(name="p", size=2, model=None, **keywords):
    return network().population(name, size, hsnn.models.lif_exp() if model is None else model, **keywords)


def connected(source=A, target=A, rule=ALL, weight=1.0, delay=1.0, **keywords):
    return NET.connect(source, target, rule, weight=weight, delay=delay, **keywords)


def coupled(a=A, b=A, rule=ALL, **keywords):
    return NET.couple(a, b, rule, **keywords)


FANNED = hsnn.hyper.any()
HYPERGRAPH = hsnn.Hypergraph.from_lists([((0, 1), (2,))], weight=1.0, delay=1.0)


def connected_by_hyperedges(source=A, target=A, hypergraph=HYPERGRAPH, rule=FANNED, **keywords):
    net = hsnn.Network(backend="reference", seed=1)
    cells = net.population("a", 4, hsnn.models.lif_exp())
    ends = [cells if end is A else end for end in (source, target)]
    return net.connect_hyper(*ends, hypergraph, rule=rule, **keywords)


def areas(connectivity=((0.0, 0.2), (0.4, 0.0)), distances=((0.0, 9.0), (9.0, 0.0)), **keywords):
    return N.multi_area(connectivity, distances, **keywords)


def add(subnetwork=SAVED_NET, prefix="a"):
    return hsnn.Network().add(subnetwork, prefix)


def port(name="out", neurons=A):
    return hsnn.Network().port(name, neurons) if neurons is not A else NET.port(name, neurons)


def tabled(call, column, cell):
    net = hsnn.Network(backend="reference")
    net.population_table([{"name": "a", "size": 4}], model="lif_exp")
    row = {"name": "p", "size": 2, "model": "lif_exp"} if call == "population_table" else {
        "source": "a", "target": "a", "rule": "bernoulli", "p": 0.5, "weight": 1.0, "delay": 1.0}  # fmt: skip
    return getattr(net, call)([{**row, column: cell}])


def of_graph(**keywords):
    """The graph with these keywords, and then between these neurons."""
    return connected(rule=hsnn.connect.from_networkx(GRAPH, **keywords), weight=None, delay=None)


def of_labelled_graph(**keywords):
    return connected(NAMED, NAMED, hsnn.connect.from_networkx(GRAPH, ("w", 1.0), ("d", 1.0), **keywords), None, None)


def whole_graph(G=GRAPH, models=A.model, **keywords):
    fixed = {"population": None, "weight": 1.0, "delay": 1.0, "backend": "reference"}
    return hsnn.Network.from_networkx(G, models, **{**fixed, **keywords})


def with_node(**attributes):
    graph = nx.DiGraph()
    graph.add_node("a", **attributes)
    return whole_graph(graph, population="type")


def with_attribute(name, value):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(4))
    graph.add_edge(0, 1, **{"w": 1.0, "d": 1.0, name: value})
    return connected(rule=hsnn.connect.from_networkx(graph), weight=None, delay=None)


def in_space(**keywords):
    return connected(rule=C.small_world(2, 0.5, **keywords))


def placed(rule, shape=None, **keywords):
    """A rule between neurons in space."""
    net = hsnn.Network(backend="reference", seed=1)
    cells = net.population("p", hsnn.lattice((2, 2)) if shape is None else shape, hsnn.models.lif_exp())
    return net.connect(cells, cells, rule, **{"weight": 1.0, "delay": 1.0, **keywords})


def of_blocks(p=((0.5, 0.1), (0.1, 0.5)), **keywords):
    return connected(rule=C.stochastic_block_model(p, **keywords))


def of_clusters(**keywords):
    return connected(rule=C.clustered(**{"n_clusters": 2, "p": 0.2, "p_ratio": 2.0, **keywords}), weight=None)


def of_degrees(**keywords):
    return connected(rule=C.configuration_model(**{"out_degrees": [1] * 4, "in_degrees": [1] * 4, **keywords}))


def record(what="v", **keywords):
    return NET.record(A, what, **keywords)


def loaded(path=SAVED, **keywords):
    return hsnn.Network.load(path, **keywords)


def scheduled(at):
    populated().set(v=1.0, at=at)


def look(net):
    """A callback that does nothing."""


def keyword(function, /, *names, **fixed):
    """Name of the call -> the call with one keyword replaced."""
    return {f"{function.__name__}({name}=)": lambda x, name=name: function(**{**fixed, name: x}) for name in names}


X = hsnn.measures
C, R, S, M, N = hsnn.connect, hsnn.random, hsnn.stimuli, hsnn.models, hsnn.networks
P = hsnn.space
PARTS, PORTS = hsnn.channels, hsnn.receptors


def component(**keywords):
    return hsnn.models.membrane() + hsnn.Component(**{"name": "part", **keywords})


def gate(**keywords):
    return hsnn.models.membrane() + PARTS.channel("part", g=1.0, E=0.0, gates={"x": PARTS.Gate(**keywords)})


def added(function):
    """The same function, and what it gives is put into a cell, which checks its values."""
    @wraps(function)
    def call(*args, **keywords):
        return hsnn.models.membrane() + function(*args, **keywords)

    return call


CALLS = {
    **keyword(network, "dt", "seed", "threads", "precision", "weights", "backend", "round_delays", "blocks"),
    **keyword(populated, "name", "size", "schedule", "method", "labels"),
    "source(method)": lambda x: populated(model=M.poisson(1.0), method=x),
    "population(model)": lambda x: network().population("p", 1, x),
    "net[]": lambda x: NET[x], "net.populations[]": lambda x: NET.populations[x],
    "net.projections[]": lambda x: NET.projections[x],
    **keyword(connected, "source", "target", "rule", "weight", "delay", "receptor", "name", "round_delays"),
    **keyword(C.bernoulli, "p", "autapses", "multapses", p=0.1), **keyword(C.all_to_all, "autapses", "multapses"),
    **keyword(C.one_to_one, "autapses", "multapses"), **keyword(C.fixed_indegree, "k", "autapses", "multapses", k=1),
    **keyword(C.fixed_outdegree, "k", "autapses", "multapses", k=1),
    **keyword(C.fixed_total, "n", "autapses", "multapses", n=1),
    **keyword(C.from_edges, "sources", "targets", "autapses", "multapses", sources=[1], targets=[2]),
    "drive(target)": lambda x: NET.drive(x, S.poisson(1.0)), "drive(stimulus)": lambda x: NET.drive(A, x),
    "drive(weight)": lambda x: NET.drive(A, S.poisson(1.0), weight=x),
    "drive(delay)": lambda x: NET.drive(A, S.poisson(1.0), delay=x),
    "drive(receptor)": lambda x: NET.drive(B, S.poisson(1.0), receptor=x),
    "drive(input)": lambda x: NET.drive(A, S.current(1.0), input=x),
    **keyword(S.poisson, "rate", "start", "stop", rate=1.0), **keyword(S.current, "value", "start", "stop", value=1.0),
    "record(target)": lambda x: NET.record(x, "spikes"), "record(what)": lambda x: NET.record(A, x),
    "record(every)": lambda x: NET.record(A, "v", every=x), "record(name)": lambda x: NET.record(A, "v", name=x),
    "run(duration)": lambda x: RUNNING.run(x) if modest(x, 0.5) else None,
    "run(progress)": lambda x: None if callable(x) else RUNNING.run(0.1, progress=x), "reset(trial)": NET.reset,
    "set(v)": lambda x: A.set(v=x), "set(tau_m)": lambda x: A.set(tau_m=x), "group.set(v)": lambda x: (A + B).set(v=x),
    "get": A.get, "group.get": (A + B).get, "group + x": lambda x: (A + B) + x, "x + a": lambda x: x + A,
    "view": lambda x: A[x],
    "with_parameters(tau_m)": lambda x: hsnn.models.lif_exp().with_parameters(tau_m=x),
    **keyword(hsnn.models.lif_exp().extend, "name", "parameters", "states", "dynamics", "expressions", "inputs", "receptors",
              "threshold", "reset", "refractory", "units", "positive", "not_negative"),
    "extend(field)": lambda x: hsnn.models.lif_exp().extend(**{str(x): {}}),
    **{f"extend({role}[])": lambda x, role=role: hsnn.models.lif_exp().extend(**{role: {"v": x}})
       for role in ("parameters", "dynamics", "receptors", "reset", "refractory", "units")},
    "with_parameters(parameter)": lambda x: hsnn.models.lif_exp().with_parameters(**{str(x): 1.0}), "labelled": A.labelled,
    "sample": A.sample, "a + x": lambda x: A + x,
    **keyword(R.uniform, "low", "high", low=0.0, high=1.0),
    **keyword(R.normal, "mean", "sd", "low", "high", "outside", mean=0.0, sd=1.0),
    **keyword(R.lognormal, "mu", "sigma", "low", "high", "outside", mu=0.0, sigma=1.0),
    **keyword(R.exponential, "mean", "low", "high", "outside", mean=1.0),
    **keyword(M.lif_delta, "C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref", "I_e"),
    **keyword(M.lif_exp, "C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref", "tau_syn", "I_e"),
    **keyword(M.lif_alpha, "C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref", "tau_syn", "I_e"),
    **keyword(M.lif_cond_exp, "C_m", "g_L", "E_L", "V_th", "V_reset", "t_ref", "E_rev", "tau_syn", "I_e"),
    **keyword(M.qif, "C_m", "tau_m", "a_0", "v_rest", "v_crit", "V_th", "V_reset", "t_ref", "I_e"),
    **keyword(M.lif_dexp, "C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref", "tau_rise", "tau_decay", "I_e"),
    **keyword(M.lif_cond_alpha, "C_m", "g_L", "E_L", "V_th", "V_reset", "t_ref", "E_rev", "tau_syn", "I_e"),
    **keyword(M.lif_cond_dexp, "C_m", "g_L", "E_L", "V_th", "V_reset", "t_ref", "E_rev", "tau_rise", "tau_decay", "I_e"),
    **keyword(M.adaptive_lif, "C_m", "g_L", "E_L", "V_th", "V_reset", "t_ref", "a", "b", "tau_w", "tau_syn", "I_e"),
    **keyword(M.eif, "C_m", "g_L", "E_L", "V_T", "Delta_T", "V_peak", "V_reset", "t_ref", "tau_syn", "I_e"),
    **keyword(M.adex, "C_m", "g_L", "E_L", "V_T", "Delta_T", "V_peak", "V_reset", "t_ref", "a", "b", "tau_w", "E_rev",
              "tau_syn", "I_e"),
    **keyword(M.izhikevich2007, "cell", "C", "k", "v_r", "v_t", "v_peak", "a", "b", "c", "d"),
    **keyword(M.leaky_izhikevich, "a", "b", "c", "d", "E_L"), **keyword(M.izhikevich_pattern, "name"),
    **keyword(M.binary, "theta"), **keyword(M.regular, "period", "phase", "jitter", period=5.0),
    **keyword(M.bursting, "rate", n=2, interval=1.0),
    **keyword(M.gif, "C_m", "g_L", "E_L", "V_reset", "t_ref", "V_T", "Delta_V", "lambda_0", "tau_stc", "q_stc", "tau_sfa",
              "q_sfa", "tau_syn", "I_e"),
    **keyword(M.bursting, "n", "interval", "period", "phase", n=2, interval=1.0, period=5.0),
    **keyword(hsnn.sampled, "function", "every", "until", function=abs, every=1.0, until=2.0),
    **keyword(M.izhikevich, "a", "b", "c", "d"), "tau_syn[]": lambda x: M.lif_exp(tau_syn={"a": x}),
    **keyword(M.membrane, "C_m", "v", "V_th", "I_e", "per_area"),
    **keyword(M.hodgkin_huxley, "C_m", "g_Na", "E_Na", "g_K", "E_K", "g_L", "E_L", "V_th", "I_e"),
    **keyword(M.traub_miles, "C_m", "g_Na", "E_Na", "g_K", "E_K", "g_L", "E_L", "V_T", "V_th", "E_rev", "tau_syn", "I_e"),
    **keyword(M.wang_buzsaki, "C_m", "g_Na", "E_Na", "g_K", "E_K", "g_L", "E_L", "phi", "V_th", "I_e"),
    **keyword(M.morris_lecar, "type", "C_m", "g_Ca", "E_Ca", "g_K", "E_K", "g_L", "E_L", "V1", "V2", "V3", "V4", "phi",
              "V_th", "I_e"),
    **keyword(M.fitzhugh_nagumo, "a", "b", "phi", "V_th", "I_e"), "cell + x": lambda x: M.membrane() + x,
    "part + x": lambda x: PARTS.leak() + x,
    **keyword(component, "name", "parameters", "states", "dynamics", "expressions", "inputs", "receptors", "reset",
              "current", "units", "positive", "not_negative"),
    **keyword(gate, "power", "alpha", "beta", "inf", "tau", inf="1"),
    **keyword(added(PARTS.channel), "name", "g", "E", "gates", "parameters", "units", name="part", g=1.0, E=0.0),
    **keyword(added(PARTS.leak), "g_L", "E_L", "name"), **keyword(added(PARTS.sodium), "g_Na", "E_Na", "name"),
    **keyword(added(PARTS.potassium), "g_K", "E_K", "name"),
    **keyword(added(PARTS.sodium_traub_miles), "g_Na", "E_Na", "V_T", "name"),
    **keyword(added(PARTS.potassium_traub_miles), "g_K", "E_K", "V_T", "name"),
    **keyword(added(PARTS.calcium), "g_Ca", "E_Ca", "name"),
    **keyword(added(PARTS.m_current), "g_M", "E_M", "tau_max", "name"),
    **keyword(added(PARTS.a_current), "g_A", "E_A", "name"),
    **{name: call for maker in (PORTS.ampa, PORTS.nmda, PORTS.gaba_a, PORTS.gaba_b)
       for name, call in keyword(added(maker), "kinetics", "transmitter", "name", "E_rev").items()},
    **keyword(added(PORTS.nmda), "Mg", "tau_syn"),
    **keyword(added(PORTS.conductance), "name", "E_rev", "tau_syn", name="part", E_rev=0.0, tau_syn=5.0),
    **keyword(added(PORTS.delta), "name"), **keyword(added(PORTS.release), "kinetics", "name", "T_max", "V_p", "K_p"),
    **keyword(added(PORTS.receptor), "name", "event", "current", "states", "dynamics", "parameters", "expressions", "units",
              "positive", "not_negative", name="part", event={"v": "v + weight"}),
    **keyword(hsnn.NeuronModel, "name", "parameters", "states", "dynamics", "expressions", "inputs", "receptors",
              "threshold", "hazard", "detection", "reset", "refractory", "units", **MODEL),
    **{f"NeuronModel({role}[])": lambda x, role=role: hsnn.NeuronModel(**{**MODEL, role: {"v" if role in MODEL else "k": x}})
       for role in ("parameters", "states", "dynamics", "expressions", "inputs", "receptors", "units")},
    "NeuronModel(reset[])": lambda x: hsnn.NeuronModel(**{**MODEL, "reset": {"v": x}}),
    "NeuronModel(receptors[][])": lambda x: hsnn.NeuronModel(**MODEL, receptors={"d": {"v": x}}),
    "NeuronModel(refractory[])": lambda x: hsnn.NeuronModel(**MODEL, refractory={"duration": x}),
    "SpikeData(n_neurons)": lambda x: hsnn.SpikeData([1.0], [0], x, 0.0, 5.0) if modest(x) else None,
    **keyword(hsnn.SpikeData, "times", "ids", "t_start", "t_stop", "neurons", "grid_shape", times=[1.0], ids=[0],
              n_neurons=1, t_start=0.0, t_stop=5.0),
    **keyword(GRIDDED.grid, "bin", "rates", bin=1.0),
    **keyword(GRIDDED.images, "bin", "n", "fig", bin=1.0), **keyword(GRIDDED.animate, "bin", "path", "fps", bin=1.0),
    "projection.plot(kind)": lambda x: PROJECTION.plot(x), "projection.plot(ax)": lambda x: PROJECTION.plot("degrees", x),
    "net.plot(ax)": lambda x: NET.plot(x),
    "rate": lambda x: SPIKES.rate(bin=x), "counts": SPIKES.counts,
    "counts per neuron": lambda x: SPIKES.counts(x, per_neuron=True),
    "counts(per_neuron)": lambda x: SPIKES.counts(1.0, per_neuron=x),
    **keyword(SPIKES.bin_edges, "bin"), **keyword(SPIKES.correlations, "bin"), **keyword(SPIKES.raster, "ax", "color",
    "bin"),
    **keyword(TRACE.plot, "ax", "label", "names", "offset"),
    **keyword(hsnn.Result, "spikes", "records", "timing", "info", "t_start", "t_stop"),
    **keyword(StateData, "times", "ids", "values", "grid_shape", times=[1.0], ids=[0], values=[[2.0]]),
    "stored.window(start)": lambda x: STORED.window(x, 1.0), "stored.window(stop)": lambda x: STORED.window(0.0, x),
    "stored[ids]": lambda x: STORED[x], "window(start)": lambda x: SPIKES.window(x, 5.0),
    "window(stop)": lambda x: SPIKES.window(0.0, x),
    "spikes[]": lambda x: SPIKES[x],
    "concatenate": hsnn.concatenate, "concatenate[]": lambda x: hsnn.concatenate([RESULT, x]),
    "result[]": lambda x: RESULT[x], "result.spikes[]": lambda x: RESULT.spikes[x],
    "result.states[]": lambda x: RAN.states[x], "result.states[][]": lambda x: RAN.states["watched"][x],
    "result[record][]": lambda x: RAN["kept"][x],
    **keyword(C.from_scipy, "W", "autapses", "multapses", W=MATRIX),
    **keyword(C.from_dense, "W", "autapses", "multapses", W=[[1.0]]),
    "connect(matrix from_dense)": lambda x: connected(rule=C.from_dense(x), weight=None),
    **keyword(C.from_networkx, "G", "weight", "delay", "sources", "targets", "receptor", "autapses", "multapses", G=GRAPH),
    **keyword(of_graph, "weight", "delay", "sources", "targets", "receptor", weight=("w", 1.0), delay=("d", 1.0)),
    **keyword(of_labelled_graph, "sources", "targets", "receptor", sources=range(4), targets=range(4)),
    "of_graph(weight default)": lambda x: of_graph(weight=("w", x), delay=("d", 1.0)),
    "of_graph(delay default)": lambda x: of_graph(weight=("w", 1.0), delay=("d", x)),
    "of_graph(receptor default)": lambda x: of_graph(weight=("w", 1.0), delay=("d", 1.0), receptor=("r", x)),
    "edge(weight)": lambda x: with_attribute("w", x), "edge(delay)": lambda x: with_attribute("d", x),
    **keyword(whole_graph, "G", "models", "population", "weight", "delay", "receptor", "parameters", "positions"),
    "node(pos)": lambda x: with_node(type="E", pos=x),
    "from_networkx(argument)": lambda x: whole_graph(**{str(x): 1.0}),
    "from_networkx(models[])": lambda x: whole_graph(models={"neurons": x}),
    "from_networkx(weight[])": lambda x: whole_graph(weight={"neurons": x}),
    "from_networkx(receptor[])": lambda x: whole_graph(receptor={"neurons": x}),
    "node(type)": lambda x: with_node(type=x), "node(V_th)": lambda x: with_node(type="E", V_th=x),
    **{name: call for measure in (X.adjacency, X.in_degrees, X.out_degrees, X.reciprocity, X.transitivity, X.clustering,
       X.triad_census) for name, call in keyword(measure, "network").items()},
    **keyword(X.components, "network", "strong", network=GRAPH), **keyword(X.degree_distribution, "degrees"),
    **keyword(X.power_law, "degrees", "k_min", degrees=[1, 2, 2]),
    **keyword(X.path_length, "network", "sources", "seed", network=GRAPH),
    **keyword(X.small_world, "network", "sources", "seed", network=GRAPH),
    **keyword(X.communities, "network", "resolution", "seed", network=GRAPH),
    **keyword(X.modularity, "network", "labels", "resolution", network=GRAPH, labels=[0, 0, 1, 1]),
    **keyword(hsnn.read_graph, "path", "directed", "columns", "label", path=EDGES),
    **keyword(SAVED_NET.to_networkx, "population", "weight", "delay", "receptor", "positions"),
    **keyword(C.small_world, "k", "p", "alpha", "positions", "period", "autapses", "multapses", k=2, p=0.5),
    "connect(small_world of k)": lambda x: connected(rule=C.small_world(x, 0.5)),
    **keyword(in_space, "alpha", "positions", "period", positions=[0.0, 0.2, 0.3, 0.6], alpha=1.0),
    **keyword(P.Space, "positions", "period", "grid_shape", positions=[0.0, 0.1]),
    **keyword(P.at, "positions", "period", positions=[0.0, 0.1]),
    **keyword(hsnn.lattice, "spacing", "periodic", "jitter", "seed", shape=(2, 2), jitter=0.1),
    "lattice(shape)": lambda x: hsnn.lattice(x) if modest(x) else None,
    **keyword(P.hexagonal, "shape", "spacing", "periodic", "jitter", "seed", shape=(2, 2)),
    **keyword(P.random, "extent", "periodic", "seed", n=3, extent=1.0),
    "random(n)": lambda x: P.random(x, 1.0) if modest(x) else None,
    **keyword(P.gaussian, "sigma", "p_max", "cutoff", sigma=0.1),
    **keyword(P.exponential, "length", "p_max", "cutoff", length=0.1),
    **keyword(P.mexican_hat, "sigma", "sigma_less", "p_max", "p_less", "cutoff", sigma=0.1, sigma_less=0.2),
    **keyword(hsnn.distance_delay, "velocity", "offset", velocity=1.0),
    "connect(distance_delay of velocity)": lambda x: placed(ALL, delay=hsnn.distance_delay(x)),
    "connect(distance_delay of offset)": lambda x: placed(ALL, delay=hsnn.distance_delay(1.0, x)),
    **keyword(C.radius, "r", "autapses", r=1.0), **keyword(C.nearest, "k", "autapses", k=1),
    **keyword(C.kernel, "f", "cutoff", "autapses", f=P.gaussian(0.1)),
    "connect(radius)": lambda x: placed(C.radius(x)), "connect(nearest of k)": lambda x: placed(C.nearest(x)),
    "connect(kernel of cutoff)": lambda x: placed(C.kernel(P.gaussian(0.5), cutoff=x)),
    "connect(kernel of sigma)": lambda x: placed(C.kernel(P.gaussian(x))),
    "function of vectors in kernel": lambda x: placed(C.kernel(lambda vectors: x, cutoff=1.0)),
    **keyword(C.scale_free, "k", "gamma_out", "gamma_in", "correlated", "autapses", "multapses", k=2),
    "connect(scale_free of k)": lambda x: connected(rule=C.scale_free(x)),
    "connect(scale_free of gamma_in)": lambda x: connected(rule=C.scale_free(2, gamma_in=x)),
    **keyword(C.stochastic_block_model, "p", "sizes", "labels", "target_sizes", "target_labels", "autapses", "multapses",
              p=[[0.5]], sizes=[4]),
    **keyword(of_blocks, "p", "sizes", "labels"), **keyword(of_blocks, "p", "target_sizes", "target_labels", sizes=[2, 2]),
    **keyword(C.clustered, "n_clusters", "p", "p_ratio", "weight", "weight_ratio", "autapses", "multapses", n_clusters=2,
              p=0.2, p_ratio=2.0, weight=1.0),
    **keyword(of_clusters, "n_clusters", "p", "p_ratio", "weight", "weight_ratio", weight=1.0),
    **keyword(C.configuration_model, "out_degrees", "in_degrees", "autapses", "multapses", "excess", out_degrees=[1] * 4,
              in_degrees=[1] * 4),
    **keyword(of_degrees, "out_degrees", "in_degrees", autapses=False, multapses=False),
    "spectral_radius": hsnn.spectral_radius, **keyword(hsnn.spectral_radius, "tol", W=MATRIX),
    **keyword(hsnn.scale_to_spectral_radius, "projections", "radius", "tol", projections=PROJECTION, radius=1.0),
    "from_function": C.from_function, **keyword(C.from_function, "autapses", "multapses", function=np.equal),
    "connect(from_function)": lambda x: connected(rule=C.from_function(x)),
    "function of pairs": lambda x: connected(rule=lambda i, j: x),
    "connect(from_scipy) without delay": lambda x: NET.connect(A, A, C.from_scipy(MATRIX), delay=x),
    "connect without weight": lambda x: NET.connect(A, A, x, delay=1.0),
    "projection.set(weight)": lambda x: PROJECTION.set(weight=x),
    "projection.set(x)": lambda x: PROJECTION.set(**{str(x): 1.0}),
    **keyword(coupled, "a", "b", "rule", "conductance", "function", "input", "symmetric", "normalize", "substeps", "name"),
    "connect_hyper": lambda x: NET.connect_hyper(A, A, x, rule=x),
    **keyword(connected_by_hyperedges, "source", "target", "hypergraph", "rule", "weight", "delay", "receptor", "name",
              "round_delays", "source_delay"),
    "hyper.threshold(k)": lambda x: hsnn.hyper.threshold(x), "hyper.threshold(window)": lambda x: hsnn.hyper.threshold(2, x),
    **keyword(hsnn.hyper.threshold, "distinct", "consume", "refractory"),
    **keyword(hsnn.hyper.all_of, "window", "consume", "refractory"),
    **keyword(hsnn.hyper.weighted, "threshold", "tau", "consume", "refractory", threshold=1.0, tau=2.0),
    **keyword(hsnn.hyper.sequence, "gaps", "consume", "refractory", gaps=1.0),
    **keyword(hsnn.hyper.gate, "rule", "intervals", "each", "k", "window", "closes", by=A),
    "gate(by)": lambda x: connected_by_hyperedges(rule=hsnn.hyper.gate(by=x)),
    **keyword(hsnn.hyper.equations, "states", "spike", "condition", "dynamics", "parameters", "reset", "refractory",
              states={"s": 0.0}, spike={"s": "s + weight"}, condition="s > 1"),
    **keyword(hsnn.Hypergraph.from_lists, "edges", "weight", "delay", "source_weights", edges=[((0, 1), (2,))]),
    "Hypergraph.from_lists(edge)": lambda x: hsnn.Hypergraph.from_lists([((0, x), (1,))]),
    **keyword(hsnn.Hypergraph.from_incidence, "sources", "targets", "weight", "delay", sources=MATRIX),
    **keyword(hsnn.Hypergraph, "source_indptr", "sources", "target_indptr", "targets", "weights", "delays", "source_weights",
              source_indptr=[0, 2], sources=[0, 1], target_indptr=[0, 1], targets=[2]),
    "couple[]": lambda x: NET.couplings[x], "coupling.get": COUPLING.get,
    "coupling.set(conductance)": lambda x: COUPLING.set(conductance=x),
    "coupling.set(x)": lambda x: COUPLING.set(**{str(x): 1.0}),
    **keyword(add, "subnetwork", "prefix"), **keyword(port, "name", "neurons"),
    **{f"{call}({name})": lambda x, call=call, name=name: tabled(call, name, x)
       for call, names in (("population_table", ("name", "size", "model", "method", "schedule", "labels", "v")),
                           ("connect_table", ("source", "target", "rule", "weight", "delay", "weight_sd", "receptor", "p")))
       for name in names},
    "population_table": lambda x: hsnn.Network().population_table(x),
    "connect_table": lambda x: NET.connect_table(x),
    "projection.get": PROJECTION.get, **keyword(PROJECTION.to_networkx, "weight", "delay"),
    **keyword(hsnn.steps, "times", "values", times=[1.0, 2.0], values=[3.0, 4.0]),
    "steps(values[])": lambda x: hsnn.steps([1.0, 2.0], [1.0, x]),
    "steps(times[])": lambda x: hsnn.steps([1.0, x], [1.0, 2.0]),
    "models.poisson": M.poisson, "source of rate": lambda x: populated(model=M.poisson(x)),
    "source of steps": lambda x: populated(model=M.poisson(hsnn.steps([1.0], [x]))),
    **keyword(M.spike_source, "times", "ids", times=[1.0], ids=[0]),
    "source of times": lambda x: populated(model=M.spike_source(x, [0])),
    "source of ids": lambda x: populated(model=M.spike_source([1.0], x)),
    **keyword(S.spikes, "times", "ids", "factors", times=[1.0], ids=[0]),
    "drive(spikes of times)": lambda x: NET.drive(A, S.spikes(x)),
    "drive(spikes of ids)": lambda x: NET.drive(A, S.spikes([1.0], x)),
    **keyword(S.noise, "sigma", "every", "start", "stop", sigma=1.0),
    "drive(noise of every)": lambda x: NET.drive(A, S.noise(1.0, every=x)),
    "drive(poisson of steps)": lambda x: NET.drive(A, S.poisson(hsnn.steps([1.0], [x]))),
    "drive(current of steps)": lambda x: NET.drive(A, S.current(hsnn.steps([1.0], [x]))),
    **keyword(record, "what", "at", "to", "every", "name"), "record(spikes, at)": lambda x: record("spikes", at=x),
    "record(at[])": lambda x: record(at=[1.0, x]), "open_recording": hsnn.open_recording,
    **keyword(NET.at, "time", "look", time=1.0, look=look),
    **keyword(NET.every, "interval", "look", interval=1.0, look=look),
    **keyword(NET.steps, "interval", "until", interval=1.0), **keyword(scheduled, "at"),
    "group.set(at)": lambda x: (A + B).set(v=1.0, at=x), "set(v, at)": lambda x: A.set(v=x, at=1.0),
    "net.save": SAVED_NET.save, **keyword(loaded, "path", "threads", "blocks", "backend"),
    **keyword(N.brunel2000, "state"), **keyword(N.brette2007, "benchmark"), **keyword(N.izhikevich2003, "seed", "dt"),
    **keyword(N.microcircuit, "scale", "drive", "thalamic", scale=0.01),
    "gap_lattice(rows)": lambda x: N.gap_lattice(x, 2, 1.0) if modest(x) else None,
    "gap_lattice(cols)": lambda x: N.gap_lattice(2, x, 1.0) if modest(x) else None,
    "gap_lattice(radius)": lambda x: N.gap_lattice(2, 2, x),
    "gap_lattice(seed_convention)": lambda x: N.gap_lattice(2, 2, 1.0, seed_convention=x),
    **keyword(N.quiet, "n", "out_degree", "rate", n=10, out_degree=2, rate=1.0),
    "multi_area": lambda x: N.multi_area(x) if modest(x) else None,
    **keyword(areas, "connectivity", "distances", "k_long", "strength", "velocity"),
    "multi_area(n_exc)": lambda x: N.multi_area(2, n_exc=x) if modest(x) else None,
    **keyword(N.reference_rates, "name", "scale", name="cuba"),
    "save": RESULT.save, "load": hsnn.Result.load, "from_hdf5": hsnn.SpikeData.from_hdf5, "to_hdf5": SPIKES.to_hdf5,
    "to_csv": SPIKES.to_csv, **keyword(SILENT.from_csv, "path", "t_start", "t_stop", "neurons", **OF_CSV),
}  # fmt: skip


WRITES = {"save", "net.save", "to_hdf5", "to_csv", "animate(path=)"}  # a file of whatever name they are given


def check(name, call, value):
    """The call works, or raises an error of the package whose text is a sentence about the value or the argument."""
    try:
        call(value)
    except HsnnError as error:
        text = str(error)
        assert text.endswith(".") and "\n" not in text and len(text.split()) > 3, text
        words = {*re.findall(r"\w+", name), "population", "neuron", "neurons", "id", "ids", "expression", "weight", "m"}
        words |= {"record", "duration", "trial", "bin", "results", "tau_syn_a", "times", "part"}
        words |= {f"{word}_{part}" for word in words for part in ("part", "ampa", "nmda", "gaba_a", "gaba_b")}
        assert words & set(re.findall(r"\w+", text)) or shown(value)[:20] in text or str(value) in text, (name, text)
        assert len(text) < 700, text


# Public by name only: what other parts of the package call.
INTERNAL = {
    *("assign", "schedule", "value", "reweight", "check_variable", "input", "receptor", "take_labels", "weight_unit"),
    *("cumulative", "edges", "bytes_per_synapse", "take_weight", "check_range"),
    *("reconduct", "take_conductance", "own_parts", "require_open", "restore_labels"),
}


def public_calls():
    """Each function of the public modules and each method of the public classes that takes an argument."""
    declared = (hsnn.Network, Population, Group, Projection, Coupling, hsnn.NeuronModel)
    classes = (*declared, hsnn.Result, hsnn.SpikeData, StateData)
    found = [member for owner in classes for member in inspect.getmembers(owner, inspect.isroutine)]
    for module in (C, R, S, M, N, PARTS, PORTS):
        own = (each for each in vars(module).items() if getattr(each[1], "__module__", "").startswith(module.__name__))
        named = own if module in (R, S, PARTS, PORTS) else vars(module).items()
        found += [(name, each) for name, each in named if inspect.isfunction(each) and name in dir(module)]
    named_so = {name: call for name, call in found if not name.startswith("_")}
    for name in named_so.keys() - INTERNAL - {*vars(errors), *vars(quantities)}:
        if set(inspect.signature(named_so[name]).parameters) - {"self"}:
            yield name


@pytest.mark.parametrize("call", sorted(set(public_calls())))
def test_the_table_has_every_public_call(call):
    assert any(call in re.findall(r"\w+", name) for name in CALLS), f"no row calls {call}"


@pytest.mark.parametrize("name", CALLS)
def test_only_typed_errors_come_out(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in WRONG:
        check(name, CALLS[name], value)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(set(CALLS) - WRITES)), value=ANYTHING)
def test_of_anything_only_typed_errors_come_out(name, value):
    check(name, CALLS[name], value)


def test_the_methods_that_a_population_takes_are_those_there_are():
    assert set(METHODS) == {"auto", *integrators.METHODS}


def test_what_is_refused_changes_nothing():
    net = hsnn.Network(backend="reference")
    cells = net.population("cells", 3, hsnn.models.lif_exp())
    calls = [
        lambda: net.population("more", 2, hsnn.models.lif_exp(), labels=["a", "a"]),
        lambda: net.connect(cells, cells, hsnn.connect.all_to_all(), weight=1.0, delay=0.05),
        lambda: net.drive(cells, hsnn.stimuli.poisson([1.0, 2.0])),
        lambda: net.record(cells, ["v", "w"]),
        lambda: cells.set(v=-60.0, tau_m="x"),
    ]
    for call in calls:
        with pytest.raises(HsnnError):
            call()
    assert (len(net.populations), len(net.projections), len(net.drives), len(net.records)) == (1, 0, 0, 0)
    assert cells.get("v").tolist() == [-70.0] * 3
