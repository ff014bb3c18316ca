"""What a neuron without a clock does in a window, for all models: `exact_kernels` puts a model's own part in the place of
the one below and compiles the whole as a module.

A neuron is a record of STRIDE float64 (the layout below): its states at the instant of its stamp, when its refractoriness
ends, arrivals at one instant that are still being added up, and the window in which it is to be looked at.
"""
# ruff: noqa: N806

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import FIVE, as_pointer, inner, prefetch, real_at, set_half, set_real, set_whole, whole_at

# The part of a model: here a perfect integrator, with a threshold of 1, of whatever arrives.
N_STATES, N_RECEPTORS, N_OWN, CLOSED, STILL = 1, 1, 0, True, True


@inner
def numbers(scalars, arrays, i):
    """Constants, then inputs, of neuron i."""
    return (0.0,)


@inner
def load(at):
    return (real_at(at),)


@inner
def store(at, x):
    set_real(at, x[0])


@inner
def sums(at):
    """What has arrived at each receptor."""
    return (real_at(at),)


@inner
def flow(x, k, a, h):
    return x


@inner
def clamped(x, k, a, h):
    return x


@inner
def arrive(x, k, a, h):
    return (x[0] + a[0],)


@inner
def arrive_clamped(x, k, a, h):
    return x


@inner
def reset(x, k, a, h):
    return (0.0,)


@inner
def fires(x, k, a, h):
    return x[0] >= 1.0


@inner
def ahead(x, k, a, h):
    return NEVER


@inner
def safe(x, k, a, h):
    return True


@inner
def period(k):
    """The refractory period in ms."""
    return 0.0


@inner
def batch(scalars, lanes, n):
    """`n` neurons that lie in columns: their states after what had arrived at their stamps and the time since then; and is
    each calm, as `_calm` says, with what arrives now? N_OWN numbers a neuron are laid out too, the others are shared."""
    for j in range(n):
        y = lane(lanes, X, j) + lane(lanes, A, j)
        put_lane(lanes, Y, j, y)
        put_lane(lanes, G, j, np.float64(y + lane(lanes, B, j) < 1.0))


# --- every model ---

NEVER, FREE, NONE = 1e300, -(2.0**40), -1e300
BY_INSTANT = -2e300  # for LOOK and REACH: neurons are listed at each instant, and looked at on time; see exact_heap.py
MOST_AT_ONCE = 1000.0
AHEAD = 8       # records to prefetch: benchmarks/README.md, "exact delivery"
SLACK = 0.6 if CLOSED else 1.0  # of the windows to the next look, so that an arrival seldom asks for an earlier one: likewise
DONE, FULL, CASCADE = range(3)
UNLISTED, LISTED, IN_LANE = 0.0, 1.0, 2.0

# The layout of a record, after its states. SUMS is what has arrived at the instant of the stamp and has not acted yet, LIST
# whether the neuron is among those to be brought to the end of the window, LOOK the window in which it will be. Where
# UNTIL_W is FREE, UNTIL_O counts the spikes at the instant of the stamp.
STAMP_W, STAMP_O, UNTIL_W, UNTIL_O, LIST, LOOK = (N_STATES + j for j in range(6))
SUMS = N_STATES + 6
CLEAR = SUMS + N_RECEPTORS
USED = CLEAR + (0 if CLOSED else 1)
STRIDE = USED if USED <= 8 else -(-USED // 4) * 4

# Columns of a context (int64), and of what the populations of a block have in common.
RECORDS, SCALARS, ARRAYS, TOUCHED, N_TOUCHED, NEXT, FIRST, COMMON, LANES, CONTEXT = range(10)
WINDOW_NOW, LIMIT, SPIKES, N_SPIKES, CAPACITY, START, CULPRIT, WINDOW, REACH = range(9)

# Rows of the columns that `batch` works on: states, time since the stamp, time to the next look, what had arrived at the
# stamp, what arrives now, numbers of a neuron's own; new states, and whether they are calm (1.0 or 0.0).
CHUNK = 64
X, H = 0, N_STATES
E = H + 1
A = E + 1
B = A + N_RECEPTORS
K = B + N_RECEPTORS
Y = K + N_OWN
G = Y + N_STATES
N_LANES = G + 1


@inner
def lane(lanes, row, m):
    return real_at(lanes + 8 * (CHUNK * row + m))


@inner
def put_lane(lanes, row, m, value):
    set_real(lanes + 8 * (CHUNK * row + m), value)


@inner
def get(at, place):
    return real_at(at + 8 * place)


@inner
def put(at, place, value):
    set_real(at + 8 * place, value)


@inner
def later(w, o, time, window):
    """The instant `time` ms after (w, o)."""
    offset = o + time
    windows = np.ceil(offset * (1.0 / window)) - 1.0  # a power of 2, so its inverse is exact
    if windows != 0.0:
        return w + windows, offset - windows * window
    return w, offset


@inner
def _elapsed(at, w, o, window):
    return (w - get(at, STAMP_W)) * window + (o - get(at, STAMP_O))


@inner
def _not_after(w, o, v, p):
    return w < v or (w == v and o <= p)


@inner
def _arrived(at):
    """Has something arrived at the stamp that has not acted?"""
    for r in range(N_RECEPTORS):
        if get(at, SUMS + r) != 0.0:
            return True
    return False


@inner
def _clear_sums(at):
    for r in range(N_RECEPTORS):
        put(at, SUMS + r, 0.0)


@inner
def _put_states(at, x):
    """States from which no crossing is known."""
    store(at, x)
    if not CLOSED:
        put(at, CLEAR, -1.0)


@inner
def _stamp(at, x, w, o):
    """States at an instant at which something happens."""
    if get(at, UNTIL_W) == FREE and (get(at, STAMP_W) != w or get(at, STAMP_O) != o):
        put(at, UNTIL_O, 0.0)
    _put_states(at, x)
    put(at, STAMP_W, w)
    put(at, STAMP_O, o)


@inner
def _refractory(at):
    w, v = get(at, STAMP_W), get(at, UNTIL_W)
    return w < v or (w == v and get(at, STAMP_O) < get(at, UNTIL_O))


@inner
def _act(at, k):
    """What has arrived at the stamp acts; is it a free neuron that fires?"""
    lost = _not_after(get(at, STAMP_W), get(at, STAMP_O), get(at, UNTIL_W), get(at, UNTIL_O))
    a, x = sums(at + 8 * SUMS), load(at)
    x = arrive_clamped(x, k, a, 0.0) if lost else arrive(x, k, a, 0.0)
    _clear_sums(at)
    _put_states(at, x)
    return not lost and fires(x, k, a, 0.0)


@inner
def _fire(at, k, common, window, neuron):
    """The neuron fires at its stamp. There is room for the spike."""
    n = whole_at(common + 8 * N_SPIKES)
    spike = whole_at(common + 8 * SPIKES) + 16 * n
    set_real(spike, get(at, STAMP_O))
    set_real(spike + 8, np.float64(neuron))
    set_whole(common + 8 * N_SPIKES, n + 1)
    _put_states(at, reset(load(at), k, (0.0,), 0.0))
    time = period(k)
    if time > 0.0:
        v, p = later(get(at, STAMP_W), get(at, STAMP_O), time, window)
        put(at, UNTIL_W, v)
        put(at, UNTIL_O, p)
        return DONE
    before = get(at, UNTIL_O) if get(at, UNTIL_W) == FREE else 0.0
    put(at, UNTIL_W, FREE)
    put(at, UNTIL_O, before + 1.0)
    if before + 1.0 > MOST_AT_ONCE:
        set_whole(common + 8 * CULPRIT, neuron)
        return CASCADE
    return DONE


@inner
def _search(at, x, k, w, o, window):
    """Go on with the search for a crossing up to (w, o): is there one? CLEAR says when, or how far there is none."""
    clear = get(at, CLEAR)
    if clear < 0.0:
        clear = 0.0 if fires(x, k, (0.0,), 0.0) else ahead(x, k, (0.0,), 0.0)
    found = False
    while clear < NEVER:
        v, p = later(get(at, STAMP_W), get(at, STAMP_O), clear, window)
        if not _not_after(v, p, w, o):
            break
        y = flow(x, k, (0.0,), clear)
        step = ahead(y, k, (0.0,), 0.0)
        if fires(y, k, (0.0,), 0.0) or clear + step == clear:
            found = True
            break
        clear += step
    put(at, CLEAR, clear)
    return found


@inner
def _crossing(at, x, k, w, o, window):
    """(is there a crossing up to (w, o)?, the time to it)."""
    if not CLOSED:
        found = _search(at, x, k, w, o, window)
        return found, get(at, CLEAR)
    if fires(x, k, (0.0,), 0.0):
        return True, 0.0
    if get(at, LOOK) != BY_INSTANT and safe(x, k, (0.0,), _elapsed(at, w, o, window)):
        return False, NEVER
    time = ahead(x, k, (0.0,), 0.0)
    if time >= NEVER:
        return False, NEVER
    v, p = later(get(at, STAMP_W), get(at, STAMP_O), time, window)
    return _not_after(v, p, w, o), time


@inner
def settle(at, k, w, o, stays, common, window, neuron):
    """All that happens to a neuron up to (w, o), before what arrives then; `stays`: its states are to be those of (w, o)."""
    while True:
        if whole_at(common + 8 * N_SPIKES) == whole_at(common + 8 * CAPACITY):
            return FULL
        if _arrived(at) and _act(at, k):
            if _fire(at, k, common, window, neuron) == CASCADE:
                return CASCADE
            continue
        here = get(at, STAMP_W) == w and get(at, STAMP_O) == o
        if _refractory(at):
            v, p = get(at, UNTIL_W), get(at, UNTIL_O)
            if not _not_after(v, p, w, o):
                if stays and not here:
                    _stamp(at, clamped(load(at), k, (0.0,), _elapsed(at, w, o, window)), w, o)
                return DONE
            x = clamped(load(at), k, (0.0,), _elapsed(at, v, p, window))
            _stamp(at, x, v, p)
            if fires(x, k, (0.0,), 0.0) and _fire(at, k, common, window, neuron) == CASCADE:
                return CASCADE
            continue
        x = load(at)
        found, time = _crossing(at, x, k, w, o, window)
        if not found:
            if stays and not here:
                _stamp(at, flow(x, k, (0.0,), _elapsed(at, w, o, window)), w, o)
            return DONE
        v, p = later(get(at, STAMP_W), get(at, STAMP_O), time, window)
        _stamp(at, flow(x, k, (0.0,), time), v, p)
        if _fire(at, k, common, window, neuron) == CASCADE:
            return CASCADE


@inner
def _next_look(at, k, window):
    """The instant at which the neuron is to be looked at next, in window NEVER if it need not be."""
    x, v, p = load(at), get(at, STAMP_W), get(at, STAMP_O)
    if _refractory(at):
        v, p = get(at, UNTIL_W), get(at, UNTIL_O)
        if not (CLOSED and STILL):
            return v, p
        x = clamped(x, k, (0.0,), 0.0)  # nothing can change what it begins with then
    if CLOSED:
        time = 0.0 if fires(x, k, (0.0,), 0.0) else ahead(x, k, (0.0,), 0.0)
    else:
        time = get(at, CLEAR)
    if time >= NEVER:
        return NEVER, 0.0
    return later(v, p, time, window)


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
def _listed(ctx, at, i):
    """Put a neuron among those to be brought to the end of the window."""
    n = whole_at(ctx + 8 * N_TOUCHED)
    set_half(whole_at(ctx + 8 * TOUCHED) + 4 * n, i)
    set_whole(ctx + 8 * N_TOUCHED, n + 1)
    put(at, LIST, LISTED)


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
            _listed(ctx, at, i)


@inner
def _flush(ctx, lanes, which, m, again, w, o, window):
    """Bring the neurons of the first `m` columns to the instant."""
    if m:
        batch(whole_at(ctx + 8 * SCALARS), lanes, m)
        _scatter(ctx, lanes, which, m, again, w, o, window)


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def take(context, data, length, offset_bits, receptor):
    """Arrivals at the targets of a group at one instant of the window; a length below 0 is that of a group whose synapses
    share one weight, a float64 where `receptor` is above 255.

    They are added up, and act when the neuron's time goes on. A neuron that they may make fire, then or before it is looked
    at, is listed. Most neurons are free and not listed: these are laid out side by side and brought to the instant in one
    vector loop.
    """
    ctx = nb.carray(as_pointer(context), (CONTEXT,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (9,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
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
            if state == UNLISTED and (by_instant or not _refractory(at)):
                if not _calm(at, numbers(ctx[SCALARS], ctx[ARRAYS], i), w, o, window):
                    _listed(context, at, i)
            continue
        if state == UNLISTED and not _refractory(at):
            _gather(at, lanes, m, w, o, window, ctx[ARRAYS], i, port, weight)
            set_whole(which + 8 * m, i)
            m += 1
            if m == CHUNK:
                _flush(context, lanes, which, m, again, w, o, window)
                m, again = 0, by_instant
            continue
        if STILL and state == UNLISTED and _not_after(w, o, get(at, UNTIL_W), get(at, UNTIL_O)):
            continue
        k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
        status = settle(at, k, w, o, True, ctx[COMMON], window, ctx[FIRST] + i)
        if status != DONE:
            _flush(context, lanes, which, m, again, w, o, window)
            common[START] = j
            return status
        put(at, SUMS + port, weight)
        if state == UNLISTED and (by_instant or not _refractory(at)) and not _calm(at, k, w, o, window):
            _listed(context, at, i)
    _flush(context, lanes, which, m, again, w, o, window)
    common[START] = 0
    return DONE


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def close(context, unused, unused_too, nor_this, nor_that):
    """Bring the listed neurons to the limit; for each say in which window it is to be entered for a look, or NONE."""
    ctx = nb.carray(as_pointer(context), (CONTEXT,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (9,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
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


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def view(context, ids, n, out, stamped):
    """The states of some neurons at the limit, or (`stamped`) at their stamps, state after state. Nothing happens to them,
    but what had arrived acts."""
    ctx = nb.carray(as_pointer(context), (CONTEXT,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
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
                if _not_after(get(at, UNTIL_W), get(at, UNTIL_O), w, limit):
                    v, p = get(at, UNTIL_W), get(at, UNTIL_O)
                x = clamped(x, k, (0.0,), _elapsed(at, v, p, window))
            if v != w or p != limit:
                x = flow(x, k, (0.0,), (w - v) * window + (limit - p))
        store(seen.ctypes.data, x)
        for s in range(N_STATES):
            set_real(out + 8 * (s * n + j), seen[s])
    return DONE
