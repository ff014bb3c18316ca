"""Rates (Hz) of the network of Brunel (2000) in NEST, states A to D, over seeds: the numbers in test_validation_brunel.py.

    python make_nest_brunel.py

prints, for each state and seed, the mean rates of excitatory and inhibitory neurons and the CV of the excitatory ones'
intervals, between START and STOP. Poisson input is a generator of its own for each neuron, without delay: as in hsnn_event.
"""

import nest
import numpy as np

N_EXC, N_INH, C_EXC, C_INH, J, DELAY = 10_000, 2_500, 1_000, 250, 0.1, 1.5
NEURON = {"C_m": 1.0, "tau_m": 20.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0, "t_ref": 2.0, "V_m": 0.0, "I_e": 0.0}
STATES = {"A": (3.0, 2.0), "B": (6.0, 4.0), "C": (5.0, 2.0), "D": (4.5, 0.9)}
START, STOP = {"A": 100.0, "B": 200.0, "C": 200.0, "D": 200.0}, {"A": 200.0, "B": 700.0, "C": 700.0, "D": 1200.0}


def run(state, seed):
    g, eta = STATES[state]
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": 0.1, "rng_seed": seed, "local_num_threads": 1})
    exc, inh = nest.Create("iaf_psc_delta", N_EXC, NEURON), nest.Create("iaf_psc_delta", N_INH, NEURON)
    threshold_rate = NEURON["V_th"] / (J * C_EXC * NEURON["tau_m"]) * 1000.0
    noise = nest.Create("poisson_generator", params={"rate": eta * threshold_rate * C_EXC})
    for target in (exc, inh):
        nest.Connect(noise, target, "all_to_all", {"weight": J, "delay": 0.1})
        for source, count, weight in ((exc, C_EXC, J), (inh, C_INH, -g * J)):
            rule = {"rule": "fixed_indegree", "indegree": count, "allow_autapses": False}
            nest.Connect(source, target, rule, {"weight": weight, "delay": DELAY})
    recorders = [nest.Create("spike_recorder", params={"start": START[state], "stop": STOP[state]}) for _ in range(2)]
    for recorder, population in zip(recorders, (exc, inh), strict=True):
        nest.Connect(population, recorder)
    nest.Simulate(STOP[state])
    window = STOP[state] - START[state]
    rates = [each.n_events / size / window * 1000.0 for each, size in zip(recorders, (N_EXC, N_INH), strict=True)]
    events = recorders[0].events
    order = np.lexsort((events["times"], events["senders"]))
    senders, times = events["senders"][order], events["times"][order]
    intervals = [np.diff(each) for each in np.split(times, np.flatnonzero(np.diff(senders)) + 1) if len(each) > 2]
    cv = np.mean([each.std() / each.mean() for each in intervals]) if intervals else np.nan
    print(state, seed, [round(rate, 3) for rate in rates], round(float(cv), 4), flush=True)


if __name__ == "__main__":
    for seed in (1, 2, 3):
        for state in STATES:
            run(state, seed)
