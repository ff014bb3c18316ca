"""Which activations of hyperedges caused which: against causes that are looked for spike by spike."""

import pickle

import numpy as np
import pytest
from test_hyperedges import EDGES, RULES, SCHEDULES, hyper_network, lists

import hsnn_event as hsnn
from hsnn_event.errors import NotRecordedError

SHIFTS = np.random.default_rng(2).choice([0.0, 1.5, 3.0], sum(len(mine) for mine, _ in lists()[0]))


def instants(times, dt):
    """Times that can be compared: steps, or ms without the last bits of sums."""
    return np.rint(np.asarray(times) / dt).astype(int) if dt else np.round(times, 7)


def directly(rule, result, dt, shifts=None):
    """Links (cause, effect, neuron, instant) as sets of (edge, instant) pairs, from their definition."""
    pairs, _, delays = lists()
    first = np.cumsum([0, *(len(mine) for mine, _ in pairs)])
    cells, activations = result.spikes["cells"], result.spikes["edges"]
    unit = dt or 1.0
    spikes = list(zip(cells.ids.tolist(), instants(cells.times, dt).tolist(), strict=True))
    found = list(zip(activations.ids.tolist(), instants(activations.times, dt).tolist(), strict=True))

    def late(edge, neuron):
        return 0 if shifts is None else instants(shifts[first[edge] + pairs[edge][0].index(neuron)], dt)

    def opened(edge, time):
        return rule.openings is None or any(
            start / unit < time <= stop / unit + 1e-9
            for start, stop in zip(rule.openings.times[::2], rule.openings.times[1::2], strict=True)
        )

    links = set()
    for place, (edge, time) in enumerate(found):
        earlier = [t for e, t in found[:place] if e == edge and t < time]
        heard = [(i, t, np.round(t + late(edge, i), 7)) for i, t in spikes if i in pairs[edge][0]]
        heard = [(i, t, at) for i, t, at in heard if at <= time and opened(edge, at)]
        window = np.broadcast_to(rule.window, EDGES)[edge] / unit
        if rule.kind == "any":
            heard = [each for each in heard if each[2] == time]
        elif rule.kind == "threshold":
            heard = [each for each in heard if time - each[2] < window - 1e-6 or each[2] == time]
        if earlier and (rule.consume or rule.kind != "threshold") and rule.kind != "any":
            heard = [each for each in heard if each[2] > max(earlier)]
        if rule.distinct:
            latest = {i: at for i, _, at in sorted(heard, key=lambda each: each[2])}
            heard = [each for each in heard if latest[each[0]] == each[2]]
        for i, t, _ in heard:
            before = max((at for j, at in spikes if j == i and at < t), default=-np.inf)
            for cause, at in found:
                arrival = np.round(at + instants(delays[cause], dt), 7)
                if i in pairs[cause][1] and before < arrival <= t:
                    links.add(((cause, at), (edge, time), i, t))
    return links


def links_of(walks, dt):
    times, spikes = instants(walks.times, dt).tolist(), instants(walks.spike_times, dt).tolist()
    activations = list(zip(walks.hyperedges.tolist(), times, strict=True))
    rows = zip(walks.causes.tolist(), walks.effects.tolist(), walks.neurons.tolist(), spikes, strict=True)
    return {(activations[cause], activations[effect], neuron, spike) for cause, effect, neuron, spike in rows}


@SCHEDULES
@pytest.mark.parametrize("shifts", [None, SHIFTS], ids=["at once", "late"])
@pytest.mark.parametrize("name", [name for name in RULES if name in (
    "any", "threshold", "threshold of spikes", "several thresholds", "weighted", "gated by time"
)])  # fmt: skip
def test_walks_are_the_causes_of_recorded_spikes(name, shifts, dt):
    result = hyper_network(RULES[name], dt, shifts).run(60.0)
    expected = directly(RULES[name], result, dt, shifts)
    assert len(expected) > 10
    assert links_of(result.walks, dt) == expected


@SCHEDULES
def test_what_came_while_a_gate_was_closed_is_no_cause(dt):
    """Gates by activity: what is evidence with the gate is evidence without, and came while it was open."""
    net = hyper_network(RULES["gated by activity"], dt)
    walks = net.run(100.0).walks
    cells = net.last_result.spikes["cells"]
    gate = cells.times[cells.ids < 9]
    assert len(walks.causes) > 10
    for time in walks.spike_times:
        assert ((gate <= time + 1e-9) & (gate > time - 6.0 + 1e-6)).sum() >= 2


@SCHEDULES
def test_the_evidence_of_a_sequence_is_the_order_of_its_sources(dt):
    net = hsnn.Network(dt=dt)
    source = net.population("source", 3, hsnn.models.spike_source([1.0, 2.0, 2.5, 3.5, 9.0], [0, 0, 1, 2, 2]))
    relay = net.population("relay", 3, hsnn.models.lif_delta(E_L=0.0, V_th=0.5, V_reset=0.0, t_ref=0.0))
    each = hsnn.Hypergraph.from_lists([((0,), (0,)), ((1,), (1,)), ((2,), (2,))], weight=1.0, delay=0.5)
    ordered = hsnn.Hypergraph.from_lists([((0, 1, 2), (0,))], weight=0.1, delay=0.5)
    one = net.connect_hyper(source, relay, each, rule=hsnn.hyper.any(), name="one")
    two = net.connect_hyper(relay, relay, ordered, rule=hsnn.hyper.sequence(2.0), name="two")
    for population in (source, relay, one, two):
        net.record(population, "spikes")
    walks = net.run(12.0).walks
    assert net.last_result.spikes["two"].times.tolist() == [4.0]
    graph = walks.to_networkx()
    (effect,) = [node for node, held in graph.nodes(data=True) if held["junctions"] == "two"]
    causes = sorted(graph.nodes[cause]["time"] for cause, _ in graph.in_edges(effect))
    assert causes == [2.0, 2.5, 3.5]  # not the first spike of neuron 0: a later one of it was followed
    assert walks.lengths()[effect] == 1 and walks.longest()[-1] == effect and effect not in walks.roots


def test_a_chain_of_hyperedges_is_one_walk():
    net = hsnn.Network(dt=0.1)
    first = net.population("first", 3, hsnn.models.spike_source([1.0, 1.2, 1.4], [0, 1, 2]))
    cells = net.population("cells", 9, hsnn.models.lif_delta())
    start = hsnn.Hypergraph.from_lists([((0, 1, 2), (0, 1, 2))], weight=30.0, delay=1.0)
    members = [((0, 1, 2), (3, 4, 5)), ((3, 4, 5), (6, 7, 8)), ((6, 7), (8,))]
    chain = hsnn.Hypergraph.from_lists(members, weight=30.0, delay=1.0)
    one = net.connect_hyper(first, cells, start, rule=hsnn.hyper.all_of(2.0), name="one")
    two = net.connect_hyper(cells, cells, chain, rule=hsnn.hyper.all_of(2.0), name="two")
    for population in (first, cells, one, two):
        net.record(population, "spikes")
    result = net.run(10.0)
    walks = result.walks
    assert walks.times.tolist() == [1.4, 2.4, 3.4, 4.4] and walks.hyperedges.tolist() == [0, 0, 1, 2]
    assert walks.longest().tolist() == [0, 1, 2, 3] and walks.lengths().tolist() == [0, 1, 2, 3]
    assert walks.roots.tolist() == [0] and len(walks.causes) == 3 + 3 + 2
    assert repr(walks) == "<walks: 4 activations of one, two, 8 links>"


@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_walks_do_not_depend_on_threads_cuts_or_files(backend, tmp_path):
    path = tmp_path / "result.h5"
    whole = hyper_network(RULES["threshold"], backend=backend).run(40.0)
    net = hyper_network(RULES["threshold"], threads=2)
    joined = hsnn.concatenate([net.run(13.7), net.run(40.0 - 13.7)])
    joined.save(path)
    for other in (joined, hsnn.Result.load(path), pickle.loads(pickle.dumps(joined))):
        assert links_of(other.walks, 0.1) == links_of(whole.walks, 0.1)


def test_what_walks_lack_is_named():
    net = hyper_network(RULES["threshold"])
    plain = hsnn.Network(dt=0.1)
    cells = plain.population("cells", 3, hsnn.models.lif_exp())
    edges = hsnn.Hypergraph.from_lists([((0, 1), (2,))], weight=1.0, delay=1.0)
    junctions = plain.connect_hyper(cells, cells, edges, rule=hsnn.hyper.any(), name="edges")
    with pytest.raises(NotRecordedError, match="no junctions were recorded"):
        plain.run(1.0).walks  # noqa: B018
    other = hsnn.Network(dt=0.1)
    cells = other.population("cells", 3, hsnn.models.lif_exp())
    junctions = other.connect_hyper(cells, cells, edges, rule=hsnn.hyper.any(), name="edges")
    other.record(junctions, "spikes")
    other.record(cells[:2], "spikes")
    with pytest.raises(NotRecordedError, match=r"all of cells are needed.*net\.record"):
        other.run(1.0).walks  # noqa: B018
    assert len(net.run(1.0).walks.times) == len(net.last_result.spikes["edges"])
