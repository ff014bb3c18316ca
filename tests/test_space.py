"""Positions, and the rules of distance: against SciPy's k-d tree, brute force and the law of each pair; errors."""

import math
import pickle

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import KDTree

import hsnn_event as hsnn
from hsnn_event import memory
from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    FileFormatError,
    InsufficientMemoryError,
    ShapeError,
    ValueRangeError,
)

C, P = hsnn.connect, hsnn.space
DELTA = hsnn.models.lif_delta()
LEAST = 1e-3
EDGE = 1.0 + 1e-9  # what the rules take for equally far


def sheet(shape, *, seed=1, name="cells", **keywords):
    return hsnn.Network(seed=seed, **keywords).population(name, shape, DELTA)


def rows(rule, source, target=None):
    """The targets of each source, in order."""
    target = source if target is None else target
    edges = source.population.network.connect(source, target, rule, weight=1.0, delay=1.0).edges()
    return [sorted(edges.targets[edges.sources == i].tolist()) for i in source.ids]


def distances(source, target):
    """All distances, by brute force over the images of one period either way."""
    apart = target.positions[None] - source.positions[:, None]
    period = np.where(np.isfinite(source.space.period), source.space.period, 0.0)
    return np.linalg.norm(np.min([abs(apart + image * period) for image in (-1, 0, 1)], axis=0), axis=2)


# Shapes.


def test_a_lattice_runs_in_c_order():
    positions = P.lattice((3, 4), spacing=(0.1, 0.5)).positions.reshape(3, 4, 2)
    assert np.allclose(positions[2, 3], (0.2, 1.5)) and np.allclose(positions[1, 0], (0.1, 0.0))
    assert P.lattice(5).positions.shape == (5, 1) and P.lattice((2, 3, 4)).grid_shape == (2, 3, 4)
    assert P.lattice((3, 4), 0.5, periodic=(True, False)).period == (1.5, math.inf)


def test_every_neuron_of_a_hexagonal_sheet_has_six_neighbours_at_one_distance():
    cells = sheet(P.hexagonal((6, 8), spacing=0.2, periodic=True))
    near = np.sort(distances(cells, cells), axis=1)
    assert np.allclose(near[:, 1:7], 0.2) and (near[:, 7] > 0.3).all()
    assert [len(row) for row in rows(C.radius(0.2), cells)] == [6] * 48


def test_random_positions_are_uniform_and_follow_the_seed():
    positions = [sheet(P.random(2000, (1.0, 3.0)), seed=seed).positions for seed in (1, 1, 2)]
    assert np.array_equal(positions[0], positions[1]) and not np.array_equal(positions[0], positions[2])
    for axis, length in enumerate((1.0, 3.0)):
        assert stats.kstest(positions[0][:, axis] / length, "uniform").pvalue > LEAST
    own = [sheet(P.random(10, 1.0, seed=3), seed=seed).positions for seed in (1, 2)]
    assert np.array_equal(*own)
    net = hsnn.Network(seed=1)
    assert not np.array_equal(*(net.population(name, P.random(9, 1.0), DELTA).positions for name in ("a", "b")))


def test_jitter_moves_each_neuron_no_farther_than_it_says_and_stays_within_the_period():
    for periodic in (True, False):
        plain = P.lattice((20, 20), 0.1, periodic=periodic)
        moved = sheet(P.lattice((20, 20), 0.1, periodic=periodic, jitter=0.03))
        apart = plain.displacements(plain.positions, moved.positions)
        assert abs(apart).max() <= 0.03 and stats.kstest(apart.ravel() / 0.06 + 0.5, "uniform").pvalue > LEAST
        assert moved.space.grid_shape == (20, 20)
        assert not periodic or (moved.positions.min() >= 0 and moved.positions.max() < 2.0)


def test_a_population_has_the_size_of_its_space_and_views_their_positions():
    cells = sheet(hsnn.lattice((4, 5), spacing=0.1))
    assert cells.size == 20 and cells.space.grid_shape == (4, 5)
    assert np.array_equal(cells[[7, 2]].positions, cells.positions[[7, 2]]) and cells[:3].space.grid_shape is None
    assert cells[[]].positions.shape == (0, 2)
    with pytest.raises(ValueError, match="read-only"):
        cells.positions[0] = 1.0
    plain = sheet(10)
    assert plain.space is None and plain[:3].space is None
    with pytest.raises(DeclarationError, match="population 'cells' has no positions; give a lattice"):
        plain[:3].positions  # noqa: B018


def test_positions_are_saved_and_pickled(tmp_path):
    cells = sheet(P.random(30, (1.0, 2.0), periodic=(True, False)))
    cells.network.population("grid", hsnn.lattice((3, 4), 0.1), DELTA)
    cells.network.save(tmp_path / "net.h5")
    for other in (hsnn.Network.load(tmp_path / "net.h5"), pickle.loads(pickle.dumps(cells.network))):
        for name, population in other.populations.items():
            mine, theirs = cells.network[name].space, population.space
            assert np.array_equal(mine.positions, theirs.positions)
            assert (mine.period, mine.grid_shape) == (theirs.period, theirs.grid_shape)


def test_a_file_with_positions_of_other_neurons_is_refused():
    from hsnn_event.io import network_file

    plain, arrays = network_file.pickled(sheet(hsnn.lattice(5)).network)
    plain["declarations"]["populations"][0]["size"] = 4
    with pytest.raises(FileFormatError, match="its positions are not those of 4 neurons"):
        network_file.unpickled(plain, arrays)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: P.at([[0.0, np.nan]]), ValueRangeError, "positions is NaN"),
        (lambda: P.at([[0.0, np.inf]]), ValueRangeError, "positions is infinite"),
        (lambda: P.at(np.zeros((3, 4))), ShapeError, "4 dimensions; space has 1, 2 or 3"),
        (lambda: P.at(np.zeros((3, 2, 2))), ShapeError, r"\(3, 2, 2\)"),
        (lambda: P.at(3), ArgumentTypeError, "positions are an array"),
        (lambda: P.at([0.0, 1.0], period=1.0), ValueRangeError, r"neuron 1 lies at 1 mm .* in \[0, period\)"),
        (lambda: P.at([[0.0, -0.1]], period=(math.inf, 1.0)), ValueRangeError, "neuron 0 lies at -0.1 mm"),
        (lambda: P.at([0.0], period=0.0), ValueRangeError, "period is 0"),
        (lambda: P.at([[0.0, 0.0]], period=(1.0, 1.0, 1.0)), ShapeError, "period has shape"),
        (lambda: P.at([0.0, np.nan], period=1.0), ValueRangeError, "NaN"),
        (lambda: sheet(P.at(np.zeros((0, 2)))), ValueRangeError, "size is 0"),
        (lambda: hsnn.lattice((3, 3, 3, 3)), ShapeError, "4 dimensions"),
        (lambda: hsnn.lattice((3, 0)), ValueRangeError, "shape is 0"),
        (lambda: hsnn.lattice((1e5, 1e5)), ValueRangeError, "product"),
        (lambda: hsnn.lattice(3, spacing=0.0), ValueRangeError, "spacing is 0"),
        (lambda: hsnn.lattice((3, 3), spacing=(1.0, 1.0, 1.0)), ShapeError, "spacing has shape"),
        (lambda: hsnn.lattice((3, 3), periodic=(True,)), ShapeError, "periodic has shape"),
        (lambda: hsnn.lattice((3, 3), periodic=1), ArgumentTypeError, "periodic is True or False"),
        (lambda: P.hexagonal((3, 3), periodic=True), ValueRangeError, "3 rows"),
        (lambda: P.hexagonal(9), ShapeError, "hexagonal: shape"),
        (lambda: P.Space([0.0, 1.0], grid_shape=(3,)), ShapeError, "3 places for 2 positions"),
        (lambda: P.gaussian(0.0), ValueRangeError, "sigma is 0"),
        (lambda: P.exponential(1.0, 1.1), ValueRangeError, "p_max is 1.1"),
        (lambda: C.kernel("gaussian"), ArgumentTypeError, "kernel: f is 'gaussian'"),
        (lambda: C.kernel(lambda v: 1.0), ArgumentTypeError, "needs cutoff="),
        (lambda: C.radius(-1.0), ValueRangeError, "radius: r is -1"),
    ],
)  # fmt: skip
def test_wrong_shapes_and_kernels_are_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


# Rules without chance.

LENGTHS = st.floats(0.0, 1.5)


@st.composite
def spaces(draw):
    """Two populations in one space, of one to three dimensions; some positions coincide."""
    dimensions = draw(st.integers(1, 3))
    period = tuple(draw(st.sampled_from([1.0, 0.6, math.inf])) for _ in range(dimensions))
    made = []
    for _ in range(2):
        size = draw(st.integers(1, 40))
        points = np.random.default_rng(draw(st.integers(0, 2**32))).uniform(0.0, 0.6, (size, dimensions))
        points = np.round(points, draw(st.sampled_from([1, 12])))
        made.append(P.at(np.where(points < 0.6, points, 0.0), period))
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spaces(), LENGTHS, st.booleans())
def test_radius_is_that_of_brute_force_and_of_the_tree(given_spaces, r, autapses):
    net = hsnn.Network(seed=1, threads=1)
    cells, others = (net.population(name, space, DELTA) for name, space in zip("ab", given_spaces, strict=True))
    for target in (others, cells):
        apart = distances(cells, target)
        if (abs(apart - r) < 1e-10).any() and (abs(apart - r) > 0).any() and not np.isclose(r, np.round(r, 1)):
            continue
        expected = [set(np.flatnonzero(row <= r * EDGE).tolist()) for row in apart]
        box = np.where(np.isfinite(cells.space.period), cells.space.period, 0.0)
        tree = KDTree(target.positions, boxsize=box).query_ball_point(cells.positions, r * EDGE)
        assert expected == [set(row) for row in tree]
        if target is cells and not autapses:
            expected = [row - {i} for i, row in enumerate(expected)]
        assert rows(C.radius(r, autapses=autapses), cells, target) == [sorted(row) for row in expected]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spaces(), st.integers(0, 6), st.booleans())
def test_nearest_are_the_nearest_and_the_first_of_those_equally_far(given_spaces, k, autapses):
    net = hsnn.Network(seed=1, threads=1)
    cells, others = (net.population(name, space, DELTA) for name, space in zip("ab", given_spaces, strict=True))
    for target in (others, cells):
        left_out = target is cells and not autapses
        if k > target.size - left_out:
            with pytest.raises(ValueRangeError, match=f"k is {k}, but there are"):
                rows(C.nearest(k, autapses=autapses), cells, target)
            continue
        for i, found in enumerate(rows(C.nearest(k, autapses=autapses), cells, target)):
            apart = np.round(distances(cells, target)[i], 9)
            order = [int(j) for j in np.lexsort((np.arange(len(apart)), apart)) if not (left_out and j == i)]
            assert found == sorted(order[:k])


def test_radius_reaches_the_neighbours_of_a_lattice_whatever_rounding_does():
    cells = sheet(hsnn.lattice((30, 30), spacing=0.1, periodic=True))
    for steps, number in ((1, 4), (2, 12), (3, 28), (5, 80)):
        assert {len(row) for row in rows(C.radius(steps / 10), cells)} == {number}


def test_a_radius_beyond_half_a_period_connects_each_pair_once_over_its_shortest_way():
    cells = sheet(hsnn.lattice((6, 6), spacing=0.1, periodic=True))
    assert [len(row) for row in rows(C.radius(10.0), cells)] == [35] * 36
    apart = distances(cells, cells)
    for r in (0.35, 0.4):
        assert [len(row) for row in rows(C.radius(r), cells)] == ((apart <= r * EDGE).sum(axis=1) - 1).tolist()


def test_rules_connect_views_and_populations_far_apart():
    net = hsnn.Network(seed=1)
    left = net.population("left", P.at([[0.0, 0.0], [5.0, 5.0], [0.3, 0.0]]), DELTA)
    right = net.population("right", P.at(np.random.default_rng(1).normal(0.0, 0.1, (50, 2))), DELTA)
    near = distances(left, right) <= 0.2
    assert rows(C.radius(0.2), left, right) == [np.flatnonzero(row).tolist() for row in near]
    assert rows(C.radius(0.2), left[[2, 0]], right[10:])[1] == [j for j in np.flatnonzero(near[0]) if j >= 10]
    assert rows(C.radius(9.0), right[:3])[0] == [1, 2]
    assert rows(C.radius(0.2), left[[]], right) == [] and rows(C.kernel(P.gaussian(0.1)), left, right[[]]) == [[]] * 3


# The kernel rule.

KERNELS = {
    "gaussian": P.gaussian(0.15, 0.8),
    "wide": P.gaussian(2.0, 0.3),
    "exponential": P.exponential(0.1, 0.9),
    "crown": P.mexican_hat(0.1, 0.3, 1.0, 0.5),
    "brim": P.mexican_hat(0.3, 0.1, 0.6, 1.0),
    "cut": P.gaussian(0.2, cutoff=0.25),
    "function": None,
}


def kernel_rule(kind):
    if kind == "function":
        return C.kernel(lambda vectors: 0.9 * np.exp(-np.linalg.norm(vectors, axis=1) / 0.1), cutoff=1.4)
    return C.kernel(KERNELS[kind])


@pytest.mark.parametrize("kind", KERNELS)
def test_each_pair_has_the_probability_of_its_distance(kind):
    """Two levels: in each of many networks the number of synapses of each class of pairs has the law of a sum of independent
    draws, so that its p-values are uniform over networks."""
    space = P.random(150, (1.0, 1.3), periodic=(True, False)).settled(1, "cells")
    law = P.exponential(0.1, 0.9, cutoff=1.4) if kind == "function" else KERNELS[kind]
    cells = sheet(space)
    p = law(distances(cells, cells))
    np.fill_diagonal(p, 0.0)
    middle = np.median(p[p > 0.0])
    classes = [p > middle, (p > 0.0) & (p <= middle), p > 0.0]
    p_values, total, n = [], np.zeros(p.shape), 60
    for seed in range(n):
        drawn = sheet(space, seed=seed, threads=1)
        made = drawn.network.connect(drawn, drawn, kernel_rule(kind), weight=1.0, delay=1.0).to_scipy().toarray()
        assert made.max() <= 1 and not made[p == 0].any()
        total += made
        rng = np.random.default_rng(seed)
        for chosen in classes:
            mean, variance = p[chosen].sum(), (p * (1 - p))[chosen].sum()
            p_values.append(stats.norm.cdf((made[chosen].sum() + rng.uniform(-0.5, 0.5) - mean) / math.sqrt(variance)))
    assert all(stats.kstest(p_values[first::3], "uniform").pvalue > LEAST for first in range(3))
    usual = (p > 0.1) & (p < 0.9)  # pair by pair: binomial over networks, close to normal
    z = (total - n * p)[usual] / np.sqrt(n * p * (1 - p))[usual]
    assert abs(z.var() - 1.0) < 6.0 * math.sqrt(2.0 / usual.sum()) + 0.02 and abs(z.mean()) < 4.0 / math.sqrt(usual.sum())


def test_a_certain_kernel_is_the_radius_rule():
    cells = sheet(P.random(300, (1.0, 1.0), periodic=True))
    expected = rows(C.radius(0.2), cells)
    assert rows(C.kernel(lambda vectors: 1.0, cutoff=0.2), cells) == expected
    assert rows(C.kernel(lambda vectors: np.ones(len(vectors), bool), cutoff=0.2), cells) == expected
    assert rows(C.kernel(P.gaussian(1e6, cutoff=0.2)), cells) == expected


def test_a_function_sees_vectors_from_source_to_target_over_the_nearest_border():
    cells = sheet(hsnn.lattice(10, spacing=0.1, periodic=True))
    ahead = C.kernel(lambda vectors: vectors[:, 0] > 0, cutoff=0.1)
    assert rows(ahead, cells) == [[(i + 1) % 10] for i in range(10)]


@pytest.mark.parametrize("kind", ["gaussian", "function", "radius", "nearest"])
def test_rows_do_not_depend_on_threads_nor_on_the_backend(kind):
    shape = P.random(500, (1.0, 1.0), periodic=True)
    rule = {"radius": C.radius(0.1), "nearest": C.nearest(7)}.get(kind) or kernel_rule(kind)
    made = [rows(rule, sheet(shape, **keywords)) for keywords in
            ({"threads": 1}, {"threads": 2}, {"threads": 5}, {"backend": "reference"})]  # fmt: skip
    assert made[0] == made[1] == made[2] == made[3]
    assert kind in ("radius", "nearest") or made[0] != rows(rule, sheet(shape, seed=2))


def test_kernels_say_their_probabilities():
    d = np.array([0.0, 0.1, 0.3, 0.6])
    assert np.allclose(P.gaussian(0.1, 0.5)(d), 0.5 * np.exp(-0.5 * (d / 0.1) ** 2) * (d <= 0.5))
    assert np.allclose(P.exponential(0.1, 0.5, cutoff=0.4)(d), 0.5 * np.exp(-d / 0.1) * (d <= 0.4))
    hat = 0.9 * np.exp(-0.5 * (d / 0.2) ** 2) - 0.4 * np.exp(-0.5 * (d / 0.5) ** 2)
    assert np.allclose(P.mexican_hat(0.2, 0.5, 0.9, 0.4)(d), np.maximum(hat, 0.0)) and hat.min() < 0


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        (lambda vectors: vectors, ShapeError, r"gives an array of shape \(\d+, 2\)"),
        (lambda vectors: 1.5, ValueRangeError, "gives 1.5; a probability"),
        (lambda vectors: np.nan, ValueRangeError, "gives nan"),
        (lambda vectors: "a", ArgumentTypeError, "give probabilities"),
        (lambda vectors: vectors.nothing, ArgumentTypeError, "fails"),
    ],
)  # fmt: skip
def test_functions_that_give_no_probabilities_are_refused(function, error, text):
    cells = sheet(hsnn.lattice((5, 5)))
    with pytest.raises(error, match=text):
        cells.network.connect(cells, cells, C.kernel(function, cutoff=1.0), weight=1.0, delay=1.0)


RULES = [C.radius(1.9), C.nearest(1), C.kernel(P.gaussian(0.5)), C.kernel(lambda vectors: 1.0, cutoff=1.9)]


@pytest.mark.parametrize("rule", RULES)
def test_populations_need_positions_in_one_space(rule):
    net = hsnn.Network(seed=1)
    shapes = {"none": 4, "line": hsnn.lattice(4), "sheet": hsnn.lattice((2, 2)), "ring": hsnn.lattice(4, periodic=True)}
    cells = {name: net.population(name, shape, DELTA) for name, shape in shapes.items()}
    for target, error, text in (
        ("none", DeclarationError, "needs positions, but population 'none' has no positions"),
        ("sheet", ShapeError, "not 1 of the sources and 2 of the targets"),
        ("ring", ValueRangeError, r"the period of the sources is \(inf,\) mm"),
    ):
        with pytest.raises(error, match=text):
            net.connect(cells["line"], cells[target], rule, weight=1.0, delay=1.0)


@pytest.mark.parametrize("rule", [C.nearest(500), *(rule for rule in RULES if rule.kind != "nearest")])
def test_what_does_not_fit_into_memory_is_refused(rule, monkeypatch):
    cells = sheet(P.random(1000, (1.0, 1.0)))
    monkeypatch.setattr(memory, "free", lambda: 1e6)
    with pytest.raises(InsufficientMemoryError, match=f"{rule.kind}: about .* synapses take .* GB; 0.001 GB are free"):
        cells.network.connect(cells, cells, rule, weight=1.0, delay=1.0)


LARGE = [lambda: hsnn.lattice((1e4, 1e4)), lambda: P.hexagonal((1e4, 1e4)), lambda: P.random(1e8, 1.0)]


@pytest.mark.parametrize("make", LARGE)
def test_positions_that_do_not_fit_are_refused_before_they_are_made(make, monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 1e9)
    with pytest.raises(InsufficientMemoryError, match=r"the positions of 100000000 neurons take .* GB; 1 GB are free"):
        make()


def test_groups_are_connected_member_by_member():
    net = hsnn.Network(seed=1)
    cells = [net.population(name, hsnn.lattice((4, 4), periodic=True), DELTA) for name in "ab"]
    both = cells[0] + cells[1]
    assert [each.n_synapses for each in net.connect(both, both, C.radius(1.0), weight=1.0, delay=1.0)] == [64, 80, 80, 64]
    with pytest.raises(DeclarationError, match="nearest cannot be divided"):
        net.connect(both, both, C.nearest(2), weight=1.0, delay=1.0)


def test_a_small_world_takes_the_space_of_a_population():
    cells = sheet(P.random(60, (1.0, 1.0), periodic=True))
    expected = rows(C.nearest(5), cells)
    assert rows(C.small_world(5, 0.0, positions=cells.space), cells) == expected
    assert rows(C.small_world(5, 0.0, positions=cells.positions, period=1.0), cells) == expected
    with pytest.raises(ArgumentTypeError, match="has its own; leave it out"):
        C.small_world(5, 0.0, positions=cells.space, period=1.0)


def test_positions_become_attributes_of_nodes_and_come_back():
    net = hsnn.Network(seed=1)
    net.population("sheet", hsnn.lattice((3, 4), 0.1, periodic=True), DELTA, labels=[f"n{i}" for i in range(12)])
    net.population("line", P.random(5, 1.0), DELTA)
    net.population("plain", 2, DELTA)
    graph = net.to_networkx()
    assert graph.nodes["sheet", "n5"]["pos"] == tuple(net["sheet"].positions[5].tolist())
    assert "pos" not in graph.nodes["plain", 0]
    again = hsnn.Network.from_networkx(graph, DELTA)
    for name in ("sheet", "line"):
        mine, theirs = net[name].space, again[name].space
        assert np.array_equal(mine.positions, theirs.positions)
        assert (mine.period, mine.grid_shape) == (theirs.period, theirs.grid_shape)
    assert again["plain"].space is None
    assert hsnn.Network.from_networkx(graph, DELTA, positions=None)["sheet"].space is None
    assert nx.utils.graphs_equal(again.to_networkx(), graph)


def test_positions_of_graphs_are_read_where_all_nodes_have_them():
    graph = nx.random_geometric_graph(8, 0.5, seed=1)
    nx.set_node_attributes(graph, "E", "type")
    given = nx.get_node_attributes(graph, "pos")
    made = hsnn.Network.from_networkx(graph, DELTA, weight=1.0, delay=1.0)
    assert np.array_equal(made["E"].positions, list(given.values())) and made["E"].space.grid_shape is None
    named = nx.relabel_nodes(graph, str)
    nx.set_node_attributes(named, {str(node): [*at, 0.0] for node, at in given.items()}, "place")
    assert hsnn.Network.from_networkx(named, DELTA, weight=1.0, delay=1.0, positions="place")["E"].positions.shape == (8, 3)
    for value, error, text in (
        ((0.0, np.nan), ValueRangeError, "pos of node 3 is NaN"),
        ((0.0,), ShapeError, r"pos of node 3 is \(0.0,\)"),
        (0.5, ArgumentTypeError, "pos of node 3 is 0.5"),
        ("ab", ArgumentTypeError, "pos of node 3 is 'ab'; give 1 to 3 numbers"),
    ):
        graph.nodes[3]["pos"] = value
        with pytest.raises(error, match=text):
            hsnn.Network.from_networkx(graph, DELTA, weight=1.0, delay=1.0)
    del graph.nodes[3]["pos"]
    partial = hsnn.Network.from_networkx(graph, DELTA, weight=1.0, delay=1.0)
    assert partial["E"].space is None and len(partial["E"].node_data["pos"]) == 7
    graph.graph["spaces"] = {"E": {"grid_shape": (3, 3)}}
    graph.nodes[3]["pos"] = (0.0, 0.0)
    with pytest.raises(ShapeError, match="graph attribute 'spaces', population 'E'"):
        hsnn.Network.from_networkx(graph, DELTA, weight=1.0, delay=1.0)


def test_gap_junctions_take_the_rules():
    net = hsnn.Network(seed=1)
    cells = net.population("cells", hsnn.lattice((5, 5), periodic=True), hsnn.models.izhikevich())
    assert net.couple(cells, cells, C.radius(1.0), conductance=1.0).n_junctions == 50
