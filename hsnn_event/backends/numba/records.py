"""From projections to the records that compiled code reads, with their arrays kept alive."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba import apart, readback, rows
from hsnn_event.backends.numba.adjacency import SourceRows
from hsnn_event.distributions import KINDS
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.ir import Apart, IntArray, Program, ProjectionPlan, RulePlan, ValuePlan

DRAWS_AT_ONCE = 1 << 20
_KINDS = {
    "fixed_outdegree": rows.COUNTED, "fixed_total": rows.COUNTED, "bernoulli": rows.BERNOULLI,
    "one_to_one": rows.ONE_TO_ONE, "all_to_all": rows.ALL_TO_ALL, "fixed_indegree": rows.LISTED,
    "from_edges": rows.LISTED, "csr": rows.CSR,
}  # fmt: skip


class Parts(Protocol):
    """How neurons are dealt out to blocks: a `Partition`, or that of a network without a clock."""

    @property
    def offsets(self) -> IntArray:
        """The number of each population's first neuron in the network."""

    def target_map(self, population: int, receptor: int, ids: IntArray | None) -> npt.NDArray[np.uint32]:
        """Block and place in it, in one number, of each target of a projection, in the order of `ids` (None: all)."""


@dataclass
class ProjectionTable:
    """Records sorted by source population, then by declaration; `place[number]` is where projection `number` stands.

    In a network without a clock declaration comes after what groups are sorted by: see `_order`.
    """

    records: npt.NDArray[Any]
    sources: list[SourceRows]
    place: list[int]
    capacity: list[int]  # of each record: no source position has more synapses
    arrays: list[npt.NDArray[Any]] = field(default_factory=list)

    def address(self, array: npt.NDArray[Any]) -> int:
        """Keep an array alive and give its address."""
        self.arrays.append(array)
        return int(array.ctypes.data)

    def drawn(self, place: int, n_sources: int, n_threads: int) -> readback.Drawn:
        """What the synapses of a record are drawn from."""
        return readback.Drawn(self.records, self.arrays, place, self.capacity[place], n_sources, n_threads)


def single_table(plan: ProjectionPlan, sizes: tuple[int, int], n_threads: int) -> ProjectionTable:
    """One projection by itself, to be drawn but not to run; `sizes` are those of its populations."""
    table = ProjectionTable(np.zeros(1, rows.PROJECTION), [], [0], [0])
    _fill(table, 0, plan, None, sizes, n_threads)
    return table


def projection_table(program: Program | ExactProgram, parts: Parts, n_threads: int) -> ProjectionTable:
    """All projections as records, their counts and lists drawn where a rule needs them first."""
    plans = program.projections
    order = _order(plans, isinstance(program, ExactProgram))
    table = ProjectionTable(np.zeros(len(plans), rows.PROJECTION), [], [0] * len(plans), [0] * len(plans))
    for place, number in enumerate(order):
        table.place[number] = place
        sizes = tuple(program.populations[p].size for p in (plans[number].source, plans[number].target))
        _fill(table, place, plans[number], parts, sizes, n_threads)
    for p, population in enumerate(program.populations):
        mine = [table.place[k] for k in order if plans[k].source == p]
        weights = {(plans[k].weight.kind, plans[k].weight.a) for k in order if plans[k].source == p}
        distinct = [int(table.records[k]["n_targets"]) for k in mine if not table.records[k]["multapses"]]
        table.sources.append(
            SourceRows(
                offset=int(parts.offsets[p]),
                size=population.size,
                first_projection=mine[0] if mine else 0,
                n_projections=len(mine),
                uniform=len(weights) == 1 and next(iter(weights))[0] == "constant",
                capacity=sum(table.capacity[k] for k in mine),
                n_targets=max(distinct, default=0),
            )
        )
    return table


def _order(plans: Sequence[ProjectionPlan], exact: bool) -> list[int]:
    """Numbers of projections by source population; without a clock then by target population and receptor.

    That is the order of groups within one delay. Before it comes the delay where a source population has constant ones
    alone, so that the synapses of a neuron are drawn in the order of its groups and need not be sorted.
    """

    def rank(k: int) -> tuple[float, ...]:
        plan = plans[k]
        if not exact:
            return (plan.source,)
        return plan.source, plan.delay.a if plan.source in constant else 0.0, plan.target, plan.receptor

    varied = {plan.source for plan in plans if plan.delay.kind != "constant"}
    constant = {plan.source for plan in plans} - varied
    return sorted(range(len(plans)), key=rank)


def _fill(
    table: ProjectionTable, place: int, plan: ProjectionPlan, parts: Parts | None, sizes: tuple[int, ...], n_threads: int
) -> None:
    record, rule = table.records[place], plan.rule
    n_sources = sizes[0] if plan.source_ids is None else len(plan.source_ids)
    n_targets = sizes[1] if plan.target_ids is None else len(plan.target_ids)
    target_own, source_own = _own_places(plan, sizes)
    # Bernoulli with certainty is all to all, and with impossibility a count of no synapses.
    kind = _KINDS[rule.kind]
    if rule.kind == "bernoulli" and rule.p in (0.0, 1.0):
        kind = rows.ALL_TO_ALL if rule.p else rows.COUNTED
    record["kind"], record["key"], record["n_targets"], record["multapses"] = kind, plan.key, n_targets, rule.multapses
    record["target"], record["receptor"] = plan.target, plan.receptor
    if plan.source_ids is not None:
        record["position"] = table.address(_places(plan.source_ids, sizes[0]))
    if target_own is not None:
        record["own"] = table.address(target_own)
    if parts is not None:
        record["target_map"] = table.address(parts.target_map(plan.target, plan.receptor, plan.target_ids))
    _fill_values(table, record, "delay", plan.delay)
    record["grid"] = plan.delay.grid
    if kind == rows.COUNTED:
        counts = _counts(plan, n_sources, n_targets, target_own, n_threads)
        record["first"] = table.address(np.concatenate(([0], np.cumsum(counts))))
        table.capacity[place] = int(counts.max(initial=0))
    elif kind == rows.CSR:
        table.capacity[place] = _fill_matrix(table, record, rule)
    elif kind == rows.LISTED:
        table.capacity[place] = _fill_list(table, record, plan, n_sources, n_targets, source_own)
    else:
        table.capacity[place] = 1 if kind == rows.ONE_TO_ONE else n_targets
        record["log_of_no"] = math.log1p(-rule.p) if kind == rows.BERNOULLI else 0.0
    fill_weights(table, place, plan, plan.weight, n_sources, n_threads)


def fill_weights(
    table: ProjectionTable, place: int, plan: ProjectionPlan, weight: ValuePlan, n_sources: int, n_threads: int
) -> None:
    """Give a projection, whose other columns are filled, its weights."""
    _fill_values(table, table.records[place], "weight", weight)
    if weight.kind == "ordered":
        counts = readback.counts(table.drawn(place, n_sources, n_threads))
        table.records[place]["weight_first"] = table.address(readback.offsets(counts, plan.source_ids))


def _fill_values(table: ProjectionTable, record: Any, name: str, plan: ValuePlan) -> None:
    record[f"{name}_kind"] = KINDS.get(plan.kind, rows.ORDERED)
    record[f"{name}_a"] = plan.a
    if plan.apart is not None:
        places = Apart(*(np.ascontiguousarray(each, np.float64) for each in plan.apart))
        table.arrays.extend(places)
        record[f"{name}_kind"], record["measure"] = rows.DISTANCE, apart.measuring()
        record[f"{name}_law"] = table.address(apart.law_of(plan.a, plan.b, places))
    elif plan.kind not in ("constant", "array", "ordered"):
        law = {**vars(plan), "kind": KINDS[plan.kind]}
        record[f"{name}_law"] = table.address(np.array([law[each] for each in rows.LAW], np.float64))
        record["shape"] = rows.shaping()
    if plan.values is not None:
        single = plan.kind == "array" and plan.values.dtype == np.float32 and record["kind"] != rows.LISTED
        if plan.kind == "array":
            record[f"{name}_kind"] = rows.ARRAY32 if single else rows.ARRAY
        record[f"{name}_values"] = table.address(np.ascontiguousarray(plan.values, np.float32 if single else np.float64))


def _places(ids: IntArray, size: int) -> IntArray:
    """Where each neuron of a population stands in a view, -1 where it does not."""
    places = np.full(size, -1, np.int64)
    places[ids] = np.arange(len(ids))
    return places


def _own_places(plan: ProjectionPlan, sizes: tuple[int, ...]) -> tuple[IntArray | None, IntArray | None]:
    """Each source's place among the targets and each target's among the sources, -1 for none; None: autapses may be."""
    if plan.rule.autapses or plan.source != plan.target:
        return None, None
    everyone = np.arange(sizes[0])
    sources = everyone if plan.source_ids is None else plan.source_ids
    targets = everyone if plan.target_ids is None else plan.target_ids
    return _places(targets, sizes[1])[sources], _places(sources, sizes[0])[targets]


def _counts(
    plan: ProjectionPlan, n_sources: int, n_targets: int, own: IntArray | None, n_threads: int
) -> IntArray:
    """The number of synapses of each source."""
    rule = plan.rule
    if rule.kind == "bernoulli":
        return np.zeros(n_sources, np.int64)
    if rule.kind == "fixed_outdegree":
        return np.full(n_sources, rule.count, np.int64)
    counts = np.zeros(n_sources, np.int64)
    if not rule.multapses:
        capacity = np.full(n_sources, n_targets, np.int64) - (0 if own is None else own >= 0)
        rows.count_total_distinct(np.uint64(plan.key), rule.count, n_sources, capacity, counts)
        return counts
    lock = threading.Lock()

    def deal(first: int) -> None:
        mine = np.zeros(n_sources, np.int64)
        rows.count_total(np.uint64(plan.key), first, min(DRAWS_AT_ONCE, rule.count - first), n_sources, mine)
        with lock:
            np.add(counts, mine, out=counts)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(deal, range(0, rule.count, DRAWS_AT_ONCE)))
    return counts


def _fill_list(
    table: ProjectionTable, record: Any, plan: ProjectionPlan, n_sources: int, n_targets: int, own: IntArray | None
) -> int:
    """Edges that a rule does not number by source, grouped by source; gives the longest row."""
    rule = plan.rule
    if rule.kind == "from_edges":
        assert rule.sources is not None and rule.targets is not None
        sources, targets = rule.sources, rule.targets
        first, order = rows.group_by_source(sources, n_sources)
        row, index = np.zeros(len(order), np.int32), order
    else:
        sources = np.empty(n_targets * rule.count, np.int64)
        rows.draw_sources(
            np.uint64(plan.key), rule.count, n_sources, np.empty(0, np.int64) if own is None else own,
            rule.multapses, sources,
        )  # fmt: skip
        first, order = rows.group_by_source(sources, n_sources)
        targets = np.repeat(np.arange(n_targets), rule.count)
        row, index = targets[order].astype(np.int32), order % max(rule.count, 1)
    record["first"] = table.address(first)
    record["listed_target"] = table.address(targets[order].astype(np.int32))
    record["listed_row"], record["listed_index"] = table.address(row), table.address(index)
    record["listed_edge"] = table.address(order)
    return int(np.diff(first).max(initial=0))


def _fill_matrix(table: ProjectionTable, record: Any, rule: RulePlan) -> int:
    """A matrix as it is, without a copy of its entries; gives the longest row."""
    assert rule.indptr is not None and rule.targets is not None
    first = rule.indptr.astype(np.int64)
    targets = np.ascontiguousarray(rule.targets)
    if targets.dtype not in (np.int32, np.int64):
        targets = targets.astype(np.int64)
    record["first"], record["listed_target"] = table.address(first), table.address(targets)
    record["wide"] = targets.dtype == np.int64
    return int(np.diff(first).max(initial=0))
