"""Files of networks: everything goes on, nothing is executed, damage is an error that names the file."""

import json
import os
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
from test_simulation import balanced

import hsnn_event as hsnn
from hsnn_event.errors import ArgumentTypeError, DeclarationError, FileAccessError, FileFormatError
from hsnn_event.files.sealed import USER_BLOCK
from hsnn_event.io import network_file, tree


def everything(backend="numba"):
    """A network with a thing of every kind."""
    net = hsnn.Network(dt=0.1, seed=3, backend=backend, precision="single", weights="float64", threads=2, round_delays=True)
    labels = ["a", 1, 2.5, ("pair", 3), None, *range(10, 25)]
    cell = hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 4.0}, I_e=hsnn.random.normal(1500.0, 10.0))
    one = net.population("one", 20, cell, labels=labels)
    own = hsnn.NeuronModel(
        name="own", parameters={"tau": np.linspace(5.0, 9.0, 10)}, states={"v": "0.1*tau"}, dynamics={"v": "(I - v)/tau"},
        inputs={"I": 0.5}, receptors={"default": {"v": "v + weight"}}, threshold="v > 10", reset={"v": "0"},
        refractory={"duration": "0.5", "clamp": {"v": "0"}}, units={"v": "mV"},
    )  # fmt: skip
    two = net.population("two", 10, own, method="rk4")
    one[3:9].set(v=np.linspace(-70.0, -60.0, 6))
    two.set(tau=7.0, at=4.0)
    net.connect(one, two, hsnn.connect.fixed_indegree(4), weight=2.0, delay=1.0)
    weight = hsnn.random.normal(60.0, 5.0)
    net.connect(one[5:], one[:10], hsnn.connect.bernoulli(0.3), weight=weight, delay=0.8, receptor="exc")
    sources, targets = [0, 0, 3, 9, 9], [1, 1, 2, 0, 9]
    delay = [0.1, 0.24, 3.0, 4.0, 5.0]
    net.connect(two, two, hsnn.connect.from_edges(sources, targets), weight=np.arange(5.0), delay=delay)
    net.drive(one, hsnn.stimuli.poisson(np.linspace(500.0, 900.0, 20), start=1.0), weight=30.0, receptor="exc")
    net.drive(two[2:], hsnn.stimuli.current(12.0, start=2.0, stop=9.0))
    net.drive(one, hsnn.stimuli.poisson(500.0), weight=30.0, receptor="exc", delay=0.3)
    net.record(one, "spikes")
    net.record(two, "spikes")
    net.record(two[[4, 1]], "v", every=0.5, name="trace")
    return net


@pytest.mark.parametrize("backend", ["reference", "numba"])
@pytest.mark.parametrize("moment", [None, 0.0, 5.3])
def test_everything_comes_back_and_goes_on(backend, moment, tmp_path):
    net, path = everything(backend), tmp_path / "network.h5"
    if moment is not None:
        net.reset(trial=2)
        net.run(moment)
        net["two"].set(tau=6.0)
        net["one"].set(I_e=1450.0, at=moment + 2.0)
    net.save(path)
    found = hsnn.Network.load(path, threads=3)
    assert (found.t, found.trial, found.seed, found.precision) == (net.t, net.trial, 3, "single")
    assert found["one"].labels == net["one"].labels and found["two"].model.units == {"v": "mV"}
    for one, other in zip(net.projections.values(), found.projections.values(), strict=True):
        assert one.name == other.name and one.delay_rounding == other.delay_rounding
        assert all(np.array_equal(x, y) for x, y in zip(one.edges(), other.edges(), strict=True))
    for population in ("one", "two"):
        for variable in (*net[population].model.states, *net[population].model.parameters):
            assert np.array_equal(net[population].get(variable), found[population].get(variable))
    for duration in (6.0, 4.0):
        expected, result = net.run(duration), found.run(duration)
        assert result.spikes == expected.spikes and result["trace"] == expected["trace"]
        assert len(expected.spikes["one"]) > 5
    for each in (net, found):
        each.reset(trial=1)
    assert found.run(8.0).spikes == net.run(8.0).spikes


def test_callbacks_are_named_and_asked_for(tmp_path):
    def look(net):
        calls.append(net.t)

    calls = []
    net = balanced()
    net.every(5.0, look)
    net.at(2.0, look)
    net.run(7.0)
    net.save(tmp_path / "network.h5")
    found = hsnn.Network.load(tmp_path / "network.h5")
    assert [each.look for each in found.callbacks] == [None, None]
    found.run(2.9)
    with pytest.raises(DeclarationError, match=r"look' is due at 10 ms.*net.every\(5, .*look\).*callbacks.clear") as caught:
        found.run(0.1)
    assert caught.value.time == 10.0 and found.t == 9.9
    found.every(5.0, look)
    assert len(found.callbacks) == 2
    found.run(6.0)
    assert calls == [2.0, 5.0, 10.0, 15.0]
    found = hsnn.Network.load(tmp_path / "network.h5")
    found.callbacks.clear()
    assert found.run(10.0).t_stop == 17.0


def test_weights_set_between_runs_are_kept(tmp_path):
    net = everything()
    net.run(2.0)
    drawn, listed = net.projections["one->one.exc"], net.projections["two->two.default"]
    drawn.set(weight=np.linspace(10.0, 90.0, drawn.n_synapses))
    listed.set(weight=hsnn.random.uniform(0.0, 3.0))
    net.save(tmp_path / "network.h5")
    found = hsnn.Network.load(tmp_path / "network.h5", threads=1)
    for one, other in zip(net.projections.values(), found.projections.values(), strict=True):
        assert np.array_equal(one.get("weight"), other.get("weight"))
    assert found.run(8.0).spikes == net.run(8.0).spikes


def test_a_loaded_network_goes_on_with_the_file_that_it_records_to(tmp_path):
    net = everything()
    record = net.record(net["one"], "spikes", to=tmp_path / "spikes.h5")
    trace = net.record(net["two"][[3, 0]], "v", at=[1.0, 7.5], name="at times")
    before = net.run(5.0)
    net.save(tmp_path / "network.h5")
    found = hsnn.Network.load(tmp_path / "network.h5")
    after = found.run(5.0)
    assert before[trace]["v"].times.tolist() == [1.0] and after[trace]["v"].times.tolist() == [7.5]
    whole = hsnn.open_recording(tmp_path / "spikes.h5")
    assert len(whole[record]) == len(before[record]) + len(after[record]) > len(before[record])


def test_a_callback_may_save_what_it_sees(tmp_path):
    expected = balanced().run(20.0)
    net = balanced()
    net.every(5.0, lambda net: net.save(tmp_path / f"{net.t:g}.h5"))
    net.run(20.0)
    for time in (5, 10, 15):
        found = hsnn.Network.load(tmp_path / f"{time}.h5")
        found.callbacks.clear()
        rest = found.run(20.0 - time)
        assert rest.spikes["exc"] == expected.spikes["exc"].window(float(time), 20.0)


def test_labels_that_no_file_holds_are_refused(tmp_path):
    net = hsnn.Network()
    net.population("exc", 1, hsnn.models.lif_exp(), labels=[frozenset({1})])
    with pytest.raises(ArgumentTypeError, match="population 'exc': labels: frozenset"):
        net.save(tmp_path / "network.h5")
    assert os.listdir(tmp_path) == []


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "network.h5"
    net = everything()
    net.run(3.0)
    net.save(path)
    return path


def assert_refused(path, text):
    with pytest.raises(FileFormatError, match=text) as caught:
        hsnn.Network.load(path)
    assert str(path) in str(caught.value) and caught.value.path == str(path)


def test_files_that_are_not_what_they_should_be(saved, tmp_path):
    with pytest.raises(FileAccessError, match="nowhere"):
        hsnn.Network.load(tmp_path / "nowhere.h5")
    text = tmp_path / "text.h5"
    text.write_text("no HDF5 at all")
    assert_refused(text, "not a network that hsnn_event saved")
    (tmp_path / "empty.h5").touch()
    assert_refused(tmp_path / "empty.h5", "its beginning is missing")
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["data"] = 1.0
    assert_refused(tmp_path / "foreign.h5", "not a network that hsnn_event saved")
    whole = saved.read_bytes()
    saved.write_bytes(whole.replace(b"network 1", b"network 2", 1))
    assert_refused(saved, "has version 2 of the format")
    saved.write_bytes(whole.replace(b"network 1", b"picture 1", 1))
    assert_refused(saved, "holds a picture, not a network")


def test_a_damaged_file_is_refused_wherever_it_is_cut_or_changed(saved):
    whole = saved.read_bytes()
    for keep in np.linspace(0, len(whole) - 1, 25).astype(int):
        saved.write_bytes(whole[:keep])
        assert_refused(saved, "damaged|beginning is missing")
    for place in np.linspace(USER_BLOCK, len(whole) - 1, 25).astype(int):
        changed = bytearray(whole)
        changed[place] ^= 1
        saved.write_bytes(changed)
        assert_refused(saved, "damaged")


def rewritten(path, change):
    """The file with other contents, and a seal that fits them."""
    plain, arrays = network_file.read(path)
    change(plain, arrays)
    network_file.write(path, plain, arrays)


HOSTILE = {
    "another class": lambda plain, arrays: plain["declarations"]["populations"][0].update(
        model={"is": "subprocess:Popen", "fields": {"args": {"tuple": ["true"]}}}
    ),
    "a class of the package that declares nothing": lambda plain, arrays: plain["declarations"]["populations"][0].update(
        model={"is": "Network", "fields": {}}
    ),
    "a class that is no name": lambda plain, arrays: plain["declarations"]["populations"][0].update(
        model={"is": ["NeuronModel"], "fields": {}}
    ),
    "a declaration of another kind": lambda plain, arrays: plain["declarations"]["populations"][0].update(
        model={"is": "DelayRounding", "fields": {"count": 0, "largest": 0.0}}
    ),
    "code as an expression": lambda plain, arrays: plain["declarations"]["populations"][1]["model"]["fields"].update(
        threshold="__import__('os').system('true')"
    ),
    "an edge beyond the population": lambda plain, arrays: [
        array.__setitem__(..., 10**9) for array in arrays if array.dtype == np.int64 and array.shape == (5,)
    ],
    "a list too short": lambda plain, arrays: arrays.__setitem__(slice(None), [array[:-1] for array in arrays]),
    "an array missing": lambda plain, arrays: arrays.clear(),
    "a negative step": lambda plain, arrays: plain["running"]["moment"].update(step=-5),
    "a step before its spikes": lambda plain, arrays: plain["running"]["moment"].update(step=1),
    "spikes of strangers": lambda plain, arrays: plain["running"]["moment"].update(
        ids={"array": plain["running"]["moment"]["steps"]["array"]}
    ),
    "a huge population": lambda plain, arrays: plain["declarations"]["populations"][0].update(size=10**18),
    "an unknown rule": lambda plain, arrays: plain["declarations"]["projections"][0]["rule"]["fields"].update(kind="magic"),
    "a negative count": lambda plain, arrays: plain["declarations"]["projections"][0]["rule"]["fields"].update(count=-3),
    "a zero delay": lambda plain, arrays: plain["declarations"]["projections"][0].update(delay=0),
    "no declarations": lambda plain, arrays: plain.clear(),
}  # fmt: skip


def test_files_name_classes_without_the_modules_that_hold_them(saved):
    plain, _ = network_file.read(saved)
    text = json.dumps(plain)
    assert set(re.findall(r'"is": "([^"]*)"', text)) <= set(tree.DECLARING) and "hsnn_event." not in text


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused(change, saved):
    rewritten(saved, change)
    assert_refused(saved, "holds no network that can be declared")


EVIDENCE = {
    "more pieces than places": lambda known: known["n"].__setitem__(..., 10**6),
    "fewer pieces than none": lambda known: known["n"].__setitem__(..., -1),
    "an array too short": lambda known: known.update(times=known["times"][:-1]),
    "a name too few": lambda known: known.pop("who"),
    "numbers of another type": lambda known: known.update(last=known["last"].astype(np.float64)),
}


@pytest.mark.parametrize("dt", [0.1, None])
@pytest.mark.parametrize("tamper", EVIDENCE.values(), ids=EVIDENCE)
def test_hostile_evidence_is_refused(tamper, dt, tmp_path):
    net = hsnn.Network(dt=dt, backend="reference")
    cells = net.population("cells", 4, hsnn.models.spike_source([1.0, 2.0], [0, 1]))
    heard = net.population("heard", 2, hsnn.models.lif_delta())
    edges = hsnn.Hypergraph.from_lists([((0, 1, 2), (0,)), ((1, 3), (1,))], weight=1.0, delay=1.0)
    net.connect_hyper(cells, heard, edges, rule=hsnn.hyper.threshold(2, 5.0))
    net.run(1.5)
    path = tmp_path / "hyperedges.h5"
    net.save(path)

    def change(plain, arrays):
        part = plain["running"]["moment" if dt else "flowing"]
        (known,) = tree.read(part["evidence"], arrays)
        tamper(known)
        writer = tree.Writer()
        writer.arrays = arrays
        part["evidence"] = writer.write((known,), "evidence")

    rewritten(path, change)
    assert_refused(path, "what junctions know|more than their rule")


def test_a_wrong_option_is_no_fault_of_the_file(saved):
    with pytest.raises(hsnn.errors.UnknownNameError, match="backend"):
        hsnn.Network.load(saved, backend="quantum")
    with pytest.raises(hsnn.errors.ValueRangeError, match="threads"):
        hsnn.Network.load(saved, threads=0)


FULL = """
import resource, signal, sys
import hsnn_event as hsnn
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
net = hsnn.Network()
net.population("exc", 100_000, hsnn.models.lif_exp()).set(v=__import__("numpy").zeros(100_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    net.save(sys.argv[1])
except hsnn.errors.FileAccessError as error:
    print("refused", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "network.h5"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert "refused" in done.stdout and "cannot be written" in done.stdout and str(path) in done.stdout
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["network.h5"]
    with pytest.raises(FileAccessError, match="cannot be written"):
        hsnn.Network().save(tmp_path / "no folder" / "network.h5")
