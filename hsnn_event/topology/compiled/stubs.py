"""The configuration model: stubs are shuffled, and targets exchanged that may not be."""

from __future__ import annotations

import numba as nb
import numpy as np

from hsnn_event.rng import COMPILED, LANE_ACCEPT, LANE_SOURCE, LANE_TARGET, fill_uniform, uniform_at


@nb.njit(**COMPILED)
def count(start, stop, key, counts):
    """How many stubs go into each bucket."""
    uniform = np.empty(4096)
    for first in range(start, stop, uniform.size):
        batch = uniform[: min(uniform.size, stop - first)]
        fill_uniform(batch, key, 0, LANE_SOURCE, first)
        for j in range(batch.size):
            counts[np.int64(batch[j] * counts.size)] += 1


@nb.njit(**COMPILED)
def scatter(stubs, start, stop, key, places, mixed):
    """Put stubs into their buckets; `places` is where the next of each goes."""
    uniform = np.empty(4096)
    for first in range(start, stop, uniform.size):
        batch = uniform[: min(uniform.size, stop - first)]
        fill_uniform(batch, key, 0, LANE_SOURCE, first)
        for j in range(batch.size):
            bucket = np.int64(batch[j] * places.size)
            mixed[places[bucket]] = stubs[first + j]
            places[bucket] += 1


@nb.njit(**COMPILED)
def shuffle(mixed, ends, start, stop, key):
    """Fisher and Yates in each bucket: of what is left, one goes to the end."""
    for bucket in range(start, stop):
        stubs = mixed[ends[bucket] : ends[bucket + 1]]
        uniform = np.empty(stubs.size)
        fill_uniform(uniform, key, bucket, LANE_TARGET, 0)
        for last in range(stubs.size - 1, 0, -1):
            other = np.int64(uniform[last] * (last + 1))
            stubs[last], stubs[other] = stubs[other], stubs[last]


@nb.njit(**COMPILED)
def exchange(indptr, targets, own, n_targets, key, distinct, most):
    """Exchange targets until no row holds its own neuron, nor a target twice if `distinct`; gives -1, or the row of a
    synapse for which `most` draws find no exchange."""
    times = np.zeros(n_targets if distinct else 0, np.int32)  # that the row holds a target
    for i in range(indptr.size - 1):
        for e in range(indptr[i], indptr[i + 1] if distinct else 0):
            times[targets[e]] += 1
        for e in range(indptr[i], indptr[i + 1]):
            retry = 0
            while targets[e] == own[i] or (distinct and times[targets[e]] > 1):
                if retry == most:
                    return i
                f = np.int64(uniform_at(key, i, LANE_ACCEPT, e - indptr[i], retry) * targets.size)
                retry += 1
                row = np.searchsorted(indptr, f, side="right") - 1
                given, taken = targets[e], targets[f]
                if row == i or taken == own[i] or given == own[row]:
                    continue
                if distinct and (times[taken] > 0 or _holds(targets, indptr[row], indptr[row + 1], given)):
                    continue
                targets[e], targets[f] = taken, given
                if distinct:
                    times[given] -= 1
                    times[taken] += 1
        for e in range(indptr[i], indptr[i + 1] if distinct else 0):
            times[targets[e]] = 0
    return np.int64(-1)


@nb.njit(**COMPILED)
def _holds(targets, start, stop, target):
    """Is it among the entries?"""
    for e in range(start, stop):  # noqa: SIM110 (any() is slower when compiled)
        if targets[e] == target:
            return True
    return False
