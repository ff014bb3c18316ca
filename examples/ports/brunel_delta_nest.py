"""The sparsely connected network of Brunel (2000) with delta synapses. After NEST's `brunel_delta_nest.py`."""

import matplotlib.pyplot as plt

import hsnn_event as hsnn

simtime, delay = 1000.0, 1.5  # ms
g, eta, epsilon = 5.0, 2.0, 0.1  # relative inhibition, relative external rate, connection probability
order, N_rec = 2500, 50
NE, NI = 4 * order, order
CE, CI = int(epsilon * NE), int(epsilon * NI)
tauMem, theta, J = 20.0, 20.0, 0.1  # ms, mV, mV
p_rate = 1000.0 * eta * theta / (J * tauMem)  # Hz

net = hsnn.Network(dt=0.1, seed=1)
cell = hsnn.models.lif_delta(C_m=1.0, tau_m=tauMem, t_ref=2.0, E_L=0.0, V_reset=0.0, V_th=theta)
exc, inh = net.population("exc", NE, cell), net.population("inh", NI, cell)
net.drive(exc + inh, hsnn.stimuli.poisson(p_rate), weight=J)
net.connect(exc, exc + inh, hsnn.connect.fixed_indegree(CE), weight=J, delay=delay)
net.connect(inh, exc + inh, hsnn.connect.fixed_indegree(CI), weight=-g * J, delay=delay)
net.record(exc[:N_rec] + inh[:N_rec], "spikes")
result = net.run(simtime)
for name, spikes in result.spikes.items():
    spikes.to_csv(f"brunel-{name}.csv")
synapses = {
    name: sum(each.n_synapses for each in net.projections.values() if each.source.name == name) for name in result.spikes
}

print(f"Number of neurons : {NE + NI}")
print(f"Number of synapses: {sum(synapses.values())}")
print(f"       Excitatory : {synapses['exc']}")
print(f"       Inhibitory : {synapses['inh']}")
print(f"Excitatory rate   : {result.spikes['exc'].rate():.2f} Hz")
print(f"Inhibitory rate   : {result.spikes['inh'].rate():.2f} Hz")
print(f"Building time     : {result.timing['construct'] + result.timing['compile']:.2f} s")
print(f"Simulation time   : {result.timing['simulate']:.2f} s")
result.spikes["exc"].raster()
plt.savefig("brunel_delta_nest.png")
