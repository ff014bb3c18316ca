"""Values in steps, listed events, noise: what they mean, and the same bits on every backend, team and cut."""


import numpy as np
import pytest
from scipy import stats

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, DeclarationError, GridError, ShapeError, ValueRangeError
from hsnn_event.lowering.program import lower, lower_network, trial_keys

ADDER = hsnn.NeuronModel(
    name="adder", states={"x": 0.0}, dynamics={"x": "0"}, receptors={"default": {"x": "x + weight"}}
)
SHOW = hsnn.NeuronModel(name="show", states={"x": 0.0}, dynamics={"x": "I - x"}, inputs={"I": 1.5})


def traced(model, size, *drives, dt=0.1, duration=1.0, **keywords):
    """State x of each neuron after each step."""
    net = hsnn.Network(dt=dt, seed=4, **{"threads": 1, **keywords})
    cells = net.population("cells", size, model)
    for which, stimulus, options in drives:
        net.drive(cells if which is None else cells[which], stimulus, **options)
    trace = net.record(cells, "x")
    return net.run(duration)[trace]["x"].values


def changes(values):
    return np.diff(values, axis=0, prepend=0.0)


def all_stimuli(**keywords):
    """Every kind of stimulus and value at once."""
    net = hsnn.Network(dt=0.1, seed=6, **keywords)
    cells = net.population("cells", 600, hsnn.models.lif_exp(I_e=300.0))
    table = np.linspace(0.0, 200_000.0, 3 * 600).reshape(3, 600)
    net.drive(cells, hsnn.stimuli.poisson(hsnn.steps([0.5, 2.0, 2.05, 7.0], [5e2, 1.0, 9e4, 0.0])), weight=3.0)
    rates = hsnn.steps([0.0, 3.0, 4.0], table)
    net.drive(cells[::-1], hsnn.stimuli.poisson(rates, start=1.0, stop=6.0), weight=0.1, delay=0.4)
    net.drive(cells[2::3], hsnn.stimuli.spikes([2.0, 0.1, 2.0, 50.0], [3, 0, 3, 1], [1.0, 2.0, -0.1, 1.0]), weight=900.0)
    net.drive(cells, hsnn.stimuli.spikes([3.3]), weight=np.linspace(0.0, 500.0, 600), delay=0.2)
    net.drive(cells, hsnn.stimuli.current(hsnn.steps([0.0, 3.0, 6.0], table / 1e3), stop=8.0), weight=0.5)
    net.drive(cells, hsnn.stimuli.noise(200.0, every=0.7, start=0.5))
    net.drive(cells[5:500:7], hsnn.stimuli.noise(hsnn.steps([1.0, 2.03, 4.0], [10.0, 0.0, 99.0])), weight=-2.0)
    net.drive(cells[40:20:-1], hsnn.stimuli.noise(np.arange(20.0)))
    net.record(cells, "spikes")
    return net


@pytest.fixture(scope="module", params=["double", "single"])
def judged(request):
    net = all_stimuli(backend="reference", precision=request.param)
    spikes = net.run(10.0).spikes["cells"]
    assert len(spikes) > 400
    return request.param, spikes, net["cells"].get("v")


@pytest.mark.parametrize("threads, blocks, pieces", [(1, 1, [10.0]), (2, 3, [0.1, 2.0, 2.3, 5.6]), (1, 16, [1.0] * 10)])
def test_backends_teams_and_cuts_agree_to_the_bit(judged, threads, blocks, pieces):
    precision, spikes, end = judged
    net = all_stimuli(threads=threads, blocks=blocks, precision=precision)
    assert hsnn.concatenate([net.run(piece) for piece in pieces]).spikes["cells"] == spikes
    assert np.array_equal(net["cells"].get("v"), end)


def test_trials_redraw_noise_and_come_back():
    net = all_stimuli(threads=1)
    first = net.run(5.0).spikes["cells"]
    net.reset(trial=1)
    assert net.run(5.0).spikes["cells"] != first
    net.reset(trial=0)
    assert net.run(5.0).spikes["cells"] == first


def test_currents_in_steps_hold_where_the_step_begins():
    course = hsnn.steps([0.2, 0.45, 0.7], [[1.0, 10.0], [2.0, 20.0], [0.0, 5.0]])
    stimulus = hsnn.stimuli.current(course, start=0.3, stop=0.9)
    values = traced(SHOW, 2, (None, stimulus, {"weight": 2.0}))
    # x' = I - x: what x tends to, from its change in a step
    decay = np.exp(-0.1)
    before = np.vstack([np.zeros(2), values[:-1]])
    inputs = (values - before * decay) / (1.0 - decay) - 1.5
    expected = [[0, 0]] * 3 + [[2, 20]] * 2 + [[4, 40]] * 2 + [[0, 10]] * 2 + [[0, 0]]
    np.testing.assert_allclose(inputs, expected, atol=1e-9)


def test_listed_events_arrive_with_delay_factor_and_weight():
    stimulus = hsnn.stimuli.spikes([0.5, 0.2, 0.5], [1, 0, 1], [3.0, 1.0, 4.0])
    values = changes(traced(ADDER, 5, ([3, 1], stimulus, {"weight": np.array([10.0, 100.0]), "delay": 0.1})))
    expected = np.zeros((10, 5))
    expected[2, 3], expected[5, 1] = 10.0, 700.0
    assert np.array_equal(values.round(9), expected)


def test_events_without_ids_reach_all_and_those_beyond_the_end_none():
    values = changes(traced(ADDER, 3, (None, hsnn.stimuli.spikes([0.1, 1.0, 1.1, 1e12]), {"weight": 2.0})))
    assert values.sum(axis=1).tolist() == [6.0, *[0.0] * 8, 6.0]
    assert not traced(ADDER, 3, (None, hsnn.stimuli.spikes([]), {})).any()


def test_all_events_at_one_step():
    stimulus = hsnn.stimuli.spikes(np.full(10_000, 0.7), np.arange(10_000) % 7)
    values = changes(traced(ADDER, 7, (None, stimulus, {})))
    assert values[6].tolist() == np.bincount(np.arange(10_000) % 7).tolist() and values.sum() == 10_000


def noise_of(n_steps, every=None, size=400, which=None, **keywords):
    """The noise itself: with dx/dt = I and dt = 1 the state adds it up."""
    sum_up = hsnn.NeuronModel(name="sum_up", states={"x": 0.0}, dynamics={"x": "I"}, inputs={"I": 0.0})
    return changes(traced(sum_up, size, (which, hsnn.stimuli.noise(1.0, every), {}), dt=1.0, duration=n_steps, **keywords))


def test_noise_is_normal_white_and_independent():
    drawn = noise_of(100)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 1e-3
    assert stats.pearsonr(drawn[1:].ravel(), drawn[:-1].ravel()).pvalue > 1e-3
    assert stats.pearsonr(drawn[:, 1:].ravel(), drawn[:, :-1].ravel()).pvalue > 1e-3


def test_noise_holds_for_its_interval_and_belongs_to_the_neuron():
    drawn = noise_of(12, every=3.0)
    assert np.array_equal(drawn[::3].round(9), drawn[1::3].round(9)) and len(np.unique(drawn[:, 0].round(9))) == 4
    view = noise_of(12, every=3.0, which=[399, 7, 8, 250])
    assert np.array_equal(view[:, [7, 8, 250, 399]].round(9), drawn[:, [7, 8, 250, 399]].round(9))
    assert np.count_nonzero(view) == 12 * 4


@pytest.mark.parametrize("kind", ["poisson", "noise"])
@pytest.mark.parametrize("whole", [True, False])
def test_two_equal_drives_are_uncorrelated(kind, whole):
    """On one population, and on two views of it that hold the same neurons."""
    model = hsnn.NeuronModel(
        name="two", states={"x": 0.0, "y": 0.0}, dynamics={"x": "I", "y": "J"}, inputs={"I": 0.0, "J": 0.0},
        receptors={"a": {"x": "x + weight"}, "b": {"y": "y + weight"}},
    )  # fmt: skip
    net = hsnn.Network(dt=1.0, seed=4, threads=1)
    cells = net.population("cells", 300, model)
    views = (cells, cells) if whole else (cells[:200], cells[100:])
    for view, receptor, port in zip(views, "ab", "IJ", strict=True):
        stimulus = hsnn.stimuli.poisson(500.0) if kind == "poisson" else hsnn.stimuli.noise(1.0)
        net.drive(view, stimulus, 1.0, **({"receptor": receptor} if kind == "poisson" else {"input": port}))
    trace = net.record(cells, ("x", "y"))
    data = net.run(200.0)[trace]
    one, other = (changes(data[name].values)[:, 100:200].ravel() for name in "xy")
    assert stats.pearsonr(one, other).pvalue > 1e-3
    models = lower_network(net).models
    assert len(set(trial_keys(net, models, 0))) == 2 and trial_keys(net, models, 0) == lower(net).keys
    assert not set(trial_keys(net, models, 0)) & set(trial_keys(net, models, 1))


@pytest.mark.parametrize("words, error, make", [
    ("times must ascend, but 1 ms follows 2 ms", ValueRangeError, lambda: hsnn.steps([0.0, 2.0, 1.0], [1.0, 2.0, 3.0])),
    ("2 values for 1 times", ShapeError, lambda: hsnn.steps([0.0], [1.0, 2.0])),
    ("at least one time", ShapeError, lambda: hsnn.steps([], [])),
    ("of equal length", ArgumentTypeError, lambda: hsnn.steps(0.0, 1.0)),
    ("at least 0", ValueRangeError, lambda: hsnn.steps([-1.0], [1.0])),
    ("NaN", ValueRangeError, lambda: hsnn.steps([0.0], [float("nan")])),
    ("shape", ShapeError, lambda: hsnn.steps([0.0, 1.0], [[1.0, 2.0], [1.0]])),
    ("falls to -5", ValueRangeError, lambda: hsnn.stimuli.poisson(hsnn.steps([0.0], [-5.0]))),
    ("multiple of dt, or None", ValueRangeError, lambda: hsnn.stimuli.noise(1.0, every=0.0)),
    ("sequence of times in ms", ArgumentTypeError, lambda: hsnn.stimuli.spikes(1.0)),
    ("2 ids for 1 times", ShapeError, lambda: hsnn.stimuli.spikes([1.0], [0, 1])),
])  # fmt: skip
def test_values_that_make_no_sense_are_refused(words, error, make):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("words, error, stimulus, options", [
    ("4 values for 3 targets", ShapeError, hsnn.stimuli.poisson(hsnn.steps([0.0], [[1.0] * 4])), {}),
    ("ids run from 0 to 2", ValueRangeError, hsnn.stimuli.spikes([1.0], [3]), {}),
    ("lies off the grid", GridError, hsnn.stimuli.spikes([0.25]), {}),
    ("arrives at 0 ms", ValueRangeError, hsnn.stimuli.spikes([0.0]), {}),
    ("receptor= and delay= have no meaning", DeclarationError, hsnn.stimuli.noise(1.0), {"delay": 1.0}),
    ("every of 0.25 ms is not a multiple", GridError, hsnn.stimuli.noise(1.0, every=0.25), {}),
])  # fmt: skip
def test_stimuli_that_do_not_fit_their_target_are_refused(words, error, stimulus, options):
    net = hsnn.Network(dt=0.1)
    cells = net.population("cells", 3, hsnn.models.lif_exp())
    with pytest.raises(error, match=words):
        net.drive(cells, stimulus, **options)
    assert not net.drives
    with pytest.raises(DeclarationError, match="one by one"):
        net.drive(cells + cells, hsnn.stimuli.spikes([1.0], [0]))


def test_an_event_at_an_input_is_a_pulse_over_the_step_that_it_ends():
    pulsed = hsnn.NeuronModel(
        name="pulsed", states={"x": 0.0}, dynamics={"x": "I"}, inputs={"I": 0.5},
        receptors={"default": {"I": "I + 2*weight"}},
    )  # fmt: skip
    for backend in ("numba", "reference"):
        values = traced(pulsed, 1, (None, hsnn.stimuli.spikes([3.0, 3.0, 5.0]), {}), dt=1.0, duration=6.0, backend=backend)
        assert changes(values)[:, 0].tolist() == [0.5, 0.5, 4.5, 0.5, 2.5, 0.5]
