"""The conventions of time on the reference backend: golden values of delays, refractoriness, order and stimuli."""

import math

import numpy as np
import pytest
from spikers import spikers

import hsnn_event as hsnn


def network(**keywords):
    return hsnn.Network(dt=0.1, seed=1, backend="reference", **keywords)


def connected(net, times, target, weight, delay, **keywords):
    source = spikers(net, times)
    net.connect(source, target, hsnn.connect.all_to_all(), weight=weight, delay=delay, **keywords)
    return source


def test_a_spiker_fires_at_its_times():
    net = network()
    source = spikers(net, [1.0, 0.1, 2.5, 1.0])
    net.record(source, "spikes")
    spikes = net.run(5.0).spikes["spiker"]
    assert spikes.times.tolist() == [0.1, 1.0, 1.0, 2.5]
    assert spikes.ids.tolist() == [1, 0, 3, 2]


def test_an_arrival_acts_after_its_delay_and_moves_v_one_step_later():
    net = network()
    cell = net.population("cell", 1, hsnn.models.lif_exp(tau_syn=2.0))
    connected(net, [1.0], cell, weight=100.0, delay=1.0)
    trace = net.record(cell, ("v", "I_syn"))
    data = net.run(3.0)[trace]
    step = {round(float(t), 6): k for k, t in enumerate(data["v"].times)}
    current, v = data["I_syn"].values[:, 0], data["v"].values[:, 0]
    assert current[step[1.9]] == 0.0
    assert current[step[2.0]] == 100.0
    assert current[step[2.1]] == pytest.approx(100.0 * math.exp(-0.05), rel=1e-12)
    assert v[step[2.0]] == -70.0
    assert v[step[2.1]] > -70.0


def test_the_membrane_is_clamped_for_its_refractory_period():
    net = network()
    cell = net.population("cell", 1, hsnn.models.lif_exp(t_ref=1.0, tau_syn=2.0, I_e=1000.0))
    cell.set(v=-55.0 - 1e-6)
    net.record(cell, "spikes")
    trace = net.record(cell, "v")
    result = net.run(2.0)
    first = result.spikes["cell"].times[0]
    assert first == 0.1
    v, times = result[trace]["v"].values[:, 0], result[trace]["v"].times
    assert (v[(times >= 0.1) & (times <= 1.1)] == -70.0).all()
    assert v[times > 1.1][0] > -70.0


@pytest.mark.parametrize("steps, acts", [(10, False), (11, True)])
def test_a_delta_arrival_on_a_clamped_neuron_is_lost(steps, acts):
    net = network()
    cell = net.population("cell", 1, hsnn.models.lif_delta(t_ref=1.0))
    connected(net, [2.0, 2.0 + steps / 10], cell, weight=np.array([20.0, 1.0]), delay=0.1)
    net.record(cell, "spikes")
    trace = net.record(cell, "v")
    result = net.run(4.0)
    assert result.spikes["cell"].times.tolist() == [2.1]
    v = result[trace]["v"].values[:, 0]
    assert v[20 + steps] == (-69.0 if acts else -70.0)


def test_synaptic_states_go_on_while_the_membrane_is_clamped():
    net = network()
    cell = net.population("cell", 1, hsnn.models.lif_exp(t_ref=5.0, tau_syn=2.0))
    cell.set(v=-54.0)
    connected(net, [1.0], cell, weight=10.0, delay=0.1)
    trace = net.record(cell, ("v", "I_syn"))
    data = net.run(3.0)[trace]
    assert data["I_syn"].values[10, 0] == 10.0
    assert (data["v"].values[:, 0] == -70.0).all()


def test_arrivals_of_a_step_are_summed_in_the_documented_order():
    # 1e16 + 1 - 1e16 is 0 in this order and 1 in others: the order is emission step, source id, order of draw.
    net = network()
    cell = net.population("cell", 1, hsnn.models.lif_delta(t_ref=0.0, V_th=1e30))
    cell.set(v=-70.0)
    source = spikers(net, [2.0, 1.0, 2.0])
    edges = hsnn.connect.from_edges([0, 1, 2], [0, 0, 0])
    net.connect(source, cell, edges, weight=np.array([1.0, 1e16, -1e16]), delay=np.array([1.0, 2.0, 1.0]))
    trace = net.record(cell, "v")
    v = net.run(3.0)[trace]["v"].values[:, 0]
    assert v[-1] == -70.0
    reordered = network()
    cell = reordered.population("cell", 1, hsnn.models.lif_delta(t_ref=0.0, V_th=1e30))
    source = spikers(reordered, [2.0, 1.0, 2.0])
    edges = hsnn.connect.from_edges([2, 1, 0], [0, 0, 0])  # now source 0 brings the -1e16
    reordered.connect(source, cell, edges, weight=np.array([1.0, 1e16, -1e16]), delay=np.array([1.0, 2.0, 1.0]))
    trace = reordered.record(cell, "v")
    assert reordered.run(3.0)[trace]["v"].values[-1, 0] == -69.0


def test_a_delay_of_many_steps_and_a_self_connection():
    net = hsnn.Network(dt=0.01, seed=1, backend="reference")
    cell = net.population("cell", 1, hsnn.models.lif_delta(t_ref=0.0))
    connected(net, [1.0], cell, weight=20.0, delay=0.01)
    net.connect(cell, cell, hsnn.connect.all_to_all(), weight=20.0, delay=15.0)
    net.record(cell, "spikes")
    assert net.run(32.0).spikes["cell"].times.tolist() == [1.01, 16.01, 31.01]


def test_a_current_acts_in_the_steps_that_begin_in_its_interval():
    model = hsnn.NeuronModel(name="sum", states={"x": 0.0}, dynamics={"x": "I"}, inputs={"I": 0.5})
    net = network()
    cells = net.population("cells", 3, model)
    net.drive(cells[1:], hsnn.stimuli.current([1.0, 2.0], start=0.2, stop=0.5))
    net.drive(cells, hsnn.stimuli.current(4.0, start=0.4), weight=0.25)
    trace = net.record(cells, "x")
    result = hsnn.concatenate([net.run(0.3), net.run(0.5)])
    change = np.diff(result[trace]["x"].values, axis=0, prepend=0.0) / 0.1
    expected = np.full((8, 3), 0.5)
    expected[2:5] += [0.0, 1.0, 2.0]
    expected[4:] += 1.0
    assert change == pytest.approx(expected, abs=1e-12)


def test_undriven_inputs_keep_the_models_value():
    model = hsnn.NeuronModel(name="sum", states={"x": 0.0}, dynamics={"x": "I"}, inputs={"I": 0.5})
    net = network()
    cells = net.population("cells", 1, model)
    net.run(1.0)
    assert cells.get("x")[0] == pytest.approx(0.5)


@pytest.mark.parametrize("delay", [0.0, 1.5])
def test_poisson_drives_act_in_their_interval_shifted_by_the_delay(delay):
    net = network()
    cells = net.population("cells", 40, hsnn.models.lif_delta(tau_m=1e9, V_th=1e9, t_ref=0.0))
    net.drive(cells, hsnn.stimuli.poisson(20_000.0, start=1.0, stop=2.0), weight=1.0, delay=delay)
    trace = net.record(cells, "v")
    data = net.run(6.0)[trace]["v"]
    changed = data.times[np.abs(np.diff(data.values, axis=0, prepend=-70.0)).max(axis=1) > 0.5]
    assert changed.min() == pytest.approx(1.1 + delay) and changed.max() == pytest.approx(2.0 + delay)


@pytest.mark.parametrize("rate", [500.0, 20_000.0, 300_000.0])
def test_poisson_counts_have_mean_and_variance_of_their_rate(rate):
    # 300 neurons x 20 steps of counts with mean and variance m = rate * dt; bounds are 5 standard errors.
    net = network()
    cells = net.population("cells", 300, hsnn.models.lif_delta(tau_m=1e12, V_th=1e9, t_ref=0.0))
    net.drive(cells, hsnn.stimuli.poisson(rate), weight=1.0)
    trace = net.record(cells, "v")
    counts = np.rint(np.diff(net.run(2.0)[trace]["v"].values, axis=0, prepend=-70.0))
    mean, n = rate * 1e-4, counts.size
    assert counts.mean() == pytest.approx(mean, abs=5 * math.sqrt(mean / n))
    assert counts.var() == pytest.approx(mean, abs=5 * math.sqrt((mean + 2 * mean**2) / n))


def test_equal_drives_are_independent_and_neurons_too():
    net = network()
    first, second = (
        net.population(name, 50, hsnn.models.lif_delta(tau_m=1e12, V_th=1e9, t_ref=0.0)) for name in ("first", "second")
    )
    for target in (first, second):
        net.drive(target, hsnn.stimuli.poisson(10_000.0), weight=1.0)
    net.run(10.0)
    assert not np.array_equal(first.get("v"), second.get("v"))
    assert len(np.unique(first.get("v"))) > 10
    again = network()
    cells = again.population("first", 50, hsnn.models.lif_delta(tau_m=1e12, V_th=1e9, t_ref=0.0))
    again.drive(cells[[30, 7]], hsnn.stimuli.poisson(10_000.0), weight=1.0)
    again.run(10.0)
    assert np.array_equal(cells[[7, 30]].get("v"), first[[7, 30]].get("v"))  # a train belongs to the neuron, not the view


def test_a_neuron_without_targets_and_populations_of_one():
    net = network()
    one = net.population("one", 1, hsnn.models.lif_delta())
    two = net.population("two", 1, hsnn.models.lif_delta())
    source = spikers(net, [1.0, 1.5])
    net.connect(source[:1], one, hsnn.connect.one_to_one(), weight=1.0, delay=0.1)
    net.connect(one, two, hsnn.connect.bernoulli(0.0), weight=1.0, delay=0.1)
    net.record(source, "spikes")
    assert len(net.run(3.0).spikes["spiker"]) == 2
