"""Which engine runs a network, on how many threads."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hsnn_event import cores, extensions
from hsnn_event.backends.protocol import Engine, ExactEngine
from hsnn_event.errors import BackendError
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.ir import Program
from hsnn_event.network.network import Network

ENGINES = {
    "numba": "hsnn_event.backends.numba.engine:NumbaEngine",
    "reference": "hsnn_event.backends.reference:ReferenceEngine",
}
EXACT_ENGINES = {
    "numba": "hsnn_event.backends.numba.exact_engine:NumbaExactEngine",
    "reference": "hsnn_event.backends.reference_exact:ReferenceExactEngine",
}
NEURONS_A_THREAD = 10_000  # below, waiting for each other costs threads more than they gain: benchmarks/README.md, "threads"


def new_engine(network: Network, program: Program, n_threads: int) -> Engine:
    """The engine of the network's backend, of this package or another."""
    if network.backend in ENGINES:
        make = _named(ENGINES[network.backend])
    else:
        make = extensions.load(extensions.BACKENDS, network.backend)
    engine: Engine = make(program, n_threads, network.blocks)
    return engine


def new_exact_engine(network: Network, program: ExactProgram, n_threads: int) -> ExactEngine:
    """The engine for populations without a clock. Raises BackendError where the backend has none."""
    if network.backend not in EXACT_ENGINES:
        raise BackendError(
            f"backend {network.backend!r} has no schedule='exact'. Give one of {', '.join(EXACT_ENGINES)}, or dt and "
            "schedule='clock'.",
            backend=network.backend,
        )
    engine: ExactEngine = _named(EXACT_ENGINES[network.backend])(program, n_threads, network.blocks)
    return engine


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def threads(network: Network) -> int:
    """As many as asked for, else as many cores as this process may use and the network can occupy."""
    if network.threads is not None:
        return network.threads
    n_neurons = sum(population.size for population in network.populations.values())
    return min(cores.available(), 1 + n_neurons // NEURONS_A_THREAD)
