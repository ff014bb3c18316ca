"""How far a linear neuron's future can be seen: bounds on x' = A x + b that hold for all times, or for a span of time.

With f = A x + b at one instant and y = c x - threshold: y'' <= c A f + (s / span) * sum_j curve_j |f_j| up to s <= span
later, and y never rises by more than sum_j rise_j |f_j|. Both follow from f(s) = exp(A s) f and
|exp(A s) - 1| <= exp(|A| s) - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.ir import FloatArray, Number, Section
from hsnn_event.lowering.propagators import expm

LONGEST_SPAN = 10        # power of 2, ms
_SQUARINGS = 6           # of |A| for its spectral radius: within a factor n**(1/64)
_FINER, _DOUBLINGS = 6, 60  # the integral of |exp(A s)| begins with steps of span / 2**6, and doubles them
_MARGIN = 1.0001         # for the rounding of the bounds themselves
_ROUNDING = 1e-14
_INFINITE = 1e300
FARTHER, _TIMES = 3, 4   # more spans, each 2**4 times as long as the one before


@dataclass(frozen=True)
class Outlook:
    """A, `n_states` x `n_states`, with entries of host values at `places`; the last `n_states` values are c."""

    section: Section
    places: tuple[tuple[int, int], ...]
    n_states: int
    farther: int = 0

    def numbers(self, values: Sequence[Number]) -> FloatArray:
        """(span, curve_0, ..., rise_0, ...) in the last axis, of all neurons or of each; then (span, curve_0, ...) of
        those farther on."""
        entries = evaluate(self.section, {"constant": values})
        shape, n = np.broadcast_shapes(*(entry.shape for entry in entries)), self.n_states
        a, c = np.zeros((*shape, n, n)), np.zeros((*shape, 1, n))
        for (row, column), entry in zip(self.places, entries, strict=False):
            a[..., row, column] = entry
        for column, entry in enumerate(entries[len(self.places) :]):
            c[..., 0, column] = entry
        span = span_of(np.abs(a))
        with np.errstate(all="ignore"):
            grown = expm(np.abs(a) * span[..., None, None], n) - np.eye(n)
            curve = _MARGIN * product(np.abs(product(c, a)), grown)[..., 0, :]
            rise = _MARGIN * product(np.abs(c), _integral(a, span))[..., 0, :]
            rise = np.where(np.isfinite(rise) & (rise < _INFINITE), rise, _INFINITE)
            more = _farther(a, c, span, curve, self.farther)
        return np.concatenate((span[..., None], curve, rise, *more), axis=-1)


@dataclass(frozen=True)
class Bound:
    """One number of an outlook."""

    outlook: int
    place: int


def _farther(a: FloatArray, c: FloatArray, span: FloatArray, curve: FloatArray, count: int) -> list[FloatArray]:
    """Spans and their curves. |c A (exp(A s) - 1)| <= (s / S) curve up to S; a time t later it is at most what it is at S,
    and (t / S) curve |exp(A S)| more. All that is below (S + t) / S curve or what is at 2 S."""
    found: list[FloatArray] = []
    n = a.shape[-1]
    steep, propagator = product(c, a), expm(a * span[..., None, None], n)
    for doubling in range(1, count * _TIMES + 1):
        bent = np.abs(product(steep, propagator - np.eye(n))) + _ROUNDING * np.abs(steep)
        later = bent + product(curve[..., None, :], np.abs(propagator))
        curve = np.fmin(np.maximum(2.0 * curve, _MARGIN * later[..., 0, :]), _INFINITE)
        span, propagator = 2.0 * span, product(propagator, propagator)
        if doubling % _TIMES == 0:
            found += [span[..., None], curve]
    return found


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """a @ b in a fixed order of operations, the same for one matrix and for many."""
    total = a[..., :, 0, None] * b[..., None, 0, :]
    for k in range(1, a.shape[-1]):
        total = total + a[..., :, k, None] * b[..., None, k, :]
    return total


def span_of(size: FloatArray) -> FloatArray:
    """A power of 2 at which the spectral radius of |A| * span is 1/2 or less; it does not depend on the units of states."""
    power, exponent = size, np.zeros(size.shape[:-2], np.int64)
    for _ in range(_SQUARINGS):
        largest = np.frexp(power.max(axis=(-1, -2)))[1].astype(np.int64)
        power = power * np.ldexp(1.0, -largest)[..., None, None]
        power, exponent = product(power, power), 2 * (exponent + largest)
    total = power.max(axis=(-1, -2)) * size.shape[-1]
    log2_radius = np.where(total > 0.0, np.ceil((np.frexp(total)[1] + exponent) / 2.0**_SQUARINGS), -np.inf)
    return np.ldexp(1.0, np.minimum(-1.0 - log2_radius, LONGEST_SPAN).astype(np.int64))


def _integral(a: FloatArray, span: FloatArray) -> FloatArray:
    """A bound of the integral of |exp(A s)| over all s > 0."""
    n, step = a.shape[-1], np.ldexp(span, -_FINER)[..., None, None]
    total, propagator = step * expm(np.abs(a) * step, n), expm(a * step, n)
    for _ in range(_DOUBLINGS):
        total = total + product(total, np.abs(propagator))
        propagator = product(propagator, propagator)
    return total
