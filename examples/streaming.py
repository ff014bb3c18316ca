"""A long run streamed to disk: memory stays small however long it lasts.

Spikes and a few potentials go into one HDF5 file while the network runs, in pieces of 10 s that continue the recording.
Afterwards the file is opened and read a window at a time, as another program could on another day.

    python examples/streaming.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn
from hsnn_event.analysis.plots import rate_histogram

path = Path("streaming.h5")
path.unlink(missing_ok=True)  # the recording of another run is never overwritten

net = hsnn.Network(dt=0.1, seed=9)
cell = hsnn.models.lif_exp(tau_m=20.0, V_th=-50.0, V_reset=-60.0, tau_syn={"exc": 5.0, "inh": 10.0})
exc, inh = net.population("exc", 800, cell), net.population("inh", 200, cell)
for target in (exc, inh):
    net.connect(exc, target, hsnn.connect.bernoulli(0.1), weight=20.0, delay=1.5, receptor="exc")
    net.connect(inh, target, hsnn.connect.bernoulli(0.1), weight=-80.0, delay=1.5, receptor="inh")
    waves = hsnn.steps(np.arange(0.0, 60_000.0, 5000.0), [4000.0, 5000.0] * 6)  # Hz, changing every 5 s
    net.drive(target, hsnn.stimuli.poisson(waves), weight=15.0, receptor="exc")
net.record(exc, "spikes", to=path)
net.record(exc[:5], "v", every=1.0, to=path)
for _ in range(6):
    net.run(10_000.0)

recording = hsnn.open_recording(path)
spikes = recording.spikes["exc"]
detail = spikes.window(4500.0, 5500.0)
print(f"{len(spikes)} spikes in {recording.model_time / 1000:g} s, a file of {path.stat().st_size / 1e6:.0f} MB")
print(f"rate {spikes.rate():.1f} Hz; {detail.window(4500.0, 5000.0).rate():.1f} Hz before, "
      f"{detail.window(5000.0, 5500.0).rate():.1f} Hz after the step at 5 s")  # fmt: skip

figure, (whole, dots, potentials) = plt.subplots(3, 1, figsize=(8, 8), height_ratios=(1, 2, 1.5), layout="constrained")
rate_histogram(spikes, whole, bin=250.0)
detail[:200].raster(dots)
samples = recording["exc.v"]["v"].window(4500.0, 5500.0)
samples.plot(potentials, label="v (mV), 20 mV apart", offset=20.0)
figure.savefig("streaming.png", dpi=120)
