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
    _clear_sums,
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
    outlook,
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
    LISTED,
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
    later,
    not_after,
)
from hsnn_event.backends.numba.native import (
    as_pointer,
    half_at,
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

# A time that is longer than another by so little is not to be told from it: it is left to `settle`.
LATER, CLOSELY = 1.0 + 1e-9, 1e-9


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
        arrives = weight if r == port else 0.0
        put_lane(lanes, B + r, m, arrives)
        put(at, SUMS + r, arrives)
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
    targets, records, arrays = data + 8 if uniform else data, ctx[RECORDS], ctx[ARRAYS]
    weights = nb.carray(as_pointer(data + ((4 * n + 7) & -8)), (n,), WEIGHT)
    lanes, which = ctx[LANES], ctx[LANES] + 8 * N_LANES * CHUNK
    by_instant = reals[REACH] == BY_INSTANT
    m, again = 0, by_instant
    for j in range(common[START], n):
        if j + AHEAD < n:
            prefetch(records + 8 * STRIDE * np.int64(half_at(targets + 4 * (j + AHEAD))))
        i = np.int64(half_at(targets + 4 * j))
        at = records + 8 * STRIDE * i
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
            _gather(at, lanes, m, w, o, window, arrays, i, port, weight)
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


@inner
def _enter_look(at, w, look, slack, reach):
    """The window in which a neuron that must be looked at in `look` is to be entered; NONE where it is entered already."""
    look, entered = max(w, look), get(at, LOOK)
    if look >= NEVER or w < entered <= look:
        return NONE
    window = min(w + (1.0 + np.floor(slack * (look - w - 1.0)) if look > w else 0.0), w + reach)
    put(at, LOOK, window)
    return window


@inner
def _lay_out(at, lanes, m, w, o, window, arrays, i):
    """Lay out a listed neuron in column `m` for a look up to (w, o); False where it is not just a free one."""
    if not_after(get(at, STAMP_W), get(at, STAMP_O), get(at, UNTIL_W), get(at, UNTIL_O)):
        return False
    if not CLOSED:
        clear = get(at, CLEAR)
        if clear >= NEVER:
            return False
        put_lane(lanes, E, m, -1.0 if _arrived(at) else clear)
    put_lane(lanes, H, m, LATER * _elapsed(at, w, o, window) + CLOSELY * window)
    for s in range(N_STATES):
        put_lane(lanes, X + s, m, get(at, s))
    for r in range(N_RECEPTORS):
        put_lane(lanes, A + r, m, get(at, SUMS + r))
    for q in range(N_OWN):
        put_lane(lanes, K + q, m, real_at(whole_at(arrays + 8 * q) + 8 * i))
    return True


@inner
def _look_abreast(ctx, start, stop, w, limit, window, reach):
    """Look at the listed neurons `start` ... `stop` - 1, of which there are no more than a CHUNK; those that surely do not
    fire up to the limit are done."""
    touched, following = whole_at(ctx + 8 * TOUCHED), whole_at(ctx + 8 * NEXT)
    records, lanes, arrays = whole_at(ctx + 8 * RECORDS), whole_at(ctx + 8 * LANES), whole_at(ctx + 8 * ARRAYS)
    which, m = lanes + 8 * N_LANES * CHUNK, 0
    for j in range(start, stop):
        if j + AHEAD < stop:
            prefetch(records + 8 * STRIDE * np.int64(half_at(touched + 4 * (j + AHEAD))))
        i = np.int64(half_at(touched + 4 * j))
        at = records + 8 * STRIDE * i
        if get(at, LIST) == LISTED and _lay_out(at, lanes, m, w, limit, window, arrays, i):
            set_whole(which + 8 * m, j)
            m += 1
    if m:
        outlook(whole_at(ctx + 8 * SCALARS), lanes, m)
    for q in range(m):
        if lane(lanes, G, q) == 0.0:
            continue
        j = whole_at(which + 8 * q)
        at, time = records + 8 * STRIDE * np.int64(half_at(touched + 4 * j)), lane(lanes, E, q)
        for s in range(N_STATES):
            put(at, s, lane(lanes, Y + s, q))
        _clear_sums(at)
        if not CLOSED:
            put(at, CLEAR, time)
        put(at, LIST, UNLISTED)
        look = later(get(at, STAMP_W), get(at, STAMP_O), time, window)[0] if time < NEVER else NEVER
        set_real(following + 8 * j, _enter_look(at, w, look, SLACK, reach))


def close(context, unused, unused_too, nor_this, nor_that):
    """Bring the listed neurons to the limit; for each say in which window it is to be entered for a look, or NONE."""
    ctx = nb.carray(as_pointer(context), (CONTEXT,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (N_COMMON,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (N_COMMON,), np.float64)
    w, window, limit, reach = reals[WINDOW_NOW], reals[WINDOW], reals[LIMIT], reals[REACH]
    touched = nb.carray(as_pointer(ctx[TOUCHED]), (1 << 50,), np.int32)
    following = nb.carray(as_pointer(ctx[NEXT]), (1 << 50,), np.float64)
    n = ctx[N_TOUCHED]
    for start in range(common[START], n, CHUNK):
        stop = min(start + CHUNK, n)
        if reach != BY_INSTANT:
            _look_abreast(context, start, stop, w, limit, window, reach)
        for j in range(start, stop):
            i = np.int64(touched[j])
            at = ctx[RECORDS] + 8 * STRIDE * i
            if get(at, LIST) == UNLISTED:  # done, now or before there was no room
                continue
            k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
            status = settle(at, k, w, limit, False, ctx[COMMON], window, ctx[FIRST] + i)
            if status != DONE:
                common[START] = start
                return status
            put(at, LIST, UNLISTED)
            look, offset = _next_look(at, k, window)
            if reach == BY_INSTANT:
                following[2 * j], following[2 * j + 1] = look, offset
            else:
                following[j] = _enter_look(at, w, look, 1.0 if not CLOSED and _refractory(at) else SLACK, reach)
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
