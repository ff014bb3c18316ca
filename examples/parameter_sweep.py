"""A parameter sweep with trials: how inhibition tames a network, with error bars over trials.

The network is built once. Between runs `projection.set` gives other weights and `net.reset(trial=...)` goes back to time
0 with other noise: nothing is connected or compiled again. Trial 3 of one weight gives the same alone as in the loop.

    python examples/parameter_sweep.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

J = 0.5  # mV
RATIOS = (3.0, 4.0, 4.5, 5.0, 6.0, 8.0)  # inhibition relative to excitation
TRIALS = 4

net = hsnn.Network(dt=0.1, seed=3)
cell = hsnn.models.lif_delta(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)
exc, inh = net.population("exc", 800, cell), net.population("inh", 200, cell)
for target in (exc, inh):
    net.connect(exc, target, hsnn.connect.fixed_indegree(80), weight=J, delay=1.5, name=f"excites_{target.name}")
    net.connect(inh, target, hsnn.connect.fixed_indegree(20), weight=-4 * J, delay=1.5, name=f"inhibits_{target.name}")
net.drive(exc + inh, hsnn.stimuli.poisson(rate=2500.0), weight=J)
net.record(exc, "spikes")

rates, cvs = np.empty((len(RATIOS), TRIALS)), np.empty((len(RATIOS), TRIALS))
for row, g in enumerate(RATIOS):
    net.projections["inhibits_exc"].set(weight=-g * J)
    net.projections["inhibits_inh"].set(weight=-g * J)
    for trial in range(TRIALS):
        net.reset(trial=trial)
        spikes = net.run(500.0).spikes["exc"].window(100.0, 500.0)
        rates[row, trial], cvs[row, trial] = spikes.rate(), np.nanmean(spikes.cv())
    print(f"g = {g:g}: {rates[row].mean():.1f} +- {rates[row].std(ddof=1):.1f} Hz, CV {cvs[row].mean():.2f}")

figure, (rate, irregularity) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, values, label in ((rate, rates, "rate (Hz)"), (irregularity, cvs, "CV of intervals")):
    ax.errorbar(RATIOS, values.mean(axis=1), values.std(axis=1, ddof=1), marker="o", capsize=4)
    ax.set(xlabel="inhibition relative to excitation, g", ylabel=label)
    ax.set_ylim(bottom=0)
figure.suptitle(f"mean and standard deviation of {TRIALS} trials")
figure.savefig("parameter_sweep.png", dpi=120)
