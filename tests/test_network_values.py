"""Values: what set() and get() do to states and parameters, before the first run and between runs."""

import math

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, ShapeError, UnknownNameError, ValueRangeError

LEAKY = hsnn.NeuronModel(
    name="leaky",
    parameters={"tau": 10.0, "rest": -65.0},
    states={"v": "rest", "u": "2*v"},
    dynamics={"v": "(rest - v)/tau", "u": "-u/tau"},
    receptors={"default": {"v": "v + weight"}},
    threshold="v >= 0",
    reset={"v": "rest"},
)


@pytest.fixture
def net():
    net = hsnn.Network(dt=0.1, seed=5, backend="reference")
    net.population("a", 6, LEAKY)
    net.population("b", 2, LEAKY)
    return net


def test_initial_values_follow_their_expressions_after_every_set(net):
    a = net["a"]
    assert a.get("v").tolist() == [-65.0] * 6
    a.set(rest=-60.0)
    a[:2].set(v=-50.0)
    assert a.get("v").tolist() == [-50.0] * 2 + [-60.0] * 4
    assert a.get("u").tolist() == [-100.0] * 2 + [-120.0] * 4
    a[5].set(u=1.0)
    assert a.get("u").tolist() == [-100.0] * 2 + [-120.0] * 3 + [1.0]


def test_later_assignments_win_and_views_keep_their_order(net):
    a = net["a"]
    a.set(v=np.arange(6.0))
    a[[4, 1]].set(v=[40.0, 10.0])
    assert a.get("v").tolist() == [0.0, 10.0, 2.0, 3.0, 40.0, 5.0]
    assert a[[4, 0]].get("v").tolist() == [40.0, 0.0]


def test_a_distribution_gives_a_neuron_the_same_value_through_any_view(net):
    a = net["a"]
    a.set(v=hsnn.random.uniform(-60.0, -50.0))
    whole = a.get("v")
    assert len(set(whole.tolist())) == 6 and ((whole > -60.0) & (whole < -50.0)).all()
    a.set(v=0.0)
    a[[5, 2]].set(v=hsnn.random.uniform(-60.0, -50.0))
    assert a.get("v").tolist() == [0.0, 0.0, whole[2], 0.0, 0.0, whole[5]]


def test_a_group_divides_an_array_among_its_members(net):
    (net["a"] + net["b"]).set(v=np.arange(8.0))
    assert net["a"].get("v").tolist() == [0, 1, 2, 3, 4, 5]
    assert net["b"].get("v").tolist() == [6, 7]


def test_parameters_can_be_distributions_in_the_model():
    net = hsnn.Network(seed=1, backend="reference")
    cells = net.population("c", 50, LEAKY.with_parameters(tau=hsnn.random.normal(10.0, 1.0, low=5.0)))
    before = cells.get("tau")
    assert len(np.unique(before)) == 50
    net.run(0.1)
    assert np.array_equal(cells.get("tau"), before)


@pytest.mark.parametrize(
    "values, error",
    [
        ({"V": 1.0}, UnknownNameError),
        ({"v": math.nan}, ValueRangeError),
        ({"v": math.inf}, ValueRangeError),
        ({"v": [1.0, 2.0]}, ShapeError),
        ({"v": np.zeros((6, 1))}, ShapeError),
        ({"v": "1"}, ArgumentTypeError),
        ({"v": True}, ArgumentTypeError),
        ({"v": None}, ArgumentTypeError),
        ({"v": 1.0, "tua": 3.0}, UnknownNameError),
    ],
)
@pytest.mark.parametrize("ran", [False, True])
def test_bad_values_are_refused_and_nothing_is_changed(net, values, error, ran):
    if ran:
        net.run(1.0)
    before = net["a"].get("v")
    with pytest.raises(error):
        net["a"].set(**values)
    assert np.array_equal(net["a"].get("v"), before)


def test_states_and_parameters_change_between_runs(net):
    a = net["a"]
    net.run(1.0)
    a[:3].set(v=-20.0, tau=1.0)
    assert a.get("v").tolist() == [-20.0] * 3 + [-65.0] * 3
    assert a.get("tau").tolist() == [1.0] * 3 + [10.0] * 3
    net.run(1.0)
    assert a.get("v")[:3] == pytest.approx(-65.0 + 45.0 * math.exp(-1.0), abs=1e-9)
    a.set(rest=np.linspace(-60, -55, 6))
    net.run(200.0)
    assert a.get("v") == pytest.approx(np.linspace(-60, -55, 6), abs=1e-6)


def test_single_precision_values_read_back_as_float64():
    net = hsnn.Network(backend="reference", precision="single")
    a = net.population("a", 1, LEAKY)
    a.set(v=0.1 - 65.0)
    net.run(0.0)
    assert a.get("v").dtype == np.float64
    assert a.get("v")[0] == np.float32(0.1 - 65.0)
