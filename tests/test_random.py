"""Distributions as data: what they refuse, and the laws that their intervals give."""

import math

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.distributions import quantile
from hsnn_event.errors import ArgumentTypeError, UnknownNameError, ValueRangeError


def draws(law, n=20_000):
    """Draws at evenly spread u: their moments are those of the law, without noise."""
    low, high = law.interval
    u = low + (np.arange(n) + 0.5) / n * (high - low)
    return np.clip(quantile(law.kind, law.a, law.b, u), law.low, law.high)


@pytest.mark.parametrize(
    "law, mean",
    [
        (hsnn.random.uniform(-60.0, -50.0), -55.0),
        (hsnn.random.normal(1.5, 0.75), 1.5),
        (hsnn.random.lognormal(0.0, 0.5), math.exp(0.125)),
        (hsnn.random.exponential(3.0), 3.0),
    ],
)
def test_unbounded_laws_have_their_mean(law, mean):
    assert draws(law).mean() == pytest.approx(mean, rel=1e-3)


def test_redraw_gives_the_truncated_law_and_clip_a_heap_at_the_bound():
    redrawn = draws(hsnn.random.normal(0.0, 1.0, low=0.0))
    assert redrawn.min() > 0.0
    assert redrawn.mean() == pytest.approx(math.sqrt(2 / math.pi), rel=1e-3)  # of the half-normal law
    clipped = draws(hsnn.random.normal(0.0, 1.0, low=0.0, outside="clip"))
    assert np.mean(clipped == 0.0) == pytest.approx(0.5, abs=1e-3)


def test_bounds_of_a_law_that_decreases_in_u():
    values = draws(hsnn.random.exponential(2.0, low=1.0, high=3.0))
    assert values.min() >= 1.0 and values.max() <= 3.0


def test_a_spread_of_zero_is_one_value():
    assert set(draws(hsnn.random.normal(2.0, 0.0, low=0.0))) == {2.0}
    assert set(draws(hsnn.random.exponential(0.0))) == {0.0}


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: hsnn.random.normal(math.nan, 1.0), ValueRangeError, "mean is NaN"),
        (lambda: hsnn.random.normal(0.0, -1.0), ValueRangeError, "sd is -1"),
        (lambda: hsnn.random.uniform(2.0, 1.0), ValueRangeError, "low = 2 lies above high = 1"),
        (lambda: hsnn.random.normal(0.0, 1.0, low=50.0), ValueRangeError, "outside='clip'"),
        (lambda: hsnn.random.normal(0.0, 0.0, low=1.0), ValueRangeError, "only value 0"),
        (lambda: hsnn.random.normal(0.0, 1.0, outside="fold"), UnknownNameError, "redraw"),
        (lambda: hsnn.random.exponential("3"), ArgumentTypeError, "mean must be a number"),
    ],
)
def test_bad_laws_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
