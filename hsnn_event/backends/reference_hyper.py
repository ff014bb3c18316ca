"""Hyperedges in the reference: pieces of evidence in lists, judged as the definition says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hsnn_event.elementary import exp64
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.hyper_ir import NEVER, FloatArray, HyperPlan, IntArray, first_evidence
from hsnn_event.lowering.ir import Section

Instant = tuple[int, float]


class ReferenceJunctions:
    """The junctions of one plan; `width` is a step, 1, or the length of a window in ms; `gate` those that open them."""

    def __init__(self, plan: HyperPlan, width: float = 1.0, gate: ReferenceJunctions | None = None) -> None:
        self.plan, self._gate = plan, gate
        self._width = width
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

    def lend(self, rows: list[list[list[Any]]]) -> None:
        """Under the rule "any", give members the synapses of their junctions, after all their own; `rows` are those of each
        population and source."""
        if self.plan.rule == "any":
            members = zip(self._edge, self.plan.populations.tolist(), self.plan.members.tolist(), strict=True)
            for edge, population, member in members:
                rows[population][member] += rows[self.plan.population][edge]

    def fired(self, spikes: Sequence[tuple[int, int]], now: Instant) -> list[int]:
        """The junctions that fire by these spikes (population, id), all those of an instant, in order; under the rule "any"
        once for each spike."""
        members = [k for spike in spikes for k in self._member_of.get(spike, [])]
        if self.plan.rule == "any":
            return sorted(self._edge[k] for k in members)
        members = [k for k in members if self._open(self._edge[k], now)]
        if self.plan.rule == "relay":
            return self._relayed(members, now)
        for k in members:
            getattr(self, f"_note_{self.plan.rule}")(self._edge[k], k, now)
        fired = []
        for edge in sorted({self._edge[k] for k in members}):
            rests = self._since("last", edge, now) <= self.plan.refractory
            if not rests and getattr(self, f"_judge_{self.plan.rule}")(edge, now):
                self._set("last", edge, now)
                fired.append(edge)
        return fired

    def holds(self, edge: int, now: Instant) -> bool:
        """Is there as much evidence as the rule "threshold" asks for?"""
        assert self.plan.least is not None and self.plan.window is not None
        first, n = self._list(edge).start, int(self._state["n"][edge])
        ages = [self._since("times", place, now) for place in range(first, first + n)]
        return bool(sum(age < self.plan.window[edge] or age == 0.0 for age in ages) >= self.plan.least[edge])

    def _open(self, edge: int, now: Instant) -> bool:
        """Does the junction listen?"""
        plan = self.plan
        if plan.openings is not None and plan.opening_rows is not None:
            mine = slice(*plan.opening_rows[edge].tolist())
            instants = zip(plan.openings[0][mine].tolist(), plan.openings[1][mine].tolist(), strict=True)
            if sum(instant < now for instant in instants) % 2 == 0:
                return False
        if self._gate is None:
            return True
        return self._gate.holds(edge if self._gate.plan.n_edges > 1 else 0, now) is not plan.closes

    def _relayed(self, members: list[int], now: Instant) -> list[int]:
        fired = []
        for edge in sorted(self._edge[k] for k in members):
            if self._get("last", edge) == now or self._since("last", edge, now) > self.plan.refractory:
                self._set("last", edge, now)
                fired.append(edge)
        return fired

    def _get(self, name: str, place: int) -> Instant:
        return int(self._state[name][place]), float(self._state[f"{name}_o"][place])

    def _set(self, name: str, place: int, instant: Instant) -> None:
        self._state[name][place], self._state[f"{name}_o"][place] = instant

    def _since(self, name: str, place: int, now: Instant) -> float:
        """Steps, or ms."""
        (w, o), (v, p) = now, self._get(name, place)
        return (w - v) * self._width + (o - p)

    def _list(self, edge: int) -> slice:
        assert self.plan.least is not None
        first = int(self.plan.least[:edge].sum())
        return slice(first, first + int(self.plan.least[edge]))

    def _note_threshold(self, edge: int, member: int, now: Instant) -> None:
        where = self._list(edge)
        n = int(self._state["n"][edge])
        places = range(where.start, where.start + n)
        known = [(self._get("times", place), int(self._state["who"][place])) for place in places]
        known = [each for each in known if not (self.plan.distinct and each[1] == member)]
        known = [(now, member), *known][: where.stop - where.start]
        self._state["n"][edge] = len(known)
        for place, (time, who) in enumerate(known, where.start):
            self._set("times", place, time)
            self._state["who"][place] = who

    def _judge_threshold(self, edge: int, now: Instant) -> bool:
        holds = self.holds(edge, now)
        if holds and self.plan.consume:
            self._state["n"][edge] = 0
        return holds

    def _note_weighted(self, edge: int, member: int, now: Instant) -> None:
        assert self.plan.amounts is not None and self.plan.decay is not None
        since = self._since("at", edge, now)
        if since:
            self._state["sums"][edge] *= exp64(-since * self.plan.decay[edge])
        self._state["sums"][edge] += self.plan.amounts[member]
        self._set("at", edge, now)

    def _judge_weighted(self, edge: int, now: Instant) -> bool:
        assert self.plan.threshold is not None
        holds = bool(self._state["sums"][edge] >= self.plan.threshold[edge])
        if holds and self.plan.consume:
            self._state["sums"][edge] = 0.0
        return holds

    def _note_equations(self, edge: int, member: int, now: Instant) -> None:
        assert self.plan.kernel is not None and self.plan.amounts is not None
        since = self._since("at", edge, now)
        if since:
            self._state["states"][edge] = self._evaluated(edge, self.plan.kernel.flow, elapsed=since * self.plan.unit)
        amount = float(self.plan.amounts[member])
        self._state["states"][edge] = self._evaluated(edge, self.plan.kernel.arrive, amount=amount)
        self._set("at", edge, now)

    def _judge_equations(self, edge: int, now: Instant) -> bool:
        assert self.plan.kernel is not None
        holds = bool(self._evaluated(edge, self.plan.kernel.fires)[0])
        if holds:
            self._state["states"][edge] = self._evaluated(edge, self.plan.kernel.reset)
        return holds

    def _evaluated(self, edge: int, section: Section, elapsed: float = 0.0, amount: float = 0.0) -> list[Any]:
        assert self.plan.constants is not None
        loads = {"state": self._state["states"][edge], "constant": self.plan.constants[edge], "elapsed": [elapsed],
                 "arrival": [amount]}  # fmt: skip
        return [value.item() for value in evaluate(section, loads)]

    def _note_sequence(self, edge: int, member: int, now: Instant) -> None:
        assert self.plan.gaps is not None
        if member > self.plan.indptr[edge]:
            times = [self._since(name, member - 1, now) for name in ("at", "before")]
            if min(time for time in times if time > 0.0) >= self.plan.gaps[member]:
                return
        if self._get("at", member) != now:
            self._set("before", member, self._get("at", member))
        self._set("at", member, now)

    def _judge_sequence(self, edge: int, now: Instant) -> bool:
        first, stop = int(self.plan.indptr[edge]), int(self.plan.indptr[edge + 1])
        holds = self._get("at", stop - 1) == now
        for member in range(first, stop if holds and self.plan.consume else first):
            self._set("at", member, (NEVER, 0.0))
            self._set("before", member, (NEVER, 0.0))
        return holds


def junctions_of(plans: Sequence[HyperPlan], width: float = 1.0) -> list[ReferenceJunctions]:
    """Those of all plans, in order."""
    made: list[ReferenceJunctions] = []
    for plan in plans:
        made.append(ReferenceJunctions(plan, width, None if plan.gate is None else made[plan.gate]))
    return made
