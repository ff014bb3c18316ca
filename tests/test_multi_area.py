"""The multi-area network fires sensibly, and a burst in one area arrives in its neighbours after the axons' delay."""

import networkx as nx
import numpy as np
import pytest
from scipy import stats

import hsnn_event as hsnn
from hsnn_event import errors
from hsnn_event.networks import multi_area, reference_rates
from hsnn_event.networks.multi_area import WEIGHT


@pytest.fixture(scope="module")
def spontaneous():
    net = multi_area(4, seed=1)
    for population in net.populations.values():
        net.record(population, "spikes")
    net.run(200.0)
    return net.run(1000.0)


def test_areas_fire_irregularly_at_a_few_hertz(spontaneous):
    for name, spikes in spontaneous.spikes.items():
        rate = np.mean(spikes.rate())
        assert (4.0 if name.endswith("exc") else 8.0) < rate < (15.0 if name.endswith("exc") else 28.0), (name, rate)
        assert 0.5 < np.nanmean(spikes.cv()) < 1.1
        counts = spikes.counts(1.0)
        assert counts.max() < 0.25 * spikes.n_neurons  # no epileptic volley
        halves = counts[:500].sum(), counts[500:].sum()
        assert 0.7 < halves[0] / halves[1] < 1.4  # and no drift


def test_the_command_line_compares_with_the_measured_rate(spontaneous):
    spikes = sum(len(each.times) for each in spontaneous.spikes.values())
    assert spikes / 4000 == pytest.approx(reference_rates("multi-area")["all"], rel=0.15)


def test_areas_are_independent_draws_of_one_law(spontaneous):
    trains = [spontaneous.spikes[f"A{k}_exc"].counts(50.0) for k in range(4)]
    assert all(not np.array_equal(one, trains[0]) for one in trains[1:])


def response(net, onsets, area):
    """Mean counts per ms of the excitatory neurons of an area, from the onset of each stimulus on."""
    counts = net.last_result.spikes[f"{area}_exc"].counts(1.0)
    return np.array([counts[int(onset) : int(onset) + 30] for onset in onsets])


def test_a_burst_reaches_the_neighbours_after_the_delay():
    # Two areas 17.5 and 35 mm away from the one that is stimulated, and none of them tells the others: 5 and 10 ms.
    fln = np.zeros((3, 3))
    fln[0, 1] = fln[0, 2] = 1.0
    distances = np.array([[0.0, 17.5, 35.0], [17.5, 0.0, 17.5], [35.0, 17.5, 0.0]])
    net = multi_area(fln, distances, seed=5)
    onsets = np.arange(200.0, 1700.0, 100.0)
    for onset in onsets:
        stimulus = hsnn.stimuli.poisson(8000.0, start=onset, stop=onset + 4.0)
        net.drive(net.parts["A0"].ports["exc"], stimulus, weight=WEIGHT)
    for population in net.populations.values():
        net.record(population, "spikes")
    net.run(1800.0)
    at_source, near, far = (response(net, onsets, area) for area in ("A0", "A1", "A2"))
    assert at_source[:, 1:5].mean() > 5 * at_source[:, 10:20].mean()
    for arrived, delay in ((near, 5), (far, 10)):
        before, after = arrived[:, :delay].mean(axis=1), arrived[:, delay + 1 : delay + 5].mean(axis=1)
        assert stats.wilcoxon(after, before, alternative="greater").pvalue < 1e-3  # 15 onsets: the least is 3e-5
    early = far[:, 6:10].mean(axis=1)  # when it is felt nearby, nothing has come this far
    assert stats.wilcoxon(near[:, 6:10].mean(axis=1), early, alternative="greater").pvalue < 1e-3
    assert (near.mean(axis=0).argmax(), far.mean(axis=0).argmax()) in [(a, a + 5) for a in range(5, 10)]


def test_shares_distances_and_velocity_give_in_degrees_and_delays():
    fln = np.array([[0.5, 0.3, 0.0], [0.1, 9.0, 0.2], [0.3, 0.1, 0.0]])
    distances = np.array([[0.0, 7.0, 14.0], [7.0, 0.0, 21.0], [14.0, 21.0, 0.0]])
    net = multi_area(fln, distances, k_long=20, velocity=7.0, n_exc=200, seed=1)
    expected = {("A1", "A0"): 5, ("A2", "A0"): 15, ("A0", "A1"): 15, ("A2", "A1"): 5, ("A1", "A2"): 20}
    between = {name: each for name, each in net.projections.items() if name[:2] != name.split("->")[1][:2]}
    assert len(between) == 2 * len(expected)
    for (source, target), k in expected.items():
        for kind, factor in (("exc", 1.0), ("inh", 2.0)):
            edges = between[f"{source}_exc->{target}_{kind}.default"].edges()
            assert set(np.bincount(edges.targets, minlength=50)) == {k}
            assert set(edges.weights) == {factor * WEIGHT}
            assert set(edges.delays) == {distances[int(source[1]), int(target[1])] / 7.0}


def test_a_graph_gives_areas_their_names():
    graph = nx.DiGraph()
    graph.add_edge("V1", "V2", fln=0.7, distance=7.0)
    graph.add_edge("V2", "V1", fln=0.6, distance=7.0)
    graph.add_edge("MT", "V1", fln=0.4, distance=14.0)
    net = multi_area(graph, n_exc=200, seed=1)
    order = ["V1", "V2", "MT"]
    assert list(net.parts) == order
    matrix, distances = (nx.to_numpy_array(graph, order, weight=name) for name in ("fln", "distance"))
    same = multi_area(matrix, distances, n_exc=200, seed=1)
    numbers = {f"A{k}": name for k, name in enumerate(order)}
    for name, projection in same.projections.items():
        there = net.projections[name.replace(name[:2], numbers[name[:2]]).replace(name.split("->")[1][:2], numbers[
            name.split("->")[1][:2]])]  # fmt: skip
        assert (projection.rule.count, projection.delay) == (there.rule.count, there.delay)


@pytest.mark.parametrize(
    "arguments, kind, words",
    [
        (([[0.0, 1.0]], [[0.0]]), errors.ShapeError, "square matrix"),
        (([[0.0, 1.0], [1.0]], [[0.0]]), errors.ShapeError, "ragged|square"),
        (([[0.0, 1.0], [1.0, 0.0]],), errors.DeclarationError, "needs distances"),
        (([[0.0, 1.0], [1.0, 0.0]], [[0.0]]), errors.ShapeError, "one for each pair"),
        (([[0.0, -1.0], [1.0, 0.0]], np.ones((2, 2))), errors.ValueRangeError, "-1"),
        (([[0.0, np.nan], [1.0, 0.0]], np.ones((2, 2))), errors.ValueRangeError, "nan"),
        ((3, np.ones((3, 3))), errors.DeclarationError, "a line of them"),
        ((0,), errors.ValueRangeError, "connectivity"),
        ((nx.DiGraph([(1, 2)]),), errors.DeclarationError, "node 1"),
        ((nx.DiGraph([("a", "b")]),), errors.DeclarationError, "has no 'fln'"),
        ((nx.DiGraph(),), errors.DeclarationError, "no nodes"),
    ],
)
def test_wrong_areas_are_refused(arguments, kind, words):
    with pytest.raises(kind, match=words):
        multi_area(*arguments)
