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
from hsnn_event.backends.numba.native import (
    BROKEN_OFF,
    as_pointer,
    call,
    half_at,
    inner,
    prefetch,
    real_at,
    set_half,
    set_real,
    set_whole,
    wait,
    whole_at,
)
from hsnn_event.backends.numba.slots import Slots, chunks_needed, count, drain, larger, put, sort_rows, with_room

NONE, BY_INSTANT = -1e300, -2e300
BEYOND, NO_MORE = np.int64(-(1 << 50)), np.int64(-(1 << 51))  # in the place of a window

# Rows of what is due: the bits of the offset (positive numbers sort as their bits do), an address or a number, PACKED. A
# packed number holds the length of a group, the population and receptor that it reaches, and flags: its synapses share one
# weight; that weight is a float64, whatever the type of the weights; a neuron of a source fires, and there is no group; a
# neuron is to be looked at, at this very instant.
POPULATION, RECEPTOR = 32, 48
UNIFORM, WIDE, SPIKE, LOOKED = 1 << 62, 1 << 61, 1 << 60, 1 << 59
LENGTH_MASK, RECEPTOR_MASK = (1 << 32) - 1, 0xFF

# Columns of a context and of what the contexts of a block share: exact_neuron.py.
TOUCHED, N_TOUCHED, NEXT, LANES, CONTEXT = 3, 4, 5, 8, 9
WINDOW_NOW, LIMIT, SPIKES, N_SPIKES, CAPACITY, START, CULPRIT, WINDOW, REACH, COMMON = range(10)
TAKE, CLOSE, STRIDE, LOOK_AT, N_CODES = range(5)  # columns of `codes`

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
        listed, k = block.listed, place[LISTED]
        while k < listed.shape[0] and listed[k, 0] <= w:
            if n == work.due.shape[0]:
                place[LISTED], place[N_DUE] = k, n
                return MORE_DUE
            work.due[n, 0], work.due[n, 1], work.due[n, 2] = listed[k, 1], listed[k, 2], listed[k, 3]
            n, k = n + 1, k + 1
        place[LISTED], place[N_DUE], place[FRESH] = k, n, w
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
        if real_at(listed) == 0.0:
            set_real(listed, 1.0)
            n = whole_at(context + 8 * N_TOUCHED)
            set_half(whole_at(context + 8 * TOUCHED) + 4 * n, np.int32(i))
            set_whole(context + 8 * N_TOUCHED, n + 1)


@inner
def _due_of_train(block, due, n, p, i, w, window):
    """Enter the next event of a train in row `n`, if it is not beyond the limit, and draw the one after it; gives the
    window in which that arrives, BEYOND, or NO_MORE."""
    train = block.trains[-1 - p]
    offset = bits(_arrives(train, i, window)[1])
    if offset > block.common[LIMIT]:
        return BEYOND
    due[n, 0], due[n, 1], due[n, 2] = offset, train[FIRST] + i, train[PACKED]
    if train[GROUPS]:
        due[n, 1] = train[GROUPS] + 16 * i
    there, v, _ = draw_next(train, i, window)
    return np.int64(v) if there else NO_MORE


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
def _walk(place, common, contexts, step, codes, due):
    """Deliver what is due up to the limit. `contexts`, `codes` and `due` are addresses: arrays that are looked up in a loop
    cost it an atomic operation each."""
    limit = common[LIMIT]
    for e in range(place[INDEX], place[N_DUE]):
        offset, address, packed = whole_at(due + 24 * e), whole_at(due + 24 * e + 8), whole_at(due + 24 * e + 16)
        if offset > limit:
            place[INDEX] = e
            return REACHED
        if packed & SPIKE:
            n = common[N_SPIKES]
            if n == common[CAPACITY]:
                place[INDEX] = e
                return MORE_SPIKES
            set_whole(common[SPIKES] + 16 * n, offset)
            set_real(common[SPIKES] + 16 * n + 8, np.float64(address))
            common[N_SPIKES] = n + 1
            continue
        p, length = (packed >> POPULATION) & 0xFFFF, packed & LENGTH_MASK
        receptor = (packed >> RECEPTOR) & RECEPTOR_MASK
        length = -length if packed & UNIFORM else length
        receptor = receptor | 256 if packed & WIDE else receptor
        code = whole_at(codes + 8 * (N_CODES * p + TAKE))
        status = call(code, contexts + p * step, address, length, offset, receptor)
        if status != 0:
            place[INDEX] = e
            return MORE_SPIKES if status == 1 else CASCADE
    place[INDEX] = place[N_DUE]
    return REACHED


@inner
def _finish(contexts, codes, looks):
    """Bring all listed neurons to the limit, and enter when they are to be looked at next."""
    base, step, head = contexts.ctypes.data, contexts.strides[0], looks.head.ctypes.data
    for p in range(contexts.shape[0]):
        n = contexts[p, N_TOUCHED]
        if n == 0:
            continue
        if chunks_needed(looks, n) > looks.n_free[0]:
            return MORE_LOOKS
        status = call(codes[p, CLOSE], base + p * step, 0, 0, 0, 0)
        if status != 0:
            return MORE_SPIKES if status == 1 else CASCADE
        touched, following = contexts[p, TOUCHED], contexts[p, NEXT]
        for j in range(n):
            look = real_at(following + 8 * j)
            if look != NONE:
                put(head, np.int64(look), p, np.int64(half_at(touched + 4 * j)), 0)
        contexts[p, N_TOUCHED] = 0
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
def emit(rows, spikes, n, w, arrivals, window, from_w, from_o):
    """Enter what `n` spikes (offset, neuron) of window `w` bring about after the instant (from_w, from_o), into the slots
    with the head `arrivals`; `rows` and `spikes` are addresses."""
    for e in range(n):
        if e + 8 < n:
            prefetch(rows + 16 * np.int64(real_at(spikes + 16 * (e + 8) + 8)))
        if e + 4 < n:
            prefetch(whole_at(rows + 16 * np.int64(real_at(spikes + 16 * (e + 4) + 8)) + 8))
        o, row = real_at(spikes + 16 * e), rows + 16 * np.int64(real_at(spikes + 16 * e + 8))
        n_groups, address = whole_at(row), whole_at(row + 8)
        flag = UNIFORM if n_groups < 0 else 0
        for g in range(abs(n_groups)):
            index = address + 24 * g
            offset = o + real_at(index)
            windows = np.ceil(offset * (1.0 / window)) - 1.0
            offset -= windows * window
            due = w + np.int64(windows)
            if due > from_w or (due == from_w and offset > from_o):
                put(arrivals, due, bits(offset), address + whole_at(index + 8), whole_at(index + 16) | flag)


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
    n, met, all_met = 0, work.met, team.met
    for other in range(all_met.shape[1]):
        theirs = all_met[turn, other, 0]
        for j in range(all_met[turn, other, 1]):
            met[n, 0], met[n, 1] = real_at(theirs + 16 * j), real_at(theirs + 16 * j + 8)
            n += 1
    if team.met.shape[1] > 1:
        sort_rows(work.met, n, work.met_scratch, 1)
    rows = team.rows[thread]
    if chunks_needed(work.arrivals, groups_of(rows, work.met, n)) > work.arrivals.n_free[0]:
        return MORE_ARRIVALS
    head = work.arrivals.head.ctypes.data
    emit(rows.ctypes.data, work.met.ctypes.data, n, w, head, window, np.int64(-(1 << 40)), 0.0)
    if thread == 0:
        first, log = work.n_log[0], work.log
        for j in range(n):
            log[first + j, 0], log[first + j, 1], log[first + j, 2] = np.float64(w), met[j, 0], met[j, 1]
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
            status = _walk(
                place, common, block.contexts.ctypes.data, block.contexts.strides[0], block.codes.ctypes.data,
                work.due.ctypes.data,
            )  # fmt: skip
            if status != REACHED:
                return status
            place[PHASE] = FINISH
        if place[PHASE] == FINISH:
            status = _finish(block.contexts, block.codes, work.looks)
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
        due = larger(due, due.shape[0] + count(arrivals, place[NUMBER]) + count(looks, place[NUMBER]))
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
    at, first, head = rows.ctypes.data, spikes.ctypes.data, work.arrivals.head.ctypes.data
    for e in range(spikes.shape[0]):
        emit(at, first + 16 * e, 1, windows[e], head, window, from_w, from_o)
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
