"""The connection rules as functions of random counters, one row after the other. docs/semantics.md has them in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hsnn_event.distributions import quantile, rescaled
from hsnn_event.elementary import log64
from hsnn_event.lowering.ir import Apart, FloatArray, IntArray, ProjectionPlan, RulePlan, ValuePlan
from hsnn_event.rng import (
    LANE_ACCEPT,
    LANE_DELAY,
    LANE_SOURCE,
    LANE_TARGET,
    LANE_WEIGHT,
    uniform_at,
)


class Synapse(NamedTuple):
    """`source` and `target` are places in the objects connected; (row, draw) is the counter of weight and delay,
    `number` the place in an array of them."""

    source: int
    target: int
    row: int
    draw: int
    number: int


class Draws(NamedTuple):
    """What a rule draws from: key, sizes, and the place that the neuron of a row has among its partners (-1: none)."""

    key: int
    n_sources: int
    n_targets: int
    own_target: IntArray  # for each source
    own_source: IntArray  # for each target

    def uniform(self, lane: int, row: int, draw: int, retry: int = 0) -> float:
        """U(lane, row, draw; retry)."""
        return float(uniform_at(np.uint64(self.key), row, lane, draw, retry))


def expand(
    plan: ProjectionPlan, sizes: tuple[int, int], weight_lane: int = LANE_WEIGHT
) -> tuple[IntArray, IntArray, FloatArray, IntArray | FloatArray]:
    """Source ids, target ids, weights (float64) and delays (steps, or ms where exact) of a projection, in order of draw.

    `sizes` are those of the source and the target population.
    """
    source_ids = np.arange(sizes[0]) if plan.source_ids is None else plan.source_ids
    target_ids = np.arange(sizes[1]) if plan.target_ids is None else plan.target_ids
    own_target, own_source = np.full(len(source_ids), -1), np.full(len(target_ids), -1)
    if plan.source == plan.target and not plan.rule.autapses:
        _, at_source, at_target = np.intersect1d(source_ids, target_ids, return_indices=True)
        own_target[at_source], own_source[at_target] = at_target, at_source
    draws = Draws(plan.key, len(source_ids), len(target_ids), own_target, own_source)
    table = np.array(list(_RULES[plan.rule.kind](plan.rule, draws)), dtype=np.int64).reshape(-1, 5)
    sources, targets = source_ids[table[:, 0]], target_ids[table[:, 1]]
    delays = _values(plan.delay, LANE_DELAY, table, draws)
    if plan.delay.grid and plan.delay.kind not in ("constant", "array"):
        delays = np.maximum(1.0, np.floor(delays / plan.delay.grid + 0.5))
    if plan.weight.kind == "ordered":
        weights = np.empty(len(table))
        weights[np.lexsort((delays, sources))] = plan.weight.values
    else:
        weights = _values(plan.weight, weight_lane, table, draws)
    return sources, targets, weights, delays if plan.exact else delays.astype(np.int64)


def delay_changes(plan: ProjectionPlan, sizes: tuple[int, int]) -> tuple[int, float]:
    """How many drawn delays were moved onto the grid, and the largest change in ms."""
    grid = plan.delay.grid
    as_weights = replace(plan, weight=replace(plan.delay, grid=0.0), delay=ValuePlan("constant", 1.0))
    times = expand(as_weights, sizes, LANE_DELAY)[2]
    changes = abs(np.maximum(1.0, np.floor(times / grid + 0.5)) * grid - times)
    moved = changes > grid * 1e-6
    return int(moved.sum()), float(changes[moved].max(initial=0.0))


def _values(plan: ValuePlan, lane: int, table: IntArray, draws: Draws) -> FloatArray:
    if plan.kind == "constant":
        return np.full(len(table), plan.a)
    if plan.kind == "array" and plan.values is not None:
        return plan.values[table[:, 4]].astype(np.float64)
    if plan.apart is not None:
        return plan.a + _distances(plan.apart, table) / plan.b
    u = np.array([draws.uniform(lane, row, draw) for row, draw in table[:, 2:4].tolist()], dtype=np.float64)
    draws_of_law = quantile(plan.kind, plan.a, plan.b, rescaled(u, plan.u_low, plan.u_high))
    return np.clip(draws_of_law, plan.low, plan.high)


def _distances(apart: Apart, table: IntArray) -> FloatArray:
    squares = np.zeros(len(table))
    for axis, period in enumerate(apart.period):
        difference = abs(apart.targets[table[:, 1], axis] - apart.sources[table[:, 0], axis])
        difference = np.minimum(difference, period - difference)
        squares += difference * difference
    return np.sqrt(squares)


def _partners(rule: RulePlan, draws: Draws, row: int, count: int, partners: int, own: int) -> list[int]:
    """`count` places among `partners`, without the row's own; each only once where multapses are excluded."""
    available = partners - (own >= 0)
    chosen: list[int] = []
    taken: set[int] = set()
    for draw in range(count):
        retry = 0
        while True:
            place = math.floor(draws.uniform(LANE_TARGET, row, draw, retry) * available)
            place += 0 <= own <= place
            if rule.multapses or place not in taken:
                break
            retry += 1
        taken.add(place)
        chosen.append(place)
    return chosen


def _fixed_outdegree(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    return _rows_of_sources(rule, draws, [rule.count] * draws.n_sources)


def _fixed_total(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    counts = [0] * draws.n_sources
    for synapse in range(rule.count):
        retry = 0
        while True:
            source = math.floor(draws.uniform(LANE_SOURCE, 0, synapse, retry) * draws.n_sources)
            available = draws.n_targets - (draws.own_target[source] >= 0)
            test = draws.uniform(LANE_ACCEPT, 0, synapse, retry)
            if rule.multapses or (available and test >= counts[source] / available):
                break
            retry += 1
        counts[source] += 1
    return _rows_of_sources(rule, draws, counts)


def _rows_of_sources(rule: RulePlan, draws: Draws, counts: list[int]) -> Iterator[Synapse]:
    number = 0
    for source, count in enumerate(counts):
        own = int(draws.own_target[source])
        for draw, target in enumerate(_partners(rule, draws, source, count, draws.n_targets, own)):
            yield Synapse(source, target, source, draw, number)
            number += 1


def _fixed_indegree(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    for target in range(draws.n_targets):
        own = int(draws.own_source[target])
        for draw, source in enumerate(_partners(rule, draws, target, rule.count, draws.n_sources, own)):
            yield Synapse(source, target, target, draw, target * rule.count + draw)


def _bernoulli(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    if rule.p == 0.0:
        return
    if rule.p == 1.0:
        yield from _all_to_all(rule, draws)
        return
    log_of_no = math.log1p(-rule.p)
    for source in range(draws.n_sources):
        place, draw = -1, 0
        while True:
            skip = log64(draws.uniform(LANE_TARGET, source, draw)) / log_of_no
            if skip >= draws.n_targets or (place := place + 1 + math.floor(skip)) >= draws.n_targets:
                break
            if place != draws.own_target[source]:
                yield Synapse(source, place, source, draw, -1)
            draw += 1


def _one_to_one(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    for neuron in range(draws.n_sources):
        if neuron != draws.own_target[neuron]:
            yield Synapse(neuron, neuron, neuron, 0, neuron)


def _all_to_all(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    for source in range(draws.n_sources):
        for target in range(draws.n_targets):
            if target != draws.own_target[source]:
                yield Synapse(source, target, source, target, source * draws.n_targets + target)


def _from_edges(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    assert rule.sources is not None and rule.targets is not None
    for edge, (source, target) in enumerate(zip(rule.sources.tolist(), rule.targets.tolist(), strict=True)):
        yield Synapse(source, target, 0, edge, edge)


def _csr(rule: RulePlan, draws: Draws) -> Iterator[Synapse]:
    assert rule.indptr is not None and rule.targets is not None
    for source, (begin, end) in enumerate(pairwise(rule.indptr.tolist())):
        for entry in range(begin, end):
            yield Synapse(source, int(rule.targets[entry]), source, entry - begin, entry)


_RULES: dict[str, Callable[[RulePlan, Draws], Iterator[Synapse]]] = {
    "fixed_outdegree": _fixed_outdegree,
    "fixed_total": _fixed_total,
    "fixed_indegree": _fixed_indegree,
    "bernoulli": _bernoulli,
    "one_to_one": _one_to_one,
    "all_to_all": _all_to_all,
    "from_edges": _from_edges,
    "csr": _csr,
}
