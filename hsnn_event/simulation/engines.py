"""Which engine runs a network, on how many threads."""

from __future__ import annotations

from importlib import import_module

from hsnn_event import cores, extensions
from hsnn_event.backends.protocol import Engine
from hsnn_event.lowering.program import LoweredNetwork
from hsnn_event.network.network import Network

ENGINES = {
    "numba": "hsnn_event.backends.numba.engine:NumbaEngine",
    "reference": "hsnn_event.backends.reference:ReferenceEngine",
}
NEURONS_A_THREAD = 10_000  # below, waiting for each other costs threads more than they gain: benchmarks/README.md, "threads"


def new_engine(network: Network, lowered: LoweredNetwork, n_threads: int) -> Engine:
    """The engine of the network's backend, of this package or another."""
    if network.backend in ENGINES:
        module, _, name = ENGINES[network.backend].partition(":")
        make = getattr(import_module(module), name)
    else:
        make = extensions.load(extensions.BACKENDS, network.backend)
    engine: Engine = make(lowered.program, n_threads, network.blocks)
    return engine


def threads(network: Network) -> int:
    """As many as asked for, else as many cores as this process may use and the network can occupy."""
    if network.threads is not None:
        return network.threads
    n_neurons = sum(population.size for population in network.populations.values())
    return min(cores.available(), 1 + n_neurons // NEURONS_A_THREAD)
