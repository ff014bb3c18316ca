"""What the rivals' scripts for Brunel (2000) share: parameters and arguments.

10,000 excitatory and 2,500 inhibitory integrate-and-fire neurons with 1,000 and 250 synapses each and Poisson spikes from
outside, all jumps of the potential. Input to refractory neurons is lost. The printed line is that of ``brette2007.py``.
"""

import argparse

N_EXC, N_INH, C_EXC, C_INH, DT = 10_000, 2_500, 1_000, 250, 0.1  # neurons, synapses of each, ms
TAU_M, V_TH, V_RESET, T_REF, J = 20.0, 20.0, 10.0, 2.0, 0.1  # ms, mV, mV, ms, mV; rest is 0
# Figure 8 of the paper: relative inhibition, and outside rate relative to the one that just reaches threshold.
STATES = {"A": (3.0, 2.0), "B": (6.0, 4.0), "C": (5.0, 2.0), "D": (4.5, 0.9)}


def arguments(description):
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--which", choices=tuple(STATES), default="C", help="state of the paper's figure 8")
    parser.add_argument("--time", type=float, default=1000.0, help="ms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay", type=float, default=1.5, help="ms")
    return parser.parse_args()


def inhibition(which):
    """Return the weight of an inhibitory synapse in mV."""
    return -STATES[which][0] * J


def external_rate(which):
    """Return the rate in Hz of the spikes from outside that a neuron receives, of weight J."""
    return STATES[which][1] * V_TH / (J * TAU_M) * 1000.0
