"""What a backend must do, and what it is asked to watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.ir import FloatArray, IntArray, Number, ValuePlan


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


class Probe(NamedTuple):
    """Sample a state or input of the neurons `ids` (None: all, in order) at the absolute multiples of `every` steps."""

    population: int
    variable: str
    ids: IntArray | None
    every: int


class Watch(NamedTuple):
    """What to report of a stretch: spikes of the populations where `spikes` (one bool each) is true, and samples."""

    spikes: npt.NDArray[np.bool_]
    probes: tuple[Probe, ...] = ()


class Seen(NamedTuple):
    """What a stretch showed: spikes, sorted by step, population, id; for each probe its samples (n_samples, n_ids).

    A sample shows a state after threshold and reset, and an input as the step just done held it, in float64.
    """

    steps: IntArray
    populations: IntArray
    ids: IntArray
    samples: tuple[FloatArray, ...]


class Engine(Protocol):
    """A compiled network; its state lives wherever the backend likes.

    Populations and projections are numbers, their places in the Program. `step` counts whole steps done.
    """

    step: int

    def advance(self, n_steps: int, watch: Watch) -> Seen:
        """Do `n_steps` steps and report what was to be watched in them."""

    def read(self, population: int, variable: str) -> FloatArray:
        """A copy of a state, constant or input: shape (size,), float64."""

    def write(self, population: int, variable: str, values: Number) -> None:
        """Set a state, constant or input of all neurons: a number, or an array of shape (size,)."""

    def moment(self) -> Moment:
        """Where the run stands."""

    def restore(self, moment: Moment) -> None:
        """Go on from `moment`, which an engine of the same Program gave; states and constants are written apart."""

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        """New weights, as if declared: spikes in flight arrive with them."""


def sample_steps(first: int, n_steps: int, every: int) -> IntArray:
    """The multiples of `every` among the steps first + 1 ... first + n_steps.

    >>> sample_steps(10, 10, 5).tolist()
    [15, 20]
    """
    return np.arange(first // every + 1, (first + n_steps) // every + 1, dtype=np.int64) * every
