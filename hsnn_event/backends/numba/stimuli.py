"""What stimuli send to the ports of a block in a step: private Poisson counts, and listed events.

A Poisson count is a pure function of (key, neuron, emission step).
"""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import address_of, as_pointer, inner
from hsnn_event.rng import philox

# One record a run of neighbouring targets in a slice; all numbers are int64. Of a Poisson drive, COURSE is the address of
# N steps (int64) after which pieces begin. OWN = 0: VALUES is the address of (N, 3) numbers, a piece's table of thresholds
# (the address of uint32), its length and the number of draws. OWN = 1: of (N, 3, WIDTH) float64: the number of draws of
# each target, the mean of one and exp(-mean); the first LENGTH of each row are those of the run. WEIGHTS is the address of
# state-type numbers, WEIGHT_STRIDE apart.
# Of listed events, COURSE is the address of N steps, VALUES of N ports, WEIGHTS of N amounts.
(KIND, PORT, ID, LENGTH, COURSE, N, VALUES, OWN, WIDTH, WEIGHTS, WEIGHT_STRIDE, DELAY, KEY) = range(13)
N_COLUMNS = 13
POISSON, EVENTS = range(2)
MOST_PORTS = 1 << 16  # of a block, which holds them in 16 bits
BATCH = 256  # neurons whose counts come from 64 neighbouring counters


@inner
def steps_before(address, n, step):
    """How many of the `n` ascending steps at an address lie before `step`."""
    steps = nb.carray(as_pointer(address), (n,), np.int64)
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if steps[middle] < step:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _draw_words(key, step, part, batch, words):
    """Word (i >> 6) & 3 of counter (i >> 8 << 6) | (i & 63) for the neurons i of a batch."""
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    c1, c2, c3 = np.uint64(step) & low, np.uint64(step) >> shift, np.uint64(part)
    k0, k1, c0 = np.uint64(key) & low, np.uint64(key) >> shift, np.uint64(batch) << np.uint64(6)
    for lane in range(64):
        w0, w1, w2, w3 = philox(c0 + np.uint64(lane), c1, c2, c3, k0, k1)
        words[lane] = np.uint32(w0)
        words[lane + 64] = np.uint32(w1)
        words[lane + 128] = np.uint32(w2)
        words[lane + 192] = np.uint32(w3)


@inner
def _count_shared(words, table, counts):
    """Add to `counts` how many thresholds each word reaches: four at a time, as far as the largest word reaches."""
    largest = np.uint32(0)
    for i in range(words.size):
        largest = words[i] if words[i] > largest else largest
    m = 0
    while m + 4 <= table.size and table[m] <= largest:
        t0, t1, t2, t3 = table[m], table[m + 1], table[m + 2], table[m + 3]
        for i in range(words.size):
            word = words[i]
            counts[i] += np.int32(word >= t0) + np.int32(word >= t1) + np.int32(word >= t2) + np.int32(word >= t3)
        m += 4
    while m < table.size and table[m] <= largest:
        bound = table[m]
        for i in range(words.size):
            counts[i] += np.int32(words[i] >= bound)
        m += 1


@inner
def _count_own(words, parts, means, starts, part, counts):
    """The same for targets with a mean each: the thresholds of `poisson_table`, computed as far as the word reaches."""
    for i in range(means.size):
        if part >= parts[i]:
            continue
        m, word = 0, np.float64(words[i])
        total = term = starts[i]
        threshold = np.floor(total * 4294967296.0)
        while threshold < 4294967295.0 and word >= threshold:
            m += 1
            term *= means[i] / m
            total += term
            threshold = np.floor(total * 4294967296.0)
        counts[i] += np.int32(m)


@inner
def _add_counts(drive, done, counts, ports):
    """Add weight * count to the ports of the targets `done`, `done` + 1, ... of a run."""
    out, stride = ports[drive[PORT] + done : drive[PORT] + done + counts.size], drive[WEIGHT_STRIDE]
    weights = nb.carray(as_pointer(drive[WEIGHTS]), (1 + stride * (drive[LENGTH] - 1),), ports.dtype)
    if stride == 0:
        weight = weights[0]
        for i in range(out.size):
            out[i] += weight * ports.dtype.type(counts[i])
    else:
        for i in range(out.size):
            out[i] += weights[done + i] * ports.dtype.type(counts[i])


@inner
def _add_poisson(drive, step, ports, words, counts):
    """The events of a Poisson drive that arrive at `step`."""
    emitted, own = step - drive[DELAY], drive[OWN]
    piece = steps_before(drive[COURSE], drive[N], emitted) - 1
    if piece < 0:
        return
    begin, end = drive[ID], drive[ID] + drive[LENGTH]
    width, n = 8 * drive[WIDTH], drive[LENGTH]
    address = drive[VALUES] + 3 * width * piece
    row = nb.carray(as_pointer(address), (3,), np.int64)
    parts = nb.carray(as_pointer(address), (n,), np.float64)
    means = nb.carray(as_pointer(address + width), (n,), np.float64)
    starts = nb.carray(as_pointer(address + 2 * width), (n,), np.float64)
    n_parts = np.int64(parts.max()) if own else row[2]
    if n_parts == 0:
        return
    table = nb.carray(as_pointer(drive[VALUES] if own else row[0]), (0 if own else row[1],), np.uint32)
    for batch in range(begin // BATCH, (end - 1) // BATCH + 1):
        first, last = max(begin - batch * BATCH, 0), min(end - batch * BATCH, BATCH)
        done = batch * BATCH + first - begin
        counts[:] = 0
        for part in range(n_parts):
            _draw_words(drive[KEY], emitted, part, batch, words)
            if own:
                here = slice(done, done + last - first)
                _count_own(words[first:last], parts[here], means[here], starts[here], part, counts[first:last])
            else:
                _count_shared(words, table, counts)
        _add_counts(drive, done, counts[first:last], ports)


@inner
def _add(drive, step, ports, words, counts):
    if drive[KIND] == POISSON:
        _add_poisson(drive, step, ports, words, counts)
        return
    first = steps_before(drive[COURSE], drive[N], step)
    last = first + steps_before(drive[COURSE] + 8 * first, drive[N] - first, step + 1)
    where = nb.carray(as_pointer(drive[VALUES]), (drive[N],), np.int64)
    amounts = nb.carray(as_pointer(drive[WEIGHTS]), (drive[N],), ports.dtype)
    for k in range(first, last):
        ports[where[k]] += amounts[k]


@cache
def code(real: str) -> int:
    """The address of a function (record, step, ports, words, counts) that adds what a run of targets receives at a step.

    `words` and `counts` are scratch for BATCH numbers; `real` is the type of states.
    """
    dtype = np.dtype(real)

    def add_stimulus(record, step, ports, words, counts):
        _add(
            nb.carray(as_pointer(record), (N_COLUMNS,), np.int64),
            step,
            nb.carray(as_pointer(ports), (MOST_PORTS,), dtype),
            nb.carray(as_pointer(words), (BATCH,), np.uint32),
            nb.carray(as_pointer(counts), (BATCH,), np.int32),
        )
        return 0

    return address_of(add_stimulus)
