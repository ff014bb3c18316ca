"""What a backend sees of the populations that run without a clock: kernels in closed form, and plans in real time.

Time is (window, offset): the instant `window * Program.window + offset` ms, 0 < offset <= Program.window. A window is a
power of two, so that its multiples and the step into the next window are exact, and an hour of model time costs no digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hsnn_event.lowering.hyper_ir import HyperPlan
from hsnn_event.lowering.ir import FloatArray, IntArray, Number, PopulationPlan, ProjectionPlan, Section

NEVER = 1e300  # ms: a crossing that does not come
MOST_AT_ONCE = 1000  # spikes of a neuron at one instant
PERIOD = "refractory_period"  # the constant that holds it, in ms


@dataclass(frozen=True)
class ExactKernel:
    """A neuron between events, in closed form. Its sections load states, constants, inputs, arrivals, "elapsed".

    `flow` and `clamped` output the states after `elapsed` ms, of a free and of a refractory neuron; `arrive` and
    `arrive_clamped` those after arrivals at one instant; `reset` those after a spike. `fires` outputs one bool.

    `ahead` outputs a time in ms after which the neuron must be looked at, NEVER if it need not be; up to there it does not
    cross its threshold. Where `closed`, that is the crossing itself. Elsewhere it is the step of a search from the left, 0
    at the crossing. `safe` outputs a bool, a cheaper test: there is surely no crossing within `elapsed` ms.
    """

    name: str
    states: tuple[str, ...]
    constants: tuple[str, ...]
    inputs: tuple[str, ...]     # constant between events
    receptors: tuple[str, ...]
    flow: Section
    clamped: Section
    arrive: Section
    arrive_clamped: Section
    fires: Section
    reset: Section
    ahead: Section
    safe: Section
    closed: bool

    @property
    def refractory(self) -> bool:
        """Does the neuron have a refractory period?"""
        return PERIOD in self.constants


@dataclass(frozen=True)
class InputCourse:
    """An input of a population: `values[k]` from `times[k]` (ms, ascending) on; the plan's own value before the first."""

    population: int
    input: str
    times: FloatArray
    values: tuple[Number, ...]


@dataclass(frozen=True)
class RateCourse:
    """Rates in Hz: `values[k]` from `times[k]` (ms) on, all numbers or all arrays; 0 before the first."""

    times: FloatArray
    values: tuple[Number, ...]


@dataclass(frozen=True)
class ExactPoisson:
    """Private Poisson trains, `order`-th among the stimuli that send events: events of time t arrive at t + delay."""

    order: int
    population: int
    receptor: int
    rate: RateCourse
    weight: Number
    delay: float
    key: int
    ids: IntArray | None = None


@dataclass(frozen=True)
class ExactEvents:
    """Listed events, sorted by time, then as given: `amounts[k]` reaches neuron `ids[k]` at `times[k]` (ms)."""

    order: int
    population: int
    receptor: int
    times: FloatArray
    ids: IntArray
    amounts: FloatArray


@dataclass(frozen=True)
class ExactPoissonSource:
    """A population whose neurons fire as Poisson processes: at the rates of the course, or (None) the constant "rate"."""

    population: int
    rate: RateCourse | None
    key: int


@dataclass(frozen=True)
class ExactListedSource:
    """A population whose neuron `ids[k]` fires at `times[k]` (ms); sorted by time, then id."""

    population: int
    times: FloatArray
    ids: IntArray


@dataclass(frozen=True)
class ExactProgram:
    """A network without a clock, lowered. Delays of projections are in ms (`ValuePlan.grid` is 0), states float64.

    `window` is no longer than any delay above 0, or, where `shortest` is so small that windows would be many, longer.
    """

    window: float
    shortest: float  # delay of a synapse, ms; infinity where there is none
    populations: tuple[PopulationPlan, ...]  # `kernel` indexes `kernels`
    kernels: tuple[ExactKernel, ...]
    projections: tuple[ProjectionPlan, ...]
    poisson: tuple[ExactPoisson, ...] = ()
    events: tuple[ExactEvents, ...] = ()
    courses: tuple[InputCourse, ...] = ()
    sources: tuple[ExactPoissonSource | ExactListedSource, ...] = ()
    weight_type: str = "float64"
    hyper: tuple[HyperPlan, ...] = ()

    @property
    def keys(self) -> tuple[int, ...]:
        """Of all streams that are drawn anew in each trial: those of `poisson`, then of Poisson sources."""
        drawn = (plan.key for plan in self.sources if isinstance(plan, ExactPoissonSource))
        return (*(plan.key for plan in self.poisson), *drawn)


def all_placed(times: FloatArray, window: float) -> tuple[FloatArray, FloatArray]:
    """The windows, as whole numbers, and offsets of times in ms."""
    windows = np.ceil(times / window) - 1.0
    return windows, times - windows * window


def placed(time: float, window: float) -> tuple[int, float]:
    """A time in ms as (window, offset), without rounding; 0 is the end of window -1.

    >>> placed(0.3, 0.125), placed(0.25, 0.125)
    ((2, 0.04999999999999999), (1, 0.125))
    """
    number = int(np.ceil(time / window)) - 1
    return number, time - number * window
