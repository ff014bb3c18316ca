"""Poisson counts by inversion of one 32-bit word, and what sources skip by: numbers that every backend compares with."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hsnn_event.elementary import exp64

MOST_EXPECTED = 8.0  # of one table; a larger mean is the sum of several draws
SOURCES_A_CHAIN = 1024  # neighbouring neurons of a Poisson source whose spikes come from one chain of candidates


def poisson_parts(expected: float) -> int:
    """Into how many equal, independent parts a count with this mean is split; 0 for a mean of 0.

    >>> poisson_parts(0.1), poisson_parts(20.0), poisson_parts(0.0)
    (1, 3, 0)
    """
    return math.ceil(expected / MOST_EXPECTED)


def poisson_table(expected: float) -> npt.NDArray[np.uint32]:
    """The thresholds of a part with mean `expected` <= 8: a uniform 32-bit word gives as count how many of them are <= it.

    Entry m is floor(2**32 P(X <= m)); entries run as long as they are below 2**32 - 1.

    >>> poisson_table(math.log(2.0))[:2].tolist() == [2**31, int(2**32 * (0.5 + 0.5 * math.log(2.0)))]
    True
    """
    entries = []
    term = total = exp64(-expected)
    while (entry := math.floor(total * 2.0**32)) < 2**32 - 1:
        entries.append(entry)
        term *= expected / len(entries)
        total += term
    return np.array(entries, dtype=np.uint32)


def chain_exponent(probability: float) -> int:
    """The smallest whole number e with 2**e >= probability, for probability > 0: candidates of a chain come with 2**e.

    >>> chain_exponent(0.25), chain_exponent(0.26), chain_exponent(1.0)
    (-2, -1, 0)
    """
    mantissa, exponent = math.frexp(probability)
    return exponent - 1 if mantissa == 0.5 else exponent
