"""The benchmarks of Brette et al. (2007) in NEST, one thread.

CUBA is ``iaf_psc_exp``: a jump of the driving voltage by w is a current of w * C_m / tau_m. COBA
is ``iaf_cond_exp`` and HH ``hh_cond_exp_traub``, both solved adaptively. HH's spikes are maxima of v above
V_T + 30 mV, not crossings of V_th, and its first conductances, which cannot be set, come by a spike at 0.1 ms.
Benchmark 4 ("exact") is ``iaf_psc_delta_ps``, whose spikes
lie off the grid, in steps as long as the delay, the longest that NEST allows. ``brette2007.py``
beside this file has the parameters and says what is measured.

    python nest_brette2007.py --which coba --time 1000
"""

import nest
import numpy as np
from brette2007 import CHANNELS, DT, KICK, N_EXC, N_INH, NETWORKS, PROBABILITY, arguments, hh_start
from run_nest import run


def integrate_and_fire(which):
    """Return the model, its parameters and the weights."""
    p = NETWORKS[which]
    neuron = {key: p[key] for key in ("C_m", "E_L", "V_th", "V_reset", "t_ref")}
    neuron["V_m"] = nest.random.uniform(p["V_reset"], p["V_th"])
    if which != "exact":
        neuron |= {"tau_syn_ex": p["tau_exc"], "tau_syn_in": p["tau_inh"]}
    g_L = p["C_m"] / p["tau_m"]  # nS; also pA for a driving voltage of 1 mV
    if which == "cuba":
        neuron["tau_m"] = p["tau_m"]
        return "iaf_psc_exp", neuron, {"exc": p["w_exc"] * g_L, "inh": p["w_inh"] * g_L}
    if which == "exact":
        neuron["tau_m"] = p["tau_m"]
        return "iaf_psc_delta_ps", neuron, {"exc": p["w_exc"], "inh": p["w_inh"]}
    neuron |= {"g_L": g_L, "E_ex": p["E_exc"], "E_in": p["E_inh"]}
    return "iaf_cond_exp", neuron, {"exc": p["w_exc"], "inh": -p["w_inh"]}


def hodgkin_huxley(seed):
    """Return the same of "hh"."""
    p, start = NETWORKS["hh"], hh_start(seed)
    names = {"v": "V_m", "m": "Act_m", "h": "Inact_h", "n": "Act_n"}
    neuron = {key: p[key] for key in CHANNELS if key != "V_th"}
    neuron |= {"tau_syn_ex": p["tau_exc"], "tau_syn_in": p["tau_inh"], "E_ex": p["E_exc"], "E_in": p["E_inh"]}
    neuron |= {theirs: start[state] for state, theirs in names.items()}
    return "hh_cond_exp_traub", neuron, {"exc": p["w_exc"], "inh": -p["w_inh"]}


def build(args):
    """Create the network; return its spike recorder."""
    model, neuron, weights = hodgkin_huxley(args.seed) if args.which == "hh" else integrate_and_fire(args.which)
    neurons = nest.Create(model, N_EXC + N_INH, neuron)

    rule = {"rule": "pairwise_bernoulli", "p": PROBABILITY}
    for source, name in ((neurons[:N_EXC], "exc"), (neurons[N_EXC:], "inh")):
        nest.Connect(source, neurons, rule, {"weight": weights[name], "delay": args.delay})
    if args.which == "hh":
        start = hh_start(args.seed)
        first = nest.Create("spike_generator", 1, {"spike_times": [DT]})
        for conductances in (start["g_exc"], -start["g_inh"]):
            synapse = {"weight": conductances[:, np.newaxis], "delay": args.delay}
            nest.Connect(first, neurons, "all_to_all", synapse)
    if args.which == "coba":
        kick = nest.Create("poisson_generator", 1, {key: KICK[key] for key in ("rate", "start", "stop")})
        synapse = {"weight": weights["exc"], "delay": args.delay}
        nest.Connect(kick, neurons[: KICK["cells"]], "all_to_all", synapse)
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    return recorder


if __name__ == "__main__":
    args = arguments(__doc__.split("\n")[0], tuple(NETWORKS))
    run(args, build, args.delay if args.which == "exact" else DT, N_EXC + N_INH)
