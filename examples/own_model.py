"""A model of one's own: the adaptive exponential neuron of Brette and Gerstner (2005), written down as data.

One population holds three neurons that differ in their parameters. With the same kind of current one fires tonically, one
adapts, one begins with a burst (values of Naud et al. 2008, table 1; a spike is over where v reaches V_peak).

    python examples/own_model.py
"""

import matplotlib.pyplot as plt

import hsnn_event as hsnn

adex = hsnn.NeuronModel(
    name="adex",
    parameters={
        "C_m": 200.0, "g_L": 10.0, "E_L": -70.0, "V_T": -50.0, "Delta_T": 2.0, "V_peak": -40.0,
        "a": 2.0, "b": 0.0, "tau_w": 30.0, "V_reset": -58.0, "I_e": 500.0,
    },
    states={"v": "E_L", "w": 0.0},
    expressions={"I_spike": "g_L*Delta_T*exp((v - V_T)/Delta_T)"},
    dynamics={
        "v": "(g_L*(E_L - v) + I_spike - w + I_e)/C_m",
        "w": "(a*(v - E_L) - w)/tau_w",
    },
    threshold="v >= V_peak",
    reset={"v": "V_reset", "w": "w + b"},
    units={"v": "mV", "w": "pA", "C_m": "pF", "g_L": "nS", "tau_w": "ms", "b": "pA", "I_e": "pA"},
)  # fmt: skip

net = hsnn.Network(dt=0.01)
cells = net.population("cells", 3, adex, method="rk4", labels=["tonic", "adapting", "initial burst"])
cells.labelled(["adapting"]).set(C_m=200.0, g_L=12.0, a=2.0, b=60.0, tau_w=300.0, V_reset=-58.0)
cells.labelled(["initial burst"]).set(C_m=130.0, g_L=18.0, E_L=-58.0, a=4.0, b=120.0, tau_w=150.0, V_reset=-50.0, I_e=400.0)
net.record(cells, "spikes")
net.record(cells, ("v", "w"), every=0.1)
result = net.run(400.0)

figure, axes = plt.subplots(3, 2, figsize=(10, 6), sharex=True, layout="constrained")
for neuron, (label, (voltage, adaptation)) in enumerate(zip(cells.labels, axes, strict=True)):
    spikes = result.spikes["cells"][[neuron]]
    intervals = spikes.isi()
    print(f"{label}: {len(spikes)} spikes, intervals from {intervals.min():.1f} to {intervals.max():.1f} ms")
    for ax, state in ((voltage, "v"), (adaptation, "w")):
        samples = result.states["cells"][state]
        ax.plot(samples.times, samples.values[:, neuron], linewidth=0.8)
    voltage.set(ylabel="v (mV)", title=label)
    adaptation.set(ylabel="w (pA)")
for ax in axes[-1]:
    ax.set_xlabel("time (ms)")
figure.savefig("own_model.png", dpi=120)
