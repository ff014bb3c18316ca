"""The narrow waist: `Program`, all that a backend ever sees of a network. Data only, no callables.

A kernel is straight-line code over single typed operations in fixed order. Every backend executes the same list,
one IEEE operation for each instruction and no fused ones, so that all of them give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.lowering.hyper_ir import HyperPlan

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Number = float | FloatArray  # one value for all, or one value each

# Operations and the number of their arguments. Loads and literals carry `value` and no arguments.
LOADS = ("state", "constant", "input", "arrival", "elapsed", "part", "advanced", "reached", "pre", "post")  # value: an index
REAL_OPS = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "neg": 1, "abs": 1, "sqrt": 1, "min": 2, "max": 2,
    "floor": 1, "rint": 1,
    "select": 3,     # condition (bool), value if true, value if false
    "scale2": 2,     # x * 2**k for a whole-numbered real k in the range of normal numbers
    "exponent": 1,   # the whole-numbered e of x = m * 2**e with 1 <= m < 2, as a real; x > 0 and normal
    "mantissa": 1,   # that m
}  # fmt: skip
BOOL_OPS = {"lt": 2, "le": 2, "gt": 2, "ge": 2, "eq": 2, "ne": 2, "and": 2, "or": 2, "not": 1}

# Every CUT_EVERY steps, at the end of the step, states below DENORMAL_CUT become 0, so that a silent neuron's decaying
# states do not stay among denormal numbers, where arithmetic is slow (on some processors a hundred times). In every step
# it would cost a quarter of a kernel: benchmarks/README.md, "denormals".
DENORMAL_CUT, CUT_EVERY = 1e-30, 128

PARTS = 1 << 16    # a neuron cuts a step into so many parts at most
EASY = 2.0**-6     # an error so small that twice the step would do: its error is 2**5 times as large

# Hidden states of kernels, after those of the model. HELD: did the threshold hold at the start of the step (1 or 0)? LAG:
# how far from true it was then, and, once the neuron has fired, how far before the end of the step, as a part of the step.
HELD, LAG = "(held)", "(lag)"


class Instruction(NamedTuple):
    """Value number k of a section is what its k-th instruction gives.

    `op` is one of LOADS, "clamped" (bool: is the neuron refractory in this step), "literal" (`value`, a float), a key of
    REAL_OPS or a key of BOOL_OPS. Loads have an index as `value`: "state", "constant", "input" and "arrival" that into the
    kernel's list of that kind, "advanced" that of a state, "pre" and "post" that into those of a coupling, which say what it
    reads of its two neurons; "elapsed", "part" and "reached" have index 0. "elapsed" is the time in ms that a flow is to go
    on; what "advanced", "part" and "reached" are, Kernel says.
    """

    op: str
    args: tuple[int, ...] = ()
    value: float | int | None = None


@dataclass(frozen=True)
class Section:
    """Straight-line code; `outputs` are numbers of values."""

    code: tuple[Instruction, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Stages:
    """The evaluations of a coupled neuron's equations in a substep; before each, all coupled neurons have done the last.

    A stage reads the states at the beginning of the substep, the `hidden` values that earlier stages left, and inputs with
    what couplings add to them at the stage. It outputs one value for each of `hidden`, then of `published`: what couplings
    read in the next stage. The last stage outputs one for each state instead of `hidden`; in the last substep
    `Kernel.update` stands in for it, and `publish` (outputs: `published`) reads the states when the step is done. A load of
    state number len(states) + k is hidden value k, in these sections and in `update`.
    """

    hidden: tuple[str, ...]
    published: tuple[str, ...]
    publish: Section
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Kernel:
    """One clock step of a neuron: `update` (advance from t to t + dt, then add the arrivals), `fires`, `reset`.

    `update` and `reset` output one value a state, in order of `states`; `reset` runs only for a neuron that fires.
    `fires` outputs one bool and reads the states after `update`; a refractory neuron is never asked.
    A neuron that fires is then clamped for as many steps as its constant "refractory_steps" says, if there is one.

    With an `attempt`, each neuron first cuts the step into parts, as many as it needs. It begins with part = 1, done = 0 and
    the states at t, and repeats: `attempt` outputs, for the loads "state" and "part", new values of the model's states
    (those that are not hidden, which come first), an error, and a bool, stop.

    - If error <= 1, or part == 1/PARTS, the states become the new ones, and done grows by part. If stop, or the error is
      NaN, it ends. If error <= EASY and done is a multiple of 2 * part, part doubles.
    - Otherwise part is halved.

    It ends when done is 1. All these numbers are multiples of 1/PARTS, so that nothing is rounded. `update` then reads the
    states at t as "state" still, what the attempts have made of state k as "advanced" k, and done as "reached".

    States whose name is no identifier are hidden (HELD, LAG): nobody sets or records them, and `update` writes them before
    they are read.

    `stages` has what comes before `update` where a coupling reaches or reads the neuron.
    """

    name: str
    states: tuple[str, ...]
    constants: tuple[str, ...]  # parameters that the code reads, and what the host derived from parameters and dt
    inputs: tuple[str, ...]     # continuous inputs, held over the step
    receptors: tuple[str, ...]  # arrivals: the sum of the weights that arrive at t + dt
    update: Section
    fires: Section
    reset: Section
    attempt: Section | None = None
    stages: Stages | None = None

    @property
    def refractory(self) -> bool:
        """Does the neuron have a refractory period?"""
        return "refractory_steps" in self.constants

    @property
    def interpolated(self) -> bool:
        """Do spikes lie inside the step, as its state LAG says?"""
        return LAG in self.states


@dataclass(frozen=True)
class PopulationPlan:
    """`kernel` indexes Program.kernels; the numbers are float64 whatever the precision of the run."""

    name: str
    size: int
    kernel: int
    states: dict[str, FloatArray]     # initial values, shape (size,)
    constants: dict[str, Number]
    inputs: dict[str, Number]


class Apart(NamedTuple):
    """Positions in mm of sources and targets, shape (neurons, dimensions), in the order of the objects connected, and the
    period of each dimension (inf: open). A distance is sqrt(x*x + y*y + ...), each difference being min(a, period - a) of
    its absolute value a."""

    sources: FloatArray
    targets: FloatArray
    period: FloatArray


@dataclass(frozen=True)
class ValuePlan:
    """A weight or delay of each synapse: `kind` is "constant", "array" or the name of a distribution.

    A draw is `quantile(kind, a, b, u_low + u * (u_high - u_low))`, clipped to [low, high]: redrawing outside bounds
    is done by rescaling u. Arrays hold one value an edge in the order in which the rule numbers its edges; weights may
    also be "ordered": `values` in the order of (source id, delay, draw), in which edges are read back.
    A delay of kind "distance" is a + distance / b, between places `apart`. A delay (`grid` = dt) of this kind or drawn
    from a distribution is then max(1, floor(value / grid + 0.5)) steps; constant and array delays are whole steps already.
    """

    kind: str
    a: float = 0.0
    b: float = 0.0
    u_low: float = 0.0
    u_high: float = 1.0
    low: float = -np.inf
    high: float = np.inf
    values: npt.NDArray[np.floating] | None = None  # float64, or float32 as a matrix brought them
    grid: float = 0.0
    apart: Apart | None = None

    @property
    def least(self) -> float:
        """No value is smaller; infinity where there is none."""
        if self.kind == "constant":
            return self.a
        return self.low if self.values is None else float(self.values.min(initial=np.inf))


@dataclass(frozen=True)
class RulePlan:
    """Which pairs are connected; docs/semantics.md gives every rule as a function of random counters."""

    kind: str                       # "fixed_total", "bernoulli", "fixed_indegree", ..., "from_edges"
    count: int = 0                  # n or k
    p: float = 0.0
    autapses: bool = True
    multapses: bool = True
    sources: IntArray | None = None  # from_edges: ids within the source object
    targets: IntArray | None = None
    indptr: IntArray | None = None   # csr: entries indptr[i] ... indptr[i + 1] - 1 of `targets` are those of source i


@dataclass(frozen=True)
class ProjectionPlan:
    """Indices refer to Program.populations and to the receptors of the target's kernel."""

    name: str
    source: int
    target: int
    receptor: int
    rule: RulePlan
    weight: ValuePlan
    delay: ValuePlan
    key: int                          # of its random stream, 64 bits
    source_ids: IntArray | None = None  # a view: population ids, in its order; None: the whole population
    target_ids: IntArray | None = None
    exact: bool = False               # the targets have no clock: delays are in ms, 0 or more, and real numbers


@dataclass(frozen=True)
class CouplePlan:
    """Continuous coupling: in each stage, `input` of each target grows by the sum of conductance * function, over its edges
    in order of the partner's id, then of draw; divided by their number if `averaged`.

    `edges` has conductances as weights; its receptor and delays mean nothing. `function` loads the published quantities
    `pre` of the source and `post` of the target. If `symmetric`, a pair is one junction, in whatever order and however
    often it is drawn, and acts on both of its neurons; of "bernoulli" within a population the draws from a neuron to one of
    lower id do not count where the other order is drawn too. Conductances of kind "ordered" are those of junctions in the
    order of (source, target).
    """

    edges: ProjectionPlan
    input: str
    pre: tuple[str, ...]
    post: tuple[str, ...]
    function: Section
    symmetric: bool
    averaged: bool


@dataclass(frozen=True)
class Course:
    """Numbers that change at steps: `values[k]` in the steps after `steps[k]`, as far as the next; 0 up to the first.

    The values are all numbers, or all arrays of one shape.
    """

    steps: IntArray
    values: tuple[Number, ...]

    def at(self, step: int) -> Number:
        """The value in the step that ends at `step`."""
        place = int(np.searchsorted(self.steps, step)) - 1
        return self.values[place] if place >= 0 else 0.0


@dataclass(frozen=True)
class PoissonPlan:
    """Private Poisson trains: in the step that ends at k * dt each target draws a count with mean `expected` in emission
    step k - delay, and receives count * weight."""

    order: int         # among the stimuli that send events, as declared
    population: int
    receptor: int
    expected: Course   # rate * dt
    weight: Number
    delay: int         # steps, 0 or more
    key: int
    ids: IntArray | None = None


@dataclass(frozen=True)
class EventsPlan:
    """Listed events, sorted by step, then as given: `amounts[k]` reaches neuron `ids[k]` in step `steps[k]`."""

    order: int
    population: int
    receptor: int
    steps: IntArray
    ids: IntArray
    amounts: FloatArray


@dataclass(frozen=True)
class NoisePlan:
    """sigma * (a random number of each neuron), added to an input; drawn again every `every` steps.

    The numbers are standard normal, or (`law` "exponential") exponential with mean 1.
    """

    population: int
    input: str
    sigma: Course
    every: int
    key: int
    ids: IntArray | None = None
    law: str = "normal"

    @property
    def mean(self) -> float:
        """Of the numbers."""
        return 1.0 if self.law == "exponential" else 0.0


@dataclass(frozen=True)
class PoissonSource:
    """A population whose neurons fire with a probability a step, each by itself: that of the course, or (None) the
    population's constant "probability"."""

    population: int
    probability: Course | None
    key: int


@dataclass(frozen=True)
class ListedSource:
    """A population whose neuron `ids[k]` fires in step `steps[k]`; sorted by step, then id."""

    population: int
    steps: IntArray
    ids: IntArray


@dataclass(frozen=True)
class Program:
    """A network, lowered. Time step k ends at time k * dt. Coupled populations go through `substeps` equal parts of it."""

    dt: float
    populations: tuple[PopulationPlan, ...]
    kernels: tuple[Kernel, ...]
    projections: tuple[ProjectionPlan, ...]
    poisson: tuple[PoissonPlan, ...]
    state_type: str = "float64"
    weight_type: str = "float64"
    events: tuple[EventsPlan, ...] = ()
    noise: tuple[NoisePlan, ...] = ()
    sources: tuple[PoissonSource | ListedSource, ...] = ()
    couplings: tuple[CouplePlan, ...] = ()
    substeps: int = 1
    hyper: tuple[HyperPlan, ...] = ()

    @property
    def keys(self) -> tuple[int, ...]:
        """Of all streams that are drawn anew in each trial: those of `poisson`, of `noise`, of Poisson sources."""
        return (
            *(plan.key for plan in self.poisson),
            *(plan.key for plan in self.noise),
            *(plan.key for plan in self.sources if isinstance(plan, PoissonSource)),
        )

    @property
    def stimuli(self) -> tuple[PoissonPlan | EventsPlan, ...]:
        """What sends events to receptors, in order of declaration."""
        plans: list[PoissonPlan | EventsPlan] = [*self.poisson, *self.events]
        return tuple(sorted(plans, key=lambda plan: plan.order))
