"""The network of Brunel (2000) in NEST, ``iaf_psc_delta``, one thread.

    python nest_brunel2000.py --which C --time 1000
"""

import nest
from brunel2000 import C_EXC, C_INH, DT, N_EXC, N_INH, T_REF, TAU_M, V_RESET, V_TH, J, arguments, external_rate, inhibition
from run_nest import run


def build(args):
    """Create the network; return its spike recorder."""
    neuron = {"C_m": 1.0, "tau_m": TAU_M, "E_L": 0.0, "V_th": V_TH, "V_reset": V_RESET, "t_ref": T_REF, "V_m": 0.0}
    neurons = nest.Create("iaf_psc_delta", N_EXC + N_INH, neuron)
    parts = ((neurons[:N_EXC], C_EXC, J), (neurons[N_EXC:], C_INH, inhibition(args.which)))
    for sources, count, weight in parts:
        rule = {"rule": "fixed_indegree", "indegree": count, "allow_autapses": False}
        nest.Connect(sources, neurons, rule, {"weight": weight, "delay": args.delay})
    outside = nest.Create("poisson_generator", 1, {"rate": external_rate(args.which)})
    nest.Connect(outside, neurons, "all_to_all", {"weight": J, "delay": DT})
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    return recorder


if __name__ == "__main__":
    run(arguments(__doc__.split("\n")[0]), build, DT, N_EXC + N_INH)
