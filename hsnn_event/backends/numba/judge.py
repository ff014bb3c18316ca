"""Junctions of hyperedges, judged by every thread for itself: what each thread knows of the spikes is the same.

Counting rules keep of each edge its latest pieces of evidence, latest first and as many as it needs: it fires when the last
of these is still in the window. So a spike costs a hyperedge a few operations, however many sources it has.
"""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import address_of, as_pointer, inner, real_at, set_real, set_whole, whole_at
from hsnn_event.elementary import exp64
from hsnn_event.lowering.hyper_ir import NEVER

# A table has a row a plan. Numbers: the rule, the network's number of its first junction, how many there are, their
# population, two switches; the bits of a time and of the length of a window, or step; how many instants have been judged.
# Then addresses: FIRST_ENTRY of (n_neurons + 1,) for each neuron of the network the
# first of its entries in MEMBERS (numbers of members, ascending) and EDGES; arrays of the plan; scratch (STAMPS, TOUCHED);
# and the evidence.
(RULE, JUNCTION, N_EDGES, POPULATION, DISTINCT, CONSUME, REFRACTORY, WIDTH, INSTANT, FIRST_ENTRY, MEMBERS, EDGES, INDPTR,
 FIRST_PLACE, LEAST, WINDOW, AMOUNTS, THRESHOLD, DECAY, GAPS, STAMPS, TOUCHED, LAST, LAST_O, N, TIMES, TIMES_O, WHO, SUMS,
 AT, AT_O, BEFORE, BEFORE_O) = range(33)  # fmt: skip
N_COLUMNS = 33
ANY, COUNTING, SUMMING, ORDERED = range(4)
RULES = {"any": ANY, "threshold": COUNTING, "weighted": SUMMING, "sequence": ORDERED}
STATE = {
    "last": LAST, "last_o": LAST_O, "n": N, "times": TIMES, "times_o": TIMES_O, "who": WHO, "sums": SUMS, "at": AT,
    "at_o": AT_O, "before": BEFORE, "before_o": BEFORE_O,
}  # fmt: skip


@inner
def _neuron(spikes, e, wide):
    """Of a spike: spikes are numbers or, without a clock (`wide`), pairs of offset and number, as float64."""
    return np.int64(real_at(spikes + 16 * e + 8)) if wide else whole_at(spikes + 8 * e)


@inner
def _write(spikes, e, wide, o, neuron):
    if wide:
        set_real(spikes + 16 * e, o)
        set_real(spikes + 16 * e + 8, np.float64(neuron))
    else:
        set_whole(spikes + 8 * e, neuron)


@inner
def _since(row, name, place, w, o):
    """Time since an instant of the evidence."""
    width = np.int64(row[WIDTH]).view(np.float64)
    return np.float64(w - whole_at(row[name] + 8 * place)) * width + (o - real_at(row[name + 1] + 8 * place))


@inner
def _set(row, name, place, w, o):
    set_whole(row[name] + 8 * place, w)
    set_real(row[name + 1] + 8 * place, o)


@inner
def _copy(row, name, place, other, to):
    _set(row, other, to, whole_at(row[name] + 8 * place), real_at(row[name + 1] + 8 * place))


@inner
def _note_counting(row, edge, member, w, o):
    """Put a piece of evidence in front; where members are to differ, in the place of the member's last one."""
    first, least, n = whole_at(row[FIRST_PLACE] + 8 * edge), whole_at(row[LEAST] + 8 * edge), whole_at(row[N] + 8 * edge)
    who, place = row[WHO] + 8 * first, n
    if row[DISTINCT]:
        place = 0
        while place < n and whole_at(who + 8 * place) != member:
            place += 1
    if place == n:
        if n < least:
            set_whole(row[N] + 8 * edge, n + 1)
        else:
            place = least - 1
    for j in range(place, 0, -1):
        _copy(row, TIMES, first + j - 1, TIMES, first + j)
        set_whole(who + 8 * j, whole_at(who + 8 * (j - 1)))
    _set(row, TIMES, first, w, o)
    set_whole(who, member)


@inner
def _note_summing(row, edge, member, w, o):
    total, since = real_at(row[SUMS] + 8 * edge), _since(row, AT, edge, w, o)
    if since != 0.0:
        total *= exp64(-since * real_at(row[DECAY] + 8 * edge))
    set_real(row[SUMS] + 8 * edge, total + real_at(row[AMOUNTS] + 8 * member))
    _set(row, AT, edge, w, o)


@inner
def _note_ordered(row, edge, member, w, o):
    if member > whole_at(row[INDPTR] + 8 * edge):
        since = _since(row, AT, member - 1, w, o)
        if since == 0.0:
            since = _since(row, BEFORE, member - 1, w, o)
        if since >= real_at(row[GAPS] + 8 * member):
            return
    if _since(row, AT, member, w, o) != 0.0:
        _copy(row, AT, member, BEFORE, member)
    _set(row, AT, member, w, o)


@inner
def _counts(row, edge, w, o):
    """Is the oldest of as many pieces of evidence as are needed young enough?"""
    least = whole_at(row[LEAST] + 8 * edge)
    if whole_at(row[N] + 8 * edge) < least:
        return False
    age = _since(row, TIMES, whole_at(row[FIRST_PLACE] + 8 * edge) + least - 1, w, o)
    return age < real_at(row[WINDOW] + 8 * edge) or age == 0.0


@inner
def _holds(row, edge, w, o):
    """Judge an edge; if it fires and consumes its evidence, forget that."""
    if row[RULE] == COUNTING:
        holds = _counts(row, edge, w, o)
        if holds and row[CONSUME]:
            set_whole(row[N] + 8 * edge, 0)
        return holds
    if row[RULE] == SUMMING:
        holds = real_at(row[SUMS] + 8 * edge) >= real_at(row[THRESHOLD] + 8 * edge)
        if holds and row[CONSUME]:
            set_real(row[SUMS] + 8 * edge, 0.0)
        return holds
    first, stop = whole_at(row[INDPTR] + 8 * edge), whole_at(row[INDPTR] + 8 * (edge + 1))
    holds = _since(row, AT, stop - 1, w, o) == 0.0
    for member in range(first, stop if holds and row[CONSUME] else first):
        _set(row, AT, member, NEVER, 0.0)
        _set(row, BEFORE, member, NEVER, 0.0)
    return holds


@inner
def _listen(row, spikes, begin, end, wide, w, o):
    """Note what the spikes of an instant are evidence of; gives the number of edges that they touch."""
    touched, n = nb.carray(as_pointer(row[TOUCHED]), (row[N_EDGES],), np.int64), 0
    row[INSTANT] += 1
    for e in range(begin, end):
        first = row[FIRST_ENTRY] + 8 * _neuron(spikes, e, wide)
        for entry in range(whole_at(first), whole_at(first + 8)):
            edge, member = whole_at(row[EDGES] + 8 * entry), whole_at(row[MEMBERS] + 8 * entry)
            if whole_at(row[STAMPS] + 8 * edge) != row[INSTANT]:
                set_whole(row[STAMPS] + 8 * edge, row[INSTANT])
                touched[n] = edge
                n += 1
            if row[RULE] == COUNTING:
                _note_counting(row, edge, member, w, o)
            elif row[RULE] == SUMMING:
                _note_summing(row, edge, member, w, o)
            else:
                _note_ordered(row, edge, member, w, o)
    return n


@inner
def _judge(table, spikes, begin, end, n, wide, w, o):
    """Append the junctions that fire by the spikes `begin` ... `end` - 1, all those of an instant, after the `n`-th; gives
    how many spikes there are then."""
    for p in range(table.shape[0]):
        row = table[p]
        if row[RULE] == ANY:
            continue
        n_touched, refractory = _listen(row, spikes, begin, end, wide, w, o), np.int64(row[REFRACTORY]).view(np.float64)
        for j in range(n_touched):
            edge = whole_at(row[TOUCHED] + 8 * j)
            if _since(row, LAST, edge, w, o) > refractory and _holds(row, edge, w, o):
                _set(row, LAST, edge, w, o)
                _write(spikes, n, wide, o, row[JUNCTION] + edge)
                n += 1
    return n


@inner
def _entries(table, spikes, n, wide, any_alone):
    """How many members the spikes are, of all plans or of those that hand spikes on."""
    total = 0
    for p in range(table.shape[0]):
        if table[p, RULE] == ANY or not any_alone:
            for e in range(n):
                first = table[p, FIRST_ENTRY] + 8 * _neuron(spikes, e, wide)
                total += whole_at(first + 8) - whole_at(first)
    return total


@inner
def _link(table, spikes, n, wide):
    """Put the junctions that a spike goes out by after it; gives the number of spikes and junctions."""
    more = _entries(table, spikes, n, wide, True)
    place = n + more
    for e in range(n - 1 if more else -1, -1, -1):
        neuron, o = _neuron(spikes, e, wide), real_at(spikes + 16 * e) if wide else 0.0
        for p in range(table.shape[0] - 1, -1, -1):
            if table[p, RULE] != ANY:
                continue
            first = table[p, FIRST_ENTRY] + 8 * neuron
            for entry in range(whole_at(first + 8) - 1, whole_at(first) - 1, -1):
                place -= 1
                _write(spikes, place, wide, o, table[p, JUNCTION] + whole_at(table[p, EDGES] + 8 * entry))
        place -= 1
        _write(spikes, place, wide, o, neuron)
    return n + more


@cache
def code() -> int:
    """The address of a function (table, number of plans, spikes, their number, step) that adds to the spikes of a step, by
    number in the network and ascending, the junctions that fire, each in its place, and after each spike those that it
    goes out by; gives their number."""

    def judged(table_at, n_plans, spikes, n_fired, step):
        table = nb.carray(as_pointer(table_at), (n_plans, N_COLUMNS), np.int64)
        n = _judge(table, spikes, 0, n_fired, n_fired, False, step, 0.0)
        if n > n_fired:
            nb.carray(as_pointer(spikes), (n,), np.int64).sort()
        return _link(table, spikes, n, False)

    return address_of(judged)


@cache
def exact_codes() -> tuple[int, int, int]:
    """The addresses of three functions (table, number of plans, spikes, their number, window), spikes sorted by offset: how
    many there may be in the end; with the junctions that fire behind them; with those that they go out by."""

    def most(table_at, n_plans, spikes, n_fired, w):
        table = nb.carray(as_pointer(table_at), (n_plans, N_COLUMNS), np.int64)
        return n_fired + _entries(table, spikes, n_fired, True, False)

    def judged(table_at, n_plans, spikes, n_fired, w):
        table, n, begin = nb.carray(as_pointer(table_at), (n_plans, N_COLUMNS), np.int64), n_fired, 0
        while begin < n_fired:
            o, end = real_at(spikes + 16 * begin), begin + 1
            while end < n_fired and real_at(spikes + 16 * end) == o:
                end += 1
            n = _judge(table, spikes, begin, end, n, True, w, o)
            begin = end
        return n

    def linked(table_at, n_plans, spikes, n, w):
        return _link(nb.carray(as_pointer(table_at), (n_plans, N_COLUMNS), np.int64), spikes, n, True)

    return address_of(most), address_of(judged), address_of(linked)
