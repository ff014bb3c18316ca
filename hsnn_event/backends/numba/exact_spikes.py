"""Spikes of a network without a clock: threads show each other theirs, and enter what they bring about."""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.backends.numba.exact_team import (
    EMIT,
    GATHER,
    JUDGED,
    LINKED,
    MORE_ARRIVALS,
    MORE_MET,
    MOST,
    N_MET,
    N_SPIKES,
    NUMBER,
    PHASE,
    REACHED,
    SPIKES,
    TABLES,
    TURN,
    UNIFORM,
    Work,
    bits,
    later,
)
from hsnn_event.backends.numba.native import as_pointer, call, inner, prefetch, real_at, wait, whole_at
from hsnn_event.backends.numba.slots import chunks_needed, put, sort_rows, with_room


@inner
def publish(thread, team, block, work, n_threads, yield_at):
    """Lay out this thread's spikes and wait for the others."""
    turn, common = block.place[TURN], block.common
    n = common[N_SPIKES]
    if n > 1:
        sort_rows(work.odd if turn else work.even, n, work.met_scratch, 1)
    team.met[turn, thread, 0], team.met[turn, thread, 1] = common[SPIKES], n
    return wait(team.barrier.ctypes.data, n_threads, yield_at)


@inner
def all_spikes(team, turn):
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
            v, offset = later(np.float64(w), o, real_at(index), window)
            due = np.int64(v)
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
def _gather(team, block, work):
    """Bring the spikes of all threads together, in order; gives their number."""
    turn, n, met, all_met = block.place[TURN], 0, work.met, team.met
    for other in range(all_met.shape[1]):
        theirs = all_met[turn, other, 0]
        for j in range(all_met[turn, other, 1]):
            met[n, 0], met[n, 1] = real_at(theirs + 16 * j), real_at(theirs + 16 * j + 8)
            n += 1
    if team.met.shape[1] > 1:
        sort_rows(work.met, n, work.met_scratch, 1)
    return n


@inner
def _with_junctions(thread, team, block, work, n):
    """Add to the spikes of a window those of junctions; gives how many there are then, or, below 0, what room they take."""
    orders, met, w = team.orders, work.met.ctypes.data, block.place[NUMBER]
    table, n_plans = orders[TABLES + 2 * thread], orders[TABLES + 2 * thread + 1]
    most = call(orders[MOST], table, n_plans, met, n, w)
    if most > work.met.shape[0] or (thread == 0 and work.n_log[0] + most > work.log.shape[0]):
        return -most
    fired = call(orders[JUDGED], table, n_plans, met, n, w)
    if fired > n:
        sort_rows(work.met, fired, work.met_scratch, 1)
    return call(orders[LINKED], table, n_plans, met, fired, w)


@inner
def exchange(thread, team, block, work, window):
    """Enter what the spikes of a window bring about, and write them down."""
    place, met, rows = block.place, work.met, team.rows[thread]
    w, n = place[NUMBER], place[N_MET]
    if place[PHASE] == GATHER:
        n = _gather(team, block, work)
        if team.orders[MOST] != 0:
            n = _with_junctions(thread, team, block, work, n)
        place[N_MET] = abs(n)
        if n < 0:
            return MORE_MET
        place[PHASE] = EMIT
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
def groups_met(team, block, work):
    """An upper bound of the groups that the spikes of a window send to a block."""
    total = 0
    for b in range(team.rows.shape[0]):
        total += groups_of(team.rows[b], work.met, block.place[N_MET])
    return total


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
