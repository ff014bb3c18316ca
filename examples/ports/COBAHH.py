"""COBAHH: 4,000 Hodgkin-Huxley neurons with conductances (Brette et al. 2007, benchmark 3). After Brian2's `COBAHH.py`."""

import matplotlib.pyplot as plt

import hsnn_event as hsnn

cell = hsnn.NeuronModel(
    name="traub_miles",
    parameters={"C_m": 200.0, "g_L": 10.0, "g_Na": 20000.0, "g_K": 6000.0, "E_L": -60.0, "E_K": -90.0, "E_Na": 50.0}
    | {"V_T": -63.0, "tau_e": 5.0, "tau_i": 10.0, "E_e": 0.0, "E_i": -80.0},
    states={"v": "E_L", "m": 0.0, "n": 0.0, "h": 0.0, "ge": 0.0, "gi": 0.0},
    expressions={
        "u": "v - V_T",
        "alpha_m": "0.32*(13 - u)/(exp((13 - u)/4) - 1)",
        "beta_m": "0.28*(u - 40)/(exp((u - 40)/5) - 1)",
        "alpha_h": "0.128*exp((17 - u)/18)",
        "beta_h": "4/(1 + exp((40 - u)/5))",
        "alpha_n": "0.032*(15 - u)/(exp((15 - u)/5) - 1)",
        "beta_n": "0.5*exp((10 - u)/40)",
    },
    dynamics={
        "v": "(g_L*(E_L - v) + ge*(E_e - v) + gi*(E_i - v) - g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K))/C_m",
        "m": "alpha_m*(1 - m) - beta_m*m",
        "n": "alpha_n*(1 - n) - beta_n*n",
        "h": "alpha_h*(1 - h) - beta_h*h",
        "ge": "-ge/tau_e",
        "gi": "-gi/tau_i",
    },
    receptors={"exc": {"ge": "ge + weight"}, "inh": {"gi": "gi + weight"}},
    threshold="v > -20",
    refractory={"duration": "3"},
)
net = hsnn.Network(dt=0.1, seed=1)
P = net.population("P", 4000, cell, method="exponential_euler")
P.set(v=hsnn.random.normal(-65.0, 5.0), ge=hsnn.random.normal(40.0, 15.0), gi=hsnn.random.normal(200.0, 120.0))
net.connect(P[:3200], P, hsnn.connect.bernoulli(0.02), weight=6.0, delay=0.1, receptor="exc")
net.connect(P[3200:], P, hsnn.connect.bernoulli(0.02), weight=67.0, delay=0.1, receptor="inh")
net.record(P[[1, 10, 100]], "v")
net.record(P, "spikes")
result = net.run(1000.0)
print(f"mean rate: {result.spikes['P'].rate():.2f} Hz")
plt.plot(result.states["P"]["v"].times, result.states["P"]["v"].values, linewidth=0.5)
plt.xlabel("t (ms)")
plt.ylabel("v (mV)")
plt.savefig("COBAHH.png")
