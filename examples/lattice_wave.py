"""A wave on a sheet: a kick in the middle spreads as a ring, as fast as spikes travel from neuron to neuron.

Neurons of an excitable sheet reach all others within 0.25 mm, and a spike takes 0.5 ms and another 10 ms for each mm. They
are silent by themselves and rest for 20 ms after a spike, so that the ring leaves a silent sheet behind it, and each
neuron fires once. The front is slower than the spikes, 0.03 against 0.1 mm/ms, since membranes take their time too.

    python examples/lattice_wave.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

net = hsnn.Network(dt=0.1, seed=1)
cell = hsnn.models.lif_exp(tau_m=10.0, V_th=-50.0, V_reset=-70.0, t_ref=20.0)
sheet = net.population("sheet", hsnn.lattice((81, 81), spacing=0.05), cell)
delay = hsnn.distance_delay(velocity=0.1, offset=0.5)
net.connect(sheet, sheet, hsnn.connect.radius(0.25), weight=200.0, delay=delay)

away = np.linalg.norm(sheet.positions - (2.0, 2.0), axis=1)  # mm from the middle
net.drive(sheet[away < 0.2], hsnn.stimuli.spikes([1.0]), weight=6000.0)
net.record(sheet, "spikes")
net.record(sheet, "v", every=1.0)
result = net.run(60.0)

spikes = result.spikes["sheet"]
arrival = np.full(sheet.size, np.nan)
arrival[spikes.ids[::-1]] = spikes.times[::-1]  # the first spike of each neuron
ring = (away > 0.5) & (away < 1.5)
speed = 1.0 / np.polyfit(away[ring], arrival[ring], 1)[0]
print(f"{len(spikes)} spikes, {np.bincount(spikes.ids).max()} a neuron at most; front {speed:.4f} mm/ms")

images = result.states["sheet"]["v"].grid()  # (time, row, column)
figure, axes = plt.subplots(1, 4, figsize=(11, 3.1), layout="constrained")
for axis, time in zip(axes, (6, 14, 22, 30), strict=True):
    drawn = axis.imshow(images[time - 1], origin="lower", extent=(0.0, 4.05, 0.0, 4.05), vmin=-70.0, vmax=-50.0)
    axis.set(title=f"{time} ms", xlabel="mm")
figure.colorbar(drawn, ax=axes, label="v (mV)")
figure.savefig("lattice_wave.png", dpi=120)
