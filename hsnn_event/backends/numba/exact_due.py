"""What is due in a window of a network without a clock: arrivals, stimuli, neurons to be looked at."""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.backends.numba.exact_team import (
    BEYOND,
    BY_INSTANT,
    FRESH,
    HEARD,
    INDEX,
    LIMIT,
    LOOK_AT,
    LOOKED,
    MORE_DUE,
    MORE_LOOKS,
    N_DUE,
    NO_MORE,
    NONE,
    NUMBER,
    POPULATION,
    REACH,
    REACHED,
    STRIDE,
    UNLISTED,
    WINDOW_NOW,
    bits,
    enlist,
    reals_of,
)
from hsnn_event.backends.numba.exact_trains import DRAWN, FIRST, GROUPS, PACKED, arrives, draw_next
from hsnn_event.backends.numba.native import as_pointer, inner, real_at, set_real, whole_at
from hsnn_event.backends.numba.slots import chunks_needed, count, drain, put, sort_rows, with_room


@inner
def begin(block, work, window):
    """Bring all that is due in a window into `due`, in order; neurons to be looked at are touched."""
    place, common = block.place, block.common
    w, reals = place[NUMBER], reals_of(common)
    n, due = 0, work.due
    for e in range(place[INDEX], place[N_DUE]):
        for column in range(3):
            due[n, column] = due[e, column]
        n += 1
    place[INDEX], place[N_DUE] = 0, n
    if n + count(work.arrivals, w) + count(work.looks, w) > work.due.shape[0]:
        return MORE_DUE
    n = drain(work.arrivals, w, work.due, n)
    place[N_DUE] = n
    if place[FRESH] < w:
        listed, k = block.listed, place[HEARD]
        while k < listed.shape[0] and listed[k, 0] <= w:
            if n == work.due.shape[0]:
                place[HEARD], place[N_DUE] = k, n
                return MORE_DUE
            work.due[n, 0], work.due[n, 1], work.due[n, 2] = listed[k, 1], listed[k, 2], listed[k, 3]
            n, k = n + 1, k + 1
        place[HEARD], place[N_DUE], place[FRESH] = k, n, w
    reals[WINDOW_NOW] = np.float64(w)
    if n + count(work.looks, w) > work.due.shape[0]:
        return MORE_DUE
    if chunks_needed(work.looks, count(work.looks, w)) > work.looks.n_free[0]:
        return MORE_LOOKS
    n, complete = _look(block, work, w, n, window)
    place[N_DUE] = n
    sort_rows(work.due, n, work.scratch, 0)
    return REACHED if complete else MORE_DUE


@inner
def _look(block, work, w, n, window):
    """List the neurons that are to be looked at in window `w`; what trains bring up to the limit becomes due from row `n`
    on. Gives the row after the last, and whether there was room for all: what is left waits in the same slot."""
    n_looks, complete = drain(work.looks, w, work.scratch, 0), True
    scratch, due, head, furthest = work.scratch, work.due, work.looks.head.ctypes.data, w + work.looks.tail.size - 1
    contexts, codes, by_instant = block.contexts, block.codes, reals_of(block.common)[REACH] == BY_INSTANT
    for j in range(n_looks):
        p, i, v = scratch[j, 0], scratch[j, 1], scratch[j, 2]
        if p >= 0:
            if not by_instant:
                _list(contexts.ctypes.data + p * contexts.strides[0], codes[p, STRIDE], codes[p, LOOK_AT], i, w)
            elif n == due.shape[0]:
                complete = False
                put(head, w, p, i, v)
            else:
                due[n, 0], due[n, 1], due[n, 2] = v, i, LOOKED | p << POPULATION
                n += 1
            continue
        while v == w:
            if n == due.shape[0]:
                complete = False
                break
            v = _due_of_train(block, due, n, p, i, w, window)
            if v == BEYOND:
                v = w
                break
            n += 1
        if v != NO_MORE:
            put(head, min(v, furthest), p, i, v)
    return n, complete


@inner
def _list(context, stride, look_at, i, w):
    """List neuron i, if it has been entered for window `w` and nothing has moved it to another one."""
    record = whole_at(context) + 8 * stride * i
    entered, listed = record + 8 * look_at, record + 8 * (look_at - 1)
    if real_at(entered) == np.float64(w):
        set_real(entered, NONE)
        if real_at(listed) == UNLISTED:
            enlist(context, listed, i)


@inner
def _due_of_train(block, due, n, p, i, w, window):
    """Enter the next event of a train in row `n`, if it is not beyond the limit, and draw the one after it; gives the
    window in which that arrives, BEYOND, or NO_MORE."""
    train = block.trains[-1 - p]
    offset = bits(arrives(train, i, window)[1])
    if offset > block.common[LIMIT]:
        return BEYOND
    due[n, 0], due[n, 1], due[n, 2] = offset, train[FIRST] + i, train[PACKED]
    if train[GROUPS]:
        due[n, 1] = train[GROUPS] + 16 * i
    there, v, _ = draw_next(train, i, window)
    return np.int64(v) if there else NO_MORE


@nb.njit(error_model="numpy", nogil=True, cache=True)
def enter_train(trains, t, ids, draws, looks, window, first):
    """Enter the next events of a train: those that have been drawn, or (`draws`) new ones. `first` is the first window that
    the slots of looks hold; gives these slots."""
    if chunks_needed(looks, ids.size) > looks.n_free[0]:
        looks = with_room(looks, chunks_needed(looks, ids.size))
    for j in range(ids.size):
        i = ids[j]
        if draws:
            there, v, _ = draw_next(trains[t], i, window)
        else:
            drawn = nb.carray(as_pointer(trains[t, DRAWN] + 24 * i), (3,), np.float64)
            there, v = drawn[2] > 0.0, arrives(trains[t], i, window)[0]
        if there:
            put(looks.head.ctypes.data, min(np.int64(v), first + looks.tail.size - 1), -1 - t, i, np.int64(v))
    return looks


@nb.njit(error_model="numpy", nogil=True, cache=True)
def without_train(looks, t):
    """Slots of looks in which no event of a train is entered."""
    entries = np.empty((looks.entries.shape[0], 3), np.int64)
    for slot in range(looks.tail.size):
        n = drain(looks, slot, entries, 0)
        for j in range(n):
            if entries[j, 0] != -1 - t:
                put(looks.head.ctypes.data, slot, entries[j, 0], entries[j, 1], entries[j, 2])
    return looks
