"""What sources and stimuli cost: microseconds of processor time a step of 0.1 ms, one thread.

    python benchmarks/stimuli.py

prints a row for each number and rate of Poisson sources (one rate for all, and one each), and for each stimulus of
10,000 neurons, with the neurons alone as the row to compare with.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import hsnn_event as hsnn

N, N_STEPS = 10_000, 2000
RATES = (0.0, 1.0, 15.0, 100.0, 1000.0)


def cost(declare: Callable[[hsnn.Network], object]) -> float:
    """Microseconds a step, the best of three runs."""
    net = hsnn.Network(dt=0.1, seed=1, threads=1)
    declare(net)
    net.run(1.0)
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        net.run(N_STEPS * 0.1)
        best = min(best, time.process_time() - began)
    return best / N_STEPS * 1e6


def driven(stimulus: hsnn.stimuli.Stimulus) -> Callable[[hsnn.Network], object]:
    """Neurons with a stimulus of their own."""
    return lambda net: net.drive(net.population("cells", N, hsnn.models.lif_exp()), stimulus)


def main() -> None:
    """Print the table."""
    print(f"{'sources':>8}{'Hz':>8}{'one rate':>12}{'one each':>12}   us a step")
    for size in (902, 10_000, 100_000):
        for rate in RATES:
            each = np.linspace(0.0, rate, size)
            costs = [cost(lambda net, r=r, n=size: net.population("s", n, hsnn.models.poisson(r))) for r in (rate, each)]
            print(f"{size:>8,}{rate:>8g}{costs[0]:>12.2f}{costs[1]:>12.2f}", flush=True)
    rates = np.linspace(7000.0, 9000.0, N)
    times = np.round(np.sort(np.random.default_rng(1).uniform(0.1, 600.0, 10 * N)), 1)
    stimuli = {
        "poisson, one rate": hsnn.stimuli.poisson(8000.0),
        "poisson, a rate each": hsnn.stimuli.poisson(rates),
        "poisson, 1,000 steps": hsnn.stimuli.poisson(hsnn.steps(np.arange(1000.0), np.linspace(7000.0, 9000.0, 1000))),
        "noise, every 1 ms": hsnn.stimuli.noise(1.0, every=1.0),
        "noise, each step": hsnn.stimuli.noise(1.0),
        "spikes, 17 a step": hsnn.stimuli.spikes(times, np.arange(10 * N) % N),
    }
    alone = cost(lambda net: net.population("cells", N, hsnn.models.lif_exp()))
    print(f"\n{f'{N:,} lif_exp alone':<26}{alone:>10.2f}   us a step")
    for name, stimulus in stimuli.items():
        print(f"{name:<26}{cost(driven(stimulus)):>10.2f}", flush=True)


if __name__ == "__main__":
    main()
