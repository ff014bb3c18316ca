"""What recording all spikes and some voltages of the microcircuit costs, in memory and streamed to HDF5.

    python benchmarks/streaming.py --scale 1 --time 1000 --runs 7
    python benchmarks/streaming.py --scale 1 --only none memory --voltages 0        # all spikes, nothing else
    python benchmarks/streaming.py --scale 1 --only file --time 60000 --runs 1      # growth of memory

Equal networks in one process, one of which records nothing, run by turns; "rtf" is wall time of the whole call of run /
model time, a ratio is that of pairs of neighbouring runs; "cpu_ratio_..." is that of processor time, which with
--threads 1 depends less on what else the machine does. "record_s" is the time in recording and writing a second of model
time, "growth_mb" the change of resident memory in each run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from typing import Any

import hsnn_event as hsnn

KINDS = ("none", "memory", "file")

def network(options: argparse.Namespace, kind: str, folder: str) -> hsnn.Network:
    """A microcircuit past its first 500 ms that records nothing ("none"), into memory, or into a file."""
    common = {name: getattr(options, name) for name in ("scale", "drive", "precision", "threads")}
    net = hsnn.networks.microcircuit(**common, seed=1)
    net.run(500.0)
    to = os.path.join(folder, "streaming.h5") if kind == "file" else None
    sizes = sum(population.size for population in net.populations.values())
    for population in net.populations.values() if kind != "none" else ():
        net.record(population, "spikes", to=to)
        if options.voltages:
            n = max(1, round(options.voltages * population.size / sizes))
            net.record(population.sample(n), "v", every=options.every, to=to)
    return net


def resident() -> float:
    """Resident memory of this process in MB; NaN where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return float("nan")


def measure(options: argparse.Namespace, folder: str) -> dict[str, Any]:
    """Run the networks by turns."""
    kinds = options.only
    networks = {kind: network(options, kind, folder) for kind in kinds}
    for net in networks.values():
        net.run(options.warm)
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    cpu: dict[str, list[float]] = {kind: [] for kind in kinds}
    record: dict[str, list[float]] = {kind: [] for kind in kinds}
    growth: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(options.runs):
        for kind, net in networks.items():
            before, began, busy = resident(), time.perf_counter(), time.process_time()
            record[kind].append(net.run(options.time).timing["record"] / options.time * 1e3)
            seconds[kind].append(time.perf_counter() - began)
            cpu[kind].append(time.process_time() - busy)
            growth[kind].append(round(resident() - before, 2))
            net.last_result = None
    figures: dict[str, Any] = {"scale": options.scale, "model_ms": options.time, "growth_mb": growth}
    figures["rtf"] = {kind: statistics.median(each) / options.time * 1e3 for kind, each in seconds.items()}
    figures["record_s"] = {kind: statistics.median(each) for kind, each in record.items()}
    for name, times in (("ratio", seconds), ("cpu_ratio", cpu)):
        for kind in kinds if "none" in kinds else ():
            pairs = [other / one for one, other in zip(times["none"], times[kind], strict=True)]
            figures[f"{name}_{kind}"] = {"median": statistics.median(pairs), "pairs": [round(each, 3) for each in pairs]}
    path = os.path.join(folder, "streaming.h5")
    figures["file_mb"] = os.path.getsize(path) / 1e6 if os.path.exists(path) else 0.0
    return figures


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--time", type=float, default=1000.0, metavar="MS")
    parser.add_argument("--warm", type=float, default=500.0, metavar="MS", help="recorded before anything is timed")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--voltages", type=int, default=1000, help="neurons whose potential is recorded")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--every", type=float, default=1.0, metavar="MS")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--drive", choices=("dc", "poisson"), default="dc")
    parser.add_argument("--precision", choices=("double", "single"), default="single")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(options, folder)))


if __name__ == "__main__":
    main()
