"""Spikes in flight: read from the calendar when asked, so that running keeps no list of them; and entered again.

An entry of the calendar is the address of a group of synapses. The row that it lies in says whose it is, its place in
the row says its delay, and due step less delay is the step of emission.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.adjacency import DATA, GROUPS, INDEX, Adjacency, group_bytes
from hsnn_event.backends.numba.calendar import CHUNK, Calendar, new_calendar, room_needed, schedule, with_room
from hsnn_event.backends.numba.native import as_pointer, inner
from hsnn_event.lowering.ir import IntArray


def in_flight(
    calendars: Sequence[Calendar], blocks: Sequence[IntArray], rows: npt.NDArray[np.int64], step: int, size: int
) -> tuple[IntArray, IntArray]:
    """(steps of emission, neurons of the network) of all spikes that are still to arrive somewhere, sorted.

    `size` is that of a weight in bytes.
    """
    found = [np.empty((0, 3), np.int64)]
    for calendar, mine in zip(calendars, blocks, strict=True):
        for k, block in enumerate(mine):
            if calendar.filled[k].any():
                neurons = np.flatnonzero(rows[block, :, GROUPS])
                neurons = neurons[np.argsort(rows[block, neurons, DATA])]
                entered = np.empty((int(calendar.filled[k].sum()), 3), np.int64)
                _read_block(calendar, k, rows[block], neurons, rows[block, neurons, DATA], step, size, entered)
                groups, times = np.unique(entered, axis=0, return_counts=True)
                found.append(np.column_stack([groups[:, :2], times]))
    # A neuron of a list that is fed from elsewhere may fire several times in a step: as often as any of its groups says.
    spikes, which = np.unique(np.concatenate(found)[:, :2], axis=0, return_inverse=True)
    often = np.zeros(len(spikes), np.int64)
    np.maximum.at(often, which.reshape(-1), np.concatenate(found)[:, 2])
    steps, neurons = np.repeat(spikes, often, axis=0).T.copy()
    return steps, neurons


def calendar_of(
    adjacency: Adjacency, blocks: IntArray, steps: IntArray, neurons: IntArray, now: int, size: int
) -> Calendar:
    """The calendar of a thread's `blocks` after step `now`, with these spikes, sorted, in flight."""
    return with_spikes(new_calendar(len(blocks), adjacency.max_delay), adjacency, blocks, steps, neurons, now, size)


def with_spikes(
    calendar: Calendar, adjacency: Adjacency, blocks: IntArray, steps: IntArray, neurons: IntArray, now: int, size: int
) -> Calendar:
    """A calendar with these spikes, sorted, in flight too."""
    for k, block in enumerate(blocks if len(steps) else ()):
        calendar = _enter_block(calendar, k, adjacency.rows[block], steps, neurons, now, size)
    return calendar


@nb.njit(error_model="numpy", nogil=True, cache=True)
def _read_block(calendar, k, rows, neurons, addresses, step, size, entered):
    """Write (step of emission, neuron, address) of every group in the calendar of the thread's k-th block.

    `neurons` are those with a row, by ascending address of its data: `addresses`.
    """
    n_slots, n = calendar.tail.shape[1], 0
    for slot in range(n_slots):
        due = step + 1 + ((slot - step - 1) & (n_slots - 1))
        chunk, length = calendar.tail[k, slot], (calendar.filled[k, slot] - 1) % CHUNK + 1
        while chunk >= 0:
            for j in range(length):
                address = calendar.entries[chunk * CHUNK + j, 0]
                neuron = neurons[np.searchsorted(addresses, address, side="right") - 1]
                entered[n, 0] = due - _delay(rows, neuron, address, size)
                entered[n, 1] = neuron
                entered[n, 2] = address
                n += 1
            chunk, length = calendar.previous[chunk], CHUNK


@inner
def _delay(rows, neuron, address, size):
    """Of the group of a neuron's row that begins at `address`."""
    n_groups, begin = rows[neuron, GROUPS], rows[neuron, DATA]
    pairs = nb.carray(as_pointer(rows[neuron, INDEX]), (2 * abs(n_groups),), np.int32)
    g = 0
    while begin < address:
        begin += group_bytes(np.int64(pairs[2 * g + 1]), n_groups < 0, size)
        g += 1
    return np.int64(pairs[2 * g])


@nb.njit(error_model="numpy", nogil=True, cache=True)
def _enter_block(calendar, k, rows, steps, neurons, now, size):
    """Enter the groups that are still to come of the spikes of `neurons` at `steps`, which ascend."""
    first = 0
    while first < steps.size:
        last = first + np.searchsorted(steps[first:], steps[first], side="right")
        needed = room_needed(calendar, last - first)
        if needed > calendar.n_free[0]:
            calendar = with_room(calendar, needed)
        schedule(calendar, k, rows, neurons[first:last], last - first, steps[first], size, now)
        first = last
    return calendar
