"""Connection rules: degrees, exclusions, order and laws of what they draw."""

import math

import numpy as np
import pytest

import hsnn_event as hsnn

DELTA = hsnn.models.lif_delta()


def network(seed=1, n=30, m=20, **keywords):
    net = hsnn.Network(dt=0.1, seed=seed, backend="reference", **keywords)
    net.population("a", n, DELTA)
    net.population("b", m, DELTA)
    return net


def edges(net, source, target, rule, weight=1.0, delay=1.0):
    return net.connect(source, target, rule, weight=weight, delay=delay).edges()


def test_degrees_are_those_of_the_rule():
    net = network()
    a, b = net["a"], net["b"]
    assert np.bincount(edges(net, a, b, hsnn.connect.fixed_outdegree(7)).sources).tolist() == [7] * 30
    assert np.bincount(edges(net, a, b, hsnn.connect.fixed_indegree(7)).targets).tolist() == [7] * 20
    assert len(edges(net, a, b, hsnn.connect.fixed_total(123)).sources) == 123
    assert len(edges(net, a, b, hsnn.connect.all_to_all()).sources) == 600
    pairs = edges(net, a[:20], b, hsnn.connect.one_to_one())
    assert pairs.sources.tolist() == pairs.targets.tolist() == list(range(20))


@pytest.mark.parametrize("name", ["fixed_outdegree", "fixed_indegree", "fixed_total"])
def test_multapses_can_be_excluded(name):
    net = network()
    count = {"fixed_outdegree": 20, "fixed_indegree": 29, "fixed_total": 550}[name]
    rule = getattr(hsnn.connect, name)(count, multapses=False)
    made = edges(net, net["a"], net["b"], rule)
    assert len(set(zip(made.sources.tolist(), made.targets.tolist(), strict=True))) == len(made.sources)
    assert len(made.sources) == {"fixed_outdegree": 600, "fixed_indegree": 580, "fixed_total": 550}[name]


@pytest.mark.parametrize(
    "rule, most",
    [
        (hsnn.connect.fixed_outdegree(29, autapses=False, multapses=False), 870),
        (hsnn.connect.fixed_indegree(29, autapses=False, multapses=False), 870),
        (hsnn.connect.fixed_total(870, autapses=False, multapses=False), 870),
        (hsnn.connect.bernoulli(1.0, autapses=False), 870),
        (hsnn.connect.all_to_all(autapses=False), 870),
    ],
    ids=str,
)
def test_without_autapses_and_multapses_the_fullest_network_has_every_other_pair(rule, most):
    net = network()
    made = edges(net, net["a"], net["a"], rule)
    assert len(made.sources) == most
    assert (made.sources != made.targets).all()


@pytest.mark.parametrize(
    "rule",
    [hsnn.connect.fixed_outdegree(9, autapses=False), hsnn.connect.fixed_indegree(9, autapses=False),
     hsnn.connect.fixed_total(300, autapses=False), hsnn.connect.bernoulli(0.4, autapses=False)],
    ids=str,
)  # fmt: skip
def test_autapses_are_excluded_by_neuron_in_views_that_overlap(rule):
    net = network()
    made = edges(net, net["a"][5:25], net["a"][[20, 3, 8, 11, 29]], rule)
    assert (made.sources != made.targets).all()
    assert set(made.targets) <= {20, 3, 8, 11, 29} and set(made.sources) <= set(range(5, 25))
    assert {8, 11, 20} <= set(made.sources)


def test_the_same_ids_of_two_populations_are_no_autapses():
    net = network()
    assert len(edges(net, net["a"][:5], net["b"][:5], hsnn.connect.all_to_all(autapses=False)).sources) == 25


def test_edges_keep_their_order_and_arrays_their_places():
    net = network()
    rule = hsnn.connect.from_edges([2, 0, 2, 0], [1, 3, 0, 3])
    weights, delays = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.3, 0.2, 0.3, 0.1])
    made = edges(net, net["a"][10:], net["b"][[5, 6, 7, 8]], rule, weights, delays)
    assert made.sources.tolist() == [10, 10, 12, 12]
    assert made.targets.tolist() == [8, 8, 6, 5]
    assert made.weights.tolist() == [4.0, 2.0, 1.0, 3.0]  # sorted by delay, then as listed
    assert made.delays.tolist() == [0.1, 0.2, 0.3, 0.3]


@pytest.mark.parametrize(
    "rule, number",
    [
        (hsnn.connect.fixed_outdegree(3), lambda row, j: 3 * row[0] + j),
        (hsnn.connect.all_to_all(), lambda row, j: 4 * row[0] + row[1]),
        (hsnn.connect.all_to_all(autapses=False), lambda row, j: 4 * row[0] + row[1]),
    ],
    ids=["fixed_outdegree", "all_to_all", "all_to_all without autapses"],
)
def test_arrays_follow_the_rows_of_the_rule(rule, number):
    net = network(n=4)
    weights = np.arange(rule.n_values(4, 4), dtype=float)
    made = edges(net, net["a"], net["a"], rule, weights)
    places = np.arange(len(made.sources)) % 3
    expected = [number(row, j) for row, j in zip(zip(made.sources, made.targets, strict=True), places, strict=True)]
    assert made.weights.tolist() == expected


def test_arrays_of_fixed_indegree_follow_the_targets():
    net = network()
    made = edges(net, net["a"], net["b"], hsnn.connect.fixed_indegree(2), np.repeat(np.arange(20.0), 2))
    assert made.weights.tolist() == made.targets.tolist()


def test_delays_are_drawn_rounded_and_at_least_one_step():
    net = network()
    made = edges(net, net["a"], net["b"], hsnn.connect.all_to_all(), 1.0, hsnn.random.normal(0.2, 0.3))
    steps = made.delays / 0.1
    assert steps == pytest.approx(np.rint(steps)) and steps.min() == 1.0 and steps.max() > 5


def test_a_projection_does_not_depend_on_what_else_there_is():
    net, more = network(), hsnn.Network(dt=0.1, seed=1)
    more.population("extra", 3, DELTA)
    a, b = more.population("a", 30, DELTA), more.population("b", 20, DELTA)
    more.connect(b, a, hsnn.connect.bernoulli(0.5), weight=1.0, delay=1.0)
    rule, weight = hsnn.connect.fixed_total(50), hsnn.random.normal(0.0, 1.0)
    mine, other = edges(net, net["a"], net["b"], rule, weight), edges(more, a, b, rule, weight)
    assert all(np.array_equal(x, y) for x, y in zip(mine, other, strict=True))
    again = network(seed=2)
    assert not np.array_equal(edges(again, again["a"], again["b"], rule, weight).weights, mine.weights)


def test_edges_before_and_after_the_first_run_are_the_same():
    net = network(precision="single")
    projection = net.connect(
        net["a"], net["b"], hsnn.connect.bernoulli(0.3, autapses=False),
        weight=hsnn.random.lognormal(0.0, 1.0), delay=hsnn.random.exponential(1.0),
    )  # fmt: skip
    before = projection.edges()
    net.run(0.1)
    assert all(np.array_equal(x, y) for x, y in zip(before, projection.edges(), strict=True))
    assert projection.n_synapses == len(before.sources)
    assert projection.to_scipy().toarray().sum() == pytest.approx(before.weights.sum())
    assert np.array_equal(projection.get("delay"), before.delays)


@pytest.mark.parametrize(
    "rule",
    [hsnn.connect.bernoulli(0.1), hsnn.connect.bernoulli(0.9), hsnn.connect.fixed_total(60), hsnn.connect.fixed_outdegree(2),
     hsnn.connect.fixed_indegree(3), hsnn.connect.fixed_total(30, multapses=False)],
    ids=str,
)  # fmt: skip
def test_every_pair_is_as_likely_as_any_other(rule):
    # 200 seeds x 600 pairs: chi-square of the pairs' counts, a sum of 600 terms (fewer degrees of freedom where degrees are
    # fixed), within 5 of its standard deviations of what the rule gives.
    counts = np.zeros((30, 20))
    n_seeds = 200
    for seed in range(n_seeds):
        net = network(seed)
        made = edges(net, net["a"], net["b"], rule)
        np.add.at(counts, (made.sources, made.targets), 1)
    mean = counts.mean()
    p = mean / n_seeds
    spread = 1 - p if rule.kind == "bernoulli" or not rule.multapses else 1 - 1 / 600
    statistic = ((counts - mean) ** 2).sum() / (mean * spread)
    assert abs(statistic - 600) < 5 * math.sqrt(2 * 600) + 30  # 30: degrees of freedom lost to fixed degrees


def test_bernoulli_has_the_variance_of_independent_pairs():
    sizes = []
    for seed in range(200):
        net = network(seed)
        sizes.append(len(edges(net, net["a"], net["b"], hsnn.connect.bernoulli(0.2)).sources))
    assert np.mean(sizes) == pytest.approx(120, abs=5 * math.sqrt(96 / 200))
    assert np.var(sizes) == pytest.approx(96, abs=5 * 96 * math.sqrt(2 / 200))


def test_weights_follow_their_law_and_differ_from_synapse_to_synapse():
    net = network(n=100, m=100)
    made = edges(net, net["a"], net["b"], hsnn.connect.all_to_all(), hsnn.random.normal(2.0, 0.5))
    assert len(np.unique(made.weights)) == 10_000
    assert made.weights.mean() == pytest.approx(2.0, abs=5 * 0.5 / 100)
    assert made.weights.std() == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(20_000))
