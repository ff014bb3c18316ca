"""Run control: callbacks, closed loops, scheduled changes, trials."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_simulation import balanced

import hsnn_event as hsnn
from hsnn_event.backends.numba import kernels
from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    GridError,
    RunInterrupted,
    UnknownNameError,
    ValueRangeError,
)

BACKENDS = ("reference", "numba")


def scheduled(backend, **keywords):
    net = balanced(backend, **keywords)
    net["exc"][:20].set(I_e=600.0, at=5.0)
    net["inh"].set(v=hsnn.random.uniform(-70.0, -56.0), t_ref=1.0, at=12.3)
    net.drive(net["inh"], hsnn.stimuli.poisson(1000.0, start=3.0), weight=50.0, receptor="exc")
    return net


@pytest.fixture(scope="module")
def whole():
    return scheduled("reference").run(30.0)


def test_scheduled_changes_are_the_same_on_both_backends_and_however_cut(whole):
    net = scheduled("numba", threads=2)
    joined = hsnn.concatenate([net.run(duration) for duration in (5.0, 7.2, 0.1, 17.7)])
    assert joined.spikes == whole.spikes
    plain = balanced("reference").run(30.0)
    assert plain.spikes["exc"] != whole.spikes["exc"]


def test_a_scheduled_change_is_a_change_by_hand_at_that_time():
    net = balanced()
    net.run(5.0)
    net["exc"].set(I_e=600.0)
    by_hand = net.run(10.0)
    net = balanced()
    net["exc"].set(I_e=600.0, at=5.0)
    net.run(5.0)
    assert net["exc"].get("I_e")[0] == 600.0
    assert net.run(10.0).spikes == by_hand.spikes


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_trial_undoes_scheduled_changes_and_meets_those_of_the_declaration_again(backend, whole):
    net = scheduled(backend)
    net.run(10.0)
    net["exc"].set(I_e=-500.0, at=11.0)  # of this trial only
    net.run(10.0)
    assert (net["exc"].get("I_e") == -500.0).all()
    net.reset()
    assert (net["exc"].get("I_e") == 350.0).all() and (net["inh"].get("t_ref") == 2.0).all()
    assert net.run(30.0).spikes == whole.spikes
    net.reset()
    net["exc"].set(tau_m=9.0)  # by hand: it stays
    net.reset()
    assert (net["exc"].get("tau_m") == 9.0).all() and (net["exc"].get("I_e") == 350.0).all()


@pytest.mark.parametrize(
    "values, kind, text",
    [
        ({"at": 5.05, "v": 1.0}, GridError, "set: at of 5.05 ms is not a multiple"),
        ({"at": 4.9, "v": 1.0}, ValueRangeError, "is past"),
        ({"at": "soon", "v": 1.0}, ArgumentTypeError, "set: at must be a number"),
        ({"at": 9.0, "w": 1.0}, UnknownNameError, "'w' is unknown"),
        ({"at": 9.0, "C_m": 1e-320}, ValueRangeError, "not finite"),
        ({"at": 9.0, "tau_m": 0.0}, ValueRangeError, "tau_m is 0; it must be above 0"),
        ({"at": float("nan"), "v": 1.0}, ValueRangeError, "NaN"),
    ],
)
def test_refused_schedules(values, kind, text):
    net = balanced()
    net.run(5.0)
    with pytest.raises(kind, match=text):
        net["exc"].set(**values)
    assert net.run(1.0).t_stop == 6.0


def test_a_bad_parameter_is_refused_when_it_is_scheduled_before_the_first_run():
    net = balanced()
    with pytest.raises(ValueRangeError, match="not finite"):
        net["exc"].set(C_m=1e-320, at=3.0)
    assert net.changes == []


def test_at_is_no_name_in_a_model():
    with pytest.raises(hsnn.errors.ModelError, match="'at' is reserved"):
        hsnn.NeuronModel(name="clock", parameters={"at": 1.0}, states={"x": 0.0})


@pytest.mark.parametrize("backend", BACKENDS)
def test_callbacks_come_at_their_times_whatever_the_cutting(backend):
    for durations in ((30.0,), (5.0, 5.0, 0.1, 19.9), tuple([1.0] * 30)):
        net, calls = balanced(backend), []
        net.every(10.0, lambda net, calls=calls: calls.append(("every", net.t)))
        net.at(20.0, lambda net, calls=calls: calls.append(("at", net.t)))
        net.at(0.0, lambda net, calls=calls: calls.append(("start", net.t)))
        for duration in durations:
            net.run(duration)
        assert calls == [("start", 0.0), ("every", 10.0), ("every", 20.0), ("at", 20.0), ("every", 30.0)]
        calls.clear()
        net.reset()
        net.run(10.0)
        assert calls == [("start", 0.0), ("every", 10.0)]


def test_callbacks_declared_in_mid_run_and_taken_away():
    net, times = balanced(), []
    net.run(15.0)
    handle = net.every(10.0, lambda net: times.append(net.t))
    net.at(15.0, lambda net: times.append(net.t))
    with pytest.raises(ValueRangeError, match="past"):
        net.at(14.9, print)
    with pytest.raises(ArgumentTypeError, match="a callback is a function"):
        net.at(20.0, "look")
    net.run(10.0)
    assert times == [15.0, 20.0]
    net.callbacks.remove(handle)
    net.run(10.0)
    assert times == [15.0, 20.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_callback_sets_acts_from_the_next_step_and_compiles_nothing(backend):
    net = balanced(backend)
    net["exc"].set(I_e=600.0, at=5.0)
    expected = net.run(20.0)
    net = balanced(backend)
    net.at(5.0, lambda net: net["exc"].set(I_e=600.0))
    net.run(4.0)
    before = len(kernels._loaded)
    first = net.run(16.0)
    assert len(kernels._loaded) == before
    assert first.spikes["exc"] == expected.spikes["exc"].window(4.0, 20.0)


def test_a_callback_may_schedule_for_now_and_later():
    net = balanced()
    net.at(5.0, lambda net: (net["exc"].set(v=-80.0, at=5.0), net["exc"].set(v=-90.0, at=6.0)))
    net.run(5.0)
    assert (net["exc"].get("v") == -80.0).all()
    net.run(1.0)
    assert (net["exc"].get("v") == -90.0).all()


def test_a_failing_callback_keeps_the_data_and_the_network_goes_on():
    expected = balanced().run(30.0)
    net = balanced()

    def fail(net):
        raise OSError("no more paper")

    net.at(12.0, fail)
    with pytest.raises(OSError, match="paper") as caught:
        net.run(30.0)
    first = caught.value.result
    assert first is net.last_result and first.t_stop == net.t == 12.0
    joined = hsnn.concatenate([first, net.run(18.0)])
    assert joined.spikes == expected.spikes


def test_a_callback_that_interrupts_and_one_that_runs():
    net = balanced()

    def stop(net):
        raise KeyboardInterrupt

    net.at(2.0, stop)
    with pytest.raises(RunInterrupted):
        net.run(5.0)
    for forbidden in (lambda net: net.run(1.0), lambda net: net.reset()):
        net.callbacks.clear()
        net.at(net.t + 1.0, forbidden)
        with pytest.raises(DeclarationError, match="a callback cannot"):
            net.run(2.0)
    net.callbacks.clear()
    assert net.run(1.0).t_stop == net.t


def test_steps_are_pieces_of_one_run():
    expected = balanced().run(25.0)
    net, times, results = balanced(), [], []
    for now in net.steps(10.0, until=25.0):
        times.append(now)
        results.append(net.last_result)
    assert times == [10.0, 20.0, 25.0]
    assert hsnn.concatenate(results).spikes == expected.spikes
    assert next(net.steps(0.1)) == 25.1
    with pytest.raises(ValueRangeError, match="past"):
        net.steps(1.0, until=3.0)
    with pytest.raises(GridError):
        net.steps(0.15)


def test_trials_alone_are_trials_in_a_loop_and_compile_nothing():
    def trial(net, number):
        net.reset(trial=number)
        net["exc"].set(I_e=300.0 + 20.0 * number)
        return net.run(20.0).spikes

    net = balanced("numba")
    looped = [trial(net, 0)]
    before = len(kernels._loaded)
    looped += [trial(net, number) for number in (1, 2, 3)]
    assert len(kernels._loaded) == before
    assert trial(balanced("numba"), 3) == looped[3]
    assert looped[1]["exc"] != looped[2]["exc"]


def test_values_change_from_one_for_all_to_one_each_and_back():
    nets = [balanced(backend) for backend in BACKENDS]
    for value in (400.0, 500.0, np.linspace(300.0, 500.0, 40), np.linspace(500.0, 300.0, 40), 420.0, 380.0):
        one, other = ([net["exc"].set(I_e=value), net.run(10.0)][1] for net in nets)
        assert one.spikes == other.spikes


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_run_is_its_pieces_saved_and_loaded_in_any_number_of_threads(data, whole, tmp_path):
    cuts = sorted(data.draw(st.sets(st.integers(1, 299), max_size=3)))
    net = scheduled("numba", threads=data.draw(st.integers(1, 3)))
    if data.draw(st.booleans()):
        net.record(net["exc"][[3, 1]], ("v", "I_exc"), every=0.7)
    results, before = [], 0
    for cut in [*cuts, 300]:
        results.append(net.run((cut - before) / 10))
        before = cut
        if data.draw(st.booleans()):
            net.save(tmp_path / "network.h5")
            backend = data.draw(st.sampled_from(BACKENDS))
            net = hsnn.Network.load(tmp_path / "network.h5", threads=data.draw(st.integers(1, 3)), backend=backend)
    assert hsnn.concatenate(results).spikes == whole.spikes
