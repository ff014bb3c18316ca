"""The examples run, print sensible numbers and leave a picture; ports are no longer than their originals."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "examples"
PORTS = ROOT / "ports"
COUNT = runpy.run_path(str(PORTS / "count.py"))

# Script -> what it prints, and the bounds of the number found there. Bounds are wide where another seed moves the number.
EXAMPLES = {
    "balanced_network": (r"CV of intervals: (\S+);", 0.7, 1.1),
    "graph_network": (r"number of inputs: (\S+)", 0.9, 1.0),
    "connectome": (r"communities: (\d+)", 4, 4),
    "small_world": (r"p = 0.1: .* mean size (\S+),", 5.5, 8.5),
    "multi_area": (r"needs (\d+) ms", 2, 4),
    "synfire_chain": (r"survives; packets of .* and (\d+) spikes", 60, 100),
    "lattice_wave": (r"front (\S+) mm/ms", 0.030, 0.035),
    "coincidence_hypergraph": (r"planted events: (\S+)% found", 95.0, 100.0),
    "izhikevich_patterns": (r"tonic bursting: (\d+) spikes", 28, 28),
    "own_model": (r"adapting: (\d+) spikes", 8, 10),
    "parameter_sweep": (r"g = 8: (\S+) \+-", 10.0, 22.0),
    "closed_loop": (r"long after it (\S+) Hz", 19.0, 21.0),
    "exact_and_clock": (r"dt 0.001 ms: (\S+) ms apart", 0.0005, 0.002),  # half a step is 0.0005
    "streaming": (r"rate (\S+) Hz", 12.0, 17.0),
}

# The originals gave: CUBA 5.62 Hz; COBAHH 36 Hz; 83 Hz where v0 is 20 mV, by the closed form 1000/(5 + 10 ln 2) = 83.8; 143
# spikes; 3.1 Hz; -69.739 mV; 20.73 Hz; 32.1 Hz. The bounds of PyNN's scripts are our own.
PORTED = {
    "CUBA": (r"rate: (\S+) Hz", 5.0, 6.3),
    "COBAHH": (r"rate: (\S+) Hz", 33.0, 39.0),
    "IF_curve_LIF": (r"20 mV: (\S+) Hz", 83, 84),
    "adaptive_threshold": (r"(\d+) spikes", 110, 175),
    "Brunel_Hakim_1999": (r"rate: (\S+) Hz", 2.5, 3.8),
    "twoneurons": (r"second neuron: (\S+) mV", -69.7395, -69.7385),
    "balancedneuron": (r"Optimal rate .*: (\S+) Hz", 20.5, 21.0),
    "brunel_delta_nest": (r"Excitatory rate +: (\S+) Hz", 30.0, 34.0),
    "Izhikevich": (r"spikes: (\d+)", 6, 6),
    "small_network": (r"rate: (\S+) Hz", 14.0, 26.0),
}


def scripts(folder):
    return {path.stem for path in folder.glob("*.py")}


def check(path, expected, folder, capsys, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(folder)
    runpy.run_path(str(path), run_name="__main__")
    matplotlib.pyplot.close("all")
    pattern, low, high = expected
    printed = capsys.readouterr().out
    assert low <= float(re.search(pattern, printed)[1]) <= high, printed
    assert (folder / f"{path.stem}.png").stat().st_size > 5000


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_its_number_and_its_picture(name, tmp_path, capsys, monkeypatch):
    check(ROOT / f"{name}.py", EXAMPLES[name], tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("name", PORTED)
def test_a_port_does_the_job_of_its_original(name, tmp_path, capsys, monkeypatch):
    check(PORTS / f"{name}.py", PORTED[name], tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("name", PORTED)
def test_a_port_is_no_longer_than_its_original(name):
    original = COUNT["ORIGINALS"][name]
    lines, statements = COUNT["count"]((PORTS / f"{name}.py").read_text(encoding="utf-8"))
    assert lines <= original.lines and statements <= original.statements


def test_lines_of_code_are_counted():
    document = '"""Text\nof two lines."""\n\n# a comment\n'
    code = 'x = [\n    1,  # one\n]\ny = """a\n\nb"""; z = 1\n\n\n'
    function = 'def f():\n    """No code."""\n    return x\n'
    assert COUNT["count"](document + code + function) == (3 + 3 + 2, 4)


def test_every_script_is_tested_and_listed():
    assert scripts(ROOT) == set(EXAMPLES)
    assert scripts(PORTS) == set(PORTED) | {"count"} and set(PORTED) == set(COUNT["ORIGINALS"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"({name}.py)" in readme for name in EXAMPLES)
    assert COUNT["table"]() in readme


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short_and_says_how_to_run_it(path):
    text = path.read_text(encoding="utf-8")
    assert f"    python examples/{path.name}" in text
    assert len(text.splitlines()) <= 60
