"""When a threshold fires a neuron: while it holds, when it is crossed, and at which time inside the step."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import hsnn_event as hsnn
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.protocol import Moment, Watch
from hsnn_event.backends.reference import ReferenceEngine
from hsnn_event.errors import MethodError, ModelError, UnknownNameError
from hsnn_event.lowering.lowered import lower_model
from hsnn_event.lowering.program import lower

# y = sin(w t): it crosses 0.3 upward at (asin(0.3) + 2 pi k)/w.
CIRCLE = hsnn.NeuronModel(
    name="circle",
    parameters={"w": 0.5},
    states={"x": 1.0, "y": 0.0},
    dynamics={"x": "-w*y", "y": "w*x"},
    receptors={"default": {"y": "y + weight"}},
    threshold="y > 0.3",
    detection="crossing",
)
INTEGRATOR = hsnn.NeuronModel(
    name="integrator",
    parameters={"slope": 1.0, "theta": 1.0},
    states={"v": 0.0},
    dynamics={"v": "slope + I"},
    inputs={"I": 0.0},
    receptors={"default": {"v": "v + weight"}},
    threshold="v >= theta",
    reset={"v": "0"},
    detection="interpolated",
)


def spikes_of(model, duration=40.0, backend="reference", n=1, dt=0.1, method="auto", **values):
    net = hsnn.Network(dt=dt, backend=backend)
    cells = net.population("cells", n, model, method=method)
    cells.set(**values)
    net.record(cells, "spikes")
    return net.run(duration).spikes["cells"]


def crossings(w, duration):
    times = (np.arcsin(0.3) + 2 * np.pi * np.arange(100)) / w
    return times[times <= duration]


def test_a_crossing_fires_in_the_step_in_which_the_condition_becomes_true():
    spikes = spikes_of(CIRCLE)
    np.testing.assert_allclose(spikes.times, np.ceil(crossings(0.5, 40.0) * 10) / 10)


def test_a_neuron_that_starts_above_its_threshold_has_not_crossed_it():
    assert spikes_of(CIRCLE, duration=10.0, y=0.9, x=0.0).times.size == 0
    level = replace(CIRCLE, detection="level", refractory={"duration": "0.1"})
    assert spikes_of(level, duration=1.0, y=0.9, x=0.0).times.size == 5  # in every other step


def test_the_reset_lets_it_cross_again():
    spikes = spikes_of(replace(INTEGRATOR, detection="crossing"), duration=5.0, slope=0.999)
    level = spikes_of(replace(INTEGRATOR, detection="level"), duration=5.0, slope=0.999)
    assert spikes == level and len(spikes) == 4


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_set_values_and_arrivals_cross_as_the_step_sees_them(backend):
    net = hsnn.Network(dt=0.1, backend=backend)
    cells = net.population("cells", 3, replace(CIRCLE, dynamics={}))
    net.record(cells, "spikes")
    net.drive(cells[1], hsnn.stimuli.spikes([0.5, 0.7]), weight=0.5)
    spikes = net.run(1.0).spikes["cells"]
    assert (spikes.times.tolist(), spikes.ids.tolist()) == ([0.5], [1])  # the second arrival finds it above
    cells[0].set(y=0.9)  # above at both ends of every step from now on
    assert len(net.run(1.0).spikes["cells"]) == 0


def test_refractoriness_hides_a_crossing():
    spikes = spikes_of(replace(CIRCLE, refractory={"duration": "15"}), duration=40.0)
    np.testing.assert_allclose(spikes.times, np.ceil(crossings(0.5, 40.0) * 10)[::2] / 10)


@pytest.mark.parametrize("threshold", ["y > 0.3", "y >= 0.3", "0.3 < y", "0.3 <= y"])
def test_interpolated_times_are_those_of_the_crossing_to_second_order(threshold):
    model = replace(CIRCLE, detection="interpolated", threshold=threshold)
    truth = crossings(0.5, 40.0)
    errors = [np.abs(spikes_of(model, dt=dt).times - truth).max() for dt in (0.4, 0.2, 0.1)]
    assert errors[-1] < 0.5**2 * 0.1**2 * 0.3 / 8 / 0.47 * 1.1 + 1e-9  # a chord lies h**2 y''/8 from its arc at most
    assert np.all(np.array(errors[:-1]) / errors[1:] > 2.5)


def test_a_falling_quantity_is_interpolated_too():
    falling = replace(CIRCLE, detection="interpolated", threshold="x < 0.5")
    np.testing.assert_allclose(spikes_of(falling, duration=8.0).times, [np.arccos(0.5) / 0.5], atol=2e-4)


def test_a_flat_start_at_a_strict_threshold_crosses_at_once():
    # d = 0 at the start does not satisfy v > theta; with its own steps the neuron stops in the first part that does.
    model = replace(INTEGRATOR, threshold="v > theta", reset={"v": "0"})
    spikes = spikes_of(model, duration=0.1, v=1.0, method="rk45")
    assert spikes.times == pytest.approx([0.1 / 2**16], rel=1e-6)


def test_interpolation_of_a_ramp_is_exact_and_reset_begins_on_the_grid():
    spikes = spikes_of(INTEGRATOR, duration=3.0, theta=0.77, slope=1.0)
    np.testing.assert_allclose(spikes.times, [0.77, 0.8 + 0.77, 1.6 + 0.77], rtol=1e-12)


def test_a_crossing_at_the_end_or_the_very_start_of_a_step_is_recorded_within_it():
    at_end = spikes_of(INTEGRATOR, duration=1.25, dt=0.125, theta=1.0)
    assert at_end.times.tolist() == [1.0]
    at_start = spikes_of(replace(INTEGRATOR, threshold="v > theta"), duration=0.1, v=1.0)
    assert at_start.times.tolist() == [np.nextafter(0.0, 1.0)]


def network(backend="reference", precision="double", threads=1, to=None):
    """Interpolated, crossing and level populations that drive each other."""
    net = hsnn.Network(dt=0.1, seed=3, backend=backend, precision=precision, threads=threads)
    kinds = [
        INTEGRATOR,
        replace(INTEGRATOR, name="crossing", detection="crossing"),
        replace(INTEGRATOR, name="level", detection="level", refractory={"duration": "0.5", "clamp": {"v": "0"}}),
        replace(INTEGRATOR, name="clamped", refractory={"duration": "0.5", "clamp": {"v": "0"}}),
    ]
    for kind in kinds:
        cells = net.population(kind.name, 40, kind)
        cells.set(slope=hsnn.random.uniform(0.1, 0.5), v=hsnn.random.uniform(0.0, 1.5))
        net.record(cells, "spikes", to=to)
    for source in net.populations.values():
        for target in net.populations.values():
            net.connect(source, target, hsnn.connect.bernoulli(0.1), weight=0.02, delay=hsnn.random.uniform(0.1, 2.0))
    return net


@pytest.mark.parametrize("precision", ["double", "single"])
def test_both_backends_give_the_same_bits(precision):
    program = lower(network(precision=precision))
    watch = Watch(np.ones(4, dtype=np.bool_))
    reference, fast = ReferenceEngine(program), NumbaEngine(program, 2, 3)
    one, other = reference.advance(200, watch), fast.advance(200, watch)
    assert len(one.steps) > 400 and (one.lags > 0).any()
    for name in ("steps", "populations", "ids", "lags"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for number, plan in enumerate(program.populations):
        for state in plan.states:
            assert np.array_equal(reference.read(number, state), fast.read(number, state)), state
    assert np.array_equal(one.lags != 0, np.isin(one.populations, [0, 3]))


def test_cutting_threads_trials_saving_and_pickling_change_no_time(tmp_path):
    whole = network("numba").run(20.0).spikes
    pieces = network("numba", threads=2)
    results = [pieces.run(duration).spikes for duration in (3.3, 6.7)]
    pieces.save(tmp_path / "net.h5")
    for loaded in (hsnn.Network.load(tmp_path / "net.h5"), hsnn.Network.load(tmp_path / "net.h5", backend="reference")):
        last = loaded.run(10.0).spikes
        for name, spikes in whole.items():
            parts = [*(each[name] for each in results), last[name]]
            assert np.array_equal(np.concatenate([each.times for each in parts]), spikes.times), name
            assert np.array_equal(np.concatenate([each.ids for each in parts]), spikes.ids), name
    pieces.reset(trial=0)
    assert pieces.run(20.0).spikes == whole


def test_files_hold_interpolated_times_in_order(tmp_path):
    whole = network("numba").run(20.0).spikes
    network("numba", to=tmp_path / "run.h5").run(20.0)
    stored = hsnn.open_recording(tmp_path / "run.h5").spikes
    for name, spikes in whole.items():
        assert np.array_equal(stored[name].times, spikes.times) and np.array_equal(stored[name].ids, spikes.ids)
        assert np.all(np.diff(spikes.times) >= 0)


def test_delivery_stays_on_the_grid():
    def times(detection):
        net = hsnn.Network(dt=0.1, backend="reference")
        source = net.population("source", 1, replace(INTEGRATOR, detection=detection))
        source.set(theta=0.77)
        target = net.population("target", 1, replace(INTEGRATOR, detection="level"))
        target.set(slope=0.0, theta=0.5)
        net.connect(source, target, hsnn.connect.one_to_one(), weight=1.0, delay=0.4)
        net.record(target, "spikes")
        return net.run(1.5).spikes["target"].times.tolist()

    assert times("interpolated") == times("level") == [1.2]


def test_beside_populations_without_a_clock():
    net = hsnn.Network(dt=0.1, backend="reference")
    source = net.population("source", 1, INTEGRATOR)
    source.set(theta=0.77)
    target = net.population("target", 1, hsnn.models.lif_delta(E_L=-70.0, V_th=-55.0), schedule="exact")
    net.connect(source, target, hsnn.connect.one_to_one(), weight=30.0, delay=0.25)
    net.record(source, "spikes")
    net.record(target, "spikes")
    spikes = net.run(1.5).spikes
    assert spikes["source"].times == pytest.approx([0.77], rel=1e-12)
    assert spikes["target"].times == pytest.approx([0.8 + 0.25], rel=1e-12)


def test_spikes_of_an_oscillator_lie_where_a_finer_solution_crosses():
    oscillator = replace(CIRCLE, name="van_der_pol", dynamics={"x": "y", "y": "3*(1 - x**2)*y - x"}, threshold="x > 1",
                   receptors={}, parameters={}, detection="interpolated")  # fmt: skip
    solved = solve_ivp(lambda _, s: (s[1], 3 * (1 - s[0] ** 2) * s[1] - s[0]), (0, 30), [0.5, 0.0], method="DOP853",
                       rtol=1e-10, atol=1e-12, dense_output=True)  # fmt: skip
    grid = np.linspace(0, 30, 30001)
    x = solved.sol(grid)[0]
    places = np.flatnonzero((x[:-1] <= 1) & (x[1:] > 1))
    truth = [brentq(lambda t: solved.sol(t)[0] - 1, grid[k], grid[k + 1]) for k in places]
    found = spikes_of(oscillator, duration=30.0, dt=0.01, method="rk4", x=0.5, y=0.0).times
    np.testing.assert_allclose(found, truth, atol=1e-4)
    assert len(truth) == 3


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"detection": "upward"}, UnknownNameError, "circle: detection 'upward' is unknown"),
        ({"detection": 3}, UnknownNameError, "circle: detection 3 is unknown"),
        ({"detection": "level"}, ModelError, r"in every step .* Give reset= or refractory=, or detection='crossing'\."),
        ({"threshold": None}, ModelError, "circle: without a threshold, detection='crossing' has no meaning"),
        ({"threshold": "w > 1"}, ModelError, "compares the states at both ends of a step, .* 'w > 1' reads none"),
        ({"threshold": "x > 0 and y > 0", "detection": "interpolated"}, ModelError, "one comparison by <, <=, > or >="),
        ({"threshold": "0 < y < 1", "detection": "interpolated"}, ModelError, "or give detection='crossing'"),
        ({"threshold": "y == 1", "detection": "interpolated"}, ModelError, "one comparison"),
    ],
)  # fmt: skip
def test_refusals(changes, kind, text):
    with pytest.raises(kind, match=text):
        replace(CIRCLE, **changes)


def test_a_threshold_may_reach_states_by_expressions():
    model = replace(CIRCLE, expressions={"height": "scaled + 0", "scaled": "y*1"}, threshold="height > 0.3")
    assert spikes_of(model) == spikes_of(CIRCLE)


@pytest.mark.parametrize("detection", ["crossing", "interpolated"])
def test_without_a_clock_thresholds_are_crossed_anyway(detection):
    model = replace(hsnn.models.lif_exp(), detection=detection)
    with pytest.raises(MethodError, match=rf"lif_exp: detection='{detection}' is for the clock"):
        lower_model(model, "auto", 0.1, schedule="exact")


def test_hidden_states_are_nobody_s_business():
    net = network()
    net.run(1.0)
    assert "(lag)" not in repr(net["integrator"]._repr_html_())
    with pytest.raises(UnknownNameError):
        net["integrator"].get("(lag)")
    with pytest.raises(hsnn.errors.HsnnError):
        net.record(net["integrator"], "(lag)")


def test_an_infinite_threshold_is_no_divergence():
    assert spikes_of(INTEGRATOR, duration=2.0, theta=np.inf).times.size == 0


def test_the_moment_needs_no_hidden_state():
    program = lower(network())
    watch = Watch(np.ones(4, dtype=np.bool_))
    engine, other = ReferenceEngine(program), ReferenceEngine(program)
    engine.advance(50, watch)
    for number, plan in enumerate(program.populations):
        for state in (each for each in plan.states if each.isidentifier()):
            other.write(number, state, engine.read(number, state))
    other.restore(engine.moment())
    one, two = engine.advance(50, watch), other.advance(50, watch)
    assert isinstance(engine.moment(), Moment) and np.array_equal(one.lags, two.lags) and np.array_equal(one.ids, two.ids)
