"""Neurons without a clock in 50 digits: what test_exact_lowering compares kernels with. Equations are written out anew."""

from dataclasses import dataclass

import mpmath
import numpy as np

from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.exact import lower_exact
from hsnn_event.lowering.exact_ir import NEVER
from hsnn_event.lowering.ir import DENORMAL_CUT

DIGITS = 50


class Kernel:
    """A model's exact kernel with numbers of its parameters: arrays, one entry a case."""

    def __init__(self, model, values=None, driven=()):
        lowered = lower_exact(model, driven)
        self.kernel = lowered.kernel
        given = {**model.parameters, **model.inputs, "dt": 0.0, **(values or {})}
        numbers = {**lowered.constants.values({name: given[name] for name in lowered.constants.reads})}
        self.constants = [numbers.get(name, 0.0) for name in self.kernel.constants]
        self.inputs = [given[name] for name in self.kernel.inputs]

    def run(self, section, states, elapsed=0.0):
        loads = {"state": states, "constant": self.constants, "input": self.inputs, "elapsed": [np.asarray(elapsed)]}
        return evaluate(getattr(self.kernel, section), loads)

    def flow(self, states, elapsed, section="flow"):
        return self.run(section, states, elapsed)

    def crossing(self, states, longest=np.inf):
        """The time of the next spike (infinity: none in `longest`), as reference_exact finds it, and the number of looks."""
        shape = np.broadcast_shapes(*(np.shape(each) for each in (*states, *self.constants)))
        clear, found = np.zeros(shape), np.full(shape, np.inf)
        active, looks = np.ones(shape, bool), np.zeros(shape, int)
        if self.kernel.closed:
            time = np.broadcast_to(self.run("ahead", states)[0], shape)
            return np.where(time < min(longest, NEVER), time, np.inf), looks
        while active.any():
            now = self.flow(states, clear)
            step = np.broadcast_to(self.run("ahead", now)[0], shape)
            fires = np.broadcast_to(self.run("fires", now)[0], shape)
            there = active & (fires | (clear + step == clear))
            found[there] = clear[there]
            active &= ~there & (clear + step < min(longest, NEVER))
            clear = np.where(active, clear + step, clear)
            looks += active
            assert looks.max() < 200_000
        return found, looks


@dataclass
class Linear:
    """x' = A x + b and the excess c x - level over the threshold, in numbers of `mpmath`."""

    a: mpmath.matrix
    b: mpmath.matrix
    c: mpmath.matrix
    level: mpmath.mpf

    @classmethod
    def of(cls, a, b, c, level):
        return cls(mpmath.matrix(a), mpmath.matrix(b), mpmath.matrix([c]), mpmath.mpf(level))

    def at(self, states, time):
        """The states `time` ms later."""
        n = len(self.b)
        whole = mpmath.zeros(n + 1)
        whole[:n, :n], whole[:n, n] = self.a * time, self.b * time
        with mpmath.workdps(DIGITS + 30):
            result = mpmath.expm(whole) * mpmath.matrix([*map(mpmath.mpf, states), 1])
        return [result[i] for i in range(n)]

    def excess(self, states):
        return (self.c * mpmath.matrix(list(states)))[0] - self.level

    def slope(self, states):
        return (self.c * (self.a * mpmath.matrix(list(states)) + self.b))[0]

    def crossing(self, states, longest, n=4000):
        """The first time at which the excess reaches 0 (None: not up to `longest`), its slope there, and how near to 0 the
        highest peak before it is."""
        from scipy.linalg import expm

        a, b = np.array(self.a.tolist(), float), np.array(self.b.tolist(), float).ravel()
        c, level = np.array(self.c.tolist(), float).ravel(), float(self.level)
        whole = np.zeros((len(b) + 1,) * 2)
        whole[:-1, :-1], whole[:-1, -1] = a, b
        fine, coarse = expm(whole * longest * 1e-3 / n), expm(whole * longest / n)
        times, x, path = [0.0], np.array([*map(float, states), 1.0]), []
        path.append(x)
        for factor, step, count in ((fine, longest * 1e-3 / n, n), (coarse, longest / n, n)):
            for _ in range(count):
                path.append(factor @ path[-1])
                times.append(times[-1] + step)
        y = np.array(path)[:, :-1] @ c - level
        rate = (np.array(path) @ whole[:-1].T) @ c
        return self._refined(states, np.array(times), y, rate)

    def _refined(self, states, times, y, rate):
        first = int(np.argmax(y >= 0)) if (y >= 0).any() else len(y)
        peak = np.inf
        for k in range(min(first, len(y) - 1)):
            if rate[k] > 0 >= rate[k + 1] and max(y[k], y[k + 1]) + rate[k] * (times[k + 1] - times[k]) > 0:
                time, height = self._peak(states, times[k], times[k + 1])
                peak = min(peak, abs(float(height)))
                if height >= 0:
                    return (*self._root(states, times[k], time), peak)
        if first == len(y):
            return None, None, peak
        if first == 0:
            return 0.0, float(self.slope(states)), peak
        return (*self._root(states, times[first - 1], times[first]), peak)

    def _peak(self, states, low, high):
        low, high = mpmath.mpf(low), mpmath.mpf(high)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.slope(self.at(states, middle)) > 0 else (low, middle)
        return low, self.excess(self.at(states, low))

    def _root(self, states, low, high):
        """Between a time before and one after: Newton's method, kept inside."""
        low, high = mpmath.mpf(low), mpmath.mpf(high)
        time = (low + high) / 2
        for _ in range(80):
            now = self.at(states, time)
            y, rate = self.excess(now), self.slope(now)
            low, high = (time, high) if y < 0 else (low, time)
            nearer = time - y / rate if rate != 0 else (low + high) / 2
            nearer = nearer if low <= nearer <= high else (low + high) / 2
            if abs(nearer - time) < mpmath.mpf(10) ** -25:
                break
            time = nearer
        return time, float(rate)


def cut(value):
    return 0.0 if abs(value) < DENORMAL_CUT else value
