"""The command line: the table, the picture, one line for an error, exit codes."""

import subprocess
import sys

import pytest

import hsnn_event as hsnn
from hsnn_event.cli import main, run

TINY = ["run", "microcircuit", "--scale", "0.002", "--discard", "2", "--backend", "reference"]


def test_a_run_prints_rates_beside_the_reference_and_timings(capsys, tmp_path):
    picture = tmp_path / "raster.png"
    assert main([*TINY, "--time", "10", "--seed", "3", "--plot", str(picture)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "microcircuit, scale 0.002, poisson drive, seed 3: 10 ms after 2 ms"
    rows = {line.split()[0]: line.split() for line in lines[3:12]}
    assert list(rows) == ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I", "all"]
    assert rows["L5E"][1] == "10" and rows["L5E"][3] == "7.569"
    assert "simulate" in out and "real-time factor" in out and "double, 1 thread, reference" in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert err == ""  # stderr is no terminal here, so there is no bar


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*TINY[:3], "7"], "is not in (0, 1]"),
        (["run", "cuba", "--scale", "0.5"], "--scale 0.5 has no meaning for cuba"),
        (["run", "coba", "--drive", "dc"], "--drive dc has no meaning for coba"),
        ([*TINY, "--time", "0"], "--time 0 is not positive"),
        ([*TINY, "--time", "10.05"], "not a multiple of dt"),
        ([*TINY, "--discard", "-1"], "--discard -1 is negative"),
        ([*TINY, "--backend", "abacus"], "'abacus' is unknown"),
        ([*TINY, "--plot", "raster.xyz"], "a picture ends in one of"),
        ([*TINY, "--plot", "nowhere/raster.png"], "there is no folder"),
        ([*TINY, "--threads", "0"], "threads"),
    ],
)
def test_an_error_is_one_line(capsys, arguments, words):
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("hsnn-event: ") and words in err and err.count("\n") == 1


def test_arguments_without_a_meaning_end_with_2(capsys):
    assert main(["run", "brain"]) == 2
    assert main([]) == 2
    assert main(["run", "cuba", "--precision", "half"]) == 2
    assert "usage: hsnn-event" in capsys.readouterr().err


def test_every_reference_network_can_be_run_by_name(capsys):
    assert set(run.NETWORKS) == set(hsnn.networks.NETWORKS)
    assert main(["run", "izhikevich", "--time", "3", "--discard", "0", "--backend", "reference"]) == 0
    assert "7.533" in capsys.readouterr().out
    assert main(["run", "gap-lattice", "--time", "1", "--discard", "0", "--backend", "reference"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[3] for row in rows if row[:2] == ["all", "10,000"]] == ["23.000"]


def test_ctrl_c_ends_with_130(monkeypatch, capsys):
    def interrupt(*_, **__):
        raise hsnn.errors.RunInterrupted("interrupted at 1 ms")

    monkeypatch.setattr(hsnn.Network, "run", interrupt)
    assert main(TINY) == 130
    assert capsys.readouterr().err == "hsnn-event: interrupted\n"


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "hsnn_event", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"hsnn-event {hsnn.__version__}"
