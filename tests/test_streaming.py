"""Recording to a file while the network runs."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hsnn_event as hsnn
from hsnn_event.errors import FileFormatError, RecordingError, RunInterrupted, ValueRangeError
from hsnn_event.recording import stream
from hsnn_event.recording.stored import quoted

DECLARATION = """
import numpy as np
import hsnn_event as hsnn

def network(**keywords):
    net = hsnn.Network(dt=0.1, seed=3, backend="reference", **keywords)
    cell = hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 4.0}, I_e=400.0)
    exc, inh = net.population("exc", 30, cell), net.population("inh", 9, cell)
    (exc + inh).set(v=hsnn.random.uniform(-70.0, -55.0))
    net.connect(exc, inh, hsnn.connect.bernoulli(0.2), weight=60.0, delay=1.5, receptor="exc")
    net.drive(exc, hsnn.stimuli.poisson(2000.0), weight=30.0, receptor="exc")
    return net
"""
exec(DECLARATION)


def streamed(path, **keywords):
    """Both kinds of records, in a file and beside it in memory."""
    net = network(**keywords)  # noqa: F821
    pairs = []
    for target, what, options in (
        (net["exc"], "spikes", {}), (net["inh"][[7, 2]], "spikes", {}), (net["exc"][[5, 0, 11]], ("v", "I_exc*2"), {}),
        (net["inh"], "v", {"every": 0.5}), (net["inh"], "v/2", {"at": [0.3, 7.7]}),
    ):  # fmt: skip
        pairs.append((net.record(target, what, to=path, **options), net.record(target, what, **options)))
    return net, pairs


def same(one, other):
    if isinstance(one, hsnn.SpikeData):
        return one == other and len(one) == len(other) and one.rate() == other.rate()
    return one.keys() == other.keys() and all(one[name] == other[name] for name in one)


def test_a_file_holds_what_memory_holds(tmp_path):
    net, pairs = streamed(tmp_path / "all.h5")
    results = [net.run(duration) for duration in (4.2, 0.1, 15.7)]
    for result in results:
        assert all(same(result[stored], result[kept]) for stored, kept in pairs)
    whole = hsnn.concatenate(results)
    assert len(whole[pairs[0][0]]) > 20
    opened = hsnn.open_recording(tmp_path / "all.h5")
    assert (opened.t_start, opened.t_stop) == (0.0, 20.0)
    assert opened.info == {"version": hsnn.__version__, "dt": 0.1, "seed": 3, "trial": 0}
    for stored, kept in pairs:
        assert same(opened[stored], whole[kept])
        record = next(each for each in opened.records if each.name == stored.name)
        assert (record.target, record.what, record.every, record.at) == (kept.target, kept.what, kept.every, kept.at)
        assert record.ids is kept.ids or np.array_equal(record.ids, kept.ids)
    assert opened.spikes["exc"].cv().shape == (30,)
    assert all(same(pickle.loads(pickle.dumps(results[0]))[stored], results[0][kept]) for stored, kept in pairs)


def test_parts_are_read_without_the_rest(tmp_path):
    net, pairs = streamed(tmp_path / "all.h5")
    result = net.run(20.0)
    spikes, kept = (result[record] for record in pairs[0])
    assert spikes.window(3.0, 9.5) == kept.window(3.0, 9.5)
    assert spikes[[4, 1]] == kept[[4, 1]]
    samples, kept = (result[record]["v"] for record in pairs[2])
    assert np.array_equal(samples.window(2.0, 4.0).values, kept.values[20:40])
    assert np.array_equal(samples[[11, 5]].values, kept.values[:, [2, 0]])
    assert np.array_equal(samples[[11, 5]].window(2.0, 4.0)[5].values, kept.values[20:40, :1])
    assert repr(samples).startswith("<StoredStates: v of 3 neurons")
    for wrong in (lambda: spikes.window(3.0, 21.0), lambda: samples.window(-1.0, 2.0), lambda: samples[[4]]):
        with pytest.raises(ValueRangeError):
            wrong()


def test_the_union_of_records_in_files_and_memory(tmp_path):
    net = network()  # noqa: F821
    net.record(net["exc"][:5], "spikes", to=tmp_path / "a.h5")
    net.record(net["exc"][3:9], "spikes")
    whole = net.record(net["exc"], "spikes")
    other, result = network(), net.run(15.0)  # noqa: F821
    for ids in (slice(0, 5), slice(3, 9)):
        other.record(other["exc"][ids], "spikes", to=tmp_path / f"b{ids.start}.h5")
    assert result.spikes["exc"] == result[whole]
    union = other.run(15.0).spikes["exc"]
    assert union == result[whole][range(9)] and len(union) > 5


def test_a_record_made_between_runs_joins_the_file(tmp_path):
    net, pairs = streamed(tmp_path / "all.h5")
    net.run(3.0)
    late = net.record(net["inh"], "v", to=tmp_path / "all.h5")
    net.run(2.0)
    opened = hsnn.open_recording(tmp_path / "all.h5")
    assert opened[late]["v"].times[[0, -1]].tolist() == [3.1, 5.0]
    assert opened[pairs[2][0]]["v"].times[[0, -1]].tolist() == [0.1, 5.0]


def test_the_data_are_read_while_the_network_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "FLUSH_SECONDS", 0.0)
    net, pairs = streamed(tmp_path / "all.h5")
    ends = []

    def look(now, t_stop):
        if now > 0.0:
            result = hsnn.open_recording(tmp_path / "all.h5")
            ends.append((now, result.t_stop, result[pairs[2][0]]["v"].times[-1]))

    net.run(60.0, progress=look)
    assert len(ends) > 1 and all(now == stop == last for now, stop, last in ends)


def test_each_trial_has_a_file(tmp_path):
    net = network()  # noqa: F821
    spikes = net.record(net["exc"], "spikes", to=tmp_path / "trial-{trial}.h5")
    first = net.run(5.0)
    with pytest.raises(RecordingError, match="until 5 ms, and it stands at 0 ms"):
        net.reset()
        net.run(5.0)
    net.reset(trial=1)
    second = net.run(5.0)
    assert first[spikes] != second[spikes]
    assert [hsnn.open_recording(tmp_path / f"trial-{trial}.h5").info["trial"] for trial in (0, 1)] == [0, 1]


@pytest.mark.parametrize("content", [None, b"", b"some text", "other hdf5", "other network"])
def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "taken.h5"
    if content is None:
        path = tmp_path / "nowhere" / "taken.h5"
    elif content == "other hdf5":
        h5py.File(path, "w").close()
    elif content == "other network":
        streamed(path)[0].run(1.0)
    else:
        path.write_bytes(content)
    before = path.read_bytes() if path.exists() else None
    net, _ = streamed(path)
    with pytest.raises(RecordingError, match=r"taken\.h5") as caught:
        net.run(1.0)
    assert caught.value.path == str(path) and net.t == 0.0 and net.last_result is None
    assert (path.read_bytes() if path.exists() else None) == before
    net.records[:] = [record for record in net.records if record.to is None]
    net.run(1.0)


@pytest.mark.parametrize("damage", ["missing", "text", "cut", "foreign", "newer", "folder", "group"])
def test_what_cannot_be_opened_says_why(tmp_path, damage):
    path = tmp_path / "all.h5"
    streamed(path)[0].run(2.0)
    if damage == "missing":
        path.unlink()
    elif damage == "text":
        path.write_text("times: 1, 2, 3")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:3000])
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        with h5py.File(path, "r+") as file:
            if damage == "group":
                del file["exc.spikes"]["times"]
            else:
                file.attrs.update({"foreign": {"format": "x"}, "newer": {"version": 99}}[damage])
    kind = RecordingError if damage in ("missing", "folder") else FileFormatError
    with pytest.raises(kind, match=r"all\.h5"):
        len(hsnn.open_recording(path).spikes["exc"])


def test_an_interruption_keeps_the_file_and_the_run_goes_on(tmp_path):
    net, pairs = streamed(tmp_path / "all.h5")

    def stop(now, t_stop):
        if now > 1.0:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted) as caught:
        net.run(1000.0, progress=stop)
    first = caught.value.result
    assert all(same(first[stored], first[kept]) for stored, kept in pairs)
    result = hsnn.concatenate([first, net.run(3.0)])
    opened = hsnn.open_recording(tmp_path / "all.h5")
    assert all(same(opened[stored], result[kept]) for stored, kept in pairs)


def script(body, *arguments):
    code = DECLARATION + textwrap.dedent(body)
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


KILLED = """
    import sys
    from hsnn_event.recording import stream
    stream.FLUSH_SECONDS = 0.0
    net = network()
    net.record(net["exc"], "spikes", to=sys.argv[1])
    net.record(net["exc"], ("v", "I_exc"), to=sys.argv[1])
    def tell(now, t_stop):
        print(now, flush=True)
    for _ in range(1000):
        net.run(20.0, progress=tell)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("lines, wait", [(3, 0.0), (9, 0.003), (12, 0.0171), (20, 0.031)])
def test_a_killed_run_leaves_what_was_flushed(tmp_path, lines, wait):
    path = tmp_path / "killed.h5"
    with script(KILLED, path) as process:
        told = [float(process.stdout.readline()) for _ in range(lines)]
        time.sleep(wait)
        os.kill(process.pid, getattr(signal, "SIGKILL"))  # noqa: B009 (the name is refused, as not portable)
    opened = hsnn.open_recording(path)
    assert opened.t_stop >= max(told[:-1])
    cut = tmp_path / "cut.h5"
    cut.write_bytes(path.read_bytes()[:600])
    with pytest.raises(FileFormatError, match=r"cut\.h5"):
        hsnn.open_recording(cut)
    net = network()  # noqa: F821
    net.record(net["exc"], "spikes")
    trace = net.record(net["exc"], ("v", "I_exc"))
    expected = net.run(opened.t_stop)
    assert opened.spikes["exc"] == expected.spikes["exc"]
    assert opened.states["exc"]["v"] == expected[trace]["v"] and opened.states["exc"]["I_exc"] == expected[trace]["I_exc"]


FULL = """
    import resource, sys
    from hsnn_event.errors import RecordingError
    from hsnn_event.recording import stream
    stream.FLUSH_SECONDS, stream.FLUSH_BYTES, stream.SLACK = 0.0, 1, 1 << 16
    net = network()
    kept = net.record(net["exc"], ("v", "I_exc"))
    stored = net.record(net["exc"], ("v", "I_exc"), to=sys.argv[1])
    results = [net.run(1.0)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    for _ in range(2):
        try:
            net.run(300.0)
        except RecordingError as error:
            if not results[1:]:
                assert error.result is net.last_result and error.path == sys.argv[1], error
                results.append(error.result)
            stopped = net.t
            print(error)
        else:
            raise SystemExit("the disk was not full")
    assert results[1].t_stop == net.t == stopped and 1.0 < net.t < 301.0
    assert len(results[1][stored]["v"].times) < len(results[1][kept]["v"].times)
    whole = hsnn.open_recording(sys.argv[1])
    assert whole[stored]["v"].times[-1] == whole.t_stop < net.t
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    results.append(net.run(20.0))
    joined, whole = hsnn.concatenate(results), hsnn.open_recording(sys.argv[1])
    for name in ("v", "I_exc"):
        assert results[1][stored][name] == results[1][kept][name]
        assert whole[stored][name] == joined[kept][name] == joined[stored][name]
    print("went on")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on files")
def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path):
    with script(FULL, tmp_path / "full.h5") as process:
        told = process.stdout.read().splitlines()
    assert process.returncode == 0 and told[-1] == "went on", told
    assert all("full.h5 cannot be written: File too large. Make room" in line for line in told[:2]) and len(told) == 3


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
def test_a_device_that_takes_nothing_is_refused():
    net, _ = streamed(Path("/dev/full"))
    with pytest.raises(RecordingError, match="/dev/full"):
        net.run(1.0)
    assert net.t == 0.0


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_in_the_file_are_told_apart(one, other):
    assert (quoted(one) == quoted(other)) == (one == other)
    assert "/" not in quoted(one) and quoted(one) != "." and quoted(one).isprintable()
