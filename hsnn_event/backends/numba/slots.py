"""Slots of windows: what is due when, in the order in which it was entered. A ring of lists of chunks from one pool.

An entry is three numbers. A slot is reached through the number of a window, modulo the size of the ring.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.native import bare, inner, set_whole, whole_at

CHUNK = 32  # entries: many slots hold few
ROW = 24    # bytes of an entry

# Places in `head`, which holds the addresses of the arrays: what is handed from function to function as arrays costs an
# atomic operation each, a tenth of the time of a small network.
TAIL, FILLED, PREVIOUS, ENTRIES, FREE, N_FREE, MASK, N_HEAD = range(8)


class Slots(NamedTuple):
    """`entries` holds CHUNK rows a chunk; `free` is a stack of chunks, `n_free[0]` its height."""

    tail: npt.NDArray[np.int64]      # chunk that is being filled, or -1
    filled: npt.NDArray[np.int64]    # entries in the slot
    previous: npt.NDArray[np.int64]  # of a chunk: the one filled before it
    entries: npt.NDArray[np.int64]
    free: npt.NDArray[np.int64]
    n_free: npt.NDArray[np.int64]
    head: npt.NDArray[np.int64]


@nb.njit(error_model="numpy", nogil=True, cache=True)
def slots_of(tail, filled, previous, entries, free, n_free):
    """Slots of these arrays."""
    head = np.empty(N_HEAD, np.int64)
    head[TAIL], head[FILLED], head[PREVIOUS] = tail.ctypes.data, filled.ctypes.data, previous.ctypes.data
    head[ENTRIES], head[FREE], head[N_FREE] = entries.ctypes.data, free.ctypes.data, n_free.ctypes.data
    head[MASK] = tail.size - 1
    return Slots(tail, filled, previous, entries, free, n_free, head)


@inner
def bare_slots(slots):
    """The same slots, to be handed on: see `native.bare`."""
    return Slots(
        bare(slots.tail), bare(slots.filled), bare(slots.previous), bare(slots.entries), bare(slots.free),
        bare(slots.n_free), bare(slots.head),
    )  # fmt: skip


def new_slots(n_windows: int, n_chunks: int = 64) -> Slots:
    """Empty slots for `n_windows` windows, or up to twice as many."""
    n_slots = 1 << max(0, int(n_windows - 1)).bit_length()
    made: Slots = slots_of(
        np.full(n_slots, -1, np.int64), np.zeros(n_slots, np.int64), np.empty(n_chunks, np.int64),
        np.empty((n_chunks * CHUNK, 3), np.int64), np.arange(n_chunks, dtype=np.int64), np.array([n_chunks]),
    )  # fmt: skip
    return made


@inner
def chunks_needed(slots, n):
    """How many chunks must be free before `n` entries are put in, wherever they go."""
    return min(n, slots.tail.size + n // CHUNK)


@inner
def with_room(slots, n_chunks):
    """The slots in larger arrays, with `n_chunks` more chunks free at least."""
    old = slots.previous.size
    new = 2 * old + n_chunks
    previous, free, entries = np.empty(new, np.int64), np.empty(new, np.int64), np.empty((new * CHUNK, 3), np.int64)
    previous[:old] = slots.previous
    entries[: old * CHUNK] = slots.entries
    n_free = slots.n_free[0]
    free[:n_free] = slots.free[:n_free]
    for chunk in range(old, new):
        free[n_free + chunk - old] = chunk
    slots.n_free[0] = n_free + new - old
    return slots_of(slots.tail, slots.filled, previous, entries, free, slots.n_free)


@inner
def put(head, window, a, b, c):
    """Enter (a, b, c) into the slots whose `head` is at an address; there must be a free chunk if the slot's last one is
    full."""
    slot = window & whole_at(head + 8 * MASK)
    filled, tail = whole_at(head + 8 * FILLED) + 8 * slot, whole_at(head + 8 * TAIL) + 8 * slot
    n = whole_at(filled)
    if n & (CHUNK - 1) == 0:
        n_free = whole_at(head + 8 * N_FREE)
        top = whole_at(n_free) - 1
        set_whole(n_free, top)
        chunk = whole_at(whole_at(head + 8 * FREE) + 8 * top)
        set_whole(whole_at(head + 8 * PREVIOUS) + 8 * chunk, whole_at(tail))
        set_whole(tail, chunk)
    row = whole_at(head + 8 * ENTRIES) + ROW * (whole_at(tail) * CHUNK + (n & (CHUNK - 1)))
    set_whole(filled, n + 1)
    set_whole(row, a)
    set_whole(row + 8, b)
    set_whole(row + 16, c)


@inner
def count(slots, window):
    """The number of entries of a window."""
    return slots.filled[window & (slots.tail.size - 1)]


@inner
def drain(slots, window, out, start):
    """Move the entries of a window, in order, into rows `start` ... of `out`; gives the row after the last."""
    slot = window & (slots.tail.size - 1)
    n, chunk = slots.filled[slot], slots.tail[slot]
    first = (n - 1) // CHUNK * CHUNK
    while chunk >= 0:
        for j in range(min(CHUNK, n - first)):
            row = chunk * CHUNK + j
            out[start + first + j, 0] = slots.entries[row, 0]
            out[start + first + j, 1] = slots.entries[row, 1]
            out[start + first + j, 2] = slots.entries[row, 2]
        first -= CHUNK
        slots.free[slots.n_free[0]] = chunk
        slots.n_free[0] += 1
        chunk = slots.previous[chunk]
    slots.tail[slot], slots.filled[slot] = -1, 0
    return start + n


@nb.njit(error_model="numpy", nogil=True, cache=True)
def put_all(slots, windows, rows):
    """Enter row k of `rows` into the slot of `windows[k]`; gives the slots, which may have grown."""
    needed = chunks_needed(slots, windows.size)
    if needed > slots.n_free[0]:
        slots = with_room(slots, needed)
    for k in range(windows.size):
        put(slots.head.ctypes.data, windows[k], rows[k, 0], rows[k, 1], rows[k, 2])
    return slots


@inner
def larger(rows, n):
    """Rows in an array that has room for `n`, and as many more."""
    more = np.empty((2 * n, rows.shape[1]), rows.dtype)
    more[: rows.shape[0]] = rows
    return more


@inner
def _after(rows, j, i, column):
    """Does row j belong after row i? Equal numbers in column 0 are told apart by another column."""
    return rows[j, 0] > rows[i, 0] or (rows[j, 0] == rows[i, 0] and rows[j, column] > rows[i, column])


@inner
def _copied(source, i, target, j):
    for column in range(source.shape[1]):
        target[j, column] = source[i, column]


@inner
def sort_rows(rows, n, scratch, column):
    """Sort the first `n` rows by column 0, then by another column, stably: runs that are in order are merged."""
    while n > 1:
        done, runs = 0, 0
        while done < n:
            middle = done + 1
            while middle < n and not _after(rows, middle - 1, middle, column):
                middle += 1
            if middle == n and runs == 0 and done == 0:
                return
            end = min(middle + 1, n)
            while end < n and not _after(rows, end - 1, end, column):
                end += 1
            i, j = done, middle
            for k in range(done, end):
                if i < middle and (j >= end or not _after(rows, i, j, column)):
                    _copied(rows, i, scratch, k)
                    i += 1
                else:
                    _copied(rows, j, scratch, k)
                    j += 1
            done, runs = end, runs + 1
        for k in range(n):
            _copied(scratch, k, rows, k)
