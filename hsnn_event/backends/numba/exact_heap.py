"""The compiled loop over instants, for delays of 0 or so short that windows would be too many: one thread, one block.

What comes from outside a window (arrivals from earlier windows, stimuli, looks) is sorted at its beginning, as in
`exact_driver`; what arises within it goes through a binary heap. At an instant the neurons that are due are looked at.
Then come rounds: what arrives is added up, neuron by neuron, and acts; delays of 0 of the spikes make the next round.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.backends.numba import exact_driver as driver
from hsnn_event.backends.numba import exact_due, exact_team
from hsnn_event.backends.numba.exact_spikes import groups_of
from hsnn_event.backends.numba.exact_team import (
    CAPACITY,
    CASCADE,
    FIRST,
    FULL,
    LIMIT,
    LOOKED,
    MORE_SPIKES,
    N_DUE,
    N_SPIKES,
    N_TOUCHED,
    NONE,
    NUMBER,
    POPULATION,
    REACHED,
    RECORDS,
    SPIKE,
    UNIFORM,
    WIDE,
    WINDOW,
    Work,
    bits,
    enlist,
    later,
    unpacked,
)
from hsnn_event.backends.numba.heap import LOOK, N_ENTRIES, OFFSET, comes, pop, push, roomy
from hsnn_event.backends.numba.native import as_pointer, call, inner
from hsnn_event.backends.numba.slots import chunks_needed, larger, put, sort_rows, with_room
from hsnn_event.lowering.exact_ir import NEVER

LATEST = (1 << 63) - 1


@inner
def _with_slots(work, n_arrivals, n_looks):
    """The work with room for more arrivals and looks in later windows."""
    arrivals, looks = work.arrivals, work.looks
    if chunks_needed(arrivals, n_arrivals) > arrivals.n_free[0]:
        arrivals = with_room(arrivals, chunks_needed(arrivals, n_arrivals))
    if chunks_needed(looks, n_looks) > looks.n_free[0]:
        looks = with_room(looks, chunks_needed(looks, n_looks))
    return Work(
        arrivals, looks, work.due, work.scratch, work.even, work.odd, work.met, work.met_scratch, work.log, work.n_log
    )


@inner
def _look(block, work, heap, what, packed, offset):
    """List a neuron whose time to be looked at has come, in this window or, if it lies far ahead, on the way there."""
    p, w = packed >> POPULATION & 0xFFFF, block.place[NUMBER]
    next_look = heap.looks[block.contexts[p, FIRST] + what]
    if bits(next_look[1]) != offset or next_look[0] < w:
        return
    if next_look[0] > w:
        put(work.looks.head.ctypes.data, min(np.int64(next_look[0]), w + work.looks.tail.size - 1), p, what, offset)
        return
    next_look[0] = NONE
    record = block.contexts[p, RECORDS] + 8 * block.codes[p, exact_team.STRIDE] * what
    context = block.contexts.ctypes.data + p * block.contexts.strides[0]
    enlist(context, record + 8 * (block.codes[p, exact_team.LOOK_AT] - 1), what)


@inner
def _looks(block, work, heap, offset):
    """List all neurons that are to be looked at now; gives the work."""
    place = block.place
    end = place[exact_team.INDEX]
    while end < place[N_DUE] and work.due[end, 0] == offset:
        end += 1
    work = _with_slots(work, 0, end - place[exact_team.INDEX])
    for e in range(place[exact_team.INDEX], end):
        if work.due[e, 2] & LOOKED:
            _look(block, work, heap, work.due[e, 1], work.due[e, 2], offset)
    while comes(heap, offset, LOOK):
        what, packed = pop(heap)
        _look(block, work, heap, what, packed, offset)
    return work


@inner
def _take(team, block, work, what, packed, offset):
    """A group arrives, or a neuron of a source fires; gives (0 or CASCADE, the work)."""
    common, contexts = block.common, block.contexts
    if packed & SPIKE:
        n = common[N_SPIKES]
        if n == common[CAPACITY]:
            work = driver.grow(MORE_SPIKES, team, block, work)
        work.even[n, 0], work.even[n, 1] = np.int64(offset).view(np.float64), np.float64(what)
        common[N_SPIKES] = n + 1
        return REACHED, work
    p, length, receptor = unpacked(packed)
    context = contexts.ctypes.data + p * contexts.strides[0]
    while True:
        status = call(block.codes[p, exact_team.TAKE], context, what, length, offset, receptor)
        if status != FULL:
            return CASCADE if status else REACHED, work
        work = driver.grow(MORE_SPIKES, team, block, work)


@inner
def _take_rows(team, block, work, offset, stimuli):
    """What comes from outside the window arrives now: spikes of sources and synapses' arrivals, or stimuli's."""
    place = block.place
    e = place[exact_team.INDEX]
    while e < place[N_DUE] and work.due[e, 0] == offset:
        packed = work.due[e, 2]
        if not packed & LOOKED and (packed & WIDE != 0) == stimuli:
            status, work = _take(team, block, work, work.due[e, 1], packed, offset)
            if status != REACHED:
                return status, work
        e += 1
    if stimuli:
        place[exact_team.INDEX] = e
    return REACHED, work


@inner
def _arrive(team, block, work, heap, offset, turn):
    """All that arrives in a round, in order: what was sent in earlier windows, in this one, stimuli."""
    status = REACHED
    if turn == 1:
        status, work = _take_rows(team, block, work, offset, False)
    while status == REACHED and comes(heap, offset, turn):
        what, packed = pop(heap)
        status, work = _take(team, block, work, what, packed, offset)
    if turn == 1 and status == REACHED:
        status, work = _take_rows(team, block, work, offset, True)
    return status, work


@inner
def _close(team, block, work, heap):
    """What has arrived acts, listed neurons fire, in order of ids, and it is entered when to look at them next."""
    contexts, w = block.contexts, block.place[NUMBER]
    for p in range(contexts.shape[0]):
        n = contexts[p, N_TOUCHED]
        if n == 0:
            continue
        touched = nb.carray(as_pointer(contexts[p, exact_team.TOUCHED]), (n,), np.int32)
        touched.sort()
        status = np.int64(FULL)
        while status == FULL:
            status = call(block.codes[p, exact_team.CLOSE], contexts.ctypes.data + p * contexts.strides[0], 0, 0, 0, 0)
            if status == FULL:
                work = driver.grow(MORE_SPIKES, team, block, work)
        if status != 0:
            return CASCADE, work, heap
        heap, work = roomy(heap, n), _with_slots(work, 0, n)
        following = nb.carray(as_pointer(contexts[p, exact_team.NEXT]), (n, 2), np.float64)
        for j in range(n):
            v, o = following[j, 0], following[j, 1]
            next_look = heap.looks[contexts[p, FIRST] + touched[j]]
            if v == next_look[0] and o == next_look[1]:
                continue
            next_look[0], next_look[1] = v, o
            if v == w:
                push(heap, bits(o), LOOK, np.int64(touched[j]), p << POPULATION)
            elif v < NEVER:
                furthest = w + work.looks.tail.size - 1
                put(work.looks.head.ctypes.data, min(np.int64(v), furthest), p, np.int64(touched[j]), bits(o))
        contexts[p, N_TOUCHED] = 0
    return REACHED, work, heap


@inner
def _send(rows, block, work, heap, first, turn):
    """Enter what the spikes of this instant, from number `first` on, bring about: in the round `turn` of the same instant,
    or, where that is 0, at later ones."""
    n, w, offset = block.common[N_SPIKES], block.place[NUMBER], block.common[LIMIT]
    window, o = exact_team.reals_of(block.common)[WINDOW], np.int64(offset).view(np.float64)
    spikes = work.even[first:n]
    sort_rows(spikes, n - first, work.met_scratch, 1)
    n_groups = groups_of(rows, spikes, n - first)
    heap, work = roomy(heap, n_groups), _with_slots(work, 0 if turn else n_groups, 0)
    for e in range(n - first):
        n_groups, address = rows[np.int64(spikes[e, 1]), 0], rows[np.int64(spikes[e, 1]), 1]
        flag = UNIFORM if n_groups < 0 else 0
        index = nb.carray(as_pointer(address), (3 * abs(n_groups),), np.int64)
        for g in range(abs(n_groups)):
            v, due = later(np.float64(w), o, np.int64(index[3 * g]).view(np.float64), window)
            what, packed = address + index[3 * g + 1], index[3 * g + 2] | flag
            if (v == w and due == o) != (turn != 0):
                continue
            if v == w:
                push(heap, bits(due), max(turn, 1), what, packed)
            else:
                put(work.arrivals.head.ctypes.data, np.int64(v), bits(due), what, packed)
    return work, heap


@inner
def _write_down(block, work):
    """The spikes of this instant go into the log."""
    n, first, log = block.common[N_SPIKES], work.n_log[0], work.log
    if first + n > log.shape[0]:
        log = larger(log, first + n)
    for e in range(n):
        log[first + e, 0] = np.float64(block.place[NUMBER])
        log[first + e, 1], log[first + e, 2] = work.even[e, 0], work.even[e, 1]
    work.n_log[0], block.common[N_SPIKES] = first + n, 0
    return Work(
        work.arrivals, work.looks, work.due, work.scratch, work.even, work.odd, work.met, work.met_scratch, log, work.n_log
    )


@inner
def _instant(team, block, work, heap, offset):
    """All that happens at an instant of the window."""
    common, sent, turn = block.common, 0, 1
    common[LIMIT] = offset
    work = _looks(block, work, heap, offset)
    status, work, heap = _close(team, block, work, heap)
    while status == REACHED:
        status, work = _arrive(team, block, work, heap, offset, turn)
        if status == REACHED:
            status, work, heap = _close(team, block, work, heap)
        turn += 1
        if common[N_SPIKES] > sent:
            work, heap = _send(team.rows[0], block, work, heap, sent, turn)
            sent = common[N_SPIKES]
        if not comes(heap, offset, turn):
            break
    if status == REACHED and sent:
        work, heap = _send(team.rows[0], block, work, heap, 0, 0)
        work = _write_down(block, work)
    return status, work, heap


@nb.njit(error_model="numpy", nogil=True, cache=True)
def advance(team, block, work, heap):
    """Do what is ordered; gives (why it stopped, its work, its heap)."""
    place, window = block.place, exact_team.reals_of(block.common)[WINDOW]
    target = team.orders[exact_team.TARGET]
    while True:
        limit = team.orders[exact_team.TARGET_OFFSET] if place[NUMBER] == target else bits(window)
        block.common[LIMIT] = limit
        status = exact_due.begin(block, work, window)
        while status != REACHED:
            work = driver.grow(status, team, block, work)
            status = exact_due.begin(block, work, window)
        while True:
            offset = work.due[place[exact_team.INDEX], 0] if place[exact_team.INDEX] < place[N_DUE] else LATEST
            if heap.counts[N_ENTRIES]:
                offset = min(offset, heap.entries[0, OFFSET])
            if offset > limit:
                break
            status, work, heap = _instant(team, block, work, heap, offset)
            if status != REACHED:
                return status, work, heap
        if place[NUMBER] == target:
            return REACHED, work, heap
        place[NUMBER] += 1
