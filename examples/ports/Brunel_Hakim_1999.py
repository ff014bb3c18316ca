"""Fast global oscillations of sparsely connected inhibitory neurons that fire at low rates (Brunel and Hakim 1999).

After Brian2's `frompapers/Brunel_Hakim_1999.py`.
"""

import matplotlib.pyplot as plt

import hsnn_event as hsnn

N, dt, tau, muext, sigmaext = 5000, 0.1, 20.0, 25.0, 1.0
net = hsnn.Network(dt=dt, seed=1)
cell = hsnn.models.lif_delta(C_m=1.0, tau_m=tau, E_L=muext, V_th=20.0, V_reset=10.0, t_ref=2.0)
group = net.population("group", N, cell)
group.set(v=10.0)
net.connect(group, group, hsnn.connect.bernoulli(1000 / N), weight=-0.1, delay=2.0)
net.drive(group, hsnn.stimuli.noise(sigmaext / (tau * dt) ** 0.5))
net.record(group, "spikes")
spikes = net.run(100.0).spikes["group"]
print(f"mean rate: {spikes.rate():.1f} Hz")
figure, (raster, rate) = plt.subplots(2, 1, layout="constrained")
raster.plot(spikes.times, spikes.ids, ".", markersize=1)
raster.set(xlim=(0, 100), ylabel="neuron")
rate.stairs(spikes.rate(bin=0.5), [0.5 * k for k in range(201)])
rate.set(xlim=(0, 100), xlabel="time (ms)", ylabel="rate (Hz)")
figure.savefig("Brunel_Hakim_1999.png")
