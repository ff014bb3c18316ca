"""Networks without a clock: what a delivery costs, what rest costs, and from where on a clock is cheaper.

    python benchmarks/exact.py [--only brette quiet schedules threads break-even] [--time 2000] [--runs 5]
    python benchmarks/exact.py --only break-even --plot break-even.png
    python benchmarks/exact.py --quick                                      # does everything work?

Prints a table a section; RTF is wall time / model time, the median of --runs runs after one that is not counted, one thread
unless it says otherwise, spikes recorded.
- brette: benchmark 4 of Brette et al. (2007), ns a delivery.
- quiet: 100,000 and 1,000,000 neurons with 100 synapses each at 0.1 and 0.01 Hz on two threads, each in its own process.
- schedules: benchmark 4 and CUBA without and with a clock, by turns in one process.
- threads: benchmark 4 of ten times the size (40,000 neurons, p 0.002) on one thread and on two, by turns.
- break-even: `lif_delta` and `lif_exp`, 100 synapses each, fired by sources at several rates, without and with a clock (0.1
  ms), by turns: RTF against arrivals a second and neuron, and the number of these at which both cost the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import hsnn_event as hsnn
from hsnn_event.cli import bench, machine
from hsnn_event.networks import brette

COLUMNS = ("RTF (min-max)", "rate Hz", "arrivals a s and neuron", "ns a delivery")
# Weight of a synapse, and of a source: it fires its neuron, once.
MODELS = {"lif_delta": (hsnn.models.lif_delta, 0.05, 1000.0), "lif_exp": (hsnn.models.lif_exp, 2.0, 5000.0)}
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # Hz


class Figures(NamedTuple):
    """Of one network: the RTF of each run, Hz, deliveries a second of model time, neurons."""

    factors: list[float]
    rate: float
    deliveries: float
    n_neurons: int

    @property
    def rtf(self) -> float:
        return median(self.factors)

    def cells(self) -> list[str]:
        """Those of COLUMNS."""
        spread = f"{self.rtf:.4f} ({min(self.factors):.4f}-{max(self.factors):.4f})"
        each = 1e9 * self.rtf / self.deliveries if self.deliveries else float("nan")
        return [spread, f"{self.rate:.3g}", f"{self.deliveries / self.n_neurons:.3g}", f"{each:.1f}"]


def by_turns(networks: Mapping[Any, hsnn.Network], options: argparse.Namespace, time: float) -> dict[Any, Figures]:
    """Run each once, and then all of them, one after the other, `--runs` times."""
    found: dict[Any, list[hsnn.Result]] = {key: [] for key in networks}
    for net in networks.values():
        for population in net.populations.values():
            net.record(population, "spikes")
        net.run(max(options.discard, 1.0))
        net.run(time)
    for _ in range(options.runs):
        for key, net in networks.items():
            found[key].append(net.run(time))
    return {key: figures(networks[key], results) for key, results in found.items()}


def figures(net: hsnn.Network, results: Sequence[hsnn.Result]) -> Figures:
    """Deliveries are spikes times the mean number of synapses of their population's neurons."""
    n = sum(each.size for each in net.populations.values() if each.model.states)
    seconds = sum(result.t_stop - result.t_start for result in results) / 1000.0
    sent = {population.name: 0.0 for population in net.populations.values()}
    for projection in net.projections.values():
        sent[projection.source.name] += projection.n_synapses / projection.source.size
    spikes = {name: sum(len(result.spikes[name]) for result in results) for name in sent}
    fired = sum(spikes[each.name] for each in net.populations.values() if each.model.states)
    deliveries = sum(spikes[name] * sent[name] for name in sent) / seconds
    return Figures([result.rtf for result in results], fired / n / seconds, deliveries, n)


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table, and an empty line."""
    print(machine.table([list(head), *map(list, rows)]), end="\n\n", flush=True)


def one_brette(options: argparse.Namespace) -> None:
    """Benchmark 4."""
    net = hsnn.networks.brette2007("exact", seed=1, threads=1)
    show(("work", *COLUMNS), [["benchmark 4", *by_turns({0: net}, options, options.time)[0].cells()]])


def one_quiet(options: argparse.Namespace, n: int, rate: float) -> tuple[Figures, float]:
    """A network by itself, for its memory (GB)."""
    net = hsnn.networks.quiet(n, 100, rate, seed=1, threads=2)
    return by_turns({0: net}, options, 5 * options.time)[0], bench.peak_memory()


def quiet(options: argparse.Namespace) -> None:
    """Large networks at rest."""
    rows = []
    for n in (1000,) if options.quick else (100_000, 1_000_000):
        busy = None
        for rate in (0.1, 0.01):
            measured, peak = in_a_process(one_quiet, options, n, rate)
            busy = busy or measured.rtf
            rows.append([f"{n:,} x 100", *measured.cells(), f"{peak:.2f}", f"{busy / measured.rtf:.1f}"])
    show(("quiet network", *COLUMNS, "peak GB", "cost at 0.1 Hz / this"), rows)


def schedules(options: argparse.Namespace) -> None:
    """The same networks without a clock and with one."""
    rows = []
    for work, step in (("exact", 0.125), ("cuba", 0.1)):
        made = {dt: hsnn.networks.brette2007(work, seed=1, threads=1, dt=dt) for dt in (None, step)}
        found = by_turns(made, options, options.time)
        for dt, measured in found.items():
            label = "no clock" if dt is None else f"dt {dt:g} ms"
            rows.append([work, label, *measured.cells(), f"{found[None].rtf / measured.rtf:.2f}"])
    show(("work", "schedule", *COLUMNS, "RTF without a clock / this"), rows)


def larger(threads: int, options: argparse.Namespace) -> hsnn.Network:
    """Benchmark 4 of ten times the size; each neuron has as many synapses as before."""
    times = 1 if options.quick else 10
    net = hsnn.Network(dt=None, seed=1, threads=threads)
    model = brette2007_cell()
    parts = [net.population(name, times * n, model) for name, n in (("exc", brette.N_EXC), ("inh", brette.N_INH))]
    for source in parts:
        source.set(v=hsnn.random.uniform(brette.V_RESET, brette.V_TH))
        for target in parts:
            rule = hsnn.connect.bernoulli(brette.PROBABILITY / times)
            net.connect(source, target, rule, weight=brette.EXACT_WEIGHTS[source.name], delay=brette.EXACT_DELAY)
    return net


def brette2007_cell() -> hsnn.NeuronModel:
    """That of benchmark 4."""
    return hsnn.networks.brette2007("exact")["exc"].model


def threads(options: argparse.Namespace) -> None:
    """One thread and two."""
    found = by_turns({n: larger(n, options) for n in (1, 2)}, options, options.time)
    rows = [[str(n), *each.cells(), f"{found[1].rtf / each.rtf:.2f}"] for n, each in found.items()]
    show(("threads", *COLUMNS, "speed-up"), rows)


def relay(model: str, rate: float, dt: float | None, n: int) -> hsnn.Network:
    """Neurons that fire when their sources do; what they send each other stays far below threshold."""
    make, weight, push = MODELS[model]
    net = hsnn.Network(dt=dt, seed=1, threads=1)
    cells, sources = net.population("cells", n, make()), net.population("sources", n, hsnn.models.poisson(rate))
    net.connect(sources, cells, hsnn.connect.one_to_one(), weight=push, delay=1.5)
    net.connect(cells, cells, hsnn.connect.fixed_outdegree(100), weight=weight, delay=1.5)
    return net


def break_even(options: argparse.Namespace) -> None:
    """Both schedules at several rates."""
    n, rows, curves = (500 if options.quick else 10_000), [], {}
    for model in MODELS:
        found = [by_turns({dt: relay(model, rate, dt, n) for dt in (None, 0.1)}, options, options.time) for rate in RATES]
        arrivals = np.array([pair[None].deliveries / n for pair in found])
        curves[model] = arrivals, np.array([[pair[dt].rtf for dt in (None, 0.1)] for pair in found])
        for pair in found:
            rows.append([model, f"{pair[None].deliveries / n:.3g}", f"{pair[None].rtf:.4f}", f"{pair[0.1].rtf:.4f}",
                         f"{pair[0.1].rtf / pair[None].rtf:.2f}"])  # fmt: skip
        print(f"{model}: both cost the same at {crossing(*curves[model]):.0f} arrivals a second and neuron")
    show(("10,000 neurons", "arrivals a s and neuron", "RTF no clock", "RTF dt 0.1 ms", "clock / no clock"), rows)
    if options.plot:
        plot(curves, options.plot)


def crossing(arrivals: np.ndarray, factors: np.ndarray) -> float:
    """Where the curves meet, by interpolation in logarithms; NaN where they do not."""
    ratio = np.log(factors[:, 0] / factors[:, 1])  # rises with the number of arrivals
    after = int(np.argmax(ratio > 0.0))
    if after == 0:
        return float("nan")
    x, y = np.log(arrivals[after - 1 : after + 1]), ratio[after - 1 : after + 1]
    return float(np.exp(x[0] - y[0] * (x[1] - x[0]) / (y[1] - y[0])))


def plot(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], path: str) -> None:
    """The picture of `break_even`."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(curves), figsize=(9, 3.5), sharey=True, layout="constrained", squeeze=False)
    for panel, (model, (arrivals, factors)) in zip(axes[0], curves.items(), strict=True):
        panel.loglog(arrivals, factors[:, 0], "o-", label="no clock")
        panel.loglog(arrivals, factors[:, 1], "s-", color="#D55E00", label="dt = 0.1 ms")
        panel.axvline(crossing(arrivals, factors), color="0.6", linestyle=":")
        panel.set(title=model, xlabel="arrivals a second and neuron")
    axes[0, 0].set(ylabel="wall time / model time, 10,000 neurons")
    axes[0, 0].legend(frameon=False)
    figure.savefig(path, dpi=120)


def in_a_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives in a new process, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


SECTIONS = {"brette": one_brette, "quiet": quiet, "schedules": schedules, "threads": threads, "break-even": break_even}


def main() -> None:
    """Read the command line; measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--time", type=float, default=2000.0, metavar="MS", help="of a run; five times that in quiet")
    parser.add_argument("--discard", type=float, default=500.0, metavar="MS", help="before, not counted")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--plot", metavar="FILE", help="the picture of break-even (extra plot)")
    parser.add_argument("--quick", action="store_true", help="one short run of small networks")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(runs=1, time=100.0, discard=1.0)
    print("; ".join(machine.facts().values()))
    print(f"python benchmarks/exact.py {' '.join(sys.argv[1:])}", end="\n\n")
    for name, section in SECTIONS.items():
        if name == "quiet" and name in options.only:
            section(options)  # makes processes of its own, while this one is still small
        elif name in options.only:
            in_a_process(section, options)


if __name__ == "__main__":
    main()
