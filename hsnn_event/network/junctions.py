"""Junctions: populations with a neuron a hyperedge, which fires when its hyperedge is activated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.source import SourceModel
from hsnn_event.topology.hyper_rule import HyperRule

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class JunctionModel(SourceModel):
    """Made by `Network.connect_hyper`. It has no spikes of its own: an empty list.

    The members (sources) of hyperedge e are entries indptr[e] ... indptr[e + 1] - 1 of `members`, which are ids in
    populations[where[k]], and of `amounts`, the weights that rules which add give them (None: 1). `gate` names the
    junctions whose evidence opens these: those of equal number, or their only one. `relays` names the population, the last
    one of `populations`, that passes spikes of sources on later.
    """

    populations: tuple[str, ...]
    indptr: IntArray
    where: IntArray
    members: IntArray
    rule: HyperRule
    amounts: npt.NDArray[np.float64] | None = None
    gate: str | None = None
    relays: str | None = None


RELAY = NeuronModel(
    name="relay", states={"v": 0.0}, receptors={"spike": {"v": "v + weight"}}, threshold="v > 0", reset={"v": "0"}
)
"""A neuron that fires at the very instant at which a spike reaches it: how the spikes of sources come later."""
