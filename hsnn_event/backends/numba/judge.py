"""Junctions of hyperedges, judged by every thread for itself: what each thread knows of the spikes is the same.

Counting rules keep of each edge its latest pieces of evidence, latest first and as many as it needs: it fires when the last
of these is still in the window. So a spike costs a hyperedge a few operations, however many sources it has.
"""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import (
    address_of,
    as_pointer,
    call,
    inner,
    prefetch,
    real_at,
    set_real,
    set_whole,
    whole_at,
)
from hsnn_event.elementary import exp64
from hsnn_event.lowering.hyper_ir import NEVER

# A table has a row a plan. Numbers: the rule, the network's number of its first junction, how many there are, two switches;
# the bits of a time and of the length of a window, or step; how many instants have been judged. Then addresses: of
# (n_neurons + 1,) numbers, for each neuron of the network the first of its entries in MEMBERS (numbers of members,
# ascending) and EDGES; INDPTR of the plan; room for edges that are TOUCHED; and records of edges, of EVIDENCE and of
# members in sequence. The number of the plan that opens the edges, or -1, and whether it closes them; (first, after the
# last) of each edge in OPENINGS, which are instants, or 0. Of a rule by equations the addresses of its two functions, of the
# edges' states and constants, how many of each an edge has, and the bits of the ms that a unit of time is.
(RULE, JUNCTION, N_EDGES, DISTINCT, CONSUME, REFRACTORY, WIDTH, INSTANT, FIRST_ENTRY, MEMBERS, EDGES, INDPTR, TOUCHED,
 AMOUNTS, OF_EDGES, EVIDENCE, TURNS, GATE, CLOSES, OPENING_ROWS, OPENINGS, NOTE, JUDGE, STATES, NUMBERS, N_STATES,
 N_NUMBERS, UNIT) = range(28)  # fmt: skip
N_COLUMNS = 28
ANY, COUNTING, SUMMING, ORDERED, RELAYING, SOLVING = range(6)
RULES = {"any": ANY, "threshold": COUNTING, "weighted": SUMMING, "sequence": ORDERED, "relay": RELAYING,
         "equations": SOLVING}  # fmt: skip
# Words of the record of an edge, which fill a cache line: when it fired (window or step, offset), the last instant at which
# it was touched; then those of counting and of summing rules. An instant takes two words. Of relaying rules N is the number
# of spikes at the instant; of rules by equations AT that of the states.
LAST, STAMP = 0, 2
N, LEAST, WINDOW, FIRST_PLACE = 3, 4, 5, 6
SUMS, AT, THRESHOLD, DECAY = 3, 4, 6, 7
EDGE_WORDS = 8
# Of a piece of evidence: its instant, whose it is; of a member in sequence: two instants, the gap before it.
WHO, EVIDENCE_WORDS = 2, 3
TURN, BEFORE, GAP, TURN_WORDS = 0, 2, 4, 5
AHEAD = 8  # edges to prefetch


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
def _since(at, w, o, width):
    """Time since the instant at an address."""
    return np.float64(w - whole_at(at)) * width + (o - real_at(at + 8))


@inner
def _set(at, w, o):
    set_whole(at, w)
    set_real(at + 8, o)


@inner
def _copy(at, to, n_words):
    for word in range(n_words):
        set_whole(to + 8 * word, whole_at(at + 8 * word))


@inner
def _note_counting(row, edge, member, w, o):
    """Put a piece of evidence in front; where members are to differ, in the place of the member's last one."""
    first = row[EVIDENCE] + 8 * EVIDENCE_WORDS * whole_at(edge + 8 * FIRST_PLACE)
    least, n = whole_at(edge + 8 * LEAST), whole_at(edge + 8 * N)
    place = n
    if row[DISTINCT]:
        place = 0
        while place < n and whole_at(first + 8 * (EVIDENCE_WORDS * place + WHO)) != member:
            place += 1
    if place == n:
        if n < least:
            set_whole(edge + 8 * N, n + 1)
        else:
            place = least - 1
    for j in range(place, 0, -1):
        to = first + 8 * EVIDENCE_WORDS * j
        _copy(to - 8 * EVIDENCE_WORDS, to, EVIDENCE_WORDS)
    _set(first, w, o)
    set_whole(first + 8 * WHO, member)


@inner
def _note_summing(row, edge, member, w, o, width):
    total, since = real_at(edge + 8 * SUMS), _since(edge + 8 * AT, w, o, width)
    if since != 0.0:
        total *= exp64(-since * real_at(edge + 8 * DECAY))
    set_real(edge + 8 * SUMS, total + real_at(row[AMOUNTS] + 8 * member))
    _set(edge + 8 * AT, w, o)


@inner
def _note_ordered(row, first, member, w, o, width):
    turn = row[TURNS] + 8 * TURN_WORDS * member
    if member > first:
        earlier = turn - 8 * TURN_WORDS
        since = _since(earlier + 8 * TURN, w, o, width)
        if since == 0.0:
            since = _since(earlier + 8 * BEFORE, w, o, width)
        if since >= real_at(turn + 8 * GAP):
            return
    if _since(turn + 8 * TURN, w, o, width) != 0.0:
        _copy(turn + 8 * TURN, turn + 8 * BEFORE, 2)
    _set(turn + 8 * TURN, w, o)


@inner
def _note_solving(row, edge, number, member, w, o, width):
    """Move the states of an edge to the instant, and past a spike."""
    since, unit = _since(edge + 8 * AT, w, o, width), np.int64(row[UNIT]).view(np.float64)
    states, numbers = row[STATES] + 8 * row[N_STATES] * number, row[NUMBERS] + 8 * row[N_NUMBERS] * number
    elapsed, amount = np.float64(since * unit).view(np.int64), whole_at(row[AMOUNTS] + 8 * member)
    call(row[NOTE], states, numbers, elapsed, amount, 0)
    _set(edge + 8 * AT, w, o)


@inner
def _is_open(table, row, number, w, o, width):
    """Does an edge listen?"""
    if row[OPENING_ROWS] != 0:
        first, stop = whole_at(row[OPENING_ROWS] + 16 * number), whole_at(row[OPENING_ROWS] + 16 * number + 8)
        low, high = first, stop  # those before `low` are past
        while low < high:
            middle = (low + high) // 2
            at = row[OPENINGS] + 16 * middle
            past = whole_at(at) < w or (whole_at(at) == w and real_at(at + 8) < o)
            low, high = (middle + 1, high) if past else (low, middle)
        if (low - first) & 1 == 0:
            return False
    if row[GATE] < 0:
        return True
    gate = table[row[GATE]]
    edge = gate[OF_EDGES] + 8 * EDGE_WORDS * (number if gate[N_EDGES] > 1 else 0)
    return _counts(gate, edge, w, o, width) != (row[CLOSES] != 0)


@inner
def _counts(row, edge, w, o, width):
    """Is the oldest of as many pieces of evidence as are needed young enough?"""
    least = whole_at(edge + 8 * LEAST)
    if whole_at(edge + 8 * N) < least:
        return False
    oldest = row[EVIDENCE] + 8 * EVIDENCE_WORDS * (whole_at(edge + 8 * FIRST_PLACE) + least - 1)
    age = _since(oldest, w, o, width)
    return age < real_at(edge + 8 * WINDOW) or age == 0.0


@inner
def _holds(row, edge, number, w, o, width):
    """Judge an edge; if it fires and consumes its evidence, forget that."""
    if row[RULE] == COUNTING:
        holds = _counts(row, edge, w, o, width)
        if holds and row[CONSUME]:
            set_whole(edge + 8 * N, 0)
        return holds
    if row[RULE] == SUMMING:
        holds = real_at(edge + 8 * SUMS) >= real_at(edge + 8 * THRESHOLD)
        if holds and row[CONSUME]:
            set_real(edge + 8 * SUMS, 0.0)
        return holds
    if row[RULE] == SOLVING:
        states, numbers = row[STATES] + 8 * row[N_STATES] * number, row[NUMBERS] + 8 * row[N_NUMBERS] * number
        return call(row[JUDGE], states, numbers, 0, 0, 0) != 0
    first, stop = whole_at(row[INDPTR] + 8 * number), whole_at(row[INDPTR] + 8 * (number + 1))
    holds = _since(row[TURNS] + 8 * TURN_WORDS * (stop - 1), w, o, width) == 0.0
    for member in range(first, stop if holds and row[CONSUME] else first):
        turn = row[TURNS] + 8 * TURN_WORDS * member
        _set(turn + 8 * TURN, NEVER, 0.0)
        _set(turn + 8 * BEFORE, NEVER, 0.0)
    return holds


@inner
def _listen(row, spikes, begin, end, wide, w, o, width):
    """Note what the spikes of an instant are evidence of; gives the number of edges that they touch."""
    n, touched, rule = 0, row[TOUCHED], row[RULE]
    row[INSTANT] += 1
    instant = row[INSTANT]
    for e in range(begin, end):
        first = row[FIRST_ENTRY] + 8 * _neuron(spikes, e, wide)
        start, stop = whole_at(first), whole_at(first + 8)
        for entry in range(start, stop):
            if entry + AHEAD < stop:
                prefetch(row[OF_EDGES] + 8 * EDGE_WORDS * whole_at(row[EDGES] + 8 * (entry + AHEAD)))
            number, member = whole_at(row[EDGES] + 8 * entry), whole_at(row[MEMBERS] + 8 * entry)
            edge = row[OF_EDGES] + 8 * EDGE_WORDS * number
            if whole_at(edge + 8 * STAMP) != instant:
                set_whole(edge + 8 * STAMP, instant)
                set_whole(touched + 8 * n, number)
                n += 1
            if rule == COUNTING:
                _note_counting(row, edge, member, w, o)
            elif rule == SUMMING:
                _note_summing(row, edge, member, w, o, width)
            else:
                _note_ordered(row, whole_at(row[INDPTR] + 8 * number), member, w, o, width)
    return n


@inner
def _listen_open(table, row, spikes, begin, end, wide, w, o, width):
    """The same of edges that have a gate, and of rules that `_listen` does not know: apart, since it is slower for all."""
    n, touched, rule = 0, row[TOUCHED], row[RULE]
    row[INSTANT] += 1
    for e in range(begin, end):
        first = row[FIRST_ENTRY] + 8 * _neuron(spikes, e, wide)
        for entry in range(whole_at(first), whole_at(first + 8)):
            number, member = whole_at(row[EDGES] + 8 * entry), whole_at(row[MEMBERS] + 8 * entry)
            if not _is_open(table, row, number, w, o, width):
                continue
            edge = row[OF_EDGES] + 8 * EDGE_WORDS * number
            if whole_at(edge + 8 * STAMP) != row[INSTANT]:
                set_whole(edge + 8 * STAMP, row[INSTANT])
                set_whole(touched + 8 * n, number)
                n += 1
                if rule == RELAYING:
                    set_whole(edge + 8 * N, 0)
            if rule == COUNTING:
                _note_counting(row, edge, member, w, o)
            elif rule == SUMMING:
                _note_summing(row, edge, member, w, o, width)
            elif rule == ORDERED:
                _note_ordered(row, whole_at(row[INDPTR] + 8 * number), member, w, o, width)
            elif rule == RELAYING:
                set_whole(edge + 8 * N, whole_at(edge + 8 * N) + 1)
            else:
                _note_solving(row, edge, number, member, w, o, width)
    return n


@inner
def _relay(row, spikes, n_touched, n, wide, w, o, width):
    """Append a junction for each spike that came in; gives how many spikes there are then."""
    refractory = np.int64(row[REFRACTORY]).view(np.float64)
    for j in range(n_touched):
        number = whole_at(row[TOUCHED] + 8 * j)
        edge = row[OF_EDGES] + 8 * EDGE_WORDS * number
        if _since(edge + 8 * LAST, w, o, width) > refractory:
            _set(edge + 8 * LAST, w, o)
            for _ in range(whole_at(edge + 8 * N)):
                _write(spikes, n, wide, o, row[JUNCTION] + number)
                n += 1
    return n


@inner
def _judge(table, spikes, begin, end, n, wide, w, o):
    """Append the junctions that fire by the spikes `begin` ... `end` - 1, all those of an instant, after the `n`-th; gives
    how many spikes there are then."""
    for p in range(table.shape[0]):
        row = table[p]
        if row[RULE] == ANY:
            continue
        refractory, width = np.int64(row[REFRACTORY]).view(np.float64), np.int64(row[WIDTH]).view(np.float64)
        if row[RULE] >= RELAYING or row[GATE] >= 0 or row[OPENING_ROWS] != 0:
            n_touched = _listen_open(table, row, spikes, begin, end, wide, w, o, width)
        else:
            n_touched = _listen(row, spikes, begin, end, wide, w, o, width)
        if row[RULE] == RELAYING:
            n = _relay(row, spikes, n_touched, n, wide, w, o, width)
            continue
        for j in range(n_touched):
            number = whole_at(row[TOUCHED] + 8 * j)
            edge = row[OF_EDGES] + 8 * EDGE_WORDS * number
            if _since(edge + 8 * LAST, w, o, width) > refractory and _holds(row, edge, number, w, o, width):
                _set(edge + 8 * LAST, w, o)
                _write(spikes, n, wide, o, row[JUNCTION] + number)
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
