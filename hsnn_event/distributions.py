"""Quantile functions: every distribution is drawn by inversion, from one uniform number a value.

Inversion is monotone, so drawing again until a value lies in [low, high] has the law of one draw from the rescaled
uniform number; a bound costs nothing and nothing is rejected.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.elementary import FAR_TAIL, exp64, log64, normal_quantile_body, normal_quantile_far
from hsnn_event.rng import COMPILED, LARGEST_UNIFORM

FloatArray = npt.NDArray[np.float64]

KINDS = {"constant": 0, "uniform": 1, "normal": 2, "lognormal": 3, "exponential": 4, "array": 5}


@nb.njit(**COMPILED)
def _normal_in_place(u):
    far = False
    for i in range(u.size):
        far |= (u[i] < FAR_TAIL) | (u[i] > 1.0 - FAR_TAIL)
    if far:
        for i in range(u.size):
            if (u[i] < FAR_TAIL) | (u[i] > 1.0 - FAR_TAIL):
                u[i] = normal_quantile_far(u[i])
            else:
                u[i] = normal_quantile_body(u[i])
    else:
        for i in range(u.size):
            u[i] = normal_quantile_body(u[i])


@nb.njit(**COMPILED)
def quantile_in_place(kind, a, b, u):
    """Turn the uniform numbers `u` into draws: `kind` is a value of KINDS, `a` and `b` as in `quantile`."""
    if kind == 0:
        u[:] = a
    elif kind == 1:
        for i in range(u.size):
            u[i] = a + u[i] * (b - a)
    elif kind == 2:
        _normal_in_place(u)
        for i in range(u.size):
            u[i] = a + b * u[i]
    elif kind == 3:
        _normal_in_place(u)
        for i in range(u.size):
            u[i] = exp64(a + b * u[i])
    else:
        for i in range(u.size):
            u[i] = -a * log64(u[i])


def quantile(kind: str, a: float, b: float, u: FloatArray) -> FloatArray:
    """Draws of a distribution from uniform numbers in (0, 1).

    "constant": a. "uniform": a is the lower, b the upper bound. "normal": mean a, standard deviation b. "lognormal":
    a and b are mean and standard deviation of the logarithm. "exponential": mean a (decreasing in u).

    >>> quantile("uniform", 2.0, 4.0, np.array([0.25, 0.5])).tolist()
    [2.5, 3.0]
    """
    out = np.array(u, dtype=np.float64)
    quantile_in_place(KINDS[kind], float(a), float(b), out.reshape(-1))
    return out


def rescaled(u: FloatArray, low: float, high: float) -> FloatArray:
    """Uniform numbers moved from (0, 1) to (low, high): what redrawing until inside bounds comes to.

    >>> rescaled(np.array([0.5]), 0.5, 1.0).tolist()
    [0.75]
    """
    return np.minimum(low + u * (high - low), LARGEST_UNIFORM)


def cumulative(kind: str, a: float, b: float, x: float) -> float:
    """The u at which `quantile` gives x: 0 below the support and 1 above it.

    For "exponential", which decreases in u, it is the reverse.

    >>> cumulative("normal", 1.0, 2.0, 1.0)
    0.5
    """
    if kind == "uniform":
        return float(np.clip((x - a) / (b - a), 0.0, 1.0)) if b > a else float(x >= a)
    if kind == "normal":
        return float(0.5 * math.erfc((a - x) / (b * math.sqrt(2.0)))) if b > 0 else float(x >= a)
    if kind == "lognormal":
        return 0.0 if x <= 0 else cumulative("normal", a, b, float(np.log(x)))
    if kind == "exponential":
        return float(np.exp(-max(x, 0.0) / a)) if a > 0 else float(x < 0)
    return float(x >= a)
