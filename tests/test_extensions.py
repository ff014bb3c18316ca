"""Models and backends of other packages, found by entry points: a package that exists for the test only."""

import sys

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event import errors, extensions

CODE = """
import hsnn_event as hsnn
from hsnn_event.backends.reference import ReferenceEngine

made = []

def leaky(tau=10.0):
    return hsnn.NeuronModel(
        name="leaky", parameters={"tau": tau}, states={"v": 0.0}, dynamics={"v": "-v/tau"},
        receptors={"default": {"v": "v + weight"}}, threshold="v >= 1", reset={"v": "0"},
    )

class Engine(ReferenceEngine):
    def __init__(self, program, n_threads, n_blocks):
        made.append((n_threads, n_blocks))
        super().__init__(program)

number = 7
"""
POINTS = """
[hsnn_event.models]
leaky = {module}:leaky
broken = {module}:nothing
number = {module}:number
lif_exp = {module}:leaky

[hsnn_event.backends]
abacus = {module}:Engine
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs packages into a folder of the test's own; gives the function that does so."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name):
        (tmp_path / f"{name}.py").write_text(CODE)
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(POINTS.format(module=name))
        monkeypatch.delitem(sys.modules, name, raising=False)

    install("their_package")
    return install


def test_a_model_of_another_package_is_one_of_the_library(package):
    assert "leaky" in dir(hsnn.models) and "their_package" not in sys.modules  # not loaded before it is used
    net = hsnn.Network(seed=1, backend="reference")
    net.population("cells", 3, hsnn.models.leaky(tau=5.0)).set(v=0.5)
    net.run(5.0)
    assert np.allclose(net["cells"].get("v"), 0.5 * np.exp(-1.0))


def test_the_packages_own_models_come_first(package):
    assert hsnn.models.lif_exp().name == "lif_exp"


def test_a_backend_of_another_package_runs_networks(package):
    results = []
    for backend in ("reference", "abacus"):
        net = hsnn.Network(seed=1, backend=backend, threads=3, blocks=5)
        cells = net.population("cells", 10, hsnn.models.lif_exp(I_e=500.0))
        net.connect(cells, cells, hsnn.connect.bernoulli(0.5), weight=10.0, delay=1.0)
        net.record(cells, "spikes")
        results.append(net.run(50.0))
    assert results[1].spikes == results[0].spikes and results[1].info["backend"] == "abacus"
    assert sys.modules["their_package"].made == [(3, 5)]


def test_what_no_package_declares_is_unknown(package):
    with pytest.raises(errors.UnknownNameError, match=r"'abakus' is unknown. Did you mean 'abacus'"):
        hsnn.Network(backend="abakus")
    with pytest.raises(AttributeError, match=r"name 'leeky' is unknown. Did you mean 'leaky'"):
        hsnn.models.leeky  # noqa: B018
    with pytest.raises(errors.UnknownNameError, match="'leeky' is unknown"):
        extensions.load(extensions.MODELS, "leeky")


def test_a_broken_extension_is_named(package):
    with pytest.raises(errors.ExtensionError, match=r"'broken' \(their_package:nothing\) of package their_package cannot"):
        hsnn.models.broken  # noqa: B018
    with pytest.raises(errors.ExtensionError, match=r"'number' .* must be a function"):
        hsnn.models.number  # noqa: B018


def test_one_name_of_two_packages_is_ambiguous(package):
    package("another_package")
    with pytest.raises(errors.AmbiguousError, match=r"declared by another_package, their_package. Uninstall"):
        hsnn.models.leaky  # noqa: B018
