"""A network in which almost nothing happens: what simulation without a clock is for, and what it costs there.

Neurons rest. Each is made to fire now and then from outside; what a spike adds to its targets moves them by a hundredth of
the way to the threshold. So the rate is that of the drive, and the work is known: spikes, and deliveries of spikes.
"""

from __future__ import annotations

from typing import Any

from hsnn_event import stimuli
from hsnn_event.errors import ValueRangeError
from hsnn_event.model import library
from hsnn_event.network.network import Network
from hsnn_event.quantities import real, whole
from hsnn_event.topology import rules

JUMP, DELAY = 0.1, 1.5  # mV, ms: those of Brunel (2000)
PUSH = 1000.0  # mV: far above threshold, which is 15 mV above rest
MOST = 10_000.0  # arrivals a second and neuron: their mean is 10 mV, and 15 are still 7 standard deviations away

# What the command line runs: neurons, synapses of each, Hz.
USUAL = (100_000, 100, 0.1)


def quiet(n: int, out_degree: int, rate: float, **network_options: Any) -> Network:
    """`n` neurons at rest, population "cells", with `out_degree` synapses each, that fire with `rate` Hz.

    Each is driven by a Poisson train of its own, each event of which makes it fire (unless it is refractory: 2 ms). Synapses
    move the potential by 0.1 mV, 15 mV below threshold, after 1.5 ms. The other arguments are those of `Network`; it runs
    without a clock unless dt is given, which must have the delay on its grid.

    Made for this package, to measure what idle neurons cost. Raises ValueRangeError where out_degree * rate is above 10,000
    a second: the neurons would excite each other.

    >>> net = quiet(1000, 10, rate=0.1, seed=1)
    >>> net["cells"].size, net.dt is None
    (1000, True)
    """
    n, out_degree = whole(n, "quiet: n", low=1), whole(out_degree, "quiet: out_degree", low=0)
    rate = real(rate, "quiet: rate", unit="Hz", low=0.0)
    if (arrivals := out_degree * rate) > MOST:
        text = f"quiet: {out_degree} synapses of {rate:g} Hz are {arrivals:g} arrivals a second; the most is {MOST:g}."
        raise ValueRangeError(f"{text} Give a lower rate, or fewer synapses.", value=rate)
    net = Network(**{"dt": None, **network_options})
    cells = net.population("cells", n, library.lif_delta())
    net.connect(cells, cells, rules.fixed_outdegree(out_degree), weight=JUMP, delay=DELAY)
    net.drive(cells, stimuli.poisson(rate), weight=PUSH)
    return net
