"""Connection rules as compiled functions: the synapses of one source neuron, from random counters alone.

docs/semantics.md, "Connection rules", says what is drawn; backends/reference_edges.py says it again, plainly.
"""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np
from numba.core import types
from numba.extending import overload

from hsnn_event.backends.numba.native import address_of, as_pointer, call, inner
from hsnn_event.distributions import quantile_in_place
from hsnn_event.elementary import log64
from hsnn_event.rng import (
    LANE_ACCEPT,
    LANE_DELAY,
    LANE_SOURCE,
    LANE_TARGET,
    LANE_WEIGHT,
    LARGEST_UNIFORM,
    fill_uniform,
    uniform_at,
)

# Kinds of rows: every rule of topology/rules.py becomes one of them.
COUNTED, BERNOULLI, ONE_TO_ONE, ALL_TO_ALL, LISTED, CSR = range(6)

# One record a projection; pointers are addresses of arrays that NumbaEngine keeps alive.
PROJECTION = np.dtype(
    [
        ("kind", np.int64),
        ("key", np.uint64),
        ("target", np.int64),         # number of the target population
        ("receptor", np.int64),
        ("n_targets", np.int64),
        ("log_of_no", np.float64),    # BERNOULLI: log(1 - p)
        ("multapses", np.int64),
        ("position", np.int64),    # int64 a neuron of the source population: its place in the source view, or -1
        ("own", np.int64),         # int64 a source position: its place among the targets, or -1; 0: autapses may be
        ("target_map", np.int64),  # uint32 a target position: what `target_map` of the partition gives
        ("first", np.int64),       # int64 a source position + 1: number of its first synapse (COUNTED, LISTED, CSR)
        ("listed_target", np.int64),  # int32 a listed synapse
        ("wide", np.int64),           # `listed_target` is int64: a matrix's own indices (CSR)
        ("listed_row", np.int64),     # int32: row of its random counters
        ("listed_index", np.int64),   # int64: index of its random counters
        ("listed_edge", np.int64),    # int64: place in arrays of weights and delays
        ("weight_kind", np.int64),
        ("weight_a", np.float64),      # of all, where it is one number
        ("weight_law", np.int64),      # LAW of a distribution
        ("weight_values", np.int64),
        ("weight_first", np.int64),   # int64 a source position: place of its first weight (ORDERED)
        ("delay_kind", np.int64),
        ("delay_a", np.float64),
        ("delay_law", np.int64),
        ("delay_values", np.int64),
        ("grid", np.float64),
        ("shape", np.int64),           # the address of `shaping` where there is a law
        ("measure", np.int64),         # that of `measuring` where delays are DISTANCE
    ]
)
# A distribution: a value of KINDS of distributions.py, its two parameters, the part of the unit interval that is drawn from,
# the bounds that draws are clipped to; all as float64.
LAW = ("kind", "a", "b", "u_low", "u_high", "low", "high")
# Of float64 (KINDS["array"] of distributions.py); of float32; of float64 in the order in which edges are read back.
ARRAY, ARRAY32, ORDERED = 5, 6, 7
DISTANCE = 8  # delays that backends/numba/apart.py computes


@inner
def row_targets(projection, i, targets, uniform, chosen):
    """Write the target positions of source position `i` into `targets`; gives (number, gap).

    `gap` is the draw that was left out because it hit the source itself, or -1: weights and delays belong to draws.
    `uniform` is scratch, at least as long as `targets` and 128; `chosen` holds, a target position, the last row that
    chose it (scratch of multapses=False, any values other than `i` + 1 in it).
    """
    kind = projection.kind
    own = np.int64(-1)
    if projection.own != 0:
        own = nb.carray(as_pointer(projection.own), (i + 1,), np.int64)[i]
    if kind == COUNTED:
        first = nb.carray(as_pointer(projection.first), (i + 2,), np.int64)
        n = first[i + 1] - first[i]
        _draw_targets(projection, i, n, own, targets, uniform, chosen)
        return n, np.int64(-1)
    if kind == BERNOULLI:
        return _bernoulli_targets(projection, i, own, targets, uniform)
    if kind == ONE_TO_ONE:
        targets[0] = i
        return np.int64(own != i), np.int64(-1)
    if kind == ALL_TO_ALL:
        n = 0
        for j in range(projection.n_targets):
            if j != own:
                targets[n] = j
                n += 1
        return n, own
    return _listed_targets(projection, i, targets), np.int64(-1)


@inner
def _listed_targets(projection, i, targets):
    first = nb.carray(as_pointer(projection.first), (i + 2,), np.int64)
    begin, n = first[i], first[i + 1] - first[i]
    if projection.wide:
        wide = nb.carray(as_pointer(projection.listed_target), (begin + n,), np.int64)
        for j in range(n):
            targets[j] = np.int32(wide[begin + j])
    else:
        listed = nb.carray(as_pointer(projection.listed_target), (begin + n,), np.int32)
        for j in range(n):
            targets[j] = listed[begin + j]
    return n


@inner
def _draw_targets(projection, i, n, own, targets, uniform, chosen):
    available = projection.n_targets - (own >= 0)
    fill_uniform(uniform[:n], projection.key, i, LANE_TARGET, 0)
    for j in range(n):
        targets[j] = np.int32(uniform[j] * available)
    if own >= 0:
        for j in range(n):
            targets[j] += targets[j] >= own
    if projection.multapses == 0:
        for j in range(n):
            retry = 0
            while chosen[targets[j]] == i + 1:
                retry += 1
                target = np.int32(uniform_at(projection.key, i, LANE_TARGET, j, retry) * available)
                if own >= 0 and target >= own:
                    target += 1
                targets[j] = target
            chosen[targets[j]] = i + 1


@inner
def _bernoulli_targets(projection, i, own, targets, uniform):
    """Geometric skips; `projection.log_of_no` is log(1 - p)."""
    n_targets, n, start = projection.n_targets, np.int64(0), 0
    place, gap, batch = np.int64(-1), np.int64(-1), uniform[:128]
    while True:
        fill_uniform(batch, projection.key, i, LANE_TARGET, start)
        for j in range(batch.size):
            batch[j] = log64(batch[j]) / projection.log_of_no
        for j in range(batch.size):
            if batch[j] >= n_targets:
                return n, gap
            place += 1 + np.int64(batch[j])
            if place >= n_targets:
                return n, gap
            if place == own:
                gap = start + j
            else:
                targets[n] = place
                n += 1
        start += batch.size


@cache
def shaping() -> int:
    """The address of a function (law, values, n, -, -) that turns `n` uniform numbers into draws of a distribution."""

    def shape(law, values, n, unused, unused_too):
        numbers = nb.carray(as_pointer(law), (7,), np.float64)
        a, b, u_low, u_high, low, high = numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]
        drawn = nb.carray(as_pointer(values), (n,), np.float64)
        if u_low != 0.0 or u_high != 1.0:
            for j in range(n):
                u = u_low + drawn[j] * (u_high - u_low)
                drawn[j] = u if u < LARGEST_UNIFORM else LARGEST_UNIFORM
        quantile_in_place(np.int64(numbers[0]), a, b, drawn)
        if low != -np.inf or high != np.inf:
            for j in range(n):
                value = low if drawn[j] < low else drawn[j]
                drawn[j] = high if value > high else value
        return 0

    return address_of(shape)


@inner
def _uniforms_of(projection, lane, i, gap, out):
    """The uniform numbers of the synapses of source position `i` in a lane."""
    if projection.kind == LISTED:
        first = nb.carray(as_pointer(projection.first), (i + 2,), np.int64)
        row = nb.carray(as_pointer(projection.listed_row), (first[i + 1],), np.int32)
        index = nb.carray(as_pointer(projection.listed_index), (first[i + 1],), np.int64)
        for j in range(out.size):
            k = first[i] + j
            out[j] = uniform_at(projection.key, row[k], lane, index[k], 0)
    else:
        before = out.size if gap < 0 else gap
        fill_uniform(out[:before], projection.key, i, lane, 0)
        fill_uniform(out[before:], projection.key, i, lane, before + 1)


@inner
def _array_values(projection, kind, address, i, gap, out):
    """Weights or delays given one an edge, in the order in which the rule numbers its edges."""
    if projection.kind == LISTED:
        first = nb.carray(as_pointer(projection.first), (i + 2,), np.int64)
        edge = nb.carray(as_pointer(projection.listed_edge), (first[i + 1],), np.int64)
        for j in range(out.size):
            k = edge[first[i] + j]
            out[j] = nb.carray(as_pointer(address), (k + 1,), np.float64)[k]
        return
    start = i
    if projection.kind == COUNTED or projection.kind == CSR:
        start = nb.carray(as_pointer(projection.first), (i + 1,), np.int64)[i]
    elif projection.kind == ALL_TO_ALL:
        start = i * projection.n_targets
    if kind == ARRAY32:
        singles = nb.carray(as_pointer(address), (start + out.size + 1,), np.float32)
        for j in range(out.size):
            out[j] = singles[start + j + (0 <= gap <= j)]
        return
    values = nb.carray(as_pointer(address), (start + out.size + 1,), np.float64)
    for j in range(out.size):
        out[j] = values[start + j + (0 <= gap <= j)]


@inner
def _ordered_weights(projection, i, delays, weights):
    """Weights given in the order of (source, delay, draw)."""
    begin = nb.carray(as_pointer(projection.weight_first), (i + 1,), np.int64)[i]
    values = nb.carray(as_pointer(projection.weight_values), (begin + weights.size,), np.float64)
    if projection.delay_kind == 0:
        for j in range(weights.size):
            weights[j] = values[begin + j]
        return
    _hand_out(values[begin:], delays, weights)


def _hand_out(values, delays, weights):
    """Give `values` to the synapses of a source in the order of (delay, draw)."""
    raise NotImplementedError("compiled code only")


@overload(_hand_out)
def _hand_out_compiled(values, delays, weights):
    return _by_counting if isinstance(delays.dtype, types.Integer) else _by_sorting


def _by_counting(values, delays, weights):
    low = high = delays[0] if delays.size else 0
    for j in range(delays.size):
        low, high = min(low, delays[j]), max(high, delays[j])
    place = np.zeros(np.int64(high) - low + 2, np.int64)  # of the next synapse of each delay, behind one for no delay
    for j in range(delays.size):
        place[delays[j] - low + 1] += 1
    for d in range(1, place.size):
        place[d] += place[d - 1]
    for j in range(delays.size):
        weights[j] = values[place[delays[j] - low]]
        place[delays[j] - low] += 1


def _by_sorting(values, delays, weights):
    order = np.argsort(delays, kind="mergesort")  # which is stable
    for j in range(delays.size):
        weights[order[j]] = values[j]


@inner
def row_weights(projection, i, gap, delays, weights):
    """Write the weights of the synapses of source position `i`, whose delays are known."""
    if projection.weight_kind == 0:
        weights[:] = projection.weight_a
    elif projection.weight_kind == ORDERED:
        _ordered_weights(projection, i, delays, weights)
    elif projection.weight_kind == ARRAY or projection.weight_kind == ARRAY32:
        _array_values(projection, projection.weight_kind, projection.weight_values, i, gap, weights)
    else:
        _uniforms_of(projection, np.int64(LANE_WEIGHT), i, gap, weights)
        call(projection.shape, projection.weight_law, weights.ctypes.data, weights.size, 0, 0)


@inner
def row_times(projection, i, gap, targets, times):
    """Write the delays of the synapses of source position `i` to `targets` as they are drawn, in ms."""
    if projection.delay_kind == DISTANCE:
        call(projection.measure, projection.delay_law, times.ctypes.data, times.size, targets.ctypes.data, i)
        return
    _uniforms_of(projection, np.int64(LANE_DELAY), i, gap, times)
    call(projection.shape, projection.delay_law, times.ctypes.data, times.size, 0, 0)


@inner
def row_delays(projection, i, gap, targets, delays, uniform):
    """Write the delays of the synapses of source position `i` to `targets`, int32 steps or float64 ms; `uniform` is
    scratch."""
    if projection.delay_kind == 0:
        delays[:] = projection.delay_a
        return
    values = uniform[: delays.size]
    if projection.delay_kind == ARRAY or projection.delay_kind == ARRAY32:
        _array_values(projection, projection.delay_kind, projection.delay_values, i, gap, values)
        for j in range(values.size):
            delays[j] = values[j]
        return
    row_times(projection, i, gap, targets, values)
    if projection.grid == 0.0:  # real numbers
        for j in range(values.size):
            delays[j] = values[j]
        return
    for j in range(values.size):
        delays[j] = max(np.int32(1), np.int32(np.floor(values[j] / projection.grid + 0.5)))


@nb.njit(error_model="numpy", nogil=True, cache=True)
def count_total(key, first_draw, n_draws, n_sources, counts):
    """Deal synapses `first_draw` ... of fixed_total out to the sources: a multinomial, by drawing each source."""
    uniform = np.empty(4096)
    done = 0
    while done < n_draws:
        batch = uniform[: min(4096, n_draws - done)]
        fill_uniform(batch, key, 0, LANE_SOURCE, first_draw + done)
        for j in range(batch.size):
            counts[np.int64(batch[j] * n_sources)] += 1
        done += batch.size


@nb.njit(error_model="numpy", nogil=True, cache=True)
def count_total_distinct(key, n_draws, n_sources, capacity, counts):
    """The same without multapses: source i has room for `capacity[i]` synapses."""
    for m in range(n_draws):
        retry = 0
        while True:
            source = np.int64(uniform_at(key, 0, LANE_SOURCE, m, retry) * n_sources)
            test = uniform_at(key, 0, LANE_ACCEPT, m, retry)
            if test >= counts[source] / capacity[source]:
                break
            retry += 1
        counts[source] += 1


@nb.njit(error_model="numpy", nogil=True, cache=True)
def draw_sources(key, k, n_sources, own, multapses, sources):
    """fixed_indegree: `sources[t * k + j]` for each target position t; `own[t]` is its place among the sources, or -1
    (empty: autapses allowed)."""
    chosen = np.full(n_sources, -1, np.int64)
    for t in range(sources.size // max(k, 1)):
        skip = own[t] if own.size else -1
        available = n_sources - (skip >= 0)
        for j in range(k):
            retry = 0
            while True:
                source = np.int64(uniform_at(key, t, LANE_TARGET, j, retry) * available)
                if skip >= 0 and source >= skip:
                    source += 1
                if multapses or chosen[source] != t:
                    break
                retry += 1
            chosen[source] = t
            sources[t * k + j] = source


@nb.njit(error_model="numpy", nogil=True, cache=True)
def group_by_source(sources, n_sources):
    """A stable counting sort: (first, order), where order[first[i]:first[i + 1]] are the edges of source i."""
    first = np.zeros(n_sources + 1, np.int64)
    for e in range(sources.size):
        first[sources[e] + 1] += 1
    for i in range(n_sources):
        first[i + 1] += first[i]
    cursor = first[:-1].copy()
    order = np.empty(sources.size, np.int64)
    for e in range(sources.size):
        order[cursor[sources[e]]] = e
        cursor[sources[e]] += 1
    return first, order
