"""Populations, views and groups: which neurons they name, in which order, and what they take."""

import copy
import pickle

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, DeclarationError, HsnnError, UnknownNameError, ValueRangeError


@pytest.fixture
def net():
    net = hsnn.Network(seed=3, backend="reference")
    net.population("a", 10, hsnn.models.lif_exp())
    net.population("b", 3, hsnn.models.lif_exp(), labels=["x", ("y", 1), 7])
    return net


@pytest.mark.parametrize(
    "which, ids",
    [
        (3, [3]), (-1, [9]), (np.int64(2), [2]), (slice(2, 5), [2, 3, 4]), (slice(None, None, -3), [9, 6, 3, 0]),
        ([4, 1], [4, 1]), ([-1, 0], [9, 0]), (np.array([-10, 9]), [0, 9]), (np.arange(10) % 4 == 1, [1, 5, 9]), ([], []),
        ((1, 2), [1, 2]), (range(8, 10), [8, 9]), (slice(20, 30), []), (np.zeros(10, bool), []),
    ],
)  # fmt: skip
def test_what_an_index_names(net, which, ids):
    view = net["a"][which]
    assert view.ids.tolist() == ids and len(view) == view.size == len(ids)


NO_INDEX = [10, -11, [10], [-11], [1, 1], [-1, 9], np.ones(9, bool), 1.5, "a", None, [[1]], slice("a", 2)]


@pytest.mark.parametrize("which", NO_INDEX, ids=str)
def test_what_is_no_index(net, which):
    with pytest.raises(HsnnError, match="population 'a'"):
        net["a"][which]


def test_views_of_views_count_within_them(net):
    view = net["a"][[9, 2, 5]]
    assert view[[2, 0]].ids.tolist() == [5, 9] and view[-1].ids.tolist() == [5]
    assert view[np.array([True, False, True])].ids.tolist() == [9, 5]


def test_labels_name_neurons(net):
    b = net["b"]
    assert b.labels == ("x", ("y", 1), 7)
    assert b.labelled([7, "x"]).ids.tolist() == [2, 0] and net["a"].labelled([4]).ids.tolist() == [4]
    with pytest.raises(UnknownNameError, match="label 8 is unknown"):
        b.labelled([8])


def test_a_sample_depends_on_the_seed_and_the_population_only(net):
    def sample(seed, size=10):
        return hsnn.Network(seed=seed).population("a", size, hsnn.models.lif_exp()).sample(4).ids.tolist()

    assert net["a"].sample(4).ids.tolist() == sample(3) == sorted(set(sample(3)))
    assert len({tuple(sample(seed, 1000)) for seed in range(5)}) == 5
    assert set(net["a"].sample(4).ids) <= set(net["a"].sample(7).ids)
    assert net["a"][5:].sample(5).ids.tolist() == [5, 6, 7, 8, 9]
    with pytest.raises(ValueRangeError, match="10 neurons, too few for a sample of 11"):
        net["a"].sample(11)


def test_sums_are_groups(net):
    a, b = net["a"], net["b"]
    group = sum([a[:2], b, a[8:]])
    assert [member.ids.tolist() for member in group] == [[0, 1], [0, 1, 2], [8, 9]] and len(group) == 7
    assert len((a + b) + (a + b)) == 26
    with pytest.raises(HsnnError, match="is needed, not 1"):
        1 + a


def test_of_overlapping_views_the_later_wins(net):
    a = net["a"]
    (a[:6] + a[4:8]).set(v=np.arange(10.0))
    assert a.get("v").tolist() == [0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0, -70.0, -70.0]
    assert (a[:6] + a[4:8]).get("v").tolist() == [0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 6.0, 7.0, 8.0, 9.0]


def test_populations_are_ordered_and_found_by_name_or_number(net):
    assert list(net.populations) == ["a", "b"] and net.populations[0] is net["a"] is net.populations["a"]
    assert net.populations[-1] is net["b"] and "a" in net.populations and [] not in net.populations


def test_values_are_not_assigned(net):
    a, b = net["a"], net["b"]
    for neurons, way in (
        (a, "population 'a': v is set by a.set(v=...)"),
        (a[:3], "population 'a': v is set by view.set(v=...)"),
        (a + b, "group a + b: v is set by group.set(v=...)"),
    ):
        with pytest.raises(DeclarationError) as caught:
            neurons.v = -60.0
        assert str(caught.value) == f"{way}, not by assignment."
        with pytest.raises(DeclarationError, match=r"'V_m' cannot be assigned; \w+.set\(...\) sets v, I_syn, C_m"):
            neurons.V_m = -60.0
        neurons._mine = 1  # private names are free
    for name in ("I_e", "model", "population", "size", "name", "ids", "network", "labels"):
        before = getattr(a, name, None)
        with pytest.raises(DeclarationError, match=name):
            setattr(a, name, before)
    assert a.get("v").tolist() == [-70.0] * 10


def test_copies_are_whole_though_nothing_can_be_assigned(net):
    group = net["a"][2:4] + net["b"]
    for made in (pickle.loads(pickle.dumps(group)), copy.deepcopy(group), copy.copy(group)):
        assert [member.ids.tolist() for member in made] == [[2, 3], [0, 1, 2]]
    assert copy.copy(net["a"]) is net["a"]


@pytest.mark.parametrize(
    "name, value, words", [("C_m", -5.0, "above 0"), ("tau_m", 0.0, "above 0"), ("t_ref", -1.0, "0 or more")]
)
def test_set_refuses_what_the_model_refuses(net, name, value, words):
    with pytest.raises(ValueRangeError, match=f"lif_exp: {name} is {value:g}; it must be {words}"):
        hsnn.models.lif_exp(**{name: value})
    a, b, ones = net["a"], net["b"], np.ones(13)
    ones[11] = value
    for act in (
        lambda: a.set(I_e=5.0, **{name: value}),
        lambda: a.set(at=1.0, **{name: value}),
        lambda: (a + b).set(**{name: ones}),
        lambda: net.run(1.0) and a[:3].set(**{name: value}),
    ):
        with pytest.raises(ValueRangeError, match=rf"a.*: {name} is {value:g}; it must be {words}\.$"):
            act()
    assert a.get("I_e").tolist() == [0.0] * 10
    a.set(**{name: 3.0})


def test_a_model_of_ones_own_has_ranges_too():
    roles = {"name": "own", "parameters": {"tau": 10.0, "E": 0.0}, "states": {"v": 0.0}, "dynamics": {"v": "(E - v)/tau"}}
    model = hsnn.NeuronModel(**roles, positive=["tau"])
    assert model.positive == ("tau",) and model.with_parameters(tau=5.0).positive == ("tau",)
    with pytest.raises(ValueRangeError, match="own: tau is -1; it must be above 0"):
        model.with_parameters(tau=-1.0)
    with pytest.raises(UnknownNameError, match=r"own.not_negative: parameter 'tua' is unknown. Did you mean 'tau'"):
        hsnn.NeuronModel(**roles, not_negative=["tua"])
    with pytest.raises(ArgumentTypeError, match=r"own.positive must be a list of names of parameters, not 'tau'"):
        hsnn.NeuronModel(**roles, positive="tau")
