"""What a backend must do, and what it is asked to watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.ir import FloatArray, IntArray, ListedSource, Number, PoissonSource, ValuePlan


@dataclass(frozen=True, eq=False)
class Moment:
    """What a run goes on from besides states and constants, the same whatever the backend, its threads and its blocks.

    `keys` are the streams of the Poisson drives. `clamped` holds, a population, the last step in which each neuron is
    clamped (0: it is free), or None where all are free. A spike is in flight while a synapse of its neuron has it still
    to come; these spikes are sorted by step of emission, then population, then id. Those of junctions of the rule "any" are
    not among them: the spikes that they hand on are, as long as any target waits. `evidence` is what the other junctions
    know, as `hyper_ir.first_evidence` says, a plan; empty at the start.
    """

    step: int
    keys: tuple[int, ...]
    clamped: tuple[IntArray | None, ...]
    steps: IntArray
    populations: IntArray
    ids: IntArray
    evidence: tuple[dict[str, IntArray | FloatArray], ...] = ()

    @staticmethod
    def start(keys: tuple[int, ...], n_populations: int) -> Moment:
        """Step 0: nothing in flight, nobody refractory."""
        nothing = np.empty(0, np.int64)
        return Moment(0, keys, (None,) * n_populations, nothing, nothing, nothing)


@dataclass(frozen=True, eq=False)
class Flowing:
    """The same of populations without a clock; instants are (window, offset), as `exact_ir` says.

    A neuron's states are those of the instant at which something last happened to it, its stamp; `states[p]` has shape
    (n_states, size). Its refractoriness ends at `until`, in window FREE where it is not refractory. `fired` counts its
    spikes at the instant of its stamp. Spikes in flight are sorted by instant, population, id. `drawn` says, of
    each of `keys` and each neuron, how far its train has been drawn: (size, 3), with the number of draws done, and the
    instant of the next event. `before`: what happens at `time` itself is still to come. Spikes in flight and `evidence` are
    as in `Moment`.
    """

    time: float  # ms
    before: bool
    keys: tuple[int, ...]
    states: tuple[FloatArray, ...]
    windows: tuple[IntArray, ...]
    offsets: tuple[FloatArray, ...]
    until_windows: tuple[IntArray, ...]
    until_offsets: tuple[FloatArray, ...]
    fired: tuple[IntArray, ...]
    spike_windows: IntArray
    spike_offsets: FloatArray
    populations: IntArray
    ids: IntArray
    drawn: tuple[FloatArray, ...]
    evidence: tuple[dict[str, IntArray | FloatArray], ...] = ()


FREE = -(2**40)  # the window in which refractoriness ends of a neuron that is not refractory


class Probe(NamedTuple):
    """Sample a state or input of the neurons `ids` (None: all, in order) at the absolute multiples of `every` steps.

    Without a clock: at the `times`, in ms, ascending, which lie in the stretch.
    """

    population: int
    variable: str
    ids: IntArray | None
    every: int
    times: tuple[float, ...] = ()


class Watch(NamedTuple):
    """What to report of a stretch: spikes of the populations where `spikes` (one bool each) is true, and samples."""

    spikes: npt.NDArray[np.bool_]
    probes: tuple[Probe, ...] = ()


class Seen(NamedTuple):
    """What a stretch showed: spikes, sorted by step, population, id; for each probe its samples (n_samples, n_ids).

    A sample shows a state after threshold and reset, and an input as the step just done held it, in float64.
    `exact` are the spikes of populations without a clock. `lags` say how far before the end of its step each spike lies, as
    a part of the step from 0 to 1; None: all at the end.
    """

    steps: IntArray
    populations: IntArray
    ids: IntArray
    samples: tuple[FloatArray, ...]
    exact: ExactSpikes | None = None
    lags: FloatArray | None = None


class ExactSpikes(NamedTuple):
    """Spikes at real times, sorted by (window, offset), population, id."""

    windows: IntArray
    offsets: FloatArray
    populations: IntArray
    ids: IntArray


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

    def reconduct(self, coupling: int, conductance: ValuePlan, substeps: int) -> None:
        """New conductances of a coupling, and the number of substeps from now on; constants are written apart."""


class ExactEngine(Protocol):
    """The same of an `ExactProgram`: what a network without a clock runs on, and the exact half of a mixed one.

    `time` is in ms. `read` gives states as they are at `time`; an input follows its course.
    """

    time: float

    def advance(self, until: float, watch: Watch, before: bool = False) -> Seen:
        """Do all that happens up to `until` ms; `before`: leave what happens at that very instant."""

    def read(self, population: int, variable: str) -> FloatArray:
        """As an `Engine` does."""

    def write(self, population: int, variable: str, values: Number) -> None:
        """As an `Engine` does, at `time`; it is a thing that happens to all neurons of the population."""

    def moment(self) -> Flowing:
        """Where the run stands."""

    def restore(self, moment: Flowing | None, keys: tuple[int, ...]) -> None:
        """Go on from `moment` (None: time 0, initial states and inputs) with the streams `keys`; constants stay."""

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        """As an `Engine` does."""


def sample_steps(first: int, n_steps: int, every: int) -> IntArray:
    """The multiples of `every` among the steps first + 1 ... first + n_steps.

    >>> sample_steps(10, 10, 5).tolist()
    [15, 20]
    """
    return np.arange(first // every + 1, (first + n_steps) // every + 1, dtype=np.int64) * every


def fed(plan: ListedSource | PoissonSource, step: int, steps: IntArray, ids: IntArray) -> ListedSource:
    """The list of a source after `step` that is told more spikes to come."""
    assert isinstance(plan, ListedSource)
    left = plan.steps > step
    steps, ids = np.concatenate([plan.steps[left], steps]), np.concatenate([plan.ids[left], ids])
    order = np.lexsort((ids, steps))
    return ListedSource(plan.population, steps[order], ids[order])
