"""Three Izhikevich neurons: a steady current, spikes, a pulse of current. After PyNN's `Izhikevich.py`."""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

net = hsnn.Network(dt=0.01)
neurons = net.population("neurons", 3, hsnn.models.izhikevich(a=0.02, b=0.2, c=-65.0, d=6.0))
neurons.set(v=-70.0, u=-14.0)
spike_source = net.population("spike_source", 1, hsnn.models.spike_source(np.arange(10.0, 51.0)))
net.connect(spike_source, neurons[1:2], hsnn.connect.one_to_one(), weight=3.0, delay=1.0)
net.drive(neurons[:1], hsnn.stimuli.current(14.0))
net.drive(neurons[2:], hsnn.stimuli.current(14.0, start=2.0, stop=92.0))
net.record(neurons, "v")
net.record(neurons, "spikes")
result = net.run(100.0)
result.save("Izhikevich.h5")
print("spikes:", *np.bincount(result.spikes["neurons"].ids, minlength=3))
result.states["neurons"]["v"].plot(label="Membrane potential (mV)")
plt.savefig("Izhikevich.png")
