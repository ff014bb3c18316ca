"""Delays by distance: exact for every rule, on both schedules and backends; rounding, files, errors."""

import math
import pickle

import networkx as nx
import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import DeclarationError, FileFormatError, ShapeError, ValueRangeError

C, P = hsnn.connect, hsnn.space
CELL = hsnn.models.lif_exp()
SPACE = P.random(40, (1.0, 2.0), periodic=(True, False))
RULES = {
    "bernoulli": C.bernoulli(0.3),
    "bernoulli without autapses": C.bernoulli(0.3, autapses=False),
    "fixed_indegree": C.fixed_indegree(5, multapses=False),
    "fixed_outdegree": C.fixed_outdegree(5, autapses=False),
    "fixed_total": C.fixed_total(90),
    "all_to_all": C.all_to_all(autapses=False),
    "one_to_one": C.one_to_one(),
    "from_edges": C.from_edges([0, 1, 2, 2], [2, 3, 4, 4]),
    "from_function": C.from_function(lambda i, j: (i + j) % 3 == 0),
    "small_world": C.small_world(4, 0.2),
    "radius": C.radius(0.4),
    "kernel": C.kernel(P.gaussian(0.2)),
}


def connected(rule, delay=None, exact=False, views=False, shape=SPACE, **keywords):
    net = hsnn.Network(dt=None if exact else 0.1, seed=1, **keywords)
    source, target = (net.population(name, shape, CELL) for name in ("source", "target"))
    ends = (source[[7, 3, 30, 21]], target[5:25]) if views else (source, source)
    delay = hsnn.distance_delay(0.3, offset=0.5) if delay is None else delay
    return net.connect(*ends, rule, weight=hsnn.random.normal(1.0, 0.1), delay=delay)


def lengths(projection, edges):
    """Distances by brute force over the images of one period."""
    ends = projection.source.population, projection.target.population
    apart = ends[1].positions[edges.targets] - ends[0].positions[edges.sources]
    period = np.where(np.isfinite(ends[0].space.period), ends[0].space.period, 0.0)
    return np.linalg.norm(np.min([abs(apart + image * period) for image in (-1, 0, 1)], axis=0), axis=1)


@pytest.mark.parametrize("exact", [False, True], ids=["clock", "exact"])
@pytest.mark.parametrize("kind", RULES)
def test_a_delay_is_that_of_its_distance_under_every_rule_and_backend(kind, exact):
    made = {backend: connected(RULES[kind], exact=exact, backend=backend) for backend in ("numba", "reference")}
    edges = {backend: projection.edges() for backend, projection in made.items()}
    for ours, reference in zip(*edges.values(), strict=True):
        assert np.array_equal(ours, reference)
    assert made["numba"].delay_rounding == made["reference"].delay_rounding
    times = 0.5 + lengths(made["numba"], edges["numba"]) / 0.3
    rounding = made["numba"].delay_rounding
    if exact:
        assert np.allclose(edges["numba"].delays, times, rtol=1e-14, atol=0.0) and rounding.count == 0
        return
    steps = np.maximum(1, np.floor(times / 0.1 + 0.5))
    assert np.allclose(edges["numba"].delays, steps * 0.1)
    moved = abs(steps * 0.1 - times)[abs(steps * 0.1 - times) > 1e-7]
    assert rounding.count == len(moved) and rounding.largest == pytest.approx(moved.max(initial=0.0))


@pytest.mark.parametrize("exact", [False, True], ids=["clock", "exact"])
def test_views_and_threads(exact):
    made = [connected(RULES["bernoulli"], exact=exact, views=True, **keywords) for keywords in
            ({"threads": 1}, {"threads": 3}, {"backend": "reference"})]  # fmt: skip
    edges = [each.edges() for each in made]
    assert all(np.array_equal(ours, other) for each in edges[1:] for ours, other in zip(edges[0], each, strict=True))
    times = 0.5 + lengths(made[0], edges[0]) / 0.3
    assert abs(edges[0].delays - times).max() <= (1e-14 if exact else 0.05 + 1e-9) and len(times) > 5


def test_the_structure_is_that_without_distances():
    plain = connected(RULES["bernoulli"], delay=1.0).edges()
    far = connected(RULES["bernoulli"]).edges()
    assert {*zip(plain.sources, plain.targets, plain.weights, strict=True)} == {
        *zip(far.sources, far.targets, far.weights, strict=True)
    }


@pytest.mark.parametrize("exact", [False, True], ids=["clock", "exact"])
@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_spikes_arrive_after_their_delays(exact, backend):
    """A spike at 1 ms travels along a line; each neuron fires on arrival, once."""
    net = hsnn.Network(dt=None if exact else 0.1, seed=1, backend=backend)
    start = net.population("start", P.at([[0.0]]), hsnn.models.spike_source([1.0], [0]))
    line = net.population("line", hsnn.lattice(6, spacing=0.25), hsnn.models.lif_delta(V_th=-50.0, E_L=-65.0, t_ref=100.0))
    net.connect(start, line, C.all_to_all(), weight=30.0, delay=hsnn.distance_delay(0.5, offset=0.7))
    net.record(line, "spikes")
    spikes = net.run(10.0).spikes["line"]
    assert spikes.ids.tolist() == list(range(6)) and np.allclose(spikes.times, 1.7 + 0.5 * np.arange(6), atol=1e-9)


@pytest.mark.parametrize("kinds", ["clock", "exact", "both"])
def test_networks_with_delays_by_distance_run_the_same_on_both_backends(kinds):
    """Without a clock an offset of 0 makes delays of 0 possible, which another loop takes."""
    made = []
    for backend in ("numba", "reference"):
        net = hsnn.Network(dt=None if kinds == "exact" else 0.1, seed=1, backend=backend)
        cell = hsnn.models.lif_delta(t_ref=2.0)
        left = net.population("left", P.random(30, (1.0, 1.0)), cell)
        right = net.population("right", P.random(30, (1.0, 1.0)), cell, schedule="clock" if kinds == "clock" else "exact")
        delay = hsnn.distance_delay(0.3, offset=0.2 if kinds == "both" else 0.0)
        net.connect(left, right, C.radius(0.4), weight=4.0, delay=delay)
        net.connect(right, left, C.bernoulli(0.3), weight=4.0, delay=delay)
        net.drive(left, hsnn.stimuli.poisson(2000.0), weight=3.0)
        net.record(left + right, "spikes")
        made.append(net.run(20.0).spikes)
    assert all(made[0][name] == made[1][name] and len(made[0][name]) > 50 for name in ("left", "right"))


def test_a_graph_with_positions_takes_delays_by_distance():
    graph = nx.random_geometric_graph(20, 0.4, seed=1)
    delay = hsnn.distance_delay(0.3, offset=0.5)
    net = hsnn.Network.from_networkx(graph, CELL, population=None, weight=1.0, delay=delay)
    (made,) = net.projections.values()
    edges = made.edges()
    assert abs(edges.delays - (0.5 + lengths(made, edges) / 0.3)).max() <= 0.05 + 1e-9


def test_delays_by_distance_are_saved_pickled_and_set_beside(tmp_path):
    projection = connected(RULES["bernoulli"])
    net = projection.source.population.network
    edges = projection.edges()
    projection.set(weight=np.arange(len(edges.weights), dtype=float))
    net.run(1.0)
    net.save(tmp_path / "net.h5")
    for other in (hsnn.Network.load(tmp_path / "net.h5"), pickle.loads(pickle.dumps(net))):
        theirs = other.projections[projection.name]
        assert theirs.delay == projection.delay and theirs.delay_rounding == projection.delay_rounding
        for ours, read in zip(projection.edges(), theirs.edges(), strict=True):
            assert np.array_equal(ours, read)
    assert "ms + distance / (0.3 mm/ms)" in projection._repr_html_()


def test_a_file_whose_populations_have_no_positions_is_refused():
    from hsnn_event.io import network_file

    plain, arrays = network_file.pickled(connected(RULES["radius"]).source.population.network)
    plain["declarations"]["populations"][0]["space"] = None
    with pytest.raises(DeclarationError, match="distance_delay needs positions"):
        network_file.unpickled(plain, arrays)
    plain, arrays = network_file.pickled(connected(RULES["radius"]).source.population.network)
    plain["declarations"]["projections"][0]["delay"]["is"] = "Delay"
    with pytest.raises(FileFormatError, match="no kind of declaration"):
        network_file.unpickled(plain, arrays)


def test_what_cannot_be_is_refused():
    net = hsnn.Network(dt=0.1, seed=1)
    line, plain, sheet, timeless = (
        net.population("line", hsnn.lattice(4), CELL),
        net.population("plain", 4, CELL),
        net.population("sheet", hsnn.lattice((2, 2)), CELL),
        net.population("timeless", hsnn.lattice(4), CELL, schedule="exact"),
    )
    ring = net.population("ring", hsnn.lattice(4, periodic=True), CELL)

    def connect(target, *values):
        net.connect(line, target, C.bernoulli(0.5), weight=1.0, delay=hsnn.distance_delay(*values))

    for target, values, error, text in (
        (plain, (1.0,), DeclarationError, "distance_delay needs positions, but population 'plain' has no positions"),
        (sheet, (1.0,), ShapeError, "not 1 of the sources and 2 of the targets"),
        (ring, (1.0,), ValueRangeError, "the period of the sources"),
        (line, (1e-9,), ValueRangeError, "gives up to 3e.09 ms, more than"),
        (timeless, (1.0,), ValueRangeError, "without an offset gives 0 at one place"),
        (line, (0.0,), ValueRangeError, "velocity is 0"),
        (line, (1.0, -1.0), ValueRangeError, "offset is -1"),
        (line, (math.nan,), ValueRangeError, "velocity is NaN"),
    ):
        with pytest.raises(error, match=text):
            connect(target, *values)
    assert list(net.projections) == []
