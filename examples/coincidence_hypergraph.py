"""A hypergraph that detects coincidences: hidden assemblies fire together now and then, and junctions find them.

A hundred neurons fire by chance at 8 Hz. Each of twenty assemblies, groups of six of them, fires together within 2 ms at
planted times. A hyperedge a group waits for five of its six members within 3 ms, whichever they are: no pair of synapses
could tell that from six single spikes. How many of the planted events are found, and how often does chance look like one?

    python examples/coincidence_hypergraph.py
"""

import matplotlib.pyplot as plt
import numpy as np

import hsnn_event as hsnn

N, GROUPS, SIZE, RATE, EVENTS, DURATION = 100, 20, 6, 8.0, 200, 60_000.0  # neurons; Hz; ms
WINDOW, JITTER = 3.0, 2.0  # ms

random = np.random.default_rng(1)
groups = [random.choice(N, SIZE, replace=False) for _ in range(GROUPS)]
chosen = random.integers(0, GROUPS, EVENTS)
planted = np.sort(random.choice(np.arange(50.0, DURATION - 50.0, 20.0), EVENTS, replace=False))
n_chance = random.poisson(N * RATE * DURATION / 1000.0)
times = np.concatenate([
    random.uniform(0.1, DURATION, n_chance),
    (planted[:, None] + random.uniform(0.0, JITTER, (EVENTS, SIZE))).ravel(),
])  # fmt: skip
ids = np.concatenate([random.integers(0, N, n_chance), np.array(groups)[chosen].ravel()])
spikes = np.unique(np.column_stack([np.round(times, 1), ids]), axis=0)  # on the grid, none twice

net = hsnn.Network(dt=0.1, seed=1)
inputs = net.population("inputs", N, hsnn.models.spike_source(spikes[:, 0], spikes[:, 1].astype(int)))
readers = net.population("readers", GROUPS, hsnn.models.lif_delta())
graph = hsnn.Hypergraph.from_lists([(group, (place,)) for place, group in enumerate(groups)], weight=20.0, delay=1.0)
rule = hsnn.hyper.threshold(k=5, window=WINDOW, refractory=10.0)
detectors = net.connect_hyper(inputs, readers, graph, rule=rule, name="detectors")
for population in (inputs, detectors, readers):
    net.record(population, "spikes")
result = net.run(DURATION)

found = result.spikes["detectors"]
late = found.times[None, :] - planted[:, None]
matches = (late >= 0.0) & (late <= JITTER + WINDOW) & (found.ids[None, :] == chosen[:, None])
hits, alarms = matches.any(axis=1).mean(), len(found) - matches.any(axis=0).sum()
hours = GROUPS * DURATION / 3_600_000.0
print(f"{len(spikes)} spikes, {EVENTS} planted events: {hits:.1%} found, {alarms} false alarms in {hours:.2f} group-hours")
print(f"{len(found)} detections, {len(result.spikes['readers'])} spikes of the neurons that they excite")

event = int(np.flatnonzero(matches.any(axis=1))[0])
begin, end = planted[event] - 60.0, planted[event] + 60.0
figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
seen = result.spikes["inputs"].window(begin, end)
mine = np.isin(seen.ids, groups[chosen[event]])
axes.plot(seen.times, seen.ids, ".", color="0.7", markersize=3, label="other neurons")
axes.plot(seen.times[mine], seen.ids[mine], "o", color="#0072B2", markersize=4, label=f"group {chosen[event]}")
for time in found.times[(found.ids == chosen[event]) & (found.times > begin) & (found.times <= end)]:
    axes.axvline(time, color="#D55E00", linestyle="--", linewidth=1, label="its detector")
axes.set(xlabel="time (ms)", ylabel="neuron", xlim=(begin, end))
axes.legend(loc="upper right", fontsize="small")
figure.savefig("coincidence_hypergraph.png", dpi=120)
