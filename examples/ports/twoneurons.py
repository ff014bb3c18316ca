"""Two neurons: the first receives a constant current and drives the second. After NEST's `twoneurons.py`."""

import matplotlib.pyplot as plt

import hsnn_event as hsnn

net = hsnn.Network(dt=0.1)
neurons = net.population("neurons", 2, hsnn.models.lif_alpha())
neurons[0].set(I_e=376.0)
net.connect(neurons[0], neurons[1], hsnn.connect.all_to_all(), weight=20.0, delay=1.0)
net.record(neurons, "v", every=1.0)
v = net.run(1000.0).states["neurons"]["v"]
print(f"highest potential of the second neuron: {v.values[:, 1].max():.3f} mV")
v.plot(label="v (mV)")
plt.savefig("twoneurons.png")
