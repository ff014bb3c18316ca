"""What run control costs: trials, callbacks, saving and loading.

    python benchmarks/control.py [--trials 100] [--scale 1.0] [--threads 2] [--only trials,callbacks,files]

Prints, each as the median over repetitions,
- CUBA-4000, trials of 100 ms with one parameter changed each: the wall time of reset, set and run beyond what the
  engine alone takes for the same steps, and the kernels compiled after the first trial;
- CUBA-4000, a callback every 10 ms of model time: the wall time a call, against the same run without callbacks, and
  that of `net.steps`;
- the microcircuit at `--scale`: save, load (which includes building what the next run needs), size of the file.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import hsnn_event as hsnn
from hsnn_event.backends.numba import kernels


def seconds(work) -> float:
    """Wall time of a call."""
    began = perf_counter()
    work()
    return perf_counter() - began


def trials(n_trials: int, threads: int) -> None:
    """Overhead a trial."""
    net = hsnn.networks.brette2007("cuba", seed=1, threads=threads)
    everyone = net["exc"] + net["inh"]
    for population in everyone:
        net.record(population, "spikes")
    net.run(100.0)
    compiled, overhead, simulated = len(kernels._loaded), [], []
    for number in range(n_trials):
        began = perf_counter()
        net.reset(trial=number)
        net["exc"].set(E_L=-49.0 + 0.01 * number)
        result = net.run(100.0)
        overhead.append(perf_counter() - began - result.timing["simulate"])
        simulated.append(result.timing["simulate"])
    print(
        f"trials: {1e3 * median(overhead):.2f} ms overhead a trial beside {1e3 * median(simulated):.1f} ms of simulation, "
        f"{len(kernels._loaded) - compiled} kernels compiled after the first"
    )


def callbacks(threads: int, duration: float = 10_000.0) -> None:
    """Cost of a call: pairs of runs with and without, one after the other, in a network that costs little itself."""
    costs, stepping = [], []
    for _ in range(7):
        net = hsnn.Network(dt=0.1, threads=threads)
        net.population("exc", 100, hsnn.models.lif_exp(I_e=400.0))
        net.run(10.0)
        without = seconds(lambda net=net: net.run(duration))
        net.every(10.0, lambda net: None)
        costs.append((seconds(lambda net=net: net.run(duration)) - without) / (duration / 10.0))
        net.callbacks.clear()
        stepped = seconds(lambda net=net: [None for _ in net.steps(10.0, until=net.t + duration)])
        stepping.append((stepped - without) / (duration / 10.0))
    print(f"callbacks: {1e6 * median(costs):.1f} us a call; net.steps: {1e6 * median(stepping):.1f} us a piece")


def files(scale: float, threads: int) -> None:
    """Save and load of the microcircuit."""
    net = hsnn.networks.microcircuit(scale=scale, threads=threads)
    net.run(1.0)
    net.run(20.0)
    synapses = net._simulation.engine.n_synapses
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.h5"
        saving = seconds(lambda: net.save(path))
        size = path.stat().st_size
        del net
        began = perf_counter()
        net = hsnn.Network.load(path, threads=threads)
        loading = perf_counter() - began
        first = seconds(lambda: net.run(0.1))
    print(
        f"files: microcircuit at scale {scale:g}, {synapses / 1e6:.1f} M synapses: "
        f"save {saving:.2f} s, load {loading:.2f} s, "
        f"first step after it {first:.2f} s, {size / 1e6:.2f} MB"
    )


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="trials,callbacks,files")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if "trials" in wanted:
        trials(options.trials, 1)
    if "callbacks" in wanted:
        for threads in sorted({1, options.threads}):
            print(f"{threads} threads, ", end="")
            callbacks(threads)
    if "files" in wanted:
        files(options.scale, options.threads)


if __name__ == "__main__":
    main()
