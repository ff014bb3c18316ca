"""Numbers that must not depend on how time is cut: after an hour, for any window, and as clocks become finer."""

from dataclasses import replace

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.backends.numba.exact_engine import NumbaExactEngine
from hsnn_event.backends.protocol import Watch
from hsnn_event.lowering.program import lower_network

HOUR = 3.6e6  # ms


def test_intervals_after_an_hour_are_those_of_the_first_second():
    """A cell with 1000 pA fires first at 10 log(1.6) ms, and then every 2 + 10 log(1.6) ms."""
    net = hsnn.Network(dt=None)
    net.population(
        "cell", 1, hsnn.models.lif_delta(E_L=0.0, V_th=15.0, V_reset=0.0, I_e=1000.0, tau_m=10.0, C_m=250.0, t_ref=2.0)
    )
    program = lower_network(net).exact
    engine, watch = NumbaExactEngine(program), Watch(np.ones(1, np.bool_))
    first = engine.advance(1000.0, watch).exact
    engine.advance(HOUR, Watch(np.zeros(1, np.bool_)))
    late = engine.advance(HOUR + 1000.0, watch).exact
    rise = 10.0 * np.log(1.6)
    assert first.windows[0] * program.window + first.offsets[0] == pytest.approx(rise, rel=1e-12)
    for seen in (first, late):
        intervals = np.diff(seen.windows) * program.window + np.diff(seen.offsets)
        assert len(intervals) > 140
        assert np.allclose(intervals, 2.0 + rise, rtol=1e-12, atol=0.0)
    number = round((late.windows[0] * program.window + late.offsets[0] - rise) / (2.0 + rise))
    assert late.windows[0] * program.window + late.offsets[0] == pytest.approx(rise + number * (2.0 + rise), rel=1e-12)


@pytest.mark.parametrize("part", [1, 2, 8])
def test_benchmark_4_fires_alike_whatever_the_window(part):
    net = hsnn.networks.brette2007("exact", seed=1)
    program = lower_network(net).exact
    engine, watch = NumbaExactEngine(replace(program, window=program.window / part)), Watch(np.ones(2, np.bool_))
    engine.advance(200.0, watch)
    seen = engine.advance(3000.0, watch).exact
    assert len(seen.ids) / 4000 / 2.8 == pytest.approx(9.8, abs=0.3)


def test_a_clock_converges_to_the_exact_times_in_proportion_to_its_step():
    def first_spikes(dt):
        net = hsnn.Network(dt=dt, seed=5)
        cells = net.population("cells", 1000, hsnn.models.lif_exp(tau_syn=2.0, I_e=500.0))
        net.drive(cells, hsnn.stimuli.spikes(np.arange(0.5, 20.0, 0.5)), weight=150.0)
        cells.set(v=hsnn.random.uniform(-70.0, -58.0))
        net.record(cells, "spikes")
        return np.array([train[0] for train in net.run(20.0).spikes["cells"].trains()])

    exact = first_spikes(None)
    late = np.array([np.mean(first_spikes(dt) - exact) for dt in (0.1, 0.05, 0.025, 0.0125)])
    # Half a step on average, whose standard error over 1,000 cells is a 55th of that.
    assert np.allclose(np.log2(late[:-1] / late[1:]), 1.0, atol=0.1), late
