"""What the pairs that a rule draws are to a coupling: junctions, each once, or directed pairs as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ValueRangeError
from hsnn_event.lowering.ir import CouplePlan, FloatArray, IntArray, ProjectionPlan, ValuePlan


class Pairs(NamedTuple):
    """Population ids and conductances; junctions sorted by (source, target), directed pairs by source, then draw."""

    sources: IntArray
    targets: IntArray
    conductances: FloatArray


class Incoming(NamedTuple):
    """What acts on the neurons of population `target`, partner by partner; the partners of a neuron in ascending order."""

    source: int
    target: int
    pairs: Pairs


def drawable(plan: CouplePlan) -> ProjectionPlan:
    """The edges to be drawn; conductances that belong to junctions come later."""
    ordered = plan.edges.weight.kind == "ordered"
    return replace(plan.edges, weight=ValuePlan("constant")) if ordered else plan.edges


def junctions(plan: CouplePlan, drawn: Pairs, n_targets: int) -> Pairs:
    """The pairs of a coupling, from those drawn, sorted by source, then draw; `n_targets` is the size of that population.

    A junction that is drawn several times has the conductance of the first draw. Raises ValueRangeError where conductances
    that are given for one junction differ.
    """
    found = _merged(plan, drawn, n_targets) if plan.symmetric else drawn
    if plan.edges.weight.kind != "ordered":
        return found
    assert plan.edges.weight.values is not None
    return found._replace(conductances=plan.edges.weight.values.astype(np.float64))


def incoming(plan: CouplePlan, pairs: Pairs) -> list[Incoming]:
    """The pairs as each of their target neurons sees them; sorted by target stably, partners ascend."""
    there, back = pairs, Pairs(pairs.targets, pairs.sources, pairs.conductances)
    source, target = plan.edges.source, plan.edges.target
    if not plan.symmetric:
        return [Incoming(source, target, there)]
    if source != target:
        return [Incoming(source, target, there), Incoming(target, source, back)]
    both = Pairs(*(np.concatenate(columns) for columns in zip(there, back, strict=True)))
    return [Incoming(source, target, both)]


def _merged(plan: CouplePlan, drawn: Pairs, n_targets: int) -> Pairs:
    sources, targets, conductances = drawn
    if plan.edges.source == plan.edges.target:
        stays = sources != targets
        if plan.edges.rule.kind == "bernoulli":
            stays &= ~((sources > targets) & _drawn_both_ways(plan, sources, targets))
        sources, targets, conductances = sources[stays], targets[stays], conductances[stays]
        sources, targets = np.minimum(sources, targets), np.maximum(sources, targets)
    pairs = sources * n_targets + targets
    order = np.argsort(pairs, kind="stable")
    ordered = pairs[order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(order)]
    if plan.edges.weight.kind == "array":
        values = conductances[order]
        differs = values != values[first][np.cumsum(first) - 1]
        if differs.any():
            raise disagreement(plan, *(int(ids[order][differs][0]) for ids in (sources, targets)))
    chosen = order[first]
    return Pairs(sources[chosen], targets[chosen], conductances[chosen])


def _drawn_both_ways(plan: CouplePlan, sources: IntArray, targets: IntArray) -> npt.NDArray[np.bool_]:
    """Of which pairs the rule may draw the other order too."""
    edges, everywhere = plan.edges, np.ones(len(sources), np.bool_)
    back = everywhere if edges.source_ids is None else np.isin(targets, edges.source_ids)
    return back & (everywhere if edges.target_ids is None else np.isin(sources, edges.target_ids))


def disagreement(plan: CouplePlan, source: int, target: int) -> ValueRangeError:
    """The error for a junction that is given two conductances."""
    return ValueRangeError(
        f"coupling {plan.edges.name!r}: the junction of neurons {source} and {target} is given several conductances that "
        "differ. Both orders of a pair are one junction: give one value for it, or symmetric=False.",
        source=source,
        target=target,
    )
