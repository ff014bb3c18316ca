"""Benchmarks are no tests, but they start, and a figure that grew is told."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
WITH_ARGUMENTS = [path for path in sorted(FOLDER.glob("*.py")) if "argparse" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_ARGUMENTS, ids=lambda path: path.stem)
def test_every_benchmark_explains_itself(path):
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True, check=True)
    assert "usage" in done.stdout and f"python benchmarks/{path.name}" in done.stdout


def test_every_benchmark_is_listed():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in FOLDER.glob("*.py") if f"`{path.name}`" not in text] == []


def test_a_figure_that_grew_is_a_regression():
    spec = importlib.util.spec_from_file_location("regression", FOLDER / "regression.py")
    regression = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(regression)
    stored = {"a": 1.0, "b": 2.0}
    table, well = regression.compare({"a": 1.2, "b": 1.0, "new": 3.0}, stored, tolerance=0.25)
    assert well and "+20%" in table and "-50%" in table and "SLOWER" not in table
    table, well = regression.compare({"a": 1.3}, stored, tolerance=0.25)
    assert not well and "SLOWER" in table
    assert set(regression.ratios({"nothing": lambda: None}, rounds=1)) == {"nothing"}
