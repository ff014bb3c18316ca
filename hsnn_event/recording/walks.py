"""Spike walks: which activations of hyperedges caused which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hsnn_event.errors import NotRecordedError
from hsnn_event.recording.evidence import Entries, evidence, spread, within
from hsnn_event.recording.hyperedges import FloatArray, Hyperedges, IntArray
from hsnn_event.recording.spikes import SpikeData


@dataclass(frozen=True, eq=False, repr=False)
class Walks:
    """Activations of hyperedges, in order of time, and which of them caused which.

    Activation a is one of hyperedge `hyperedges[a]` of the junctions names[junctions[a]] at `times[a]` ms. It is a cause of
    another if it reached a neuron between two spikes of that neuron, the second of which, spike_times[l] of neuron
    `neurons[l]` in populations[sources[l]], is evidence of the other: link l leads from activation causes[l] to effects[l].
    A walk is a path along links. What was evidence of an activation is said in docs/semantics.md.
    """

    names: tuple[str, ...]
    junctions: IntArray
    hyperedges: IntArray
    times: FloatArray
    causes: IntArray
    effects: IntArray
    populations: tuple[str, ...]
    sources: IntArray
    neurons: IntArray
    spike_times: FloatArray

    def __len__(self) -> int:
        return len(self.times)

    @property
    def roots(self) -> IntArray:
        """The activations that no other caused."""
        return np.setdiff1d(np.arange(len(self)), self.effects)

    def lengths(self) -> IntArray:
        """Of each activation the number of links of the longest walk that ends with it."""
        lengths, _ = self._longest()
        return lengths

    def longest(self) -> IntArray:
        """The activations of one of the longest walks, in order; of several the one that ends first."""
        lengths, before = self._longest()
        walk = [int(np.argmax(lengths))] if len(lengths) else []
        while walk and before[walk[-1]] >= 0:
            walk.append(int(before[walk[-1]]))
        return np.array(walk[::-1], np.int64)

    def to_networkx(self) -> Any:
        """A MultiDiGraph: nodes are activations with "junctions", "hyperedge" and "time", edges links with "population",
        "neuron" and "time" of the spike."""
        import networkx as nx

        graph = nx.MultiDiGraph()
        names = [self.names[number] for number in self.junctions.tolist()]
        for place, held in enumerate(zip(names, self.hyperedges.tolist(), self.times.tolist(), strict=True)):
            graph.add_node(place, **dict(zip(("junctions", "hyperedge", "time"), held, strict=True)))
        columns = (self.causes, self.effects, self.sources, self.neurons, self.spike_times)
        for cause, effect, source, neuron, time in zip(*(column.tolist() for column in columns), strict=True):
            graph.add_edge(cause, effect, population=self.populations[source], neuron=neuron, time=time)
        return graph

    def _longest(self) -> tuple[IntArray, IntArray]:
        lengths, before = np.zeros(len(self), np.int64), np.full(len(self), -1)
        for cause, effect in zip(self.causes.tolist(), self.effects.tolist(), strict=True):  # by time of effects
            if lengths[cause] + 1 > lengths[effect]:
                lengths[effect], before[effect] = lengths[cause] + 1, cause
        return lengths, before

    def __repr__(self) -> str:
        return f"<walks: {len(self)} activations of {', '.join(self.names)}, {len(self.causes)} links>"


def walks(hyperedges: Sequence[Hyperedges], spikes: Mapping[str, SpikeData]) -> Walks:
    """The walks in what was recorded; `hyperedges` are all of the network."""
    gates = {each.name: each for each in hyperedges}
    sizes = {name: size for each in hyperedges for name, size in zip(each.populations, each.sizes, strict=True)}
    sizes |= {each.name: each.n_edges for each in hyperedges}
    seen = [each for each in hyperedges if each.name in spikes and len(each.targets)]
    if not seen:
        raise NotRecordedError("walks: no junctions were recorded. Call net.record(junctions, 'spikes') before net.run.")

    def recorded(name: str) -> SpikeData:
        if name not in spikes or spikes[name].n_neurons < sizes[name]:
            text = f"walks: the spikes of all of {name} are needed. Call net.record(net[{name!r}], 'spikes') before net.run."
            raise NotRecordedError(text, name=name)
        return spikes[name]

    numbers = np.concatenate([np.full(len(recorded(each.name)), number) for number, each in enumerate(seen)])
    edges, times = (np.concatenate([getattr(recorded(each.name), what) for each in seen]) for what in ("ids", "times"))
    order = np.lexsort((edges, numbers, times))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    starts = np.concatenate(([0], np.cumsum(np.bincount(numbers, minlength=len(seen)))))
    known = {each.name: place[starts[number] : starts[number + 1]] for number, each in enumerate(seen)}
    parts = []
    for each in seen:
        mine, entries = evidence(each, gates, recorded)
        effects = known[each.name][mine]
        parts += [_links(name, effects, entries, p, seen, known, recorded) for p, name in enumerate(each.populations)]
    populations = tuple(dict.fromkeys(part[0] for part in parts))
    sources = np.concatenate([np.full(len(part[1]), populations.index(part[0])) for part in parts])
    causes, effects, neurons, instants = (np.concatenate([part[k] for part in parts]) for k in range(1, 5))
    by_effect = np.lexsort((neurons, sources, causes, effects))
    return Walks(
        tuple(each.name for each in seen), numbers[order], edges[order], times[order], causes[by_effect], effects[by_effect],
        populations, sources[by_effect], neurons[by_effect], instants[by_effect],
    )  # fmt: skip


def _links(
    name: str, effects: IntArray, entries: Entries, source: int, seen: Sequence[Hyperedges],
    known: Mapping[str, IntArray], recorded: Any,
) -> tuple[str, IntArray, IntArray, IntArray, FloatArray]:  # fmt: skip
    """(population, causes, effects, neurons, times of spikes) of the evidence that one source population gave."""
    mine = np.flatnonzero(entries.sources == source)
    spikes, where = np.unique(entries.spikes[mine], return_inverse=True)
    data = recorded(name)
    since = _spikes_before(data)[spikes]
    parts = [_causes(each, data, spikes, since, recorded(each.name)) for each in seen if each.target == name]
    caused = [known[each.name] for each in seen if each.target == name]
    spike = np.concatenate([part[0] for part in parts] or [np.empty(0, np.int64)])
    cause = np.concatenate([ids[part[1]] for ids, part in zip(caused, parts, strict=True)] or [np.empty(0, np.int64)])
    order = np.argsort(spike, kind="stable")
    first, stop = (np.searchsorted(spike[order], where, side=side) for side in ("left", "right"))
    entry, place = spread(first, stop)
    of = spikes[where[entry]]
    return name, cause[order[place]], effects[mine[entry]], data.ids[of], data.times[of]


def _spikes_before(data: SpikeData) -> FloatArray:
    """Of each spike the time of its neuron's spike before; minus infinity where none was recorded."""
    order = np.lexsort((data.times, data.ids))
    before = np.full(len(data), -np.inf)
    again = np.flatnonzero(np.diff(data.ids[order]) == 0) + 1
    before[order[again]] = data.times[order[again - 1]]
    return before


def _causes(
    hyperedges: Hyperedges, data: SpikeData, spikes: IntArray, since: FloatArray, activations: SpikeData
) -> tuple[IntArray, IntArray]:
    """(place in `spikes`, number of the activation) of each activation that reached a neuron after `since`, by its spike."""
    by_target = np.argsort(hyperedges.targets, kind="stable")
    targets, tolerance = hyperedges.targets[by_target], hyperedges.tolerance
    edges = np.repeat(np.arange(hyperedges.n_edges), np.diff(hyperedges.target_indptr))[by_target]
    first, stop = (np.searchsorted(targets, data.ids[spikes], side=side) for side in ("left", "right"))
    spike, place = spread(first, stop)
    delays = hyperedges.delays[by_target][place]
    by_edge = np.lexsort((activations.times, activations.ids))
    ids, times = activations.ids[by_edge], activations.times[by_edge]
    low, high = since[spike] - delays + tolerance, data.times[spikes][spike] - delays + tolerance
    reached, which = spread(within(ids, times, edges[place], low), within(ids, times, edges[place], high))
    return spike[reached], by_edge[which]
