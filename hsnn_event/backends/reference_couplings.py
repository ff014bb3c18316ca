"""Couplings one pair after the other: what they add to the inputs of neurons."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.reference_edges import expand
from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.ir import CouplePlan, IntArray, Program, ValuePlan
from hsnn_event.lowering.junctions import disagreement

Real = npt.NDArray[np.floating]
Quantities = list[dict[str, Real]]  # of each population, by name


class Acting(NamedTuple):
    """Pairs of a coupling that act on `target`, sorted by its neuron, then by partner."""

    plan: CouplePlan
    source: int
    target: int
    partners: IntArray
    neurons: IntArray
    conductances: Real


class ReferenceCouplings:
    """The couplings of a program, expanded pair by pair."""

    def __init__(self, program: Program, dtype: np.dtype[np.floating]) -> None:
        self._sizes = [plan.size for plan in program.populations]
        self._weight_type, self._dtype = program.weight_type, dtype
        self._acting = [self._expanded(plan) for plan in program.couplings]

    def reconduct(self, number: int, conductance: ValuePlan) -> None:
        """Other conductances for a coupling."""
        plan = self._acting[number][0].plan
        self._acting[number] = self._expanded(replace(plan, edges=replace(plan.edges, weight=conductance)))

    def inputs(self, published: Quantities, held: Quantities) -> Quantities:
        """The inputs that couplings reach: what is held in them, and what the couplings add, in order of declaration."""
        found: Quantities = [{} for _ in self._sizes]
        for plan, source, target, partners, neurons, conductances in (each for some in self._acting for each in some):
            loads = {
                "pre": [published[source][name][partners] for name in plan.pre],
                "post": [published[target][name][neurons] for name in plan.post],
            }
            (value,) = evaluate(plan.function, loads, dtype=self._dtype)
            total = np.zeros(self._sizes[target], self._dtype)
            np.add.at(total, neurons, conductances * value.astype(self._dtype, copy=False))
            if plan.averaged:
                number = np.maximum(np.bincount(neurons, minlength=len(total)), 1)
                total = total / number.astype(self._dtype)
            before = found[target].get(plan.input, held[target][plan.input])
            found[target][plan.input] = np.asarray(before + total, self._dtype)
        return found

    def _expanded(self, plan: CouplePlan) -> list[Acting]:
        source, target = plan.edges.source, plan.edges.target
        pairs = self._pairs(plan)
        ways = [(source, target, pairs)]
        if plan.symmetric:
            ways.append((target, source, [(j, i, g) for i, j, g in pairs]))
        if plan.symmetric and source == target:
            ways = [(source, target, [pair for _, _, way in ways for pair in way])]
        return [self._acting_on(plan, *way) for way in ways]

    def _acting_on(self, plan: CouplePlan, source: int, target: int, pairs: list[tuple[int, int, float]]) -> Acting:
        ordered = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
        columns = zip(*ordered, strict=True) if ordered else ((), (), ())
        partners, neurons, conductances = columns
        real = np.array(conductances, np.float64).astype(self._weight_type).astype(self._dtype)
        return Acting(plan, source, target, np.array(partners, np.int64), np.array(neurons, np.int64), real)

    def _pairs(self, plan: CouplePlan) -> list[tuple[int, int, float]]:
        """(source, target, conductance), junctions once and in order."""
        edges = plan.edges
        ordered = edges.weight.kind == "ordered"
        drawn = expand(
            replace(edges, weight=ValuePlan("constant")) if ordered else edges,
            (self._sizes[edges.source], self._sizes[edges.target]),
        )
        pairs = sorted(zip(*(column.tolist() for column in drawn[:3]), strict=True), key=lambda pair: pair[0])
        if plan.symmetric:
            pairs = self._junctions(plan, pairs)
        if ordered and edges.weight.values is not None:
            return [(i, j, float(g)) for (i, j, _), g in zip(pairs, edges.weight.values, strict=True)]
        return pairs

    def _junctions(self, plan: CouplePlan, pairs: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
        edges, same = plan.edges, plan.edges.source == plan.edges.target
        sources = set(range(self._sizes[edges.source]) if edges.source_ids is None else edges.source_ids.tolist())
        targets = set(range(self._sizes[edges.target]) if edges.target_ids is None else edges.target_ids.tolist())
        found: dict[tuple[int, int], float] = {}
        for i, j, g in pairs:
            if same and (i == j or (edges.rule.kind == "bernoulli" and i > j and i in targets and j in sources)):
                continue
            junction = (min(i, j), max(i, j)) if same else (i, j)
            if edges.weight.kind == "array" and found.get(junction, g) != g:
                raise disagreement(plan, *junction)
            found.setdefault(junction, g)
        return [(i, j, g) for (i, j), g in sorted(found.items())]
