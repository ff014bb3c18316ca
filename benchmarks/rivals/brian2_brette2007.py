"""CUBA, COBA and HH of Brette et al. (2007) in Brian2, C++ standalone, one thread.

Compiled with -O3 -march=native -ffast-math. CUBA uses the exact (linear) updater, COBA and HH exponential
Euler. ``brette2007.py`` beside this file has the parameters and says what is measured.

    python brian2_brette2007.py --which cuba --time 10000
"""

import brian2 as b2
from brette2007 import DT, KICK, N_EXC, N_INH, NETWORKS, PROBABILITY, arguments, hh_start
from run_brian2 import run

EQUATIONS = {
    "cuba": """dv/dt = (g_exc + g_inh - (v - E_L)) / tau_m : volt (unless refractory)
               dg_exc/dt = -g_exc / tau_exc : volt
               dg_inh/dt = -g_inh / tau_inh : volt""",
    "coba": """dv/dt = (C_m/tau_m*(E_L - v) + g_exc*(E_exc - v) + g_inh*(E_inh - v)) / C_m
                   : volt (unless refractory)
               dg_exc/dt = -g_exc / tau_exc : siemens
               dg_inh/dt = -g_inh / tau_inh : siemens""",
    "hh": """dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v)
                      + g_exc*(E_exc - v) + g_inh*(E_inh - v)) / C_m : volt
             dm/dt = alpha_m*(1 - m) - beta_m*m : 1
             dh/dt = alpha_h*(1 - h) - beta_h*h : 1
             dn/dt = alpha_n*(1 - n) - beta_n*n : 1
             dg_exc/dt = -g_exc / tau_exc : siemens
             dg_inh/dt = -g_inh / tau_inh : siemens
             u = (v - V_T) / mV : 1
             alpha_m = 1.28 / exprel((13 - u)/4) / ms : Hz
             beta_m = 1.4 / exprel((u - 40)/5) / ms : Hz
             alpha_h = 0.128*exp((17 - u)/18) / ms : Hz
             beta_h = 4 / (1 + exp((40 - u)/5)) / ms : Hz
             alpha_n = 0.16 / exprel((15 - u)/5) / ms : Hz
             beta_n = 0.5*exp((10 - u)/40) / ms : Hz""",
}
METHOD = {"cuba": "exact", "coba": "exponential_euler", "hh": "exponential_euler"}
UNITS = {"tau": b2.ms, "t": b2.ms, "C": b2.pF, "V": b2.mV, "E": b2.mV, "g": b2.nS}
STATES = {"v": b2.mV, "g": b2.nS}


def with_units(which):
    """Return the parameters as Brian's quantities."""
    weight = b2.mV if which == "cuba" else b2.nS
    units = {**UNITS, "w": weight}
    return {name: value * units[name.split("_")[0]] for name, value in NETWORKS[which].items()}


def build(args):
    """Return the network and its spike monitor."""
    p = with_units(args.which)
    resets = {"reset": "v = V_reset", "refractory": p["t_ref"]} if "t_ref" in p else {"refractory": "v > V_th"}
    neurons = b2.NeuronGroup(
        N_EXC + N_INH,
        EQUATIONS[args.which],
        threshold="v > V_th",
        method=METHOD[args.which],
        namespace=p,
        **resets,
    )
    if args.which == "hh":
        for name, values in hh_start(args.seed).items():
            setattr(neurons, name, values * STATES.get(name.split("_")[0], 1))
    else:
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
    run(arguments(__doc__.split("\n")[0], tuple(EQUATIONS)), build, DT, N_EXC + N_INH)
