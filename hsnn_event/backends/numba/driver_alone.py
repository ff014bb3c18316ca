"""The driver without a network: what a second process compiles while the first one builds."""

from __future__ import annotations

import numpy as np

from hsnn_event.backends.numba import adjacency
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.lowering.ir import Program


class _DriverAlone(NumbaEngine):
    """An engine of nothing, which compiles the driver and no more."""

    def _construct(self) -> None:
        self._rows = adjacency.Adjacency(np.zeros((self._parts.n_blocks, 0, 3), np.int64))


def compile_driver(state_type: str, weight_type: str) -> None:
    """Bring the driver for these types into the cache."""
    _DriverAlone(Program(0.1, (), (), (), (), state_type, weight_type), n_threads=2)
