"""Which spikes were the evidence of each activation of hyperedges, found in what was recorded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from hsnn_event.recording.hyperedges import FloatArray, Hyperedges, IntArray
from hsnn_event.recording.spikes import SpikeData

Spikes = Callable[[str], SpikeData]


class Entries(NamedTuple):
    """Pieces of evidence, sorted by hyperedge, then time, then spike: spike number `spikes[j]` of population
    populations[sources[j]] is one for hyperedge `edges[j]`, at `times[j]` ms, as its member number `members[j]`."""

    edges: IntArray
    times: FloatArray
    members: IntArray
    sources: IntArray
    spikes: IntArray

    def taken(self, which: IntArray) -> Entries:
        """Some of them."""
        return Entries._make(column[which] for column in self)


def evidence(hyperedges: Hyperedges, gates: Mapping[str, Hyperedges], spikes: Spikes) -> tuple[IntArray, Entries]:
    """(activations, entries): entry j is evidence of activation number activations[j] among those recorded."""
    entries = _heard(hyperedges, gates, spikes)
    found = spikes(hyperedges.name)
    order = np.lexsort((np.arange(len(found)), found.ids))  # by hyperedge, then time
    edges, times = found.ids[order], found.times[order]
    if hyperedges.kind == "any":
        mine, which = _one_each(hyperedges, edges, times, entries)
    elif hyperedges.kind == "sequence":
        mine, which = _in_sequence(hyperedges, edges, times, entries)
    else:
        mine, which = _in_windows(hyperedges, edges, times, entries)
    return order[mine], entries.taken(which)


def within(edges: IntArray, times: FloatArray, of: IntArray, instants: FloatArray) -> IntArray:
    """How many of the sorted entries (edges, times) come before hyperedge of[q], or are of it and not after instants[q]."""
    found = np.empty(len(of), np.int64)
    order = np.argsort(of, kind="stable")
    asked, begins = np.unique(of[order], return_index=True)
    first, stop = (np.searchsorted(edges, asked, side=side) for side in ("left", "right"))
    for place, queries in enumerate(np.split(order, begins[1:])):
        mine = times[first[place] : stop[place]]
        found[queries] = first[place] + np.searchsorted(mine, instants[queries], side="right")
    return found


def spread(first: IntArray, stop: IntArray) -> tuple[IntArray, IntArray]:
    """All numbers from first[q] to before stop[q], and the q of each."""
    lengths = np.maximum(stop - first, 0)
    owners = np.repeat(np.arange(len(first)), lengths)
    return owners, np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths - first, lengths)


def _heard(hyperedges: Hyperedges, gates: Mapping[str, Hyperedges], spikes: Spikes) -> Entries:
    """What hyperedges have listened to: spikes of their members while they were open."""
    parts = []
    for number, name in enumerate(hyperedges.populations):
        mine = np.flatnonzero(hyperedges.where == number)
        mine = mine[np.argsort(hyperedges.members[mine], kind="stable")]
        data, ids = spikes(name), hyperedges.members[mine]
        first, stop = np.searchsorted(ids, data.ids, side="left"), np.searchsorted(ids, data.ids, side="right")
        spike, place = spread(first, stop)
        members = mine[place]
        times = data.times[spike] + hyperedges.shifts[members]
        parts.append((hyperedges.edges[members], times, members, np.full(len(spike), number), spike))
    entries = Entries(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    entries = entries.taken(np.lexsort((entries.spikes, entries.sources, entries.times, entries.edges)))
    return entries.taken(np.flatnonzero(_open(hyperedges, gates, entries, spikes)))


def _open(
    hyperedges: Hyperedges, gates: Mapping[str, Hyperedges], entries: Entries, spikes: Spikes
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Was the hyperedge open when it came?"""
    opened = np.ones(len(entries.edges), np.bool_)
    if len(hyperedges.opening_rows):
        owners, places = spread(hyperedges.opening_rows[:, 0], hyperedges.opening_rows[:, 1])
        bounds = hyperedges.opening_times[places] + hyperedges.tolerance
        before = within(owners, bounds, entries.edges, np.nextafter(entries.times, -np.inf))
        opened &= (before - np.searchsorted(owners, entries.edges)) % 2 == 1
    if hyperedges.gate is not None:
        gate = gates[hyperedges.gate]
        heard = _heard(gate, gates, spikes)
        edges = entries.edges if gate.n_edges > 1 else np.zeros_like(entries.edges)
        n = within(heard.edges, heard.times, edges, entries.times + gate.tolerance)
        n -= within(heard.edges, heard.times, edges, _oldest(gate, edges, entries.times))
        opened &= (n >= gate.least[edges]) != hyperedges.closes
    return opened


def _oldest(hyperedges: Hyperedges, edges: IntArray, times: FloatArray) -> FloatArray:
    """After what time evidence is in the window of a judgement at `times`; what comes at that very time always is."""
    tolerance = hyperedges.tolerance
    return np.minimum(times - hyperedges.windows[edges] + tolerance, np.nextafter(times - tolerance, -np.inf))


def _one_each(
    hyperedges: Hyperedges, edges: IntArray, times: FloatArray, entries: Entries
) -> tuple[IntArray, IntArray]:
    """Each spike activates: the first one of an instant the first time, and so on."""
    place = np.arange(len(edges))
    again = np.zeros(len(edges), np.bool_)
    again[1:] = (np.diff(edges) == 0) & (np.diff(times) == 0)
    rank = place - np.maximum.accumulate(np.where(again, 0, place))
    which = within(entries.edges, entries.times, edges, times - hyperedges.tolerance) + rank
    mine = np.flatnonzero(which < within(entries.edges, entries.times, edges, times + hyperedges.tolerance))
    return mine, which[mine]


def _in_windows(
    hyperedges: Hyperedges, edges: IntArray, times: FloatArray, entries: Entries
) -> tuple[IntArray, IntArray]:
    """All that is in the window, and came after the last activation where that forgets; of each member the latest, where
    members are to differ."""
    low, tolerance = _oldest(hyperedges, edges, times), hyperedges.tolerance
    if hyperedges.consume or np.isinf(hyperedges.windows).any():
        again = np.flatnonzero(np.diff(edges) == 0) + 1
        low[again] = np.maximum(low[again], times[again - 1] + tolerance)
    first = within(entries.edges, entries.times, edges, low)
    stop = within(entries.edges, entries.times, edges, times + tolerance)
    mine, which = spread(first, stop)
    if not hyperedges.distinct:
        return mine, which
    order = np.lexsort((which, entries.members[which], mine))
    mine, which = mine[order], which[order]
    last = np.ones(len(mine), np.bool_)
    last[:-1] = (np.diff(mine) != 0) | (np.diff(entries.members[which]) != 0)
    return mine[last], which[last]


def _in_sequence(
    hyperedges: Hyperedges, edges: IntArray, times: FloatArray, entries: Entries
) -> tuple[IntArray, IntArray]:
    """Backwards from the spike that completed it: of each member the latest spike that the next one followed."""
    links: list[tuple[int, int]] = []
    heard = np.unique(entries.edges)
    bounds = [np.searchsorted(column, heard, side=side) for column in (entries.edges, edges) for side in ("left", "right")]
    for begin, end, first, stop in np.column_stack(bounds).tolist():
        found = _followed(hyperedges, entries.taken(np.arange(begin, end)), times[first:stop].tolist())
        links += [(first + activation, begin + entry) for activation, entry in found]
    mine, which = np.array(links, np.int64).reshape(-1, 2).T
    return mine, which


def _followed(hyperedges: Hyperedges, entries: Entries, activated: list[float]) -> list[tuple[int, int]]:
    """Of one hyperedge (activation, entry); each turn remembers the one that it followed."""
    links, edge, tolerance = [], int(entries.edges[0]), hyperedges.tolerance
    first, last = int(hyperedges.source_indptr[edge]), int(hyperedges.source_indptr[edge + 1]) - 1
    turns: dict[int, list[tuple[float, int]]] = {}  # of each member its turns at the latest two instants
    before: dict[int, int] = {}
    over = -np.inf  # what comes until then is forgotten
    for place, (time, member) in enumerate(zip(entries.times.tolist(), entries.members.tolist(), strict=True)):
        earlier = [turn for turn in turns.get(member - 1, []) if turn[0] < time - tolerance]
        gap = time - earlier[-1][0] if earlier else np.inf
        if time <= over or (member > first and gap >= hyperedges.gaps[member] - tolerance):
            continue
        if member > first:
            before[place] = earlier[-1][1]
        turns[member] = [*(turn for turn in turns.get(member, []) if turn[0] < time - tolerance), (time, place)][-2:]
        activation = bisect_left(activated, time - tolerance)
        if member == last and activation < len(activated) and activated[activation] <= time + tolerance:
            chain: int | None = place
            while chain is not None:
                links.append((activation, chain))
                chain = before.get(chain)
            if hyperedges.consume:
                turns, over = {}, time + tolerance
    return links
