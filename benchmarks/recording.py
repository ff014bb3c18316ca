"""What recording all spikes of the microcircuit costs: two equal networks in one process, one recording, run by turns.

    python benchmarks/recording.py --time 1000 --runs 7
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import hsnn_event as hsnn


def network(options: argparse.Namespace, record: bool) -> hsnn.Network:
    """A microcircuit past its first 500 ms."""
    net = hsnn.networks.microcircuit(scale=options.scale, drive=options.drive, precision=options.precision, seed=1)
    for population in net.populations.values() if record else ():
        net.record(population, "spikes")
    net.run(500.0)
    return net


def main() -> None:
    """Time whole calls of run, results included, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--drive", choices=("dc", "poisson"), default="dc")
    parser.add_argument("--time", type=float, default=1000.0, metavar="MS")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--precision", choices=("double", "single"), default="single")
    options = parser.parse_args()
    networks = {"silent": network(options, record=False), "recording": network(options, record=True)}
    seconds: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(options.runs):
        for name, net in networks.items():
            began = time.perf_counter()
            net.run(options.time)
            seconds[name].append(time.perf_counter() - began)
    pairs = [b / a for a, b in zip(seconds["silent"], seconds["recording"], strict=True)]
    print(json.dumps({"seconds": seconds, "ratio_median": statistics.median(pairs), "ratios": pairs}))


if __name__ == "__main__":
    main()
