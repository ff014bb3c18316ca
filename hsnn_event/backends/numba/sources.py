"""Sources of spikes: which neurons of a slice fire in a step, by chance or by list; a pure function of the step."""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import address_of, as_pointer, inner
from hsnn_event.backends.numba.stimuli import steps_before
from hsnn_event.elementary import log64
from hsnn_event.lowering.poisson import SOURCES_A_CHAIN
from hsnn_event.rng import philox, to_uniform

# One record a slice; all numbers are int64. Of a Poisson source, COURSE is the address of N steps after which pieces
# begin, BOUNDS of (N, SIZE / SOURCES_A_CHAIN, 2) numbers, a chain's bound on the probability and log(1 - bound), and
# VALUES of (N, WIDTH) probabilities: WIDTH is 1 for one that all share, or the SIZE of the population.
# Of a list, COURSE is the address of N steps, VALUES of N ids.
(KIND, ID, LENGTH, COURSE, N, VALUES, WIDTH, BOUNDS, SIZE, KEY) = range(10)
N_COLUMNS = 10
POISSON, LISTED = range(2)


@inner
def _chain(source, chunk, step, bound, log_of_no, probability, fired, n):
    """Append those of a chunk's candidates that fire and lie in the slice; gives the number of neurons that fired."""
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    c1, c2, c3 = np.uint64(step) & low, np.uint64(step) >> shift, np.uint64(chunk)
    k0, k1 = np.uint64(source[KEY]) & low, np.uint64(source[KEY]) >> shift
    first, begin, end = chunk * SOURCES_A_CHAIN, source[ID], source[ID] + source[LENGTH]
    last = min(first + SOURCES_A_CHAIN, end)
    place, draw, own = first - 1, np.uint64(0), probability.size > 1
    while True:
        w0, w1, w2, w3 = philox(draw, c1, c2, c3, k0, k1)
        skipped = log64(to_uniform(w0, w1)) / log_of_no
        if skipped >= SOURCES_A_CHAIN:
            return n
        place += 1 + np.int64(skipped)
        if place >= last:
            return n
        if place >= begin and to_uniform(w2, w3) * bound < probability[place if own else 0]:
            fired[n] = place - begin
            n += 1
        draw += np.uint64(1)


@inner
def _fire_poisson(source, step, fired):
    piece = steps_before(source[COURSE], source[N], step) - 1
    if piece < 0:
        return 0
    width, n_chains = source[WIDTH], (source[SIZE] - 1) // SOURCES_A_CHAIN + 1
    probability = nb.carray(as_pointer(source[VALUES] + 8 * piece * width), (width,), np.float64)
    bounds = nb.carray(as_pointer(source[BOUNDS] + 16 * piece * n_chains), (n_chains, 2), np.float64)
    n, end = np.int64(0), source[ID] + source[LENGTH]
    for chunk in range(source[ID] // SOURCES_A_CHAIN, (end - 1) // SOURCES_A_CHAIN + 1):
        if bounds[chunk, 0] > 0.0:
            n = _chain(source, chunk, step, bounds[chunk, 0], bounds[chunk, 1], probability, fired, n)
    return n


@inner
def _fire(source, step, fired):
    if source[KIND] == POISSON:
        return _fire_poisson(source, step, fired)
    first = steps_before(source[COURSE], source[N], step)
    n = steps_before(source[COURSE] + 8 * first, source[N] - first, step + 1)
    ids = nb.carray(as_pointer(source[VALUES]), (source[N],), np.int64)
    for k in range(n):
        fired[k] = ids[first + k] - source[ID]
    return n


@cache
def code() -> int:
    """The address of a function (record, step, fired, -, -) that writes the places in the slice of those that fire.

    They ascend; it gives their number.
    """

    def fire(record, step, fired, unused, unused_too):
        source = nb.carray(as_pointer(record), (N_COLUMNS,), np.int64)
        return _fire(source, step, nb.carray(as_pointer(fired), (source[LENGTH],), np.int32))

    return address_of(fire)
