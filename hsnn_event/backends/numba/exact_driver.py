"""The compiled loop over windows: one function for all networks without a clock. Models enter as addresses.

A window is no longer than the shortest delay, so that nothing that happens in it can act in it: every thread takes its own
neurons through the window, one after the other; then all meet and enter everyone's spikes into their own slots.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.backends.numba.crew import stay
from hsnn_event.backends.numba.exact_due import begin
from hsnn_event.backends.numba.exact_neuron import AHEAD
from hsnn_event.backends.numba.exact_spikes import all_spikes, exchange, groups_met, publish
from hsnn_event.backends.numba.exact_team import (
    BEGIN,
    BROKEN,
    CAPACITY,
    CASCADE,
    CLOSE,
    DONE,
    FINISH,
    FULL,
    GATHER,
    INDEX,
    LIMIT,
    MEET,
    MORE_ARRIVALS,
    MORE_DUE,
    MORE_LOOKS,
    MORE_MET,
    MORE_SPIKES,
    N_CODES,
    N_DUE,
    N_MET,
    N_SPIKES,
    N_TOUCHED,
    NEXT,
    NONE,
    NUMBER,
    PHASE,
    REACHED,
    RECORDS,
    SPIKE,
    SPIKES,
    STRIDE,
    TAKE,
    TARGET,
    TARGET_OFFSET,
    TOUCHED,
    TURN,
    WALK,
    WINDOW,
    Work,
    bare_block,
    bare_team,
    bare_work,
    bits,
    reals_of,
    unpacked,
)
from hsnn_event.backends.numba.native import (
    BROKEN_OFF,
    call,
    half_at,
    inner,
    prefetch,
    real_at,
    set_real,
    set_whole,
    whole_at,
)
from hsnn_event.backends.numba.slots import chunks_needed, count, larger, put, with_room


@inner
def _fetch(entry, contexts, step, codes):
    """Prefetch the records of a group's first targets, which `take` has no time to do.

    benchmarks/README.md, "Exact schedules", has what that gains.
    """
    address, packed = whole_at(entry + 8), whole_at(entry + 16)
    if packed & SPIKE == 0:
        p, length, _ = unpacked(packed)
        records, stride = whole_at(contexts + p * step + 8 * RECORDS), 8 * whole_at(codes + 8 * (N_CODES * p + STRIDE))
        targets = address + 8 if length < 0 else address
        for j in range(min(abs(length), AHEAD)):
            prefetch(records + stride * np.int64(half_at(targets + 4 * j)))


@inner
def _walk(place, common, contexts, step, codes, due):
    """Deliver what is due up to the limit. `contexts`, `codes` and `due` are addresses: arrays that are looked up in a loop
    cost it an atomic operation each."""
    limit = common[LIMIT]
    n = place[N_DUE]
    for e in range(place[INDEX], n):
        if e + 1 < n:
            _fetch(due + 24 * (e + 1), contexts, step, codes)
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
        p, length, receptor = unpacked(packed)
        code = whole_at(codes + 8 * (N_CODES * p + TAKE))
        status = call(code, contexts + p * step, address, length, offset, receptor)
        if status != DONE:
            place[INDEX] = e
            return MORE_SPIKES if status == FULL else CASCADE
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
        if status != DONE:
            return MORE_SPIKES if status == FULL else CASCADE
        touched, following = contexts[p, TOUCHED], contexts[p, NEXT]
        for j in range(n):
            look = real_at(following + 8 * j)
            if look != NONE:
                put(head, np.int64(look), p, np.int64(half_at(touched + 4 * j)), 0)
        contexts[p, N_TOUCHED] = 0
    return REACHED


@inner
def _go(thread, n_threads, yield_at, all_team, all_block, all_work):
    """Windows until the one to be reached, or until some array is too small."""
    team, block, work = bare_team(all_team), bare_block(all_block), bare_work(all_work)
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
            if not publish(thread, team, block, work, n_threads, yield_at):
                return BROKEN
            place[PHASE] = GATHER
        n = all_spikes(team, place[TURN])
        if n:
            if n > work.met.shape[0] or (thread == 0 and work.n_log[0] + n > work.log.shape[0]):
                place[N_MET] = n
                return MORE_MET
            status = exchange(thread, team, block, work, window)
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
        n = place[N_MET]
        if n > met.shape[0]:
            met = np.empty((2 * n, 2), np.float64)
            met_scratch = np.empty((max(met.shape[0], even.shape[0], odd.shape[0]), 2), np.float64)
        if work.n_log[0] + n > log.shape[0]:
            log = larger(log, log.shape[0] + n)
    elif status == MORE_ARRIVALS:
        arrivals = with_room(arrivals, chunks_needed(arrivals, groups_met(team, block, work)))
    return Work(arrivals, looks, due, scratch, even, odd, met, met_scratch, log, work.n_log)


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
