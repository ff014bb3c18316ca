"""Declarations: names, views, groups, and everything that is refused before anything is changed."""

import math
import pickle

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    GridError,
    ShapeError,
    UnknownNameError,
    ValueRangeError,
)

RULE = hsnn.connect.all_to_all()


@pytest.fixture
def net():
    net = hsnn.Network(dt=0.1, seed=3, backend="reference")
    net.population("exc", 10, hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 5.0}))
    net.population("inh", 4, hsnn.models.lif_delta())
    return net


def test_populations_are_found_by_name_and_number(net):
    assert net.populations["exc"] is net["exc"] is net.populations[0]
    assert list(net.populations) == ["exc", "inh"]
    assert net["exc"].name == "exc" and net["exc"].size == len(net["exc"]) == 10
    with pytest.raises(UnknownNameError, match="Did you mean 'exc'"):
        net["exz"]


def test_views_keep_population_ids(net):
    exc = net["exc"]
    assert exc[2:8:3].ids.tolist() == [2, 5]
    assert exc[[7, 1]].ids.tolist() == [7, 1]
    assert exc[np.arange(10) > 7].ids.tolist() == [8, 9]
    assert exc[-1].ids.tolist() == [9]
    assert exc[4:][[0, 2]].ids.tolist() == [4, 6]
    assert exc.ids.tolist() == list(range(10))


@pytest.mark.parametrize(
    "which, error",
    [([10], ValueRangeError), ([-11], ValueRangeError), ([1.5], ArgumentTypeError), ([True], ShapeError),
     ("a", ArgumentTypeError), ([1, 1], ValueRangeError), ([[1]], ShapeError)],
)  # fmt: skip
def test_bad_views_are_refused(net, which, error):
    with pytest.raises(error, match="exc"):
        net["exc"][which]


def test_labels_name_neurons(net):
    named = net.population("named", 3, hsnn.models.lif_delta(), labels=["a", "b", ("c", 1)])
    assert named.labelled([("c", 1), "a"]).ids.tolist() == [2, 0]
    assert named.labels == ("a", "b", ("c", 1))
    with pytest.raises(UnknownNameError, match="label 'd'"):
        named.labelled(["d"])
    with pytest.raises(ShapeError, match="2 labels for 3 neurons"):
        net.population("wrong", 3, hsnn.models.lif_delta(), labels=["a", "b"])
    with pytest.raises(DeclarationError, match="twice"):
        net.population("wrong", 2, hsnn.models.lif_delta(), labels=["a", "a"])
    assert list(net.populations) == ["exc", "inh", "named"]


def test_a_sample_depends_on_the_seed_only(net):
    chosen = net["exc"].sample(4).ids
    assert len(set(chosen.tolist())) == 4 and chosen.tolist() == sorted(chosen)
    assert net["exc"].sample(4).ids.tolist() == chosen.tolist()
    with pytest.raises(ValueRangeError, match="sample of 11"):
        net["exc"].sample(11)


@pytest.mark.parametrize(
    "name, error", [("exc", DeclarationError), ("2x", DeclarationError), ("a b", DeclarationError), (3, DeclarationError)]
)
def test_bad_population_names_are_refused(net, name, error):
    with pytest.raises(error):
        net.population(name, 1, hsnn.models.lif_delta())


@pytest.mark.parametrize(
    "size, error",
    [(0, ValueRangeError), (-1, ValueRangeError), (1.5, ValueRangeError), ("3", ArgumentTypeError),
     (math.nan, ValueRangeError)],
)  # fmt: skip
def test_bad_population_sizes_are_refused(net, size, error):
    with pytest.raises(error, match="population 'new': size"):
        net.population("new", size, hsnn.models.lif_delta())


def test_a_model_parameter_of_the_wrong_length_is_refused(net):
    with pytest.raises(ShapeError, match="population 'new': parameter 'I_e'"):
        net.population("new", 3, hsnn.models.lif_delta(I_e=np.zeros(4)))
    assert "new" not in net.populations


@pytest.mark.parametrize(
    "keywords, error",
    [({"dt": 0.0}, ValueRangeError), ({"dt": math.nan}, ValueRangeError),
     ({"dt": None, "precision": "single"}, DeclarationError),
     ({"seed": -1}, ValueRangeError),
     ({"precision": "half"}, UnknownNameError), ({"backend": "nunba"}, UnknownNameError), ({"threads": 0}, ValueRangeError)],
)  # fmt: skip
def test_bad_networks_are_refused(keywords, error):
    with pytest.raises(error):
        hsnn.Network(**keywords)


def test_a_seed_of_none_is_drawn_and_kept():
    assert isinstance(hsnn.Network(seed=None).seed, int)


def test_projections_are_named_after_what_they_connect(net):
    exc, inh = net["exc"], net["inh"]
    names = [
        net.connect(inh, exc, RULE, weight=-1.0, delay=1.0, receptor="inh").name,
        net.connect(inh[:2], exc, RULE, weight=-1.0, delay=1.0, receptor="inh").name,
        net.connect(exc, inh, RULE, weight=1.0, delay=1.0).name,
        net.connect(exc, inh, RULE, weight=1.0, delay=1.0, name="mine").name,
    ]
    receptor = next(iter(inh.model.receptors))
    assert names == ["inh->exc.inh", "inh->exc.inh#2", f"exc->inh.{receptor}", "mine"]
    assert list(net.projections) == names
    with pytest.raises(DeclarationError, match="'mine' exists"):
        net.connect(exc, inh, RULE, weight=1.0, delay=1.0, name="mine")


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"receptor": "gaba"}, UnknownNameError, "inh->exc: receptor 'gaba'"),
        ({"receptor": None}, DeclarationError, "name a receptor"),
        ({"weight": math.nan}, ValueRangeError, "weight is NaN"),
        ({"weight": "1"}, ArgumentTypeError, "weight must be a number"),
        ({"weight": np.ones(3)}, ShapeError, r"shape \(3,\).*\(40,\)"),
        ({"delay": -1.0}, ValueRangeError, "negative"),
        ({"delay": 0.0}, ValueRangeError, "one step, 0.1 ms"),
        ({"delay": 0.25}, GridError, "0.25 ms is not a multiple of dt = 0.1 ms.*round_delays=True"),
        ({"delay": np.full(40, math.inf)}, ValueRangeError, "infinite"),
        ({"delay": 1e9}, ValueRangeError, "steps"),
        ({"rule": "all"}, ArgumentTypeError, "hsnn.connect"),
        ({"rule": hsnn.connect.one_to_one()}, ShapeError, "4 and 10"),
        ({"rule": hsnn.connect.fixed_indegree(5, multapses=False)}, ValueRangeError, "only 4 partners"),
        ({"rule": hsnn.connect.from_edges([0, 4], [1, 1])}, ValueRangeError, "holds 4"),
        ({"rule": hsnn.connect.bernoulli(0.5), "weight": np.ones(4)}, DeclarationError, "from_edges"),
    ],
)
def test_bad_projections_are_refused(net, change, error, words):
    arguments = {"rule": RULE, "weight": -1.0, "delay": 1.0, "receptor": "inh", **change}
    with pytest.raises(error, match=words):
        net.connect(net["inh"], net["exc"], arguments.pop("rule"), **arguments)
    assert len(net.projections) == 0


def test_a_neuron_without_partners_is_refused(net):
    one = net["exc"][0]
    with pytest.raises(ValueRangeError, match="autapses=False"):
        net.connect(one, one, hsnn.connect.fixed_outdegree(1, autapses=False), weight=1.0, delay=1.0, receptor="exc")


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda: hsnn.connect.bernoulli(1.5), ValueRangeError),
        (lambda: hsnn.connect.bernoulli(math.nan), ValueRangeError),
        (lambda: hsnn.connect.fixed_total(-1), ValueRangeError),
        (lambda: hsnn.connect.fixed_total(2.5), ValueRangeError),
        (lambda: hsnn.connect.fixed_indegree(2, autapses="no"), ArgumentTypeError),
        (lambda: hsnn.connect.from_edges([1, 2], [1]), ShapeError),
        (lambda: hsnn.connect.from_edges([-1], [1]), ValueRangeError),
        (lambda: hsnn.connect.from_edges([0.5], [1]), ArgumentTypeError),
        (lambda: hsnn.stimuli.poisson(-1.0), ValueRangeError),
        (lambda: hsnn.stimuli.poisson(1.0, start=5.0, stop=1.0), ValueRangeError),
        (lambda: hsnn.stimuli.current([1.0, math.nan]), ValueRangeError),
    ],
)
def test_bad_rules_and_stimuli_are_refused(make, error):
    with pytest.raises(error):
        make()


def test_delays_are_rounded_when_asked_and_reported(net):
    exc, inh = net["exc"], net["inh"]
    delays = np.tile([1.0, 1.04, 0.01, 0.26], 10)
    projection = net.connect(exc, inh, RULE, weight=1.0, delay=delays, round_delays=True)
    assert projection.delay[:4].tolist() == [10, 10, 1, 3]
    assert projection.delay_rounding.count == 30
    assert projection.delay_rounding.largest == pytest.approx(0.09)
    almost = net.connect(exc, inh, RULE, weight=1.0, delay=0.1 * 3)  # 0.30000000000000004
    assert almost.delay == 3 and almost.delay_rounding.count == 0


def test_a_number_with_a_unit_is_refused(net):
    class Quantity(float):
        magnitude = 1.5

    with pytest.raises(ArgumentTypeError, match=r"delay is 1\.5; that is no number of ms"):
        net.connect(net["exc"], net["inh"], RULE, weight=1.0, delay=Quantity(1.5))


def test_a_group_is_connected_member_by_member(net):
    exc, inh = net["exc"], net["inh"]
    both = exc + inh
    assert both.size == 14 and len(both.get("v")) == 14
    made = net.connect(both, inh, hsnn.connect.bernoulli(0.5), weight=1.0, delay=1.0)
    assert [projection.source.name for projection in made] == ["exc", "inh"]
    with pytest.raises(DeclarationError, match="cannot be divided"):
        net.connect(both, inh, hsnn.connect.fixed_total(10), weight=1.0, delay=1.0)
    with pytest.raises(DeclarationError, match="arrays"):
        net.connect(both, inh, RULE, weight=np.ones(56), delay=1.0)
    assert len(net.projections) == 2


def test_drives_are_checked(net):
    exc, inh = net["exc"], net["inh"]
    poisson = hsnn.stimuli.poisson(100.0)
    names = [net.drive(inh, poisson, weight=1.0).name for _ in range(2)]
    assert names[1] == names[0] + "#2"
    with pytest.raises(ShapeError, match="3 values for 10 targets"):
        net.drive(exc, hsnn.stimuli.poisson([1.0, 2.0, 3.0]), receptor="exc")
    with pytest.raises(ShapeError, match="weight has shape"):
        net.drive(exc, poisson, weight=np.ones(3), receptor="exc")
    with pytest.raises(GridError, match=r"delay of 0\.05"):
        net.drive(exc, poisson, receptor="exc", delay=0.05)
    with pytest.raises(DeclarationError, match="receptor= and delay= have no meaning"):
        net.drive(exc, hsnn.stimuli.current(1.0), receptor="exc")
    with pytest.raises(ArgumentTypeError, match=r"hsnn\.stimuli"):
        net.drive(exc, 300.0)
    assert len(net.drives) == 2


def test_records_are_checked_and_kept_once(net):
    exc = net["exc"]
    first = net.record(exc, "spikes")
    assert net.record(exc, "spikes") is first
    assert net.record(exc[:3], "spikes") is not first
    assert len({record.name for record in net.records}) == len(net.records) == 2
    with pytest.raises(UnknownNameError, match="spikes"):
        net.record(exc, "V")
    with pytest.raises(GridError, match="every"):
        net.record(exc, "v", every=0.25)
    with pytest.raises(DeclarationError, match="leave out every"):
        net.record(exc, "spikes", every=1.0)
    assert len(net.records) == 2


def test_another_networks_population_is_refused(net):
    other = hsnn.Network().population("exc", 3, hsnn.models.lif_delta())
    with pytest.raises(DeclarationError, match="another network"):
        net.connect(other, net["inh"], RULE, weight=1.0, delay=1.0)


def test_structure_is_fixed_after_the_first_run(net):
    net.run(0.1)
    with pytest.raises(DeclarationError, match="after the first run"):
        net.population("late", 1, hsnn.models.lif_delta())
    with pytest.raises(DeclarationError, match="after the first run"):
        net.connect(net["exc"], net["inh"], RULE, weight=1.0, delay=1.0)
    with pytest.raises(DeclarationError, match="after the first run"):
        net.drive(net["inh"], hsnn.stimuli.poisson(1.0))


@pytest.mark.parametrize(
    "duration, error",
    [(0.05, GridError), (-1.0, ValueRangeError), (math.inf, ValueRangeError), (None, ArgumentTypeError)],
)
def test_bad_durations_are_refused(net, duration, error):
    with pytest.raises(error, match="duration"):
        net.run(duration)
    assert net.t == 0.0


def test_an_empty_network_is_refused():
    with pytest.raises(DeclarationError, match="no population"):
        hsnn.Network(backend="reference").run(1.0)


def test_a_network_pickles(net):
    net.connect(net["exc"], net["inh"], RULE, weight=1.0, delay=1.0)
    copy = pickle.loads(pickle.dumps(net))
    assert list(copy.projections) == list(net.projections)
    assert copy["exc"].network is copy


@pytest.mark.parametrize(
    "name, words",
    [("foo", "variable of its own"), ("run", "variable"), ("dt", r"Network\(dt=...\)"), ("t", r"net.reset\(\)")],
)
def test_a_network_takes_no_other_attributes(net, name, words):
    with pytest.raises(DeclarationError, match=f"network: attribute '{name}' cannot be assigned.*{words}"):
        setattr(net, name, 3)
    net._mine = 3


@pytest.mark.parametrize("name", ["seed", "threads", "blocks", "precision", "weights", "backend", "round_delays"])
def test_options_are_fixed_after_the_first_run(net, name):
    setattr(net, name, getattr(net, name))
    net.run(1.0)
    words = rf"^network: {name} is fixed by the first run; build a new network, hsnn.Network\({name}=...\).$"
    with pytest.raises(DeclarationError, match=words):
        setattr(net, name, getattr(net, name))


def test_what_a_network_holds_is_fixed_after_the_first_run(net):
    net.run(1.0)
    for name, words in (("trial", r"net.reset\(trial=...\)"), ("grid", "new network"), ("populations", "new network")):
        with pytest.raises(DeclarationError, match=f"network: {name} is fixed by the first run; .*{words}"):
            setattr(net, name, getattr(net, name))
    net.reset(trial=2)
    assert net.trial == 2
    net.last_result = None  # gives its memory back
    net.records, net.callbacks = [], []
    copied = pickle.loads(pickle.dumps(net))
    assert copied.trial == 2 and copied.t == 0.0
