"""What happens in the reference of exact schedules, and to whom."""

from __future__ import annotations

from typing import Any, NamedTuple

from hsnn_event.backends.protocol import FREE
from hsnn_event.backends.reference_trains import Instant

CHANGE, LOOK, TRAIN, ARRIVAL = range(4)  # the order of what happens at one instant


class Event(NamedTuple):
    """`round` counts the delays of 0 since the instant began; `order` is that in which arrivals are summed: of synapses 0,
    when and where the spike was emitted, its number among all (a neuron may fire twice at once), and the synapse's rank.
    """

    window: int
    offset: float
    round: int
    kind: int
    population: int
    neuron: int
    order: tuple[Any, ...]
    content: Any = None


class Neuron:
    """States at the instant `stamp`; no crossing up to `clear` ms after it; `until` ends its refractoriness."""

    def __init__(self, states: list[float]) -> None:
        self.states = states
        self.stamp: Instant = (-1, 0.0)
        self.until: Instant = (FREE, 0.0)
        self.fired, self.clear = 0, 0.0
        self.look: Event | None = None
