"""Poisson trains in real time, interval by interval; backends/reference_trains.py says it again, plainly."""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.backends.numba.exact_team import later, not_after
from hsnn_event.backends.numba.native import as_pointer, inner
from hsnn_event.elementary import log64
from hsnn_event.lowering.exact_ir import NEVER
from hsnn_event.rng import uniform_at

# One record a train, all int64. PIECE_W and PIECE_O are addresses of float64: the instants at which rates begin; RATES of
# as many rows of WIDTH rates, where PLACES (int64 a neuron, or 0) tells a neuron's. DRAWN is that of three float64 a neuron:
# the number of draws done, and the instant of the next event. PACKED and GROUPS are those of what an event brings about:
# an arrival of the neuron's own group, 16 bytes a neuron; or, where GROUPS is 0, the spike of a source whose first neuron
# has the number FIRST in the network.
KEY, DELAY, N_PIECES, PIECE_W, PIECE_O, RATES, WIDTH, PLACES, DRAWN, PACKED, GROUPS, FIRST = range(12)
N_COLUMNS = 12


@inner
def next_event(train, neuron, draw, w, o, window):
    """(is there an event?, its instant) that draw number `draw` leads to from the instant (w, o)."""
    n = train[N_PIECES]
    piece_w = nb.carray(as_pointer(train[PIECE_W]), (n,), np.float64)
    piece_o = nb.carray(as_pointer(train[PIECE_O]), (n,), np.float64)
    rates = nb.carray(as_pointer(train[RATES]), (n * train[WIDTH],), np.float64)
    place = 0
    if train[WIDTH] > 1:
        place = neuron
        if train[PLACES] != 0:
            place = nb.carray(as_pointer(train[PLACES]), (neuron + 1,), np.int64)[neuron]
    left = -1000.0 * log64(uniform_at(np.uint64(train[KEY]), neuron, 0, draw, 0))
    first = 0
    for k in range(n):
        if not_after(piece_w[k], piece_o[k], w, o):
            first = k
    for k in range(first, n):
        if not not_after(piece_w[k], piece_o[k], w, o):
            w, o = piece_w[k], piece_o[k]
        rate = rates[k * train[WIDTH] + place]
        gap = left / rate if rate > 0.0 else NEVER
        if k + 1 == n:
            if gap >= NEVER:
                return False, w, o
            w, o = later(w, o, gap, window)
            return True, w, o
        span = (piece_w[k + 1] - w) * window + (piece_o[k + 1] - o)
        if gap <= span:
            w, o = later(w, o, gap, window)
            return True, w, o
        left -= rate * span
    return False, w, o


@inner
def draw_next(train, neuron, window):
    """Draw the event after the one that DRAWN holds; gives (is there one?, the instant at which it arrives)."""
    drawn = nb.carray(as_pointer(train[DRAWN] + 24 * neuron), (3,), np.float64)
    there, w, o = next_event(train, neuron, np.int64(drawn[0]), drawn[1], drawn[2], window)
    drawn[0] += 1.0
    drawn[1], drawn[2] = (w, o) if there else (0.0, 0.0)
    if not there:
        return False, w, o
    w, o = arrives(train, neuron, window)
    return True, w, o


@inner
def arrives(train, neuron, window):
    """The instant at which the event that DRAWN holds arrives."""
    drawn = nb.carray(as_pointer(train[DRAWN] + 24 * neuron), (3,), np.float64)
    return later(drawn[1], drawn[2], np.int64(train[DELAY]).view(np.float64), window)
