"""Delays of 0 and next to 0: the loop over instants agrees with the one over windows and with the reference, to the bit."""

from dataclasses import replace
from functools import cache
from itertools import product
from typing import NamedTuple

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hsnn_event as hsnn
from hsnn_event.backends.numba import heap as heaps
from hsnn_event.backends.numba.exact_engine import NumbaExactEngine
from hsnn_event.backends.protocol import Probe, Watch
from hsnn_event.backends.reference_exact import ReferenceExactEngine
from hsnn_event.errors import CascadeError
from hsnn_event.lowering.exact_program import window_of
from hsnn_event.lowering.ir import RulePlan, ValuePlan
from hsnn_event.lowering.program import lower_network

CELL = {"C_m": 250.0, "tau_m": 10.0, "E_L": 0.0, "V_th": 15.0, "V_reset": 0.0}
SIZES = {"delta": 4, "exp": 3, "listed": 3}
PORTS = [("delta", 0, 1.0), ("exp", 0, 100.0), ("exp", 1, 1.0)]  # population, receptor, what a weight is multiplied by
WEIGHTS = [0.1, 0.2, 0.3, 5.0, 15.0, 16.0, -0.2, -8.0]
TIED, TINY = [0.125, 0.25, 0.375, 1.0, 1.5], [0.0, 0.0, 0.125, 0.5, 1e-3, 1e-18]
STOPS = (0.3, 1.0, 1.125, 2.7, 4.0)
CUTS = [(0.125, True), (0.125, False), (0.4, True), (0.4, False), (1.0, True), (1.5, True), (1.5, False), (3.3, False)]


@cache
def base(current):
    """Cells that jump, cells with two receptors and a crossing to be searched for, listed spikes and stimuli."""
    net = hsnn.Network(dt=None, backend="reference")
    net.population("delta", SIZES["delta"], hsnn.models.lif_delta(**CELL, I_e=current))
    model = hsnn.models.lif_exp(**CELL, tau_syn=1.0, I_e=current)
    model = model.extend("both", receptors={"jump": {"v": "v + weight"}}, units={"weight": None})  # two kinds of weights
    exp = net.population("exp", SIZES["exp"], model)
    times = [0.125, 0.25, 0.25 + 2**-50, 0.5, 1.0, 1.125, 1.25, 2.0, 2.0, 2.125, 2.5, 3.0]
    listed = net.population("listed", SIZES["listed"], hsnn.models.spike_source(times, [k % 3 for k in range(12)]))
    net.connect(listed, exp, hsnn.connect.all_to_all(), weight=1.0, delay=1.0, receptor="jump")
    net.drive(net["delta"][:2], hsnn.stimuli.spikes([1.25, 2.125], factors=[0.1, 0.2]), weight=1.0)
    net.drive(net["delta"], hsnn.stimuli.poisson(300.0), weight=4.0)
    return lower_network(net).exact


class Spec(NamedTuple):
    """A small network, many of whose arrivals and ends of refractoriness coincide.

    An edge is (source population, port, source, target, weight, delay).
    """

    current: float
    period: float
    start: list[float]
    edges: list[tuple]

    def program(self):
        program = base(self.current)
        names, populations = [plan.name for plan in program.populations], list(program.populations)
        for number, plan in enumerate(program.populations[:2]):
            populations[number] = replace(plan, constants={**plan.constants, "refractory_period": self.period})
        populations[0] = replace(populations[0], states={"v": np.array(self.start)})
        projections = []
        for source, (target, receptor, unit) in product(names, PORTS):
            mine = [edge[2:] for edge in self.edges if edge[0] == source and edge[1][:2] == (target, receptor)]
            if mine:
                sources, targets, weights, delays = map(np.array, zip(*mine, strict=True))
                rule = RulePlan("from_edges", sources=sources % SIZES[source], targets=targets % SIZES[target])
                projections.append(replace(
                    program.projections[0], source=names.index(source), target=names.index(target), receptor=receptor,
                    rule=rule, weight=ValuePlan("array", values=weights * unit), delay=ValuePlan("array", values=delays),
                ))  # fmt: skip
        least = min(edge[5] for edge in self.edges)
        return replace(
            program, populations=tuple(populations), projections=tuple(projections), shortest=least, window=window_of(least)
        )


def specs(delays):
    edge = st.tuples(
        st.sampled_from(list(SIZES)), st.sampled_from(PORTS), st.integers(0, 11), st.integers(0, 11),
        st.sampled_from(WEIGHTS), st.sampled_from(delays),
    )  # fmt: skip
    return st.builds(
        Spec, st.sampled_from([0.0, 420.0]), st.sampled_from([0.0, 0.125, 0.25, 2.0]),
        st.lists(st.sampled_from([0.0, 14.9, 15.0, 14.999999999999998]), min_size=4, max_size=4),
        st.lists(edge, min_size=3, max_size=30),
    )  # fmt: skip


def watch(until):
    times = tuple(time for time in STOPS if time <= until)
    return Watch(np.ones(3, np.bool_), (Probe(0, "v", None, 1, times), Probe(1, "I_syn", None, 1, times)))


def numbers(seen, engine):
    """All that was seen, and the states in the end."""
    states = [engine.read(0, "v"), engine.read(1, "v"), engine.read(1, "I_syn")]
    return [*(np.asarray(column) for column in seen.exact), *seen.samples, *states]


def run(engine, until=4.0):
    """All in one piece, or the error."""
    try:
        return numbers(engine.advance(until, watch(until)), engine)
    except CascadeError as error:
        return [str(error), error.population, error.neuron]


def run_in_pieces(engine, cuts, moves=()):
    """The spikes of all pieces and the states in the end; before piece k the run moves to the engine `moves[k]`."""
    spikes = []
    try:
        for number, (time, before) in enumerate([*cuts, (4.0, False)]):
            if number < len(moves):
                moment = engine.moment()
                engine = moves[number]
                engine.restore(moment, moment.keys)
            spikes.append(engine.advance(time, Watch(np.ones(3, np.bool_)), before).exact)
    except CascadeError as error:
        return [str(error), error.population, error.neuron]
    states = [engine.read(0, "v"), engine.read(1, "v"), engine.read(1, "I_syn")]
    return [*(np.concatenate(columns) for columns in zip(*spikes, strict=True)), *states]


def assert_same(one, other):
    assert len(one) == len(other), (one, other)
    for mine, theirs in zip(one, other, strict=True):
        assert np.array_equal(mine, theirs), (mine, theirs)


def by_heap(program):
    return NumbaExactEngine(program, queue="heap")


@settings(max_examples=150, deadline=None)
@given(specs(TINY))
def test_the_heap_agrees_with_the_reference(spec):
    program = spec.program()
    assert_same(run(ReferenceExactEngine(program)), run(NumbaExactEngine(program)))


@settings(max_examples=150, deadline=None)
@given(specs(TIED))
def test_heap_windows_and_reference_agree_where_delays_permit(spec):
    program = spec.program()
    expected = run(ReferenceExactEngine(program))
    assert_same(expected, run(by_heap(program)))
    assert_same(expected, run(NumbaExactEngine(program, 2, queue="windows")))


@settings(max_examples=60, deadline=None)
@given(specs(TINY), st.sets(st.sampled_from(range(len(CUTS))), max_size=5))
def test_cuts_change_no_bit(spec, chosen):
    program, cuts = spec.program(), [CUTS[k] for k in sorted(chosen)]
    expected = run_in_pieces(ReferenceExactEngine(program), [])
    engine = by_heap(program)
    assert_same(expected, run_in_pieces(engine, cuts))
    assert_same(expected, run_in_pieces(by_heap(program), cuts, [ReferenceExactEngine(program), by_heap(program)] * 3))
    engine.restore(None, program.keys)
    assert_same(expected, run_in_pieces(engine, []))


@nb.njit
def _sorted_by_heap(rows):
    heap = heaps.Heap(np.empty((1, heaps.COLUMNS), np.int64), np.zeros(2, np.int64), np.empty((0, 2)))
    for row in rows:
        heap = heaps.roomy(heap, 1)
        heaps.push(heap, row[0], row[1], row[2], row[3])
    out = np.empty((len(rows), 2), np.int64)
    for k in range(len(rows)):
        out[k] = heaps.pop(heap)
    return out


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 99), st.integers()), min_size=1, max_size=80))
def test_a_heap_sorts_stably_by_offset_and_round(rows):
    rows = [(offset, turn, what, k) for k, (offset, turn, what, _) in enumerate(rows)]
    expected = [row[2:] for row in sorted(rows, key=lambda row: row[:2])]
    assert _sorted_by_heap(np.array(rows, np.int64)).tolist() == [list(row) for row in expected]


def both(build, until=10.0):
    """What a network does on the reference and on the heap: spikes, one array a column."""
    found = []
    for backend in ("reference", "numba"):
        result = build(backend).run(until)
        found.append([each for _, spikes in sorted(result.spikes.items()) for each in (spikes.times, spikes.ids)])
    assert_same(*found)
    return found[1]


def pair(backend, weight, delay=0.0, times=(1.0,), **keywords):
    """Listed spikes of a source reach a cell."""
    net = hsnn.Network(dt=None, backend=backend)
    source = net.population("source", 1, hsnn.models.spike_source(times))
    cell = net.population("cell", 1, hsnn.models.lif_delta(**{**CELL, "t_ref": 2.0, **keywords}))
    net.connect(source, cell, hsnn.connect.all_to_all(), weight=weight, delay=delay)
    net.record(cell, "spikes")
    return net


def test_a_delay_of_0_acts_at_once():
    assert both(lambda backend: pair(backend, 16.0))[0].tolist() == [1.0]


def test_what_arrives_as_refractoriness_ends_is_lost():
    for t_ref, count in ((1.0, 1), (0.5, 2)):
        assert len(both(lambda backend: pair(backend, 16.0, times=[1.0, 2.0], t_ref=t_ref))[0]) == count  # noqa: B023


def test_a_crossing_comes_before_an_inhibition_of_its_instant():
    crossing = pair("reference", 0.0, I_e=1000.0, times=[9.0]).run(6.0).spikes["cell"].times[0]
    assert both(lambda backend: pair(backend, -9.0, times=[crossing], I_e=1000.0), 6.0)[0].tolist() == [crossing]
    before = np.nextafter(crossing, 0.0)
    assert both(lambda backend: pair(backend, -9.0, times=[before], I_e=1000.0), 6.0)[0].tolist() == []


def test_arrivals_of_a_round_are_summed_and_those_of_the_next_act_apart():
    def relayed(backend):
        """A spike reaches the cell at once, and once more over a relay, with the opposite sign."""
        net = pair(backend, 16.0, t_ref=0.0)
        relay = net.population("relay", 1, hsnn.models.lif_delta(**CELL, t_ref=0.0))
        net.connect(net["source"], relay, hsnn.connect.all_to_all(), weight=16.0, delay=0.0)
        net.connect(relay, net["cell"], hsnn.connect.all_to_all(), weight=-16.0, delay=0.0)
        return net

    assert both(relayed)[0].tolist() == [1.0]

    def summed(backend):
        net = pair(backend, 16.0)
        net.connect(net["source"], net["cell"], hsnn.connect.all_to_all(), weight=-2.0, delay=0.0)
        return net

    assert both(summed)[0].tolist() == []


def loop(backend, t_ref=0.0, delay=0.0):
    """Two cells that make each other fire."""
    net = pair(backend, 16.0, t_ref=t_ref)
    other = net.population("other", 3, hsnn.models.lif_delta(**CELL, t_ref=t_ref))
    net.connect(net["cell"], other[[1]], hsnn.connect.all_to_all(), weight=16.0, delay=delay)
    net.connect(other[[1]], net["cell"], hsnn.connect.all_to_all(), weight=16.0, delay=delay)
    return net


@pytest.mark.parametrize("backend", ["reference", "numba"])
@pytest.mark.parametrize("delay", [0.0, 1e-18])
def test_a_cascade_is_an_error_that_names_the_neuron(backend, delay):
    net = loop(backend, delay=delay)
    text = r"population 'cell': neuron 0 fired more than 1000 times at 1 ms\. .*delay above 0"
    with pytest.raises(CascadeError, match=text) as caught:
        net.run(3.0)
    assert (caught.value.population, caught.value.neuron, caught.value.time) == ("cell", 0, 1.0)
    net.reset()
    with pytest.raises(CascadeError):
        net.run(3.0)


def test_a_refractory_period_ends_a_cascade():
    assert both(lambda backend: loop(backend, t_ref=0.125))[0].tolist() == [1.0]


def test_the_heap_grows():
    def many(backend):
        net = hsnn.Network(dt=None, backend=backend, seed=1)
        cells = net.population("cells", 300, hsnn.models.lif_delta(**CELL, t_ref=0.0))
        start = net.population("start", 1, hsnn.models.spike_source([1.0, 1.5, 1.5001, 2.0]))
        late = hsnn.random.uniform(0.0, 5e-3)
        net.connect(start, cells, hsnn.connect.all_to_all(), weight=16.0, delay=late)
        net.connect(start, cells, hsnn.connect.all_to_all(), weight=16.0, delay=0.0)
        net.connect(cells, cells, hsnn.connect.fixed_outdegree(3), weight=1.0, delay=late)
        net.record(cells, "spikes")
        return net

    times, _ = both(many, 3.0)
    assert len(times) > 2000


def test_a_crossing_far_ahead_is_not_forgotten():
    """It lies beyond the slots for looks, and an arrival on the way moves it."""
    for weight in (0.0, -1.0):
        times, _ = both(
            lambda backend: pair(backend, weight, times=[0.5, 4500.5], tau_m=1e4, I_e=0.83), 9000.0  # noqa: B023
        )
        assert len(times) == 1
        assert times[0] > 5000.0


def test_mixed_networks_agree_where_delays_without_a_clock_are_0():
    def mixed(backend):
        net = hsnn.Network(dt=0.1, backend=backend, seed=5)
        cells = hsnn.models.lif_delta(**CELL, t_ref=0.5, I_e=500.0)
        clock, exact = (net.population(kind, 5, cells, schedule=kind) for kind in ("clock", "exact"))
        for source in (clock, exact):
            source.set(v=hsnn.random.uniform(0.0, 14.0))
            net.connect(source, clock, hsnn.connect.fixed_indegree(2), weight=0.7, delay=0.3)
        net.connect(clock, exact, hsnn.connect.fixed_indegree(2), weight=0.7, delay=0.25)
        net.connect(exact, exact, hsnn.connect.fixed_indegree(2), weight=0.7, delay=0.0)
        net.drive(exact, hsnn.stimuli.poisson(2000.0), weight=0.5)
        net.record(clock + exact, "spikes")
        return net

    assert len(both(mixed, 20.0)[0]) > 5


@pytest.mark.parametrize("delay", [0.0, 1.0])
def test_new_weights_in_a_window_leave_stimuli_and_looks_alone(delay):
    def run(backend):
        net = pair(backend, 1.0, delay=delay, times=[0.1, 0.3, 0.7], V_th=2.5, I_e=20.0)
        net.connect(net["source"], net["cell"], hsnn.connect.all_to_all(), weight=1.0, delay=delay + 0.25)
        net.drive(net["cell"], hsnn.stimuli.spikes([0.5, 0.9, 1.1]), weight=0.5)
        net.record(net["cell"], "v", at=[0.45, 0.55, 0.95, 1.2, 1.9, 2.5])
        first = net.run(0.45)
        net.projections[0].set(weight=[2.0])
        result = hsnn.concatenate([first, net.run(3.0)])
        return [result.spikes["cell"].times, result.states["cell"]["v"].values]

    assert_same(run("reference"), run("numba"))


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_a_saved_run_hears_delays_of_0_once(tmp_path, backend):
    def net():
        net = pair(backend, 1.0)
        net.connect(net["source"], net["cell"], hsnn.connect.all_to_all(), weight=1.0, delay=1.5)
        net.record(net["cell"], "v", at=[1.0, 2.0, 3.0])
        return net

    whole, cut = net().run(3.0), net()
    cut.run(1.0)
    cut.save(tmp_path / "net.h5")
    values = whole.states["cell"]["v"].values
    for other in ("reference", "numba"):
        rest = hsnn.Network.load(tmp_path / "net.h5", backend=other).run(2.0)
        assert np.array_equal(rest.states["cell"]["v"].values, values[1:])


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_states_of_a_cell_that_rests_after_refractoriness_are_seen(backend):
    net = pair(backend, 16.0, delay=1.0, I_e=100.0)
    net.record(net["cell"], "v", at=[3.9, 4.0, 5.0, 7.0], name="v")
    values = net.run(8.0)["v"]["v"].values[:, 0]
    assert values == pytest.approx([0.0, 0.0, *(-4.0 * np.expm1([-0.1, -0.3]))])
