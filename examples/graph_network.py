"""A network from a NetworkX graph: heavy-tailed degrees, and a delay on every edge.

Numbers of inputs follow a lognormal law, as they do in cortex; neurons lie on a sheet, and the delay of an edge grows
with its length. Neurons with more inputs fire more.

    python examples/graph_network.py
"""

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np

import hsnn_event as hsnn

N, SHEET, SPEED = 1000, 2.0, 0.3  # neurons; edge of the sheet in mm; mm/ms

rng = np.random.default_rng(1)
k_in = np.round(rng.lognormal(np.log(30.0), 0.6, N)).astype(int)
k_out = rng.multinomial(k_in.sum(), np.full(N, 1.0 / N))
graph = nx.DiGraph(nx.directed_configuration_model(k_in.tolist(), k_out.tolist(), seed=1))
graph.remove_edges_from(list(nx.selfloop_edges(graph)))
place = rng.uniform(0.0, SHEET, (N, 2))
for source, target, edge in graph.edges(data=True):
    edge["w"] = 0.15  # mV
    edge["d"] = 0.5 + float(np.hypot(*(place[source] - place[target]))) / SPEED  # ms

net = hsnn.Network(dt=0.1, seed=1, round_delays=True)
cells = net.population("cells", N, hsnn.models.lif_delta(tau_m=20.0, E_L=0.0, V_th=15.0, V_reset=0.0))
cells.set(v=hsnn.random.uniform(0.0, 15.0))
net.connect(cells, cells, hsnn.connect.from_networkx(graph))
net.drive(cells, hsnn.stimuli.poisson(rate=1200.0), weight=0.6)
net.record(cells, "spikes")
rates = net.run(3000.0).spikes["cells"].rates()

degrees = np.array([degree for _, degree in graph.in_degree()])
delays = np.array([delay for _, _, delay in graph.edges(data="d")])
print(f"{graph.number_of_edges()} synapses, delays {delays.min():.1f} to {delays.max():.1f} ms")
print(f"mean rate {rates.mean():.1f} Hz")
print(f"correlation of rate and number of inputs: {np.corrcoef(degrees, rates)[0, 1]:.2f}")

figure, (law, lag, rate) = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
law.hist(degrees, bins=np.geomspace(3, 300, 30).tolist(), color="0.4")
law.set(xscale="log", xlabel="inputs of a neuron", ylabel="neurons")
lag.hist(delays, bins=40, color="0.4")
lag.set(xlabel="delay (ms)", ylabel="synapses")
rate.plot(degrees, rates, ".", markersize=3, color="#0072B2")
rate.set(xscale="log", xlabel="inputs of a neuron", ylabel="rate (Hz)")
figure.savefig("graph_network.png", dpi=120)
