"""`hsnn-event doctor`: a line for each thing looked at, and for each problem the way out."""

import os
import platform
import sys
from importlib import metadata

import pytest

from hsnn_event import cli, compile_cache, cores
from hsnn_event.backends.opencl import devices
from hsnn_event.cli import doctor, machine


def run(capsys, *arguments):
    code = cli.main(["doctor", *arguments])
    return code, capsys.readouterr().out


def test_a_working_installation(capsys, monkeypatch):
    for name in cores.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    code, out = run(capsys)
    assert code == 0 and out.endswith("All is well.\n") and "FAILS" not in out
    subjects = {line[7:27].strip() for line in out.splitlines()}
    assert {"Python", "hsnn_event", "numpy", "numba", "scipy", "sympy", "h5py", "networkx", "matplotlib"} <= subjects
    assert {"compile cache", "threads", "backend numba", "backend reference", "small network"} <= subjects
    assert "cold: " in out or "warm: " in out


def test_without_a_run_nothing_is_compiled(capsys):
    assert "small network" not in run(capsys, "--no-run")[1]


def problems(check):
    return [line.problem for line in check() if line.problem]


def test_packages_missing_old_or_broken(monkeypatch):
    needed = ["numpy>=99", "numbat>=1.2", 'matplotlop>=3; extra == "plot"', "scipy"]
    monkeypatch.setattr(doctor, "requires", lambda _: needed)
    monkeypatch.setattr(doctor, "import_module", lambda name: 1 / 0 if name == "scipy" else None)
    old, missing, broken = problems(doctor.versions)
    assert "is too old; 99 or newer" in old and 'pip install --upgrade "numpy>=99"' in old
    assert "it is missing" in missing and '"numbat>=1.2"' in missing
    assert "cannot be imported: division by zero" in broken
    assert [line.found for line in doctor.versions() if line.subject == "matplotlop"] == ["not installed (extra plot)"]


def test_a_package_that_is_only_found(monkeypatch):
    def unknown(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", unknown)
    assert "not installed, only found" in problems(doctor.versions)[0]


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (9, 0))
    assert "Python 9.0 or newer is needed" in problems(doctor.versions)[0]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX systems")
def test_an_open_compile_cache_fails_and_names_the_page(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HSNN_EVENT_CACHE", str(tmp_path))
    compile_cache.folder.__wrapped__().chmod(0o777)
    code, out = run(capsys, "--no-run")
    assert code == 1 and "FAILS  compile cache" in out
    assert "other users can open it" in out.splitlines()[-1] and out.splitlines()[-1].endswith("See docs/install.md.")


def test_a_variable_that_is_no_number(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert "'many' is not a number of threads" in problems(doctor.threads)[0]


def test_a_broken_backend_of_another_package(monkeypatch):
    monkeypatch.setattr(doctor.extensions, "names", lambda kind: ["abacus"])
    assert "'abacus' is unknown" in problems(doctor.backends)[0]


def test_compilers_that_are_there_and_that_are_not(monkeypatch):
    monkeypatch.setattr(devices, "found", lambda: iter([("Abacus (Beads)", ("double", "single")), ("Slate (Chalk)", ())]))
    monkeypatch.setenv("CC", sys.executable)
    found = [line.found for line in doctor.languages()]
    assert found == [f"Python {platform.python_version()}", "Abacus (Beads): double and single precision",
                     "Slate (Chalk): no precision"]  # fmt: skip
    monkeypatch.setattr(devices, "found", lambda: iter([]))
    monkeypatch.setenv("CC", "no such compiler")
    found = [line.found for line in doctor.languages()]
    assert found[0].startswith("none") and found[1].startswith("no device")
    monkeypatch.setitem(sys.modules, "hsnn_event.backends.opencl.devices", None)
    assert [line.found for line in doctor.languages()][1] == "not installed (extra opencl)"


def test_a_run_that_fails_or_differs(monkeypatch):
    monkeypatch.setattr(doctor, "_spikes_of", lambda backend: backend)
    assert "gives other spikes" in problems(doctor.small_run)[0]
    monkeypatch.setattr(doctor, "_spikes_of", lambda backend: 1 / 0)
    assert "ZeroDivisionError" in problems(doctor.small_run)[0]


def test_the_machine_has_a_name():
    assert machine.processor() and str(os.cpu_count()) in machine.facts()["cores"]
