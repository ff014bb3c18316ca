"""Small worlds: neighbours on a ring, and the exchange of targets for others."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.elementary import exp64, log64
from hsnn_event.rng import COMPILED, LANE_ACCEPT, LANE_SOURCE, LANE_TARGET, fill_uniform, uniform_at

FloatArray = npt.NDArray[np.float64]


class Law(NamedTuple):
    """How likely each of `n` neurons is as a new target of another one.

    On a ring `cumulative` is the law of distances, empty where all are equally likely; neighbours are those within `near`.
    Elsewhere neurons have `points`, spaces a `period`, and `reach` is how far the neighbours of each go.
    """

    n: int
    near: float
    alpha: float
    cumulative: FloatArray
    points: FloatArray
    period: FloatArray
    reach: FloatArray


@nb.njit(**COMPILED)
def lattice(targets, k, n, start, stop):
    """The k nearest places of each place on a ring, in order."""
    for i in range(start, stop):
        for j in range(k):
            place = i - k // 2 + j + (j >= k // 2)
            targets[i * k + j] = place + n if place < 0 else place - n if place >= n else place


@nb.njit(**COMPILED)
def rewire(targets, k, start, stop, p, law, own, key, distinct):
    """Exchange each target of the rows `start` ... `stop` - 1 with probability `p`."""
    uniform = np.empty(k)
    chosen = np.zeros(law.n if distinct else 0, np.int32)  # 1 where a neuron is a target of the row
    most = 1000 + 4 * law.n // max(k, 1)  # draws of one target: the law seldom needs as many
    for i in range(start, stop):
        row = targets[i * k : (i + 1) * k]
        if distinct and k >= law.n - (own[i] >= 0):
            continue  # it has all neurons already
        if distinct:
            chosen[row] = 1
        fill_uniform(uniform, key, i, LANE_ACCEPT, 0)
        for j in range(k):
            if uniform[j] < p:
                target = _drawn(law, i, j, key, own[i], chosen, most)
                if target < 0:
                    target = _searched(law, i, j, key, own[i], chosen, most)
                if distinct:
                    chosen[row[j]], chosen[target] = 0, 1
                row[j] = target
        if distinct:
            chosen[row] = 0


@nb.njit(**COMPILED)
def _drawn(law, i, j, key, own, chosen, most):
    """A new target by rejection, or -1 after `most` draws."""
    for retry in range(most):
        target = _proposed(law, i, j, key, retry)
        if target >= 0 and target != own and not (chosen.size and chosen[target]):
            return target
    return -1


@nb.njit(**COMPILED)
def _proposed(law, i, j, key, retry):
    u = uniform_at(key, i, LANE_TARGET, j, retry)
    if law.cumulative.size:
        distance = np.searchsorted(law.cumulative, u, side="right")
        turned = distance if uniform_at(key, i, LANE_SOURCE, j, retry) < 0.5 else -distance
        return (i + turned + law.n) % law.n
    target = np.int64(u * law.n)
    if law.alpha > 0.0 and uniform_at(key, i, LANE_SOURCE, j, retry) >= _falloff(law, i, target):
        return -1
    return target


@nb.njit(**COMPILED)
def _searched(law, i, j, key, own, chosen, most):
    """The same law by adding up: what is left when nearly all that is likely is taken."""
    total, last = 0.0, np.int64(-1)
    for part in range(2):
        left = total * uniform_at(key, i, LANE_TARGET, j, most)
        for target in range(law.n):
            if target != own and not (chosen.size and chosen[target]):
                share = _falloff(law, i, target)
                if part == 0:
                    total += share
                    last = target  # there is one, since the row is not full
                else:
                    left -= share
                    if left < 0.0:
                        return target
    return last  # where rounding leaves a rest, or shares are too small for a number


@nb.njit(**COMPILED)
def _falloff(law, i, target):
    """How likely a target is, beside one within reach."""
    if law.alpha == 0.0:
        return 1.0
    if law.reach.size == 0:
        apart = abs(i - target)
        ratio = min(apart, law.n - apart) / max(law.near, 0.5)
    else:
        square = 0.0
        for axis in range(law.points.shape[1]):
            apart = abs(law.points[i, axis] - law.points[target, axis])
            if law.period[axis] < np.inf:
                apart = min(apart, law.period[axis] - apart)
            square += apart * apart
        ratio = np.sqrt(square) / law.reach[i]
    return 1.0 if ratio <= 1.0 else exp64(-law.alpha * log64(ratio))
