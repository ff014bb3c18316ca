"""What a backend must do: its methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.ir import FloatArray, IntArray, Number


@dataclass(frozen=True, eq=False)
class Moment:
    """What a run goes on from besides states and constants, the same whatever the backend, its threads and its blocks.

    `keys` are the streams of the Poisson drives. `clamped` holds, a population, the last step in which each neuron is
    clamped (0: it is free), or None where all are free. A spike is in flight while a synapse of its neuron has it still
    to come; these spikes are sorted by step of emission, then population, then id.
    """

    step: int
    keys: tuple[int, ...]
    clamped: tuple[IntArray | None, ...]
    steps: IntArray
    populations: IntArray
    ids: IntArray

    @staticmethod
    def start(keys: tuple[int, ...], n_populations: int) -> Moment:
        """Step 0: nothing in flight, nobody refractory."""
        nothing = np.empty(0, np.int64)
        return Moment(0, keys, (None,) * n_populations, nothing, nothing, nothing)


class Engine(Protocol):
    """A compiled network; its state lives wherever the backend likes.

    Populations and projections are numbers, their places in the Program. `step` counts whole steps done.
    """

    step: int

    def advance(self, n_steps: int, recorded: npt.NDArray[np.bool_]) -> None:
        """Do `n_steps` steps; keep the spikes of the populations in which `recorded` (one bool each) is true."""

    def spikes(self) -> tuple[IntArray, IntArray, IntArray]:
        """Hand over and forget the spikes kept: (steps, populations, ids), sorted by step, then population, then id."""

    def read(self, population: int, variable: str) -> FloatArray:
        """A copy of a state, constant or input: shape (size,), float64."""

    def write(self, population: int, variable: str, values: Number) -> None:
        """Set a state, constant or input of all neurons: a number, or an array of shape (size,)."""

    def edges(self, projection: int) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
        """(source ids, target ids, weights, delays in steps), sorted by source, then delay, then order of draw.

        Ids are those of the populations.
        """

    def moment(self) -> Moment:
        """Where the run stands."""

    def restore(self, moment: Moment) -> None:
        """Go on from `moment`, which an engine of the same Program gave; states and constants are written apart."""
