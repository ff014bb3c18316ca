"""Stimuli as data: what drives neurons from outside, each target by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ValueRangeError
from hsnn_event.quantities import as_array, is_array, real, real_or_array
from hsnn_event.units import in_unit

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stimulus:
    """`kind` is "poisson" (`value`: rate in Hz) or "current" (`value` in the unit of the model's input).

    It acts in the steps whose beginning t has start <= t < stop (ms). `value` is one number, or one a target.
    """

    kind: str
    value: float | FloatArray
    start: float = 0.0
    stop: float = math.inf


def poisson(rate: float | FloatArray, start: float = 0.0, stop: float = math.inf) -> Stimulus:
    """An independent Poisson spike train for each target, with `rate` in Hz.

    >>> poisson(rate=300.0, start=1.0, stop=51.0).kind
    'poisson'
    """
    return _stimulus("poisson", rate, "rate", start, stop, low=0.0)


def current(value: float | FloatArray, start: float = 0.0, stop: float = math.inf) -> Stimulus:
    """A constant input, added to the continuous input of each target (pA; uA/cm2 for models defined per area)."""
    return _stimulus("current", value, "value", start, stop, low=-math.inf)


def _stimulus(kind: str, value: float | FloatArray, name: str, start: float, stop: float, low: float) -> Stimulus:
    start = real(start, f"{kind}: start", low=0.0, unit="ms")
    stop = real(stop, f"{kind}: stop", infinite=True, unit="ms")
    value = in_unit(value, f"{kind}: {name}", "Hz" if kind == "poisson" else None)  # of a current, the target's input says
    if stop < start:
        raise ValueRangeError(f"{kind}: stop = {stop:g} ms lies before start = {start:g} ms.", start=start, stop=stop)
    if is_array(value):
        value = as_array(value, f"{kind}: {name}", "give one number or one a target")
    size = np.size(value) if is_array(value) else 1  # compared with the number of targets by Network.drive
    return Stimulus(kind, real_or_array(value, size, f"{kind}: {name}", low), start, stop)
