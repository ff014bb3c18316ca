"""The network of Izhikevich (2003), IEEE Trans. Neural Netw. 14:1569, doi 10.1109/TNN.2003.820440, as its script has it.

1,000 neurons, all connected to all, in steps of 1 ms; thalamic input is a normal number a neuron and step. A spike acts
as a current over the step after it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hsnn_event import random, stimuli
from hsnn_event.model import library
from hsnn_event.model.declare import NeuronModel
from hsnn_event.network.network import Network
from hsnn_event.rng import stream_key, uniforms
from hsnn_event.topology import rules

N_EXC, N_INH = 800, 200
DT = 1.0  # ms
THALAMIC = {"exc": 5.0, "inh": 2.0}  # standard deviation of the input, mV/ms
# Mean rate (Hz) of all neurons in the first second: 7,533 spikes, standard deviation 166, over 20 seeds of the script.
REFERENCE_RATE = 7.533


def izhikevich2003(**network_options: Any) -> Network:
    """The network of the paper's script, populations "exc" (regular spiking to chattering) and "inh" (fast spiking).

    Neurons differ in their parameters, by one uniform number each. The other arguments are those of `Network`; dt is
    1 ms unless given, since weights and noise are those of steps of 1 ms.

    >>> net = izhikevich2003(seed=1)
    >>> net["exc"].size, net["inh"].size
    (800, 200)
    """
    net = Network(**{"dt": DT, **network_options})
    r = {name: uniforms(stream_key(net.seed, "population", name, "r"), n) for name, n in (("exc", N_EXC), ("inh", N_INH))}
    exc = _cell(c=-65.0 + 15.0 * r["exc"] ** 2, d=8.0 - 6.0 * r["exc"] ** 2)
    inh = _cell(a=0.02 + 0.08 * r["inh"], b=0.25 - 0.05 * r["inh"], d=2.0)
    populations = [
        net.population(name, size, cell, method="izhikevich2003")
        for name, size, cell in (("exc", N_EXC, exc), ("inh", N_INH, inh))
    ]
    for source, weight in zip(populations, (random.uniform(0.0, 0.5), random.uniform(-1.0, 0.0)), strict=True):
        net.drive(source, stimuli.noise(THALAMIC[source.name], every=DT))
        for target in populations:
            net.connect(source, target, rules.all_to_all(), weight=weight, delay=DT)
    return net


def _cell(**parameters: object) -> NeuronModel:
    """The paper's neuron; an event is a current over one step."""
    return replace(library.izhikevich(**parameters), receptors={"default": {"I": "I + weight"}})
