"""Random graphs, drawn row by row: what their laws share. A row is what leaves one source.

Every number that a row draws is a function of (key, row, index), so rows may be drawn in any order and by any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from hsnn_event import cores, memory
from hsnn_event.errors import ShapeError
from hsnn_event.topology.pattern import End, Wanted
from hsnn_event.topology.rules import IntArray

Targets = npt.NDArray[np.int32]
# (first row, row after the last, targets, place of the next, number of targets a row) -> (row reached, place of the next):
# it stops before a row for which the targets have no room.
Fill = Callable[[int, int, Targets, int, IntArray], tuple[int, int]]
PARTS_A_THREAD = 8  # rows differ in length, so that threads that are done early find more


def n_threads(wanted: Wanted) -> int:
    """On how many threads to draw: the network's number, or all cores."""
    return wanted.threads or cores.available()


def in_parts(work: Callable[[int, int], object], n: int, threads: int) -> list[object]:
    """`work(start, stop)` for parts of 0 ... n - 1 on some threads; the results in order of the parts."""
    ends = np.linspace(0, n, min(n, PARTS_A_THREAD * threads) + 1).astype(np.int64).tolist()
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, ends[:-1], ends[1:]))


def drawn_rows(fill: Fill, expected: npt.NDArray[np.float64], threads: int) -> tuple[IntArray, Targets]:
    """(indptr, targets) of rows whose lengths are left to chance; `expected` holds about how long each will be."""
    counts = np.zeros(len(expected) + 1, np.int64)

    def part(start: int, stop: int) -> Targets:
        mean = float(expected[start:stop].sum())
        targets = np.empty(int(mean + 6.0 * mean**0.5) + 1024, np.int32)
        row, used = fill(start, stop, targets, 0, counts[1:])
        while row < stop:
            targets = np.concatenate((targets[:used], np.empty(len(targets) + 1024, np.int32)))
            row, used = fill(row, stop, targets, used, counts[1:])
        return targets[:used]

    parts: list[Targets] = in_parts(part, len(expected), threads)  # type: ignore[assignment]
    indptr = np.cumsum(counts)
    targets, place = np.empty(int(indptr[-1]), np.int32), 0
    for each in range(len(parts)):
        targets[place : place + len(parts[each])] = parts[each]
        place += len(parts[each])
        parts[each] = np.empty(0, np.int32)  # gives its memory back, so that there is never twice as much in use
    return indptr, targets


def own_places(source: End, target: End, autapses: bool) -> npt.NDArray[np.int64]:
    """Each source's place among the targets, -1 where it is none of them, or where it may reach itself."""
    places = np.full(len(source.ids), -1, np.int64)
    if autapses or source.population != target.population or not len(source.ids):
        return places
    at = np.full(int(max(source.ids.max(), target.ids.max(initial=0))) + 1, -1, np.int64)
    at[target.ids] = np.arange(len(target.ids))
    return at[source.ids]


def require_ring(kind: str, source: End, target: End, where: str) -> int:
    """As many sources as targets, whose places are those of one ring or space; gives their number."""
    if len(source.ids) != len(target.ids):
        raise ShapeError(
            f"{where}: {kind} needs as many sources as targets, not {len(source.ids)} and {len(target.ids)}; place i is the "
            "same for both. Connect a population with itself, or with one of its size.",
            n_sources=len(source.ids), n_targets=len(target.ids),
        )  # fmt: skip
    return len(source.ids)


def require_room(synapses: float, rule: str, where: str) -> None:
    """Refuse lists of synapses that do not fit into the memory that is left: 4 bytes a synapse."""
    memory.require(4.0 * synapses, f"{where}: {rule}: about {synapses:.3g} synapses")
