"""A connectome from a file: a graph that says of every neuron and every synapse what it is.

The script writes a small one in GraphML, as other programs would: modules of excitatory and inhibitory neurons in space,
synapses mostly within modules, delays that grow with length. Its structure is measured, and neurons of one community turn
out to fire together more than those of different ones.

    python examples/connectome.py
"""

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np

import hsnn_event as hsnn

MODULES, SIZE, SPEED = 4, 100, 0.5  # modules, neurons in each, mm/ms


def write(path: str) -> None:
    rng = np.random.default_rng(1)
    p = 0.01 + 0.14 * np.eye(MODULES)
    graph = nx.stochastic_block_model([SIZE] * MODULES, p, seed=1, directed=True)
    graph.graph.clear()  # GraphML holds no sets
    for node, held in graph.nodes(data=True):
        held["type"] = "inh" if node % 5 == 0 else "exc"
        held["x"], held["y"] = (3.0 * np.array(divmod(held.pop("block"), 2)) + rng.normal(0.0, 0.5, 2)).tolist()  # mm
    for source, target, edge in graph.edges(data=True):
        ends = graph.nodes[source], graph.nodes[target]
        edge["w"] = -160.0 if ends[0]["type"] == "inh" else 40.0  # pA
        edge["d"] = 0.5 + float(np.hypot(ends[0]["x"] - ends[1]["x"], ends[0]["y"] - ends[1]["y"])) / SPEED  # ms
    nx.write_graphml(nx.relabel_nodes(graph, "cell {}".format), path)


write("connectome.graphml")
graph = hsnn.read_graph("connectome.graphml")
cell = hsnn.models.lif_exp(tau_syn=3.0, I_e=250.0)
net = hsnn.Network.from_networkx(graph, {"exc": cell, "inh": cell}, seed=1, round_delays=True)
exc, inh = net["exc"], net["inh"]
net.drive(exc + inh, hsnn.stimuli.poisson(rate=2000.0), weight=20.0)
net.record(exc, "spikes")
spikes = net.run(5000.0).spikes["exc"]

sigma = hsnn.measures.small_world(graph).sigma
community = dict(zip(graph, hsnn.measures.communities(graph).tolist(), strict=True))
mine = np.array([community[label] for label in exc.labels])
correlation = np.asarray(np.corrcoef(spikes.counts(50.0, per_neuron=True).T))
alike, other = mine[:, None] == mine, np.not_equal.outer(mine, mine)
np.fill_diagonal(alike, False)
print(f"{graph.number_of_edges()} synapses, small-world sigma {sigma:.1f}, rate {spikes.rate():.1f} Hz")
print(f"communities: {mine.max() + 1}, modularity {hsnn.measures.modularity(graph, list(community.values())):.2f}")
print(f"correlation within communities {correlation[alike].mean():.3f}, between them {correlation[other].mean():.3f}")

figure, (place, pairs) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
x, y = (np.array([exc.node_data[axis][neuron] for neuron in exc.ids]) for axis in "xy")
place.scatter(x, y, c=mine, s=8, cmap="viridis")
place.set(xlabel="x (mm)", ylabel="y (mm)", title="excitatory neurons by community")
order = np.argsort(mine, kind="stable")
image = pairs.imshow(correlation[np.ix_(order, order)], vmin=-0.2, vmax=0.2, cmap="cividis")
figure.colorbar(image, label="correlation of counts in 50 ms")
figure.savefig("connectome.png", dpi=120)
