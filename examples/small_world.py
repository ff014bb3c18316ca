"""A small world and its avalanches: one kick now and then, and what follows of it.

Neurons without a leak are kicked so rarely that the network falls silent in between. A spike brings a neuron nearer to its
threshold by 0.95 / k, so that each causes 0.95 others on average; an avalanche is what happens between two silent steps.
Sizes follow a power law with an exponent near 3/2 (Beggs and Plenz 2003) up to a largest one. On a ring avalanches meet
neurons that have just fired, and die young; the more connections are rewired, the larger they grow.

    python examples/small_world.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

N, K, DURATION = 2000, 20, 200_000.0  # neurons; targets of each; ms


def avalanches(p: float) -> np.ndarray:
    """Sizes: spikes between two silent steps of 1 ms."""
    net = hsnn.Network(dt=1.0, seed=1)
    cells = net.population("cells", N, hsnn.models.lif_delta(tau_m=1e9, E_L=0.0, V_th=1.0, V_reset=0.0, t_ref=2.0))
    cells.set(v=hsnn.random.uniform(0.0, 1.0))
    net.connect(cells, cells, hsnn.connect.small_world(K, p), weight=0.95 / K, delay=1.0)
    net.drive(cells, hsnn.stimuli.poisson(rate=0.1), weight=0.05)
    net.record(cells, "spikes")
    counts = net.run(DURATION).spikes["cells"].counts(1.0)
    ends = np.flatnonzero(np.diff(np.append(counts, 0) > 0, prepend=False))  # where activity begins and ends, in turn
    return np.diff(np.concatenate(([0], np.cumsum(counts)))[ends])[::2]


figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
for p, color in ((0.0, "#D55E00"), (0.1, "#0072B2"), (1.0, "0.4")):
    sizes = np.sort(avalanches(p))
    exponent = 1.0 + len(sizes) / np.log(sizes / 0.5).sum()  # Clauset et al. (2009), equation 3.7
    print(f"p = {p:g}: {len(sizes)} avalanches, mean size {sizes.mean():.1f}, largest {sizes[-1]}, exponent {exponent:.2f}")
    axes.loglog(sizes, 1.0 - np.arange(len(sizes)) / len(sizes), color=color, label=f"p = {p:g}")
axes.loglog([1, 1000], [1, 1000**-0.5], "k:", linewidth=1, label="exponent 3/2")
axes.set(xlabel="size of an avalanche (spikes)", ylabel="share of avalanches at least as large")
axes.legend()
figure.savefig("small_world.png", dpi=120)
