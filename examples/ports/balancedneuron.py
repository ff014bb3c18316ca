"""The inhibitory rate at which a neuron fires as fast as those that excite it, found by bisection.

After NEST's `balancedneuron.py` (Eppler et al. 2009).
"""

import matplotlib.pyplot as plt
from scipy.optimize import bisect

import hsnn_event as hsnn

t_sim = 25000.0  # how long we simulate
n_ex, n_in = 16000, 4000  # sizes of the excitatory and the inhibitory population
r_ex = 5.0  # mean rate of the excitatory population
epsc, ipsc = 45.0, -45.0  # peak amplitudes of synaptic currents
lower, upper, prec = 15.0, 25.0, 0.01  # the search interval, and how close the rates need to be


def simulate(r_in: float) -> hsnn.Result:
    net = hsnn.Network(dt=0.1, seed=1)
    neuron = net.population("neuron", 1, hsnn.models.lif_alpha())
    net.drive(neuron, hsnn.stimuli.poisson(n_ex * r_ex), weight=epsc)
    net.drive(neuron, hsnn.stimuli.poisson(n_in * r_in), weight=ipsc)
    net.record(neuron, "spikes")
    net.record(neuron, "v", every=1.0)
    result = net.run(t_sim)
    print(f"inhibitory rate {r_in:5.2f} Hz -> neuron rate {result.spikes['neuron'].rate():5.2f} Hz (goal: {r_ex:4.2f} Hz)")
    return result


in_rate = bisect(lambda rate: simulate(rate).spikes["neuron"].rate() - r_ex, lower, upper, xtol=prec)
print(f"Optimal rate for the inhibitory population: {in_rate:.2f} Hz")
simulate(in_rate).states["neuron"]["v"].plot(label="v (mV)")
plt.savefig("balancedneuron.png")
