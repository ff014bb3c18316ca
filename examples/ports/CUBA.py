"""CUBA: 4,000 neurons with exponential currents (Brette et al. 2007, benchmark 2). After Brian2's `CUBA.py`."""

import matplotlib.pyplot as plt

import hsnn_event as hsnn

net = hsnn.Network(dt=0.1, seed=1)
cell = hsnn.models.lif_exp(
    C_m=20.0, tau_m=20.0, E_L=-49.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0, tau_syn={"exc": 5.0, "inh": 10.0}
)
P = net.population("P", 4000, cell)
P.set(v=hsnn.random.uniform(-60.0, -50.0))
net.connect(P[:3200], P, hsnn.connect.bernoulli(0.02), weight=60 * 0.27 / 10, delay=0.1, receptor="exc")
net.connect(P[3200:], P, hsnn.connect.bernoulli(0.02), weight=-20 * 4.5 / 10, delay=0.1, receptor="inh")
net.record(P, "spikes")
spikes = net.run(1000.0).spikes["P"]
print(f"mean rate: {spikes.rate():.2f} Hz")
plt.plot(spikes.times, spikes.ids, ",k")
plt.xlabel("Time (ms)")
plt.ylabel("Neuron index")
plt.savefig("CUBA.png")
