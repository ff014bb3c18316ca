"""Where a run stands: the same on every backend, and enough to go on from, to the bit."""

import numpy as np
import pytest
from test_parity import STEPS, model_network

import hsnn_event as hsnn
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.protocol import Watch
from hsnn_event.backends.reference import ReferenceEngine
from hsnn_event.lowering.program import lower

MAKERS = {
    "reference": ReferenceEngine,
    "one thread": NumbaEngine,
    "three threads, four blocks": lambda program: NumbaEngine(program, 3, 4),
}


def network(name="lif_exp", precision="double"):
    net = model_network(name, "auto", precision=precision)
    # A source whose synapses share one weight, with delays beyond the others'.
    one = net.population("one", 3, hsnn.models.lif_exp(I_e=500.0, t_ref=0.5))
    net.connect(one, net["exc"], hsnn.connect.all_to_all(), weight=3.0, delay=hsnn.random.uniform(0.1, 31.0), receptor="exc")
    return net


def assert_same_moment(one, other):
    assert (one.step, one.keys) == (other.step, other.keys)
    for x, y in zip(one.clamped, other.clamped, strict=True):
        assert (x is None) == (y is None) and (x is None or np.array_equal(x, y))
    for name in ("steps", "populations", "ids"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def move(program, origin, goal):
    """Let `goal` go on where `origin` stands."""
    goal.restore(origin.moment())
    for number, plan in enumerate(program.populations):
        for state in plan.states:
            goal.write(number, state, origin.read(number, state))


def advanced(program, engine, n_steps):
    """The spikes of some steps, and the states after them."""
    seen = engine.advance(n_steps, Watch(np.ones(len(program.populations), dtype=np.bool_)))
    states = [engine.read(number, state) for number, plan in enumerate(program.populations) for state in plan.states]
    return [seen.steps, seen.populations, seen.ids, *states]


@pytest.mark.parametrize("name", ["lif_exp", "adaptive"])
def test_moments_are_the_same_on_every_engine(name):
    program = lower(network(name))
    engines = [make(program) for make in MAKERS.values()]
    for n_steps in (1, 40, 1, 130, 128, 300):
        for engine in engines:
            advanced(program, engine, n_steps)
        moments = [engine.moment() for engine in engines]
        for other in moments[1:]:
            assert_same_moment(moments[0], other)
    assert len(moments[0].steps) > 20 and moments[0].steps.min() < 600 - 50
    assert any(each is not None for each in moments[0].clamped)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("goal", MAKERS)
@pytest.mark.parametrize("origin", MAKERS)
def test_a_run_goes_on_from_its_moment_in_any_other_engine(origin, goal, precision):
    program = lower(network(precision=precision))
    whole, later = MAKERS[origin](program), MAKERS[goal](program)
    advanced(program, later, 77)  # what it did before leaves no trace
    advanced(program, whole, STEPS)
    move(program, whole, later)
    assert_same_moment(whole.moment(), later.moment())
    expected, found = advanced(program, whole, STEPS), advanced(program, later, STEPS)
    assert len(expected[0]) > 20
    for x, y in zip(expected, found, strict=True):
        assert np.array_equal(x, y)


def test_a_moment_outlives_the_epoch_of_the_kernels():
    program = lower(network())
    whole, later = NumbaEngine(program), NumbaEngine(program, 2)
    advanced(program, whole, STEPS)
    whole._rebase(1 << 31)
    assert whole._epoch == STEPS
    assert_same_moment(whole.moment(), whole.moment())
    move(program, whole, later)
    for x, y in zip(advanced(program, whole, STEPS), advanced(program, later, STEPS), strict=True):
        assert np.array_equal(x, y)


def test_nothing_in_flight_is_a_moment_too():
    net = hsnn.Network(dt=0.1)
    net.population("cells", 3, hsnn.models.lif_exp())
    program = lower(net)
    for make in MAKERS.values():
        engine = make(program)
        advanced(program, engine, 10)
        moment = engine.moment()
        assert moment.step == 10 and moment.steps.size == 0 and moment.clamped == (None,)
