"""A network at rest in NEST, ``iaf_psc_delta_ps``, one thread: `hsnn_event.networks.quiet`.

Each neuron has 100 synapses of 0.1 mV and fires when a Poisson train of its own says so.

    python nest_quiet.py --neurons 10000 --rate 0.1 --time 1000
"""

import argparse

import nest
from run_nest import run


def build(args):
    """Create the network; return its spike recorder."""
    neuron = {"C_m": 250.0, "tau_m": 10.0, "E_L": -70.0, "V_th": -55.0, "V_reset": -70.0, "t_ref": 2.0, "V_m": -70.0}
    neurons = nest.Create("iaf_psc_delta_ps", args.neurons, neuron)
    rule = {"rule": "fixed_outdegree", "outdegree": 100}
    nest.Connect(neurons, neurons, rule, {"weight": 0.1, "delay": args.delay})
    drive = nest.Create("poisson_generator_ps", 1, {"rate": args.rate})
    nest.Connect(drive, neurons, "all_to_all", {"weight": 1000.0, "delay": args.delay})
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    return recorder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--neurons", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=0.1, help="Hz")
    parser.add_argument("--time", type=float, default=1000.0, help="ms")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.which, args.delay = "quiet", 1.5
    run(args, build, 0.1, args.neurons)
