"""Twenty neurons with alpha-shaped conductances, driven by Poisson trains at 50 Hz. After PyNN's `small_network.py`."""

import matplotlib.pyplot as plt

import hsnn_event as hsnn

if_cond_alpha = hsnn.NeuronModel(
    name="if_cond_alpha",
    parameters={"tau_m": 20.0, "C_m": 500.0, "tau_E": 2.0, "tau_I": 4.0, "e_rev_E": 0.0, "e_rev_I": -70.0}
    | {"t_ref": 2.0, "v_rest": -60.0, "v_reset": -70.0, "v_thresh": -50.0},
    states={"v": "v_rest", "g_E": 0.0, "x_E": 0.0, "g_I": 0.0, "x_I": 0.0},
    dynamics={
        "v": "(v_rest - v)/tau_m + (g_E*(e_rev_E - v) + g_I*(e_rev_I - v))/C_m",
        "g_E": "x_E - g_E/tau_E",
        "x_E": "-x_E/tau_E",
        "g_I": "x_I - g_I/tau_I",
        "x_I": "-x_I/tau_I",
    },
    receptors={"E": {"x_E": "x_E + weight*exp(1)/tau_E"}, "I": {"x_I": "x_I + weight*exp(1)/tau_I"}},
    threshold="v >= v_thresh",
    reset={"v": "v_reset"},
    refractory={"duration": "t_ref", "clamp": {"v": "v_reset"}},
)
n, w = 20, 2.0  # number of cells; synaptic weight (nS)
net = hsnn.Network(dt=0.1, seed=945645645)
cells = net.population("cells", n, if_cond_alpha)
cells.set(v=hsnn.random.uniform(-60.0, -50.0))
spike_source = net.population("spike_source", n, hsnn.models.poisson(rate=50.0))
net.connect(spike_source, cells, hsnn.connect.bernoulli(0.5), weight=w, delay=1.0, receptor="E")
net.record(spike_source + cells, "spikes")
net.record(cells[:2], ("v", "g_E"))
result = net.run(1000.0)
result.save("small_network.h5")
spikes = result.spikes["cells"]
print(f"Mean firing rate: {spikes.rate():.1f} Hz")

figure, (vm, gsyn, trains) = plt.subplots(3, 1, figsize=(8, 7), sharex=True, layout="constrained")
result.states["cells"]["v"].plot(vm, label="Membrane potential (mV)")
result.states["cells"]["g_E"].plot(gsyn, label="Conductance (nS)")
spikes.raster(trains)
figure.savefig("small_network.png")
