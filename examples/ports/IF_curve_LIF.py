"""Input-frequency curve of 1,000 unconnected leaky integrate-and-fire neurons. After Brian2's `IF_curve_LIF.py`."""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

v0 = np.linspace(0.0, 20.0, 1000)
net = hsnn.Network(dt=0.1)
group = net.population("group", 1000, hsnn.models.lif_delta(tau_m=10.0, E_L=v0, V_th=10.0, V_reset=0.0, t_ref=5.0))
group.set(v=0.0)
net.record(group, "spikes")
rates = net.run(1000.0).spikes["group"].rates()
print(f"rate at 20 mV: {rates[-1]:.0f} Hz")
plt.plot(v0, rates)
plt.xlabel("v0 (mV)")
plt.ylabel("Firing rate (Hz)")
plt.savefig("IF_curve_LIF.png")
