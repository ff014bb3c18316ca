"""Hyperedges in a `Program`: a population of junctions listens to spikes, and its neurons fire by a rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HyperPlan:
    """Neuron e of `population` is the junction of hyperedge e, whose members are entries indptr[e] ... indptr[e + 1] - 1
    of `populations` and `members`: neurons members[k] of populations[k]. Times are in steps.

    Under the rule "any" each spike of a member goes out by the synapses of the junction after those of its own, as if they
    were its own: edge by edge, where it is a member of several, and plan by plan.

    Under other rules junctions are judged once in each step in which members fire, after all of these spikes, and fire in
    that step as any neuron does; junctions are no members. Evidence counts for `window` steps, the present one
    included. After it has fired a junction does not fire for `refractory` steps; evidence goes on; with `consume` it
    starts from nothing.

    - "threshold": `least` spikes, or (`distinct`) different members, count.
    - "weighted": a sum, multiplied by exp(-steps * decay) since it last grew, grows by `amounts` of the members, in order of
      their spikes (population, then id), and is `threshold` or more.
    - "sequence": each member fires less than `gaps` steps (of that member) after a spike of the one before, which has
      itself gone on from the ones before it, and not in the same step.
    """

    population: int
    indptr: IntArray
    populations: IntArray
    members: IntArray
    rule: str
    consume: bool = True
    distinct: bool = False
    refractory: int = 0
    least: IntArray | None = None
    window: IntArray | None = None
    amounts: FloatArray | None = None
    threshold: FloatArray | None = None
    decay: FloatArray | None = None
    gaps: IntArray | None = None

    @property
    def n_edges(self) -> int:
        """Number of hyperedges."""
        return len(self.indptr) - 1

    @property
    def edges(self) -> IntArray:
        """The hyperedge of each member."""
        return np.repeat(np.arange(self.n_edges), np.diff(self.indptr))


NEVER = -(1 << 40)  # a step long ago


def first_evidence(plan: HyperPlan) -> dict[str, IntArray | FloatArray]:
    """What junctions know before the first spike: what goes on from step to step, by name.

    "last" is the step in which each junction fired. "threshold": of each edge its `n` latest pieces of evidence, no more
    than `least`, latest first, in `least` places: their "times" and "who" (members). "weighted": "sums" and the steps "at"
    which they grew. "sequence": the last step "at" which each member's turn came, and the last one "before" that.
    """
    state: dict[str, IntArray | FloatArray] = {"last": np.full(plan.n_edges, NEVER)}
    if plan.rule == "threshold":
        assert plan.least is not None
        places = int(plan.least.sum())
        state |= {"n": np.zeros(plan.n_edges, np.int64), "times": np.full(places, NEVER), "who": np.full(places, -1)}
    elif plan.rule == "weighted":
        state |= {"sums": np.zeros(plan.n_edges), "at": np.zeros(plan.n_edges, np.int64)}
    elif plan.rule == "sequence":
        state |= {name: np.full(len(plan.members), NEVER) for name in ("at", "before")}
    return state
