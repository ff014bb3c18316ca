"""A synfire chain: volleys of spikes that survive from group to group, or die out (Diesmann, Gewaltig and Aertsen 1999).

Each of 100 neurons of a group reaches all of the next group. Noise alone makes neurons fire at about 1 Hz. A volley enters
the first group as `a` spikes, spread normally with a standard deviation sigma: strong and narrow ones become packets of all
100 neurons within a fraction of a millisecond, weak or wide ones vanish (Nature 402:529, doi 10.1038/990101). The chain is
one group, added ten times. Neurons are in the manner of the paper; the noise is white here.

    python examples/synfire_chain.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

GROUPS, SIZE, DURATION = 10, 100, 200.0  # groups; neurons of each; ms
START, HOP = 60.0, 5.0  # ms: when the volley enters, and the delay from group to group
WEIGHT = 45.0  # pA at the peak: a spike lifts the potential by 0.14 mV
CELL = hsnn.models.lif_alpha(tau_m=10.0, tau_syn=0.325, E_L=-70.0, V_th=-55.0, V_reset=-70.0, t_ref=1.0, I_e=165.0)


def chain(a: int, sigma: float) -> list[hsnn.SpikeData]:
    """The spikes of each group where a volley of `a` spikes enters the first."""
    group = hsnn.Network(dt=0.1)
    cells = group.population("cells", SIZE, CELL)
    cells.set(v=hsnn.random.uniform(-66.0, -58.0))
    group.drive(cells, hsnn.stimuli.noise(1000.0))  # pA, anew in each step
    group.record(cells, "spikes")
    group.port("cells", cells)

    net = hsnn.Network(dt=0.1, seed=1)
    links = [net.add(group, f"group{number}").ports["cells"] for number in range(GROUPS)]
    times = np.round(np.random.default_rng(1).normal(START, sigma, a), 1)
    volley = net.population("volley", a, hsnn.models.spike_source(times, np.arange(a)))
    table = {"source": [volley, *links[:-1]], "target": links}
    net.connect_table(table, rule="all_to_all", weight=WEIGHT, delay=HOP)
    result = net.run(DURATION)
    return [result[part.records["cells.spikes"]] for part in net.parts.values()]


figure, axes = plt.subplots(1, 3, figsize=(11, 4), sharey=True, layout="constrained")
for ax, (a, sigma) in zip(axes, ((90, 1.0), (50, 1.0), (90, 5.0)), strict=True):
    groups = chain(a, sigma)
    packets = [int(spikes.counts(1.0)[int(START) :].max()) for spikes in groups]  # spikes within one millisecond
    fate = "survives" if packets[-1] > SIZE / 2 else "dies"
    print(f"{a} spikes, sigma {sigma:g} ms: {fate}; packets of {packets[0]}, {packets[1]}, ... and {packets[-1]} spikes")
    for number, spikes in enumerate(groups):
        ax.plot(spikes.times, spikes.ids + number * SIZE, "k,")
    ax.set(title=f"{a} spikes, $\\sigma$ = {sigma:g} ms: {fate}", xlabel="time (ms)", xlim=(START - 20, DURATION))
axes[0].set(ylabel="neuron, group by group")
figure.savefig("synfire_chain.png", dpi=120)
