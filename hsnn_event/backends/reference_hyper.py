"""Hyperedges in the reference: pieces of evidence in lists, judged as the definition says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hsnn_event.elementary import exp64
from hsnn_event.lowering.hyper_ir import NEVER, FloatArray, HyperPlan, IntArray, first_evidence


class ReferenceJunctions:
    """The junctions of one plan."""

    def __init__(self, plan: HyperPlan) -> None:
        self.plan = plan
        self._member_of: dict[tuple[int, int], list[int]] = {}
        for k, neuron in enumerate(zip(plan.populations.tolist(), plan.members.tolist(), strict=True)):
            self._member_of.setdefault(neuron, []).append(k)
        self._edge = plan.edges.tolist()
        self.restore(first_evidence(plan))

    def restore(self, state: dict[str, IntArray | FloatArray]) -> None:
        """Go on from what `evidence` gave."""
        self._state = {name: values.copy() for name, values in state.items()}

    def evidence(self) -> dict[str, IntArray | FloatArray]:
        """As `first_evidence` says."""
        return {name: values.copy() for name, values in self._state.items()}

    def members(self, population: int, neuron: int) -> list[int]:
        """The members that a neuron is."""
        return self._member_of.get((population, neuron), [])

    def fired(self, spikes: Sequence[tuple[int, int]], step: int) -> list[int]:
        """The junctions that fire by these spikes (population, id), all those of a step, in order."""
        members = [k for spike in spikes for k in self.members(*spike)]
        for k in members:
            getattr(self, f"_note_{self.plan.rule}")(self._edge[k], k, step)
        fired = []
        for edge in sorted({self._edge[k] for k in members}):
            rests = step - self._state["last"][edge] <= self.plan.refractory
            if not rests and getattr(self, f"_judge_{self.plan.rule}")(edge, step):
                self._state["last"][edge] = step
                fired.append(edge)
        return fired

    def _list(self, edge: int) -> slice:
        assert self.plan.least is not None
        first = int(self.plan.least[:edge].sum())
        return slice(first, first + int(self.plan.least[edge]))

    def _note_threshold(self, edge: int, member: int, step: int) -> None:
        where = self._list(edge)
        n = int(self._state["n"][edge])
        known = list(zip(self._state["times"][where][:n], self._state["who"][where][:n], strict=True))
        known = [each for each in known if not (self.plan.distinct and each[1] == member)]
        known = [(step, member), *known][: where.stop - where.start]
        self._state["n"][edge] = len(known)
        for place, (time, who) in enumerate(known):
            self._state["times"][where.start + place], self._state["who"][where.start + place] = time, who

    def _judge_threshold(self, edge: int, step: int) -> bool:
        assert self.plan.least is not None and self.plan.window is not None
        times = self._state["times"][self._list(edge)][: int(self._state["n"][edge])]
        holds = bool(np.sum(step - times < self.plan.window[edge]) >= self.plan.least[edge])
        if holds and self.plan.consume:
            self._state["n"][edge] = 0
        return holds

    def _note_weighted(self, edge: int, member: int, step: int) -> None:
        assert self.plan.amounts is not None and self.plan.decay is not None
        since = step - self._state["at"][edge]
        if since:
            self._state["sums"][edge] *= exp64(-float(since) * self.plan.decay[edge])
        self._state["sums"][edge] += self.plan.amounts[member]
        self._state["at"][edge] = step

    def _judge_weighted(self, edge: int, step: int) -> bool:
        assert self.plan.threshold is not None
        holds = bool(self._state["sums"][edge] >= self.plan.threshold[edge])
        if holds and self.plan.consume:
            self._state["sums"][edge] = 0.0
        return holds

    def _note_sequence(self, edge: int, member: int, step: int) -> None:
        assert self.plan.gaps is not None
        at, before = self._state["at"], self._state["before"]
        if member > self.plan.indptr[edge]:
            earlier = [time for time in (at[member - 1], before[member - 1]) if time < step]
            if step - max(earlier) >= self.plan.gaps[member]:
                return
        if at[member] < step:
            before[member] = at[member]
        at[member] = step

    def _judge_sequence(self, edge: int, step: int) -> bool:
        first, stop = self.plan.indptr[edge], self.plan.indptr[edge + 1]
        holds = bool(self._state["at"][stop - 1] == step)
        if holds and self.plan.consume:
            self._state["at"][first:stop] = self._state["before"][first:stop] = NEVER
        return holds
