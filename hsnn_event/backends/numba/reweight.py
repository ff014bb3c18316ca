"""New weights for a projection that runs: rows are packed once more where they lie, so that spikes in flight find them.

Where the synapses of a source shared one weight and no longer do, a row needs more room: the rows of its population are
built anew, and the calendars are told where each group has gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.adjacency import DATA, GROUPS, INDEX, Adjacency, SourceRows, fill, group_bytes
from hsnn_event.backends.numba.calendar import Calendar
from hsnn_event.backends.numba.native import as_pointer
from hsnn_event.lowering.ir import IntArray


def repack(
    adjacency: Adjacency,
    records: npt.NDArray[Any],
    source: SourceRows,
    calendars: Sequence[Calendar],
    weight_type: str,
    n_threads: int,
) -> SourceRows:
    """Write the weights that the records now say into the rows of one population; gives how its rows lie now."""
    mine = records[source.first_projection : source.first_projection + source.n_projections]
    shared = bool((mine["weight_kind"] == 0).all()) and len(set(mine["weight_a"].tolist())) == 1
    if shared or not source.uniform:
        fill(adjacency, records, [source], weight_type, n_threads, in_place=True)
        return source
    rows = adjacency.rows[:, source.offset : source.offset + source.size]
    size = np.dtype(weight_type).itemsize
    before = group_addresses(rows, size)
    source = replace(source, uniform=False)
    fill(adjacency, records, [source], weight_type, n_threads)
    moved = before, group_addresses(rows, size)
    for calendar in calendars:
        _redirect(calendar, *moved)
    return source


@nb.njit(error_model="numpy", nogil=True, cache=True)
def group_addresses(rows, size):
    """Where each group begins, in the order (block, neuron, delay)."""
    total = 0
    for block in range(rows.shape[0]):
        for neuron in range(rows.shape[1]):
            total += abs(rows[block, neuron, GROUPS])
    found, n = np.empty(total, np.int64), 0
    for block in range(rows.shape[0]):
        for neuron in range(rows.shape[1]):
            n_groups, address = rows[block, neuron, GROUPS], rows[block, neuron, DATA]
            pairs = nb.carray(as_pointer(rows[block, neuron, INDEX]), (2 * abs(n_groups),), np.int32)
            for g in range(abs(n_groups)):
                length = np.int64(pairs[2 * g + 1])
                found[n] = address
                address += group_bytes(length, n_groups < 0, size)
                n += 1
    return found


def _redirect(calendar: Calendar, before: IntArray, after: IntArray) -> None:
    """Entries that lead to a group lead to where it is now; its length says that it has a weight for each synapse."""
    if not len(before):
        return
    order = np.argsort(before)
    place = np.minimum(np.searchsorted(before[order], calendar.entries[:, 0]), len(before) - 1)
    found = before[order][place] == calendar.entries[:, 0]
    calendar.entries[found, 0] = after[order][place[found]]
    calendar.entries[found, 1] = np.abs(calendar.entries[found, 1])
