"""Networks in other processes and threads: pickles, spawned and forked workers, joblib."""

import copy
import multiprocessing
import pickle
import sys
import threading
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from test_simulation import balanced


def trial(net, number):
    net.reset(trial=number)
    return net.run(20.0)


def more(net):
    return net.run(10.0)


@pytest.fixture(scope="module")
def expected():
    net = balanced("numba", threads=2)
    return [trial(net, number).spikes for number in range(2)]


def test_pickles_go_on_and_belong_together():
    net = balanced("numba", threads=2)
    net.run(7.7)
    found, exc, projection, drive, view = pickle.loads(
        pickle.dumps((net, net["exc"], net.projections[0], net.drives[0], net["inh"][2:4]))
    )
    assert exc is found["exc"] and projection is found.projections[0] and drive is found.drives[0]
    assert view.population is found["inh"] and view.ids.tolist() == [2, 3]
    twin = copy.deepcopy(net)
    result = net.run(10.0)
    assert found.run(10.0).spikes == result.spikes and twin.run(10.0).spikes == result.spikes
    restored = pickle.loads(pickle.dumps(result))
    assert restored.spikes == result.spikes and restored[net.records[0]] == result[net.records[0]]


@pytest.mark.parametrize("method", [each for each in ("spawn", "fork") if each in multiprocessing.get_all_start_methods()])
def test_worker_processes(method, expected):
    if method == "fork" and sys.platform == "darwin":
        pytest.skip("forking a process with threads is unsafe on macOS")
    net = balanced("numba", threads=2)
    net.run(3.0)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        results = list(pool.map(trial, [net, net], [0, 1]))
    assert [result.spikes for result in results] == expected
    assert net.t == 3.0


def _in_child(net, queue):
    queue.put(net.run(10.0).spikes["exc"])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin", reason="no fork")
def test_a_forked_process_goes_on_with_the_network_itself():
    net = balanced("numba", threads=2)
    net.run(5.0)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(net, queue))
    child.start()
    found = queue.get(timeout=120)
    child.join()
    assert found == net.run(10.0).spikes["exc"]


def test_joblib(expected):
    joblib = pytest.importorskip("joblib")
    net = balanced("numba", threads=2)
    results = joblib.Parallel(n_jobs=2)(joblib.delayed(trial)(net, number) for number in range(2))
    assert [result.spikes for result in results] == expected


def test_two_networks_in_two_threads(expected):
    found = {}

    def work(name, number):
        found[name] = trial(balanced("numba", threads=2), number).spikes

    threads = [threading.Thread(target=work, args=(name, name % 2)) for name in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert all(found[name] == expected[name % 2] for name in range(4))
    assert len(found) == 4 and np.sum([len(each["exc"]) for each in found.values()]) > 20
