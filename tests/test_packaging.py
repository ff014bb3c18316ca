"""Wheel and source archive hold what they should, and the wheel runs a network in a fresh environment."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import hsnn_event as hsnn

ROOT = Path(__file__).parents[1]
NETWORK = """
import hsnn_event as hsnn
net = hsnn.networks.microcircuit(scale=0.002, backend="reference", seed=1)
net.record(net["L5E"], "spikes")
print(hsnn.__file__, net.run(5.0).info["version"])
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The source archive, and the wheel that is built from it; with what is installed here, nothing is fetched."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


def test_the_wheel_holds_the_package_and_nothing_else(archives):
    with zipfile.ZipFile(archives[1]) as wheel:
        names = set(wheel.namelist())
        about = next(name for name in names if name.endswith("/METADATA"))
        metadata = wheel.read(about).decode()
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "hsnn_event").rglob("*.py")}
    assert sources <= names and "hsnn_event/py.typed" in names
    assert any(name.startswith("hsnn_event/networks/") and name.endswith(".json") for name in names)
    heads = {path.relative_to(ROOT).as_posix() for path in (ROOT / "hsnn_event" / "backends" / "runtime").iterdir()}
    assert heads and heads <= names
    assert {name.split("/")[0] for name in names} == {"hsnn_event", f"hsnn_event-{hsnn.__version__}.dist-info"}
    assert {"LICENSE-MIT", "LICENSE-APACHE"} <= {Path(name).name for name in names}
    assert "License-Expression: MIT OR Apache-2.0" in metadata and "Provides-Extra: plot" in metadata


def test_the_source_archive_can_be_tested_and_cited(archives):
    with tarfile.open(archives[0]) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {"CHANGELOG.md", "CITATION.cff", "README.md", "setup.cfg", "tests/conftest.py", "docs/semantics.md"} <= names


def test_the_wheel_runs_a_network_in_a_fresh_environment(archives, tmp_path):
    venv.create(tmp_path / "fresh", with_pip=False)
    variables = {"base": str(tmp_path / "fresh"), "platbase": str(tmp_path / "fresh")}
    paths = sysconfig.get_paths(scheme="venv", vars=variables)
    python = Path(paths["scripts"]) / ("python.exe" if os.name == "nt" else "python")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps"]
    subprocess.run([*install, str(archives[1])], check=True, capture_output=True)
    # What the package needs is taken from here; this line comes after the folder's own packages.
    (Path(paths["purelib"]) / "needed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    done = subprocess.run([python, "-c", NETWORK], capture_output=True, text=True, check=True, cwd=tmp_path)
    where, version = done.stdout.split()
    assert Path(where).is_relative_to(tmp_path) and version == hsnn.__version__
    command = Path(paths["scripts"]) / ("hsnn-event.exe" if os.name == "nt" else "hsnn-event")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == f"hsnn-event {hsnn.__version__}"
