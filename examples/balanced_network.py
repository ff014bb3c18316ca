"""A balanced network: irregular firing out of fixed connections and steady input (van Vreeswijk and Sompolinsky 1996).

2,000 excitatory and 500 inhibitory neurons; each receives 200 and 50 synapses. Excitation alone would drive every neuron
far above threshold; inhibition cancels its mean and leaves the fluctuations, so that neurons fire nearly as Poisson
processes do.

    python examples/balanced_network.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn
from hsnn_event.analysis.plots import rate_histogram

J, g = 0.4, 6.0  # mV a spike; inhibition relative to excitation

net = hsnn.Network(dt=0.1, seed=7)
cell = hsnn.models.lif_delta(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)
exc, inh = net.population("exc", 2000, cell), net.population("inh", 500, cell)
everyone = exc + inh
everyone.set(v=hsnn.random.uniform(0.0, 20.0))
net.connect(exc, everyone, hsnn.connect.fixed_indegree(200), weight=J, delay=hsnn.random.uniform(0.5, 3.0))
net.connect(inh, everyone, hsnn.connect.fixed_indegree(50), weight=-g * J, delay=hsnn.random.uniform(0.5, 3.0))
net.drive(everyone, hsnn.stimuli.poisson(rate=3000.0), weight=J)
net.record(everyone, "spikes")

net.run(200.0)  # the start is not looked at
result = net.run(1000.0)
spikes = result.spikes["exc"]
cv = spikes.cv()
correlations = spikes[:200].correlations(bin=10.0)  # of every pair
print(f"rates: exc {spikes.rate():.1f} Hz, inh {result.spikes['inh'].rate():.1f} Hz")
print(f"CV of intervals: {np.nanmean(cv):.2f}; correlation of spike counts: {np.nanmean(correlations):.3f}")

figure, (dots, rate, intervals) = plt.subplots(3, 1, figsize=(8, 8), height_ratios=(3, 1, 1.5), layout="constrained")
window = spikes.window(200.0, 500.0)
window[:100].raster(dots)
dots.set(ylabel="excitatory neuron", title="100 of 2,000 excitatory neurons")
rate_histogram(window, rate, bin=2.0)
intervals.hist(cv[~np.isnan(cv)], bins=np.linspace(0.0, 1.6, 33), color="0.4")
intervals.axvline(1.0, color="black", linestyle="--", label="Poisson process")
intervals.set(xlabel="CV of the intervals of a neuron", ylabel="neurons")
intervals.legend(frameon=False)
figure.savefig("balanced_network.png", dpi=120)
