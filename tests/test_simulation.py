"""Running: pieces, results, interruptions, divergence, trials."""

import signal

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event import memory
from hsnn_event.errors import DivergenceError, InsufficientMemoryError, NotRecordedError, RunInterrupted


def balanced(backend="reference", **keywords):
    """A small network with every kind of thing in it, that keeps firing."""
    net = hsnn.Network(dt=0.1, seed=7, backend=backend, **keywords)
    cell = hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 4.0}, I_e=350.0)
    exc, inh = net.population("exc", 40, cell), net.population("inh", 10, cell)
    (exc + inh).set(v=hsnn.random.uniform(-70.0, -55.0))
    delay = hsnn.random.normal(1.5, 0.75, low=0.1)
    net.connect(exc, inh, hsnn.connect.fixed_total(120), weight=hsnn.random.normal(60.0, 6.0), delay=delay, receptor="exc")
    net.connect(exc, exc, hsnn.connect.bernoulli(0.1), weight=40.0, delay=delay, receptor="exc")
    net.connect(inh, exc, hsnn.connect.fixed_indegree(3), weight=-150.0, delay=0.8, receptor="inh")
    net.drive(exc, hsnn.stimuli.poisson(2000.0), weight=30.0, receptor="exc")
    net.record(exc, "spikes")
    net.record(inh[:5], "spikes")
    return net


@pytest.fixture(scope="module")
def whole():
    net = balanced()
    trace = net.record(net["exc"][:3], ("v", "I_exc"), every=0.5)
    return net.run(30.0), trace


def test_a_run_in_pieces_is_one_run(whole):
    result, trace = whole
    net = balanced()
    net.record(net["exc"][:3], ("v", "I_exc"), every=0.5)
    joined = hsnn.concatenate([net.run(duration) for duration in (0.1, 9.9, 0.7, 19.3)])
    assert len(result.spikes["exc"]) > 20
    assert joined.spikes["exc"] == result.spikes["exc"]
    assert joined.spikes["inh"] == result.spikes["inh"]
    assert joined[trace]["v"] == result[trace]["v"]
    assert net.t == 30.0


def test_recording_does_not_change_the_run(whole):
    net = balanced()
    net.records.clear()
    net.run(29.0)
    net.record(net["exc"], "spikes")
    spikes = net.run(1.0).spikes["exc"]
    expected = whole[0].spikes["exc"].window(29.0, 30.0)
    assert np.array_equal(spikes.times, expected.times) and np.array_equal(spikes.ids, expected.ids)


def test_a_result_holds_its_own_stretch(whole):
    result, trace = whole
    assert (result.t_start, result.t_stop, result.model_time) == (0.0, 30.0, 30.0)
    assert result[trace]["v"].times.tolist() == [k / 2 for k in range(1, 61)]
    assert result[trace]["v"].values.shape == (60, 3)
    assert result.states["exc"]["I_exc"].ids.tolist() == [0, 1, 2]
    assert result.spikes["inh"].n_neurons == 5
    assert set(result.spikes["inh"].ids) <= set(range(5))
    assert {"construct", "simulate", "record"} <= set(result.timing)
    assert result.info["seed"] == 7 and result.info["backend"] == "reference" and result.info["precision"] == "double"


def test_samples_lie_at_absolute_multiples():
    net = balanced()
    net.run(0.3)
    trace = net.record(net["exc"], "v", every=0.5)
    assert net.run(1.2)[trace]["v"].times.tolist() == [0.5, 1.0, 1.5]
    assert net.run(0.2)[trace]["v"].times.tolist() == []
    with pytest.raises(NotRecordedError):
        net.last_result.spikes["nothing"]


def test_a_trial_starts_over_with_other_noise_in_the_same_network(whole):
    net = balanced()
    net.run(30.0)
    edges = net.projections[1].edges()
    net.reset()
    assert net.t == 0.0
    assert net.run(30.0).spikes["exc"] == whole[0].spikes["exc"]
    net.reset(trial=1)
    other = net.run(30.0)
    assert other.spikes["exc"] != whole[0].spikes["exc"] and other.info["trial"] == 1
    assert all(np.array_equal(x, y) for x, y in zip(edges, net.projections[1].edges(), strict=True))


def test_an_interruption_keeps_what_was_done_and_the_network_goes_on(whole):
    net = balanced()

    def stop(time, t_stop):
        if time > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted, match="can go on") as caught:
        net.run(30.0, progress=stop)
    first = caught.value.result
    assert first is net.last_result and 0.5 < first.t_stop == net.t <= 30.0
    rest = net.run(round(30.0 - net.t, 1))
    assert hsnn.concatenate([first, rest]).spikes["exc"] == whole[0].spikes["exc"]


@pytest.fixture
def default_handler():
    """A process started in the background ignores Ctrl-C: give it Python's handler, as in the foreground."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_step_in_progress(default_handler):
    net = balanced()

    def press(time, t_stop):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(RunInterrupted) as caught:
        net.run(1000.0, progress=press)
    assert isinstance(caught.value, KeyboardInterrupt)
    assert signal.getsignal(signal.SIGINT) is default_handler
    assert net.run(0.1).t_start == caught.value.result.t_stop


def test_a_second_ctrl_c_ends_a_callback(default_handler):
    net = hsnn.Network(backend="reference")
    net.population("cells", 1, hsnn.models.lif_exp())
    reached = []

    def endless(net):
        signal.raise_signal(signal.SIGINT)
        reached.append("after the first")
        signal.raise_signal(signal.SIGINT)
        reached.append("after the second")

    net.at(0.5, endless)
    with pytest.raises(hsnn.errors.RunInterrupted) as caught:
        net.run(1.0)
    assert reached == ["after the first"] and caught.value.result.t_stop == net.t == 0.5
    net.callbacks.clear()
    assert net.run(0.5).t_stop == 1.0



def test_an_error_in_a_callback_carries_the_result():
    net = balanced()

    def fail(time, t_stop):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full") as caught:
        net.run(30.0, progress=fail)
    assert caught.value.result is net.last_result


def test_a_diverging_state_is_an_error_that_names_it():
    net = hsnn.Network(dt=0.1, backend="reference")
    model = hsnn.NeuronModel(name="runaway", parameters={"a": 0.0}, states={"v": 1.0}, dynamics={"v": "a*v**2"})
    cells = net.population("cells", 5, model)
    cells[3].set(a=50.0)
    with pytest.raises(DivergenceError, match="population 'cells': v of neuron 3") as caught:
        net.run(50.0)
    assert caught.value.neuron == 3 and caught.value.state == "v" and caught.value.result is net.last_result


def test_a_refused_change_between_runs_changes_nothing():
    net = balanced()
    net.run(1.0)
    before = net["exc"].get("tau_m")
    with pytest.raises(hsnn.errors.HsnnError):
        net["exc"].set(tau_m=0.0, v=0.0)
    assert np.array_equal(net["exc"].get("tau_m"), before)
    assert (net["exc"].get("v") < 0.0).all()


def test_records_give_their_union_and_their_own():
    net = balanced()
    first, second = net.record(net["inh"][[7, 2]], "spikes"), net.record(net["inh"][3:6], "spikes")
    result = net.run(20.0)
    assert result.spikes["inh"].neurons.tolist() == [0, 1, 2, 3, 4, 5, 7]
    assert result[first].neurons.tolist() == [7, 2] and result[second].neurons.tolist() == [3, 4, 5]


def test_a_network_that_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    net = hsnn.Network(dt=0.1, seed=1)
    cells = net.population("cells", 3000, hsnn.models.lif_exp())
    net.connect(cells, cells, hsnn.connect.bernoulli(0.5), weight=hsnn.random.normal(1.0, 0.1), delay=1.0)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "free", lambda: 1e6)
        with pytest.raises(InsufficientMemoryError, match=r"4.5e\+06 synapses take 0.027 GB; 0.001 GB are free") as caught:
            net.run(1.0)
    assert (caught.value.needed, caught.value.had) == (27e6, 1e6) and net.t == 0.0
    net.projections[0].set(weight=2.0)  # nothing was built: it is still a declaration
    assert net.run(1.0).t_stop == 1.0
