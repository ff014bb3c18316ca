"""The same network on both schedules, spike by spike: a clock converges to the spikes that need none.

80 excitatory and 20 inhibitory neurons with the parameters of benchmark 4 of Brette et al. (2007). Without a clock a spike
is when the potential crosses the threshold; on a clock it is at the end of the step in which that happens. What is late by a
part of a step makes others late: differences shrink with the step and grow with time, until a neuron that should have fired
is inhibited first; from there on the network takes another course. Trains with another number of spikes are counted apart.

    python examples/exact_and_clock.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

STEPS = [0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]  # ms
DURATION = 200.0


def spikes(dt: float | None) -> list[np.ndarray]:
    """The trains of all neurons, as a list of arrays."""
    net = hsnn.Network(dt=dt, seed=4)
    cell = hsnn.models.lif_delta(tau_m=20.0, E_L=-49.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0)
    exc, inh = net.population("exc", 80, cell), net.population("inh", 20, cell)
    (exc + inh).set(v=hsnn.random.uniform(-60.0, -50.0))
    for source, weight in ((exc, 0.25), (inh, -2.25)):
        net.connect(source, exc + inh, hsnn.connect.fixed_indegree(8), weight=weight, delay=0.8)
    net.record(exc + inh, "spikes")
    result = net.run(DURATION)
    return [train for each in result.spikes.values() for train in each.trains()]


exact, late, odd = spikes(None), {}, {}
for dt in STEPS:
    pairs = [(ours, theirs) for ours, theirs in zip(spikes(dt), exact, strict=True) if len(ours) == len(theirs)]
    odd[dt] = len(exact) - len(pairs)
    times = np.concatenate([theirs for _, theirs in pairs])
    late[dt] = times, np.abs(np.concatenate([ours for ours, _ in pairs]) - times)
    print(f"dt {dt:g} ms: {late[dt][1].mean():.5f} ms apart on average; {odd[dt]} of 100 trains have another length")

figure, (dots, error) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for dt in (0.1, 0.01, 0.001):
    dots.semilogy(*late[dt], ".", markersize=4, label=f"dt = {dt:g} ms")
dots.set(xlabel="time of the spike (ms)", ylabel="difference from the exact time (ms)", ylim=(1e-5, 3.0))
dots.legend(loc="lower right", fontsize="small", ncols=3, columnspacing=0.8, handletextpad=0.1)
error.loglog(STEPS, [late[dt][1].mean() for dt in STEPS], "o-", label="mean difference")
error.loglog(STEPS, np.array(STEPS) / 2, "--", color="0.5", label="half a step")
error.set(xlabel="step (ms)", ylabel="ms")
error.legend(frameon=False)
figure.savefig("exact_and_clock.png", dpi=120)
