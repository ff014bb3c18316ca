"""CUBA, COBA and benchmark 4 of Brette et al. (2007) in NEST, one thread.

CUBA is ``iaf_psc_exp``: a jump of the driving voltage by w is a current of w * C_m / tau_m. COBA
is ``iaf_cond_exp``, solved adaptively. Benchmark 4 ("exact") is ``iaf_psc_delta_ps``, whose spikes
lie off the grid, in steps as long as the delay, the longest that NEST allows. ``brette2007.py``
beside this file has the parameters and says what is measured.

    python nest_brette2007.py --which coba --time 1000
"""

import nest
from brette2007 import DT, KICK, N_EXC, N_INH, NETWORKS, PROBABILITY, arguments
from run_nest import run


def build(args):
    """Create the network; return its spike recorder."""
    p = NETWORKS[args.which]
    neuron = {key: p[key] for key in ("C_m", "E_L", "V_th", "V_reset", "t_ref")}
    if args.which != "exact":
        neuron |= {"tau_syn_ex": p["tau_exc"], "tau_syn_in": p["tau_inh"]}
    g_L = p["C_m"] / p["tau_m"]  # nS; also pA for a driving voltage of 1 mV
    if args.which == "cuba":
        model, neuron["tau_m"] = "iaf_psc_exp", p["tau_m"]
        weights = {"exc": p["w_exc"] * g_L, "inh": p["w_inh"] * g_L}
    elif args.which == "exact":
        model, neuron["tau_m"] = "iaf_psc_delta_ps", p["tau_m"]
        weights = {"exc": p["w_exc"], "inh": p["w_inh"]}
    else:
        model = "iaf_cond_exp"
        neuron |= {"g_L": g_L, "E_ex": p["E_exc"], "E_in": p["E_inh"]}
        weights = {"exc": p["w_exc"], "inh": -p["w_inh"]}
    neuron["V_m"] = nest.random.uniform(p["V_reset"], p["V_th"])
    neurons = nest.Create(model, N_EXC + N_INH, neuron)

    rule = {"rule": "pairwise_bernoulli", "p": PROBABILITY}
    for source, name in ((neurons[:N_EXC], "exc"), (neurons[N_EXC:], "inh")):
        nest.Connect(source, neurons, rule, {"weight": weights[name], "delay": args.delay})
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
