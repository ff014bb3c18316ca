"""One of our reference networks in a process of its own; prints one JSON line.

    python benchmarks/ours.py microcircuit --precision single --time 10000 --runs 3
    python benchmarks/ours.py cuba --threads 1 --time 10000

After `--discard` ms the network is run `--runs` times for `--time` ms each, after one more that is not
counted; "rtf" is the median of wall time / model time. "construct_s" runs from the first declaration
to the first step, without "compile_s"; "peak_gb" is the largest resident memory of the process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

import hsnn_event as hsnn


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Build the network, run it, and collect the figures."""
    began = time.perf_counter()
    net = declare(options)
    first = net.run(net.dt)
    construct = time.perf_counter() - began - first.timing["compile"]
    net.run(options.discard)
    if options.record:
        for population in net.populations.values():
            net.record(population, "spikes")
    results = [net.run(options.time) for _ in range(options.runs + 1)][1:]
    factors = [result.rtf for result in results]
    figures = {
        "simulator": "hsnn_event", "version": hsnn.__version__, "work": options.work,
        "precision": options.precision, "weights": results[0].info["weights"],
        "threads": results[0].info["threads"], "rtf": statistics.median(factors), "rtf_runs": factors,
        "construct_s": construct, "compile_s": first.timing["compile"], "peak_gb": peak_memory(),
    }  # fmt: skip
    if options.record:
        figures["mean_rates"] = {name: spikes.rate() for name, spikes in results[-1].spikes.items()}
    return figures


def declare(options: argparse.Namespace) -> hsnn.Network:
    """The network that the options ask for."""
    common = {name: getattr(options, name) for name in ("seed", "threads", "precision", "weights", "blocks")}
    if options.work == "microcircuit":
        return hsnn.networks.microcircuit(scale=options.scale, drive=options.drive, **common)
    return hsnn.networks.brette2007(options.work, **common)


def peak_memory() -> float:
    """Largest resident memory of this process so far, in GB; NaN on Windows."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    unit = 1.0 if sys.platform == "darwin" else 1024.0  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = result.add_argument
    add("work", choices=("microcircuit", "cuba", "coba"))
    add("--scale", type=float, default=1.0)
    add("--drive", choices=("dc", "poisson"), default="dc")
    add("--time", type=float, default=10_000.0, metavar="MS")
    add("--discard", type=float, default=500.0, metavar="MS")
    add("--runs", type=int, default=3)
    add("--seed", type=int, default=1)
    add("--threads", type=int)
    add("--blocks", type=int)
    add("--precision", choices=("double", "single"), default="double")
    add("--weights", choices=("auto", "float32", "float64"), default="auto")
    add("--record", action="store_true", help="record all spikes while timing")
    return result


if __name__ == "__main__":
    print(json.dumps(measure(parser().parse_args())))
