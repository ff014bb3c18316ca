"""Junctions of hyperedges on the host's side: tables for the compiled code that judges them, what is in flight by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba import hyper_kernels, judge
from hsnn_event.backends.protocol import Moment, Watch
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.hyper_ir import FloatArray, HyperPlan, IntArray, first_evidence
from hsnn_event.lowering.ir import Program


class Judges:
    """The tables of all threads, the evidence of each thread, and which spikes go out by junctions.

    `addresses` are those of the tables, with their numbers of rows; `junctions` and `heard` say which populations are
    junctions, and of which spikes must be kept, since junctions hand them on.
    """

    def __init__(self, program: Program | ExactProgram, offsets: IntArray, n_threads: int) -> None:
        self.plans, self._offsets = program.hyper, offsets
        self.junctions, self.heard = np.zeros((2, len(program.populations)), np.bool_)
        self.junctions[[plan.population for plan in self.plans]] = True
        linking = [plan for plan in self.plans if plan.rule == "any"]
        self._linking = np.array([plan.population for plan in linking], np.int64)  # populations
        for plan in linking:
            self.heard[plan.populations] = True
        numbers = np.arange(len(program.populations))
        self.population_of = np.repeat(numbers, np.diff(offsets)) if self.plans else np.zeros(0, np.int64)
        self._arrays: list[npt.NDArray[Any]] = []
        # Of plans that hand spikes on: where the entries of each neuron begin, and the junction of each.
        self._entries: list[tuple[IntArray, IntArray]] = []
        self._history = np.zeros((2, 0), np.int64)  # steps and neurons of late: members of what hands spikes on
        self._width = program.window if isinstance(program, ExactProgram) else 1.0
        shared = [self._row(plan, offsets) for plan in self.plans]
        self.tables = [np.array(shared, np.int64).reshape(-1, judge.N_COLUMNS) for _ in range(n_threads)]
        self.addresses = np.array([[table.ctypes.data, len(table)] for table in self.tables], np.int64)
        self._evidence = [[self._records(plan, row) for plan, row in zip(self.plans, table, strict=True)]
                          for table in self.tables]  # fmt: skip
        self.recall(())

    @property
    def n_links(self) -> int:
        """By how many junctions the spikes of a step may be more, at most."""
        each_spike = ("any", "relay")
        return sum(len(plan.members) if plan.rule in each_spike else plan.n_edges for plan in self.plans)

    def restore(self, moment: Moment) -> tuple[IntArray, IntArray]:
        """Go on from there; gives (steps, neurons) of what is in flight, with the junctions that hand it on."""
        neurons = self._offsets[moment.populations] + moment.ids
        if not self.plans:
            return moment.steps, neurons
        self.recall(moment.evidence)
        self._history = np.array([moment.steps, neurons])[:, self.heard[moment.populations]]
        steps, neurons = self.handed_on(np.column_stack([moment.steps, neurons])).T.copy()
        return steps, neurons

    def handed_on(self, spikes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Spikes, the neuron in the last column, and behind each the junctions that hand it on."""
        if not len(self._linking):
            return spikes
        links = [self._links(neuron) for neuron in spikes[:, -1].astype(np.int64).tolist()]
        out = np.repeat(spikes, np.array([1 + len(each) for each in links], np.int64), axis=0)
        place = 0
        for each in links:
            out[place + 1 : place + 1 + len(each), -1] = each
            place += 1 + len(each)
        return out

    def sent(self, spikes: FloatArray) -> FloatArray:
        """Spikes, the neuron in the last column, without the junctions that handed them on."""
        if not len(self._linking):
            return spikes
        return spikes[~np.isin(self.population_of[spikes[:, -1].astype(np.int64)], self._linking)]

    def longest(self, neurons: FloatArray, of: Callable[[IntArray], FloatArray]) -> FloatArray:
        """The longest delay of spikes, with those of the junctions that hand them on; `of` gives that of neurons."""
        senders, where = np.unique(neurons.astype(np.int64), return_inverse=True)
        each = of(senders)
        for place, neuron in enumerate(senders.tolist() if len(self._linking) else ()):
            each[place] = max(each[place], of(self._links(neuron)).max(initial=-np.inf))
        return each[where]

    def recall(self, evidence: Sequence[dict[str, IntArray | FloatArray]]) -> None:
        """Know what `evidence` gave, or what is known at the start."""
        for mine in self._evidence:
            for held, state in zip(mine, evidence or [first_evidence(plan) for plan in self.plans], strict=True):
                for name, values in state.items():
                    held[name][:] = values

    def _links(self, neuron: int) -> IntArray:
        """The junctions that hand on what a neuron sends, in order."""
        return np.concatenate([junctions[first[neuron] : first[neuron + 1]] for first, junctions in self._entries])

    def in_flight(self, steps: IntArray, neurons: IntArray, since: int) -> tuple[IntArray, IntArray]:
        """What is in flight as `Moment` has it: members after step `since` in place of the junctions that handed them on."""
        if not len(self._linking):
            return steps, neurons
        populations = self.population_of[neurons]
        others = ~(np.isin(populations, self._linking) | self.heard[populations])
        late = self._history[:, self._history[0] > since]
        spikes = np.concatenate([np.array([steps, neurons])[:, others], late], axis=1)
        spikes = spikes[:, np.lexsort((spikes[1], spikes[0]))]
        return spikes[0], spikes[1]

    def heard_of(
        self, watch: Watch, steps: IntArray, populations: IntArray, ids: IntArray, lags: FloatArray | None, longest: int
    ) -> tuple[IntArray, IntArray, IntArray, FloatArray | None]:
        """Spikes in order, those that are watched; what will be in flight, for up to `longest` steps, is noted."""
        mine = self.heard[populations]
        if mine.any():
            spikes = np.array([steps[mine], self._offsets[populations[mine]] + ids[mine]])
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
        """What all threads share of a row."""
        row = [0] * judge.N_COLUMNS
        row[judge.RULE], row[judge.JUNCTION] = judge.RULES[plan.rule], int(offsets[plan.population])
        row[judge.N_EDGES], row[judge.DISTINCT], row[judge.CONSUME] = plan.n_edges, plan.distinct, plan.consume
        row[judge.REFRACTORY], row[judge.WIDTH] = np.array([plan.refractory, self._width]).view(np.int64).tolist()
        neurons = offsets[plan.populations] + plan.members
        order = np.argsort(neurons, kind="stable")
        first, edges = np.searchsorted(neurons[order], np.arange(int(offsets[-1]) + 1)), plan.edges[order]
        row[judge.FIRST_ENTRY], row[judge.MEMBERS], row[judge.EDGES] = map(self._kept, (first, order, edges))
        if plan.rule == "any":
            self._entries.append((first, offsets[plan.population] + edges))
        row[judge.INDPTR] = self._kept(plan.indptr)
        if plan.amounts is not None:
            row[judge.AMOUNTS] = self._kept(plan.amounts)
        row[judge.GATE], row[judge.CLOSES] = -1 if plan.gate is None else plan.gate, plan.closes
        if plan.openings is not None and plan.opening_rows is not None:
            instants = np.column_stack([plan.openings[0], plan.openings[1].view(np.int64)])
            row[judge.OPENING_ROWS], row[judge.OPENINGS] = self._kept(plan.opening_rows), self._kept(instants)
        if plan.kernel is not None and plan.constants is not None:
            row[judge.NOTE], row[judge.JUDGE] = hyper_kernels.addresses(plan.kernel)
            row[judge.NUMBERS], row[judge.N_NUMBERS] = self._kept(plan.constants), plan.constants.shape[1]
            row[judge.UNIT] = int(np.array(plan.unit).view(np.int64))
        return row

    def _records(self, plan: HyperPlan, row: IntArray) -> dict[str, npt.NDArray[Any]]:
        """The records of a thread, entered in its row; gives what is known in them, as `first_evidence` names it."""
        row[judge.TOUCHED] = self._kept(np.empty(plan.n_edges, np.int64))
        edges = np.zeros((plan.n_edges, judge.EDGE_WORDS), np.int64)
        row[judge.OF_EDGES], reals = self._kept(edges), edges.view(np.float64)
        held = {"last": edges[:, judge.LAST], "last_o": reals[:, judge.LAST + 1]}
        if plan.least is not None and plan.window is not None:
            evidence = np.zeros((int(plan.least.sum()), judge.EVIDENCE_WORDS), np.int64)
            row[judge.EVIDENCE] = self._kept(evidence)
            edges[:, judge.LEAST], reals[:, judge.WINDOW] = plan.least, plan.window
            edges[:, judge.FIRST_PLACE] = np.cumsum(plan.least) - plan.least
            held |= {"n": edges[:, judge.N], "times": evidence[:, 0], "times_o": evidence.view(np.float64)[:, 1]}
            held |= {"who": evidence[:, judge.WHO]}
        if plan.threshold is not None and plan.decay is not None:
            reals[:, judge.THRESHOLD], reals[:, judge.DECAY] = plan.threshold, plan.decay
            held |= {"sums": reals[:, judge.SUMS], "at": edges[:, judge.AT], "at_o": reals[:, judge.AT + 1]}
        if plan.initial is not None:
            states = plan.initial.copy()
            row[judge.STATES], row[judge.N_STATES] = self._kept(states), states.shape[1]
            held |= {"states": states, "at": edges[:, judge.AT], "at_o": reals[:, judge.AT + 1]}
        if plan.gaps is not None:
            turns = np.zeros((len(plan.members), judge.TURN_WORDS), np.int64)
            row[judge.TURNS], times = self._kept(turns), turns.view(np.float64)
            times[:, judge.GAP] = plan.gaps
            held |= {"at": turns[:, judge.TURN], "at_o": times[:, judge.TURN + 1]}
            held |= {"before": turns[:, judge.BEFORE], "before_o": times[:, judge.BEFORE + 1]}
        return held
