"""Has something become slower? A few figures, relative to a loop of NumPy on the same machine, against stored ones.

    python benchmarks/regression.py --store       # on a quiet machine: the ratios of today
    python benchmarks/regression.py               # exit code 1 if one is above its stored value by more than --tolerance

A figure is timed between two loops, and its ratio is the median of such pairs: a machine whose speed wavers changes them
less than times, though on a shared host still by a sixth. Ratios of another machine are compared too, with a remark:
caches and vectors differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import hsnn_event as hsnn
from hsnn_event.cli import bench, machine

STORED = Path(__file__).with_name("ratios.json")
Work = Callable[[], object]


def loop() -> None:
    """The measure: arithmetic in cache, and memory read at random, about as much of each."""
    rng = np.random.default_rng(1)
    values, order = np.linspace(0.0, 1.0, 20_000), rng.integers(0, 4_000_000, 1_000_000)
    memory = np.zeros(4_000_000)
    for _ in range(500):
        np.multiply(values, 0.999, out=values)
        np.add(values, 0.001, out=values)
    for _ in range(5):
        memory.take(order)


def works() -> dict[str, Work]:
    """By name: something to time. Networks are built and warm; all run on one thread."""
    cuba, coba = (hsnn.networks.brette2007(name, threads=1) for name in ("cuba", "coba"))
    circuit = hsnn.networks.microcircuit(scale=0.05, threads=1)
    recorded = hsnn.networks.brette2007("cuba", threads=1)
    for population in recorded.populations.values():
        recorded.record(population, "spikes")
        recorded.record(population, "v", every=1.0)
    for net in (cuba, coba, circuit, recorded):
        net.run(500.0)
    return {
        "CUBA, 1 s": lambda: cuba.run(1000.0),
        "CUBA, 1 s, recorded": lambda: recorded.run(1000.0),
        "COBA, 1 s": lambda: coba.run(1000.0),
        "microcircuit at 5 %, 1 s": lambda: circuit.run(1000.0),
        "microcircuit at 5 %, construction": lambda: hsnn.networks.microcircuit(scale=0.05, threads=1).run(0.1),
        "import": lambda: bench.process_seconds(bench.IMPORT, {}),
        "first result, warm": lambda: bench.process_seconds(bench.FIRST_RESULT, {}),
    }


def seconds(work: Work) -> float:
    """One call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ratios(timed: dict[str, Work], rounds: int) -> dict[str, float]:
    """Of each figure the median over rounds of its time over that of the loops before and after it."""
    found: dict[str, list[float]] = {name: [] for name in timed}
    before = seconds(loop)
    for _ in range(rounds):
        for name, work in timed.items():
            spent, after = seconds(work), seconds(loop)
            found[name].append(2.0 * spent / (before + after))
            before = after
    return {name: statistics.median(values) for name, values in found.items()}


def compare(found: dict[str, float], stored: dict[str, float], tolerance: float) -> tuple[str, bool]:
    """A table, and whether nothing is slower than its tolerance allows. What is not stored is not judged."""
    lines, well = [["figure", "ratio", "stored", "change", ""]], True
    for name, ratio in found.items():
        change = ratio / stored[name] - 1.0 if name in stored else 0.0
        slower = change > tolerance
        well = well and not slower
        cells = [f"{stored[name]:.3f}", f"{change:+.0%}"] if name in stored else ["-", "-"]
        lines.append([name, f"{ratio:.3f}", *cells, "SLOWER" if slower else ""])
    return machine.table(lines), well


def main() -> int:
    """Measure, then store or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="store_true", help="keep the ratios of this run")
    parser.add_argument("--file", type=Path, default=STORED, help="where they are kept")
    parser.add_argument("--tolerance", type=float, default=0.3, help="how much slower is slower (0.3)")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if not options.store and not options.file.exists():
        print(f"There is no {options.file}. Store the ratios of a state to compare with: --store.")
        return 1
    found, facts = ratios(works(), options.rounds), machine.facts()
    if options.store:
        options.file.write_text(json.dumps({**facts, "ratios": found}, indent=2) + "\n", encoding="utf-8")
        return 0
    stored = json.loads(options.file.read_text(encoding="utf-8"))
    for name in ("machine", "cores", "date", "versions"):
        print(f"{name:<10}{facts[name]}" + (f" (stored: {stored[name]})" if stored[name] != facts[name] else ""))
    text, well = compare(found, stored["ratios"], options.tolerance)
    print(f"\n{text}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
