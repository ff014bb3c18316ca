"""CUBA and COBA of Brette et al. (2007) in Brian2, C++ standalone, one thread.

Compiled with -O3 -march=native -ffast-math. CUBA uses the exact (linear) updater, COBA exponential
Euler. ``brette2007.py`` beside this file has the parameters and says what is measured.

    python brian2_brette2007.py --which cuba --time 10000
"""

import brian2 as b2
from brette2007 import DT, KICK, N_EXC, N_INH, NETWORKS, PROBABILITY, arguments
from run_brian2 import run

EQUATIONS = {
    "cuba": """dv/dt = (g_exc + g_inh - (v - E_L)) / tau_m : volt (unless refractory)
               dg_exc/dt = -g_exc / tau_exc : volt
               dg_inh/dt = -g_inh / tau_inh : volt""",
    "coba": """dv/dt = (C_m/tau_m*(E_L - v) + g_exc*(E_exc - v) + g_inh*(E_inh - v)) / C_m
                   : volt (unless refractory)
               dg_exc/dt = -g_exc / tau_exc : siemens
               dg_inh/dt = -g_inh / tau_inh : siemens""",
}
METHOD = {"cuba": "exact", "coba": "exponential_euler"}
UNITS = {"tau": b2.ms, "t": b2.ms, "C": b2.pF, "V": b2.mV, "E": b2.mV}


def with_units(which):
    """Return the parameters as Brian's quantities."""
    weight = {"cuba": b2.mV, "coba": b2.nS}[which]
    units = {**UNITS, "w": weight}
    return {name: value * units[name.split("_")[0]] for name, value in NETWORKS[which].items()}


def build(args):
    """Return the network and its spike monitor."""
    p = with_units(args.which)
    neurons = b2.NeuronGroup(
        N_EXC + N_INH,
        EQUATIONS[args.which],
        threshold="v > V_th",
        reset="v = V_reset",
        refractory=p["t_ref"],
        method=METHOD[args.which],
        namespace=p,
    )
    neurons.v = "V_reset + rand() * (V_th - V_reset)"
    delay = args.delay * b2.ms
    parts = [neurons]
    for source, name in ((neurons[:N_EXC], "exc"), (neurons[N_EXC:], "inh")):
        synapses = b2.Synapses(source, neurons, on_pre=f"g_{name} += w_{name}", delay=delay, namespace=p)
        synapses.connect(p=PROBABILITY)
        parts.append(synapses)
    if args.which == "coba":
        start, stop = KICK["start"] * b2.ms, KICK["stop"] * b2.ms
        rate = KICK["rate"] * b2.Hz
        kick = b2.PoissonGroup(
            KICK["cells"],
            rates="rate * int(t >= start and t < stop)",
            namespace={"rate": rate, "start": start, "stop": stop},
        )
        synapses = b2.Synapses(kick, neurons, on_pre="g_exc += w_exc", delay=delay, namespace=p)
        synapses.connect(j="i")
        parts += [kick, synapses]
    monitor = b2.SpikeMonitor(neurons)
    return b2.Network(*parts, monitor), monitor


if __name__ == "__main__":
    run(arguments(__doc__.split("\n")[0]), build, DT, N_EXC + N_INH)
