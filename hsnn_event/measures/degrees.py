"""Degrees, and the laws that they follow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ValueRangeError, keywords_known
from hsnn_event.measures.adjacency import adjacency
from hsnn_event.quantities import UNBOUNDED, indices, whole

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
STEEPEST = 20.0  # exponent that is looked for; beyond it a law is not told from one whose degrees are all alike


class PowerLaw(NamedTuple):
    """P(k) ~ k**-exponent for k >= k_min, which `n` degrees are; `distance` is the largest between both cumulated laws."""

    exponent: float
    k_min: int
    distance: float
    n: int


@keywords_known
def in_degrees(network: Any) -> IntArray:
    """Number of synapses onto each neuron, shape (n,), parallel ones and autapses included.

    >>> in_degrees([[0, 1], [1, 1]]).tolist()
    [1, 2]
    """
    return np.asarray(adjacency(network).sum(axis=0), np.int64).ravel()


@keywords_known
def out_degrees(network: Any) -> IntArray:
    """Number of synapses that leave each neuron, shape (n,), parallel ones and autapses included.

    >>> out_degrees([[0, 1], [1, 1]]).tolist()
    [1, 2]
    """
    return np.asarray(adjacency(network).sum(axis=1), np.int64).ravel()


@keywords_known
def degree_distribution(degrees: Any) -> tuple[IntArray, FloatArray]:
    """The degrees that occur, ascending, and the share of neurons that has each.

    >>> [each.tolist() for each in degree_distribution([1, 3, 3, 1])]
    [[1, 3], [0.5, 0.5]]
    """
    found, counts = np.unique(indices(degrees, UNBOUNDED, "degree_distribution: degrees"), return_counts=True)
    return found, counts / max(counts.sum(), 1)


@keywords_known
def power_law(degrees: Any, k_min: int | None = None) -> PowerLaw:
    """The power law that fits best to the degrees of at least `k_min`, by maximum likelihood over whole numbers.

    None chooses the `k_min` for which the cumulated laws are closest (Clauset, Shalizi, Newman, SIAM Review 51, 2009).
    Raises ValueRangeError where fewer than two different degrees are left. A fit alone does not say that it is the law.

    >>> import numpy as np
    >>> law = power_law(np.random.default_rng(1).zipf(2.5, 100_000), k_min=1)
    >>> round(law.exponent, 1)
    2.5
    """
    found = indices(degrees, UNBOUNDED, "power_law: degrees")
    least = None if k_min is None else whole(k_min, "power_law: k_min", low=1)
    values, counts = np.unique(found[found >= (least or 1)], return_counts=True)
    if len(values) < 2:
        raise ValueRangeError(
            f"power_law: degrees of at least {least or 1} take {len(values)} different values; a law needs two.",
            n=len(values),
        )
    starts = range(len(values) - 1) if least is None else (0,)
    fits = [_fitted(values[start:], counts[start:], int(values[start]) if least is None else least) for start in starts]
    return min(fits, key=lambda fit: fit.distance)


def _fitted(values: IntArray, counts: IntArray, k_min: int) -> PowerLaw:
    from scipy.optimize import minimize_scalar
    from scipy.special import zeta

    n, logs = counts.sum(), float(counts @ np.log(values))

    def cost(exponent: float) -> float:
        return float(exponent * logs / n + np.log(zeta(exponent, k_min)))

    exponent = float(minimize_scalar(cost, bounds=(1.0 + 1e-6, STEEPEST), method="bounded", options={"xatol": 1e-8}).x)
    law = 1.0 - zeta(exponent, values + 1) / zeta(exponent, k_min)
    return PowerLaw(exponent, k_min, float(abs(np.cumsum(counts) / n - law).max()), int(n))
