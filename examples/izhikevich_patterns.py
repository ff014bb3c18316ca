"""The twenty firing patterns of Izhikevich (2004), one neuron each, drawn as in figure 1 of that paper.

The current stands below each trace. Step and scheme are those of the published figure.

    python examples/izhikevich_patterns.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

figure, axes = plt.subplots(5, 4, figsize=(12, 11), layout="constrained")
counts = {}
for ax, name in zip(axes.flat, hsnn.models.IZHIKEVICH_PATTERNS, strict=True):
    pattern = hsnn.models.izhikevich_pattern(name)
    net = hsnn.Network(dt=pattern.dt, threads=1)
    cell = net.population("cell", 1, pattern.model, method=pattern.method)
    net.drive(cell, hsnn.stimuli.current(pattern.current))
    net.record(cell, "spikes")
    net.record(cell, ("v", "I"))
    result = net.run(pattern.duration)

    v, current, spikes = result.states["cell"]["v"], result.states["cell"]["I"].values[:, 0], result.spikes["cell"].times
    counts[name] = len(spikes)
    voltage = v.values[:, 0].copy()
    voltage[np.searchsorted(v.times, spikes - pattern.dt / 2)] = 30.0  # the peak that the reset of the step hides
    ax.plot(v.times, voltage, linewidth=0.8)
    ax.plot(v.times, -100.0 + 10.0 * (current - current.min()) / max(np.ptp(current), 1e-9), color="gray", linewidth=0.8)
    ax.set(title=name.replace("_", " "), ylim=(-105, 35))
    ax.set_axis_off()

print(f"tonic spiking: {counts['tonic_spiking']} spikes, tonic bursting: {counts['tonic_bursting']} spikes")
figure.savefig("izhikevich_patterns.png", dpi=100)
