"""Couplings against mathematics: joint systems solved by SciPy, closed forms, conserved charge; and what is one junction."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import hsnn_event as hsnn
from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    ExpressionError,
    MethodError,
    ShapeError,
    UnknownNameError,
    ValueRangeError,
)
from hsnn_event.lowering.coupling import largest_totals
from hsnn_event.lowering.program import lower, lower_network

PASSIVE = hsnn.NeuronModel(  # a capacitor with a leak
    name="passive",
    parameters={"C_m": 2.0, "g_L": 0.0},
    states={"v": 0.0},
    dynamics={"v": "(I - g_L*v)/C_m"},
    inputs={"I": 0.0},
)
HODGKIN_HUXLEY = hsnn.NeuronModel(  # Hodgkin and Huxley (1952), in the usual signs; gates near their values at -65 mV
    name="hodgkin_huxley",
    states={"v": -65.0, "m": 0.0529, "h": 0.5961, "n": 0.3177},
    dynamics={
        "v": "I - 120*m**3*h*(v - 50) - 36*n**4*(v + 77) - 0.3*(v + 54.387)",
        "m": "0.1*(v + 40)/(1 - exp(-(v + 40)/10))*(1 - m) - 4*exp(-(v + 65)/18)*m",
        "h": "0.07*exp(-(v + 65)/20)*(1 - h) - h/(1 + exp(-(v + 35)/10))",
        "n": "0.01*(v + 55)/(1 - exp(-(v + 55)/10))*(1 - n) - 0.125*exp(-(v + 65)/80)*n",
    },
    inputs={"I": 0.0},
)
PAIR = hsnn.connect.from_edges([0], [1])


def network(model=PASSIVE, size=2, backend="reference", dt=0.1, **keywords):
    net = hsnn.Network(dt=dt, backend=backend, seed=4)
    return net, net.population("cells", size, model, **keywords)


def joint_hodgkin_huxley(t, y, g, current):
    v, m, h, n = y.reshape(4, 2)
    a_m, b_m = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
    a_h, b_h = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    a_n, b_n = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
    ionic = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
    gates = (a * (1 - x) - b * x for a, b, x in ((a_m, b_m, m), (a_h, b_h, h), (a_n, b_n, n)))
    return np.concatenate([current - ionic + g * (v[::-1] - v), *gates])


def pair_error(g, duration, backend="reference"):
    """The largest difference (mV) of two coupled cells, one of them driven, from the joint system; both must fire."""
    net, cells = network(HODGKIN_HUXLEY, backend=backend)
    net.drive(cells[0], hsnn.stimuli.current(10.0))
    net.couple(cells, cells, PAIR, conductance=g)
    trace = net.record(cells, "v")
    values = net.run(duration)[trace]["v"].values
    start = np.repeat(list(HODGKIN_HUXLEY.states.values()), 2)
    times = np.arange(1, round(duration * 10) + 1) / 10
    true = solve_ivp(joint_hodgkin_huxley, (0, duration), start, "DOP853", times, rtol=1e-11, atol=1e-12,
                     args=(g, np.array([10.0, 0.0])))  # fmt: skip
    assert true.y[:2].max(axis=1).min() > 30.0
    return float(abs(values - true.y[:2].T).max())


@pytest.mark.parametrize("g", [0.1, 0.5])
def test_two_hodgkin_huxley_cells_follow_the_joint_system_through_spikes(g):
    assert pair_error(g, 16.0) < 1e-3


@pytest.mark.parametrize(("method", "order"), [("rk2", 2), ("rk4", 4)])
def test_a_coupled_linear_system_has_the_order_of_its_method(method, order):
    conductances, start = np.array([0.7, 0.4]), np.array([10.0, -20.0, 5.0])
    graph = np.array([[0.7, -0.7, 0.0], [-0.7, 1.1, -0.4], [0.0, -0.4, 0.4]])
    true = expm((-graph - 0.1 * np.eye(3)) / 2.0 * 4.0) @ start
    errors = []
    for dt in (0.5, 0.25):
        net, cells = network(size=3, dt=dt, method=method)
        cells.set(v=start, g_L=0.1)
        net.couple(cells, cells, hsnn.connect.from_edges([0, 2], [1, 1]), conductance=conductances, substeps=1)
        net.run(4.0)
        errors.append(abs(cells.get("v") - true).max())
    assert order - 0.3 < np.log2(errors[0] / errors[1]) < order + 0.4


def test_junctions_conserve_charge():
    net, cells = network(size=30)
    other = net.population("other", 20, PASSIVE)
    cells.set(v=hsnn.random.normal(0.0, 30.0), C_m=hsnn.random.uniform(1.0, 3.0))
    net.couple(cells, cells, hsnn.connect.bernoulli(0.2), conductance=hsnn.random.uniform(0.0, 1.0))
    net.couple(cells, other, hsnn.connect.fixed_indegree(3), conductance=0.4)

    def charge():
        return sum((each.get("C_m") * each.get("v")).sum() for each in (cells, other))

    before, spread = charge(), np.ptp(cells.get("v"))
    net.run(20.0)
    assert charge() == pytest.approx(before, rel=1e-11)
    assert np.ptp(cells.get("v")) < 0.2 * spread


def test_rectifying_coupling_passes_current_one_way():
    net, cells = network(size=2)
    cells.set(v=[10.0, 0.0])
    net.couple(cells, cells, hsnn.connect.from_edges([0, 1], [1, 0]), conductance=0.5, symmetric=False,
               function="max(v_pre - v_post, 0)")  # fmt: skip
    net.run(5.0)
    assert cells.get("v")[0] == 10.0  # the lower one never moves the higher one
    assert cells.get("v")[1] == pytest.approx(10.0 * (1 - np.exp(-0.5 / 2.0 * 5.0)), rel=1e-4)


def test_any_function_of_states_expressions_and_parameters():
    sender = hsnn.NeuronModel(
        name="sender", parameters={"T_max": 2.0}, states={"v": 0.0}, dynamics={"v": "-v/10"},
        expressions={"T": "T_max/(1 + exp(-v/5))"},
    )  # fmt: skip
    receiver = hsnn.NeuronModel(
        name="receiver", parameters={"k": 0.3}, states={"r": 0.0}, dynamics={"r": "T_ampa*(1 - r)"}, inputs={"T_ampa": 0.0}
    )
    net = hsnn.Network(dt=0.1, backend="reference")
    a, b = net.population("a", 2, sender, method="rk4"), net.population("b", 1, receiver)
    a.set(v=[5.0, -5.0], T_max=[2.0, 1.0])
    net.couple(a, b, hsnn.connect.all_to_all(), conductance=1.0, symmetric=False, function="k_post*T_pre", input="T_ampa")
    net.run(3.0)

    def rate(t, r):
        released = (t_max / (1 + np.exp(-v0 * np.exp(-t / 10) / 5)) for t_max, v0 in ((2.0, 5.0), (1.0, -5.0)))
        return 0.3 * sum(released) * (1 - r)

    assert b.get("r")[0] == pytest.approx(solve_ivp(rate, (0, 3.0), [0.0], rtol=1e-10, atol=1e-12).y[0, -1], rel=1e-7)


def test_in_degree_averages():
    traces = []
    for conductance, normalize in ((1.2, "in_degree"), (0.4, None)):
        net, cells = network(size=4)
        cells.set(v=[0.0, 3.0, 6.0, 30.0])
        rule = hsnn.connect.from_edges([1, 2, 3], [0, 0, 0])
        net.couple(cells, cells, rule, conductance=conductance, symmetric=False, normalize=normalize)
        net.run(1.0)
        traces.append(cells.get("v"))
    assert traces[0] == pytest.approx(traces[1], rel=1e-14)


def test_both_orders_of_a_pair_are_one_junction():
    net, cells = network(size=25, method="rk4")
    x, y = np.divmod(np.arange(25), 5)

    def near(i, j):
        return np.hypot(x[i] - x[j], y[i] - y[j]) <= 1

    coupling = net.couple(cells, cells, near, conductance=0.5)
    assert coupling.n_junctions == 40  # the edges of a 5 x 5 grid
    edges = coupling.edges()
    assert (edges.sources < edges.targets).all() and len(set(zip(*edges[:2], strict=True))) == 40
    cells.set(v=hsnn.random.normal(0.0, 10.0))
    graph = np.zeros((25, 25))
    graph[edges.sources, edges.targets] = graph[edges.targets, edges.sources] = -0.5
    np.fill_diagonal(graph, -graph.sum(axis=0))
    true = expm(-graph / 2.0 * 2.0) @ cells.get("v")
    net.run(2.0)
    assert cells.get("v") == pytest.approx(true, abs=1e-4)


def test_bernoulli_within_a_population_draws_each_pair_once():
    net, cells = network(size=200)
    coupling = net.couple(cells, cells, hsnn.connect.bernoulli(0.1))
    n, sd = 200 * 199 / 2 * 0.1, np.sqrt(200 * 199 / 2 * 0.1 * 0.9)
    assert abs(coupling.n_junctions - n) < 4 * sd
    halves = net.couple(cells[100:], cells[:100], hsnn.connect.bernoulli(0.1))
    assert abs(halves.n_junctions - 1000) < 4 * np.sqrt(900)


def test_conductances_of_one_junction_must_agree():
    net, cells = network(size=3)
    rule = hsnn.connect.from_edges([0, 1, 1], [1, 0, 2])
    assert net.couple(cells, cells, rule, conductance=[1.0, 1.0, 2.0]).get("conductance").tolist() == [1.0, 2.0]
    with pytest.raises(ValueRangeError, match=r"neurons 0 and 1 is given several conductances"):
        net.couple(cells, cells, rule, conductance=[1.0, 3.0, 2.0])
    assert len(net.couplings) == 1
    directed = net.couple(cells, cells, rule, conductance=[1.0, 3.0, 2.0], symmetric=False)
    assert directed.get("conductance").tolist() == [1.0, 3.0, 2.0]


def test_conductances_are_set_between_runs_and_read_back():
    net, cells = network(size=3, method="rk4")
    coupling = net.couple(cells, cells, hsnn.connect.from_edges([2, 0], [1, 1]), conductance=[2.0, 1.0])
    assert [each.tolist() for each in coupling.edges()] == [[0, 1], [1, 2], [1.0, 2.0]]
    cells.set(v=[0.0, 10.0, 20.0])
    net.run(0.5)
    held = cells.get("v")
    coupling.set(conductance=0.0)
    net.run(1.0)
    assert np.array_equal(cells.get("v"), held)
    coupling.set(conductance=[0.0, 1.0])
    assert coupling.get("conductance").tolist() == [0.0, 1.0]
    net.run(1.0)
    now = cells.get("v")
    assert now[0] == held[0] and now[2] - now[1] == pytest.approx((held[2] - held[1]) * np.exp(-1.0), rel=1e-4)


@pytest.mark.parametrize("conductance", [5.0, 2000.0])
def test_a_large_conductance_is_stable_and_synchronises(conductance):
    net, cells = network(hsnn.models.izhikevich(), size=6, backend="numba")
    cells.set(v=hsnn.random.uniform(-70.0, -55.0))
    net.couple(cells, cells, hsnn.connect.all_to_all(), conductance=conductance)
    net.drive(cells, hsnn.stimuli.current(np.linspace(8.0, 12.0, 6)))
    net.record(cells, "spikes")
    trace = net.record(cells, "v")
    result = net.run(60.0)
    counts = result.spikes["cells"].counts(60.0, per_neuron=True)
    assert counts.min() == counts.max() >= 2
    apart = np.ptp(result[trace]["v"].values[20:], axis=1)
    assert np.median(apart) < 1.0 / conductance


def test_a_clamped_neuron_shows_its_clamped_voltage():
    clamped = hsnn.NeuronModel(
        name="clamped", states={"v": 10.0}, dynamics={"v": "1"}, inputs={"I": 0.0}, threshold="v > 5",
        refractory={"duration": "2.0", "clamp": {"v": "-20"}},
    )  # fmt: skip
    net = hsnn.Network(dt=0.1, backend="reference")
    a, b = net.population("a", 1, clamped, method="rk4"), net.population("b", 1, PASSIVE)
    net.couple(a, b, hsnn.connect.one_to_one(), conductance=2.0, symmetric=False)
    net.run(0.2)  # one step free, then clamped
    first = b.get("v")[0]
    net.run(0.5)
    assert b.get("v")[0] == pytest.approx(-20.0 + (first + 20.0) * np.exp(-0.5), rel=1e-5)


def test_auto_takes_the_method_that_another_coupled_population_names():
    net = hsnn.Network(dt=0.1, backend="reference")
    a, b = net.population("a", 1, PASSIVE), net.population("b", 1, PASSIVE, method="rk4")
    net.couple(a, b, hsnn.connect.one_to_one())
    assert all(len(kernel.stages.sections) == 4 for kernel in lower(net).kernels)
    c = net.population("c", 1, PASSIVE, method="rk2")
    net.couple(b, c, hsnn.connect.one_to_one())
    with pytest.raises(MethodError, match="the same method="):
        net.run(1.0)


SUBSTEPS = [  # C_m 2 pF and dt 0.1 ms: 0.05 ms times the largest total, in parts of 0.25
    (hsnn.connect.from_edges([0, 0], [1, 2]), 2.0, {}, 4.0, 1),
    (hsnn.connect.from_edges([0, 0], [1, 2]), [20.0, 40.0], {}, 60.0, 12),
    (hsnn.connect.all_to_all(), 10.0, {}, 40.0, 8),
    (hsnn.connect.all_to_all(), 10.0, {"normalize": "in_degree"}, 10.0, 2),
    (hsnn.connect.fixed_indegree(3), 10.0, {"symmetric": False}, 30.0, 6),
    (hsnn.connect.all_to_all(), 10.0, {"substeps": 3}, 40.0, 3),
]


@pytest.mark.parametrize(("rule", "conductance", "keywords", "total", "substeps"), SUBSTEPS)
def test_strong_couplings_divide_the_step(rule, conductance, keywords, total, substeps):
    net, cells = network(size=4)
    net.couple(cells, cells, rule, conductance=conductance, **keywords)
    program = lower(net)
    assert largest_totals(program.couplings[0], (4, 4))[0] == total
    assert program.substeps == substeps


@pytest.mark.parametrize(("dt", "g_Na", "expected"), [(0.1, 120.0, 8), (0.05, 120.0, 4), (0.01, 120.0, 1), (0.1, 30.0, 4)])
def test_fast_gates_divide_the_step(dt, g_Na, expected):
    net, cells = network(hsnn.models.hodgkin_huxley(), dt=dt)
    plain = net.population("plain", 2, PASSIVE)
    cells.set(g_Na=g_Na)
    net.couple(cells, plain, PAIR, conductance=0.01)
    lowered = lower_network(net)
    assert [model.method for model in lowered.models] == ["rk4", "rk4"]
    assert lowered.program.substeps == expected  # dt * (g_Na + g_K + g_L) / C_m, in parts of 2


def test_synapses_do_not_hide_how_fast_gates_are():
    axon = hsnn.models.membrane(C_m=1.0) + hsnn.channels.sodium() + hsnn.channels.potassium() + hsnn.receptors.nmda()
    net, cells = network(axon)
    net.couple(cells, cells, PAIR, conductance=0.01)
    assert lower(net).substeps == 8


def test_a_method_or_a_number_of_substeps_given_by_hand_stands():
    net, cells = network(hsnn.models.hodgkin_huxley())
    net.couple(cells, cells, PAIR, conductance=0.01, substeps=3)
    assert lower(net).substeps == 3
    net, cells = network(hsnn.models.hodgkin_huxley(), method="strang")
    net.couple(cells, cells, PAIR, conductance=0.01)
    assert (lower_network(net).models[0].method, lower(net).substeps) == ("strang", 1)


@pytest.mark.parametrize("rule", [hsnn.connect.bernoulli(0.05), hsnn.connect.fixed_total(4000)])
def test_totals_that_are_drawn_are_hardly_exceeded(rule):
    net, cells = network(size=300)
    coupling = net.couple(cells, cells, rule, conductance=hsnn.random.uniform(0.5, 1.5))
    edges = coupling.edges()
    ends = np.concatenate([edges.sources, edges.targets])
    true = np.bincount(ends, np.tile(edges.conductances, 2)).max()
    assert true < largest_totals(lower(net).couplings[0], (300, 300))[0] < 3.5 * true


def test_wrong_couplings_are_refused_with_the_way_out():
    net, cells = network(size=3)
    source = net.population("source", 3, hsnn.models.poisson(10.0))
    closed = net.population("closed", 3, hsnn.NeuronModel(name="closed", states={"v": 0.0}, dynamics={"v": "-v"}))
    exact = net.population("exact", 3, hsnn.models.lif_exp(), schedule="exact")
    every = hsnn.connect.all_to_all()

    def refused(kind, words, *arguments, **keywords):
        with pytest.raises(kind, match=words):
            net.couple(*arguments, **keywords)

    refused(UnknownNameError, r"'V_pre' is unknown. Did you mean 'v_pre'", cells, cells, every, function="V_pre - v_post")
    refused(DeclarationError, "closed has no input", closed, closed, every)
    refused(UnknownNameError, "'I_ext' is unknown.* Known: I", cells, cells, every, input="I_ext")
    refused(DeclarationError, "'source' is a source of spikes", source, cells, every, symmetric=False)
    refused(DeclarationError, "'exact' has no clock", cells, exact, every)
    refused(ValueRangeError, "conductance is -1", cells, cells, every, conductance=-1.0)
    refused(ValueRangeError, "conductance is NaN", cells, cells, every, conductance=np.nan)
    refused(ValueRangeError, "low=0", cells, cells, every, conductance=hsnn.random.normal(1.0, 1.0))
    refused(ShapeError, r"shape \(2,\)", cells, cells, every, conductance=[1.0, 2.0])
    refused(DeclarationError, "brings no conductance", cells, cells, every, conductance=None)
    refused(UnknownNameError, "normalize 'mean' is unknown", cells, cells, every, normalize="mean")
    refused(ExpressionError, "divides by zero", cells, cells, every, function="v_pre/0")
    refused(ValueRangeError, "substeps", cells, cells, every, substeps=0)
    refused(ArgumentTypeError, "one by one", cells + closed, cells, every)
    assert len(net.couplings) == 0
    net.couple(cells, cells, every, conductance=1e9)
    with pytest.raises(ValueRangeError, match=r"substeps in 0.1 ms. Take a smaller"):
        net.run(1.0)


def test_after_the_first_run_there_are_no_new_couplings():
    net, cells = network()
    coupling = net.couple(cells, cells, PAIR, name="gap")
    assert net.couplings["gap"] is coupling and repr(coupling) == "<coupling 'gap': v_pre - v_post, from_edges, junctions>"
    net.run(0.1)
    with pytest.raises(DeclarationError, match="a coupling cannot be added after the first run"):
        net.couple(cells, cells, PAIR)
    with pytest.raises(DeclarationError, match=r"coupling.set\(conductance=...\)"):
        coupling.conductance = 3.0
    with pytest.raises(UnknownNameError, match="'weight' is unknown"):
        coupling.set(weight=1.0)


def test_matrices_bring_conductances():
    net, cells = network(size=3)
    coupling = net.couple(cells, cells, hsnn.connect.from_dense([[0, 1, 2], [1, 0, 0], [2, 0, 0]]), conductance=None)
    assert [each.tolist() for each in coupling.edges()] == [[0, 0], [1, 2], [1.0, 2.0]]
    with pytest.raises(ValueRangeError, match="neurons 0 and 1"):
        net.couple(cells, cells, hsnn.connect.from_dense([[0, 1, 0], [2, 0, 0], [0, 0, 0]]), conductance=None)


def test_the_recorded_input_holds_what_couplings_add():
    net, cells = network(size=2)
    cells.set(v=[10.0, 0.0])
    net.couple(cells, cells, PAIR, conductance=0.001)
    trace = net.record(cells, "I")
    values = net.run(0.1)[trace]["I"].values
    assert values == pytest.approx(np.array([[-0.01, 0.01]]), rel=1e-3)
