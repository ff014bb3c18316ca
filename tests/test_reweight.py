"""Weights set anew: as if declared so, on both backends, also where synapses shared one and while spikes are in flight."""

import numpy as np
import pytest
from scipy import sparse
from spikers import spikers
from test_parity import assert_parity, assert_same_bits

import hsnn_event as hsnn
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.reference import ReferenceEngine
from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, UnknownNameError, ValueRangeError
from hsnn_event.lowering.program import lower, value_plan
from hsnn_event.network.projection import PerEdge

connect, random = hsnn.connect, hsnn.random
UNIFORM, DRAWN = 20.0, random.normal(20.0, 5.0)


def network(weight=UNIFORM, backend="reference", **keywords):
    """60 neurons; a permuted view reaches all of them, and everyone three others."""
    net = hsnn.Network(dt=0.1, seed=1, backend=backend, **keywords)
    cells = net.population("cells", 60, hsnn.models.lif_exp(I_e=390.0, tau_syn=2.0))
    cells.set(v=random.uniform(-60.0, -50.0))
    rule, delay = connect.bernoulli(0.2, autapses=False), random.uniform(0.1, 9.0)
    net.connect(cells[::-1][:40], cells, rule, weight=weight, delay=delay, name="first")
    net.connect(cells, cells, connect.fixed_indegree(3), weight=UNIFORM, delay=1.0, name="second")
    net.record(cells, "spikes")
    return net


def ordered(net, seed=0):
    n = net.projections["first"].n_synapses
    return PerEdge(np.random.default_rng(seed).normal(20.0, 30.0, n))


@pytest.mark.parametrize("weights", ["float64", "float32"])
@pytest.mark.parametrize("before", [UNIFORM, DRAWN], ids=["uniform", "drawn"])
def test_both_backends_set_weights_alike(before, weights):
    net = network(before, weights=weights)
    program = lower(net)
    engines = [ReferenceEngine(program), NumbaEngine(program, 2, 3), NumbaEngine(program, 1, 1)]
    assert_parity(program, engines, (60,))  # delays of up to 90 steps: spikes are in flight
    for value in (ordered(net), 35.0, random.lognormal(2.0, 1.0), ordered(net, 1), UNIFORM):
        for engine in engines:
            engine.reweight(0, value_plan(value))
        assert_parity(program, engines, (60,))
    for engine in engines:
        engine.reweight(1, value_plan(UNIFORM))
    assert_parity(program, engines, (60,))


@pytest.mark.parametrize("kind", ["ordered", "number", "drawn"])
@pytest.mark.parametrize("before", [UNIFORM, DRAWN], ids=["uniform", "drawn"])
def test_set_weights_are_those_of_a_network_declared_so(before, kind):
    net = network()
    value = {"ordered": ordered(net), "number": 30.0, "drawn": random.uniform(0.0, 60.0)}[kind]
    net.projections["first"].take_weight(value)
    declared, changed = lower(net), lower(network(before))
    fresh, engine = NumbaEngine(declared, 2, 2), NumbaEngine(changed, 2, 2)
    engine.reweight(0, value_plan(value))
    reference = ReferenceEngine(declared)
    assert_parity(declared, [reference, fresh, engine], (300,))


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_public_set(backend):
    net = network(backend=backend)
    first = net.projections["first"]
    edges = first.edges()
    values = np.linspace(1.0, 2.0, len(edges.weights))
    first.set(weight=values)  # before the first run
    assert np.array_equal(first.get("weight"), values)
    assert np.isnan(first.bytes_per_synapse)
    net.run(1.0)
    assert np.array_equal(first.get("weight"), values)
    first.set(weight=2.5)
    assert set(first.get("weight")) == {2.5}
    first.set(weight=first.to_scipy() * 2)
    assert set(first.get("weight")) == {5.0}
    shuffled = np.random.default_rng(1).permutation(len(values))
    pairs = edges.sources[shuffled], edges.targets[shuffled]
    first.set(weight=sparse.coo_array((values[shuffled], pairs), shape=(60, 60)))
    assert np.array_equal(first.get("weight"), values)
    for what, one, other in zip(edges._fields, first.edges(), edges._replace(weights=values), strict=True):
        assert_same_bits(one, other, what)
    assert np.isnan(first.bytes_per_synapse) if backend == "reference" else 10 < first.bytes_per_synapse < 100
    net.reset()
    assert np.array_equal(first.get("weight"), values)


def test_weights_are_not_assigned():
    first = network(backend="reference").projections["first"]
    before = first.weight
    with pytest.raises(DeclarationError, match=r"projection 'first': weight is set by projection.set\(weight=...\), not by"):
        first.weight = 9.0
    for name in ("delay", "rule", "name", "foo", "n_synapses"):
        words = rf"projection 'first': attribute '{name}' cannot be assigned; .*new network"
        with pytest.raises(DeclarationError, match=words):
            setattr(first, name, None)
    assert first.weight is before
    first._mine = 1


def test_parallel_synapses_keep_their_order():
    net = hsnn.Network(dt=0.1, backend="reference")
    cells = net.population("cells", 2, hsnn.models.lif_delta())
    made = net.connect(cells, cells, connect.from_edges([0, 0, 0], [1, 1, 1]), weight=[1, 2, 3], delay=[0.3, 0.1, 0.2])
    matrix = made.to_scipy()
    assert matrix.nnz == 3 and matrix.data.tolist() == [2.0, 3.0, 1.0]
    made.set(weight=matrix * 10)
    assert made.get("weight").tolist() == [20.0, 30.0, 10.0]


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_a_spike_in_flight_arrives_with_the_new_weight(backend):
    net = hsnn.Network(dt=0.1, backend=backend)
    source, cells = spikers(net, [0.5, 5.0]), net.population("cells", 2, hsnn.models.lif_delta(tau_m=1e9))
    made = net.connect(source, cells, connect.one_to_one(), weight=1.0, delay=1.0)
    rest = cells.get("v")
    net.run(1.0)
    made.set(weight=[3.0, 4.0])
    net.run(1.0)
    assert cells.get("v") - rest == pytest.approx([3.0, 0.0])
    net.run(5.0)
    assert cells.get("v") - rest == pytest.approx([3.0, 4.0])


@pytest.mark.parametrize(
    "values, error, words",
    [
        ({"delay": 1.0}, UnknownNameError, "'delay'"),
        ({"weight": np.nan}, ValueRangeError, "first: weight is NaN"),
        ({"weight": "a"}, ArgumentTypeError, "first: weight must be a number"),
        ({"weight": [1.0, 2.0]}, ShapeError, r"shape \(2,\)"),
        ({"weight": sparse.coo_array((3, 3))}, ShapeError, r"\(3, 3\).*\(60, 60\)"),
        ({"weight": sparse.coo_array(np.eye(60))}, ValueRangeError, "other entries"),
    ],
)
def test_bad_weights_are_refused(values, error, words):
    net = network()
    with pytest.raises(error, match=words):
        net.projections["first"].set(**values)
    assert net.projections["first"].weight == UNIFORM
