"""Neurons without a clock in 50 digits: what test_exact_lowering compares kernels with. Solutions are written out anew."""

from dataclasses import dataclass
from functools import cached_property

import mpmath
import numpy as np
from scipy.linalg import expm

from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.exact import lower_exact
from hsnn_event.lowering.exact_ir import NEVER

DIGITS, MORE = 50, 30
EPS = 2.0**-52


class Kernel:
    """A model's exact kernel with numbers of its parameters: arrays, one entry a case."""

    def __init__(self, model, values=None, driven=()):
        lowered = lower_exact(model, driven)
        self.kernel = lowered.kernel
        given = {**model.parameters, **model.inputs, "dt": 0.0, **(values or {})}
        numbers = lowered.constants.values({name: given[name] for name in lowered.constants.reads})
        self.constants = [numbers.get(name, 0.0) for name in self.kernel.constants]
        self.inputs = [given[name] for name in self.kernel.inputs]

    def run(self, section, states, elapsed=0.0):
        loads = {"state": states, "constant": self.constants, "input": self.inputs, "elapsed": [np.asarray(elapsed)]}
        return evaluate(getattr(self.kernel, section), loads)

    def crossing(self, states, longest=np.inf):
        """The time of the next spike (infinity: none in `longest`) as reference_exact finds it, and the number of looks."""
        shape = np.broadcast_shapes(*(np.shape(each) for each in (*states, *self.constants, *self.inputs)))
        clear, found, looks = np.zeros(shape), np.full(shape, np.inf), np.zeros(shape, int)
        last = np.minimum(longest, NEVER)
        if self.kernel.closed:
            time = np.broadcast_to(self.run("ahead", states)[0], shape)
            return np.where(time < last, time, np.inf), looks
        active = np.ones(shape, bool)
        while active.any():
            now = self.run("flow", states, clear)
            step = np.broadcast_to(self.run("ahead", now)[0], shape)
            there = active & (self.run("fires", now)[0] | (clear + step == clear))
            found[there] = clear[there]
            active &= ~there & (clear + step < last)
            clear = np.where(active, clear + step, clear)
            looks += active
            assert looks.max() < 10_000
        return found, looks


class Course:
    """The excess over the threshold of one neuron as time goes on: `value(time)` is it and its slope, in 50 digits, and
    `sampled(longest)` times, excess and slope in float64, dense enough that no two extrema lie between neighbours."""

    def value(self, time):
        raise NotImplementedError

    def sampled(self, longest):
        raise NotImplementedError

    def crossing(self, longest):
        """The first time at which the excess reaches 0 (None: not up to `longest`), its slope there, and how near to 0 the
        nearest peak before it is."""
        times, y, rate = self.sampled(longest)
        first = int(np.argmax(y >= 0)) if (y >= 0).any() else len(y)
        turns = (rate[:-1] > 0) & (rate[1:] <= 0) & (np.maximum(y[:-1], y[1:]) + rate[:-1] * np.diff(times) > 0)
        nearest = np.inf
        for k in np.flatnonzero(turns[:first]):
            time, height = self._peak(times[k], times[k + 1])
            nearest = min(nearest, abs(float(height)))
            if height >= 0:
                return (*self._root(times[k], time), nearest)
        if first == len(y):
            return None, None, nearest
        return (*self._root(times[first - 1], times[first]), nearest)

    def _peak(self, low, high):
        low, high = mpmath.mpf(low), mpmath.mpf(high)
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if self.value(middle)[1] > 0 else (low, middle)
        return low, self.value(low)[0]

    def _root(self, low, high):
        """Newton's method, kept between a time before and one after."""
        low, high = mpmath.mpf(low), mpmath.mpf(high)
        time = low
        for _ in range(100):
            y, rate = self.value(time)
            low, high = (time, high) if y < 0 else (low, time)
            nearer = time - y / rate if rate != 0 else (low + high) / 2
            nearer = nearer if low < nearer < high else (low + high) / 2
            if abs(nearer - time) < mpmath.mpf(10) ** -22:
                break
            time = nearer
        return time, float(rate)


@dataclass
class Linear(Course):
    """x' = A x + b from `start`; the excess is x_0 - level."""

    a: list
    b: list
    start: list
    level: float

    @cached_property
    def whole(self):
        n = len(self.b)
        whole = mpmath.zeros(n + 1)
        whole[:n, :n], whole[:n, n] = mpmath.matrix(self.a), mpmath.matrix(self.b)
        return whole

    def at(self, time):
        """The states after a time."""
        with mpmath.workdps(DIGITS + MORE):
            return list(mpmath.expm(self.whole * time) * mpmath.matrix([*map(mpmath.mpf, self.start), 1]))[:-1]

    def value(self, time):
        now = self._near(time)
        return now[0] - mpmath.mpf(self.level), (self.whole * now)[0]

    def _near(self, time):
        """The states, by a series from those of a time that was asked for before, if that is near."""
        base, states = getattr(self, "base", (mpmath.inf, None))
        if abs(time - base) * max(abs(each) for each in self.whole) > 2:
            base, states = self.base = time, mpmath.matrix([*self.at(time), 1])
        total, term, order = states.copy(), states, 0
        while time != base and mpmath.norm(term, 1) > mpmath.mpf(10) ** -DIGITS:
            order += 1
            term = self.whole * term * ((time - base) / order)
            total += term
        return total

    def sampled(self, longest, n=2048):
        whole = np.array(self.whole.tolist(), float)
        start = np.array([*map(float, self.start), 1.0])
        fine = _path(whole * longest * 1e-3 / n, start, n)
        path = np.concatenate([fine, _path(whole * longest / n, start, n)[3:]])
        times = np.concatenate([np.arange(n) * longest * 1e-3 / n, np.arange(3, n) * longest / n])
        return times, path[:, 0] - float(self.level), path @ whole[0]


def _path(generator, start, n):
    """exp(generator * k) start for k = 0 ... n - 1."""
    path, power = start[None], expm(generator)
    while len(path) < n:
        path = np.concatenate([path, path @ power.T])
        power = power @ power
    return path[:n]


@dataclass
class Exponential(Course):
    """lif_exp: rest (E_L + I_e tau_m / C_m), tau_m, C_m, V_th, v, and (current, tau_syn) of each receptor."""

    rest: float
    tau: float
    capacity: float
    level: float
    v: float
    currents: list

    def value(self, time):
        rate, decay = 1 / self.tau, mpmath.exp(-time / self.tau)
        y, slope = self.rest + (self.v - self.rest) * decay, -(self.v - self.rest) * decay * rate
        for current, tau in self.currents:
            other, faded, push = 1 / tau, mpmath.exp(-time / tau), current / self.capacity
            if tau == self.tau:
                y, slope = y + push * time * decay, slope + push * decay * (1 - time * rate)
            else:
                y += push * (faded - decay) / (rate - other)
                slope += push * (rate * decay - other * faded) / (rate - other)
        return y - self.level, slope

    def sampled(self, longest, n=1500):
        t = np.concatenate([np.linspace(0, longest * 1e-3, n), np.geomspace(longest * 1e-3, longest, n)[1:]])
        tau, capacity = float(self.tau), float(self.capacity)
        gap, drive = float(self.v - self.rest) * np.exp(-t / tau), 0.0
        y = float(self.rest - self.level) + gap
        for current, own in ((float(current), float(own)) for current, own in self.currents):
            apart = np.abs(1 / tau - 1 / own) * t
            mean = np.where(apart > 0, -np.expm1(-apart) / np.where(apart > 0, apart, 1), 1)
            spread = np.exp(-t / max(tau, own)) * t * mean
            y, drive = y + current / capacity * spread, drive + current / capacity * np.exp(-t / own)
        return t, y, drive - (y + float(self.level - self.rest)) / tau


def quadratic_crossing(a, b, c, v, level):
    """When v' = a v**2 + b v + c reaches `level` from below; None: never."""
    middle, d = -b / (2 * a), c - b * b / (4 * a)
    w, top = v - middle, level - middle
    if d > 0:
        s = mpmath.sqrt(a * d)
        return (mpmath.atan(a * top / s) - mpmath.atan(a * w / s)) / s
    if d == 0:
        return (1 / w - 1 / top) / a if w * top > 0 else None
    s = mpmath.sqrt(-a * d)
    edge = s / a
    if (w > edge and top > edge) or (w < -edge and top < -edge):
        return mpmath.log((top - edge) * (w + edge) / ((top + edge) * (w - edge))) / (2 * s)
    return None


def quadratic_flow(a, b, c, v, time):
    """v after a time, not beyond infinity."""
    middle, d = -b / (2 * a), c - b * b / (4 * a)
    w, s = v - middle, mpmath.sqrt(abs(a * d))
    reach = mpmath.tan(s * time) / s if d > 0 else mpmath.tanh(s * time) / s if d < 0 else time
    return middle + (w + d * reach) / (1 - a * w * reach)
