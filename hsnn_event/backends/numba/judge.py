"""Junctions of hyperedges, judged by every thread for itself: what each thread knows of the spikes is the same.

Counting rules keep of each edge its latest pieces of evidence, latest first and as many as it needs: it fires when the last
of these is still in the window. So a spike costs a hyperedge a few operations, however many sources it has.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.native import address_of, as_pointer, inner, real_at, set_real, set_whole, whole_at
from hsnn_event.backends.protocol import Moment, Watch
from hsnn_event.elementary import exp64
from hsnn_event.lowering.hyper_ir import NEVER, FloatArray, HyperPlan, IntArray, first_evidence
from hsnn_event.lowering.ir import Program

# A table has a row a plan. Numbers: the rule, the network's number of its first junction, how many there are, their
# population, two switches, steps. Then addresses: FIRST_ENTRY of (n_neurons + 1,) for each neuron of the network the
# first of its entries in MEMBERS (numbers of members, ascending) and EDGES; arrays of the plan; scratch (STAMPS, TOUCHED);
# and the evidence.
(RULE, JUNCTION, N_EDGES, POPULATION, DISTINCT, CONSUME, REFRACTORY, FIRST_ENTRY, MEMBERS, EDGES, INDPTR, FIRST_PLACE, LEAST,
 WINDOW, AMOUNTS, THRESHOLD, DECAY, GAPS, STAMPS, TOUCHED, LAST, N, TIMES, WHO, SUMS, AT, BEFORE) = range(27)  # fmt: skip
N_COLUMNS = 27
ANY, COUNTING, SUMMING, ORDERED = range(4)
RULES = {"any": ANY, "threshold": COUNTING, "weighted": SUMMING, "sequence": ORDERED}
STATE = {"last": LAST, "n": N, "times": TIMES, "who": WHO, "sums": SUMS, "at": AT, "before": BEFORE}


class Judges:
    """The tables of all threads, the evidence of each thread, and which spikes go out by junctions.

    `addresses` are those of the tables, with their numbers of rows; `junctions` and `heard` say which populations are
    junctions, and of which spikes must be kept, since junctions hand them on.
    """

    def __init__(self, program: Program, offsets: IntArray, n_threads: int) -> None:
        self.plans = program.hyper
        self.junctions, self.heard = np.zeros((2, len(program.populations)), np.bool_)
        self.junctions[[plan.population for plan in self.plans]] = True
        self._linking = [plan for plan in self.plans if plan.rule == "any"]
        for plan in self._linking:
            self.heard[plan.populations] = True
        numbers = np.arange(len(program.populations))
        self.population_of = np.repeat(numbers, np.diff(offsets)) if self.plans else np.zeros(0, np.int64)
        self._arrays: list[npt.NDArray[Any]] = []
        self._stamps: list[IntArray] = []
        self._history = np.zeros((2, 0), np.int64)  # steps and neurons of late: members of what hands spikes on
        shared = [self._row(plan, offsets) for plan in self.plans]
        self.tables = [np.array(shared, np.int64).reshape(-1, N_COLUMNS) for _ in range(n_threads)]
        self.addresses = np.array([[table.ctypes.data, len(table)] for table in self.tables], np.int64)
        self._evidence = [[first_evidence(plan) for plan in self.plans] for _ in range(n_threads)]
        for table, evidence in zip(self.tables, self._evidence, strict=True):
            for row, plan, held in zip(table, self.plans, evidence, strict=True):
                self._stamps.append(np.full(plan.n_edges, -1))
                row[STAMPS], row[TOUCHED] = self._kept(self._stamps[-1]), self._kept(np.empty(plan.n_edges, np.int64))
                for name, values in held.items():
                    row[STATE[name]] = values.ctypes.data

    @property
    def n_links(self) -> int:
        """By how many junctions the spikes of a step may be more, at most."""
        return sum(len(plan.members) if plan.rule == "any" else plan.n_edges for plan in self.plans)

    def restore(self, moment: Moment, offsets: IntArray) -> tuple[IntArray, IntArray]:
        """Go on from there; gives (steps, neurons) of what is in flight, with the junctions that hand it on."""
        neurons = offsets[moment.populations] + moment.ids
        if not self.plans:
            return moment.steps, neurons
        states = moment.evidence or tuple(first_evidence(plan) for plan in self.plans)
        for stamps in self._stamps:
            stamps[:] = -1
        for evidence in self._evidence:
            for held, state in zip(evidence, states, strict=True):
                for name, values in state.items():
                    held[name][:] = values
        self._history = np.array([moment.steps, neurons])[:, self.heard[moment.populations]]
        out = [neurons[:0]]
        for neuron in neurons.tolist():
            links = (offsets[plan.population] + self._edges_of(plan, neuron, offsets) for plan in self._linking)
            out.append(np.concatenate([[neuron], *links]).astype(np.int64))
        return np.repeat(moment.steps, [len(each) for each in out[1:]]), np.concatenate(out)

    def _edges_of(self, plan: HyperPlan, neuron: int, offsets: IntArray) -> IntArray:
        """Of which a neuron is a member, in order."""
        population = int(self.population_of[neuron])
        return plan.edges[(plan.populations == population) & (plan.members == neuron - offsets[population])]

    def in_flight(self, steps: IntArray, neurons: IntArray, since: int) -> tuple[IntArray, IntArray]:
        """What is in flight as `Moment` has it: members after step `since` in place of the junctions that handed them on."""
        if not self._linking:
            return steps, neurons
        mine = np.isin(self.population_of[neurons], [plan.population for plan in self._linking])
        late = self._history[:, self._history[0] > since]
        spikes = np.unique(np.concatenate([np.array([steps, neurons])[:, ~mine], late], axis=1), axis=1)
        return spikes[0], spikes[1]

    def heard_of(
        self, watch: Watch, offsets: IntArray, steps: IntArray, populations: IntArray, ids: IntArray, lags: FloatArray | None,
        longest: int,
    ) -> tuple[IntArray, IntArray, IntArray, FloatArray | None]:
        """Spikes in order, those that are watched; what will be in flight, for up to `longest` steps, is noted."""
        mine = self.heard[populations]
        if mine.any():
            spikes = np.array([steps[mine], offsets[populations[mine]] + ids[mine]])
            self._history = np.concatenate([self._history, spikes], axis=1)
            self._history = self._history[:, self._history[0] > self._history[0].max() - longest]
        kept = np.flatnonzero(watch.spikes[populations])
        kept = kept[np.lexsort((ids[kept], populations[kept], steps[kept]))]
        return steps[kept], populations[kept], ids[kept], None if lags is None else lags[kept]

    def evidence(self) -> tuple[dict[str, IntArray | FloatArray], ...]:
        """Of each plan, as `first_evidence` says."""
        return tuple({name: values.copy() for name, values in held.items()} for held in self._evidence[0])

    def _kept(self, array: npt.NDArray[Any]) -> int:
        self._arrays.append(np.ascontiguousarray(array))
        return int(self._arrays[-1].ctypes.data)

    def _row(self, plan: HyperPlan, offsets: IntArray) -> list[int]:
        row = [0] * N_COLUMNS
        row[RULE], row[JUNCTION] = RULES[plan.rule], int(offsets[plan.population])
        row[N_EDGES], row[POPULATION] = plan.n_edges, plan.population
        row[DISTINCT], row[CONSUME], row[REFRACTORY] = plan.distinct, plan.consume, plan.refractory
        neurons = offsets[plan.populations] + plan.members
        order = np.argsort(neurons, kind="stable")
        row[FIRST_ENTRY] = self._kept(np.searchsorted(neurons[order], np.arange(int(offsets[-1]) + 1)))
        row[MEMBERS], row[EDGES] = self._kept(order), self._kept(plan.edges[order])
        row[INDPTR] = self._kept(plan.indptr)
        if plan.least is not None:
            row[FIRST_PLACE] = self._kept(np.concatenate(([0], np.cumsum(plan.least)[:-1])))
        for column, values in (
            (LEAST, plan.least), (WINDOW, plan.window), (AMOUNTS, plan.amounts), (THRESHOLD, plan.threshold),
            (DECAY, plan.decay), (GAPS, plan.gaps),
        ):  # fmt: skip
            if values is not None:
                row[column] = self._kept(values)
        return row


@inner
def _note_counting(row, edge, member, step):
    """Put a piece of evidence in front; where members are to differ, in the place of the member's last one."""
    first, least = whole_at(row[FIRST_PLACE] + 8 * edge), whole_at(row[LEAST] + 8 * edge)
    times, who, n = row[TIMES] + 8 * first, row[WHO] + 8 * first, whole_at(row[N] + 8 * edge)
    place = n
    if row[DISTINCT]:
        place = 0
        while place < n and whole_at(who + 8 * place) != member:
            place += 1
    if place == n:
        if n < least:
            set_whole(row[N] + 8 * edge, n + 1)
        else:
            place = least - 1
    for j in range(place, 0, -1):
        set_whole(times + 8 * j, whole_at(times + 8 * (j - 1)))
        set_whole(who + 8 * j, whole_at(who + 8 * (j - 1)))
    set_whole(times, step)
    set_whole(who, member)


@inner
def _note_summing(row, edge, member, step):
    total, since = real_at(row[SUMS] + 8 * edge), step - whole_at(row[AT] + 8 * edge)
    if since:
        total *= exp64(-np.float64(since) * real_at(row[DECAY] + 8 * edge))
    set_real(row[SUMS] + 8 * edge, total + real_at(row[AMOUNTS] + 8 * member))
    set_whole(row[AT] + 8 * edge, step)


@inner
def _note_ordered(row, edge, member, step):
    if member > whole_at(row[INDPTR] + 8 * edge):
        time = whole_at(row[AT] + 8 * (member - 1))
        if time == step:
            time = whole_at(row[BEFORE] + 8 * (member - 1))
        if step - time >= whole_at(row[GAPS] + 8 * member):
            return
    time = whole_at(row[AT] + 8 * member)
    if time < step:
        set_whole(row[BEFORE] + 8 * member, time)
    set_whole(row[AT] + 8 * member, step)


@inner
def _holds(row, edge, step):
    """Judge an edge; if it fires and consumes its evidence, forget that."""
    if row[RULE] == COUNTING:
        least = whole_at(row[LEAST] + 8 * edge)
        oldest = row[TIMES] + 8 * (whole_at(row[FIRST_PLACE] + 8 * edge) + least - 1)
        if whole_at(row[N] + 8 * edge) < least or step - whole_at(oldest) >= whole_at(row[WINDOW] + 8 * edge):
            return False
        if row[CONSUME]:
            set_whole(row[N] + 8 * edge, 0)
        return True
    if row[RULE] == SUMMING:
        if real_at(row[SUMS] + 8 * edge) < real_at(row[THRESHOLD] + 8 * edge):
            return False
        if row[CONSUME]:
            set_real(row[SUMS] + 8 * edge, 0.0)
        return True
    first, stop = whole_at(row[INDPTR] + 8 * edge), whole_at(row[INDPTR] + 8 * (edge + 1))
    if whole_at(row[AT] + 8 * (stop - 1)) != step:
        return False
    for member in range(first, stop if row[CONSUME] else first):
        set_whole(row[AT] + 8 * member, NEVER)
        set_whole(row[BEFORE] + 8 * member, NEVER)
    return True


@inner
def _listen(row, fired, n_fired, step):
    """Note what the spikes of a step are evidence of; gives the number of edges that they touch."""
    touched, n = nb.carray(as_pointer(row[TOUCHED]), (row[N_EDGES],), np.int64), 0
    for e in range(n_fired):
        first = row[FIRST_ENTRY] + 8 * whole_at(fired + 8 * e)
        for entry in range(whole_at(first), whole_at(first + 8)):
            edge, member = whole_at(row[EDGES] + 8 * entry), whole_at(row[MEMBERS] + 8 * entry)
            if whole_at(row[STAMPS] + 8 * edge) != step:
                set_whole(row[STAMPS] + 8 * edge, step)
                touched[n] = edge
                n += 1
            if row[RULE] == COUNTING:
                _note_counting(row, edge, member, step)
            elif row[RULE] == SUMMING:
                _note_summing(row, edge, member, step)
            else:
                _note_ordered(row, edge, member, step)
    return n


@inner
def _judge(row, fired, n_fired, n, step):
    """Append the junctions of a plan that fire by the first `n_fired` spikes after the `n`-th; gives how many there are."""
    n_touched = _listen(row, fired, n_fired, step)
    for j in range(n_touched):
        edge = whole_at(row[TOUCHED] + 8 * j)
        if step - whole_at(row[LAST] + 8 * edge) > row[REFRACTORY] and _holds(row, edge, step):
            set_whole(row[LAST] + 8 * edge, step)
            set_whole(fired + 8 * n, row[JUNCTION] + edge)
            n += 1
    return n


@inner
def _link(table, fired, n):
    """Put the junctions that a spike goes out by after it; gives the number of spikes and junctions."""
    more = 0
    for p in range(table.shape[0]):
        if table[p, RULE] == ANY:
            for e in range(n):
                first = table[p, FIRST_ENTRY] + 8 * whole_at(fired + 8 * e)
                more += whole_at(first + 8) - whole_at(first)
    place = n + more
    if more == 0:
        return n
    for e in range(n - 1, -1, -1):
        neuron = whole_at(fired + 8 * e)
        for p in range(table.shape[0] - 1, -1, -1):
            if table[p, RULE] != ANY:
                continue
            first = table[p, FIRST_ENTRY] + 8 * neuron
            for entry in range(whole_at(first + 8) - 1, whole_at(first) - 1, -1):
                place -= 1
                set_whole(fired + 8 * place, table[p, JUNCTION] + whole_at(table[p, EDGES] + 8 * entry))
        place -= 1
        set_whole(fired + 8 * place, neuron)
    return n + more


@cache
def code() -> int:
    """The address of a function (table, number of plans, spikes, their number, step) that adds to the spikes of a step, by
    number in the network and ascending, the junctions that fire, each in its place, and after each spike those that it
    goes out by; gives their number. A step below 0: only these last."""

    def judged(table_at, n_plans, fired, n_fired, step):
        table, n = nb.carray(as_pointer(table_at), (n_plans, N_COLUMNS), np.int64), n_fired
        for p in range(n_plans if step >= 0 else 0):
            if table[p, RULE] != ANY:
                n = _judge(table[p], fired, n_fired, n, step)
        if n > n_fired:
            nb.carray(as_pointer(fired), (n,), np.int64).sort()
        return _link(table, fired, n)

    return address_of(judged)
