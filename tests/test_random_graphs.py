"""Random graphs: their laws over seeds, NetworkX's own generators on small cases, switches, threads, errors.

Where a case has a law for each seed, p-values of the seeds are tested for uniformity, as in test_statistics_rules.py.
"""

from functools import cache

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csr_array

import hsnn_event as hsnn
from hsnn_event import memory
from hsnn_event.errors import ArgumentTypeError, InsufficientMemoryError, ShapeError, UnknownNameError, ValueRangeError
from hsnn_event.topology import drawing
from hsnn_event.topology.configuration import shuffled

C = hsnn.connect
SEEDS = range(30)
LEAST = 1e-3
DELTA = hsnn.models.lif_delta()


def drawn(rule, n=400, seed=1, targets=None, threads=1, **keywords):
    """The synapses of a population with itself, or from a population to one of `targets` neurons."""
    net = hsnn.Network(seed=seed, threads=threads)
    cells = net.population("cells", n, DELTA)
    other = cells if targets is None else net.population("other", targets, DELTA)
    return net.connect(cells, other, rule, **{"weight": 1.0, "delay": 1.0, **keywords}).edges()


def matrix(edges, n, m=None):
    """How many synapses each pair has."""
    ones = np.ones(len(edges.sources))
    return csr_array((ones, (edges.sources, edges.targets)), shape=(n, m or n)).toarray()


def assert_uniform(p_values):
    assert stats.kstest(list(p_values), "uniform").pvalue > LEAST


def transitivity(A):
    """Of the paths i -> j -> k with i != k, how many are closed by i -> k."""
    paths = A @ A
    np.fill_diagonal(paths, 0.0)
    return (paths * A).sum() / paths.sum()


# Small worlds.


def test_a_small_world_that_is_not_rewired_is_the_lattice_of_networkx():
    ours = matrix(drawn(C.small_world(6, 0.0), 50), 50)
    assert np.array_equal(ours, nx.to_numpy_array(nx.watts_strogatz_graph(50, 6, 0.0)))


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_as_many_synapses_are_rewired_as_p_says(p):
    """Each of n k with probability p, and of those a new target is hardly ever on the lattice again."""
    n, k = 1000, 10

    def p_value(seed):
        edges = drawn(C.small_world(k, p), n, seed)
        far = ((edges.targets - edges.sources + k // 2) % n > k).sum()
        return stats.binom(n * k, p * (1.0 - p * (k / 2) / n)).cdf(far)

    # A target of the lattice is free again once it has been exchanged: on average p k / 2 of the n neurons.
    assert_uniform(map(p_value, SEEDS))


def test_degrees_of_a_rewired_small_world():
    """Out-degrees stay k; with p = 1 and nothing excluded in-degrees are those of fixed_outdegree: multinomial."""
    n, k = 300, 20

    def p_value(seed):
        edges = drawn(C.small_world(k, 1.0, autapses=True, multapses=True), n, seed)
        assert (np.bincount(edges.sources, minlength=n) == k).all()
        degrees = np.bincount(edges.targets, minlength=n)
        return stats.chi2.sf(((degrees - k) ** 2).sum() / k, n - 1)

    assert_uniform(map(p_value, SEEDS))


@pytest.mark.parametrize("p", [0.1, 0.3])
def test_clustering_falls_as_that_of_networkx(p):
    """Relative to the lattice; theirs is undirected, so that only the ratio, near (1 - p)**3, is the same."""
    n, k = 600, 12
    ours = [transitivity(matrix(drawn(C.small_world(k, p), n, seed), n)) for seed in range(8)]
    theirs = [nx.transitivity(nx.watts_strogatz_graph(n, k, p, seed=seed)) for seed in range(8)]
    lattice = nx.transitivity(nx.watts_strogatz_graph(n, k, 0.0))
    spread = np.hypot(np.std(ours), np.std(theirs)) / np.sqrt(8) / lattice
    # Paths that go back, i -> j -> i, are left out of ours: with all of them present there are fewer others.
    ours_on_lattice = transitivity(matrix(drawn(C.small_world(k, 0.0), n), n))
    assert ours_on_lattice == pytest.approx(lattice)
    assert np.mean(ours) / lattice == pytest.approx(
        np.mean(theirs) / lattice * (1 - 1 / k) / (1 - (1 - p) ** 2 / k), abs=4 * spread + 0.02
    )


def test_in_degrees_agree_with_those_of_networkx():
    """Each edge of theirs leaves the neuron that it began at; what arrives is k - kept + drawn in both."""
    n, k, p = 500, 10, 0.4
    ours = [np.bincount(drawn(C.small_world(k, p), n, seed).targets, minlength=n) for seed in range(10)]
    theirs = [[degree - k for _, degree in nx.watts_strogatz_graph(n, 2 * k, p, seed=seed).degree] for seed in range(10)]
    assert np.var(ours) == pytest.approx(np.var(theirs), rel=0.08)
    counts = [np.bincount(np.ravel(each), minlength=30)[4:18] for each in (ours, theirs)]
    assert stats.chi2_contingency(counts).pvalue > LEAST


def test_shortcuts_fall_off_with_distance():
    """With p = 1 and nothing excluded each target is an independent draw of the law."""
    n, k, alpha = 201, 4, 1.5
    distance = np.arange(n // 2 + 1)
    share = np.where(distance > k / 2, np.maximum(distance, 1) / (k / 2), 1.0) ** -alpha * np.where(distance, 2, 1)

    def p_value(seed, **keywords):
        edges = drawn(C.small_world(k, 1.0, alpha=alpha, autapses=True, multapses=True, **keywords), n, seed)
        apart = abs(edges.sources - edges.targets)
        counts = np.bincount(np.minimum(apart, n - apart), minlength=len(share))
        return stats.chisquare(counts, share / share.sum() * counts.sum()).pvalue

    assert_uniform(map(p_value, SEEDS))
    # The same neurons as points on a circle that closes upon itself: reach is 2 places.
    on_circle = [p_value(seed, positions=np.arange(n) * 0.5, period=n * 0.5) for seed in SEEDS]
    assert_uniform(on_circle)


def test_neighbours_in_space_are_the_nearest():
    points = np.random.default_rng(1).random((200, 2))
    apart = abs(points[:, None] - points[None])
    apart = np.minimum(apart, 1.0 - apart)
    distance = np.hypot(*np.moveaxis(apart, -1, 0))
    np.fill_diagonal(distance, np.inf)
    A = matrix(drawn(C.small_world(7, 0.0, positions=points, period=1.0), 200), 200)
    for row, mine in zip(A, distance, strict=True):
        assert set(np.flatnonzero(row)) == set(np.argsort(mine)[:7])
    opened = matrix(drawn(C.small_world(7, 0.0, positions=points), 200), 200)
    assert (opened != A).any() and (opened.sum(axis=1) == 7).all() and opened.trace() == 0


def test_what_is_likely_but_taken_is_found_by_search():
    """Two clusters far from each other: beside k neighbours there is nobody within reach, and rejection would not end."""
    points = np.concatenate((np.linspace(0.0, 1.0, 9), 1e9 + np.linspace(0.0, 1.0, 9)))
    A = matrix(drawn(C.small_world(8, 1.0, alpha=20.0, positions=points), 18), 18)
    assert (A.sum(axis=1) == 8).all() and A.max() == 1 and A.trace() == 0
    full = matrix(drawn(C.small_world(17, 0.5, positions=points), 18), 18)
    assert np.array_equal(full, 1.0 - np.eye(18))  # nothing is free


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(3, 40), half=st.integers(1, 12), p=st.floats(0, 1), alpha=st.sampled_from([0.0, 1.0, 20.0]),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_small_worlds_are_simple(n, half, p, alpha, seed):
    k = min(2 * half, (n - 1) // 2 * 2)
    A = matrix(drawn(C.small_world(k, p, alpha=alpha), n, seed), n)
    assert (A.sum(axis=1) == k).all() and A.max(initial=0) <= 1 and A.trace() == 0


# Scale-free graphs.


def shares(n, gamma):
    return np.diff((np.arange(n + 1) / n) ** (1 - 1 / (gamma - 1)))


@pytest.mark.parametrize("side, gamma", [("sources", 2.5), ("targets", 2.5), ("sources", 3.0), ("targets", np.inf)])
def test_degrees_of_the_static_model_are_poisson_of_their_shares(side, gamma):
    """With multapses the degrees of one side are independent Poisson numbers. Ranks are not known, so that the degrees of
    many seeds together are compared with draws of the law."""
    n, k = 300, 8
    exponents = {"gamma_out": gamma} if side == "sources" else {"gamma_in": gamma}
    rule = C.scale_free(k, **exponents, autapses=True, multapses=True)
    ours = [np.bincount(getattr(drawn(rule, n, seed), side), minlength=n) for seed in SEEDS]
    totals = stats.poisson(k * n).cdf([each.sum() for each in ours])
    assert_uniform(totals)
    law = k * n * shares(n, gamma)
    rng = np.random.default_rng(1)
    theirs = [rng.poisson(law) for _ in SEEDS]
    assert stats.ks_2samp(np.ravel(ours), np.ravel(theirs)).pvalue > LEAST
    assert stats.ks_2samp([max(each) for each in ours], [max(each) for each in theirs]).pvalue > LEAST


@pytest.mark.parametrize("gamma", [2.3, 3.0])
def test_tails_fall_with_their_exponent(gamma):
    """Hill's estimate of the exponent from the 2 % largest degrees."""
    edges = drawn(C.scale_free(20, gamma, gamma, multapses=True), 20_000)
    for ids in (edges.sources, edges.targets):
        largest = np.sort(np.bincount(ids, minlength=20_000))[-400:]
        hill = 1.0 / np.mean(np.log(largest[1:] / largest[0]))
        assert hill == pytest.approx(gamma - 1.0, rel=0.12)


def test_a_simple_scale_free_graph_is_the_multigraph_with_pairs_counted_once():
    loose = drawn(C.scale_free(15, 2.2, autapses=True, multapses=True), 300)
    simple = drawn(C.scale_free(15, 2.2), 300)
    wanted = np.minimum(matrix(loose, 300), 1.0)
    np.fill_diagonal(wanted, 0.0)
    assert matrix(loose, 300).max() > 1 and np.array_equal(matrix(simple, 300), wanted)


def test_degrees_agree_with_expected_degree_graphs_of_networkx():
    """Theirs (Chung and Lu) connects with min(1, w w' / S), which is 1 - exp of it where that is small."""
    n, k, gamma = 400, 6, 3.5
    rule = C.scale_free(k, gamma_out=gamma, autapses=True)
    ours = [np.bincount(drawn(rule, n, seed).sources, minlength=n) for seed in SEEDS]
    expected = (k * n * shares(n, gamma)).tolist()
    theirs = [[d for _, d in nx.expected_degree_graph(expected, seed=seed, selfloops=False).degree] for seed in SEEDS]
    assert np.mean(ours) == pytest.approx(np.mean(theirs), rel=0.03)
    assert stats.ks_2samp(np.ravel(ours), np.ravel(theirs)).pvalue > LEAST


def test_ranks_of_the_two_directions_are_independent_unless_correlated():
    def degrees(seed, **keywords):
        edges = drawn(C.scale_free(100, 2.6, 2.6, autapses=True, multapses=True, **keywords), 300, seed)
        return [np.bincount(ids, minlength=300) for ids in (edges.sources, edges.targets)]

    assert_uniform(stats.spearmanr(*degrees(seed)).pvalue for seed in SEEDS)
    assert min(stats.spearmanr(*degrees(seed, correlated=True))[0] for seed in range(5)) > 0.8


# Graphs of blocks.

P = np.array([[0.3, 0.02, 1.0], [0.0, 0.5, 0.1]])


def test_every_pair_of_blocks_has_its_binomial_number():
    rng = np.random.default_rng(1)
    of_sources, of_targets = rng.integers(0, 2, 150), rng.integers(0, 3, 170)
    rule = C.stochastic_block_model(P, labels=of_sources, target_labels=of_targets)
    made = [matrix(drawn(rule, 150, seed, targets=170), 150, 170) for seed in SEEDS]
    assert max(each.max() for each in made) == 1
    for a in range(2):
        for b in range(3):
            blocks = [each[of_sources == a][:, of_targets == b] for each in made]
            if P[a, b] in (0.0, 1.0):
                assert all((each == P[a, b]).all() for each in blocks)
            else:
                assert_uniform(stats.binom(blocks[0].size, P[a, b]).cdf(each.sum()) for each in blocks)
                for axis in (0, 1):  # degrees are independent binomial numbers
                    law = stats.binom(blocks[0].shape[axis], P[a, b])
                    z = [((each.sum(axis) - law.mean()) ** 2).sum() / law.var() for each in blocks]
                    assert_uniform(stats.chi2(blocks[0].shape[1 - axis]).sf(z))


def test_block_models_agree_with_those_of_networkx():
    sizes, p = [60, 90], [[0.2, 0.05], [0.1, 0.3]]
    rule = C.stochastic_block_model(p, sizes=sizes)
    ours = [matrix(drawn(rule, 150, seed), 150) for seed in SEEDS]
    graphs = [nx.stochastic_block_model(sizes, p, directed=True, seed=seed) for seed in SEEDS]
    theirs = [nx.to_numpy_array(graph, nodelist=range(150)) for graph in graphs]
    assert all(each.trace() == 0 for each in ours)
    for measure in (lambda A: A[:60, 60:].sum(), lambda A: A[60:, :60].sum(), np.sum, transitivity):
        assert stats.ks_2samp(list(map(measure, ours)), list(map(measure, theirs))).pvalue > LEAST


def test_one_block_is_bernoulli():
    rule = C.stochastic_block_model([[0.1]], sizes=[200], autapses=True)
    both = [[len(drawn(each, 200, seed).sources) for seed in SEEDS] for each in (rule, C.bernoulli(0.1))]
    assert_uniform(stats.binom(200 * 200, 0.1).cdf(both[0]))
    assert stats.ks_2samp(*both).pvalue > LEAST


def test_clusters_keep_the_mean_probability_and_the_two_ratios():
    n, q, p, ratio = 403, 5, 0.2, 2.5
    rule = C.clustered(q, p, ratio, weight=0.024, weight_ratio=1.9)
    edges = drawn(rule, n, weight=None)
    cluster = np.arange(n) * q // n
    same = cluster[edges.sources] == cluster[edges.targets]
    assert np.array_equal(edges.weights, np.where(same, 0.024 * 1.9, 0.024))
    inside = (cluster[:, None] == cluster[None]).mean()
    totals, within = [], []
    for seed in SEEDS:
        edges = drawn(rule, n, seed)
        assert (edges.weights == 1.0).all()  # connect's own goes first
        same = cluster[edges.sources] == cluster[edges.targets]
        totals.append(len(same) / (n * (n - 1)))
        within.append(same.sum() / (inside * n * n - n) / ((~same).sum() / ((1 - inside) * n * n)))
    assert np.mean(totals) == pytest.approx(p, rel=0.005) and np.mean(within) == pytest.approx(ratio, rel=0.01)


# The configuration model.


NEITHER = {"autapses": False, "multapses": False}


@pytest.mark.parametrize("switches", [{}, {"autapses": False}, {"multapses": False}, NEITHER])
@settings(max_examples=20, deadline=None)
@given(degrees=st.lists(st.integers(1, 4), min_size=16, max_size=40), seed=st.integers(0, 99))
def test_degrees_are_those_given(switches, degrees, seed):
    n = len(degrees)
    turned = degrees[::-1]
    A = matrix(drawn(C.configuration_model(degrees, turned, **switches), n, seed), n)
    assert A.sum(axis=1).tolist() == degrees and A.sum(axis=0).tolist() == turned
    assert switches.get("autapses", True) or A.trace() == 0
    assert switches.get("multapses", True) or A.max() <= 1


def test_matchings_are_equally_likely():
    """Three stubs have six matchings."""
    counts = np.zeros(6)
    order = {(0, 1, 2): 0, (0, 2, 1): 1, (1, 0, 2): 2, (1, 2, 0): 3, (2, 0, 1): 4, (2, 1, 0): 5}
    for seed in range(3000):
        counts[order[tuple(shuffled(np.arange(3, dtype=np.int32), seed, 1).tolist())]] += 1
    assert stats.chisquare(counts).pvalue > LEAST


def test_a_shuffle_through_buckets_is_uniform(monkeypatch):
    """How far stubs move is spread evenly, and all are still there."""
    monkeypatch.setattr("hsnn_event.topology.configuration.STUBS_A_BUCKET", 64)
    monkeypatch.setattr("hsnn_event.topology.configuration.STUBS_A_PART", 100)
    n = 1000
    moved = []
    for seed in range(200):
        mixed = shuffled(np.arange(n, dtype=np.int32), seed, 2)
        assert np.array_equal(np.sort(mixed), np.arange(n))
        moved.append((mixed - np.arange(n)) % n)
    assert stats.chisquare(np.bincount(np.ravel(moved), minlength=n)).pvalue > LEAST
    assert stats.chisquare(np.bincount(np.ravel(moved) // 100)).pvalue > LEAST


def test_pairs_agree_with_the_configuration_model_of_networkx():
    out, into = [6, 3, 1, 1, 0, 1] * 5, [1, 2, 3, 4, 1, 1] * 5

    def measures(A):
        return A.trace(), (A > 1).sum(), A[:1].max()

    ours = [measures(matrix(drawn(C.configuration_model(out, into), 30, seed), 30)) for seed in range(150)]
    theirs = [
        measures(nx.to_numpy_array(nx.directed_configuration_model(into, out, seed=seed), nodelist=range(30)))
        for seed in range(150)
    ]
    for mine, other in zip(np.transpose(ours), np.transpose(theirs), strict=True):
        assert stats.ks_2samp(mine, other).pvalue > LEAST


def test_erased_synapses_are_those_that_may_not_be():
    degrees = np.full(60, 12)
    loose = matrix(drawn(C.configuration_model(degrees, degrees), 60), 60)
    erased = matrix(drawn(C.configuration_model(degrees, degrees, autapses=False, multapses=False, excess="erase"), 60), 60)
    wanted = np.minimum(loose, 1.0)
    np.fill_diagonal(wanted, 0.0)
    assert np.array_equal(erased, wanted) and erased.sum() < loose.sum()


# All of them.

RULES = {
    "small_world": C.small_world(20, 0.3),
    "small_world, alpha": C.small_world(20, 0.3, alpha=1.5),
    "small_world, space": C.small_world(20, 0.3, alpha=1.0, positions=np.random.default_rng(1).random((400, 2)), period=1.0),
    "scale_free": C.scale_free(20, 2.2),
    "scale_free, multapses": C.scale_free(20, 2.2, 2.5, autapses=True, multapses=True),
    "stochastic_block_model": C.stochastic_block_model([[0.2, 0.01], [0.0, 0.1]], sizes=[150, 250]),
    "clustered": C.clustered(10, 0.1, 3.0),
    "configuration_model": C.configuration_model(np.full(400, 20), np.full(400, 20), autapses=False, multapses=False),
}


@cache
def on_threads(name, threads):
    return drawn(RULES[name], threads=threads, weight=hsnn.random.normal(1.0, 0.1))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_nothing(name, threads):
    for mine, other in zip(on_threads(name, 1), on_threads(name, threads), strict=True):
        assert np.array_equal(mine, other)


@pytest.mark.parametrize("name", RULES)
def test_seeds_and_names_give_other_graphs(name):
    one, other = (drawn(RULES[name], seed=seed).targets for seed in (1, 2))
    assert not np.array_equal(one, other)
    net = hsnn.Network(seed=1)
    cells = net.population("cells", 400, DELTA)
    again = [net.connect(cells, cells, RULES[name], weight=1.0, delay=1.0).edges().targets for _ in range(2)]
    assert np.array_equal(again[0], one) and not np.array_equal(*again)


@pytest.mark.parametrize("name", RULES)
def test_a_part_of_a_population_is_known_by_its_ids(name):
    """The view turns places round; nobody reaches himself where autapses are excluded."""
    net = hsnn.Network(seed=1)
    cells = net.population("cells", 500, DELTA)
    view = cells[50:450]
    edges = net.connect(view, view, RULES[name], weight=1.0, delay=1.0).edges()
    assert edges.sources.min() >= 50 and edges.targets.max() < 450
    assert (edges.sources == edges.targets).any() == (name == "scale_free, multapses")


def test_rows_that_are_longer_than_expected_find_room(monkeypatch):
    kept = {name: on_threads(name, 1).targets for name in RULES}
    short = drawing.drawn_rows
    for module in ("static_model", "blocks"):
        monkeypatch.setattr(
            f"hsnn_event.topology.{module}.drawn_rows", lambda fill, expected, threads: short(fill, expected * 0.0, threads)
        )
    for name in ("scale_free", "scale_free, multapses", "stochastic_block_model", "clustered"):
        assert np.array_equal(drawn(RULES[name]).targets, kept[name])


def test_random_graphs_run_and_couple():
    net = hsnn.Network(seed=1)
    cells = net.population("cells", 400, DELTA)
    made = [net.connect(cells, cells, rule, weight=0.1, delay=1.0) for rule in RULES.values()]
    before = [each.edges() for each in made]
    net.run(1.0)
    for each, edges in zip(made, before, strict=True):
        assert np.array_equal(each.edges().targets, edges.targets)
    other = hsnn.Network(seed=1)
    cells = other.population("cells", 400, hsnn.models.izhikevich())
    assert other.couple(cells, cells, C.small_world(4, 0.1)).n_junctions > 400


# Errors.

WRONG = [
    (lambda: C.small_world(3, 0.1), ValueRangeError, "even"),
    (lambda: C.small_world(4, 1.1), ValueRangeError, "p is 1.1"),
    (lambda: C.small_world(4, 0.1, alpha=21.0), ValueRangeError, "alpha"),
    (lambda: C.small_world(4, 0.1, period=1.0), ArgumentTypeError, "positions"),
    (lambda: C.small_world(4, 0.1, positions=[[0.0, np.nan]]), ValueRangeError, "NaN"),
    (lambda: C.small_world(4, 0.1, positions=[0.0, 2.0], period=1.0), ValueRangeError, r"\[0, period\)"),
    (lambda: C.small_world(4, 0.1, positions=np.zeros((2, 2, 2))), ShapeError, "dimensions"),
    (lambda: C.scale_free(4, 2.0), ValueRangeError, "gamma_out"),
    (lambda: C.scale_free(-1), ValueRangeError, "k is -1"),
    (lambda: C.stochastic_block_model([[0.1]]), ArgumentTypeError, "sizes"),
    (lambda: C.stochastic_block_model([[0.1]], sizes=[4], labels=[0] * 4), ArgumentTypeError, "one of them"),
    (lambda: C.stochastic_block_model([[0.1, 0.2]], sizes=[4]), ShapeError, "square"),
    (lambda: C.stochastic_block_model([[1.5]], sizes=[4]), ValueRangeError, "1.5"),
    (lambda: C.stochastic_block_model([[0.1]], labels=[0, 1]), ValueRangeError, "labels holds 1"),
    (lambda: C.stochastic_block_model([[0.1]], sizes=[2, 2]), ShapeError, "2 blocks"),
    (lambda: C.clustered(4, 0.1, 2.0, weight_ratio=1.9), ArgumentTypeError, "weight="),
    (lambda: C.configuration_model([1, 2], [1, 1]), ValueRangeError, "add up to 3"),
    (lambda: C.configuration_model([3, 0], [2, 1], multapses=False), ValueRangeError, "find 2"),
    (lambda: C.configuration_model([1], [1], excess="ease"), UnknownNameError, "Did you mean 'erase'"),
]


@pytest.mark.parametrize("call, error, words", WRONG)
def test_wrong_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


REFUSED = [
    (C.small_world(10, 0.1), ValueRangeError, "9 neighbours"),
    (C.small_world(4, 0.1, positions=[1.0, 2.0]), ShapeError, "2 positions for 10"),
    (C.small_world(4, 0.1, alpha=1.0, positions=np.zeros(10)), ValueRangeError, "very place"),
    (C.stochastic_block_model([[0.1]], sizes=[9]), ShapeError, "for the 10"),
    (C.clustered(20, 0.1, 2.0), ValueRangeError, "20 clusters"),
    (C.clustered(5, 0.9, 3.0), ValueRangeError, "within clusters"),
    (C.configuration_model([1], [1]), ShapeError, "1 out_degrees for the 10"),
    (C.configuration_model([10] + [0] * 9, [1] * 10, autapses=False, multapses=False), ValueRangeError, "stops at source 0"),
]


@pytest.mark.parametrize("rule, error, words", REFUSED)
def test_what_does_not_fit_is_refused_before_anything_is_declared(rule, error, words):
    net = hsnn.Network()
    cells = net.population("cells", 10, DELTA)
    with pytest.raises(error, match=words):
        net.connect(cells, cells, rule, weight=1.0, delay=1.0)
    assert not net.projections


@pytest.mark.parametrize("rule", [C.small_world(4, 0.1), C.scale_free(4, correlated=True)])
def test_two_populations_of_one_ring_are_of_one_size(rule):
    with pytest.raises(ShapeError, match="10 and 20"):
        drawn(rule, 10, targets=20)
    assert len(drawn(rule, 10, targets=10).sources) > 0


def test_what_does_not_fit_in_memory_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 1e6)
    n = 2000
    for rule in (C.small_world(200, 0.1), C.scale_free(200), C.clustered(2, 0.1, 2.0),
                 C.configuration_model(np.full(n, 200), np.full(n, 200))):  # fmt: skip
        with pytest.raises(InsufficientMemoryError, match="GB are free"):
            drawn(rule, n)
