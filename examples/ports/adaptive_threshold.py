"""A threshold that rises with each spike, and the voltages that reach it. After Brian2's `adaptive_threshold.py`."""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

model = hsnn.NeuronModel(
    name="adaptive_threshold",
    states={"v": 0.0, "vt": 10.0, "crossed": 0.0},
    dynamics={"v": "-v/10", "vt": "(10 - vt)/15"},
    receptors={"default": {"v": "v + weight"}},
    threshold="v > vt",
    reset={"v": "0", "vt": "vt + 3", "crossed": "v"},
)
net = hsnn.Network(dt=0.1, seed=1)
IF = net.population("IF", 1, model)
PG = net.population("PG", 1, hsnn.models.poisson(rate=500.0))
net.connect(PG, IF, hsnn.connect.all_to_all(), weight=3.0, delay=0.1)
net.record(IF, "spikes")
net.record(IF, ("v", "vt", "crossed"))
result = net.run(2000.0)
M, spikes = result.states["IF"], result.spikes["IF"]
crossings = M["crossed"].values[np.searchsorted(M["v"].times, spikes.times), 0]
print(f"{len(spikes)} spikes, mean v at crossing {crossings.mean():.1f} mV")
figure, (traces, counts) = plt.subplots(1, 2, layout="constrained")
traces.plot(M["v"].times, M["v"].values)
traces.plot(M["vt"].times, M["vt"].values)
traces.set(xlabel="t (ms)", ylabel="v (mV)", xlim=(0, 100))
counts.hist(crossings, bins=np.arange(10, 20, 0.5).tolist())
counts.set(xlabel="v at threshold crossing (mV)", ylabel="spikes")
figure.savefig("adaptive_threshold.png")
