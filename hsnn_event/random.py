"""Distributions to draw initial values, parameters, weights and delays from, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hsnn_event.distributions import cumulative
from hsnn_event.errors import ValueRangeError, unknown_name
from hsnn_event.quantities import real

OUTSIDE = ("redraw", "clip")


@dataclass(frozen=True)
class Distribution:
    """A law with bounds: `a` and `b` are its parameters, `outside` says what becomes of draws outside [low, high].

    "redraw": drawn again until inside, so that the law is the truncated one; "clip": moved to the nearer bound.
    """

    kind: str
    a: float
    b: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    outside: str = "redraw"

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            text = f"{self.kind}: low = {self.low:g} lies above high = {self.high:g}. Exchange them."
            raise ValueRangeError(text, low=self.low, high=self.high)
        if not isinstance(self.outside, str) or self.outside not in OUTSIDE:
            raise unknown_name(f"{self.kind}: outside", self.outside, OUTSIDE)
        low, high = self.interval
        if not low < high:
            raise ValueRangeError(
                f"{self.kind}: no draw falls between low = {self.low:g} and high = {self.high:g}; "
                "move the bounds or use outside='clip'.",
                low=self.low,
                high=self.high,
            )

    @property
    def interval(self) -> tuple[float, float]:
        """The uniform numbers that lead into the bounds: to redraw is to rescale u to these."""
        if self.outside == "clip" or (self.b == 0 and self.kind != "exponential"):
            return 0.0, 1.0
        ends = [cumulative(self.kind, self.a, self.b, bound) for bound in (self.low, self.high)]
        return min(ends), max(ends)


def uniform(low: float, high: float) -> Distribution:
    """Uniform between `low` and `high`.

    >>> uniform(-60.0, -50.0).kind
    'uniform'
    """
    low, high = real(low, "uniform: low"), real(high, "uniform: high")
    return Distribution("uniform", low, high, low, high, "clip")


def normal(mean: float, sd: float, low: float = -math.inf, high: float = math.inf, outside: str = "redraw") -> Distribution:
    """Normal with mean `mean` and standard deviation `sd` (before bounds act).

    >>> normal(1.5, 0.75, low=0.1).outside
    'redraw'
    """
    mean, sd = real(mean, "normal: mean"), real(sd, "normal: sd", low=0.0)
    return _bounded("normal", mean, sd, low, high, outside, spread=sd)


def lognormal(mu: float, sigma: float, low: float = 0.0, high: float = math.inf, outside: str = "redraw") -> Distribution:
    """Exponential of a normal number with mean `mu` and standard deviation `sigma`."""
    mu, sigma = real(mu, "lognormal: mu"), real(sigma, "lognormal: sigma", low=0.0)
    return _bounded("lognormal", mu, sigma, low, high, outside, spread=sigma)


def exponential(mean: float, low: float = 0.0, high: float = math.inf, outside: str = "redraw") -> Distribution:
    """Exponential with mean `mean`."""
    mean = real(mean, "exponential: mean", low=0.0)
    return _bounded("exponential", mean, 0.0, low, high, outside, spread=mean)


def _bounded(kind: str, a: float, b: float, low: float, high: float, outside: str, spread: float) -> Distribution:
    low, high = real(low, f"{kind}: low", infinite=True), real(high, f"{kind}: high", infinite=True)
    if not isinstance(outside, str) or outside not in OUTSIDE:
        raise unknown_name(f"{kind}: outside", outside, OUTSIDE)
    if spread == 0.0:
        outside = _check_single(kind, math.exp(a) if kind == "lognormal" else a, low, high, outside)
    return Distribution(kind, a, b, low, high, outside)


def _check_single(kind: str, value: float, low: float, high: float, outside: str) -> str:
    """A law of one value: it lies within the bounds, is clipped, or can never be drawn."""
    if outside == "redraw" and low <= high and not low <= value <= high:
        raise ValueRangeError(
            f"{kind}: its only value {value:g} lies outside [{low:g}, {high:g}]; move the bounds or use outside='clip'.",
            value=value,
        )
    return "clip" if outside == "redraw" else outside
