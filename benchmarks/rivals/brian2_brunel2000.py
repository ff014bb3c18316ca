"""The network of Brunel (2000) in Brian2, C++ standalone, one thread, -O3 -march=native -ffast-math.

    python brian2_brunel2000.py --which C --time 1000
"""

import brian2 as b2
import numpy as np
from brunel2000 import C_EXC, C_INH, DT, N_EXC, N_INH, T_REF, TAU_M, V_RESET, V_TH, J, arguments, external_rate, inhibition
from run_brian2 import run


def build(args):
    """Return the network and its spike monitor."""
    names = {"tau_m": TAU_M * b2.ms, "V_th": V_TH * b2.mV, "V_reset": V_RESET * b2.mV, "jump": J * b2.mV}
    names["mean"] = external_rate(args.which) * DT / 1000.0  # spikes from outside in a step
    neurons = b2.NeuronGroup(
        N_EXC + N_INH,
        "dv/dt = -v / tau_m : volt (unless refractory)",
        threshold="v > V_th",
        reset="v = V_reset",
        refractory=T_REF * b2.ms,
        method="exact",
        namespace=names,
    )
    neurons.run_regularly("v += jump * poisson(mean) * int(not_refractory)", when="synapses")
    rng, parts = np.random.default_rng(args.seed), [neurons]
    for sources, count, weight in ((neurons[:N_EXC], C_EXC, J), (neurons[N_EXC:], C_INH, inhibition(args.which))):
        on_pre = "v_post += w * int(not_refractory_post)"
        synapses = b2.Synapses(sources, neurons, on_pre=on_pre, delay=args.delay * b2.ms, namespace={"w": weight * b2.mV})
        targets = np.repeat(np.arange(N_EXC + N_INH), count)
        synapses.connect(i=rng.integers(0, len(sources), len(targets)), j=targets)
        parts.append(synapses)
    monitor = b2.SpikeMonitor(neurons)
    return b2.Network(*parts, monitor), monitor


if __name__ == "__main__":
    run(arguments(__doc__.split("\n")[0]), build, DT, N_EXC + N_INH)
