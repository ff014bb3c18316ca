"""The sparsely connected network of Brunel (2000), J. Comput. Neurosci. 8:183, doi 10.1023/A:1008925309027.

10,000 excitatory and 2,500 inhibitory leaky integrate-and-fire neurons; each receives 1,000 and 250 synapses from them
and spikes from outside, all as jumps of the potential. Relative inhibition and outside rate decide how it fires.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hsnn_event import stimuli
from hsnn_event.errors import unknown_name
from hsnn_event.model import library
from hsnn_event.network.network import Network
from hsnn_event.topology import rules

N_EXC, N_INH = 10_000, 2_500
C_EXC, C_INH = 1_000, 250  # synapses of a neuron: a tenth of each population
J = 0.1  # mV
DELAY = 1.5  # ms
TAU_M, V_TH, V_RESET, T_REF = 20.0, 20.0, 10.0, 2.0  # ms, mV, mV, ms; rest is 0


class State(NamedTuple):
    """Relative strength g of inhibition, and the outside rate relative to the one that just reaches threshold."""

    g: float
    external: float


# Figure 8 of the paper: synchronous regular; synchronous irregular, fast; asynchronous irregular; synchronous irregular,
# slow.
STATES = {"A": State(3.0, 2.0), "B": State(6.0, 4.0), "C": State(5.0, 2.0), "D": State(4.5, 0.9)}

# Mean rates (Hz) to compare with: B, C and D from the paper's theory. A fires nearly as fast as refractoriness lets it,
# since excitation prevails: the rate nu at which neurons with the steady input 40 + 0.5 nu mV fire with nu.
REFERENCE_RATES = {"A": 326.5, "B": 55.841, "C": 37.950, "D": 6.517}


def brunel2000(state: str, **network_options: Any) -> Network:
    """The network in one of the states "A" to "D" of the paper's figure 8, populations "exc" and "inh".

    All neurons begin at rest. The outside spikes of a neuron are one Poisson train of C_EXC times the rate of a source.
    The other arguments are those of `Network`; dt is 0.1 ms unless given.

    Raises UnknownNameError for another state.

    >>> net = brunel2000("C", seed=1)
    >>> net["exc"].size, net["inh"].size, len(net.projections)
    (10000, 2500, 4)
    """
    if not isinstance(state, str) or state not in STATES:
        raise unknown_name("brunel2000: state", state, STATES)
    net = Network(**{"dt": 0.1, **network_options})
    cell = library.lif_delta(tau_m=TAU_M, E_L=0.0, V_th=V_TH, V_reset=V_RESET, t_ref=T_REF)
    exc, inh = net.population("exc", N_EXC, cell), net.population("inh", N_INH, cell)
    for source, count, weight in ((exc, C_EXC, J), (inh, C_INH, -STATES[state].g * J)):
        for target in (exc, inh):
            net.connect(source, target, rules.fixed_indegree(count, autapses=False), weight=weight, delay=DELAY)
    for target in (exc, inh):
        net.drive(target, stimuli.poisson(external_rate(state)), weight=J)
    return net


def external_rate(state: str) -> float:
    """Spikes a second that a neuron receives from outside.

    >>> round(external_rate("A"), 6)
    20000.0
    """
    threshold_rate = V_TH / (J * C_EXC * TAU_M) * 1000.0  # Hz of each of C_EXC sources: its mean input is V_TH
    return STATES[state].external * threshold_rate * C_EXC
