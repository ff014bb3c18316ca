"""What hyperedges cost: shared rows against the clique expansion, and counting rules.

    python benchmarks/hyperedges.py [--only any counting] [--runs 5]
    python benchmarks/hyperedges.py --quick                                 # does everything work?

Prints a table a section: medians (least - most) of --runs runs after one that is not counted, one thread, each network in a
process of its own, whose memory is its own.
- any: hyperedges with as many sources as targets, fired by sources at 5 Hz: ns a delivery and memory, and the same of their
  clique expansion where that fits; 10,000 of 1,000 x 1,000, whose expansion has 10,000,000,000 synapses, alone.
- counting: ns a source spike and hyperedge of `threshold(2, 5.0)`, and of other rules, over what the same network costs
  whose hyperedges listen to neurons that are silent.
"""

from __future__ import annotations

import argparse
import sys
from statistics import median

import numpy as np
from exact import in_a_process, show
from neurons import spread

import hsnn_event as hsnn
from hsnn_event.cli import bench, machine

RATE = 5.0  # Hz, of sources
DELAY = 1.5


def random_edges(n_edges: int, n_members: int, n_neurons: int) -> hsnn.Hypergraph:
    """Hyperedges of random members, as many sources as targets."""
    random, whole = np.random.default_rng(1), n_neurons // n_members * n_members
    orders = -(-n_edges * n_members // whole)  # slices of one order of all neurons have each neuron once
    members = [np.concatenate([random.permutation(n_neurons)[:whole] for _ in range(orders)]) for _ in range(2)]
    members = [each[: n_edges * n_members] for each in members]
    indptr = np.arange(n_edges + 1) * n_members
    return hsnn.Hypergraph(indptr, members[0], indptr, members[1], weights=0.001, delays=DELAY)


def sources_and_cells(n_neurons: int) -> hsnn.Network:
    """Neurons that fire by chance, and cells that do not."""
    net = hsnn.Network(dt=0.1, seed=1, threads=1)
    net.population("sources", n_neurons, hsnn.models.poisson(RATE))
    net.population("cells", n_neurons, hsnn.models.lif_exp())
    net.record(net["sources"], "spikes")
    return net


def seconds(net: hsnn.Network, time: float, runs: int) -> tuple[list[float], float]:
    """Of wall time that runs take, and the number of spikes of a run."""
    net.run(time)
    taken = [net.run(time).timing["simulate"] for _ in range(runs)]
    return taken, len(net.last_result.spikes["sources"])


def shared(n_edges: int, n_members: int, n_neurons: int, clique: bool, options: argparse.Namespace) -> list[str]:
    """A row of the table: hyperedges, or their expansion."""
    edges, net = random_edges(n_edges, n_members, n_neurons), sources_and_cells(n_neurons)
    before = bench.peak_memory()
    if clique:
        starts = np.arange(n_edges)[:, None, None] * n_members
        shape = (n_edges, n_members, n_members)
        mine = np.broadcast_to(starts + np.arange(n_members)[:, None], shape).ravel()
        theirs = np.broadcast_to(starts + np.arange(n_members), shape).ravel()
        rule = hsnn.connect.from_edges(edges.sources[mine], edges.targets[theirs])
        net.connect(net["sources"], net["cells"], rule, weight=0.001, delay=DELAY)
    else:
        net.connect_hyper(net["sources"], net["cells"], edges, rule=hsnn.hyper.any())
    time = 2e9 / (n_edges * n_members**2 * RATE) * 50.0
    taken, n_spikes = seconds(net, max(round(time), 50.0), options.runs)
    deliveries = n_spikes * n_edges * n_members**2 / n_neurons
    plain = seconds(sources_and_cells(n_neurons), max(round(time), 50.0), options.runs)[0]
    cost = [1e9 * (each - median(plain)) / deliveries for each in taken]
    kind = "clique" if clique else "hyperedges"
    return [kind, f"{n_edges:,} of {n_members:,} x {n_members:,}", spread(cost), f"{bench.peak_memory() - before:.2f}"]


def rules(n_edges: int, n_members: int, n_neurons: int, options: argparse.Namespace) -> list[list[str]]:
    """What a spike costs each hyperedge that listens to it, by rule."""
    named = {
        "threshold(2, 0.1)": hsnn.hyper.threshold(2, 0.1), "threshold(2, 5.0)": hsnn.hyper.threshold(2, 5.0),
        "threshold(10, 5.0)": hsnn.hyper.threshold(10, 5.0), "threshold(10, 20.0)": hsnn.hyper.threshold(10, 20.0),
        "threshold(2, 5.0, distinct=False)": hsnn.hyper.threshold(2, 5.0, distinct=False),
        "weighted(3.0, 5.0)": hsnn.hyper.weighted(3.0, 5.0), "sequence(5.0)": hsnn.hyper.sequence(5.0),
    }  # fmt: skip
    edges = random_edges(n_edges, n_members, n_neurons)
    few = hsnn.Hypergraph(edges.source_indptr, edges.sources, np.arange(n_edges + 1), edges.targets[:n_edges],
                          weights=0.001, delays=DELAY)  # fmt: skip
    found = []
    for name, rule in named.items():
        taken = []
        for source in ("sources", "silent"):
            net = sources_and_cells(n_neurons)
            net.population("silent", n_neurons, hsnn.models.poisson(0.0))
            net.connect_hyper(net[source], net["cells"], few, rule=rule)
            taken.append(seconds(net, options.time, options.runs))
        (busy, n_spikes), (idle, _) = taken
        events = n_spikes * n_edges * n_members / n_neurons
        found.append([name, spread([1e9 * (each - median(idle)) / events for each in busy]), f"{events:.3g}"])
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=("any", "counting"), default=("any", "counting"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--time", type=float, default=500.0, help="of model, ms, of counting rules")
    parser.add_argument("--quick", action="store_true", help="small networks")
    options = parser.parse_args()
    print("; ".join(machine.facts().values()), f"python benchmarks/hyperedges.py {' '.join(sys.argv[1:])}", "", sep="\n")
    if "any" in options.only:
        sizes = [(20, 50, 500)] if options.quick else [(100, 300, 10_000), (60, 1_000, 10_000), (60, 1_000, 60_000)]
        works = [(*size, clique) for size in sizes for clique in (False, True)]
        works += [] if options.quick else [(10_000, 1_000, 100_000, False)]
        rows = [in_a_process(shared, *work, options) for work in works]
        show(("", "hyperedges", "ns a delivery", "GB more"), rows)
    if "counting" in options.only:
        size = (50, 20, 200) if options.quick else (10_000, 100, 10_000)
        show(("rule", "ns a source spike and hyperedge", "of these"), in_a_process(rules, *size, options))


if __name__ == "__main__":
    main()
