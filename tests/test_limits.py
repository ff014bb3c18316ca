"""Extremes through `net.run`: no limit is silent, and none depends on pieces, recording, threads or blocks."""

import itertools

import numpy as np
import pytest
from spikers import spikers

import hsnn_event as hsnn
from hsnn_event.errors import DivergenceError

EXC_INH = {"exc": 2.0, "inh": 5.0}
ALWAYS = hsnn.NeuronModel(  # fires in every step, whatever it is sent
    name="always", states={"x": 0.0}, dynamics={"x": "0"}, receptors={"default": {"x": "x + weight"}}, threshold="x > -1",
    reset={"x": "x"}
)
ADDER = hsnn.NeuronModel(  # keeps the sum of all that arrives
    name="adder", states={"x": 0.0}, dynamics={"x": "0"}, receptors={"default": {"x": "x + weight"}}
)


def times_of_changes(data, neuron=0):
    """When a recorded state of a neuron changed (ms)."""
    return data.times[np.diff(data.values[:, neuron], prepend=0.0) != 0.0].tolist()


def test_a_delay_of_100_ms_at_a_step_of_0_01():
    net = hsnn.Network(dt=0.01, threads=1)
    cell = net.population("cell", 1, ADDER)
    source = spikers(net, [0.01, 0.02, 7.5])
    net.connect(source, cell, hsnn.connect.all_to_all(), weight=np.array([1.0, 2.0, 4.0]), delay=100.0)
    trace = net.record(cell, "x")
    data = net.run(110.0)[trace]["x"]
    assert times_of_changes(data) == [100.01, 100.02, 107.5]
    assert data.values[[10_000, 10_001, 10_749], 0].tolist() == [1.0, 3.0, 7.0]


def test_delays_that_differ_by_four_orders():
    delays = [0.01, 0.02, 0.1, 1.0, 10.0, 100.0, 163.84]
    net = hsnn.Network(dt=0.01, threads=1)
    cells = net.population("cells", len(delays), ADDER)
    source = spikers(net, [0.5, 1.25])
    net.connect(source, cells, hsnn.connect.all_to_all(), weight=1.0, delay=np.array(delays * 2))
    trace = net.record(cells, "x")
    data = net.run(170.0)[trace]["x"]
    for neuron, delay in enumerate(delays):
        assert times_of_changes(data, neuron) == [round(0.5 + delay, 2), round(1.25 + delay, 2)]


@pytest.mark.parametrize("threads, blocks", [(1, 1), (2, 3)])
def test_all_neurons_firing_in_every_step(threads, blocks):
    # 500 neurons x 500 targets x 60 steps: 15 million arrivals, and spikes beyond the first room of every list.
    net = hsnn.Network(dt=0.1, threads=threads, blocks=blocks)
    cells = net.population("cells", 500, ALWAYS)
    net.connect(cells, cells, hsnn.connect.all_to_all(), weight=1.0, delay=np.tile([0.1, 0.5, 2.0, 3.0, 0.1], 50_000))
    net.record(cells, "spikes")
    spikes = net.run(6.0).spikes["cells"]
    assert len(spikes) == 500 * 60
    assert np.array_equal(spikes.ids.reshape(60, 500), np.tile(np.arange(500), (60, 1)))
    assert np.array_equal(np.unique(spikes.times, return_counts=True)[1], np.full(60, 500))
    # Target j has the delay of its number; of 60 emissions those arrive that are early enough.
    arrived = {0.1: 59, 0.5: 55, 2.0: 40, 3.0: 30}
    assert cells.get("x").tolist() == [500.0 * arrived[delay] for delay in (0.1, 0.5, 2.0, 3.0, 0.1)] * 100


def test_neurons_without_targets_fire_all_the_same():
    net = hsnn.Network(dt=0.1)
    source, target = net.population("source", 4, ALWAYS), net.population("target", 3, ADDER)
    net.connect(source, target, hsnn.connect.from_edges([1, 1, 3], [0, 0, 2]), weight=1.0, delay=0.2)
    net.record(source, "spikes")
    assert len(net.run(1.0).spikes["source"]) == 40
    assert target.get("x").tolist() == [16.0, 0.0, 8.0]


def test_populations_of_one_in_a_chain_that_ends_in_itself():
    net = hsnn.Network(dt=0.1, threads=2, blocks=5)
    chain = [net.population(f"p{k}", 1, hsnn.models.lif_delta(t_ref=0.0)) for k in range(4)]
    first = spikers(net, [0.3])
    for source, target in itertools.pairwise([first, *chain, chain[-1]]):
        net.connect(source, target, hsnn.connect.one_to_one(), weight=20.0, delay=1.1)
    for population in chain:
        net.record(population, "spikes")
    spikes = net.run(8.0).spikes
    assert [spikes[population].times.tolist() for population in chain] == [[1.4], [2.5], [3.6], [4.7, 5.8, 6.9, 8.0]]


@pytest.mark.parametrize("rule", [hsnn.connect.bernoulli(0.0), hsnn.connect.fixed_total(0), hsnn.connect.fixed_indegree(0),
                                  hsnn.connect.fixed_outdegree(0), hsnn.connect.from_edges([], [])], ids=str)  # fmt: skip
def test_an_empty_projection(rule):
    net = hsnn.Network(dt=0.1)
    source, target = net.population("source", 3, ALWAYS), net.population("target", 2, ADDER)
    empty = net.connect(source, target, rule, weight=1.0, delay=hsnn.random.uniform(0.1, 5.0))
    net.connect(source[:1], target[1:], hsnn.connect.all_to_all(), weight=1.0, delay=0.1)
    net.run(2.0)
    assert empty.n_synapses == len(empty.edges().sources) == 0
    assert target.get("x").tolist() == [0.0, 19.0]


def test_a_network_without_any_projection():
    net = hsnn.Network(dt=0.1, threads=3)
    net.record(net.population("cells", 2, ALWAYS), "spikes")
    assert len(net.run(1.0).spikes["cells"]) == 20


@pytest.mark.parametrize("threads", [1, 2])
def test_more_ports_than_one_block_can_number(threads):
    # 70,000 neurons x 2 receptors are 140,000 ports, of which a block numbers 65,536.
    n = 70_000
    two = hsnn.NeuronModel(
        name="two", states={"x": 0.0, "y": 0.0}, dynamics={"x": "0", "y": "0"},
        receptors={"a": {"x": "x + weight"}, "b": {"y": "y + weight"}},
    )  # fmt: skip
    net = hsnn.Network(dt=0.1, threads=threads, seed=5)
    cells = net.population("cells", n, two)
    source = spikers(net, [0.1, 0.2])
    weights = np.arange(1.0, 2 * n + 1)
    to_a = net.connect(source, cells, hsnn.connect.all_to_all(), weight=weights, delay=0.1, receptor="a")
    to_b = net.connect(source, cells, hsnn.connect.fixed_total(200_000), weight=1.0, delay=0.3, receptor="b")
    net.run(1.0)
    assert np.array_equal(cells.get("x"), weights[:n] + weights[n:])
    assert np.array_equal(cells.get("y"), np.bincount(to_b.edges().targets, minlength=n))
    assert to_a.n_synapses == 2 * n


def busy(**keywords):
    """A network that keeps firing, with every kind of synapse, drive and value, and delays from 0.1 to 60 ms."""
    net = hsnn.Network(dt=0.1, seed=9, **keywords)
    cell = hsnn.models.lif_exp(tau_syn=EXC_INH, I_e=340.0)
    exc, inh = net.population("exc", 300, cell), net.population("inh", 75, cell)
    (exc + inh).set(v=hsnn.random.uniform(-70.0, -55.0))
    exc[:50].set(t_ref=hsnn.random.uniform(0.5, 3.0))
    slow = hsnn.random.exponential(8.0, low=0.1, high=60.0)
    jump, pull = hsnn.random.normal(40.0, 4.0), hsnn.random.normal(-120.0, 12.0)
    for target in (exc, inh):
        net.connect(exc, target, hsnn.connect.fixed_total(20 * target.size), weight=jump, delay=slow, receptor="exc")
        net.connect(inh, target, hsnn.connect.bernoulli(0.1), weight=pull, delay=0.1, receptor="inh")
    net.drive(exc[20:], hsnn.stimuli.poisson(2000.0, start=5.0), weight=25.0, receptor="exc", delay=1.5)
    net.drive(inh, hsnn.stimuli.current(30.0, start=10.0, stop=40.0))
    return net


STATES = ("v", "I_exc", "I_inh")


def end_of(net):
    """Every bit of state."""
    return np.concatenate([net[name].get(state) for name in ("exc", "inh") for state in STATES]).view(np.int64)


@pytest.fixture(scope="module", params=["double", "single"])
def whole(request):
    """A run in one piece on one thread and one block, recorded: precision, spikes, end."""
    net = busy(precision=request.param, threads=1, blocks=1)
    net.record(net["exc"] + net["inh"], "spikes")
    spikes = net.run(150.0).spikes
    assert len(spikes["exc"]) > 300 and len(spikes["inh"]) > 50
    return request.param, spikes, end_of(net)


@pytest.mark.parametrize("threads, blocks", [*itertools.product((1, 2, 3), (1, 2, 16)), (2, None)])
def test_ten_pieces_on_any_team_are_one_piece_on_one_thread(whole, threads, blocks):
    precision, spikes, end = whole
    net = busy(precision=precision, threads=threads, blocks=blocks)
    net.record(net["exc"] + net["inh"], "spikes")
    pieces = hsnn.concatenate([net.run(15.0) for _ in range(10)])
    assert pieces.spikes["exc"] == spikes["exc"] and pieces.spikes["inh"] == spikes["inh"]
    assert np.array_equal(end_of(net), end)


@pytest.mark.parametrize("what", ["nothing", "one population", "some neurons", "states"])
def test_recording_changes_nothing(whole, what):
    precision, spikes, end = whole
    net = busy(precision=precision, threads=2)
    if what == "one population":
        net.record(net["inh"], "spikes")
    elif what == "some neurons":
        net.record(net["exc"][[7, 3, 250]], "spikes")
    elif what == "states":
        net.record(net["exc"][:5], STATES, every=0.7)
        net.record(net["inh"], "v")
    result = net.run(150.0)
    assert np.array_equal(end_of(net), end)
    if what == "one population":
        assert result.spikes["inh"] == spikes["inh"] and list(result.spikes) == ["inh"]
    if what == "some neurons":
        assert np.array_equal(result.spikes["exc"].times, spikes["exc"][[7, 3, 250]].times)


def test_a_diverging_state_is_an_error_that_keeps_what_was_recorded():
    net = hsnn.Network(dt=0.1, threads=2)
    runaway = hsnn.NeuronModel(
        name="runaway", parameters={"a": 0.0}, states={"v": 1.0}, dynamics={"v": "a*v**2"},
        threshold="v > 2", reset={"v": "v"},
    )  # fmt: skip
    cells = net.population("cells", 40, runaway)
    cells[33].set(a=0.05)  # v = 1 / (1 - 0.05 t): past 2 at 10 ms, and beyond all bounds soon after 20 ms
    net.record(cells, "spikes")
    with pytest.raises(DivergenceError, match=r"population 'cells': v of neuron 33 is .*method=") as caught:
        net.run(500.0)
    error = caught.value
    assert (error.population, error.state, error.neuron) == ("cells", "v", 33)
    assert error.result is net.last_result and error.result.t_stop == net.t == error.time <= 500.0
    kept = error.result.spikes["cells"]
    assert kept.times[0] == pytest.approx(10.0, abs=0.2) and set(kept.ids) == {33}


def test_weights_that_overflow_are_found():
    net = hsnn.Network(dt=0.1, precision="single")
    cell = net.population("cell", 1, ADDER)
    net.connect(spikers(net, [0.5, 0.5]), cell, hsnn.connect.all_to_all(), weight=3e38, delay=0.1)
    with pytest.raises(DivergenceError, match="x of neuron 0 is inf"):
        net.run(2.0)
