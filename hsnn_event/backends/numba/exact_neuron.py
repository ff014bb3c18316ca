"""What a neuron without a clock does in a window, for all models: `exact_kernels` puts a model's own part in the place of
the one below and compiles the whole as a module.

A neuron is a record of STRIDE float64 (the layout below): its states at the instant of its stamp, when its refractoriness
ends, arrivals at one instant that are still being added up, and the window in which it is to be looked at.
"""
# ruff: noqa: N806

import numba as nb
import numpy as np

from hsnn_event.backends.numba.native import FIVE, as_pointer, inner, prefetch

# The part of a model: here a perfect integrator, with a threshold of 1, of whatever arrives.
N_STATES, N_RECEPTORS, N_NUMBERS, CLOSED = 1, 1, 0, True


@inner
def numbers(scalars, arrays, i):
    """Constants, then inputs, of neuron i."""
    return (0.0,)


@inner
def load(rec, at):
    return (rec[at],)


@inner
def store(rec, at, x):
    rec[at] = x[0]


@inner
def sums(rec, at):
    """What has arrived at each receptor."""
    return (rec[at],)


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


# --- every model ---

NEVER, FREE, NONE = 1e300, -(2.0**40), -1e300
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


@inner
def later(w, o, time, window):
    """The instant `time` ms after (w, o)."""
    offset = o + time
    windows = np.ceil(offset / window) - 1.0
    if windows != 0.0:
        return w + windows, offset - windows * window
    return w, offset


@inner
def _elapsed(rec, at, w, o, window):
    return (w - rec[at + STAMP_W]) * window + (o - rec[at + STAMP_O])


@inner
def _not_after(w, o, v, p):
    return w < v or (w == v and o <= p)


@inner
def _stamp(rec, at, x, w, o):
    """States at an instant at which something happens; no crossing is known from there."""
    if rec[at + UNTIL_W] == FREE and (rec[at + STAMP_W] != w or rec[at + STAMP_O] != o):
        rec[at + UNTIL_O] = 0.0
    store(rec, at, x)
    rec[at + STAMP_W], rec[at + STAMP_O] = w, o
    if not CLOSED:
        rec[at + CLEAR] = -1.0


@inner
def _refractory(rec, at):
    w, v = rec[at + STAMP_W], rec[at + UNTIL_W]
    return w < v or (w == v and rec[at + STAMP_O] < rec[at + UNTIL_O])


@inner
def _fire(rec, at, k, common, window, neuron):
    """The neuron fires at its stamp. There is room for the spike."""
    n = common[N_SPIKES]
    spikes = nb.carray(as_pointer(common[SPIKES]), (2 * n + 2,), np.float64)
    spikes[2 * n], spikes[2 * n + 1] = rec[at + STAMP_O], np.float64(neuron)
    common[N_SPIKES] = n + 1
    _stamp(rec, at, reset(load(rec, at), k, (0.0,), 0.0), rec[at + STAMP_W], rec[at + STAMP_O])
    time = period(k)
    if time > 0.0:
        rec[at + UNTIL_W], rec[at + UNTIL_O] = later(rec[at + STAMP_W], rec[at + STAMP_O], time, window)
        return DONE
    before = rec[at + UNTIL_O] if rec[at + UNTIL_W] == FREE else 0.0
    rec[at + UNTIL_W], rec[at + UNTIL_O] = FREE, before + 1.0
    if before + 1.0 > MOST_AT_ONCE:
        common[CULPRIT] = neuron
        return CASCADE
    return DONE


@inner
def _search(rec, at, x, k, w, o, window):
    """Go on with the search for a crossing up to (w, o): is there one? CLEAR says when, or how far there is none."""
    clear = rec[at + CLEAR]
    if clear < 0.0:
        clear = 0.0 if fires(x, k, (0.0,), 0.0) else ahead(x, k, (0.0,), 0.0)
    found = False
    while clear < NEVER:
        v, p = later(rec[at + STAMP_W], rec[at + STAMP_O], clear, window)
        if not _not_after(v, p, w, o):
            break
        y = flow(x, k, (0.0,), clear)
        step = ahead(y, k, (0.0,), 0.0)
        if fires(y, k, (0.0,), 0.0) or clear + step == clear:
            found = True
            break
        clear += step
    rec[at + CLEAR] = clear
    return found


@inner
def _crossing(rec, at, x, k, w, o, window):
    """(is there a crossing up to (w, o)?, the time to it)."""
    if not CLOSED:
        found = _search(rec, at, x, k, w, o, window)
        return found, rec[at + CLEAR]
    if fires(x, k, (0.0,), 0.0):
        return True, 0.0
    if soon(x, k, (0.0,), 0.0) > _elapsed(rec, at, w, o, window):
        return False, NEVER
    time = ahead(x, k, (0.0,), 0.0)
    if time >= NEVER:
        return False, NEVER
    v, p = later(rec[at + STAMP_W], rec[at + STAMP_O], time, window)
    return _not_after(v, p, w, o), time


@inner
def settle(rec, at, k, w, o, pending, common, window, neuron):
    """All that happens to a neuron up to (w, o); then, if they are `pending`, the arrivals of that instant act."""
    while True:
        if common[N_SPIKES] == common[CAPACITY]:
            return FULL
        if _refractory(rec, at):
            v, p = rec[at + UNTIL_W], rec[at + UNTIL_O]
            if _not_after(v, p, w, o):
                x = clamped(load(rec, at), k, (0.0,), _elapsed(rec, at, v, p, window))
                _stamp(rec, at, x, v, p)
                if fires(x, k, (0.0,), 0.0) and _fire(rec, at, k, common, window, neuron) == CASCADE:
                    return CASCADE
                continue
            if pending:
                x = clamped(load(rec, at), k, (0.0,), _elapsed(rec, at, w, o, window))
                _stamp(rec, at, arrive_clamped(x, k, sums(rec, at + SUMS), 0.0), w, o)
            return DONE
        x = load(rec, at)
        found, time = _crossing(rec, at, x, k, w, o, window)
        if found:
            v, p = later(rec[at + STAMP_W], rec[at + STAMP_O], time, window)
            _stamp(rec, at, flow(x, k, (0.0,), time), v, p)
            if _fire(rec, at, k, common, window, neuron) == CASCADE:
                return CASCADE
            continue
        if not pending:
            return DONE
        if rec[at + STAMP_W] != w or rec[at + STAMP_O] != o:
            x = flow(x, k, (0.0,), _elapsed(rec, at, w, o, window))
        if _not_after(w, o, rec[at + UNTIL_W], rec[at + UNTIL_O]):
            _stamp(rec, at, arrive_clamped(x, k, sums(rec, at + SUMS), 0.0), w, o)
            return DONE
        x = arrive(x, k, sums(rec, at + SUMS), 0.0)
        _stamp(rec, at, x, w, o)
        return _fire(rec, at, k, common, window, neuron) if fires(x, k, (0.0,), 0.0) else DONE


@inner
def _next_look(rec, at, k, w, window):
    """The window in which the neuron is to be looked at next, NEVER if it need not be."""
    if _refractory(rec, at):
        return rec[at + UNTIL_W]
    x = load(rec, at)
    if CLOSED:
        time = 0.0 if fires(x, k, (0.0,), 0.0) else soon(x, k, (0.0,), 0.0)
        if time < NEVER and later(rec[at + STAMP_W], rec[at + STAMP_O], time, window)[0] <= w:
            time = 0.0 if fires(x, k, (0.0,), 0.0) else ahead(x, k, (0.0,), 0.0)
    else:
        time = rec[at + CLEAR]
    if time >= NEVER:
        return NEVER
    return max(w, later(rec[at + STAMP_W], rec[at + STAMP_O], time, window)[0])


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def take(context, data, length, offset_bits, receptor):
    """Arrivals at the targets of a group at one instant of the window; a length below 0 is that of a group whose synapses
    share one weight, a float64 where `receptor` is above 255. They are added up, and act when something else happens to the neuron."""
    ctx = nb.carray(as_pointer(context), (8,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (9,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
    w, window, o = reals[WINDOW_NOW], reals[WINDOW], np.int64(offset_bits).view(np.float64)
    rec = nb.carray(as_pointer(ctx[RECORDS]), (1 << 50,), np.float64)
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
        at = i * STRIDE
        before = rec[at + PENDING]
        if before != o:
            if before < 0.0:
                touched[n_touched] = i
                n_touched += 1
            else:
                k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
                status = settle(rec, at, k, w, before, True, common, window, ctx[FIRST] + i)
                if status != DONE:
                    ctx[N_TOUCHED], common[START] = n_touched, j
                    return status
            rec[at + PENDING] = o
            for r in range(N_RECEPTORS):
                rec[at + SUMS + r] = 0.0
        rec[at + SUMS + port] += one if uniform else np.float64(weights[j])
    ctx[N_TOUCHED], common[START] = n_touched, 0
    return DONE


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def close(context, unused, unused_too, nor_this, nor_that):
    """Bring the touched neurons to the limit; for each say in which window it is to be entered for a look, or NONE."""
    ctx = nb.carray(as_pointer(context), (8,), np.int64)
    common = nb.carray(as_pointer(ctx[COMMON]), (9,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
    w, window, limit = reals[WINDOW_NOW], reals[WINDOW], reals[LIMIT]
    rec = nb.carray(as_pointer(ctx[RECORDS]), (1 << 50,), np.float64)
    touched = nb.carray(as_pointer(ctx[TOUCHED]), (1 << 50,), np.int32)
    following = nb.carray(as_pointer(ctx[NEXT]), (1 << 50,), np.float64)
    n = ctx[N_TOUCHED]
    for j in range(common[START], n):
        if j + AHEAD < n:
            prefetch(ctx[RECORDS] + 8 * STRIDE * np.int64(touched[j + AHEAD]))
        i = np.int64(touched[j])
        at = i * STRIDE
        k = numbers(ctx[SCALARS], ctx[ARRAYS], i)
        status = DONE
        if rec[at + PENDING] >= 0.0:
            status = settle(rec, at, k, w, rec[at + PENDING], True, common, window, ctx[FIRST] + i)
            if status == DONE:
                rec[at + PENDING] = -1.0
        if status == DONE:
            status = settle(rec, at, k, w, limit, False, common, window, ctx[FIRST] + i)
        if status != DONE:
            common[START] = j
            return status
        look, entered = _next_look(rec, at, k, w, window), rec[at + LOOK]
        following[j] = NONE
        if look < NEVER and not (w < entered <= look):
            look = w + (1.0 + np.floor(SLACK * (look - w - 1.0)) if look > w else 0.0)
            rec[at + LOOK] = following[j] = min(look, w + reals[REACH])
    common[START] = 0
    return DONE


@nb.cfunc(FIVE, cache=True, error_model="numpy")
def view(context, ids, n, out, unused):
    """The states of some neurons at the limit, without any effect on them: state after state."""
    ctx = nb.carray(as_pointer(context), (8,), np.int64)
    reals = nb.carray(as_pointer(ctx[COMMON]), (9,), np.float64)
    w, window, limit = reals[WINDOW_NOW], reals[WINDOW], reals[LIMIT]
    rec = nb.carray(as_pointer(ctx[RECORDS]), (1 << 50,), np.float64)
    which, values = nb.carray(as_pointer(ids), (n,), np.int64), nb.carray(as_pointer(out), (N_STATES * n,), np.float64)
    seen = np.empty(N_STATES, np.float64)
    for j in range(n):
        i = which[j]
        at, k = i * STRIDE, numbers(ctx[SCALARS], ctx[ARRAYS], i)
        x = load(rec, at)
        if rec[at + STAMP_W] != w or rec[at + STAMP_O] != limit:
            h = _elapsed(rec, at, w, limit, window)
            x = clamped(x, k, (0.0,), h) if _refractory(rec, at) else flow(x, k, (0.0,), h)
        store(seen, 0, x)
        for s in range(N_STATES):
            values[s * n + j] = seen[s]
    return DONE
