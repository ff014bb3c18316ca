"""Noisy inputs: of each slice, what they are without noise plus random numbers, a pure function of (key, neuron, draw)."""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import address_of, as_pointer, inner
from hsnn_event.backends.numba.stimuli import steps_before
from hsnn_event.distributions import KINDS, quantile_in_place
from hsnn_event.rng import fill_uniform

# One record a run of neighbouring neurons in a slice; all numbers are int64, INPUT and BASE addresses of the run's part of
# state-type arrays, COURSE of N steps after which pieces begin, VALUES of (N, WIDTH) standard deviations: WIDTH is 0 for
# one that all share, else the first LENGTH of a piece are those of the run. Records of kind BASE come first in a slice:
# they put BASE into INPUT. LAW is one of KINDS of distributions: normal, of mean 0, or exponential, of mean 1.
(KIND, INPUT, BASE, ID, LENGTH, COURSE, N, VALUES, WIDTH, EVERY, KEY, LAW) = range(12)
N_COLUMNS = 12
PLAIN, NOISE = range(2)
AT_ONCE = 256
NORMAL = np.int64(KINDS["normal"])


@inner
def _changes(records, step):
    """Does an input of the slice change at the beginning of the step that ends at `step`?"""
    for k in range(records.shape[0]):
        record = records[k]
        if record[KIND] == NOISE:
            if (step - 1) % record[EVERY] == 0:
                return True
            if steps_before(record[COURSE], record[N], step) != steps_before(record[COURSE], record[N], step - 1):
                return True
    return False


@inner
def _add_noise(record, step, real, normal):
    piece = steps_before(record[COURSE], record[N], step) - 1
    if piece < 0:
        return
    draw, width = (step - 1) // record[EVERY], record[WIDTH]
    values = nb.carray(as_pointer(record[INPUT]), (record[LENGTH],), real)
    address = record[VALUES] + 8 * piece * (width if width else 1)
    sigma = nb.carray(as_pointer(address), (record[LENGTH] if width else 1,), np.float64)
    for first in range(0, record[LENGTH], AT_ONCE):
        n = min(AT_ONCE, record[LENGTH] - first)
        drawn = normal[:n]
        fill_uniform(drawn, np.uint64(record[KEY]), draw & 0xFFFFFFFF, draw >> 32, record[ID] + first)
        quantile_in_place(record[LAW], 0.0 if record[LAW] == NORMAL else 1.0, 1.0, drawn)
        for i in range(n):
            values[first + i] += real.type(sigma[first + i if width else 0] * drawn[i])


@inner
def _refresh(records, step, anyway, real, normal):
    if not (anyway or _changes(records, step)):
        return
    for k in range(records.shape[0]):
        record = records[k]
        if record[KIND] == NOISE:
            _add_noise(record, step, real, normal)
        else:
            values = nb.carray(as_pointer(record[INPUT]), (record[LENGTH],), real)
            base = nb.carray(as_pointer(record[BASE]), (record[LENGTH],), real)
            for i in range(values.size):
                values[i] = base[i]


@cache
def code(real: str) -> int:
    """The address of a function (records, n, step, anyway, normal) that brings the `n` noisy inputs of a slice to a step.

    It does so where they change, or `anyway`. `normal` is scratch for AT_ONCE numbers, `real` the type of states.
    """
    dtype = np.dtype(real)

    def refresh(records, n, step, anyway, normal):
        scratch = nb.carray(as_pointer(normal), (AT_ONCE,), np.float64)
        _refresh(nb.carray(as_pointer(records), (n, N_COLUMNS), np.int64), step, anyway != 0, dtype, scratch)
        return 0

    return address_of(refresh)
