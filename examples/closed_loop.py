"""A closed loop with `steps`: a controller holds the rate of a population while the world changes.

Every 20 ms the loop counts the spikes of the last piece and moves the current that it injects (an integral controller).
At 2 s a steady inhibiting current begins; the controller makes up for it.

    python examples/closed_loop.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

TARGET, PIECE, GAIN = 20.0, 20.0, 0.4  # Hz; ms; pA a Hz and piece
DISTURBANCE = -150.0  # pA, from 2 s on

net = hsnn.Network(dt=0.1, seed=5)
cells = net.population("cells", 400, hsnn.models.lif_exp())
cells.set(v=hsnn.random.uniform(-70.0, -55.0))
net.drive(cells, hsnn.stimuli.noise(sigma=600.0))
net.drive(cells, hsnn.stimuli.current(DISTURBANCE, start=2000.0))
net.record(cells, "spikes")

current, times, rates, currents = 0.0, [], [], []
for now in net.steps(PIECE, until=4000.0):
    assert net.last_result is not None
    rate = net.last_result.spikes["cells"].rate()
    current += GAIN * (TARGET - rate)
    cells.set(I_e=current)
    times.append(now)
    rates.append(rate)
    currents.append(current)

before, after = np.mean(rates[50:100]), np.mean(rates[150:])
print(f"rate before the disturbance {before:.1f} Hz, long after it {after:.1f} Hz; target {TARGET:g} Hz")
print(f"current {np.mean(currents[50:100]):.0f} pA before, {np.mean(currents[150:]):.0f} pA after")

figure, (above, below) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
above.plot(times, rates, linewidth=0.9)
above.axhline(TARGET, color="black", linestyle="--", label="target")
above.set(ylabel="rate (Hz)")
above.legend(frameon=False, loc="lower right")
below.plot(times, currents, color="#D55E00", label="injected")
below.plot([0, 2000, 2000, 4000], [0, 0, DISTURBANCE, DISTURBANCE], color="0.4", linestyle=":", label="disturbance")
below.set(xlabel="time (ms)", ylabel="current (pA)", xlim=(0, 4000))
below.legend(frameon=False)
figure.savefig("closed_loop.png", dpi=120)
