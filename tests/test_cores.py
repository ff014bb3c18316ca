"""How many threads a network gets by default: what the process may use, and what the network can occupy."""

import os
import shutil
import subprocess
import sys

import pytest

import hsnn_event as hsnn
from hsnn_event import cores
from hsnn_event.simulation.engines import NEURONS_A_THREAD, threads


@pytest.fixture
def machine(monkeypatch):
    """Eight cores, all of them this process's, and no limit beside."""
    for name in cores.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)
    monkeypatch.setattr(cores, "control_group_quota", lambda: None)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        *(("NUMBA_NUM_THREADS", "3", 3), ("OMP_NUM_THREADS", "2", 2), ("OMP_NUM_THREADS", "4,2", 4)),
        *(("OMP_NUM_THREADS", "100", 8), ("OMP_NUM_THREADS", "", 8), ("OMP_NUM_THREADS", "many", 8)),
        ("NUMBA_NUM_THREADS", "0", 8),
    ],
)
def test_variables_limit_the_threads(machine, name, value, expected):
    machine.setenv(name, value)
    assert cores.available() == expected


def test_the_least_limit_counts(machine):
    machine.setenv("OMP_NUM_THREADS", "5")
    machine.setattr(cores, "control_group_quota", lambda: 2.5)
    assert cores.limits() == {"machine": 8, "affinity": 8, "control group": 2, "OMP_NUM_THREADS": 5}
    assert cores.available() == 2
    machine.setattr(cores, "control_group_quota", lambda: 0.5)
    assert cores.available() == 1


def test_affinity_where_python_does_not_count_it(machine):
    machine.delattr(os, "process_cpu_count")
    machine.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    assert cores.available() == 3
    machine.delattr(os, "sched_getaffinity")  # macOS, Windows
    assert cores.available() == 8


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2.0),
        ("0::/of/the/host\n", {"cpu.max": "300000 100000\n"}, 3.0),
        ("4:memory:/x\n2:cpu,x:/x\n", {"cpu,x/cpu.cfs_quota_us": "400000\n", "cpu,x/cpu.cfs_period_us": "100000"}, 4.0),
        ("1:cpu:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("1:cpu:/\n", {}, None),
    ],
)  # fmt: skip
def test_quotas_of_control_groups(tmp_path, groups, files, expected):
    (tmp_path / "groups").write_text(groups)
    for name, text in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert cores.control_group_quota(tmp_path / "groups", tmp_path / "mount") == expected
    assert cores.control_group_quota(tmp_path / "nothing") is None


def test_small_networks_get_one_thread_and_large_ones_all(machine):
    net = hsnn.Network()
    net.population("few", NEURONS_A_THREAD - 1, hsnn.models.lif_exp())
    assert threads(net) == 1
    net.population("more", 2 * NEURONS_A_THREAD, hsnn.models.lif_exp())
    assert threads(net) == 3
    net.population("many", 20 * NEURONS_A_THREAD, hsnn.models.lif_exp())
    assert threads(net) == 8
    net.threads = 11
    assert threads(net) == 11


@pytest.mark.skipif(shutil.which("taskset") is None, reason="taskset sets the affinity")
def test_a_process_bound_to_one_core_counts_one():
    command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), sys.executable, "-c"]
    code = "from hsnn_event import cores; print(cores.available())"
    assert subprocess.run([*command, code], capture_output=True, text=True, check=True).stdout == "1\n"
