"""Hyperedges that listen to spikes: against their clique expansion, against a direct evaluation of recorded spikes, and the
same whatever the backend, the threads and the cuts of a run."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import hsnn_event as hsnn
from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    GridError,
    MethodError,
    ShapeError,
    UnknownNameError,
    ValueRangeError,
)
from hsnn_event.topology.hyper_rule import HyperRule

EDGES, NEURONS = 25, 50
RULES = {
    "any": hsnn.hyper.any(),
    "threshold": hsnn.hyper.threshold(2, 5.0),
    "threshold of spikes": hsnn.hyper.threshold(3, 8.0, distinct=False, consume=False, refractory=3.0),
    "several thresholds": hsnn.hyper.threshold([1, 2] * 12 + [2], np.linspace(0.0, 6.0, EDGES)),
    "all of": hsnn.hyper.all_of(20.0),
    "weighted": hsnn.hyper.weighted(2.2, 10.0),
    "weighted, kept": hsnn.hyper.weighted(3.0, 6.0, consume=False, refractory=2.0),
    "sequence": hsnn.hyper.sequence(9.0),
    "gated by time": hsnn.hyper.gate(intervals=[(5.0, 20.05), (31.0, 47.0), (70.0, 90.0)]),
    "gated by activity": lambda net: hsnn.hyper.gate(
        hsnn.hyper.threshold(2, 5.0), by=net["cells"][:9], k=2, window=6.0,
        intervals=[[(0.0, 30.0 + edge)] for edge in range(EDGES)],
    ),
    "shut by activity": lambda net: hsnn.hyper.gate(
        by=net["cells"], each=[[e, e + 7] for e in range(EDGES)], window=12.0, closes=True
    ),
    "equations": hsnn.hyper.equations(
        parameters={"tau": np.linspace(5.0, 20.0, EDGES)}, states={"s": "0.1", "a": 0.0},
        dynamics={"s": "(a - s)/tau", "a": "-a/3"}, spike={"a": "max(a, 0.2) + weight"},
        condition="s + a > 1.5 and a > 0.1", reset={"a": "0"}, refractory=2.0,
    ),
}  # fmt: skip


def lists():
    """Hyperedges with two to five sources and several targets each, in several of which neurons may be."""
    random = np.random.default_rng(3)

    def some(most):
        return tuple(random.choice(NEURONS, random.integers(2, most), replace=False).tolist())

    pairs = [(some(6), some(8)) for _ in range(EDGES)]
    return pairs, random.uniform(20.0, 90.0, EDGES), np.round(random.uniform(0.1, 3.0, EDGES), 1)


def network(dt=0.1, **keywords):
    """Cells that fire by themselves, driven, and connected by other synapses too."""
    net = hsnn.Network(dt=dt, seed=4, **keywords)
    model = hsnn.models.lif_exp(I_e=350.0) if dt else hsnn.models.lif_delta(E_L=-49.0)
    cells = net.population("cells", NEURONS, model)
    cells.set(v=hsnn.random.uniform(-60.0, -51.0))
    unit = 60.0 if dt else 0.5  # pA or mV
    net.connect(cells, cells, hsnn.connect.bernoulli(0.1), weight=hsnn.random.normal(0.5 * unit, 0.1 * unit),
                delay=hsnn.random.uniform(0.5, 2.0))  # fmt: skip
    net.drive(cells, hsnn.stimuli.poisson(800.0 if dt else 100.0), weight=unit)
    net.record(cells, "spikes")
    return net, cells


def hyper_network(rule, dt=0.1, source_delay=None, **keywords):
    net, cells = network(dt, **keywords)
    pairs, weights, delays = lists()
    edges = hsnn.Hypergraph.from_lists(pairs, weight=weights if dt else weights / 30.0, delay=delays)
    rule = rule if isinstance(rule, HyperRule) else rule(net)
    net.record(net.connect_hyper(cells, cells, edges, rule=rule, name="edges", source_delay=source_delay), "spikes")
    return net


def spikes_of(result):
    return [(name, each.times, each.ids) for name, each in sorted(result.spikes.items())]


def assert_same(one, other):
    for (name, times, ids), (_, other_times, other_ids) in zip(spikes_of(one), spikes_of(other), strict=True):
        np.testing.assert_array_equal(times, other_times, name)
        np.testing.assert_array_equal(ids, other_ids, name)


SCHEDULES = pytest.mark.parametrize("dt", [0.1, None], ids=["clock", "exact"])


@SCHEDULES
@pytest.mark.parametrize("backend, threads", [("numba", 1), ("numba", 3), ("reference", 1)])
def test_any_is_the_clique_expansion(backend, threads, dt):
    net, cells = network(dt, backend=backend, threads=threads)
    sources, targets, weights, delays = [], [], [], []
    for (mine, theirs), weight, delay in zip(*lists(), strict=True):
        for source in mine:
            sources += [source] * len(theirs)
            targets += theirs
            weights += [weight if dt else weight / 30.0] * len(theirs)
            delays += [delay] * len(theirs)
    net.connect(cells, cells, hsnn.connect.from_edges(sources, targets), weight=weights, delay=delays)
    clique = net.run(100.0).spikes["cells"]
    hyper = hyper_network(hsnn.hyper.any(), dt, backend=backend, threads=threads).run(100.0).spikes["cells"]
    assert len(clique) > 200
    np.testing.assert_array_equal(hyper.times, clique.times)
    np.testing.assert_array_equal(hyper.ids, clique.ids)


@SCHEDULES
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_backends_and_threads_agree(rule, dt):
    expected = hyper_network(rule, dt, backend="reference").run(100.0)
    assert len(expected.spikes["edges"]) > 5
    assert_same(expected, hyper_network(rule, dt).run(100.0))
    assert_same(expected, hyper_network(rule, dt, threads=3, blocks=4).run(100.0))


@SCHEDULES
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_runs_may_be_cut_saved_and_go_on_elsewhere(rule, dt, tmp_path):
    whole = hyper_network(rule, dt).run(60.0)
    net = hyper_network(rule, dt, threads=2)
    parts = [net.run(13.3), net.run(20.1)]
    net.save(tmp_path / "net.h5")
    for backend in ("numba", "reference"):
        other = hsnn.Network.load(tmp_path / "net.h5", backend=backend)
        first = other.run(5.3)
        other.save(tmp_path / "again.h5")
        last = hsnn.Network.load(tmp_path / "again.h5", backend="numba").run(60.0 - 33.4 - 5.3)
        assert_same(whole, hsnn.concatenate([*parts, first, last]))
    net.reset()
    assert_same(whole, net.run(60.0))


def directly(rule, pairs, spikes, dt=0.1):
    """(step, edge) of all activations, from the definition: evidence is looked for in all spikes so far."""
    steps = np.rint(spikes.times / dt).astype(int)
    found = []
    for edge, (mine, _) in enumerate(pairs):
        since, last = -1, -(10**6)
        least = len(mine) if rule.least is None else rule.least
        for step in np.unique(steps[np.isin(spikes.ids, mine)]):
            counts = (steps > max(since, step - max(round(rule.window / dt), 1))) & (steps <= step)
            evidence = spikes.ids[counts & np.isin(spikes.ids, mine)]
            n = len(set(evidence.tolist())) if rule.distinct else len(evidence)
            if n >= least and step - last > round(rule.refractory / dt):
                found.append((step, edge))
                last, since = step, step if rule.consume else since
    return sorted(found)


edges_of_few = st.lists(st.tuples(st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True), st.just((0,))),
                        min_size=1, max_size=4)  # fmt: skip
trains = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 5)), max_size=40, unique=True)
counting = st.builds(
    lambda k, window, distinct, consume, rest: hsnn.hyper.threshold(
        k, window / 10, distinct=distinct, consume=consume, refractory=rest / 10
    ),
    st.integers(1, 4), st.integers(0, 30), st.booleans(), st.booleans(), st.integers(0, 20),
)  # fmt: skip


@settings(deadline=None)
@given(edges_of_few, trains, counting, st.sampled_from(["numba", "reference"]), st.sampled_from([0.1, None]))
def test_counting_rules_are_a_direct_evaluation_of_the_spikes(pairs, spikes, rule, backend, dt):
    pairs = [pair for pair in pairs if not rule.distinct or len(pair[0]) >= rule.least] or [([0, 1, 2, 3], (0,))]
    net = hsnn.Network(dt=dt, backend=backend, threads=1)
    unit = 10 if dt else 8  # without a clock times and windows are dyadic, so that differences are exact
    if not dt:
        rule = replace(rule, window=rule.window * 10 / 8, refractory=rule.refractory * 10 / 8)
    source = net.population("source", 6, hsnn.models.spike_source([t / unit for t, _ in spikes], [i for _, i in spikes]))
    cells = net.population("cells", 1, hsnn.models.lif_exp())
    junctions = net.connect_hyper(source, cells, hsnn.Hypergraph.from_lists(pairs, weight=1.0, delay=0.5), rule=rule)
    net.record(source, "spikes")
    net.record(junctions, "spikes")
    result = net.run(10.0)
    mine = result.spikes[junctions.name]
    fired = list(zip(np.rint(mine.times * unit).astype(int).tolist(), mine.ids.tolist(), strict=True))
    assert fired == directly(rule, pairs, result.spikes["source"], 1.0 / unit)


@SCHEDULES
@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_a_threshold_of_one_is_any_where_no_two_sources_fire_at_once(dt, backend):
    times, ids = np.arange(1, 200) / 8.0, np.random.default_rng(1).integers(0, 9, 199)
    times = np.round(times, 1) if dt else times
    pairs = [((0, 1, 2), (0, 1)), ((2, 3, 4, 5), (1, 2)), ((6, 7, 8, 0), (0, 3))]
    found = []
    for rule in (hsnn.hyper.any(), hsnn.hyper.threshold(1, 0.0, distinct=False)):
        net = hsnn.Network(dt=dt, backend=backend)
        source = net.population("source", 9, hsnn.models.spike_source(times, ids))
        cells = net.population("cells", 4, hsnn.models.lif_delta())
        graph = hsnn.Hypergraph.from_lists(pairs, weight=[3.0, 4.0, 5.0], delay=[0.5, 1.0, 1.5])
        net.record(net.connect_hyper(source, cells, graph, rule=rule, name="edges"), "spikes")
        net.record(cells, "v", every=0.5)
        found.append(net.run(26.0))
    one, other = found
    assert len(one.spikes["edges"]) > 200
    assert_same(one, other)
    np.testing.assert_array_equal(one.states["cells"]["v"].values, other.states["cells"]["v"].values)


def summed(pairs, spikes, weights, threshold, tau):
    """(instant, edge) at which the leaky sum of spikes since the last activation is large enough; None: too near to tell."""
    found = []
    for edge, (mine, _) in enumerate(pairs):
        since = -1
        for t in sorted({t for t, i in spikes if i in mine}):
            heard = [(at, mine.index(i)) for at, i in spikes if since < at <= t and i in mine]
            total = sum(weights[edge][member] * np.exp((at - t) / tau) for at, member in heard)
            if abs(total - threshold) < 1e-9:
                return None
            if total > threshold:
                found.append((t, edge))
                since = t
    return sorted(found)


def chained(pairs, spikes, gap):
    """(instant, edge) at which a chain of spikes ends, one a source in order, each less than the gap after the last one."""
    found = []
    for edge, (mine, _) in enumerate(pairs):
        since = -1
        for t in sorted({t for t, i in spikes if i == mine[-1]}):
            ends = {t}
            for member in reversed(mine[:-1]):
                ends = {at for at, i in spikes if i == member and at > since and any(0 < end - at < gap for end in ends)}
            if ends and t > since:
                found.append((t, edge))
                since = t
    return sorted(found)


@SCHEDULES
@given(edges_of_few, trains, st.sampled_from(["numba", "reference"]), st.booleans(), st.integers(1, 30))
@settings(deadline=None, max_examples=60)
def test_sums_and_sequences_are_a_direct_evaluation_of_the_spikes(dt, pairs, spikes, backend, ordered, width):
    unit = 10 if dt else 8
    pairs = [(tuple(mine), theirs) for mine, theirs in pairs]
    weights = [[0.5 + 0.25 * (place + edge) for place in range(len(mine))] for edge, (mine, _) in enumerate(pairs)]
    tau = width / unit
    expected = chained(pairs, spikes, width) if ordered else summed(pairs, spikes, weights, 1.6, width)
    rule = hsnn.hyper.sequence(tau) if ordered else hsnn.hyper.weighted(1.6, tau)
    assume(expected is not None)
    net = hsnn.Network(dt=dt, backend=backend, threads=1)
    source = net.population("source", 6, hsnn.models.spike_source([t / unit for t, _ in spikes], [i for _, i in spikes]))
    cells = net.population("cells", 1, hsnn.models.lif_delta())
    graph = hsnn.Hypergraph.from_lists(pairs, weight=1.0, delay=0.5, source_weights=[w for each in weights for w in each])
    junctions = net.connect_hyper(source, cells, graph, rule=rule)
    net.record(junctions, "spikes")
    mine = net.run(10.0).spikes[junctions.name]
    assert list(zip(np.rint(mine.times * unit).astype(int).tolist(), mine.ids.tolist(), strict=True)) == expected


def activations(rule, spikes, source_weights=None, n=3):
    net = hsnn.Network(dt=0.1)
    source = net.population("source", n, hsnn.models.spike_source(*zip(*spikes, strict=True)))
    cells = net.population("cells", 1, hsnn.models.lif_delta())
    edges = hsnn.Hypergraph.from_lists([(range(n), (0,))], weight=1.0, delay=2.0, source_weights=source_weights)
    junctions = net.connect_hyper(source, cells, edges, rule=rule)
    net.record(junctions, "spikes")
    net.record(cells, "v", every=0.1)
    result = net.run(20.0)
    v = result.states["cells"]["v"]
    return result.spikes[junctions.name].times.tolist(), v.times[np.flatnonzero(np.diff(v.values[:, 0]) > 0.5) + 1].tolist()


def test_the_way_from_the_completing_spike_to_the_targets_is_the_delay():
    fired, arrived = activations(hsnn.hyper.threshold(3, 5.0), [(1.0, 0), (2.0, 1), (3.5, 2)])
    assert (fired, arrived) == ([3.5], [5.5])


def test_order_and_gaps_make_a_sequence():
    gaps = hsnn.hyper.sequence([1.0, 2.0])
    assert activations(gaps, [(1.0, 0), (1.9, 1), (3.8, 2)])[0] == [3.8]
    assert activations(gaps, [(1.0, 0), (2.0, 1), (3.8, 2)])[0] == []              # the first gap is not below 1 ms
    assert activations(gaps, [(1.0, 1), (1.5, 0), (3.0, 2)])[0] == []              # another order
    assert activations(gaps, [(1.0, 0), (1.0, 1), (1.5, 2)])[0] == []              # at once is no order
    assert activations(gaps, [(1.0, 0), (1.5, 1), (2.0, 1), (2.0, 2)])[0] == [2.0]  # the spike before counts


def test_a_weighted_sum_leaks():
    rule = hsnn.hyper.weighted(1.5, 10.0)
    assert activations(rule, [(1.0, 0), (7.8, 1)])[0] == [7.8]     # 1 + exp(-0.68) is 1.507
    assert activations(rule, [(1.0, 0), (8.1, 1)])[0] == []  # 1 + exp(-0.71) is below 1.5
    assert activations(rule, [(1.0, 0), (2.0, 2)], source_weights=[1.6, 0.0, 0.0])[0] == [1.0]


@SCHEDULES
def test_equations_of_a_leaky_sum_are_the_rule_weighted(dt):
    rule = hsnn.hyper.equations(
        parameters={"theta": 2.2}, states={"s": 0.0}, dynamics={"s": "-s/10"}, spike={"s": "s + weight"},
        condition="s >= theta", reset={"s": "0"},
    )  # fmt: skip
    one, other = hyper_network(hsnn.hyper.weighted(2.2, 10.0), dt).run(100.0), hyper_network(rule, dt).run(100.0)
    assert len(one.spikes["edges"]) > 20
    assert_same(one, other)


def test_equations_follow_every_spike_in_order():
    """A state that only falls: order and amounts of two spikes at one instant can be read off it."""
    rule = hsnn.hyper.equations(
        states={"x": 1.0}, spike={"x": "where(weight > 1, x*0.5, x - 0.4)"}, condition="x < 0.15", reset={"x": "1"}
    )
    assert activations(rule, [(1.0, 0), (1.0, 1)], [2.0, 1.0, 0.0])[0] == [1.0]  # 1 -> 0.5 -> 0.1
    assert activations(rule, [(1.0, 0), (1.0, 1)], [1.0, 2.0, 0.0])[0] == []     # 1 -> 0.6 -> 0.3


@SCHEDULES
@given(edges_of_few, trains, st.lists(st.integers(0, 60), min_size=2, max_size=6, unique=True), st.booleans())
@settings(deadline=None, max_examples=40)
def test_gates_are_a_direct_evaluation_of_the_spikes(dt, pairs, spikes, bounds, closes):
    """Neuron 5 opens or closes for 0.7 ms, twice as well as intervals; the others are sources."""
    unit = 10 if dt else 8
    bounds = sorted(bounds)[: len(bounds) // 2 * 2]
    intervals = list(zip(bounds[::2], bounds[1::2], strict=True))
    net = hsnn.Network(dt=dt, threads=1)
    source = net.population("source", 6, hsnn.models.spike_source([t / unit for t, _ in spikes], [i for _, i in spikes]))
    cells = net.population("cells", 1, hsnn.models.lif_delta())
    rule = hsnn.hyper.gate(by=source[[5]], window=7 / unit, closes=closes,
                           intervals=[(a / unit, b / unit) for a, b in intervals])  # fmt: skip
    graph = hsnn.Hypergraph.from_lists(pairs, weight=1.0, delay=0.5)
    junctions = net.connect_hyper(source, cells, graph, rule=rule)
    net.record(junctions, "spikes")
    mine = net.run(10.0).spikes[junctions.name]
    opening = [t for t, i in spikes if i == 5]
    expected = [
        (t, edge)
        for t, i in spikes for edge, (members, _) in enumerate(pairs)
        if i in members and any(a < t <= b for a, b in intervals)
        and any(t - 7 < at <= t for at in opening) is not closes
    ]  # fmt: skip
    found = zip(np.rint(mine.times * unit).astype(int).tolist(), mine.ids.tolist(), strict=True)
    assert sorted(found) == sorted(expected)


@SCHEDULES
@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_source_delays_shift_the_evidence(dt, backend):
    """The same activations as from sources that fire so much later."""
    random, unit = np.random.default_rng(5), 10 if dt else 8
    times, ids = (np.sort(random.choice(400, 60, replace=False)) + 1) / unit, random.integers(0, 6, 60)
    shifts = np.array([0, 3, 8, 0, 16, 3]) / unit
    pairs = [((0, 1, 2), (0,)), ((1, 3, 4, 5), (0,)), ((0, 5), (0,))]
    found = []
    for fired, late in ((times, [shifts[i] for mine, _ in pairs for i in mine]), (times + shifts[ids], None)):
        net = hsnn.Network(dt=dt, backend=backend)
        source = net.population("source", 6, hsnn.models.spike_source(fired, ids))
        cells = net.population("cells", 1, hsnn.models.lif_delta())
        net.record(cells, "v", every=0.5)
        graph = hsnn.Hypergraph.from_lists(pairs, weight=1.0, delay=0.5)
        for rule in (hsnn.hyper.any(), hsnn.hyper.threshold(2, 4.0)):
            net.record(net.connect_hyper(source, cells, graph, rule=rule, source_delay=late, name=str(rule)), "spikes")
        found.append(net.run(60.0))
    one, other = found
    assert len(one.spikes["threshold"]) > 3
    assert_same(one, other)
    np.testing.assert_array_equal(one.states["cells"]["v"].values, other.states["cells"]["v"].values)


@SCHEDULES
def test_relays_are_saved_and_go_on(dt, tmp_path):
    delays = np.random.default_rng(1).choice([0.0, 1.5, 4.0], sum(len(mine) for mine, _ in lists()[0]))
    rule = RULES["threshold"]
    whole = hyper_network(rule, dt, delays).run(60.0)
    assert_same(whole, hyper_network(rule, dt, delays, backend="reference").run(60.0))
    net = hyper_network(rule, dt, delays)
    first = net.run(22.2)
    net.save(tmp_path / "net.h5")
    assert_same(whole, hsnn.concatenate([first, hsnn.Network.load(tmp_path / "net.h5").run(60.0 - 22.2)]))


def test_no_member_of_an_undirected_hyperedge_is_evidence_for_itself():
    def reached(rule, members, spikes):
        net = hsnn.Network(dt=0.1)
        source = net.population("source", 4, hsnn.models.spike_source(*zip(*spikes, strict=True)))
        cells = net.population("cells", 4, hsnn.models.lif_delta(V_th=1e3))
        graph = hsnn.Hypergraph.from_lists([members], weight=1.0, delay=1.0)
        net.connect_hyper(source, cells, graph, rule=rule)
        net.record(cells, "v", every=0.1)
        v = net.run(5.0).states["cells"]["v"].values
        return np.flatnonzero((np.diff(v, axis=0) > 0.5).any(axis=0)).tolist()

    assert reached(hsnn.hyper.any(), {0, 1, 3}, [(1.0, 0)]) == [1, 3]
    assert reached(hsnn.hyper.threshold(2, 5.0), {0, 1, 3}, [(1.0, 0), (2.0, 1)]) == [3]
    assert reached(hsnn.hyper.threshold(2, 5.0), {0, 1, 3}, [(1.0, 0), (2.0, 1), (3.0, 3)]) == [0, 1, 3]


def test_groups_of_sources_are_counted_through():
    net = hsnn.Network(dt=0.1)
    one = net.population("one", 3, hsnn.models.spike_source([1.0], [2]))
    two = net.population("two", 2, hsnn.models.spike_source([2.0], [0]))
    cells = net.population("cells", 1, hsnn.models.lif_delta())
    edges = hsnn.Hypergraph.from_lists([((2, 3), (0,))], weight=1.0, delay=1.0)
    junctions = net.connect_hyper(one + two, cells, edges, rule=hsnn.hyper.all_of(3.0))
    net.record(junctions, "spikes")
    assert net.run(5.0).spikes[junctions.name].times.tolist() == [2.0]


def test_wrong_hyperedges_are_refused_before_anything_is_added():
    net, cells = network()
    exact = net.population("exact", 3, hsnn.models.lif_exp(), schedule="exact")
    edges = hsnn.Hypergraph.from_lists([((0, 1), (2,))], weight=1.0, delay=1.0)
    junctions = net.connect_hyper(cells, cells, edges, rule=hsnn.hyper.any())
    rule = hsnn.hyper.threshold()

    def refused(kind, words, *arguments, **keywords):
        before = list(net.populations)
        with pytest.raises(kind, match=words):
            net.connect_hyper(*arguments, **keywords)
        assert list(net.populations) == before

    refused(ArgumentTypeError, "give a hypergraph", cells, cells, [((0, 1), (2,))], rule=rule)
    refused(ArgumentTypeError, r"call it: threshold\(\.\.\.\)", cells, cells, edges, rule=hsnn.hyper.threshold)
    refused(DeclarationError, "one kind of time.*exact 'exact'", exact, cells, edges, rule=rule)
    refused(DeclarationError, "are junctions", junctions, cells, edges, rule=rule)
    refused(ValueRangeError, "source 60 .* 0 to 49", cells, cells, hsnn.Hypergraph.from_lists([((0, 60), (2,))]), rule=rule)
    refused(ValueRangeError, "target 60", cells, cells, hsnn.Hypergraph.from_lists([((0, 1), (60,))]), rule=rule)
    refused(DeclarationError, "in no order", cells, cells, hsnn.Hypergraph.from_lists([{0, 1}], weight=1.0, delay=1.0),
            rule=hsnn.hyper.sequence(1.0))  # fmt: skip
    gate = hsnn.hyper.gate
    refused(ArgumentTypeError, "gate: by is a population", cells, cells, edges, rule=gate(by="cells"))
    refused(DeclarationError, "gate: 'exact' has the schedule", cells, cells, edges, rule=gate(by=exact))
    refused(DeclarationError, "are junctions", cells, cells, edges, rule=gate(by=junctions))
    refused(ValueRangeError, "gate: each: source 70", cells, cells, edges, rule=gate(by=cells, each=[[70]]))
    refused(ShapeError, "2 values of each", cells, cells, edges, rule=gate(by=cells, each=[[1], [2]]))
    refused(ShapeError, "2 values of intervals", cells, cells, edges, rule=gate(intervals=[[(0, 1)], [(0, 1)]]))
    refused(ShapeError, "source_delay", cells, cells, edges, rule=rule, source_delay=[1.0])
    refused(ValueRangeError, "source_delay", cells, cells, edges, rule=rule, source_delay=-1.0)
    refused(GridError, "delay", cells, cells, edges, rule=rule, source_delay=0.33)
    own = {"states": {"s": 0.0}, "spike": {"s": "s + weight"}, "condition": "s > 1"}
    several = hsnn.hyper.equations(**own, parameters={"a": [1.0, 2.0]})
    refused(ShapeError, "2 values of parameter 'a'", cells, cells, edges, rule=several)
    refused(ValueRangeError, "hyperedge 0 has 2 sources", cells, cells, edges, rule=hsnn.hyper.threshold(3))
    refused(ShapeError, "2 values of least", cells, cells, edges, rule=hsnn.hyper.threshold([1, 2]))
    refused(ShapeError, "2 gaps", cells, cells, edges, rule=hsnn.hyper.sequence([1.0, 2.0]))
    bare = hsnn.Hypergraph.from_lists([((0, 1), (2,))])
    refused(DeclarationError, "give weight=", cells, cells, bare, rule=rule, delay=1.0)
    refused(ValueRangeError, "delay", cells, cells, bare, rule=rule, weight=1.0, delay=-1.0)
    with pytest.raises(ValueRangeError, match="k is 0"):
        hsnn.hyper.threshold(0)


def test_wrong_gates_and_equations_are_refused_where_they_are_written():
    gate, own = hsnn.hyper.gate, {"states": {"s": 0.0}, "spike": {"s": "s + weight"}, "condition": "s > 1"}
    for words, kind, call in (
        ("nothing opens it", DeclarationError, lambda: gate()),
        ("rule is a rule of hsnn.hyper", ArgumentTypeError, lambda: gate(hsnn.hyper.any, intervals=[(0, 1)])),
        ("has a gate already", DeclarationError, lambda: gate(gate(intervals=[(0, 1)]), intervals=[(0, 1)])),
        ("which is not given", DeclarationError, lambda: gate(intervals=[(0, 1)], each=[[1]])),
        (r"each\[1\] is empty", ValueRangeError, lambda: gate(by="x", each=[[1], []])),
        ("3 ms comes after 5 ms", ValueRangeError, lambda: gate(intervals=[(0, 5), (3, 8)])),
        ("give pairs", ShapeError, lambda: gate(intervals=[(0, 5, 6)])),
        ("list of pairs", ArgumentTypeError, lambda: gate(intervals=5.0)),
        ("k is 0", ValueRangeError, lambda: gate(by="x", k=0)),
        ("at least one state", ArgumentTypeError, lambda: hsnn.hyper.equations(**{**own, "states": {}})),
        ("spike says", ArgumentTypeError, lambda: hsnn.hyper.equations(**{**own, "spike": "s + 1"})),
        ("condition is a text", ArgumentTypeError, lambda: hsnn.hyper.equations(**{**own, "condition": 5})),
        ("'z' is unknown", UnknownNameError, lambda: hsnn.hyper.equations(**{**own, "condition": "z > 1"})),
    ):
        with pytest.raises(kind, match=words):
            call()
    net, cells = network()
    edges = hsnn.Hypergraph.from_lists([((0, 1), (2,))], weight=1.0, delay=1.0)
    net.connect_hyper(cells, cells, edges, rule=hsnn.hyper.equations(**own, dynamics={"s": "-s*s"}))
    with pytest.raises(MethodError, match="linear in the states"):
        net.run(1.0)


def test_spikes_that_are_told_twice_a_step_stay_twice_in_flight_beside_hyperedges(tmp_path):
    """A neuron without a clock fires twice within one step of its targets, which are on the clock."""

    def made():
        net = hsnn.Network(dt=0.1, threads=1)
        told = net.population("told", 1, hsnn.models.spike_source([1.02, 1.07]), schedule="exact")
        source = net.population("source", 2, hsnn.models.spike_source([1.0, 1.5], [0, 1]))
        cells = net.population("cells", 1, hsnn.models.lif_delta(V_th=1e3))
        net.connect(told, cells, hsnn.connect.all_to_all(), weight=1.0, delay=2.0)
        edges = hsnn.Hypergraph.from_lists([((0, 1), (0,))], weight=0.25, delay=2.0)
        net.connect_hyper(source, cells, edges, rule=hsnn.hyper.any())
        return net

    whole, cut = made(), made()
    whole.run(4.0)
    cut.run(2.0)
    cut.save(tmp_path / "net.h5")
    other = hsnn.Network.load(tmp_path / "net.h5")
    other.run(2.0)
    np.testing.assert_array_equal(other["cells"].get("v"), whole["cells"].get("v"))
