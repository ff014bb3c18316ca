"""What neurons cost by themselves: Hodgkin and Huxley's kind in a network, AdEx alone, gap junctions, a model of one's own.

    python benchmarks/neurons.py [--only hh accuracy adex lattice own] [--runs 5]
    python benchmarks/neurons.py --quick                                    # does everything work?

Prints a table a section: medians (and least - most) of --runs runs after one that is not counted, one thread unless it says
otherwise, each section in a process of its own.
- hh: benchmark 3 of Brette et al. (2007), dt 0.1 ms, RTF (wall time / model time) by method.
- adex: 100,000 uncoupled neurons, ns a neuron and step.
- lattice: `gap_lattice` of radius 2 on two threads, ms a step.
- accuracy: the potential of Hodgkin and Huxley's axon through two spikes against rk4 at 0.005 ms, largest difference by dt.
- own: four equations from the library and the same ones written down by a user, by turns.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np
from exact import in_a_process, show

import hsnn_event as hsnn
from hsnn_event.cli import machine
from hsnn_event.networks import brette

METHODS = ("strang", "exponential_midpoint", "exponential_euler")


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Median (least - most)."""
    return f"{median(values):.{digits}g} ({min(values):.{digits}g}-{max(values):.{digits}g})"


def seconds(net: hsnn.Network, time: float, runs: int) -> list[float]:
    """Of wall time that runs of `time` ms take."""
    net.run(time)
    return [net.run(time).timing["simulate"] for _ in range(runs)]


def hodgkin_huxley(method: str, quick: bool) -> hsnn.Network:
    """Benchmark 3 of Brette et al. (2007), by a method."""
    net = hsnn.Network(dt=0.1, seed=1, threads=1)
    parts = [net.population(name, n // (20 if quick else 1), hsnn.models.traub_miles(), method=method)
             for name, n in (("exc", brette.N_EXC), ("inh", brette.N_INH))]  # fmt: skip
    for source in parts:
        source.set(**brette.HH_START)
        net.record(source, "spikes")
        for target in parts:
            net.connect(source, target, hsnn.connect.bernoulli(brette.PROBABILITY), delay=0.1, receptor=source.name,
                        weight=brette.COBA_WEIGHTS[source.name])  # fmt: skip
    return net


def hh(options: argparse.Namespace) -> None:
    """Benchmark 3 by several methods."""
    rows, time = [], 20.0 if options.quick else 500.0
    for method in METHODS:
        net = hodgkin_huxley(method, options.quick)
        taken = seconds(net, time, options.runs)
        n = sum(each.size for each in net.populations.values())
        last = net.last_result
        rate = 1000.0 * sum(len(last.spikes[name]) for name in net.populations) / n / time
        cost = [1e9 * each / n / (time / 0.1) for each in taken]
        rows.append([method, spread([1000.0 * each / time for each in taken]), f"{rate:.3g}", spread(cost)])
    show(("HH-COBA-4000", "RTF", "rate Hz", "ns a neuron and step"), rows)


def potential(method: str, dt: float) -> np.ndarray:
    """Of the axon, every 0.1 ms for 20 ms at 10 uA/cm2."""
    net = hsnn.Network(dt=dt, threads=1)
    axon = net.population("axon", 1, hsnn.models.hodgkin_huxley(I_e=10.0), method=method)
    trace = net.record(axon, "v", every=0.1)
    values: np.ndarray = net.run(20.0)[trace]["v"].values[:, 0]
    return values


def accuracy(options: argparse.Namespace) -> None:
    """What a step costs in accuracy, by several methods."""
    steps = (0.1,) if options.quick else (0.1, 0.05, 0.025)
    true = potential("rk4", 0.005)
    rows = [[method, *(f"{np.abs(potential(method, dt) - true).max():.3g}" for dt in steps)] for method in METHODS]
    show(("largest error of v, mV", *(f"dt {dt:g} ms" for dt in steps)), rows)


def adex(options: argparse.Namespace) -> None:
    """Uncoupled neurons that fire by a current."""
    n, time = (1000, 5.0) if options.quick else (100_000, 50.0)
    net = hsnn.Network(dt=0.1, seed=1, threads=1)
    cells = net.population("cells", n, hsnn.models.adex())
    cells.set(v=hsnn.random.uniform(-70.0, -55.0))
    net.drive(cells, hsnn.stimuli.current(1000.0))
    net.record(cells, "spikes")
    taken = seconds(net, time, options.runs)
    rate = 1000.0 * len(net.last_result.spikes["cells"]) / n / time
    cost = spread([1e9 * each / n / (time / 0.1) for each in taken])
    show((f"AdEx, {n:,} neurons: ns a neuron and step", "rate Hz"), [[cost, f"{rate:.3g}"]])


def lattice(options: argparse.Namespace) -> None:
    """Gap junctions, lattices of several sizes."""
    rows = []
    for side in (10,) if options.quick else (32, 100, 316, 1000):
        net = hsnn.networks.gap_lattice(side, side, 2, seed=1, threads=2)
        steps = max(20, min(5000, 20_000_000 // side**2 // 10))
        taken = seconds(net, steps * net.dt, options.runs)
        rows.append([f"{side} x {side}", spread([1000.0 * each / steps for each in taken])])
    show(("gap_lattice, radius 2", "ms a step"), rows)


def own(options: argparse.Namespace) -> None:
    """The library's model of Hodgkin and Huxley, and its equations in a model of one's own."""
    n, time = (1000, 5.0) if options.quick else (20_000, 20.0)
    library = hsnn.models.hodgkin_huxley(I_e=10.0)
    mine = hsnn.NeuronModel(
        name="mine", parameters={"C": 1.0, "I_e": 10.0}, states={"v": -65.0, "m": 0.053, "h": 0.596, "n": 0.318},
        dynamics={
            "v": "(I_e + 120*m**3*h*(50 - v) + 36*n**4*(-77 - v) + 0.3*(-54.387 - v))/C",
            "m": "(1 - m)/exprel(-(v + 40)/10) - 4*exp(-(v + 65)/18)*m",
            "h": "0.07*exp(-(v + 65)/20)*(1 - h) - h/(1 + exp(-(v + 35)/10))",
            "n": "0.1*(1 - n)/exprel(-(v + 55)/10) - 0.125*exp(-(v + 65)/80)*n",
        },
        threshold="v >= 0", detection="crossing",
    )  # fmt: skip
    nets = {}
    for name, model in (("library", library), ("own", mine)):
        net = hsnn.Network(dt=0.02, seed=1, threads=1)
        cells = net.population("cells", n, replace(model, name=name))
        cells.set(v=hsnn.random.uniform(-70.0, -55.0))
        net.run(time)
        nets[name] = net
    taken: dict[str, list[float]] = {name: [] for name in nets}
    for _ in range(options.runs):
        for name, net in nets.items():
            taken[name].append(net.run(time).timing["simulate"])
    ratio = median(np.array(taken["own"]) / np.array(taken["library"]))
    rows = [[name, spread([1e9 * each / n / (time / 0.02) for each in values])] for name, values in taken.items()]
    show(("4 equations", "ns a neuron and step"), [*rows, ["own / library", f"{ratio:.3f}"]])


SECTIONS = {"hh": hh, "accuracy": accuracy, "adex": adex, "lattice": lattice, "own": own}


def main() -> None:
    """Read the command line; measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one short run of few neurons")
    options = parser.parse_args()
    if options.quick:
        options.runs = 1
    print("; ".join(machine.facts().values()))
    print(f"python benchmarks/neurons.py {' '.join(sys.argv[1:])}", end="\n\n")
    for name in options.only:
        in_a_process(SECTIONS[name], options)


if __name__ == "__main__":
    main()
