"""Hyperedges in a `Program`: a population of junctions listens to spikes, and its neurons fire by a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # `ir` has plans of hyperedges in its Program
    from hsnn_event.lowering.ir import Section

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HyperKernel:
    """A rule of one's own. Its sections load states, constants, "elapsed" ms and, as arrival 0, the amount of a spike; they
    output the states after that time, after the spike and after activation. `fires` outputs one bool."""

    states: tuple[str, ...]
    constants: tuple[str, ...]
    flow: Section
    arrive: Section
    fires: Section
    reset: Section


@dataclass(frozen=True, eq=False)
class HyperPlan:
    """Neuron e of `population` is the junction of hyperedge e, whose members are entries indptr[e] ... indptr[e + 1] - 1
    of `populations` and `members`: neurons members[k] of populations[k]. Times are in steps, or in ms without a clock.

    Under the rule "any" each spike of a member goes out by the synapses of the junction after those of its own, as if they
    were its own: edge by edge, where it is a member of several, and plan by plan.

    Under other rules junctions are judged once at each instant at which members fire, after all of these spikes, and fire
    at that instant as any neuron does; junctions are no members. A spike counts at the instant itself and as long as it is
    less than `window` old. After it has fired a junction does not fire for `refractory`, the end included; evidence goes on;
    with `consume` it starts from nothing.

    Junctions of plan number `gate`, which comes earlier and has the rule "threshold", open these while they have the
    evidence to fire (`closes`: while they have not): junction e that of the same number, or the only one. `openings` are
    instants (steps or windows, offsets), starts and ends by turns, of junction e those from opening_rows[e, 0] to before
    opening_rows[e, 1]; it is open after a start until an end, that included. What comes while a junction is closed is no
    evidence.

    - "threshold": `least` spikes, or (`distinct`) different members, count.
    - "weighted": a sum, multiplied by exp(-time * decay) since it last grew, grows by `amounts` of the members, in order of
      their spikes (population, then id), and is `threshold` or more.
    - "relay": as "any", but as junctions do it that fire by themselves: once for each spike of a member.
    - "equations": `kernel` moves states through the time since the last spike of a member, and past each spike; whether
      the junction fires is judged afterwards.
    - "sequence": each member fires less than `gaps` (of that member) after a spike of the one before, which has itself gone
      on from the ones before it, and not at the same instant.
    """

    population: int
    indptr: IntArray
    populations: IntArray
    members: IntArray
    rule: str
    consume: bool = True
    distinct: bool = False
    refractory: float = 0.0
    least: IntArray | None = None
    window: FloatArray | None = None
    amounts: FloatArray | None = None
    threshold: FloatArray | None = None
    decay: FloatArray | None = None
    gaps: FloatArray | None = None
    kernel: HyperKernel | None = None
    constants: FloatArray | None = None  # (n_edges, number of constants)
    initial: FloatArray | None = None    # (n_edges, number of states)
    unit: float = 1.0                    # ms: that in which times are given
    gate: int | None = None
    closes: bool = False
    opening_rows: IntArray | None = None
    openings: tuple[IntArray, FloatArray] | None = None

    @property
    def n_edges(self) -> int:
        """Number of hyperedges."""
        return len(self.indptr) - 1

    @property
    def edges(self) -> IntArray:
        """The hyperedge of each member."""
        return np.repeat(np.arange(self.n_edges), np.diff(self.indptr))


NEVER = -(1 << 40)  # a step, or a window, long ago


def first_evidence(plan: HyperPlan) -> dict[str, IntArray | FloatArray]:
    """What junctions know before the first spike: what goes on from instant to instant, by name.

    Instants are steps, or windows with an offset in each (names that end in "_o"; 0 on a clock). "last" is when each
    junction fired. "threshold": of each edge its `n` latest pieces of evidence, no more than `least`, latest first, in
    `least` places: their "times" and "who" (members). "weighted": "sums" and when they grew, "at". "equations": "states"
    (edges x states), those of "at". "sequence": when each member's turn came last, "at", and "before" that.
    """
    state: dict[str, IntArray | FloatArray] = {"last": np.full(plan.n_edges, NEVER)}
    if plan.rule == "threshold":
        assert plan.least is not None
        places = int(plan.least.sum())
        state |= {"times": np.full(places, NEVER), "who": np.full(places, -1), "n": np.zeros(plan.n_edges, np.int64)}
    elif plan.rule == "weighted":
        state |= {"at": np.zeros(plan.n_edges, np.int64), "sums": np.zeros(plan.n_edges)}
    elif plan.initial is not None:
        state |= {"at": np.zeros(plan.n_edges, np.int64), "states": plan.initial.copy()}
    elif plan.rule == "sequence":
        state |= {name: np.full(len(plan.members), NEVER) for name in ("at", "before")}
    instants = [name for name in state if name in ("last", "times", "at", "before")]
    return {**state, **{f"{name}_o": np.zeros(len(state[name])) for name in instants}}
