"""Propagators of x' = A x over times that double, for exact schedules: any time is a sum of some of them and a rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hsnn_event.lowering.arithmetic import evaluate
from hsnn_event.lowering.ir import FloatArray, Number, Section
from hsnn_event.lowering.outlook import product, span_of

LEVELS = 40      # the longest is 2**39 times the shortest: with a time constant of 0.1 ms that is a month
_PARTS = 4       # the shortest is a span / 2**4: there the spectral radius of |A| * time is 1/32 or less
DEGREE = 12      # of the Taylor polynomials: 32**-8 / 8! = 2e-17 is left out even at the end of four states in a row
_LARGEST = 1e150  # for what grows without bound: products of two are still finite

Place = tuple[str, int, int]  # "exp": of exp(A s), "mean": of the integral of exp(A s); row, column


@dataclass(frozen=True)
class Ladder:
    """A, `n_states` x `n_states`, with entries of host values at `places`; `wanted` of it at each level."""

    section: Section
    places: tuple[tuple[int, int], ...]
    n_states: int
    wanted: tuple[Place, ...]

    def numbers(self, values: Sequence[Number]) -> FloatArray:
        """(shortest time, wanted of level 0, wanted of level 1, ...) in the last axis, of all neurons or of each."""
        entries = evaluate(self.section, {"constant": values})
        shape, n = np.broadcast_shapes(*(entry.shape for entry in entries)), self.n_states
        a = np.zeros((*shape, n, n))
        for (row, column), entry in zip(self.places, entries, strict=True):
            a[..., row, column] = entry
        time = np.ldexp(span_of(np.abs(a)), -_PARTS)
        result = np.zeros((*shape, 1 + LEVELS * len(self.wanted)))
        result[..., 0] = time
        with np.errstate(all="ignore"):
            grown, mean = _first(a, time[..., None, None])
            exp = grown + np.eye(n)
            for level in range(LEVELS):
                for number, (kind, row, column) in enumerate(self.wanted):
                    matrix = exp if kind == "exp" else mean
                    result[..., 1 + level * len(self.wanted) + number] = matrix[..., row, column]
                grown, exp, mean = _doubled(grown, exp, mean)
        return result


@dataclass(frozen=True)
class Rung:
    """One number of a ladder."""

    ladder: int
    place: int


def _first(a: FloatArray, time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """exp(A s) - 1, and the integral of exp(A s) from 0 to s."""
    identity = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    scaled, mean = a * time, identity
    for order in range(DEGREE + 1, 1, -1):
        mean = identity + product(scaled, mean) / order
    return product(scaled, mean), time * mean


def _doubled(grown: FloatArray, exp: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """All for twice the time.

    The diagonal is known twice, as exp(A s) and as exp(A s) - 1: the one keeps the digits of what has decayed, the other
    of what has hardly begun to, so that slow states lose none beside fast ones.
    """
    diagonal = np.arange(exp.shape[-1])
    own, less = exp[..., diagonal, diagonal], grown[..., diagonal, diagonal]
    off = exp.copy()
    off[..., diagonal, diagonal] = 0.0
    passing = product(off, off)
    mean = mean + product(exp, mean)
    doubled = passing + off * (own[..., :, None] + own[..., None, :])
    back = passing[..., diagonal, diagonal]
    less = less * (2.0 + less) + back
    own = np.where(less > -0.5, 1.0 + less, own * own + back)
    doubled[..., diagonal, diagonal] = own
    grown = doubled.copy()
    grown[..., diagonal, diagonal] = less
    return _bounded(grown), _bounded(doubled), _bounded(mean)


def _bounded(values: FloatArray) -> FloatArray:
    return np.clip(values, -_LARGEST, _LARGEST)
