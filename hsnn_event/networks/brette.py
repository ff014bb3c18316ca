"""The benchmarks of Brette et al. (2007), J. Comput. Neurosci. 23:349, doi 10.1007/s10827-007-0038-6.

4,000 neurons, four fifths of them excitatory, each pair connected with probability 0.02: the network
of Vogels and Abbott (2005). In CUBA and COBA spikes arrive after one step, 0.1 ms, as in the
grid-bound scripts that came with the paper, which states no delay for these two benchmarks; HH has the same. In
benchmark 4, made for simulators without a clock, they arrive after 0.125 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hsnn_event import random, stimuli
from hsnn_event.errors import unknown_name
from hsnn_event.model import library
from hsnn_event.model.declare import NeuronModel
from hsnn_event.network.network import Network
from hsnn_event.topology import rules

N_EXC, N_INH = 3200, 800
PROBABILITY = 0.02
DELAY = 0.1  # ms
EXACT_DELAY = 0.125  # ms, of benchmark 4
V_RESET, V_TH = -60.0, -50.0  # mV
T_REF = 5.0  # ms
TAU_SYN = {"exc": 5.0, "inh": 10.0}  # ms

# A unit jump of a synaptic variable in the paper is 1 mV of drive (of R * I). With C_m = tau_m in
# numbers (R = 1 GOhm), 1 pA is 1 mV, so that the paper's weights stand here as they are.
CUBA_WEIGHTS = {"exc": 1.62, "inh": -9.0}  # pA
COBA_WEIGHTS = {"exc": 6.0, "inh": 67.0}  # nS
EXACT_WEIGHTS = {"exc": 0.25, "inh": -2.25}  # mV

UNIFORM_START = {"v": random.uniform(V_RESET, V_TH)}
# What HH begins with (mV and nS), as in Brian's script of the benchmark; negative conductances are drawn again.
HH_START = {
    "v": random.normal(-65.0, 5.0),
    "g_exc": random.normal(40.0, 15.0, low=0.0),
    "g_inh": random.normal(200.0, 120.0, low=0.0),
}

# What starts COBA: trains onto the first excitatory cells.
STIMULUS_RATE, STIMULUS_START, STIMULUS_STOP = 300.0, 1.0, 51.0  # Hz, ms, ms
N_STIMULATED = 50

# Mean rates (Hz) of all neurons, from independent simulations; over seeds they vary by 0.23, 1.1 and 0.3, those of HH from
# 38 to 46.
REFERENCE_RATES = {"cuba": 5.63, "coba": 19.2, "exact": 9.8, "hh": 42.0}


def brette2007(benchmark: str, **network_options: Any) -> Network:
    """One of the benchmarks, populations "exc" and "inh": "coba" (number 1), "cuba" (2), "hh" (3) or "exact" (4).

    All but HH begin with potentials drawn uniformly between reset and threshold. The rest of CUBA and of benchmark 4 lies
    above threshold and drives them; COBA is started by Poisson trains onto 50 cells from 1 to 51 ms and then sustains
    itself. HH has COBA's weights and cells with the channels of Traub and Miles (`traub_miles`), and begins with open
    synapses. In benchmark 4 spikes move the potential by 0.25 and -2.25 mV, after 0.125 ms.

    The other arguments are those of `Network`. dt is 0.1 ms unless given; that of "exact" is None: it runs without a clock.
    CUBA can, too, with dt=None; "exact" can run on a clock that has its delay, such as dt=0.125.

    Raises UnknownNameError for another name.

    >>> net = brette2007("cuba", seed=1)
    >>> net["exc"].size, net["inh"].size
    (3200, 800)
    >>> brette2007("exact").dt is None
    True
    """
    declare = {"cuba": _cuba, "coba": _coba, "exact": _exact, "hh": _hh}
    if not isinstance(benchmark, str) or benchmark not in declare:
        raise unknown_name("brette2007: benchmark", benchmark, declare)
    net = Network(**{"dt": None if benchmark == "exact" else DELAY, **network_options})
    declare[benchmark](net)
    return net


def _cuba(net: Network) -> None:
    cell = library.lif_exp(
        C_m=20.0, tau_m=20.0, E_L=-49.0, V_th=V_TH, V_reset=V_RESET, t_ref=T_REF, tau_syn=TAU_SYN
    )
    _connect(net, cell, CUBA_WEIGHTS)


def _coba(net: Network) -> None:
    cell = library.lif_cond_exp(
        C_m=200.0,
        g_L=10.0,
        E_L=-60.0,
        V_th=V_TH,
        V_reset=V_RESET,
        t_ref=T_REF,
        E_rev={"exc": 0.0, "inh": -80.0},
        tau_syn=TAU_SYN,
    )
    _connect(net, cell, COBA_WEIGHTS)
    net.drive(
        net["exc"][:N_STIMULATED],
        stimuli.poisson(STIMULUS_RATE, start=STIMULUS_START, stop=STIMULUS_STOP),
        weight=COBA_WEIGHTS["exc"],
        receptor="exc",
        delay=DELAY,
    )


def _exact(net: Network) -> None:
    cell = library.lif_delta(tau_m=20.0, E_L=-49.0, V_th=V_TH, V_reset=V_RESET, t_ref=T_REF)
    _connect(net, cell, EXACT_WEIGHTS, EXACT_DELAY)


def _hh(net: Network) -> None:
    _connect(net, library.traub_miles(), COBA_WEIGHTS, start=HH_START)


def _connect(
    net: Network,
    cell: NeuronModel,
    weights: Mapping[str, float],
    delay: float = DELAY,
    start: Mapping[str, random.Distribution] = UNIFORM_START,
) -> None:
    exc = net.population("exc", N_EXC, cell)
    inh = net.population("inh", N_INH, cell)
    (exc + inh).set(**dict(start))  # type: ignore[arg-type]  # none of its names is `at`
    for source in (exc, inh):
        for target in (exc, inh):
            net.connect(
                source,
                target,
                rules.bernoulli(PROBABILITY),
                weight=weights[source.name],
                delay=delay,
                receptor=source.name if len(cell.receptors) > 1 else None,
            )
