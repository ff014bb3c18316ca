"""The Numba backend against the reference, to the bit: models x methods x precision, rules, threads x blocks, pieces."""

from functools import cache

import numpy as np
import pytest
from spikers import spikers

import hsnn_event as hsnn
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.protocol import Moment, Watch
from hsnn_event.backends.reference import ReferenceEngine
from hsnn_event.lowering.program import lower, lower_network, trial_keys
from hsnn_event.simulation import drawing

STEPS = 300

TWO = {"exc": 2.0, "inh": 5.0}
CONDUCTANCE = {"E_L": -60.0, "V_th": -50.0, "t_ref": 2.0, "tau_syn": {"exc": 5.0, "inh": 10.0}}
LEAKY_WITH_CURRENT = hsnn.NeuronModel(
    name="adaptive",
    parameters={"tau": 10.0, "tau_w": 50.0, "b": 2.0, "t_ref": 1.0},
    states={"v": 0.0, "w": "0.1*v"},
    dynamics={"v": "(I - w - v)/tau + 0.5*tanh(v/50)", "w": "-w/tau_w"},
    inputs={"I": 0.0},
    receptors={"exc": {"v": "v + weight"}, "inh": {"w": "w - weight"}},
    threshold="v >= 10",
    reset={"v": "0", "w": "w + b"},
    refractory={"duration": "t_ref", "clamp": {"v": "0"}},
)
FREE = hsnn.NeuronModel(  # no refractoriness, no synapses: it fires again and again
    name="free",
    parameters={"mu": 5.0},
    states={"v": 0.0},
    dynamics={"v": "mu - 0.1*v"},
    threshold="v > 10",
    reset={"v": "v - 10"},
)

AXON = hsnn.models.hodgkin_huxley() + hsnn.receptors.ampa() + hsnn.receptors.gaba_a(kinetics="rise_decay")
TRANSMITTERS = (
    hsnn.models.lif_delta(I_e=380.0)
    + hsnn.receptors.ampa(kinetics="destexhe", g_max=100.0)
    + hsnn.receptors.nmda(kinetics="destexhe")
    + hsnn.receptors.release(kinetics="spike")
    + hsnn.channels.m_current(g_M=0.5)
    + hsnn.receptors.gaba_b()
)

# name: model, methods, weights of (exc, inh), rate of a drive on the first receptor (Hz)
MODELS = {
    "lif_delta": (hsnn.models.lif_delta(I_e=380.0), ("auto", "rk4"), (2.0, -1.0), 500.0),
    "lif_exp": (hsnn.models.lif_exp(I_e=380.0, tau_syn=TWO), ("auto", "rk2", "exponential_euler"), (200.0, -100.0), 500.0),
    "lif_exp_one": (hsnn.models.lif_exp(I_e=380.0, tau_syn=10.0), ("auto",), (100.0, -50.0), 500.0),
    "lif_alpha": (hsnn.models.lif_alpha(I_e=380.0, tau_syn=TWO), ("auto", "rk4"), (200.0, -100.0), 500.0),
    "lif_cond_exp": (
        hsnn.models.lif_cond_exp(**CONDUCTANCE, I_e=200.0), ("auto", "rk4", "exponential_midpoint"), (6.0, 20.0), 3000.0
    ),
    "izhikevich": (
        hsnn.models.izhikevich(), ("auto", "rk2", "rk4", "izhikevich2003", "izhikevich2004"), (5.0, -3.0), 5000.0
    ),
    "izhikevich2007": (hsnn.models.izhikevich2007("LTS"), ("auto", "rk4"), (5.0, -3.0), 5000.0),
    "izhikevich_fs": (hsnn.models.izhikevich2007("FS"), ("auto",), (5.0, -3.0), 5000.0),
    "izhikevich_tc": (hsnn.models.izhikevich2007("TC"), ("auto",), (5.0, -3.0), 5000.0),
    "leaky_izhikevich": (hsnn.models.leaky_izhikevich(), ("auto",), (5.0, -3.0), 5000.0),
    "lif_dexp": (hsnn.models.lif_dexp(I_e=380.0, tau_rise={"exc": 0.5, "inh": 5.0}, tau_decay=TWO), ("auto", "rk4"),
                 (200.0, -100.0), 500.0),
    "lif_cond_alpha": (hsnn.models.lif_cond_alpha(**CONDUCTANCE, I_e=200.0), ("auto", "rk4"), (6.0, 20.0), 3000.0),
    "lif_cond_dexp": (
        hsnn.models.lif_cond_dexp(E_L=-60.0, V_th=-50.0, tau_rise=TWO, tau_decay={"exc": 5.0, "inh": 5.0}, I_e=200.0),
        ("auto", "exponential_euler"), (6.0, 20.0), 3000.0,
    ),
    "adaptive_lif": (hsnn.models.adaptive_lif(I_e=900.0, tau_syn=TWO), ("auto", "rk2"), (300.0, -100.0), 500.0),
    "eif": (hsnn.models.eif(I_e=380.0, tau_syn=TWO), ("auto", "rk4"), (200.0, -100.0), 500.0),
    "adex": (hsnn.models.adex(I_e=900.0, tau_syn=TWO), ("auto", "rk4"), (6.0, 20.0), 3000.0),
    "gif": (hsnn.models.gif(I_e=150.0, t_ref=2.0, tau_syn=TWO), ("auto", "rk4"), (50.0, -20.0), 3000.0),
    "jitter": (hsnn.models.regular(3.0, jitter=0.3), ("auto",), None, None),
    "chance_bursts": (hsnn.models.bursting(3, 0.5, rate=100.0), ("auto",), None, None),
    "binary": (hsnn.models.binary(theta=1.5), ("auto",), (1.0, -1.0), 3000.0),
    "regular": (hsnn.models.regular(3.0, phase=hsnn.random.uniform(0.0, 3.0)), ("auto",), None, None),
    "bursting": (hsnn.models.bursting(3, 0.5, 5.0), ("auto",), None, None),
    "adaptive": (LEAKY_WITH_CURRENT, ("auto", "rush_larsen"), (2.0, 1.0), 3000.0),
    "hodgkin_huxley": (AXON, ("auto", "rush_larsen"), (0.3, 0.5), 3000.0),
    "transmitters": (TRANSMITTERS, ("auto",), (0.5, 0.2), 5000.0),
    "traub_miles": (hsnn.models.traub_miles(I_e=200.0), ("auto",), (6.0, 20.0), 3000.0),
    "wang_buzsaki": (hsnn.models.wang_buzsaki() + hsnn.receptors.ampa(), ("auto",), (0.05, 0.1), 3000.0),
    "morris_lecar": (hsnn.models.morris_lecar(I_e=90.0) + hsnn.receptors.delta(), ("auto",), (5.0, -2.0), 1000.0),
    "fitzhugh_nagumo": (hsnn.models.fitzhugh_nagumo(I_e=0.3), ("auto",), (0.5, -0.1), 1000.0),
    "free": (FREE, ("auto", "rk2"), None, None),
}  # fmt: skip


def model_network(name, method, **keywords):
    """80 and 20 neurons of a model, connected, driven, with values that differ from neuron to neuron."""
    model, _, weights, rate = MODELS[name]
    net = hsnn.Network(dt=0.1, seed=11, **keywords)
    exc, inh = net.population("exc", 80, model, method=method), net.population("inh", 20, model, method=method)
    first = next(iter(model.states))
    rest = model.states[first] if isinstance(model.states[first], float) else -65.0
    exc.set(**{first: hsnn.random.uniform(rest, rest + 5.0)})
    if "t_ref" in model.parameters:
        inh.set(t_ref=np.where(np.arange(20) % 2, 1.0, 0.3))
    if "I" in model.inputs:
        net.drive(exc[10:], hsnn.stimuli.current(8.0, start=2.0, stop=25.0))
    if weights is not None:
        receptors = list(model.receptors)
        delay = hsnn.random.normal(1.5, 0.75, low=0.1)
        for target in (exc, inh):
            net.connect(exc, target, hsnn.connect.bernoulli(0.1), weight=weights[0], delay=delay, receptor=receptors[0])
            weight = hsnn.random.normal(weights[1], 0.1 * abs(weights[1]))
            net.connect(inh, target, hsnn.connect.fixed_total(200), weight=weight, delay=0.8, receptor=receptors[-1])
        net.drive(exc[5:], hsnn.stimuli.poisson(rate, start=1.0, stop=20.0), weight=weights[0], receptor=receptors[0])
    return net


def assert_same_bits(one, other, what):
    assert one.dtype == other.dtype and one.shape == other.shape, what
    if one.dtype == np.float64:
        one, other = one.view(np.int64), other.view(np.int64)
    assert np.array_equal(one, other), f"{what}: {np.flatnonzero(one != other)[:5]}"


def assert_parity(program, engines, steps=(STEPS,)):
    """All engines give the same spikes and states, and all backends the same edges; gives the number of spikes."""
    watch = Watch(np.ones(len(program.populations), dtype=np.bool_))
    kept = [spikes_of([engine.advance(n_steps, watch) for n_steps in steps]) for engine in engines]
    for engine, spikes in zip(engines[1:], kept[1:], strict=True):
        for what, one, other in zip(("steps", "populations", "ids"), kept[0], spikes, strict=True):
            assert np.array_equal(one, other), f"spikes: {what}"
        assert_same_states(program, engines[0], engine)
    for plan in program.projections:
        assert_same_edges(program, plan)
    return len(kept[0][0])


def assert_same_edges(program, plan):
    sizes = program.populations[plan.source].size, program.populations[plan.target].size
    drawn = [drawing.backend_edges(backend, plan, sizes, program.weight_type, 2) for backend in ("reference", "numba")]
    for what, one, other in zip(("source", "target", "weight", "delay"), *drawn, strict=True):
        assert_same_bits(one, other, f"{what} of {plan.name}")


def spikes_of(pieces):
    """Steps, populations and ids of all pieces together."""
    return [np.concatenate(columns) for columns in zip(*((p.steps, p.populations, p.ids) for p in pieces), strict=True)]


def assert_same_states(program, one, other):
    for number, plan in enumerate(program.populations):
        for state in plan.states:
            assert_same_bits(one.read(number, state), other.read(number, state), f"{plan.name}.{state}")


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("name, method", [(name, method) for name in MODELS for method in MODELS[name][1]])
def test_every_model_and_method(name, method, precision):
    program = lower(model_network(name, method, precision=precision))
    n_spikes = assert_parity(program, [ReferenceEngine(program), NumbaEngine(program, 2, 3)])
    assert n_spikes > 20


RULES = [
    hsnn.connect.bernoulli(0.15),
    hsnn.connect.bernoulli(0.15, autapses=False),
    hsnn.connect.bernoulli(1.0, autapses=False),
    hsnn.connect.bernoulli(0.0),
    hsnn.connect.fixed_total(150),
    hsnn.connect.fixed_total(150, autapses=False),
    hsnn.connect.fixed_total(150, multapses=False),
    hsnn.connect.fixed_total(150, autapses=False, multapses=False),
    hsnn.connect.fixed_outdegree(7),
    hsnn.connect.fixed_outdegree(7, autapses=False),
    hsnn.connect.fixed_outdegree(7, multapses=False),
    hsnn.connect.fixed_outdegree(7, autapses=False, multapses=False),
    hsnn.connect.fixed_indegree(6),
    hsnn.connect.fixed_indegree(6, autapses=False),
    hsnn.connect.fixed_indegree(6, multapses=False),
    hsnn.connect.fixed_indegree(6, autapses=False, multapses=False),
    hsnn.connect.one_to_one(),
    hsnn.connect.all_to_all(),
    hsnn.connect.all_to_all(autapses=False),
    hsnn.connect.from_edges([3, 0, 3, 9, 0, 3], [1, 2, 1, 9, 2, 0]),
    hsnn.connect.from_edges([], []),
    hsnn.connect.from_edges([3, 0, 3, 9, 9, 3], [1, 2, 1, 9, 9, 0], autapses=False),
    hsnn.connect.from_edges([3, 0, 3, 9, 9, 3], [1, 2, 1, 9, 9, 0], multapses=False),
    hsnn.connect.one_to_one(autapses=False),
    hsnn.connect.fixed_total(0),
]
LAWS = {
    "normal": hsnn.random.normal(2.0, 1.0, low=0.5, high=4.0),
    "clipped": hsnn.random.normal(2.0, 1.0, low=1.5, outside="clip"),
    "lognormal": hsnn.random.lognormal(0.0, 0.5),
    "exponential": hsnn.random.exponential(2.0, low=0.5),
    "uniform": hsnn.random.uniform(0.1, 3.0),
}


def rule_id(rule):
    return f"{rule}{'' if rule.autapses else '-autapses'}{'' if rule.multapses else '-multapses'}-{rule.p}-{rule.count}"


def rule_network(rule, weight, delay, views):
    net = hsnn.Network(dt=0.1, seed=4)
    cells = net.population("cells", 30, hsnn.models.lif_exp(I_e=390.0, tau_syn=TWO))
    cells.set(v=hsnn.random.uniform(-60.0, -55.0))
    source, target = (cells[4:24], cells[[25, 3, 9, *range(10, 23), 0, 5, 29, 1]]) if views else (cells, cells)
    count = rule.n_values(source.size, target.size)
    array = 1.2 if count is None else np.linspace(0.5, 3.0, count).round(1)
    weight, delay = ({**LAWS, "array": array, "constant": 1.2}[law] for law in (weight, delay))
    net.connect(source, target, rule, weight=weight, delay=delay, receptor="exc")
    net.connect(cells, cells, hsnn.connect.fixed_outdegree(3), weight=-20.0, delay=1.2, receptor="inh")
    return net


@pytest.mark.parametrize(
    "weight, delay, views", [("normal", "normal", False), ("array", "array", True), ("constant", "uniform", True)]
)
@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_every_rule(rule, weight, delay, views):
    program = lower(rule_network(rule, weight, delay, views))
    assert assert_parity(program, [ReferenceEngine(program), NumbaEngine(program, 1, 2)]) > 20


@pytest.mark.parametrize("law", LAWS)
def test_every_distribution(law):
    program = lower(rule_network(RULES[0], law, law, False))
    assert assert_parity(program, [ReferenceEngine(program), NumbaEngine(program, 2, 2)]) > 20


@cache
def mixed_program(precision, weights):
    return lower(model_network("lif_exp", "auto", precision=precision, weights=weights))


@pytest.mark.parametrize(
    "precision, weights", [("double", "auto"), ("double", "float32"), ("single", "auto"), ("single", "float64")]
)
def test_threads_and_blocks_do_not_matter(precision, weights):
    program = mixed_program(precision, weights)
    teams = (1, 1), (2, 2), (3, 3), (2, 16), (3, 5), (1, 16)
    engines = [NumbaEngine(program, threads, blocks) for threads, blocks in teams]
    assert_parity(program, [ReferenceEngine(program), *engines])


def test_pieces_do_not_matter():
    program = mixed_program("double", "auto")
    whole, pieces = NumbaEngine(program, 2, 2), NumbaEngine(program, 2, 2)
    watch = Watch(np.ones(2, dtype=np.bool_))
    one = spikes_of([whole.advance(300, watch)])
    other = spikes_of([pieces.advance(n_steps, watch) for n_steps in (1, 2, 97, 100, 50, 50)])
    assert all(np.array_equal(x, y) for x, y in zip(one, other, strict=True))
    assert_same_states(program, whole, pieces)


def test_values_written_between_runs():
    program = mixed_program("double", "auto")
    engines = [ReferenceEngine(program), NumbaEngine(program, 2, 3)]
    assert_parity(program, engines, (50,))
    for engine in engines:
        engine.write(0, "v", np.linspace(-70.0, -56.0, 80))
        engine.write(1, "V_th", np.linspace(-60.0, -50.0, 20))
        engine.write(0, "V_reset", -65.0)
        engine.write(1, "refractory_steps", 13.0)
    assert assert_parity(program, engines, (100,)) > 20


def test_a_restart_is_a_new_beginning():
    net = model_network("lif_exp", "auto")
    program = lower(net)
    engines = [ReferenceEngine(program), NumbaEngine(program, 2, 3)]
    assert_parity(program, engines)
    beginning = Moment.start(trial_keys(net, lower_network(net).models, 1), len(program.populations))
    for engine in engines:
        engine.restore(beginning)
        for number, plan in enumerate(program.populations):
            for state, values in plan.states.items():
                engine.write(number, state, values)
    other_trial = assert_parity(program, engines)
    assert other_trial > 20
    fresh = ReferenceEngine(program)
    fresh.restore(beginning)
    assert assert_parity(program, [fresh]) == other_trial


def test_all_neurons_firing_at_once_and_long_delays():
    net = hsnn.Network(dt=0.01, seed=2)
    cells = net.population("cells", 70, hsnn.models.lif_delta(t_ref=0.0))
    source = spikers(net, [0.05, 0.07])
    net.connect(source, cells, hsnn.connect.all_to_all(), weight=30.0, delay=0.01)
    delay = np.tile([0.01, 0.02, 5.0, 100.0, 1.0, 0.03, 50.0], 700)
    net.connect(cells, cells, hsnn.connect.all_to_all(), weight=0.4, delay=delay)
    program = lower(net)
    assert assert_parity(program, [ReferenceEngine(program), NumbaEngine(program, 2, 4)], (30, 500)) >= 140
    engine = NumbaEngine(program, 1, 1)
    engine.advance(11_000, Watch(np.ones(2, dtype=np.bool_)))
    assert engine.step == 11_000


def test_populations_of_one_and_without_targets():
    net = hsnn.Network(dt=0.1, seed=2)
    one = net.population("one", 1, hsnn.models.lif_delta(I_e=500.0))
    net.population("two", 1, FREE)
    net.population("three", 3, hsnn.models.izhikevich())
    net.connect(one, one, hsnn.connect.all_to_all(), weight=0.5, delay=0.1)
    program = lower(net)
    assert assert_parity(program, [ReferenceEngine(program), NumbaEngine(program, 3, 4)]) > 5


@pytest.mark.parametrize("rate", [0.0, 100.0, 50_000.0, 200_000.0])
@pytest.mark.parametrize("each", [False, True])
def test_poisson_drives(rate, each):
    net = hsnn.Network(dt=0.1, seed=2)
    cells = net.population("cells", 700, hsnn.models.lif_exp(tau_syn=TWO))
    some = cells[[3, *range(60, 70), *range(250, 600), 2, 699]]
    rates = np.linspace(0.0, rate, some.size) if each else rate
    weights = np.linspace(1.0, 3.0, some.size) if each else 2.5
    net.drive(cells, hsnn.stimuli.poisson(rate, start=0.5), weight=1.5, receptor="inh", delay=0.3)
    net.drive(some, hsnn.stimuli.poisson(rates, stop=1.0), weight=weights, receptor="exc")
    program = lower(net)
    assert_parity(program, [ReferenceEngine(program), NumbaEngine(program, 2, 3)], (7, 13))


def test_the_public_run_is_the_same_on_both_backends():
    results = []
    for backend in ("reference", "numba"):
        net = model_network("adaptive", "auto", backend=backend)
        net.record(net["exc"], "spikes")
        trace = net.record(net["inh"], ("v", "w"), every=0.7)
        results.append(hsnn.concatenate([net.run(12.0), net.run(18.0)]))
    one, other = results
    assert len(one.spikes["exc"]) > 20 and one.spikes["exc"] == other.spikes["exc"]
    assert one[trace]["v"] == other[trace]["v"] and one[trace]["w"] == other[trace]["w"]
