# ruff: noqa: SIM108, SIM110
"""What a neuron without a clock does in a window, for all models: `exact_kernels` puts a model's own part in the place of
the one below and compiles the whole as a module.

A neuron is a record of STRIDE float64 (the layout below): its states at the instant of its stamp, when its refractoriness
ends, arrivals at one instant that are still being added up, and the window in which it is to be looked at.
"""

import numpy as np

from hsnn_event.backends.numba.exact_team import (
    BY_INSTANT,
    CAPACITY,
    CASCADE,
    CULPRIT,
    DONE,
    FREE,
    FULL,
    N_SPIKES,
    SPIKES,
    later,
    not_after,
)
from hsnn_event.backends.numba.native import (
    inner,
    real_at,
    set_real,
    set_whole,
    whole_at,
)
from hsnn_event.lowering.exact_ir import (
    MOST_AT_ONCE,
    NEVER,
)

# The part of a model: here a perfect integrator, with a threshold of 1, of whatever arrives.
N_STATES, N_RECEPTORS, N_OWN, CLOSED, STILL, WEIGHT = 1, 1, 0, True, True, np.float64


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


@inner
def outlook(scalars, lanes, n):
    """`n` neurons that lie in columns: their states after what had arrived at their stamps, in the place of E the time up to
    which no crossing is known, and is that after H? Where not CLOSED, that is one turn of `_search` from E on."""
    for j in range(n):
        y = lane(lanes, X, j) + lane(lanes, A, j)
        put_lane(lanes, Y, j, y)
        put_lane(lanes, E, j, NEVER)
        put_lane(lanes, G, j, np.float64(y < 1.0))


# --- every model ---

AHEAD = 8       # records to prefetch: benchmarks/README.md, "Exact schedules"
# Of the windows to the next look, so that an arrival seldom asks for an earlier one: likewise. What a search gives is a
# bound, and leaves slack enough.
SLACK = 0.6 if CLOSED else 0.8

# The layout of a record, after its states. SUMS is what has arrived at the instant of the stamp and has not acted yet, LIST
# whether the neuron is among those to be brought to the end of the window, LOOK the window in which it will be. Where
# UNTIL_W is FREE, UNTIL_O counts the spikes at the instant of the stamp.
STAMP_W, STAMP_O, UNTIL_W, UNTIL_O, LIST, LOOK = (N_STATES + j for j in range(6))
SUMS = N_STATES + 6
CLEAR = SUMS + N_RECEPTORS
USED = CLEAR + (0 if CLOSED else 1)
STRIDE = USED if USED <= 8 else -(-USED // 4) * 4

# Rows of the columns that `batch` and `outlook` work on: states, time since the stamp, time to the next look, what had
# arrived at the stamp, what arrives now, numbers of a neuron's own; new states, and whether they are calm (1.0 or 0.0).
CHUNK, ABREAST = 128, 16
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
def _elapsed(at, w, o, window):
    return (w - get(at, STAMP_W)) * window + (o - get(at, STAMP_O))


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
    lost = not_after(get(at, STAMP_W), get(at, STAMP_O), get(at, UNTIL_W), get(at, UNTIL_O))
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
    v, p = later(get(at, STAMP_W), get(at, STAMP_O), period(k), window)
    if v != get(at, STAMP_W) or p != get(at, STAMP_O):  # a period that vanishes in rounding is none
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
        if not not_after(v, p, w, o):
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
    return not_after(v, p, w, o), time


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
            if not not_after(v, p, w, o):
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
