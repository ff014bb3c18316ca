"""What a backend must do: six methods."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.ir import FloatArray, IntArray, Number, ValuePlan


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

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        """New weights, as if declared: spikes in flight arrive with them."""

    def restart(self, program_keys: tuple[int, ...]) -> None:
        """Back to step 0 with empty queues and no neuron refractory; Poisson drives take these keys (a trial's)."""
