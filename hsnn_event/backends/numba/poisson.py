"""Private Poisson trains: a count a target and step, a pure function of (key, neuron, emission step)."""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import as_pointer
from hsnn_event.rng import philox

# One record a run of neighbouring targets in a slice; all numbers are int64, WEIGHT is the address of state-type numbers.
# A table of thresholds (uint32) serves all targets of a drive (TABLE_FIRST = 0), or each has one of its own: target j
# thresholds TABLE_FIRST[j] ... TABLE_FIRST[j + 1] - 1 (int64) of the table, and PARTS[j] draws. A drive that all share
# holds the number of draws itself in PARTS.
(PORT, ID, LENGTH, TABLE, TABLE_FIRST, WEIGHT, WEIGHT_STRIDE, DELAY, START, STOP, KEY, PARTS, WIDTH) = range(13)
N_COLUMNS = 13
BATCH = 256  # neurons whose counts come from 64 neighbouring counters


@nb.njit(error_model="numpy", nogil=True)
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


@nb.njit(error_model="numpy", nogil=True)
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


@nb.njit(error_model="numpy", nogil=True)
def _count_own(drive, words, part, first, last, target, counts):
    """The same with a table for each of the targets `target` ... of words `first` ... `last` - 1."""
    n = target + last - first
    bounds = nb.carray(as_pointer(drive[TABLE_FIRST]), (n + 1,), np.int64)
    parts = nb.carray(as_pointer(drive[PARTS]), (n,), np.int64)
    table = nb.carray(as_pointer(drive[TABLE]), (bounds[n],), np.uint32)
    for i in range(first, last):
        j = target + i - first
        if part < parts[j]:
            m = bounds[j]
            while m < bounds[j + 1] and words[i] >= table[m]:
                m += 1
            counts[i] += np.int32(m - bounds[j])


@nb.njit(error_model="numpy", nogil=True)
def add_poisson(drive, step, ports, words, counts):
    """Add weight * count to the ports of a run of targets, for the events that arrive at `step`."""
    emitted = step - drive[DELAY]
    if emitted <= drive[START] or emitted > drive[STOP]:
        return
    begin, end = drive[ID], drive[ID] + drive[LENGTH]
    shared = drive[TABLE_FIRST] == 0
    n_parts = drive[PARTS] if shared else drive[WIDTH]
    table = nb.carray(as_pointer(drive[TABLE]), (drive[WIDTH],), np.uint32)
    stride = drive[WEIGHT_STRIDE]
    weights = nb.carray(as_pointer(drive[WEIGHT]), (1 + stride * (drive[LENGTH] - 1),), ports.dtype)
    for batch in range(begin // BATCH, (end - 1) // BATCH + 1):
        first, last = max(begin - batch * BATCH, 0), min(end - batch * BATCH, BATCH)
        done = batch * BATCH + first - begin
        counts[:] = 0
        for part in range(n_parts):
            _draw_words(drive[KEY], emitted, part, batch, words)
            if shared:
                _count_shared(words, table, counts)
            else:
                _count_own(drive, words, part, first, last, done, counts)
        out = ports[drive[PORT] + done : drive[PORT] + done + last - first]
        if stride == 0:
            weight = weights[0]
            for i in range(out.size):
                out[i] += weight * ports.dtype.type(counts[first + i])
        else:
            for i in range(out.size):
                out[i] += weights[done + i] * ports.dtype.type(counts[first + i])
