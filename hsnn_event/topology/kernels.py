"""Probabilities that fall, or rise, with distance, as data. `hsnn.space` has them, `hsnn.connect.kernel` draws from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.quantities import real

SHORTEST, LONGEST = 1e-9, 1e12  # mm: lengths whose squares and quotients are numbers
GAUSSIAN_REACH = 5.0      # in standard deviations: 4e-6 of the synapses of a sheet lie farther out
EXPONENTIAL_REACH = 14.0  # in lengths: 1e-5 of them


@dataclass(frozen=True)
class Kernel:
    """The probability p(d) of a synapse over the distance d (mm), made by one of the functions of `hsnn.space`.

    "gaussian": p_max exp(-d**2 / (2 width**2)), less a Gaussian of height `p_less` and width `width_less` where there is
    one, and 0 where that is negative. "exponential": p_max exp(-d / width). No synapse is longer than `cutoff`.

    >>> Kernel("gaussian", 0.1, 0.5, 1.0)(0.0)
    0.5
    """

    kind: str
    width: float
    p_max: float
    cutoff: float
    width_less: float = 1.0
    p_less: float = 0.0

    def __call__(self, distance: Any) -> Any:
        """The probability at a distance (mm), or at each of an array."""
        d = np.asarray(distance, np.float64)
        if self.kind == "exponential":
            p: npt.NDArray[np.float64] = self.p_max * np.exp(-d / self.width)
        else:
            p = self.p_max * np.exp(-0.5 * (d / self.width) ** 2)
            p = np.maximum(p - self.p_less * np.exp(-0.5 * (d / self.width_less) ** 2), 0.0)
        found = np.where(d <= self.cutoff, p, 0.0)
        return found if found.ndim else float(found)


def gaussian(sigma: float, p_max: float = 1.0, *, cutoff: float | None = None) -> Kernel:
    """p(d) = p_max exp(-d**2 / (2 sigma**2)); `sigma` in mm.

    `cutoff` (mm), beyond which there are no synapses, is 5 sigma unless given: that leaves out 4 of a million in two
    dimensions.

    >>> round(gaussian(0.1, 0.5)(0.1), 4)
    0.3033
    """
    width, p = _width(sigma, "gaussian: sigma"), _probability(p_max, "gaussian: p_max")
    return Kernel("gaussian", width, p, _cutoff(cutoff, GAUSSIAN_REACH * width, "gaussian"))


def exponential(length: float, p_max: float = 1.0, *, cutoff: float | None = None) -> Kernel:
    """p(d) = p_max exp(-d / length); `length` in mm.

    `cutoff` (mm) is 14 lengths unless given: that leaves out 1 of 100,000 synapses in two dimensions.

    >>> round(exponential(0.1, 0.5)(0.1), 4)
    0.1839
    """
    width, p = _width(length, "exponential: length"), _probability(p_max, "exponential: p_max")
    return Kernel("exponential", width, p, _cutoff(cutoff, EXPONENTIAL_REACH * width, "exponential"))


def mexican_hat(
    sigma: float, sigma_less: float, p_max: float = 1.0, p_less: float = 1.0, *, cutoff: float | None = None
) -> Kernel:
    """p(d) = max(0, p_max exp(-d**2 / (2 sigma**2)) - p_less exp(-d**2 / (2 sigma_less**2))): a difference of Gaussians.

    A probability cannot be negative: where the second Gaussian is the larger one, there are no synapses. With
    `sigma_less` above `sigma` what is left is a centre with a sharp edge, the crown of the hat; with `sigma_less` below
    `sigma` it is a ring around a hole, its brim. A whole hat is both: a crown of excitatory synapses and, by a projection
    of inhibitory neurons with the two Gaussians exchanged, a brim of inhibitory ones.

    `cutoff` (mm) is 5 sigma unless given.

    >>> crown, brim = mexican_hat(0.1, 0.3, 1.0, 0.5), mexican_hat(0.3, 0.1, 0.5, 1.0)
    >>> crown(0.0), brim(0.0), crown(0.3), round(brim(0.3), 3)
    (0.5, 0.0, 0.0, 0.292)
    """
    width, other = _width(sigma, "mexican_hat: sigma"), _width(sigma_less, "mexican_hat: sigma_less")
    p, less = _probability(p_max, "mexican_hat: p_max"), _probability(p_less, "mexican_hat: p_less")
    return Kernel("gaussian", width, p, _cutoff(cutoff, GAUSSIAN_REACH * width, "mexican_hat"), other, less)


def _width(value: Any, what: str) -> float:
    return real(value, what, SHORTEST, LONGEST, unit="mm")


def _probability(value: Any, what: str) -> float:
    return real(value, what, 0.0, 1.0)


def _cutoff(value: Any, default: float, what: str) -> float:
    return default if value is None else _width(value, f"{what}: cutoff")
