"""The network of Brunel (2000) in NEST, ``iaf_psc_delta``, one thread.

    python nest_brunel2000.py --which C --time 1000
"""

import time

import nest
from brette2007 import report
from brunel2000 import C_EXC, C_INH, DT, N_EXC, N_INH, T_REF, TAU_M, V_RESET, V_TH, J, arguments, external_rate, inhibition
from memory import peak_gb


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


def main():
    """Build, run, print one line of JSON."""
    args = arguments(__doc__.split("\n")[0])
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=DT, rng_seed=args.seed)
    start = time.perf_counter()
    recorder = build(args)
    nest.Prepare()
    construct = time.perf_counter() - start
    start = time.perf_counter()
    nest.Run(args.time)
    wall = time.perf_counter() - start
    nest.Cleanup()
    facts = {"simulator": "NEST", "version": nest.__version__, "construct_s": round(construct, 3), "peak_gb": peak_gb()}
    report(args, wall, recorder.events["times"], recorder.events["senders"] - 1, N_EXC + N_INH, **facts)


if __name__ == "__main__":
    main()
