"""The compiled loop over windows: one function for all networks without a clock. Models enter as addresses.

A window is no longer than the shortest delay, so that nothing that happens in it can act in it: every thread takes its own
neurons through the window, one after the other; then all meet and enter everyone's spikes into their own slots.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.crew import stay
from hsnn_event.backends.numba.exact_trains import (
    DRAWN,
    FIRST,
    GROUPS,
    PACKED,
    draw_next,
)
from hsnn_event.backends.numba.native import BROKEN_OFF, as_pointer, call, inner, prefetch, wait
from hsnn_event.backends.numba.slots import Slots, chunks_needed, count, drain, larger, put, sort_rows, with_room

NONE, BY_INSTANT = -1e300, -2e300

# Rows of what is due: the bits of the offset (positive numbers sort as their bits do), an address or a number, PACKED. A
# packed number holds the length of a group, the population and receptor that it reaches, and flags: its synapses share one
# weight; that weight is a float64, whatever the type of the weights; a neuron of a source fires, and there is no group; a
# neuron is to be looked at at this very instant.
POPULATION, RECEPTOR = 32, 48
UNIFORM, WIDE, SPIKE, LOOKED = 1 << 62, 1 << 61, 1 << 60, 1 << 59
LENGTH_MASK, RECEPTOR_MASK = (1 << 32) - 1, 0xFF

# Columns of a context and of what the contexts of a block share: exact_neuron.py.
TOUCHED, N_TOUCHED, NEXT, LANES, CONTEXT = 3, 4, 5, 8, 9
WINDOW_NOW, LIMIT, SPIKES, N_SPIKES, CAPACITY, START, CULPRIT, WINDOW, REACH, COMMON = range(10)
TAKE, CLOSE, STRIDE, LOOK_AT = range(4)  # columns of `codes`

# Where a thread stands, in `place`; FRESH is the last window whose stimuli have been entered, LISTED counts listed ones.
PHASE, INDEX, N_DUE, NUMBER, TURN, FRESH, LISTED, N_PLACES = range(8)
BEGIN, WALK, FINISH, MEET, EMIT = range(5)
# Why a thread stops.
REACHED, BROKEN, CASCADE, MORE_DUE, MORE_SPIKES, MORE_LOOKS, MORE_ARRIVALS, MORE_MET = range(8)

TARGET, TARGET_OFFSET, N_ORDERS = range(3)  # in `orders`: the window to reach, and the bits of the offset in it


class ExactTeam(NamedTuple):
    """What all threads see."""

    rows: npt.NDArray[np.int64]     # (n_blocks, n_neurons, 2): ExactRows.rows
    met: npt.NDArray[np.int64]      # (2, n_threads, 2): address and number of each thread's spikes, by turns
    orders: npt.NDArray[np.int64]
    posts: npt.NDArray[np.int64]
    barrier: npt.NDArray[np.int64]


class Block(NamedTuple):
    """A thread's own neurons. `codes` and `contexts` have a row a population."""

    contexts: npt.NDArray[np.int64]
    common: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    listed: npt.NDArray[np.int64]   # (n, 4): listed stimuli and spikes: window, and a row of what is due
    trains: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]


class Work(NamedTuple):
    """What grows: slots of arrivals and of looks (population, neuron), rows that are due, spikes by turns, the log."""

    arrivals: Slots
    looks: Slots
    due: npt.NDArray[np.int64]
    scratch: npt.NDArray[np.int64]
    even: npt.NDArray[np.float64]   # spikes of this thread: (offset, number of the neuron in the network)
    odd: npt.NDArray[np.float64]
    met: npt.NDArray[np.float64]    # spikes of all threads in one window
    met_scratch: npt.NDArray[np.float64]
    log: npt.NDArray[np.float64]    # thread 0: (window, offset, neuron) of all spikes since the last report
    n_log: npt.NDArray[np.int64]


@inner
def bits(number):
    """Those of a float64, as an int64."""
    return np.float64(number).view(np.int64)


@inner
def reals_of(common):
    return nb.carray(as_pointer(common.ctypes.data), (COMMON,), np.float64)


@inner
def begin(block, work, window):
    """Bring all that is due in a window into `due`, in order; neurons to be looked at are touched."""
    place, common = block.place, block.common
    w, reals = place[NUMBER], reals_of(common)
    n = 0
    for e in range(place[INDEX], place[N_DUE]):
        for column in range(3):
            work.due[n, column] = work.due[e, column]
        n += 1
    place[INDEX], place[N_DUE] = 0, n
    if n + count(work.arrivals, w) + count(work.looks, w) > work.due.shape[0]:
        return MORE_DUE
    kept = n
    n = drain(work.arrivals, w, work.due, n)
    place[N_DUE] = n
    if place[FRESH] < w:
        listed, k = block.listed, place[LISTED]
        while k < listed.shape[0] and listed[k, 0] <= w:
            if n == work.due.shape[0]:
                place[LISTED], place[N_DUE] = k, n
                return MORE_DUE
            work.due[n, 0], work.due[n, 1], work.due[n, 2] = listed[k, 1], listed[k, 2], listed[k, 3]
            n, k = n + 1, k + 1
        place[LISTED], place[N_DUE], place[FRESH] = k, n, w
    reals[WINDOW_NOW] = np.float64(w)
    while count(work.looks, w):
        if n + count(work.looks, w) > work.due.shape[0]:
            return MORE_DUE
        if chunks_needed(work.looks, count(work.looks, w)) > work.looks.n_free[0]:
            return MORE_LOOKS
        n = _look(block, work, w, n, window)
        place[N_DUE] = n
    if n > kept:
        sort_rows(work.due, n, work.scratch, 0)
    return REACHED


@inner
def _look(block, work, w, n, window):
    """Touch the neurons that are to be looked at in window `w`; what trains bring becomes due after row `n`."""
    n_looks = drain(work.looks, w, work.scratch, 0)
    for j in range(n_looks):
        p, i = work.scratch[j, 0], work.scratch[j, 1]
        if p >= 0:
            record = block.contexts[p, 0] + 8 * block.codes[p, STRIDE] * i
            look = nb.carray(as_pointer(record + 8 * block.codes[p, LOOK_AT]), (1,), np.float64)
            if look[0] == np.float64(w):  # otherwise something has moved it to another window
                look[0] = NONE
                listed = nb.carray(as_pointer(record + 8 * (block.codes[p, LOOK_AT] - 1)), (1,), np.float64)
                if listed[0] != 0.0:
                    continue
                listed[0] = 1.0
                touched = nb.carray(as_pointer(block.contexts[p, TOUCHED]), (1 << 50,), np.int32)
                touched[block.contexts[p, N_TOUCHED]] = i
                block.contexts[p, N_TOUCHED] += 1
            elif look[0] == BY_INSTANT:
                work.due[n, 0], work.due[n, 1], work.due[n, 2] = work.scratch[j, 2], i, LOOKED | p << POPULATION
                n += 1
            continue
        train = block.trains[-1 - p]
        at = work.scratch[j, 2]
        if at != w:  # it had been entered on the way to a later window
            put(work.looks, min(at, w + work.looks.tail.size - 1), p, i, at)
            continue
        work.due[n, 0] = bits(_arrives(train, i, window)[1])
        work.due[n, 1] = train[GROUPS] + 16 * i if train[GROUPS] else train[FIRST] + i
        work.due[n, 2] = train[PACKED]
        n += 1
        there, v, o = draw_next(train, i, window)
        if there:
            put(work.looks, min(np.int64(v), w + work.looks.tail.size - 1), p, i, np.int64(v))
    return n


@inner
def _arrives(train, i, window):
    """The instant at which the event that a train has drawn for a neuron arrives."""
    drawn = nb.carray(as_pointer(train[DRAWN] + 24 * i), (3,), np.float64)
    delay = np.int64(train[1]).view(np.float64)
    offset = drawn[2] + delay
    windows = np.ceil(offset * (1.0 / window)) - 1.0
    if windows != 0.0:
        return drawn[1] + windows, np.float64(offset - windows * window)
    return drawn[1], np.float64(offset)


@inner
def _walk(block, work):
    """Deliver what is due up to the limit."""
    place, common = block.place, block.common
    limit = common[LIMIT]
    base, step = block.contexts.ctypes.data, block.contexts.strides[0]
    for e in range(place[INDEX], place[N_DUE]):
        offset, address, packed = work.due[e, 0], work.due[e, 1], work.due[e, 2]
        if offset > limit:
            place[INDEX] = e
            return REACHED
        if packed & SPIKE:
            n = common[N_SPIKES]
            if n == common[CAPACITY]:
                place[INDEX] = e
                return MORE_SPIKES
            spikes = nb.carray(as_pointer(common[SPIKES]), (2 * n + 2,), np.float64)
            spikes[2 * n], spikes[2 * n + 1] = np.int64(offset).view(np.float64), np.float64(address)
            common[N_SPIKES] = n + 1
            continue
        p, length = (packed >> POPULATION) & 0xFFFF, packed & LENGTH_MASK
        receptor = (packed >> RECEPTOR) & RECEPTOR_MASK
        length = -length if packed & UNIFORM else length
        receptor = receptor | 256 if packed & WIDE else receptor
        status = call(block.codes[p, TAKE], base + p * step, address, length, offset, receptor)
        if status != 0:
            place[INDEX] = e
            return MORE_SPIKES if status == 1 else CASCADE
    place[INDEX] = place[N_DUE]
    return REACHED


@inner
def _finish(block, work):
    """Bring all touched neurons to the limit, and enter when they are to be looked at next."""
    base, step = block.contexts.ctypes.data, block.contexts.strides[0]
    for p in range(block.contexts.shape[0]):
        n = block.contexts[p, N_TOUCHED]
        if n == 0:
            continue
        if chunks_needed(work.looks, n) > work.looks.n_free[0]:
            return MORE_LOOKS
        status = call(block.codes[p, CLOSE], base + p * step, 0, 0, 0, 0)
        if status != 0:
            return MORE_SPIKES if status == 1 else CASCADE
        touched = nb.carray(as_pointer(block.contexts[p, TOUCHED]), (n,), np.int32)
        following = nb.carray(as_pointer(block.contexts[p, NEXT]), (n,), np.float64)
        for j in range(n):
            if following[j] != NONE:
                put(work.looks, np.int64(following[j]), p, np.int64(touched[j]), 0)
        block.contexts[p, N_TOUCHED] = 0
    return REACHED


@inner
def _publish(thread, team, block, work, n_threads, yield_at):
    """Lay out this thread's spikes and wait for the others."""
    turn, common = block.place[TURN], block.common
    n = common[N_SPIKES]
    if n > 1:
        sort_rows(work.odd if turn else work.even, n, work.met_scratch, 1)
    team.met[turn, thread, 0], team.met[turn, thread, 1] = common[SPIKES], n
    return wait(team.barrier.ctypes.data, n_threads, yield_at)


@inner
def _all_spikes(team, turn):
    n = 0
    for thread in range(team.met.shape[1]):
        n += team.met[turn, thread, 1]
    return n


@inner
def emit(rows, spikes, n, w, work, window, from_w, from_o):
    """Enter what `n` spikes (offset, neuron) of window `w` bring about after the instant (from_w, from_o)."""
    base, step = rows.ctypes.data, rows.strides[0]
    for e in range(n):
        if e + 8 < n:
            prefetch(base + step * np.int64(spikes[e + 8, 1]))
        if e + 4 < n:
            prefetch(rows[np.int64(spikes[e + 4, 1]), 1])
        o, neuron = spikes[e, 0], np.int64(spikes[e, 1])
        n_groups, address = rows[neuron, 0], rows[neuron, 1]
        flag = UNIFORM if n_groups < 0 else 0
        index = nb.carray(as_pointer(address), (3 * abs(n_groups),), np.int64)
        for g in range(abs(n_groups)):
            offset = o + np.int64(index[3 * g]).view(np.float64)
            windows = np.ceil(offset * (1.0 / window)) - 1.0
            offset -= windows * window
            due = w + np.int64(windows)
            if due > from_w or (due == from_w and offset > from_o):
                put(work.arrivals, due, bits(offset), address + index[3 * g + 1], index[3 * g + 2] | flag)


@inner
def groups_of(rows, spikes, n):
    """How many groups `n` spikes send."""
    total = 0
    for e in range(n):
        total += abs(rows[np.int64(spikes[e, 1]), 0])
    return total


@inner
def _emit(thread, team, block, work, window):
    turn, w = block.place[TURN], block.place[NUMBER]
    n = 0
    for other in range(team.met.shape[1]):
        n_other = team.met[turn, other, 1]
        theirs = nb.carray(as_pointer(team.met[turn, other, 0]), (n_other, 2), np.float64)
        for j in range(n_other):
            work.met[n, 0], work.met[n, 1] = theirs[j, 0], theirs[j, 1]
            n += 1
    if team.met.shape[1] > 1:
        sort_rows(work.met, n, work.met_scratch, 1)
    rows = team.rows[thread]
    if chunks_needed(work.arrivals, groups_of(rows, work.met, n)) > work.arrivals.n_free[0]:
        return MORE_ARRIVALS
    emit(rows, work.met, n, w, work, window, np.int64(-(1 << 40)), 0.0)
    if thread == 0:
        first = work.n_log[0]
        for j in range(n):
            work.log[first + j, 0] = np.float64(w)
            work.log[first + j, 1], work.log[first + j, 2] = work.met[j, 0], work.met[j, 1]
        work.n_log[0] = first + n
    return REACHED


@inner
def _go(thread, n_threads, yield_at, team, block, work):
    """Windows until the one to be reached, or until some array is too small."""
    place, common, reals = block.place, block.common, reals_of(block.common)
    window, target = reals[WINDOW], team.orders[TARGET]
    while True:
        if place[PHASE] == BEGIN:
            common[LIMIT] = team.orders[TARGET_OFFSET] if place[NUMBER] == target else bits(window)
            status = begin(block, work, window)
            if status != REACHED:
                return status
            place[PHASE] = WALK
        if place[PHASE] == WALK:
            status = _walk(block, work)
            if status != REACHED:
                return status
            place[PHASE] = FINISH
        if place[PHASE] == FINISH:
            status = _finish(block, work)
            if status != REACHED:
                return status
            place[PHASE] = MEET
        if place[PHASE] == MEET:
            if not _publish(thread, team, block, work, n_threads, yield_at):
                return BROKEN
            place[PHASE] = EMIT
        n = _all_spikes(team, place[TURN])
        if n:
            if n > work.met.shape[0] or (thread == 0 and work.n_log[0] + n > work.log.shape[0]):
                return MORE_MET
            status = _emit(thread, team, block, work, window)
            if status != REACHED:
                return status
        place[PHASE], place[TURN] = BEGIN, 1 - place[TURN]
        common[N_SPIKES] = 0
        spikes = work.odd if place[TURN] else work.even
        common[SPIKES], common[CAPACITY] = spikes.ctypes.data, spikes.shape[0]
        if place[NUMBER] == target:
            return REACHED
        place[NUMBER] += 1


@inner
def grow(status, team, block, work):
    """What grows, larger, as the reason to stop asks for."""
    place, common = block.place, block.common
    arrivals, looks, due, scratch = work.arrivals, work.looks, work.due, work.scratch
    even, odd, met, met_scratch, log = work.even, work.odd, work.met, work.met_scratch, work.log
    if status == MORE_DUE:
        n = due.shape[0] + count(arrivals, place[NUMBER]) + count(looks, place[NUMBER])
        due = larger(due, n)
        scratch = np.empty(due.shape, np.int64)
    elif status == MORE_LOOKS:
        n = count(looks, place[NUMBER])
        for p in range(block.contexts.shape[0]):
            n += block.contexts[p, N_TOUCHED]
        looks = with_room(looks, chunks_needed(looks, n))
    elif status == MORE_SPIKES:
        if place[TURN]:
            odd = larger(odd, odd.shape[0])
        else:
            even = larger(even, even.shape[0])
        spikes = odd if place[TURN] else even
        common[SPIKES], common[CAPACITY] = spikes.ctypes.data, spikes.shape[0]
        met_scratch = np.empty((max(met.shape[0], even.shape[0], odd.shape[0]), 2), np.float64)
    elif status == MORE_MET:
        n = _all_spikes(team, place[TURN])
        if n > met.shape[0]:
            met = np.empty((2 * n, 2), np.float64)
            met_scratch = np.empty((max(met.shape[0], even.shape[0], odd.shape[0]), 2), np.float64)
        if work.n_log[0] + n > log.shape[0]:
            log = larger(log, log.shape[0] + n)
    elif status == MORE_ARRIVALS:
        arrivals = with_room(arrivals, chunks_needed(arrivals, _groups_met(team, block)))
    return Work(arrivals, looks, due, scratch, even, odd, met, met_scratch, log, work.n_log)


@inner
def _groups_met(team, block):
    """An upper bound of the groups that the spikes of this turn send to a block."""
    total = 0
    for thread in range(team.met.shape[1]):
        n = team.met[block.place[TURN], thread, 1]
        spikes = nb.carray(as_pointer(team.met[block.place[TURN], thread, 0]), (n, 2), np.float64)
        for b in range(team.rows.shape[0]):
            total += groups_of(team.rows[b], spikes, n)
    return total


@nb.njit(error_model="numpy", nogil=True, cache=True)
def advance(thread, n_threads, yield_at, team, block, work):
    """Do what is ordered, and, in threads other than the first, what is ordered next; gives (why it stopped, its work)."""
    grown = False
    while True:
        status = _go(thread, n_threads, yield_at, team, block, work)
        if status == CASCADE:
            team.barrier[BROKEN_OFF] = 1
        if status <= CASCADE:
            leaves = grown or status != REACHED
            if thread == 0 or not stay(team.posts[thread].ctypes.data, yield_at, leaves):
                return status, work
        else:
            work, grown = grow(status, team, block, work), True


@nb.njit(error_model="numpy", nogil=True, cache=True)
def enter_spikes(rows, windows, spikes, work, window, from_w, from_o):
    """Enter spikes in flight, in order: what they bring about after an instant. Gives the work, which may have grown."""
    needed = chunks_needed(work.arrivals, groups_of(rows, spikes, spikes.shape[0]))
    if needed > work.arrivals.n_free[0]:
        work = Work(
            with_room(work.arrivals, needed), work.looks, work.due, work.scratch, work.even, work.odd, work.met,
            work.met_scratch, work.log, work.n_log,
        )  # fmt: skip
    for e in range(spikes.shape[0]):
        emit(rows, spikes[e : e + 1], 1, windows[e], work, window, from_w, from_o)
    return work


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
            there, v = drawn[2] > 0.0, _arrives(trains[t], i, window)[0]
        if there:
            put(looks, min(np.int64(v), first + looks.tail.size - 1), -1 - t, i, np.int64(v))
    return looks



@nb.njit(error_model="numpy", nogil=True, cache=True)
def without_train(looks, t):
    """Slots of looks in which no event of a train is entered."""
    entries = np.empty((looks.entries.shape[0], 3), np.int64)
    for slot in range(looks.tail.size):
        n = drain(looks, slot, entries, 0)
        for j in range(n):
            if entries[j, 0] != -1 - t:
                put(looks, slot, entries[j, 0], entries[j, 1], entries[j, 2])
    return looks


@nb.njit(error_model="numpy", nogil=True, cache=True)
def longest_delays(rows, neurons):
    """The longest delay (ms) of each of some neurons' synapses; minus infinity where there is none."""
    longest = np.full(neurons.size, -np.inf)
    for j in range(neurons.size):
        for b in range(rows.shape[0]):
            n_groups = abs(rows[b, neurons[j], 0])
            if n_groups:  # groups are sorted by delay
                index = nb.carray(as_pointer(rows[b, neurons[j], 1]), (3 * n_groups,), np.int64)
                longest[j] = max(longest[j], np.int64(index[3 * n_groups - 3]).view(np.float64))
    return longest
