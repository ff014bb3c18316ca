"""Our networks and the rivals' in one go, each in a process of its own; prints one table (text and Markdown).

    python benchmarks/compare.py --python-nest PATH --python-brian2 PATH
    python benchmarks/compare.py --works microcircuit --nest-scale 1.0 --drive dc --threads 4

Every row runs once a round, so that drift of the machine hits all. All record their spikes. NEST needs 12.6 GB and
minutes for the full microcircuit: by default it runs a tenth, beside a row of ours at that scale.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hsnn_event.cli import machine

HERE = Path(__file__).parent
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", **os.environ}  # NEST's waiting threads spin else: README.md, "results"
COLUMNS = (
    *("work", "simulator", "precision", "threads", "construct s", "peak GB", "RTF median (min-max)"),
    "rival's RTF / this",
)
WORKS = ("microcircuit", "cuba", "coba", "hh", "brunel-c", "exact")
RIVALS = ("NEST", "Brian2")
VARIANTS = ("dc single", "dc double --weights float32", "dc double", "poisson single", "dc single --threads 1")


@dataclass
class Row:
    """One line of the table: what to run, and what came of it."""

    work: str
    simulator: str
    command: list[str]
    runs: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""

    @property
    def rtf(self) -> float:
        """Wall time / model time: the median of the rounds."""
        return statistics.median(run["rtf"] for run in self.runs)

    def run(self) -> None:
        """Once more, unless it failed before; a simulator that is not installed fails with the name of its module."""
        if self.failure:
            return
        print(f"{self.work}: {self.simulator} ...", file=sys.stderr)
        try:
            done = subprocess.run(self.command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
            self.runs.append(json.loads(done.stdout.splitlines()[-1]))
        except subprocess.CalledProcessError as error:
            self.failure = "missing or failed: " + (error.stderr.strip() or str(error)).splitlines()[-1]
        except OSError as error:
            self.failure = f"missing: {error}"

    def cells(self, rows: list[Row]) -> list[str]:
        """The line's cells; ratios are to the fastest rival at the same work."""
        if self.failure or not self.runs:
            return [self.work, self.simulator, self.failure or "not run", *[""] * (len(COLUMNS) - 3)]
        first, factors = self.runs[0], [run["rtf"] for run in self.runs]
        built = [run["construct_s"] for run in self.runs if "construct_s" in run]
        rivals = [row.rtf for row in rows if row.work == self.work and row.simulator in RIVALS and row.runs]
        ratio = f"{min(rivals) / self.rtf:.2f}" if rivals and self.simulator not in RIVALS else ""
        mixed = (first["precision"], first.get("weights")) == ("double", "float32")
        name, precision = f"{first['simulator']} {first['version']}", first["precision"] + ", float32 weights" * mixed
        spread = f"{self.rtf:.4f} ({min(factors):.4f}-{max(factors):.4f})"
        start = f"{statistics.median(built):.2f}" if built else ""
        peak = f"{first['peak_gb']:.2f}" if "peak_gb" in first else ""
        return [self.work, name, precision, str(first["threads"]), start, peak, spread, ratio]


def rows_of(options: argparse.Namespace) -> Iterator[Row]:
    """All rows of the works asked for, in the order of the table."""

    def ours(label: str, work: str, *arguments: str) -> Row:
        common = ("--runs", "1", "--time", str(options.time), "--discard", str(options.discard), *arguments)
        record = ["--record"] * (not options.no_record)
        return Row(label, "hsnn_event", [sys.executable, "-m", "hsnn_event", "bench", work, "--json", *common, *record])

    def rival(label: str, simulator: str, script: str, *arguments: str) -> Row:
        python = options.python_nest if simulator == "NEST" else options.python_brian2
        return Row(label, simulator, [python, str(HERE / "rivals" / script), *arguments])

    if "microcircuit" in options.works:
        for drive, *arguments in map(str.split, VARIANTS):
            scaled = ("--scale", str(options.scale), "--drive", drive, "--precision")
            yield ours(f"microcircuit {options.scale:g} {drive}", "microcircuit", *scaled, *arguments)
        label = f"microcircuit {options.nest_scale:g} {options.drive}"
        common = ("--scale", str(options.nest_scale), "--drive", options.drive)
        if (options.nest_scale, options.drive) != (options.scale, "dc"):
            yield ours(label, "microcircuit", *common, "--precision", "double")
        numbers = ("--threads", str(options.threads), "--time", str(options.nest_time), "--presim", str(options.discard))
        yield rival(label, "NEST", "nest_microcircuit.py", *common, *numbers)
    for work in [each for each in WORKS[1:] if each in options.works]:
        exact = work == "exact"  # in double precision only; Brian2 has no networks without a clock
        for precision in ("double",) if exact else ("double", "single"):
            yield ours(work, work, "--threads", "1", "--precision", precision)
        for simulator in RIVALS[:1] if exact else RIVALS:
            script, which = ("brunel2000", work[-1].upper()) if work.startswith("brunel") else ("brette2007", work)
            script = f"{simulator.lower()}_{script}.py"
            yield rival(work, simulator, script, "--which", which, "--time", str(options.time))


def main() -> None:
    """Run all rounds, print the table."""
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = result.add_argument
    add("--works", nargs="+", choices=WORKS, default=WORKS)
    add("--time", type=float, default=10_000.0, metavar="MS", help="of every run but NEST's microcircuit")
    add("--nest-time", type=float, default=1000.0, metavar="MS", help="of NEST's microcircuit")
    add("--discard", type=float, default=500.0, metavar="MS", help="before, uncounted (by rivals in the microcircuit only)")
    add("--runs", type=int, default=3, help="rounds")
    add("--scale", type=float, default=1.0, help="of our microcircuit")
    add("--nest-scale", type=float, default=0.1, help="of NEST's microcircuit, and of ours beside it")
    add("--drive", choices=("dc", "poisson"), default="poisson", help="of the same")
    add("--threads", type=int, default=os.cpu_count() or 1, help="of NEST's microcircuit; full scale needs 3 or more")
    add("--python-nest", default=sys.executable, metavar="PATH", help="an interpreter that has NEST")
    add("--python-brian2", default=sys.executable, metavar="PATH", help="one that has Brian2 (2.9 needs numpy < 2.4)")
    add("--no-record", action="store_true", help="ours: no spikes are recorded")
    add("--quick", action="store_true", help="one short round, our microcircuit small: does everything work?")
    options = result.parse_args()
    if options.quick:
        vars(options).update(runs=1, time=500.0, nest_time=200.0, discard=100.0, scale=min(options.scale, 0.1))
    for row in (rows := list(rows_of(options))) * options.runs:
        row.run()
    print("; ".join(machine.facts().values()))
    lines = [list(COLUMNS), *(row.cells(rows) for row in rows)]
    print(f"{options.runs} rounds of {options.time:g} ms, NEST's microcircuit {options.nest_time:g} ms", end="\n\n")
    print(machine.table(lines))


if __name__ == "__main__":
    main()
