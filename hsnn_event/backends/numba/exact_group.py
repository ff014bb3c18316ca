"""What arrivals do to neurons without a clock, group by group, and how neurons are brought to the end of a window.

`exact_kernels` puts this text behind that of `exact_neuron`, with a model's own part before both.
"""

import numba as nb
import numpy as np

from hsnn_event.backends.numba.exact_neuron import (
    AHEAD,
    CHUNK,
    CLEAR,
    CLOSED,
    LIST,
    LOOK,
    N_LANES,
    N_OWN,
    N_RECEPTORS,
    N_STATES,
    SLACK,
    STAMP_O,
    STAMP_W,
    STILL,
    STRIDE,
    SUMS,
    UNTIL_O,
    UNTIL_W,
    WEIGHT,
    A,
    B,
    E,
    G,
    H,
    K,
    X,
    Y,
    _act,
    _arrived,
    _elapsed,
    _next_look,
    _refractory,
    arrive,
    batch,
    clamped,
    fires,
    flow,
    get,
    lane,
    load,
    numbers,
    put,
    put_lane,
    safe,
    settle,
    store,
    sums,
)
from hsnn_event.backends.numba.exact_team import (
    ARRAYS,
    BY_INSTANT,
    COMMON,
    CONTEXT,
    DONE,
    FIRST,
    FREE,
    IN_LANE,
    LANES,
    LIMIT,
    N_COMMON,
    N_TOUCHED,
    NEXT,
    NONE,
    REACH,
    RECORDS,
    SCALARS,
    START,
    TOUCHED,
    UNLISTED,
    WINDOW,
    WINDOW_NOW,
    enlist,
    not_after,
)
from hsnn_event.backends.numba.native import (
    as_pointer,
    inner,
    prefetch,
    real_at,
    set_real,
    set_whole,
    whole_at,
)
from hsnn_event.lowering.exact_ir import (
    NEVER,
)

# --- every model ---


@inner
def _time_to_look(at, w, o, window):
    entered = get(at, LOOK)
    return NEVER if entered == NONE else (entered - w) * window - o


@inner
def _calm(at, k, w, o, window):
    """A free neuron at (w, o): does what has arrived leave it below its threshold up to its next look?"""
    if get(at, LOOK) == BY_INSTANT:
        return False
    x = arrive(load(at), k, sums(at + 8 * SUMS), 0.0)
    return not fires(x, k, (0.0,), 0.0) and safe(x, k, (0.0,), _time_to_look(at, w, o, window))


@inner
def _gather(at, lanes, m, w, o, window, arrays, i, port, weight):
    """Lay out a neuron in column `m`, and stamp it; `weight` arrives at a port."""
    put_lane(lanes, H, m, _elapsed(at, w, o, window))
    put_lane(lanes, E, m, _time_to_look(at, w, o, window))
    for s in range(N_STATES):
        put_lane(lanes, X + s, m, get(at, s))
    for r in range(N_RECEPTORS):
        put_lane(lanes, A + r, m, get(at, SUMS + r))
        put_lane(lanes, B + r, m, 0.0)
        put(at, SUMS + r, 0.0)
    put_lane(lanes, B + port, m, weight)
    put(at, SUMS + port, weight)
    for q in range(N_OWN):
        put_lane(lanes, K + q, m, real_at(whole_at(arrays + 8 * q) + 8 * i))
    put(at, STAMP_W, w)
    put(at, STAMP_O, o)
    put(at, LIST, IN_LANE)
    if get(at, UNTIL_W) == FREE:
        put(at, UNTIL_O, 0.0)


@inner
def _scatter(ctx, lanes, which, m, again, w, o, window):
    """Take over what the first `m` columns have become; `again`: more has arrived at some since they were laid out."""
    records, scalars, arrays = whole_at(ctx + 8 * RECORDS), whole_at(ctx + 8 * SCALARS), whole_at(ctx + 8 * ARRAYS)
    for q in range(m):
        i = whole_at(which + 8 * q)
        at = records + 8 * STRIDE * i
        for s in range(N_STATES):
            put(at, s, lane(lanes, Y + s, q))
        if not CLOSED:
            put(at, CLEAR, -1.0)
        put(at, LIST, UNLISTED)
        calm = lane(lanes, G, q) != 0.0
        if again:
            calm = _calm(at, numbers(scalars, arrays, i), w, o, window)
        if not calm:
            enlist(ctx, at + 8 * LIST, i)


@inner
def _flush(ctx, lanes, which, m, again, w, o, window):
    """Bring the neurons of the first `m` columns to the instant."""
    if m:
        batch(whole_at(ctx + 8 * SCALARS), lanes, m)
        _scatter(ctx, lanes, which, m, again, w, o, window)


def take(context, data, length, offset_bits, receptor):
    """Arrivals at the targets of a group at one instant of the window; a length below 0 is that of a group whose synapses
    share one weight, a float64 where `receptor` is above 255.

    They are added up, and act when the neuron's time goes on. A neuron that they may make fire, then or before it is looked
    at, is listed. Most neurons are free and not listed: these are laid out side by side and brought to the instant in one
    vector loop.
    """
    ctx = nb.carray(as_pointer(context), (CONTEXT,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (N_COMMON,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (N_COMMON,), np.float64)
    w, window, o = reals[WINDOW_NOW], reals[WINDOW], np.int64(offset_bits).view(np.float64)
    uniform, n, port = length < 0, abs(length), receptor & 255
    one = np.float64(nb.carray(as_pointer(data), (1,), WEIGHT)[0])
    if receptor != port:
        one = nb.carray(as_pointer(data), (1,), np.float64)[0]
    targets = nb.carray(as_pointer(data + 8 if uniform else data), (n,), np.uint32)
    weights = nb.carray(as_pointer(data + ((4 * n + 7) & -8)), (n,), WEIGHT)
    lanes, which = ctx[LANES], ctx[LANES] + 8 * N_LANES * CHUNK
    by_instant = reals[REACH] == BY_INSTANT
    m, again = 0, by_instant
    for j in range(common[START], n):
        if j + AHEAD < n:
            prefetch(ctx[RECORDS] + 8 * STRIDE * np.int64(targets[j + AHEAD]))
        i = np.int64(targets[j])
        at = ctx[RECORDS] + 8 * STRIDE * i
        weight = one if uniform else np.float64(weights[j])
        state = get(at, LIST)
        if get(at, STAMP_W) == w and get(at, STAMP_O) == o:
            put(at, SUMS + port, get(at, SUMS + port) + weight)
            again |= state == IN_LANE
            k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
            waits = state == UNLISTED and (by_instant or not _refractory(at))
            if waits and not _calm(at, k, w, o, window):
                enlist(context, at + 8 * LIST, i)
            continue
        if state == UNLISTED and not _refractory(at):
            _gather(at, lanes, m, w, o, window, ctx[ARRAYS], i, port, weight)
            set_whole(which + 8 * m, i)
            m += 1
            if m == CHUNK:
                _flush(context, lanes, which, m, again, w, o, window)
                m, again = 0, by_instant
            continue
        if STILL and state == UNLISTED and not_after(w, o, get(at, UNTIL_W), get(at, UNTIL_O)):
            continue
        k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
        status = settle(at, k, w, o, True, ctx[COMMON], window, ctx[FIRST] + i)
        if status != DONE:
            _flush(context, lanes, which, m, again, w, o, window)
            common[START] = j
            return status
        put(at, SUMS + port, weight)
        if state == UNLISTED and (by_instant or not _refractory(at)) and not _calm(at, k, w, o, window):
            enlist(context, at + 8 * LIST, i)
    _flush(context, lanes, which, m, again, w, o, window)
    common[START] = 0
    return DONE


def close(context, unused, unused_too, nor_this, nor_that):
    """Bring the listed neurons to the limit; for each say in which window it is to be entered for a look, or NONE."""
    ctx = nb.carray(as_pointer(context), (CONTEXT,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (N_COMMON,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (N_COMMON,), np.float64)
    w, window, limit, reach = reals[WINDOW_NOW], reals[WINDOW], reals[LIMIT], reals[REACH]
    touched = nb.carray(as_pointer(ctx[TOUCHED]), (1 << 50,), np.int32)
    following = nb.carray(as_pointer(ctx[NEXT]), (1 << 50,), np.float64)
    n = ctx[N_TOUCHED]
    for j in range(common[START], n):
        if j + AHEAD < n:
            prefetch(ctx[RECORDS] + 8 * STRIDE * np.int64(touched[j + AHEAD]))
        i = np.int64(touched[j])
        at = ctx[RECORDS] + 8 * STRIDE * i
        k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
        status = settle(at, k, w, limit, False, ctx[COMMON], window, ctx[FIRST] + i)
        if status != DONE:
            common[START] = j
            return status
        put(at, LIST, UNLISTED)
        (look, offset), entered = _next_look(at, k, window), get(at, LOOK)
        if entered == BY_INSTANT:
            following[2 * j], following[2 * j + 1] = look, offset
            continue
        look = max(w, look)
        following[j] = NONE
        if look < NEVER and not (w < entered <= look):
            following[j] = min(w + (1.0 + np.floor(SLACK * (look - w - 1.0)) if look > w else 0.0), w + reach)
            put(at, LOOK, following[j])
    common[START] = 0
    return DONE


def view(context, ids, n, out, stamped):
    """The states of some neurons at the limit, or (`stamped`) at their stamps, state after state. Nothing happens to them,
    but what had arrived acts."""
    ctx = nb.carray(as_pointer(context), (CONTEXT,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (N_COMMON,), np.float64)
    w, window, limit = reals[WINDOW_NOW], reals[WINDOW], reals[LIMIT]
    which = nb.carray(as_pointer(ids), (n,), np.int64)
    seen = np.empty(N_STATES, np.float64)
    for j in range(n):
        i = which[j]
        at, k = ctx[RECORDS] + 8 * STRIDE * i, numbers(ctx[SCALARS], ctx[ARRAYS], i)
        if _arrived(at):
            _act(at, k)
        x = load(at)
        if not stamped:
            v, p = get(at, STAMP_W), get(at, STAMP_O)
            if _refractory(at):
                v, p = w, limit
                if not_after(get(at, UNTIL_W), get(at, UNTIL_O), w, limit):
                    v, p = get(at, UNTIL_W), get(at, UNTIL_O)
                x = clamped(x, k, (0.0,), _elapsed(at, v, p, window))
            if v != w or p != limit:
                x = flow(x, k, (0.0,), (w - v) * window + (limit - p))
        store(seen.ctypes.data, x)
        for s in range(N_STATES):
            set_real(out + 8 * (s * n + j), seen[s])
    return DONE
