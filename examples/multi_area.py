"""Four cortical areas in a line: a burst in the first one runs through all of them, area by area.

Each area is the same circuit of 1,000 neurons, added under its own name. Axons between areas carry spikes at 3.5 mm/ms over
10 mm, so that the next area answers about 3 ms later. Inhibition, which long-range axons reach more strongly, ends each
answer at once. Averages are over stimuli 100 ms apart.

    python examples/multi_area.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

ONSETS = np.arange(200.0, 2200.0, 100.0)
WINDOW = np.arange(-10, 30)  # ms around an onset

net = hsnn.networks.multi_area(4, seed=1)
first = net.parts["A0"].ports["exc"]
for onset in ONSETS:
    net.drive(first, hsnn.stimuli.poisson(rate=6000.0, start=onset, stop=onset + 5.0), weight=250.0)
for area in net.parts.values():
    net.record(area["exc"], "spikes")
result = net.run(2300.0)

figure, (raster, answers) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
peaks = []
for number, area in enumerate(net.parts.values()):
    spikes = result.spikes[area["exc"].name]
    counts = spikes.counts(1.0)
    mean = np.mean([counts[WINDOW + int(onset)] for onset in ONSETS], axis=0) / area["exc"].size * 1000.0
    peaks.append(WINDOW[mean.argmax()])
    print(f"{area.prefix}: {np.mean(spikes.rate()):.1f} Hz; answers with {mean.max():.0f} Hz after {peaks[-1]} ms")
    answers.plot(WINDOW, mean, label=area.prefix)
    shown = (spikes.times > ONSETS[0] - 10) & (spikes.times < ONSETS[0] + 30)
    raster.plot(spikes.times[shown] - ONSETS[0], spikes.ids[shown] + number * area["exc"].size, ",")
print(f"the burst needs {peaks[2] - peaks[1]} ms from the second to the third area")

raster.set(xlabel="time after the first stimulus (ms)", ylabel="excitatory neuron, area by area")
answers.set(xlabel="time after the stimulus (ms)", ylabel="mean rate (Hz)", yscale="symlog")
answers.legend()
figure.savefig("multi_area.png", dpi=120)
