"""A state that becomes NaN or infinite is an error that names it, the time, the value and what helps."""

import pickle

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import DivergenceError

RUNAWAY = hsnn.NeuronModel(
    name="runaway", parameters={"a": 0.0}, states={"u": 0.0, "v": 1.0}, dynamics={"u": "-u", "v": "a*v**2"},
    threshold="v > 2", detection="crossing",
)  # fmt: skip
STIFF = hsnn.NeuronModel(  # linear in each state, and faster than dt by far
    name="stiff", parameters={"k": 100.0}, states={"v": 1.0, "g": 0.5}, dynamics={"v": "-k*g*v", "g": "(0.5 + v/100 - g)/10"}
)


def diverged(net, duration=100.0):
    with pytest.raises(DivergenceError) as caught:
        net.run(duration)
    assert caught.value.result is net.last_result
    return caught.value


@pytest.mark.parametrize("backend", ["reference", "numba"])
@pytest.mark.parametrize("method", ["rk2", "rk45"])
def test_infinity_and_nan_are_found_and_named(backend, method):
    net = hsnn.Network(dt=0.1, backend=backend, threads=1)
    net.population("quiet", 3, RUNAWAY)
    cells = net.population("cells", 4, RUNAWAY, method=method)
    cells[2].set(a=0.05)  # v = 1/(1 - t/20)
    trace = net.record(cells, "v")
    net.record(cells, "spikes")
    error = diverged(net)
    assert (error.population, error.state, error.neuron, error.method) == ("cells", "v", 2, method)
    assert not np.isfinite(error.value) and np.array_equal(error.value, cells.get("v")[2], equal_nan=True)
    assert error.since < error.time == net.t == error.result.t_stop and error.time >= 20.0
    text = str(error)
    assert f"population 'cells': v of neuron 2 is {error.value} at {error.time:g} ms; at {error.since:g} ms all was" in text
    assert "smaller dt than 0.1 ms" in text
    kept = error.result[trace]["v"]
    assert kept.values.shape == (round(error.time / 0.1), 4) and np.isfinite(kept.values[:150]).all()
    assert error.result.spikes["cells"].times == pytest.approx([10.0], abs=0.2)


@pytest.mark.parametrize("method", ["rk2", "rk4"])
def test_the_methods_it_names_fit_the_model_and_help(method):
    net = hsnn.Network(dt=0.1, backend="reference")
    net.population("cells", 1, STIFF, method=method)
    error = diverged(net)
    assert error.helpful == ("strang", "exponential_midpoint", "exponential_euler", "rk45")
    assert f"or method={' or '.join(map(repr, error.helpful))} instead of '{method}'" in str(error)
    for name in error.helpful:
        other = hsnn.Network(dt=0.1, backend="reference")
        other.population("cells", 1, STIFF, method=name)
        other.run(20.0)
        assert abs(other["cells"].get("v")[0]) < 1e-3


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_what_overflows_to_no_number_is_found(backend):
    # Both terms become infinite, and their difference is NaN.
    both = hsnn.NeuronModel(name="both", states={"v": 1.0}, dynamics={"v": "v**3 - v**2"})
    net = hsnn.Network(dt=0.1, backend=backend, threads=1)
    net.population("cells", 1, both).set(v=3.0)
    assert np.isnan(diverged(net).value)


def test_only_what_is_better_is_advised():
    net = hsnn.Network(dt=0.1, backend="reference")
    net.population("cells", 1, RUNAWAY, method="rk45").set(a=0.05)
    error = diverged(net)
    assert error.helpful == () and "or method=" not in str(error)
    net = hsnn.Network(dt=0.1, backend="reference")
    net.population("cells", 1, RUNAWAY, method="rush_larsen").set(a=0.05)
    assert diverged(net).helpful == ("rk45",)


def test_what_is_solved_exactly_is_not_told_to_take_shorter_steps():
    growing = hsnn.NeuronModel(name="growing", states={"v": 1.0}, dynamics={"v": "10*v"})
    net = hsnn.Network(dt=0.1, backend="reference")
    net.population("cells", 1, growing)
    error = diverged(net, 1000.0)
    assert error.method == "exact" and "no step helps: look for a weight or parameter" in str(error)
    assert "smaller dt" not in str(error)


@pytest.mark.parametrize("dt", [None, 0.5])
def test_beside_a_clock_and_without_one_the_time_is_that_of_the_run(dt):
    net = hsnn.Network(dt=dt, backend="reference")
    growing = hsnn.NeuronModel(name="growing", states={"v": 1e10}, dynamics={"v": "100*v"})
    net.population("cells", 1, growing, schedule="exact")
    if dt:
        net.population("others", 1, hsnn.models.lif_exp())
    error = diverged(net)
    assert error.time == net.t and error.since < 6.9 <= error.time + 0.5  # 1e10 e**(100 t) is beyond all numbers at 6.87 ms
    assert "no step helps" in str(error)


def test_the_error_travels_between_processes():
    error = DivergenceError("text", population="cells", value=np.inf, helpful=("rk45",))
    again = pickle.loads(pickle.dumps(error))
    assert (again.population, again.value, again.helpful) == ("cells", np.inf, ("rk45",))
