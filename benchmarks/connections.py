"""Matrices and graphs into networks and back, measures of structure: seconds (CPU seconds of all threads too, which a busy
machine changes less), and peak memory beside what the result takes. Linux.

    python benchmarks/connections.py --synapses 100000000 --threads 2
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import hsnn_event as hsnn

GIB = 1 << 30
STATUS = Path("/proc/self/status")


class Measured:
    """Seconds of the block, and the peak of its memory above where it began, in bytes."""

    def __enter__(self) -> Measured:
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        self.before = memory("VmRSS")
        self.began, self.used = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds, self.cpu = time.perf_counter() - self.began, time.process_time() - self.used
        self.peak = memory("VmHWM") - self.before
        self.held = memory("VmRSS") - self.before


def memory(name: str) -> int:
    return int(STATUS.read_text().split(name + ":")[1].split()[0]) * 1024


def matrix(n: int, synapses: int, precision: str) -> object:
    """A CSR array with random targets and weights."""
    from scipy.sparse import csr_array

    rng, degree = np.random.default_rng(1), synapses // n
    indices = rng.integers(0, n, n * degree, dtype=np.int32)
    data = rng.random(n * degree, dtype=np.float32 if precision == "single" else np.float64)
    return csr_array((data, indices, np.arange(0, n * degree + 1, degree, dtype=np.int32)), shape=(n, n))


def network(n: int, options: argparse.Namespace) -> tuple[hsnn.Network, hsnn.models.NeuronModel]:
    """One population."""
    net = hsnn.Network(dt=0.1, seed=1, threads=options.threads, precision=options.precision)
    return net, net.population("cells", n, hsnn.models.lif_delta())


def warm(options: argparse.Namespace) -> None:
    """Compile what the measured calls use."""
    net, cells = network(1000, options)
    made = net.connect(cells, cells, hsnn.connect.from_scipy(matrix(1000, 10_000, options.precision)), delay=1.0)
    net.run(0.1)
    made.to_scipy()
    made.set(weight=hsnn.random.normal(1.0, 0.1))


def from_scipy(options: argparse.Namespace) -> dict[str, float]:
    """A matrix of CSR form up to the first step, then read back and set anew."""
    n = 100_000
    W = matrix(n, options.synapses, options.precision)
    net, cells = network(n, options)
    with Measured() as build:
        made = net.connect(cells, cells, hsnn.connect.from_scipy(W), delay=1.5)
        result = net.run(0.1)
    held = made.bytes_per_synapse * options.synapses
    with Measured() as read:
        edges = made.edges()
    in_edges = sum(column.nbytes for column in edges)
    del edges
    with Measured() as again:  # in memory that the system has given out before: on virtual machines the first touch is slow
        made.edges()
    with Measured() as sparse:
        back = made.to_scipy()
    del back
    with Measured() as reweight:
        made.set(weight=hsnn.random.normal(1.0, 0.1))
    with Measured() as count:
        made.n_synapses  # noqa: B018
    return {
        "connect to first step, CPU s": build.cpu,
        "connect to first step, s": build.seconds - result.timing["compile"],
        "peak memory / rows": build.peak / held,
        "bytes a synapse": made.bytes_per_synapse,
        "edges(), CPU s": read.cpu,
        "edges(), s": read.seconds,
        "edges() again, CPU s": again.cpu,
        "edges() again, s": again.seconds,
        "edges() peak memory / result": read.peak / in_edges,
        "to_scipy(), CPU s": sparse.cpu,
        "to_scipy(), s": sparse.seconds,
        "set(weight=normal), s": reweight.seconds,
        "n_synapses, s": count.seconds,
    }


def from_networkx(options: argparse.Namespace) -> dict[str, float]:
    """A graph of labelled nodes with a weight and a delay on each of a million edges, up to the first step, and back."""
    import networkx as nx

    n, m = 10_000, 1_000_000
    rng = np.random.default_rng(1)
    graph = nx.DiGraph()
    graph.add_nodes_from(f"cell {k}" for k in range(n))
    pairs = rng.choice(n * n, m, replace=False)
    columns = (pairs // n).tolist(), (pairs % n).tolist(), rng.random(m).tolist(), (0.1 * rng.integers(1, 50, m)).tolist()
    graph.add_edges_from((f"cell {i}", f"cell {j}", {"w": w, "d": d}) for i, j, w, d in zip(*columns, strict=True))
    net, cells = network(n, options)
    with Measured() as build:
        made = net.connect(cells, cells, hsnn.connect.from_networkx(graph))
        result = net.run(0.1)
    with Measured() as back:
        made.to_networkx()
    return {
        "connect to first step, CPU s": build.cpu,
        "connect to first step, s": build.seconds - result.timing["compile"],
        "peak memory, GiB": build.peak / GIB,
        "to_networkx(), CPU s": back.cpu,
        "to_networkx(), s": back.seconds,
    }


def whole_network(options: argparse.Namespace) -> dict[str, float]:
    """A graph of 10,000 nodes with population, potential and position, and a million edges with weight, delay and
    receptor, as a network up to the first step, and back."""
    import networkx as nx

    n, m = 10_000, 1_000_000
    rng = np.random.default_rng(1)
    graph = nx.DiGraph()
    places = rng.random((n, 2)).tolist()
    graph.add_nodes_from(
        (f"cell {k}", {"type": "I" if k % 5 == 4 else "E", "v": -70.0 + k / n, "pos": place})
        for k, place in enumerate(places)
    )
    pairs = rng.choice(n * n, m, replace=False)
    columns = (pairs // n).tolist(), (pairs % n).tolist(), rng.random(m).tolist(), (0.1 * rng.integers(1, 50, m)).tolist()
    graph.add_edges_from(
        (f"cell {i}", f"cell {j}", {"w": w, "d": d, "receptor": "inh" if i % 5 == 4 else "exc"})
        for i, j, w, d in zip(*columns, strict=True)
    )
    cell = hsnn.models.lif_exp(tau_syn={"exc": 2.0, "inh": 5.0})
    with Measured() as declare:
        net = hsnn.Network.from_networkx(graph, {"E": cell, "I": cell}, seed=1, threads=options.threads)
    with Measured() as start:
        result = net.run(0.1)
    with Measured() as back:
        net.to_networkx()
    return {
        "from_networkx(), CPU s": declare.cpu,
        "from_networkx(), s": declare.seconds,
        "from_networkx() to first step, s": declare.seconds + start.seconds - result.timing["compile"],
        "peak memory, GiB": declare.peak / GIB,
        "to_networkx(), CPU s": back.cpu,
        "to_networkx(), s": back.seconds,
    }


def measures(options: argparse.Namespace) -> dict[str, float]:
    """Measures of a random network of 10,000 neurons with a million synapses."""
    n = 10_000
    net, cells = network(n, options)
    net.connect(cells, cells, hsnn.connect.fixed_indegree(100), weight=1.0, delay=1.0)
    calls = {
        "in_degrees": hsnn.measures.in_degrees,
        "reciprocity": hsnn.measures.reciprocity,
        "clustering": hsnn.measures.clustering,
        "triad_census": hsnn.measures.triad_census,
        "path_length from 100": lambda each: hsnn.measures.path_length(each, sources=100),
        "components": hsnn.measures.components,
        "communities": hsnn.measures.communities,
    }
    figures = {}
    for name, call in calls.items():
        with Measured() as taken:
            call(net)
        figures[f"{name}, s"] = taken.seconds
        figures[f"{name}, peak GiB"] = taken.peak / GIB
    return figures


CASES = {"from_scipy": from_scipy, "from_networkx": from_networkx, "whole_network": whole_network, "measures": measures}


def each_alone(cases: Iterable[str]) -> None:
    """Run this script once for each case, in a process of its own."""
    for case in cases:
        subprocess.run([sys.executable, *sys.argv, "--case", case], check=True)


def main() -> None:
    """Run every case in a process of its own, and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synapses", type=int, default=100_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=("double", "single"), default="double")
    parser.add_argument("--case", choices=tuple(CASES))
    options = parser.parse_args()
    if options.case is None:
        each_alone(CASES)
        return
    warm(options)
    figures = {name: round(value, 3) for name, value in CASES[options.case](options).items()}
    print(json.dumps({"case": options.case, "threads": options.threads, "precision": options.precision, **figures}))


if __name__ == "__main__":
    main()
