"""Random graphs with as many synapses as asked, 100 a neuron: seconds from `connect` to the first step, the seconds of the
graph alone in it, and the peak memory of the process. Each case in a process of its own. Linux.

    python benchmarks/random_graphs.py --neurons 1000000 --degree 100 --threads 2
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable

import numpy as np
from connections import GIB, Measured, each_alone, memory

import hsnn_event as hsnn
from hsnn_event.network.projection import Projection
from hsnn_event.topology.pattern import Pattern

C = hsnn.connect


def blocks(n: int, k: int) -> Pattern:
    """Ten blocks, ten times as dense within."""
    between = k / n / 1.9
    p = np.full((10, 10), between)
    np.fill_diagonal(p, 10 * between)
    return C.stochastic_block_model(p, labels=np.arange(n) * 10 // n)


CASES = {
    "small_world": lambda n, k: C.small_world(k, 0.1),
    "small_world, alpha": lambda n, k: C.small_world(k, 0.1, alpha=1.0),
    "scale_free": lambda n, k: C.scale_free(k),
    "scale_free, 2.2": lambda n, k: C.scale_free(k, 2.2, 2.2),
    "stochastic_block_model": blocks,
    "clustered": lambda n, k: C.clustered(10, k / n, 5.0),
    "configuration_model": lambda n, k: C.configuration_model(np.full(n, k), np.full(n, k)),
    "configuration_model, simple": lambda n, k: C.configuration_model(
        np.full(n, k), np.full(n, k), autapses=False, multapses=False
    ),
}


def built(case: str, n: int, k: int, threads: int) -> dict[str, float]:
    """One network with one projection, up to its first step."""
    net = hsnn.Network(dt=0.1, seed=1, threads=threads)
    cells = net.population("cells", n, hsnn.models.lif_delta())
    with Measured() as build:
        rule = CASES[case](n, k)
        began = time.perf_counter()
        made = net.connect(cells, cells, rule, weight=0.1, delay=1.5)
        drawn = time.perf_counter() - began
        result = net.run(0.1)
    return figures(build, made, result, drawn)


def figures(build: Measured, made: Projection, result: hsnn.Result, drawn: float) -> dict[str, float]:
    """What building took, `drawn` seconds of it to connect."""
    return {
        "synapses, million": made.n_synapses / 1e6,
        "connect to first step, s": build.seconds - result.timing["compile"],
        "connect alone, s": drawn,
        "CPU s": build.cpu,
        "bytes a synapse": made.bytes_per_synapse,
        "peak memory of the process, GiB": memory("VmHWM") / GIB,
    }


def measure(cases: Iterable[str], built: Callable[[str, int, int, int], dict[str, float]], first: int, text: str) -> None:
    """Run every case in a process of its own, and print a line of JSON for each; one of `first` neurons compiles."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=1_000_000)
    parser.add_argument("--degree", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--case", choices=tuple(cases))
    options = parser.parse_args()
    if options.case is None:
        each_alone(cases)
        return
    built(options.case, first, 10, options.threads)  # compiles what is measured
    found = built(options.case, options.neurons, options.degree, options.threads)
    print(json.dumps({"case": options.case, "threads": options.threads, **{k: round(v, 3) for k, v in found.items()}}))


if __name__ == "__main__":
    measure(CASES, built, 1000, __doc__)
