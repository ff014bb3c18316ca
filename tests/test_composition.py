"""Networks within networks equal, to the bit, those that are written out by hand under the same names."""

import pickle

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event import errors

C = hsnn.connect
CELL = hsnn.models.lif_exp(I_e=560.0)
EDGES = hsnn.Hypergraph.from_lists([((0, 1), (2, 3)), ((4, 5, 6), (7,))], weight=40.0, delay=1.5)


def on_the_clock(net, prefix=""):
    """A circuit with one of everything that a clock allows; `prefix` goes before each name that a person would give."""
    lattice = hsnn.lattice((6, 5), spacing=0.1, jitter=0.02)
    exc = net.population(f"{prefix}exc", lattice, CELL)
    inh = net.population(f"{prefix}inh", 8, hsnn.models.lif_exp(tau_m=9.0), labels=[f"i{k}" for k in range(8)])
    gap = net.population(f"{prefix}gap", 6, hsnn.models.izhikevich())
    exc.set(v=hsnn.random.uniform(-60.0, -50.0))
    exc[3:9].set(I_e=600.0)
    inh.set(v=-55.0, at=20.0)
    net.connect(exc, inh, C.bernoulli(0.3), weight=hsnn.random.normal(40.0, 8.0), delay=hsnn.random.uniform(0.5, 3.0))
    net.connect(inh, exc, C.fixed_indegree(3), weight=-60.0, delay=1.0, name=f"{prefix}inhibition")
    net.connect(exc, exc, C.small_world(4, 0.3), weight=20.0, delay=1.0)
    net.connect(exc, exc[:7], lambda i, j: 0.2 + 0.0 * (i + j), weight=20.0, delay=0.7)
    net.connect(exc, exc, C.radius(0.15), weight=9.0, delay=0.4)
    net.couple(gap, gap, C.bernoulli(0.5), conductance=hsnn.random.uniform(0.1, 0.3))
    net.couple(gap, gap, C.small_world(2, 0.4), conductance=0.05, name=f"{prefix}weak")
    net.drive(exc, hsnn.stimuli.poisson(500.0), weight=40.0)
    net.drive(exc, hsnn.stimuli.poisson(200.0), weight=30.0, delay=1.0)
    net.drive(gap, hsnn.stimuli.noise(6.0))
    junctions = net.connect_hyper(exc, exc, EDGES, rule=hsnn.hyper.threshold(k=2, window=4.0), name=f"{prefix}seen")
    net.record(exc + inh + junctions, "spikes")
    net.record(gap[:3], "v", every=1.0, name=f"{prefix}potentials")


def with_gates(net, prefix=""):
    """Hyperedges whose parts name each other: a gate of another population's, and sources that are heard later."""
    exc = net.population(f"{prefix}exc", 30, CELL)
    inh = net.population(f"{prefix}inh", 8, hsnn.models.lif_exp())
    exc.set(v=hsnn.random.uniform(-60.0, -50.0))
    net.drive(exc + inh, hsnn.stimuli.poisson(2500.0), weight=60.0)
    gated = hsnn.hyper.gate(hsnn.hyper.threshold(k=2, window=5.0), by=inh, k=1, window=10.0)
    opened = net.connect_hyper(exc, exc, EDGES, rule=gated, source_delay=1.0, name=f"{prefix}opened")
    net.record(exc + inh + opened, "spikes")


def test_gates_and_delays_of_evidence_follow_their_part():
    part = hsnn.Network(seed=77)
    with_gates(part)
    net, by_hand = (hsnn.Network(seed=3) for _ in range(2))
    for prefix in ("a", "b"):
        net.add(part, prefix)
        with_gates(by_hand, f"{prefix}_")
    result = compare(net, by_hand)
    assert len(result["a_opened.spikes"].times) and len(result["b_opened.spikes"].times)


def without_a_clock(net, prefix=""):
    exc = net.population(f"{prefix}exc", 30, hsnn.models.lif_delta(I_e=500.0))
    inh = net.population(f"{prefix}inh", 8, hsnn.models.lif_delta())
    exc.set(v=hsnn.random.uniform(-60.0, -50.0))
    net.connect(exc, inh, C.bernoulli(0.4), weight=3.0, delay=hsnn.random.uniform(0.5, 3.0))
    net.connect(inh, exc, C.fixed_indegree(3), weight=-1.0, delay=0.3)
    net.drive(exc, hsnn.stimuli.poisson(900.0), weight=1.0)
    seen = net.connect_hyper(exc, inh, EDGES, rule=hsnn.hyper.any(), name=f"{prefix}seen")
    net.record(exc + inh + seen, "spikes")


def compare(one, other, duration=60.0):
    """The same declarations by name, and the same bits."""
    for catalog in ("populations", "projections", "couplings", "drives"):
        assert list(getattr(one, catalog)) == list(getattr(other, catalog)), catalog
    assert [(each.name, each.target, each.what) for each in one.records] == [
        (each.name, each.target, each.what) for each in other.records
    ]
    for name, population in one.populations.items():
        assert population.labels == other[name].labels
        if population.space is not None:
            assert np.array_equal(population.positions, other[name].positions)
    for name, projection in one.projections.items():
        for mine, its in zip(projection.edges(), other.projections[name].edges(), strict=True):
            assert np.array_equal(mine, its), name
    results, spikes = (one.run(duration), other.run(duration)), 0
    for record in one.records:
        mine, its = (result[record.name] for result in results)
        if record.what == "spikes":
            spikes += len(mine.times)
            assert np.array_equal(mine.times, its.times) and np.array_equal(mine.ids, its.ids), record.name
        else:
            assert np.array_equal(mine["v"].values, its["v"].values)
    assert spikes > 100
    return results[0]


@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_two_parts_equal_the_network_written_by_hand(backend):
    part = hsnn.Network(seed=77)
    on_the_clock(part)
    net, by_hand = (hsnn.Network(seed=3, backend=backend) for _ in range(2))
    for prefix in ("V1", "V2"):
        net.add(part, prefix)
        on_the_clock(by_hand, f"{prefix}_")
    for each in (net, by_hand):
        each.connect(each["V1_exc"], each["V2_inh"], C.bernoulli(0.2), weight=50.0, delay=3.0)
    result = compare(net, by_hand)
    assert not np.array_equal(result["V1_exc.spikes"].times, result["V2_exc.spikes"].times)


def test_parts_without_a_clock_equal_the_network_written_by_hand():
    part = hsnn.Network(dt=None, seed=77)
    without_a_clock(part)
    net, by_hand = (hsnn.Network(dt=None, seed=3) for _ in range(2))
    for prefix in ("a", "b"):
        net.add(part, prefix)
        without_a_clock(by_hand, f"{prefix}_")
    compare(net, by_hand)


def nested():
    column, area, net = (hsnn.Network(seed=seed) for seed in (7, 8, 3))
    on_the_clock(column)
    column.port("out", column["exc"][:5] + column["inh"])
    area.add(column, "left")
    right = area.add(column, "right")
    area.connect(right.ports["out"], area["left_exc"], C.bernoulli(0.3), weight=10.0, delay=2.0)
    area.port("out", right["exc"])
    return net, net.add(area, "V1")


def test_parts_of_parts_equal_the_network_written_by_hand():
    net, _ = nested()
    by_hand = hsnn.Network(seed=3)
    for prefix in ("V1_left_", "V1_right_"):
        on_the_clock(by_hand, prefix)
    right = by_hand["V1_right_exc"][:5] + by_hand["V1_right_inh"]
    by_hand.connect(right, by_hand["V1_left_exc"], C.bernoulli(0.3), weight=10.0, delay=2.0)
    compare(net, by_hand)


def test_a_part_finds_its_own_by_the_names_it_had():
    net, area = nested()
    assert list(net.parts) == ["V1_left", "V1_right", "V1"] and list(area.parts) == ["left", "right"]
    right = area.parts["right"]
    assert right["exc"] is net["V1_right_exc"] and area["right_exc"] is right["exc"]
    assert area.ports["out"] is right["exc"] and net.ports["V1_out"] is right["exc"]
    out = right.ports["out"]
    assert [view.name for view in out] == ["V1_right_exc", "V1_right_inh"] and out.size == 13
    assert right.projections["inhibition"] is net.projections["V1_right_inhibition"]
    assert right.projections["exc->inh.default"].name == "V1_right_exc->V1_right_inh.default"
    assert right.couplings["weak"].name == "V1_right_weak"
    assert right.drives["poisson->exc.default#2"].name == "poisson->V1_right_exc.default#2"
    assert right.records["potentials"].name == "V1_right_potentials"
    assert right.size == sum(each.size for each in right.populations.values())
    with pytest.raises(errors.UnknownNameError, match="part 'V1': population 'exc' is unknown"):
        area["exc"]
    with pytest.raises(errors.DeclarationError, match="cannot be assigned"):
        area.prefix = "V2"


def test_the_subnetwork_stays_as_it_is():
    part, net = hsnn.Network(seed=7), hsnn.Network(seed=3)
    on_the_clock(part)
    alone = hsnn.Network(seed=7)
    on_the_clock(alone)
    added = net.add(part, "V1")
    added["exc"].set(I_e=0.0)
    added["exc"].node_data["x"] = {0: 1}
    compare(part, alone)
    assert part["exc"].node_data == {}


def test_scheduled_changes_come_along():
    part, net = hsnn.Network(), hsnn.Network()
    part.population("exc", 3, CELL).set(at=1.0, I_e=7.0)
    added = net.add(part, "a")
    net.run(2.0)
    assert added["exc"].get("I_e").tolist() == [7.0] * 3


def test_weights_set_one_by_one_come_along_where_the_synapses_are_the_same():
    part, net = hsnn.Network(), hsnn.Network()
    exc = part.population("exc", 4, CELL)
    listed = part.connect(exc, exc, C.from_edges([0, 1, 2], [1, 2, 3]), weight=1.0, delay=1.0)
    drawn = part.connect(exc, exc, C.small_world(2, 0.5), weight=1.0, delay=1.0)
    listed.set(weight=[5.0, 6.0, 7.0])
    drawn.set(weight=3.0)
    added = net.add(part, "a")
    assert added.projections[listed.name].get("weight").tolist() == [5.0, 6.0, 7.0]
    assert set(added.projections[drawn.name].get("weight")) == {3.0}
    drawn.set(weight=np.arange(drawn.n_synapses, dtype=float))
    with pytest.raises(errors.DeclarationError, match="Set them after add"):
        net.add(part, "b")
    assert list(net.parts) == ["a"] and list(net.populations) == ["a_exc"]


def test_ports_and_parts_are_saved_and_pickled(tmp_path):
    net, area = nested()
    net.save(tmp_path / "net.h5")
    for copy in (hsnn.Network.load(tmp_path / "net.h5"), pickle.loads(pickle.dumps(net))):
        assert list(copy.parts) == list(net.parts) and list(copy.ports) == list(net.ports)
        right = copy.parts["V1"].parts["right"]
        assert right["exc"] is copy["V1_right_exc"] and right.ports["out"].size == 13
        assert list(right.records) == list(area.parts["right"].records)
        again = copy.parts["V1"]
        assert copy.ports["V1_out"] is again.ports["out"] is copy["V1_right_exc"]
    part = pickle.loads(pickle.dumps(area))
    assert part.network is not net and part["left_exc"].size == 30
    compare(net, part.network)


def test_notebooks_show_parts_and_ports():
    net, area = nested()
    for html in (net._repr_html_(), area._repr_html_()):
        assert "right" in html and "port" in html and "out" in html
    assert repr(area).startswith("<part 'V1': 8 populations with ")


def simple(**options):
    net = hsnn.Network(**options)
    net.population("exc", 3, CELL)
    return net


def ran():
    net = simple()
    net.run(1.0)
    return net


def called():
    net = simple()
    net.every(1.0, print)
    return net


@pytest.mark.parametrize(
    "make, prefix, kind, words",
    [
        (lambda: simple(dt=0.05), "a", errors.GridError, "dt 0.05 ms, the network dt 0.1 ms"),
        (lambda: simple(dt=None), "a", errors.GridError, "dt none, the network dt 0.1 ms"),
        (lambda: simple(precision="single"), "a", errors.DeclarationError, "precision='single', the network 'double'"),
        (lambda: simple(weights="float32"), "a", errors.DeclarationError, "weights='float32'"),
        (ran, "a", errors.DeclarationError, "has run"),
        (called, "a", errors.DeclarationError, "callback 'print'"),
        (simple, "taken", errors.DeclarationError, "a population named 'taken_exc' exists"),
        (simple, "old", errors.DeclarationError, "a part of that prefix"),
        (simple, "not a name", errors.DeclarationError, "identifier such as 'V1'"),
        (lambda: "net", "a", errors.ArgumentTypeError, "a Network is needed, not 'net'"),
    ],
)
def test_what_cannot_be_a_part_is_refused_and_nothing_added(make, prefix, kind, words):
    net = hsnn.Network()
    net.population("taken_exc", 1, CELL)
    net.add(simple(), "old")
    before = list(net.populations), list(net.parts)
    with pytest.raises(kind, match=words):
        net.add(make(), prefix)
    assert (list(net.populations), list(net.parts)) == before


def test_a_clash_late_in_a_part_takes_all_of_it_back():
    part, net = simple(), simple()
    exc = part["exc"]
    part.connect(exc, exc, C.all_to_all(), weight=1.0, delay=1.0, name="loop")
    part.drive(exc, hsnn.stimuli.poisson(1.0))
    part.record(exc, "spikes", name="kept")
    net.record(net["exc"], "spikes", name="a_kept")
    with pytest.raises(errors.DeclarationError, match="a record named 'a_kept' exists"):
        net.add(part, "a")
    assert (list(net.populations), len(net.projections), len(net.drives), len(net.records)) == (["exc"], 0, 0, 1)
    with pytest.raises(errors.DeclarationError, match="no part of itself"):
        net.add(net, "b")
    net.run(1.0)
    for call in (lambda: net.add(part, "b"), lambda: net.port("p", net["exc"])):
        with pytest.raises(errors.DeclarationError, match="after the first run"):
            call()


def test_ports_are_named_once_and_lie_within():
    net, other = simple(), simple()
    net.port("out", net["exc"])
    with pytest.raises(errors.DeclarationError, match="exists already"):
        net.port("out", net["exc"])
    with pytest.raises(errors.DeclarationError, match="identifier"):
        net.port("a port", net["exc"])
    with pytest.raises(errors.DeclarationError, match="another network"):
        net.port("in", other["exc"])
    with pytest.raises(errors.ArgumentTypeError, match=r"give net\['exc'\]"):
        net.port("in", "exc")
