"""Stimuli as data: what drives neurons from outside, each target by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ValueRangeError
from hsnn_event.quantities import is_array, real, real_or_array
from hsnn_event.timecourse import Steps, Strength, spike_list, strength
from hsnn_event.units import in_unit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONTINUOUS = ("current", "noise")  # kinds that are added to an input; the others send events to a receptor


@dataclass(frozen=True, eq=False)
class Stimulus:
    """`kind` is "poisson" (`value`: rate in Hz), "current" (`value` in the unit of the model's input), "noise" (`value`:
    standard deviation, likewise) or "spikes" (`value`: 1, or a factor a spike).

    It acts in the steps whose beginning t has start <= t < stop (ms). `value` is one number, one a target, or `Steps`.
    Noise is drawn again `every` ms (None: in every step). Spikes have `times` (ms) and `ids` (None: all targets).
    """

    kind: str
    value: Strength
    start: float = 0.0
    stop: float = math.inf
    every: float | None = None
    times: FloatArray | None = None
    ids: IntArray | None = None

    @property
    def n_targets(self) -> int | None:
        """How many targets have values of their own; None: it fits any number."""
        if self.kind == "spikes":
            return None
        if isinstance(self.value, Steps):
            return self.value.n_targets
        return int(np.size(self.value)) if is_array(self.value) else None


def poisson(rate: Strength, start: float = 0.0, stop: float = math.inf) -> Stimulus:
    """An independent Poisson spike train for each target, with `rate` in Hz: a number, one a target, or `hsnn.steps`.

    Each target draws a count of events in every step, so that any rate is possible.

    >>> poisson(rate=300.0, start=1.0, stop=51.0).kind
    'poisson'
    """
    return _stimulus("poisson", rate, "rate", start, stop, low=0.0)


def current(value: Strength, start: float = 0.0, stop: float = math.inf) -> Stimulus:
    """An input added to the continuous input of each target (pA; uA/cm2 for models defined per area).

    `value` is a number, one a target, or `hsnn.steps`.
    """
    return _stimulus("current", value, "value", start, stop, low=-math.inf)


def noise(sigma: Strength, every: float | None = None, start: float = 0.0, stop: float = math.inf) -> Stimulus:
    """A Gaussian input of mean 0, added to the continuous input of each target, independent for each.

    `sigma` is the standard deviation in the unit of the input: a number, one a target, or `hsnn.steps`. A draw holds for
    `every` ms (None: one step), counted from time 0. Halving the step of noise that is redrawn in every step halves
    its power: to keep the diffusion, scale sigma by 1/sqrt(dt).

    >>> noise(sigma=5.0, every=1.0).every
    1.0
    """
    if every is not None:
        every = real(every, "noise: every", unit="ms")
        if every <= 0:
            raise ValueRangeError(f"noise: every = {every:g} ms; give a multiple of dt, or None for each step.", value=every)
    made = _stimulus("noise", sigma, "sigma", start, stop, low=0.0)
    return Stimulus("noise", made.value, made.start, made.stop, every)


def spikes(times: Iterable[float], ids: Iterable[int] | None = None, factors: float | Iterable[float] = 1.0) -> Stimulus:
    """Events at given `times` (ms, on the grid): `times[k]` reaches target `ids[k]`, or every target where `ids` is None.

    An event of time t acts at t + delay with the drive's weight times its factor. Ids count within the object driven;
    order does not matter, and one target may have several events at one time.

    >>> spikes([1.0, 2.5, 2.5], [0, 0, 3]).ids.tolist()
    [0, 0, 3]
    """
    instants, which = spike_list(times, ids, "spikes")
    value = real_or_array(factors, instants.size, "spikes: factors")
    return Stimulus("spikes", value, times=instants, ids=which)


def _stimulus(kind: str, value: Strength, name: str, start: float, stop: float, low: float) -> Stimulus:
    start = real(start, f"{kind}: start", low=0.0, unit="ms")
    stop = real(stop, f"{kind}: stop", infinite=True, unit="ms")
    value = in_unit(value, f"{kind}: {name}", "Hz" if kind == "poisson" else None)  # of a current, the target's input says
    if stop < start:
        raise ValueRangeError(
            f"{kind}: stop = {stop:g} ms lies before start = {start:g} ms. Exchange them.",
            start=start, stop=stop,
        )
    return Stimulus(kind, strength(value, f"{kind}: {name}", low), start, stop)
