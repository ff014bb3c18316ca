"""Populations that fire by themselves: sources of spikes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hsnn_event.model.source import SourceModel
from hsnn_event.random import Distribution
from hsnn_event.timecourse import Steps, spike_list, strength
from hsnn_event.units import in_unit


def poisson(rate: object) -> SourceModel:
    """Neurons that fire as Poisson processes do, independently: `rate` in Hz is a number, an array (one a neuron), a
    distribution, or `hsnn.steps`.

    On the grid of the clock a neuron fires in each step with probability rate * dt, so the mean rate is exactly `rate`,
    whatever dt; and at most once a step, so rates above 1/dt are refused. Intervals are geometric: at low rates
    exponential, at rates near 1/dt more regular than a Poisson process. A rate that is no `hsnn.steps` is a parameter,
    which `set(rate=...)` changes between runs. Another `trial` draws other spikes.

    >>> poisson(rate=15.0).parameters
    {'rate': 15.0}
    """
    if isinstance(rate, Steps):
        return SourceModel(name="poisson", states={}, course=strength(rate, "poisson: rate", 0.0))  # type: ignore[arg-type]
    if not isinstance(rate, Distribution):
        rate = strength(in_unit(rate, "poisson: rate", "Hz"), "poisson: rate", 0.0)  # type: ignore[arg-type]
    return SourceModel(name="poisson", parameters={"rate": rate}, states={}, units={"rate": "Hz"})


def spike_source(times: Iterable[float], ids: Iterable[int] | None = None) -> SourceModel:
    """Neurons that fire at given times: neuron `ids[k]` at `times[k]` (ms, on the grid, in any order).

    Where there is one neuron, `ids` may be left out. A spike of time t is recorded at t and arrives at t + delay.

    >>> spike_source([1.0, 2.5], [0, 3]).ids.tolist()
    [0, 3]
    """
    instants, which = spike_list(times, ids, "spike_source")
    which = np.zeros(instants.size, np.int64) if which is None else which
    return SourceModel(name="spike_source", states={}, times=instants, ids=which)
