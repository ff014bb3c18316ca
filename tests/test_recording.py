"""Recording in memory: any state, input and expression, at any times; and it changes nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hsnn_event as hsnn
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.protocol import Moment, Probe, Watch
from hsnn_event.backends.reference import ReferenceEngine
from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    ExpressionError,
    GridError,
    UnknownNameError,
    ValueRangeError,
)
from hsnn_event.lowering.program import lower
from hsnn_event.simulation import collector

ADAPTIVE = hsnn.NeuronModel(
    name="adaptive",
    parameters={"tau": 20.0, "a": 0.5, "theta": 15.0},
    states={"v": 0.0, "w": 0.0},
    expressions={"drive": "I - w", "twice": "2*drive"},
    inputs={"I": 1.0, "rest": 0.25},
    dynamics={"v": "(drive + rest - v/tau)", "w": "(a*v - w)/tau"},
    receptors={"exc": {"v": "v + weight"}},
    threshold="v >= theta",
    reset={"v": "0", "w": "w + 0.5"},
    refractory={"duration": "1.0", "clamp": {"v": "0"}},
)


def adaptive(backend="reference", **keywords):
    """Two populations that fire, one with an input of its own a neuron, switched on and off."""
    net = hsnn.Network(dt=0.1, seed=5, backend=backend, **keywords)
    one, two = net.population("one", 50, ADAPTIVE, method="rk2"), net.population("two", 21, ADAPTIVE, method="rk2")
    one.set(v=hsnn.random.uniform(0.0, 15.0), tau=np.linspace(15.0, 25.0, 50))
    net.connect(one, two, hsnn.connect.bernoulli(0.3), weight=0.6, delay=0.4)
    net.connect(two, one, hsnn.connect.bernoulli(0.3), weight=0.4, delay=1.1)
    net.drive(one, hsnn.stimuli.current(np.linspace(0.0, 2.0, 50), start=2.0, stop=11.0), input="I")
    net.drive(one, hsnn.stimuli.poisson(800.0), weight=0.5)
    net.drive(two, hsnn.stimuli.current(0.8), input="I")
    return net


@pytest.mark.parametrize("precision", ["double", "single"])
def test_probes_see_the_same_on_every_backend_team_and_cut(precision):
    program = lower(adaptive(precision=precision))
    ids = np.array([49, 0, 17, 33, 16, 2])
    probes = (
        Probe(0, "v", ids, 1), Probe(0, "v", None, 7), Probe(1, "w", None, 3), Probe(0, "I", ids[:3], 4),
        Probe(1, "I", np.array([3]), 2), Probe(0, "w", np.array([], np.int64), 5),
    )  # fmt: skip
    watch = Watch(np.array([True, False]), probes)
    expected = None
    teams = [ReferenceEngine(program)] + [NumbaEngine(program, *team) for team in ((1, 1), (2, 2), (2, 5), (1, 4))]
    for engine in teams:
        for pieces in ((140,), (1, 5, 14, 70, 50)) if engine is teams[2] else ((140,),):
            engine.restore(Moment.start(tuple(plan.key for plan in program.poisson), len(program.populations)))
            for number, plan in enumerate(program.populations):
                for name, values in (*plan.states.items(), *plan.inputs.items()):
                    engine.write(number, name, values)
            seen = [engine.advance(n_steps, watch) for n_steps in pieces]
            found = [np.concatenate(each) for each in zip(*(piece.samples for piece in seen), strict=True)]
            assert [each.shape for each in found] == [(140, 6), (20, 50), (46, 21), (35, 3), (70, 1), (28, 0)]
            expected = expected or found
            assert all(np.array_equal(x, y) for x, y in zip(found, expected, strict=True))
    assert len(seen[0].steps) > 5 and not seen[0].populations.any()
    assert np.array_equal(found[0][6::7], found[1][:, ids])


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_inputs_expressions_and_arithmetic(backend):
    net = adaptive(backend)
    texts = ("v", "I", "rest", "twice", "(I - w)*tau/2", "max(v, 3) + exp(-w)", "theta")
    trace = net.record(net["one"][[30, 4]], texts, every=0.5)
    first = net.run(10.0)
    net["one"].set(tau=40.0)
    result = hsnn.concatenate([first, net.run(10.0)])
    held = {name: result[trace][name].values for name in texts}
    times = result[trace]["I"].times
    on = (times > 2.0) & (times <= 11.0)  # an input is recorded as the step that ends held it
    extra = np.linspace(0.0, 2.0, 50)[[30, 4]]
    assert np.array_equal(held["I"], 1.0 + on[:, None] * extra)
    w = net["one"][[30, 4]].get("w")
    assert np.array_equal(held["twice"][-1], 2.0 * (held["I"][-1] - w))
    tau = np.where(times[:, None] <= 10.0, np.linspace(15.0, 25.0, 50)[[30, 4]], 40.0)
    assert np.allclose(held["(I - w)*tau/2"], held["twice"] / 2 * tau / 2, rtol=1e-15)
    assert (held["rest"] == 0.25).all() and (held["theta"] == 15.0).all()
    drive = held["twice"] / 2
    assert np.allclose(held["max(v, 3) + exp(-w)"], np.maximum(held["v"], 3.0) + np.exp(drive - held["I"]), rtol=1e-14)


def test_listed_times_are_sampled_and_no_others():
    net = adaptive("numba")
    every = net.record(net["one"], ("v", "twice"))
    listed = net.record(net["one"], ("v", "twice"), at=[3.3, 0.1, 3.3, 30.0, 7.0])
    assert listed.at == (0.1, 3.3, 7.0, 30.0)
    result = hsnn.concatenate([net.run(7.0), net.run(1.0)])
    assert result[listed]["v"].times.tolist() == [0.1, 3.3, 7.0]
    for name in ("v", "twice"):
        assert np.array_equal(result[listed][name].values, result[every][name].values[[0, 32, 69]])


RECORDERS = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "both"]),
        st.sampled_from(["spikes", "v", ("w", "v"), "I", "twice", ("v*w", "drive")]),
        st.one_of(st.none(), st.sampled_from([0.1, 0.3, 1.0, 2.5])),
        st.one_of(st.none(), st.lists(st.integers(0, 20), unique=True, max_size=5)),
        st.one_of(st.none(), st.lists(st.sampled_from([0.1, 0.4, 2.2, 9.9]), max_size=3)),
    ),
    max_size=6,
)


def recorded(net, recorders):
    handles = []
    for target, what, every, ids, at in recorders:
        if what == "spikes" or at is not None:
            every = None
        neurons = net["one"] + net["two"] if target == "both" else net[target] if ids is None else net[target][ids]
        made = net.record(neurons, what, every=every, at=None if what == "spikes" else at)
        handles += made if isinstance(made, list) else [made]
    return handles


@pytest.fixture(scope="module")
def everything():
    """All there is, in every step."""
    net = adaptive()
    handles = {
        population.name: net.record(population, ("v", "w", "I", "twice", "v*w", "drive"))
        for population in net.populations.values()
    }
    for population in net.populations.values():
        net.record(population, "spikes")
    return net, net.run(10.0), handles


@settings(max_examples=40, deadline=None)
@given(recorders=RECORDERS, durations=st.sampled_from([(10.0,), (0.1, 3.2, 6.7)]), room=st.sampled_from([1 << 26, 3000]))
def test_recorders_change_nothing_and_see_what_there_is(everything, recorders, durations, room):
    whole, expected, handles = everything
    net = adaptive("numba", threads=2, blocks=3)
    made = recorded(net, recorders)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collector, "SAMPLE_BYTES", room)
        result = hsnn.concatenate([net.run(duration) for duration in durations])
    for population in whole.populations.values():
        for state in ("v", "w"):
            assert np.array_equal(net[population.name].get(state), population.get(state))
    for record in made:
        if record.what == "spikes":
            spikes = expected.spikes[record.target]
            assert result[record] == (spikes if record.ids is None else spikes[record.ids])
            continue
        for name, samples in result[record].items():
            steps = np.rint(samples.times / 0.1).astype(int)
            if record.every is not None:
                assert np.array_equal(steps, np.arange(1, 101)[np.arange(1, 101) % round(record.every / 0.1) == 0])
            columns = slice(None) if record.ids is None else record.ids
            assert np.array_equal(samples.values, expected[handles[record.target]][name].values[steps - 1][:, columns])


def test_the_same_record_twice_is_one():
    net = adaptive()
    one = net.record(net["one"][[3, 1]], ("v", "w"), every=0.5)
    assert net.record(net["one"][[3, 1]], ["v", "w"], every=0.5) is one
    assert net.record(net["one"][[1, 3]], ("v", "w"), every=0.5) is not one
    assert net.record(net["one"][[3, 1]], ("v", "w"), at=[0.5]).name == "one.v,w#3"
    named = net.record(net["one"], "v", name="trace")
    assert named.name == "trace" and net.record(net["one"], "w", name="trace").name == "trace#2"
    group = net.record(net["one"] + net["two"][:2], "v", every=1.0)
    result = net.run(2.0)
    assert [result[each]["v"].ids.size for each in group] == [50, 2]


@pytest.mark.parametrize(
    "what, keywords, error, text",
    [
        ("u", {}, UnknownNameError, "'u' is unknown"),
        ("v + u", {}, UnknownNameError, "record of 'one': name 'u' is unknown"),
        ("v +", {}, ExpressionError, "cannot be read"),
        ("v > 2", {}, ExpressionError, r"where\(condition, 1, 0\)"),
        ("9**9**9", {}, ExpressionError, "power"),
        (("spikes", "v"), {}, DeclarationError, "record them by themselves"),
        (("v", "v"), {}, DeclarationError, "named twice"),
        ((), {}, DeclarationError, "nothing to record is named"),
        (3, {}, ArgumentTypeError, "text or several texts, not 3"),
        ((3,), {}, ArgumentTypeError, "what is recorded must be a text"),
        ("spikes", {"every": 1.0}, DeclarationError, "leave out every="),
        ("spikes", {"at": [1.0]}, DeclarationError, "leave out at="),
        ("v", {"at": [1.0], "every": 1.0}, DeclarationError, "not both"),
        ("v", {"at": [1.0, 2.05]}, GridError, "at of 2.05 ms is not a multiple of dt"),
        ("v", {"at": [0.0]}, ValueRangeError, "Leave 0 out"),
        ("v", {"at": [-1.0]}, ValueRangeError, "at least 0"),
        ("v", {"at": 3.0}, ArgumentTypeError, "sequence of times"),
        ("v", {"at": ["x"]}, ArgumentTypeError, "must be a number"),
        ("v", {"every": 0.25}, GridError, "multiple of dt"),
        ("v", {"name": 3}, ArgumentTypeError, "name must be a text"),
        ("v", {"to": 3}, ArgumentTypeError, "to must be the name of a file"),
    ],
)
def test_what_cannot_be_recorded_is_refused(what, keywords, error, text):
    net = adaptive()
    with pytest.raises(error, match=text):
        net.record(net["one"], what, **keywords)
    assert net.records == []
