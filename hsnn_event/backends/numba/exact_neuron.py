"""What a neuron without a clock does in a window, for all models: `exact_kernels` puts a model's own part in the place of
the one below and compiles the whole as a module.

A neuron is a record of STRIDE float64 (the layout below): its states at the instant of its stamp, when its refractoriness
ends, arrivals at one instant that are still being added up, and the window in which it is to be looked at.
"""
# ruff: noqa: N806

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import FIVE, as_pointer, inner, prefetch, real_at, set_real, set_whole, whole_at

# The part of a model: here a perfect integrator, with a threshold of 1, of whatever arrives.
N_STATES, N_RECEPTORS, N_OWN, CLOSED = 1, 1, 0, True


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
def soon(x, k, a, h):
    return NEVER


@inner
def period(k):
    """The refractory period in ms."""
    return 0.0


@inner
def batch(scalars, lanes, n):
    """One arrival at each of `n` free neurons that lie in columns: their states after it, and the time to the next look, or
    -1 for a neuron that something else happens to. N_OWN numbers a neuron are laid out too, the others are shared."""
    for j in range(n):
        put_lane(lanes, T, j, -1.0)


# --- every model ---

NEVER, FREE, NONE, UNSET = 1e300, -(2.0**40), -1e300, -2e300
LATER = 1.0 + 1e-12  # more than rounding can move a time
UNTOUCHED, TOUCHED_ONLY = -1.0, -2.0  # PENDING where nothing is, of a neuron that is not or is among the touched
MOST_AT_ONCE = 1000.0
AHEAD = 8       # records to prefetch: benchmarks/README.md, "exact delivery"
SLACK = 0.75    # of the windows to the next look, so that an arrival seldom asks for an earlier one
DONE, FULL, CASCADE = range(3)

# The layout of a record, after its states. Where UNTIL_W is FREE, UNTIL_O counts the spikes at the instant of the stamp.
STAMP_W, STAMP_O, UNTIL_W, UNTIL_O, PENDING, LOOK = (N_STATES + j for j in range(6))
SUMS = N_STATES + 6
CLEAR = SUMS + N_RECEPTORS
USED = CLEAR + (0 if CLOSED else 1)
STRIDE = USED if USED <= 8 else -(-USED // 4) * 4

# Columns of a context (int64), and of what the populations of a block have in common.
RECORDS, SCALARS, ARRAYS, TOUCHED, N_TOUCHED, NEXT, FIRST, COMMON = range(8)
WINDOW_NOW, LIMIT, SPIKES, N_SPIKES, CAPACITY, START, CULPRIT, WINDOW, REACH = range(9)


# Rows of the columns that `batch` works on: states, elapsed time, arrivals, numbers of a neuron's own; new states, time ahead.
CHUNK = 64
X, H = 0, N_STATES
A = H + 1
K = A + N_RECEPTORS
Y = K + N_OWN
T = Y + N_STATES
N_LANES = T + 1


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
    windows = np.ceil(offset / window) - 1.0
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
def _stamp(at, x, w, o):
    """States at an instant at which something happens; no crossing is known from there."""
    if get(at, UNTIL_W) == FREE and (get(at, STAMP_W) != w or get(at, STAMP_O) != o):
        put(at, UNTIL_O, 0.0)
    store(at, x)
    put(at, STAMP_W, w)
    put(at, STAMP_O, o)
    if not CLOSED:
        put(at, CLEAR, -1.0)


@inner
def _refractory(at):
    w, v = get(at, STAMP_W), get(at, UNTIL_W)
    return w < v or (w == v and get(at, STAMP_O) < get(at, UNTIL_O))


@inner
def _fire(at, k, common, window, neuron):
    """The neuron fires at its stamp. There is room for the spike."""
    n = whole_at(common + 8 * N_SPIKES)
    spike = whole_at(common + 8 * SPIKES) + 16 * n
    set_real(spike, get(at, STAMP_O))
    set_real(spike + 8, np.float64(neuron))
    set_whole(common + 8 * N_SPIKES, n + 1)
    _stamp(at, reset(load(at), k, (0.0,), 0.0), get(at, STAMP_W), get(at, STAMP_O))
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
    if soon(x, k, (0.0,), 0.0) > _elapsed(at, w, o, window):
        return False, NEVER
    time = ahead(x, k, (0.0,), 0.0)
    if time >= NEVER:
        return False, NEVER
    v, p = later(get(at, STAMP_W), get(at, STAMP_O), time, window)
    return _not_after(v, p, w, o), time


@inner
def settle(at, k, w, o, pending, common, window, neuron):
    """All that happens to a neuron up to (w, o); then, if they are `pending`, the arrivals of that instant act."""
    while True:
        if whole_at(common + 8 * N_SPIKES) == whole_at(common + 8 * CAPACITY):
            return FULL
        if _refractory(at):
            v, p = get(at, UNTIL_W), get(at, UNTIL_O)
            if _not_after(v, p, w, o):
                x = clamped(load(at), k, (0.0,), _elapsed(at, v, p, window))
                _stamp(at, x, v, p)
                if fires(x, k, (0.0,), 0.0) and _fire(at, k, common, window, neuron) == CASCADE:
                    return CASCADE
                continue
            if pending:
                x = clamped(load(at), k, (0.0,), _elapsed(at, w, o, window))
                _stamp(at, arrive_clamped(x, k, sums(at + 8 * SUMS), 0.0), w, o)
            return DONE
        x = load(at)
        found, time = _crossing(at, x, k, w, o, window)
        if found:
            v, p = later(get(at, STAMP_W), get(at, STAMP_O), time, window)
            _stamp(at, flow(x, k, (0.0,), time), v, p)
            if _fire(at, k, common, window, neuron) == CASCADE:
                return CASCADE
            continue
        if not pending:
            return DONE
        if get(at, STAMP_W) != w or get(at, STAMP_O) != o:
            x = flow(x, k, (0.0,), _elapsed(at, w, o, window))
        if _not_after(w, o, get(at, UNTIL_W), get(at, UNTIL_O)):
            _stamp(at, arrive_clamped(x, k, sums(at + 8 * SUMS), 0.0), w, o)
            return DONE
        x = arrive(x, k, sums(at + 8 * SUMS), 0.0)
        _stamp(at, x, w, o)
        return _fire(at, k, common, window, neuron) if fires(x, k, (0.0,), 0.0) else DONE


@inner
def _next_look(at, k, w, window):
    """The window in which the neuron is to be looked at next, NEVER if it need not be."""
    if _refractory(at):
        return get(at, UNTIL_W)
    x = load(at)
    if CLOSED:
        time = 0.0 if fires(x, k, (0.0,), 0.0) else soon(x, k, (0.0,), 0.0)
        if time < NEVER and later(get(at, STAMP_W), get(at, STAMP_O), time, window)[0] <= w:
            time = 0.0 if fires(x, k, (0.0,), 0.0) else ahead(x, k, (0.0,), 0.0)
    else:
        time = get(at, CLEAR)
    if time >= NEVER:
        return NEVER
    return max(w, later(get(at, STAMP_W), get(at, STAMP_O), time, window)[0])


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def take(context, data, length, offset_bits, receptor):
    """Arrivals at the targets of a group at one instant of the window; a length below 0 is that of a group whose synapses
    share one weight, a float64 where `receptor` is above 255. They are added up, and act when the neuron's time goes on."""
    ctx = nb.carray(as_pointer(context), (8,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (9,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
    w, window, o = reals[WINDOW_NOW], reals[WINDOW], np.int64(offset_bits).view(np.float64)
    touched = nb.carray(as_pointer(ctx[TOUCHED]), (1 << 50,), np.int32)
    uniform, n, port = length < 0, abs(length), receptor & 255
    one = np.float64(nb.carray(as_pointer(data), (1,), WEIGHT)[0])
    if receptor != port:
        one = nb.carray(as_pointer(data), (1,), np.float64)[0]
    targets = nb.carray(as_pointer(data + 8 if uniform else data), (n,), np.uint32)
    weights = nb.carray(as_pointer(data + ((4 * n + 7) & -8)), (n,), WEIGHT)
    n_touched = ctx[N_TOUCHED]
    for j in range(common[START], n):
        if j + AHEAD < n:
            prefetch(ctx[RECORDS] + 8 * STRIDE * np.int64(targets[j + AHEAD]))
        i = np.int64(targets[j])
        at = ctx[RECORDS] + 8 * STRIDE * i
        before = get(at, PENDING)
        if before != o:
            if before == UNTOUCHED:
                touched[n_touched] = i
                n_touched += 1
            elif before >= 0.0:
                k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
                status = settle(at, k, w, before, True, ctx[COMMON], window, ctx[FIRST] + i)
                if status != DONE:
                    ctx[N_TOUCHED], common[START] = n_touched, j
                    return status
            put(at, PENDING, o)
            for r in range(N_RECEPTORS):
                put(at, SUMS + r, 0.0)
        put(at, SUMS + port, get(at, SUMS + port) + (one if uniform else np.float64(weights[j])))
    ctx[N_TOUCHED], common[START] = n_touched, 0
    return DONE


@inner
def _entered(at, look, w, reach):
    """Note that the neuron is to be looked at in window `look`; gives the window to enter it for, NONE if it is entered."""
    entered = get(at, LOOK)
    if look >= NEVER or w < entered <= look:
        return NONE
    entry = min(w + (1.0 + np.floor(SLACK * (look - w - 1.0)) if look > w else 0.0), w + reach)
    put(at, LOOK, entry)
    return entry


@inner
def _one(at, k, w, limit, common, window, reach, neuron, following):
    """Bring one neuron to the limit, event by event, and write into `following` when it is to be entered for a look."""
    if get(at, PENDING) >= 0.0:
        status = settle(at, k, w, get(at, PENDING), True, common, window, neuron)
        if status != DONE:
            return status
        put(at, PENDING, TOUCHED_ONLY)
    status = settle(at, k, w, limit, False, common, window, neuron)
    if status == DONE:
        put(at, PENDING, UNTOUCHED)
        set_real(following, _entered(at, _next_look(at, k, w, window), w, reach))
    return status


@inner
def _alike(at, w, window):
    """Is all that happens to the neuron one arrival, as far as is known? Then it can go with others."""
    o = get(at, PENDING)
    if o < 0.0 or _refractory(at):
        return False
    h = _elapsed(at, w, o, window)
    return h > 0.0 and (CLOSED or get(at, CLEAR) > h * LATER)


@inner
def _gather(at, lanes, m, w, window, arrays, i):
    """Lay out a neuron in column `m`."""
    put_lane(lanes, H, m, _elapsed(at, w, get(at, PENDING), window))
    for s in range(N_STATES):
        put_lane(lanes, X + s, m, get(at, s))
    for r in range(N_RECEPTORS):
        put_lane(lanes, A + r, m, get(at, SUMS + r))
    for q in range(N_OWN):
        put_lane(lanes, K + q, m, real_at(whole_at(arrays + 8 * q) + 8 * i))


@inner
def _scatter(at, lanes, m, w, window, reach):
    """Take over what column `m` has become; gives the window to enter the neuron for a look, NONE, or UNSET if that may be
    the present one."""
    o, time = get(at, PENDING), lane(lanes, T, m)
    if get(at, UNTIL_W) == FREE:
        put(at, UNTIL_O, 0.0)
    for s in range(N_STATES):
        put(at, s, lane(lanes, Y + s, m))
    put(at, STAMP_W, w)
    put(at, STAMP_O, o)
    if not CLOSED:
        put(at, CLEAR, time)
    look = w + np.ceil((o + time) / window) - 1.0 if time < NEVER else NEVER
    if look <= w:
        put(at, PENDING, TOUCHED_ONLY)
        return UNSET
    put(at, PENDING, UNTOUCHED)
    return _entered(at, look, w, reach)


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def close(context, unused, unused_too, nor_this, nor_that):
    """Bring the touched neurons to the limit; for each say in which window it is to be entered for a look, or NONE.

    Most are touched by one arrival alone: these are laid out side by side, CHUNK at a time, and go through the window in
    one vector loop.
    """
    ctx = nb.carray(as_pointer(context), (8,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (9,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
    w, window, limit, reach = reals[WINDOW_NOW], reals[WINDOW], reals[LIMIT], reals[REACH]
    touched = nb.carray(as_pointer(ctx[TOUCHED]), (1 << 50,), np.int32)
    following = nb.carray(as_pointer(ctx[NEXT]), (1 << 50,), np.float64)
    n, which = ctx[N_TOUCHED], np.empty(CHUNK, np.int64)
    memory = np.empty(N_LANES * CHUNK, np.float64)
    lanes = memory.ctypes.data
    if common[START] == 0:
        following[:n] = UNSET
    for start in range(max(0, common[START] - 1), n, CHUNK):
        m = 0
        for j in range(start, min(n, start + CHUNK)):
            if j + AHEAD < n:
                prefetch(ctx[RECORDS] + 8 * STRIDE * np.int64(touched[j + AHEAD]))
            i = np.int64(touched[j])
            at = ctx[RECORDS] + 8 * STRIDE * i
            if following[j] == UNSET:
                if _alike(at, w, window):
                    _gather(at, lanes, m, w, window, ctx[ARRAYS], i)
                    which[m] = j
                    m += 1
                    continue
                k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
                place = following.ctypes.data + 8 * j
                status = _one(at, k, w, limit, ctx[COMMON], window, reach, ctx[FIRST] + i, place)
                if status != DONE:
                    common[START] = start + 1
                    return status
        batch(ctx[SCALARS], lanes, m)
        for q in range(m):
            j = which[q]
            i = np.int64(touched[j])
            at = ctx[RECORDS] + 8 * STRIDE * i
            if lane(lanes, T, q) >= 0.0:
                following[j] = _scatter(at, lanes, q, w, window, reach)
            if following[j] == UNSET:
                k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
                place = following.ctypes.data + 8 * j
                status = _one(at, k, w, limit, ctx[COMMON], window, reach, ctx[FIRST] + i, place)
                if status != DONE:
                    common[START] = start + 1
                    return status
    common[START] = 0
    return DONE


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def view(context, ids, n, out, unused):
    """The states of some neurons at the limit, without any effect on them: state after state."""
    ctx = nb.carray(as_pointer(context), (8,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
    w, window, limit = reals[WINDOW_NOW], reals[WINDOW], reals[LIMIT]
    which, values = nb.carray(as_pointer(ids), (n,), np.int64), nb.carray(as_pointer(out), (N_STATES * n,), np.float64)
    seen = np.empty(N_STATES, np.float64)
    for j in range(n):
        i = which[j]
        at, k = ctx[RECORDS] + 8 * STRIDE * i, numbers(ctx[SCALARS], ctx[ARRAYS], i)
        x = load(at)
        if get(at, STAMP_W) != w or get(at, STAMP_O) != limit:
            h = _elapsed(at, w, limit, window)
            x = clamped(x, k, (0.0,), h) if _refractory(at) else flow(x, k, (0.0,), h)
        store(seen.ctypes.data, x)
        for s in range(N_STATES):
            values[s * n + j] = seen[s]
    return DONE
