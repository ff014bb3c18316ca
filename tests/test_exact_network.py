"""Networks without a clock, and with populations of both kinds: what the host makes of them."""

import math
import pickle
from importlib.util import find_spec

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event import errors

BACKENDS = ["reference", *(["numba"] if find_spec("hsnn_event.backends.numba.exact_engine") else [])]
CELL = {"C_m": 250.0, "tau_m": 10.0, "E_L": 0.0, "V_th": 15.0, "V_reset": 0.0, "t_ref": 2.0}
FIRST, INTERVAL = 4.700036292457356, 6.700036292457356
each_backend = pytest.mark.parametrize("backend", BACKENDS)


def lif(**keywords):
    return hsnn.models.lif_delta(**{**CELL, **keywords})


def steady(backend, **keywords):
    """A neuron under a constant current of 1 nA, recorded."""
    net = hsnn.Network(backend=backend, **{"dt": None, **keywords})
    net.record(net.population("a", 1, lif(I_e=1000.0), schedule="exact"), "spikes")
    return net


def busy(backend, dt=None, **keywords):
    """Poisson sources, listed spikes, currents and recurrent synapses of real delays, recorded."""
    net = hsnn.Network(dt=dt, backend=backend, seed=3, **keywords)
    cells = net.population("cells", 6, hsnn.models.lif_exp(tau_syn=1.7), schedule="exact")
    cells.set(v=hsnn.random.uniform(-65.0, -52.0))
    noise = net.population("noise", 4, hsnn.models.poisson(300.0), schedule="exact")
    listed = net.population("listed", 2, hsnn.models.spike_source([1.2345, 7.7], [0, 1]), schedule="exact")
    for source, weight in ((cells, 150.0), (noise, 400.0), (listed, 700.0)):
        net.connect(source, cells, hsnn.connect.all_to_all(), weight=weight, delay=hsnn.random.uniform(0.5, 1.5))
    net.drive(cells, hsnn.stimuli.current(300.0, start=2.3456, stop=17.1))
    net.drive(cells[:3], hsnn.stimuli.poisson(1000.0), weight=100.0, delay=0.123)
    net.drive(cells, hsnn.stimuli.spikes([3.3333], factors=2.0), weight=100.0)
    net.record(cells + noise, "spikes")
    net.record(cells[[4, 1]], ("v", "I_syn"), every=0.7)
    net.record(cells, "v", at=[0.123456789 if dt is None else 0.1, 10.0], name="some")
    return net


def same(first, second):
    assert (first.t_start, first.t_stop) == (second.t_start, second.t_stop)
    for name, spikes in first.spikes.items():
        assert spikes == second.spikes[name], name
    for record, data in first.records.items():
        for variable in data if isinstance(data, dict) else ():
            for column in ("times", "values"):
                theirs = getattr(second[record.name][variable], column)
                assert np.array_equal(getattr(data[variable], column), theirs), (record.name, variable, column)


@each_backend
def test_a_constant_current_gives_the_times_of_the_formula(backend):
    times = steady(backend).run(100.0).spikes["a"].times
    assert times[0] == pytest.approx(FIRST, abs=1e-13)
    assert np.allclose(np.diff(times), INTERVAL, atol=1e-12)
    assert len(times) == math.floor((100.0 - FIRST) / INTERVAL) + 1


@each_backend
def test_time_is_a_real_number(backend):
    net = steady(backend)
    assert net.dt is None
    for _ in range(3):
        result = net.run(0.1)
    assert net.t == result.t_stop == 0.3
    net.run(math.pi)
    assert net.t == 0.3 + math.pi
    assert result.info["dt"] is None
    assert "no clock" in repr(net)
    assert list(net.steps(0.1, until=3.6415926535))[-1] == 3.6415926535


@each_backend
def test_however_a_run_is_cut_no_bit_changes(backend):
    whole = busy(backend).run(20.0)
    net = busy(backend)
    parts = [net.run(duration) for duration in (0.123456789, 3.21, 0.0, 1e-3, 10.0)]
    parts.append(net.run(20.0 - net.t))
    assert len(whole.spikes["cells"]) > 3
    same(whole, hsnn.concatenate(parts))


@each_backend
def test_states_are_sampled_by_the_flow(backend):
    net = hsnn.Network(dt=None, backend=backend)
    cell = net.population("cell", 1, lif(V_th=1e9))
    net.drive(cell, hsnn.stimuli.current(hsnn.steps([0.55, 1.234], [100.0, -50.0]), stop=math.e))
    net.record(cell, "v", every=0.1)
    net.record(cell, ("v", "I"), at=[1.234, 3.0], name="some")
    result = net.run(3.0)

    def v(t):
        value, last = 0.0, 0.0
        for time, current in ((0.55, 0.0), (1.234, 100.0), (math.e, -50.0), (math.inf, 0.0)):
            span = max(0.0, min(t, time) - last)
            value = value * math.exp(-span / 10.0) + current * 10.0 / 250.0 * -math.expm1(-span / 10.0)
            last = time
        return value

    trace = result.states["cell"]["v"] if len(result.records) == 1 else result["cell.v"]["v"]
    assert trace.times.tolist() == [k / 10 for k in range(1, 31)]
    assert np.allclose(trace.values[:, 0], [v(t) for t in trace.times], atol=1e-13)
    assert result["some"]["I"].values[:, 0].tolist() == [-50.0, 0.0]


@each_backend
def test_scheduled_changes_come_before_all_else_of_their_instant(backend):
    net = steady(backend)
    seen = []
    net.at(FIRST, lambda net: seen.append((net.t, net["a"].get("v")[0])))
    net["a"].set(I_e=0.0, at=4.0)
    net["a"].set(v=14.0, at=5.0)
    net["a"].set(V_th=13.0, at=6.0)
    result = net.run(6.0)
    charge = 40.0 * -math.expm1(-0.4)
    assert seen == [(FIRST, pytest.approx(charge * math.exp(-(FIRST - 4.0) / 10.0), abs=1e-12))]
    assert len(result.spikes["a"]) == 0
    net["a"].set(v=13.5, at=7.25)
    assert net.run(2.0).spikes["a"].times.tolist() == [7.25]


@each_backend
def test_a_change_acts_as_one_made_by_hand_then(backend):
    net, by_hand = busy(backend), busy(backend)
    net["cells"][:3].set(V_th=-55.0, t_ref=1.5, at=7.12345)
    net["noise"].set(rate=900.0, at=7.12345)
    first = by_hand.run(7.12345)
    by_hand["cells"][:3].set(V_th=-55.0, t_ref=1.5)
    by_hand["noise"].set(rate=900.0)
    whole, parts = net.run(20.0), hsnn.concatenate([first, by_hand.run(20.0 - by_hand.t)])
    assert whole.spikes["noise"] == parts.spikes["noise"]
    assert np.array_equal(whole.spikes["cells"].ids, parts.spikes["cells"].ids)
    assert np.allclose(whole.spikes["cells"].times, parts.spikes["cells"].times, atol=1e-10)


@each_backend
def test_callbacks_come_at_multiples_that_are_not_summed_up(backend):
    net, times = steady(backend), []
    net.every(0.1, lambda net: times.append(net.t))
    net.run(0.55)
    net.every(0.25, lambda net: times.append(-net.t))
    net.run(0.5)
    assert times == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, -0.75, 0.8, 0.9, 1.0, -1.0]


@each_backend
@pytest.mark.parametrize("dt", [None, 0.1])
def test_a_callback_that_raises_leaves_a_network_that_goes_on(backend, dt):
    whole, net = busy(backend, dt).run(20.0), busy(backend, dt)
    net.at(7.7, lambda net: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        net.run(20.0)
    assert net.t == 7.7
    same(whole, hsnn.concatenate([caught.value.result, net.run(20.0 - net.t) if dt is None else net.run(12.3)]))


@each_backend
@pytest.mark.parametrize("dt", [None, 0.1])
def test_a_network_goes_on_from_a_file_and_a_pickle(tmp_path, backend, dt):
    net = busy(backend, dt)
    net["cells"].set(V_th=-51.0, at=12.5)
    net.run(6.3)
    net["cells"].set(I_e=20.0)
    net.save(tmp_path / "net.h5")
    copies = [hsnn.Network.load(tmp_path / "net.h5", backend=each) for each in BACKENDS]
    copies.append(pickle.loads(pickle.dumps(net)))
    assert copies[0].dt == dt
    rest = net.run(13.7)
    for copy in copies:
        same(rest, copy.run(13.7))


@each_backend
@pytest.mark.parametrize("dt", [None, 0.1])
def test_trials_differ_in_noise_and_come_again(backend, dt):
    net = busy(backend, dt)
    net["noise"].set(rate=100.0, at=3.0)
    first = net.run(10.0)
    net.reset(trial=1)
    other = net.run(10.0)
    net.reset()
    same(first, net.run(10.0))
    assert not np.array_equal(first.spikes["noise"].times, other.spikes["noise"].times)


@each_backend
def test_weights_change_between_runs(backend):
    net = hsnn.Network(dt=None, backend=backend)
    source = net.population("source", 1, hsnn.models.spike_source([1.0, 2.0]))
    cell = net.population("cell", 1, lif())
    projection = net.connect(source, cell, hsnn.connect.all_to_all(), weight=1.0, delay=0.25)
    net.record(cell, "v", at=[1.25, 2.25])
    first = net.run(1.5).states["cell"]["v"].values[0, 0]
    projection.set(weight=3.0)
    second = net.run(1.5).states["cell"]["v"].values[0, 0]
    assert (first, second) == (1.0, pytest.approx(3.0 + math.exp(-0.1)))


@each_backend
def test_memory_of_synapses_is_told(backend):
    net = hsnn.Network(dt=None, backend=backend, seed=1)
    cells = net.population("cells", 1000, lif())
    one, none = (net.connect(cells, cells, hsnn.connect.fixed_outdegree(n), weight=1.0, delay=1.0) for n in (100, 0))
    apart = net.connect(net.population("sources", 3, lif()), cells, hsnn.connect.fixed_outdegree(0), weight=1.0, delay=1.0)
    assert math.isnan(one.bytes_per_synapse)
    net.run(1.0)
    told = [each.bytes_per_synapse for each in (one, none, apart)]
    if backend == "reference":
        assert np.isnan(told).all()
    else:  # a target is four bytes; a neuron has an address, an index and a weight in two blocks at most
        assert 4.0 < told[0] < 4.0 + 2 * 56 / 100 and told[1] == told[0] and math.isnan(told[2])


@each_backend
def test_spikes_stream_to_a_file(tmp_path, backend):
    net = steady(backend)
    net.record(net["a"], "v", every=0.3, to=tmp_path / "v.h5", name="v")
    net.record(net["a"], "spikes", to=tmp_path / "v.h5", name="s")
    results = [net.run(7.7), net.run(math.pi)]
    assert [len(each["v"]["v"].times) for each in results] == [25, 11]
    held = hsnn.open_recording(tmp_path / "v.h5")
    assert held.info["dt"] is None
    assert held["s"].times == pytest.approx([FIRST], abs=1e-12)
    results[0].save(tmp_path / "result.h5")
    assert hsnn.Result.load(tmp_path / "result.h5").info["dt"] is None


def chain(backend, first, second, delay, dt=0.1):
    """A listed spike of one population reaches a cell of another, on these schedules."""
    net = hsnn.Network(dt=dt, backend=backend)
    times = [1.0, 1.3, 2.0] if first == "clock" else [1.0, 1.3 - 1e-12, 1.96]
    source = net.population("source", 1, hsnn.models.spike_source(times), schedule=first)
    cell = net.population("cell", 1, lif(t_ref=0.1, V_th=10.0), schedule=second)
    net.connect(source, cell, hsnn.connect.all_to_all(), weight=20.0, delay=delay)
    net.record(source + cell, "spikes")
    return net


@each_backend
@pytest.mark.parametrize("delay", [0.1, 0.3, 1.0])
def test_events_act_on_the_clock_at_the_first_step_not_before_them(backend, delay):
    result = chain(backend, "exact", "clock", delay).run(4.0)
    assert result.spikes["source"].times.tolist() == [1.0, 1.3 - 1e-12, 1.96]
    assert result.spikes["cell"].times == pytest.approx([1.0 + delay, 1.3 + delay, 2.0 + delay], abs=1e-12)


@each_backend
@pytest.mark.parametrize("delay", [1e-3, 0.05, 0.1, 0.37, 2.0])
def test_events_of_the_clock_act_at_real_times(backend, delay):
    result = chain(backend, "clock", "exact", delay).run(5.0)
    assert result.spikes["cell"].times == pytest.approx([1.0 + delay, 1.3 + delay, 2.0 + delay], abs=1e-12)


def mixed(backend):
    """A population of each kind, with synapses all ways."""
    net = hsnn.Network(dt=0.1, backend=backend, seed=5)
    parts = [net.population(kind, 5, lif(I_e=700.0), schedule=kind) for kind in ("clock", "exact")]
    for source in parts:
        source.set(v=hsnn.random.uniform(0.0, 14.0))
        for target in parts:
            late = hsnn.random.uniform(0.25, 1.5)
            net.connect(source, target, hsnn.connect.fixed_indegree(3), weight=0.7, delay=late)
    net.drive(parts[1], hsnn.stimuli.poisson(2000.0), weight=0.5)
    for each in parts:
        net.record(each, "spikes")
        net.record(each, "v", every=0.5)
    return net


@each_backend
def test_mixed_networks_are_the_same_however_cut(backend):
    whole = mixed(backend).run(20.0)
    assert all(len(spikes) > 5 for spikes in whole.spikes.values())
    net = mixed(backend)
    same(whole, hsnn.concatenate([net.run(duration) for duration in (0.1, 3.7, 5.0, 0.3, 10.9)]))
    net.reset()
    same(whole, net.run(20.0))


@each_backend
def test_mixed_networks_go_on_from_files(tmp_path, backend):
    whole, net = mixed(backend).run(20.0), mixed(backend)
    first = net.run(8.8)
    net.save(tmp_path / "net.h5")
    for other in BACKENDS:
        rest = hsnn.Network.load(tmp_path / "net.h5", backend=other)
        same(whole, hsnn.concatenate([first, rest.run(11.2)]))


@pytest.mark.skipif(len(BACKENDS) < 2, reason="needs both backends")
@pytest.mark.parametrize("build", [busy, mixed])
def test_backends_agree_to_the_bit(build):
    same(build("reference").run(20.0), build("numba").run(20.0))


@each_backend
def test_mixed_networks_take_changes_and_callbacks(backend):
    net, seen = mixed(backend), []
    net["exact"].set(I_e=0.0, v=0.0, at=5.0)
    net["clock"].set(I_e=0.0, at=5.0)
    net.at(5.0, lambda net: seen.append(net.t))
    result = net.run(10.0)
    values = result.states["exact"]["v"]
    assert seen == [5.0]
    assert np.array_equal(values.times, np.arange(1, 21) / 2)
    assert values.values[9].max() < 1.5  # arrivals of the instant come after the change


@each_backend
def test_a_neuron_that_fires_twice_in_a_step_is_heard_twice(tmp_path, backend):
    net = hsnn.Network(dt=1.0, backend=backend)
    source = net.population("source", 1, hsnn.models.spike_source([0.2, 0.3, 0.4, 2.5]), schedule="exact")
    cell = net.population("cell", 1, lif(V_th=1e9))
    net.connect(source, cell, hsnn.connect.all_to_all(), weight=1.0, delay=2.0)
    net.record(cell, "v")
    net.record(source, "spikes")
    first = net.run(1.0)
    net.save(tmp_path / "net.h5")
    values = hsnn.concatenate([first, net.run(5.0)]).states["cell"]["v"].values[:, 0]
    assert values[:3].tolist() == [0.0, 0.0, 3.0]
    assert values[4] == pytest.approx(3.0 * math.exp(-0.2) + 1.0)
    net = hsnn.Network.load(tmp_path / "net.h5")
    assert np.array_equal(net.run(5.0).states["cell"]["v"].values[:, 0], values[1:])


def test_parts_of_steps_are_recorded_by_populations_on_the_clock_only():
    net = hsnn.Network(dt=0.1, backend="reference")
    exact = net.population("exact", 2, lif(), schedule="exact")
    net.record(exact, "v")
    assert np.array_equal(net.run(1.0).states["exact"]["v"].times, np.arange(1, 11) / 10)


NET = hsnn.Network(dt=None, backend="reference")
A = NET.population("a", 2, lif())
MIXED = hsnn.Network(backend="reference")
CLOCK, EXACT = MIXED.population("clock", 2, lif()), MIXED.population("exact", 2, lif(), schedule="exact")
ALL = hsnn.connect.all_to_all()


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: NET.population("b", 1, lif(), schedule="clock"), errors.DeclarationError, "dt is None"),
        (lambda: hsnn.Network(dt=None, precision="single"), errors.DeclarationError, "precision='double'"),
        (
            lambda: hsnn.Network(precision="single").population("b", 1, lif(), schedule="exact"),
            errors.DeclarationError, "weights='float32'",
        ),
        (lambda: NET.connect(A, A, ALL, weight=1.0, delay=-1.0), errors.ValueRangeError, "a->a.default: delay is -1"),
        (lambda: NET.connect(A, A, ALL, weight=1.0, delay=math.nan), errors.ValueRangeError, "NaN"),
        (
            lambda: NET.connect(A, A, ALL, weight=1.0, delay=hsnn.random.normal(1.5, 0.1)),
            errors.ValueRangeError, "a->a.default: delay.*low=",
        ),
        (lambda: MIXED.connect(CLOCK, EXACT, ALL, weight=1.0, delay=0.0), errors.ValueRangeError, "source without a clock"),
        (lambda: MIXED.connect(EXACT, CLOCK, ALL, weight=1.0, delay=0.0), errors.ValueRangeError, "one step"),
        (lambda: MIXED.connect(EXACT, CLOCK, ALL, weight=1.0, delay=0.15), errors.GridError, "round_delays"),
        (lambda: NET.drive(A, hsnn.stimuli.noise(1.0)), errors.DeclarationError, "noise->a.*each step of a clock"),
        (lambda: NET.drive(A, hsnn.stimuli.spikes([0.0]), 1.0), errors.ValueRangeError, "0 ms"),
        (lambda: NET.record(A, "v"), errors.DeclarationError, "every= or at="),
        (lambda: NET.record(A, "v", every=0.0), errors.ValueRangeError, "every"),
        (lambda: NET.every(0.0, len), errors.ValueRangeError, "interval"),
        (lambda: NET.run(-1.0), errors.ValueRangeError, "duration"),
        (lambda: NET.run(1e300), errors.GridError, "2\\*\\*53"),
        (lambda: NET.population("s", 1, hsnn.models.spike_source([0.0])), errors.ValueRangeError, "0 ms"),
        (lambda: NET.population("s", 1, hsnn.models.spike_source([0.1, 0.1])), errors.ValueRangeError, "twice"),
    ],
)  # fmt: skip
def test_what_is_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_a_model_without_a_closed_form_is_refused_by_name():
    net = hsnn.Network(dt=None)
    net.population("cells", 1, hsnn.models.izhikevich())
    with pytest.raises(errors.MethodError, match=r"population 'cells': .*schedule='clock'"):
        net.run(1.0)


def test_delays_stay_as_they_are():
    net = hsnn.Network(dt=None)
    cells = net.population("cells", 2, lif())
    projection = net.connect(cells, cells, ALL, weight=1.0, delay=[0.0, 0.123456789, 1.0, 2.0])
    assert projection.delay.tolist() == [0.0, 0.123456789, 1.0, 2.0]
    assert (projection.delay_rounding.count, projection.delay_rounding.largest) == (0, 0.0)
    law = net.connect(cells, cells, ALL, weight=1.0, delay=hsnn.random.exponential(1.5))
    assert law.delay_rounding.count == 0


def test_schedules_follow_the_network():
    assert (A.schedule, A.exact, CLOCK.schedule, EXACT.exact) == ("exact", True, "clock", True)
    assert NET.population("fast", 1, hsnn.models.poisson(1e6)).exact
