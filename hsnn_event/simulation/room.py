"""Does a network fit into memory? Asked before the first of its synapses is drawn."""

from __future__ import annotations

import numpy as np

from hsnn_event import memory
from hsnn_event.network.network import Network
from hsnn_event.network.overview import declared_weight, expected_synapses
from hsnn_event.network.projection import Projection

TARGET = 2  # bytes of the target of a synapse, at least


def require_room(network: Network) -> None:
    """Refuse what takes more memory than is free even if every synapse is packed as small as can be.

    Raises InsufficientMemoryError.
    """
    held = [(expected_synapses(each)[0], _bytes_each(each)) for each in network.projections.values()]
    synapses = sum(number for number, _ in held)
    memory.require(
        sum(number * size for number, size in held), f"network: {synapses:.3g} synapses",
        "Take fewer neurons or connections, weights='float32', or give the process more memory",
    )  # fmt: skip


def _bytes_each(projection: Projection) -> int:
    weight = declared_weight(projection)
    own = weight is not None and not isinstance(weight, int | float | np.number)
    return TARGET + (4 if own else 0)  # bytes: in double precision 8, of which it may be that little is used
