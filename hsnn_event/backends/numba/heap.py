"""A binary heap of what arises in a window and is due in it, for compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.exact_team import NONE
from hsnn_event.backends.numba.native import inner
from hsnn_event.backends.numba.slots import larger

# Columns of entries: bits of the offset in the window; LOOK, or the number of a round; the order in which they were made;
# and what is due, as in the driver's rows. Rounds count the delays of 0 since the instant began, from 1.
OFFSET, ROUND, ORDER, WHAT, PACKED, COLUMNS = range(6)
LOOK = 0
N_ENTRIES, N_MADE = range(2)  # in `counts`


class Heap(NamedTuple):
    """What is due in the present window and arose in it. An entry of a look is out of date where `looks` says otherwise."""

    entries: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    looks: npt.NDArray[np.float64]  # (n_neurons, 2): the instant at which each is to be looked at next


def new_heap(n_neurons: int) -> Heap:
    """An empty heap for a network, in which no neuron is to be looked at."""
    return Heap(np.empty((256, COLUMNS), np.int64), np.zeros(2, np.int64), np.full((n_neurons, 2), NONE))


def only_looks(heap: Heap) -> None:
    """Remove all arrivals."""
    held = heap.entries[: heap.counts[N_ENTRIES]]
    kept = held[held[:, ROUND] == LOOK]
    kept = kept[np.lexsort((kept[:, ORDER], kept[:, OFFSET]))]  # what is sorted is a heap
    heap.entries[: len(kept)], heap.counts[N_ENTRIES] = kept, len(kept)


@inner
def _earlier(entries, i, j):
    for column in range(ORDER):
        if entries[i, column] != entries[j, column]:
            return entries[i, column] < entries[j, column]
    return entries[i, ORDER] < entries[j, ORDER]


@inner
def _swap(entries, i, j):
    for column in range(COLUMNS):
        entries[i, column], entries[j, column] = entries[j, column], entries[i, column]


@inner
def push(heap, offset, turn, what, packed):
    """Enter what is due at an offset in a round, after all that has been entered for it. There must be room."""
    entries, i = heap.entries, heap.counts[N_ENTRIES]
    entries[i, OFFSET], entries[i, ROUND], entries[i, ORDER] = offset, turn, heap.counts[N_MADE]
    entries[i, WHAT], entries[i, PACKED] = what, packed
    heap.counts[N_ENTRIES] += 1
    heap.counts[N_MADE] += 1
    while i > 0 and _earlier(entries, i, (i - 1) >> 1):
        _swap(entries, i, (i - 1) >> 1)
        i = (i - 1) >> 1


@inner
def pop(heap):
    """Remove the earliest entry; gives what it is and what is packed of it."""
    entries, n, i = heap.entries, heap.counts[N_ENTRIES] - 1, 0
    what, packed = entries[0, WHAT], entries[0, PACKED]
    _swap(entries, 0, n)
    heap.counts[N_ENTRIES] = n
    while 2 * i + 1 < n:
        child = 2 * i + 1
        if child + 1 < n and _earlier(entries, child + 1, child):
            child += 1
        if not _earlier(entries, child, i):
            break
        _swap(entries, i, child)
        i = child
    return what, packed


@inner
def comes(heap, offset, turn):
    """Is the earliest entry due at this offset, in this round?"""
    return heap.counts[N_ENTRIES] > 0 and heap.entries[0, OFFSET] == offset and heap.entries[0, ROUND] == turn


@inner
def roomy(heap, n):
    """The heap with room for `n` more entries."""
    n += heap.counts[N_ENTRIES]
    if n <= heap.entries.shape[0]:
        return heap
    return Heap(larger(heap.entries, n), heap.counts, heap.looks)
