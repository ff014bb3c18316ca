"""The calendar of groups: the priority queue of the grid.

When a neuron fires, each group of its row goes into the slot of the step in which it falls due. A slot is a list of
chunks from a pool that grows, so that any number of groups and any delay have room. One calendar a thread; rows of
its arrays are the thread's blocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.adjacency import DATA, GROUPS, INDEX, group_bytes
from hsnn_event.backends.numba.native import as_pointer, inner, prefetch

CHUNK = 128  # groups: a chunk wastes half of itself in each slot, and costs one hop
ROWS_AHEAD, INDICES_AHEAD, LINE = 8, 4, 64


class Calendar(NamedTuple):
    """Slots are (block of the thread, due step & (number of slots - 1))."""

    tail: npt.NDArray[np.int64]     # chunk that is being filled, or -1
    filled: npt.NDArray[np.int64]   # groups in the slot
    previous: npt.NDArray[np.int64]  # of a chunk: the one filled before it
    entries: npt.NDArray[np.int64]  # (address, length) of a group, CHUNK a chunk; length < 0: one weight for all
    free: npt.NDArray[np.int64]     # stack of free chunks
    n_free: npt.NDArray[np.int64]   # its height, in [0]


def new_calendar(n_blocks: int, max_delay: int, n_chunks: int = 64) -> Calendar:
    """An empty calendar for delays of up to `max_delay` steps."""
    n_slots = 1 << int(max_delay).bit_length()
    return Calendar(
        tail=np.full((n_blocks, n_slots), -1, np.int64),
        filled=np.zeros((n_blocks, n_slots), np.int64),
        previous=np.empty(n_chunks, np.int64),
        entries=np.empty((n_chunks * CHUNK, 2), np.int64),
        free=np.arange(n_chunks, dtype=np.int64),
        n_free=np.array([n_chunks]),
    )


@inner
def with_room(calendar, n_chunks):
    """The calendar in larger arrays, with `n_chunks` more chunks free at least."""
    old = calendar.previous.size
    new = 2 * old + n_chunks
    previous, free = np.empty(new, np.int64), np.empty(new, np.int64)
    entries = np.empty((new * CHUNK, 2), np.int64)
    for chunk in range(old):
        previous[chunk] = calendar.previous[chunk]
    for place in range(old * CHUNK):
        entries[place, 0] = calendar.entries[place, 0]
        entries[place, 1] = calendar.entries[place, 1]
    n_free = calendar.n_free[0]
    for j in range(n_free):
        free[j] = calendar.free[j]
    for chunk in range(old, new):
        free[n_free + chunk - old] = chunk
    calendar.n_free[0] = n_free + new - old
    return Calendar(calendar.tail, calendar.filled, previous, entries, free, calendar.n_free)


@inner
def room_needed(calendar, n_fired):
    """How many chunks must be free before the rows of `n_fired` neurons are scheduled in all blocks.

    A row has one group a slot at most, so a slot opens one chunk, and one more for every CHUNK neurons.
    """
    return calendar.tail.size * (1 + n_fired // CHUNK)


@inner
def schedule(calendar, k, rows, fired, n_fired, step, size, now):
    """Enter the groups of the rows of the neurons `fired` at `step` into the calendar of the thread's k-th block.

    Only those due after `now`: all of them, where that is `step`. There must be `room_needed`.
    """
    tail, filled, entries = calendar.tail, calendar.filled, calendar.entries
    previous, free, n_free = calendar.previous, calendar.free, calendar.n_free[0]
    mask, base, stride = tail.shape[1] - 1, rows.ctypes.data, rows.strides[0]
    for e in range(n_fired):
        if e + ROWS_AHEAD < n_fired:
            prefetch(base + stride * fired[e + ROWS_AHEAD])
        if e + INDICES_AHEAD < n_fired:
            ahead = fired[e + INDICES_AHEAD]
            line = rows[ahead, INDEX]
            end = line + 8 * abs(rows[ahead, GROUPS])
            while line < end:
                prefetch(line)
                line += LINE
        n_groups, address = rows[fired[e], GROUPS], rows[fired[e], DATA]
        uniform = n_groups < 0
        n_groups = abs(n_groups)
        pairs = nb.carray(as_pointer(rows[fired[e], INDEX]), (2 * n_groups,), np.int32)
        for g in range(n_groups):
            due, length = step + np.int64(pairs[2 * g]), np.int64(pairs[2 * g + 1])
            if due > now:
                slot = due & mask
                place = filled[k, slot] & (CHUNK - 1)
                if place == 0:
                    n_free -= 1
                    previous[free[n_free]] = tail[k, slot]
                    tail[k, slot] = free[n_free]
                place += tail[k, slot] * CHUNK
                filled[k, slot] += 1
                entries[place, 0] = address
                entries[place, 1] = -length if uniform else length
            address += group_bytes(length, uniform, size)
    calendar.n_free[0] = n_free


@inner
def take(calendar, k, step, due):
    """Move the groups due at `step`, in the order in which they were entered, into `due` (as long as the slot's count)
    and free their chunks."""
    slot = step & (calendar.tail.shape[1] - 1)
    n = calendar.filled[k, slot]
    chunk = calendar.tail[k, slot]
    start = (n - 1) // CHUNK * CHUNK
    while chunk >= 0:
        for j in range(min(CHUNK, n - start)):
            due[start + j, 0] = calendar.entries[chunk * CHUNK + j, 0]
            due[start + j, 1] = calendar.entries[chunk * CHUNK + j, 1]
        start -= CHUNK
        calendar.free[calendar.n_free[0]] = chunk
        calendar.n_free[0] += 1
        chunk = calendar.previous[chunk]
    calendar.tail[k, slot] = -1
    calendar.filled[k, slot] = 0
