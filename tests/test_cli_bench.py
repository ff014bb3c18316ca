"""`hsnn-event bench`: the table, the line of JSON, what fails."""

import json

import pytest

from hsnn_event.cli import bench, main

QUICK = ["--time", "2", "--discard", "1", "--runs", "2", "--backend", "reference"]
TINY = ["microcircuit", "--scale", "0.002", *QUICK]


def test_one_network_as_json(capsys):
    assert main(["bench", *TINY, "--json", "--record"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["work"] == "microcircuit" and figures["threads"] == 1 and len(figures["rtf_runs"]) == 2
    assert figures["rtf"] > 0 and figures["construct_s"] > 0 and figures["synapses"] > 100
    assert set(figures["mean_rates"]) == {"L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"}


def test_the_table_has_a_row_a_network_and_says_on_what(capsys):
    assert main(["bench", *TINY]) == 0
    out = capsys.readouterr().out
    assert "versions" not in out and "numba " in out and "cores" in out
    assert out.splitlines()[-1].startswith("| microcircuit | double")


def test_a_network_that_fails_is_named_and_fails_the_command(capsys):
    assert main(["bench", *TINY[:2], "7", *QUICK]) == 1
    assert "is not in (0, 1]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["brain"], "'brain' is unknown"), (["cuba", "coba", "--json"], "--json is for one"), (["start-up", "--json"], "one")],
)
def test_wrong_arguments(capsys, arguments, words):
    assert main(["bench", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_start_up(capsys, monkeypatch):
    ran = []
    monkeypatch.setattr(bench, "process_seconds", lambda code, variables: ran.append(variables) or 1.25)
    assert main(["bench", "start-up", "--cold"]) == 0
    out = capsys.readouterr().out
    assert all(f"| {name}" in out for name in ("import", "first result, cold", "first result, warm")) and "1.25" in out
    assert "HSNN_EVENT_CACHE" in ran[0] and not any(ran[1:])
