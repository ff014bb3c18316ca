"""Populations that fire by themselves: what they mean, their law, the same bits on every backend, team and cut."""

import numpy as np
import pytest
from scipy import stats

import hsnn_event as hsnn
from hsnn_event.errors import (
    DeclarationError,
    GridError,
    HsnnError,
    MethodError,
    ShapeError,
    UnknownNameError,
    ValueRangeError,
)

ADDER = hsnn.NeuronModel(
    name="adder", states={"x": 0.0}, dynamics={"x": "0"}, receptors={"default": {"x": "x + weight"}}
)


def every_source(**keywords):
    """Every kind of source, all recorded, into cells that add up what arrives."""
    net = hsnn.Network(dt=0.1, seed=5, **keywords)
    rates = np.linspace(0.0, 300.0, 2500)
    rates[1024:2048] = 0.0  # a chain without candidates
    course = np.array([rates[::25], 10_000.0 - rates[::25], 0.0 * rates[::25]])
    models = {
        "one": (50, hsnn.models.poisson(200.0)),
        "many": (2500, hsnn.models.poisson(rates)),
        "drawn": (40, hsnn.models.poisson(hsnn.random.uniform(0.0, 500.0))),
        "pulse": (70, hsnn.models.poisson(hsnn.steps([0.35, 1.0, 5.0], [10_000.0, 20.0, 3.0]))),
        "courses": (100, hsnn.models.poisson(hsnn.steps([0.0, 4.0, 4.3], course))),
        "silent": (5, hsnn.models.poisson(0.0)),
        "certain": (1100, hsnn.models.poisson(10_000.0)),
        "listed": (40, hsnn.models.spike_source([3.0, 0.1, 3.0, 1.2, 900.0], [39, 0, 2, 17, 3])),
        "empty": (3, hsnn.models.spike_source([])),
    }
    cells = net.population("cells", 60, ADDER)
    for name, (size, model) in models.items():
        source = net.population(name, size, model)
        delay = hsnn.random.uniform(0.1, 3.0)
        net.connect(source, cells, hsnn.connect.fixed_outdegree(3), weight=1.0 + size, delay=delay)
        net.record(source, "spikes")
    net.record(cells, "x", name="x")
    return net


def outcome(net, pieces):
    result = hsnn.concatenate([net.run(piece) for piece in pieces])
    return dict(result.spikes), net["cells"].get("x")


@pytest.fixture(scope="module")
def judged():
    return outcome(every_source(backend="reference"), [10.0])


@pytest.mark.parametrize("threads, blocks, pieces", [(1, 1, [10.0]), (2, 3, [0.1, 4.1, 5.8]), (1, 16, [5.0, 5.0])])
def test_backends_teams_and_cuts_agree_to_the_bit(judged, threads, blocks, pieces):
    spikes, sums = outcome(every_source(threads=threads, blocks=blocks), pieces)
    assert spikes == judged[0] and np.array_equal(sums, judged[1])


def test_each_source_fires_as_it_should(judged):
    spikes, _ = judged
    assert spikes["listed"].times.tolist() == [0.1, 1.2, 3.0, 3.0] and spikes["listed"].ids.tolist() == [0, 17, 2, 39]
    assert len(spikes["empty"]) == len(spikes["silent"]) == 0
    assert len(spikes["certain"]) == 1100 * 100
    assert not np.isin(spikes["many"].ids, np.arange(1024, 2048)).any()
    pulse = spikes["pulse"]  # steps that begin at 0.4 ... 0.9 have 10 kHz: every neuron in each of them
    assert pulse.times.min() == 0.5 and len(pulse.window(0.4, 1.0)) == 70 * 6


def test_trials_draw_other_spikes_and_come_back():
    net = every_source(threads=1)
    first = dict(net.run(5.0).spikes)
    net.reset(trial=1)
    other = dict(net.run(5.0).spikes)
    net.reset(trial=0)
    assert dict(net.run(5.0).spikes) == first
    assert other["one"] != first["one"] and other["many"] != first["many"] and other["listed"] == first["listed"]


def test_a_spike_of_time_t_arrives_at_t_plus_delay():
    net = hsnn.Network(dt=0.1, threads=1)
    source, cell = net.population("s", 1, hsnn.models.spike_source([0.1, 2.5])), net.population("c", 1, ADDER)
    net.connect(source, cell, hsnn.connect.all_to_all(), weight=1.0, delay=1.0)
    trace = net.record(cell, "x")
    data = net.run(5.0)[trace]["x"]
    assert data.times[np.diff(data.values[:, 0], prepend=0.0) > 0].tolist() == [1.1, 3.5]


def test_a_number_and_equal_numbers_give_the_same_spikes():
    def spikes(rate):
        net = hsnn.Network(dt=0.1, seed=3, threads=1)
        net.record(net.population("s", 1500, hsnn.models.poisson(rate)), "spikes")
        return net.run(50.0).spikes["s"]

    one = spikes(70.0)
    assert one == spikes(np.full(1500, 70.0)) == spikes(hsnn.steps([0.0], [70.0]))
    assert one == spikes(hsnn.random.uniform(70.0, 70.0))
    fewer = spikes(60.0)  # the same candidates, of which fewer are taken
    assert set(zip(fewer.times, fewer.ids, strict=True)) < set(zip(one.times, one.ids, strict=True))


@pytest.mark.parametrize("rate", [0.5, 30.0, 4000.0])
def test_the_law_of_poisson_sources(rate):
    """Spikes a neuron and a step: binomial, without correlation between neighbours in id or time. Fixed seeds."""
    size, n_steps = 3000, 2000
    net = hsnn.Network(dt=0.1, seed=7, threads=1)
    net.record(net.population("s", size, hsnn.models.poisson(rate)), "spikes")
    spikes = net.run(n_steps * 0.1).spikes["s"]
    p = rate * 1e-4
    assert abs(len(spikes) - size * n_steps * p) < 4.0 * np.sqrt(size * n_steps * p * (1 - p))
    per_neuron = np.bincount(spikes.ids, minlength=size)
    per_step = np.bincount(np.rint(spikes.times / 0.1).astype(int), minlength=n_steps + 1)[1:]
    for counts, trials in ((per_neuron, n_steps), (per_step, size)):
        dispersion = ((counts - trials * p) ** 2).sum() / (trials * p * (1 - p))
        assert 1e-4 < stats.chi2(len(counts)).sf(dispersion) < 1 - 1e-4
        assert stats.pearsonr(counts[1:], counts[:-1]).pvalue > 1e-3


def test_rates_change_between_runs():
    net = hsnn.Network(dt=0.1, seed=7, threads=1)
    source = net.population("s", 200, hsnn.models.poisson(0.0))
    net.record(source, "spikes")
    assert len(net.run(10.0).spikes["s"]) == 0
    source[50:60].set(rate=10_000.0)
    spikes = net.run(10.0).spikes["s"]
    assert len(spikes) == 1000 and set(spikes.ids) == set(range(50, 60))
    assert source.get("rate")[49:51].tolist() == [0.0, 10_000.0]
    with pytest.raises(ValueRangeError, match="at most once a step"):
        source.set(rate=10_001.0)
    assert source.get("rate").max() == 10_000.0


@pytest.mark.parametrize("words, error, make", [
    ("once a step of 0.1 ms", ValueRangeError, lambda net: net.population("s", 2, hsnn.models.poisson(10_001.0))),
    ("at least 0", ValueRangeError, lambda net: hsnn.models.poisson(-1.0)),
    ("at least 0", ValueRangeError, lambda net: hsnn.models.poisson(hsnn.steps([0.0], [-1.0]))),
    ("NaN", ValueRangeError, lambda net: hsnn.models.poisson(float("nan"))),
    (r"shape \(\d,\)", ShapeError, lambda net: net.population("s", 3, hsnn.models.poisson([1.0, 2.0]))),
    ("2 rates for 3", ShapeError, lambda net: net.population("s", 3, hsnn.models.poisson(hsnn.steps([0.0], [[1.0, 2.0]])))),
    ("off the grid of dt = 0.1 ms. Round", GridError, lambda net: net.population("s", 1, hsnn.models.spike_source([0.25]))),
    ("a spike at 0 ms", ValueRangeError, lambda net: net.population("s", 1, hsnn.models.spike_source([0.0]))),
    ("neuron 1, but ids run", ValueRangeError, lambda net: net.population("s", 1, hsnn.models.spike_source([1.0], [1]))),
    ("fires twice at 1 ms", ValueRangeError,
     lambda net: net.population("s", 2, hsnn.models.spike_source([1.0, 2.0, 1.0], [1, 1, 1]))),
    ("2 ids for 1 times", ShapeError, lambda net: hsnn.models.spike_source([1.0], [0, 1])),
    ("later than steps", ValueRangeError, lambda net: net.population("s", 1, hsnn.models.spike_source([1e300]))),
    ("no receptor", DeclarationError,
     lambda net: net.drive(net.population("s", 1, hsnn.models.poisson(1.0)), hsnn.stimuli.poisson(1.0))),
    ("no input", DeclarationError,
     lambda net: net.drive(net.population("s", 1, hsnn.models.poisson(1.0)), hsnn.stimuli.current(1.0))),
    ("'v' is unknown", UnknownNameError, lambda net: net.record(net.population("s", 1, hsnn.models.poisson(1.0)), "v")),
    ("no equations", MethodError,
     lambda net: (net.population("s", 1, hsnn.models.poisson(1.0), method="rk4"), net.run(1.0))),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_cure(words, error, make):
    with pytest.raises(error, match=words) as caught:
        make(hsnn.Network(dt=0.1))
    assert isinstance(caught.value, HsnnError)
