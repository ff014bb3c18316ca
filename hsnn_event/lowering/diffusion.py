"""White noise in linear equations, exactly: the law of what it adds to the states in one step.

x' = A x + B xi adds normal numbers with the covariance Q = integral of exp(A s) B B^T exp(A^T s) over the step. States get
L n, with L L^T = Q (Cholesky) and n independent standard normal numbers, one a state that noise reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.ir import FloatArray, Number, Section

_DEGREE = 14      # of the Taylor series of Q: 0.25**15 / 16! = 4e-23 is left out
_SMALL = 0.125    # norm of A * time up to which it is used
_DEPENDENT = 1e-13  # of a variance: a state of which no more is left is a function of those before


@dataclass(frozen=True)
class Diffusion:
    """`n` states and `m` noises; entries of A dt at `places`, then of B sqrt(dt) at `noise_places`, from host values."""

    section: Section
    places: tuple[tuple[int, int], ...]
    noise_places: tuple[tuple[int, int], ...]
    n: int
    m: int

    def numbers(self, values: Sequence[Number]) -> FloatArray:
        """L, row by row, in the last axis: of all neurons or of each."""
        entries = evaluate(self.section, {"constant": values})
        shape = np.broadcast_shapes(*(entry.shape for entry in entries))
        a, b = np.zeros((*shape, self.n, self.n)), np.zeros((*shape, self.n, self.m))
        for (row, column), entry in zip(self.places, entries, strict=False):
            a[..., row, column] = entry
        for (row, column), entry in zip(self.noise_places, entries[len(self.places) :], strict=True):
            b[..., row, column] = entry
        with np.errstate(all="ignore"):  # what is not finite is refused by name, where its formula is known
            return cholesky(covariance(a, b)).reshape(*shape, self.n * self.n)


@dataclass(frozen=True)
class Share:
    """One number of a diffusion."""

    diffusion: int
    place: int


def covariance(a: FloatArray, b: FloatArray) -> FloatArray:
    """Q of x' = a x + b xi over a time of 1, shape (..., n, n).

    A Taylor series over a short time, which is doubled: Q(2 s) = Q(s) + exp(a s) Q(s) exp(a s)^T. Nothing is subtracted,
    so that the small variance of a state that noise reaches through others keeps its digits.

    >>> covariance(np.array([[-1.0]]), np.array([[2.0**0.5]])).round(6).tolist()  # 1 - exp(-2)
    [[0.864665]]
    """
    norm = np.abs(a).sum(axis=-1).max(axis=-1, initial=0.0)
    doublings = np.maximum(0, np.frexp(np.where(np.isfinite(norm), norm, 0.0) / _SMALL)[1]).astype(np.int64)
    short = np.ldexp(1.0, -doublings)[..., None, None]
    a = a * short
    term = _product(b, _transposed(b)) * short
    propagator = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    total, power = term, propagator
    for order in range(1, _DEGREE + 1):
        moved = _product(a, term)
        term = (moved + _transposed(moved)) / (order + 1)
        power = _product(a, power) / order
        total, propagator = total + term, propagator + power
    for done in range(int(doublings.max(initial=0))):
        more = (done < doublings)[..., None, None]
        total = np.where(more, total + _product(_product(propagator, total), _transposed(propagator)), total)
        propagator = np.where(more, _product(propagator, propagator), propagator)
    return total


def cholesky(q: FloatArray) -> FloatArray:
    """Lower triangular L with L L^T = q, q positive semidefinite; a fixed sequence of operations for one or many.

    >>> cholesky(np.array([[4.0, 2.0], [2.0, 1.0]])).tolist()
    [[2.0, 0.0], [1.0, 0.0]]
    """
    n = q.shape[-1]
    factor = np.zeros(q.shape)
    for column in range(n):
        left = q[..., column:, column]
        for before in range(column):
            left = left - factor[..., column:, before] * factor[..., column, before, None]
        own, variance = left[..., :1], q[..., column, column, None]
        free = ~(own <= _DEPENDENT * variance)  # NaN goes on, and is refused by name
        factor[..., column:, column] = np.where(free, left / np.sqrt(np.where(free, own, 1.0)), 0.0)
    return factor


def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    total = a[..., :, 0, None] * b[..., None, 0, :]
    for k in range(1, a.shape[-1]):
        total = total + a[..., :, k, None] * b[..., None, k, :]
    return total


def _transposed(a: FloatArray) -> FloatArray:
    return np.swapaxes(a, -1, -2)
