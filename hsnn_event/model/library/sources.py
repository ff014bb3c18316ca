"""Populations that fire by themselves: sources of spikes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hsnn_event.errors import ValueRangeError
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.source import SourceModel
from hsnn_event.quantities import whole
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


def regular(period: object, *, phase: object = 0.0) -> NeuronModel:
    """Neurons that fire at phase, phase + period, phase + 2 period, ... (ms), each with values of its own.

    A phase of 0 is one of a whole period, for time begins after 0. Both are numbers, arrays or distributions, and `set`
    changes the period between runs, at the place in the cycle that a neuron has reached. On the clock a spike lies at the end
    of the step that contains its time. With and without a clock; no rounding adds up over a run.
    Raises ValueRangeError for a period <= 0 or a phase < 0.

    >>> regular(20.0, phase=5.0).dynamics
    {'cycle': '1/period'}
    """
    return _bursts("regular", 1, 0.0, period, phase)


def bursting(n: int, interval: object, period: object, *, phase: object = 0.0) -> NeuronModel:
    """Neurons that fire bursts of `n` spikes `interval` ms apart, one burst each `period` ms, the first spike of all at phase.

    All else as in `regular`. Raises ValueRangeError for n < 1, a period or interval <= 0, a phase < 0, or a burst that lasts
    as long as the period.

    >>> bursting(3, 4.0, 100.0).parameters
    {'period': 100.0, 'phase': 0.0, 'interval': 4.0}
    """
    made = _bursts("bursting", whole(n, "bursting: n", low=1), interval, period, phase)
    numbers = [np.asarray(each, dtype=np.float64) for each in (interval, period) if isinstance(each, int | float | np.ndarray)]
    if len(numbers) == 2 and ((n - 1) * numbers[0] >= numbers[1]).any():
        raise ValueRangeError(
            f"bursting: {n} spikes {interval} ms apart last as long as the period of {period} ms. Take a longer period.",
            n=n, interval=interval, period=period,
        )
    return made


# Of a cycle: a spike that rounding has brought so near to its step is not put off to the next one.
_AT_ONCE = "1e-9"


def _bursts(name: str, n: int, interval: object, period: object, phase: object) -> NeuronModel:
    """`cycle` grows by 1 a period; spike k of a burst is due k intervals after it has reached 1, the last one ends it."""
    parameters = {"period": period, "phase": phase}
    due, reset = f"1 - {_AT_ONCE}", {"cycle": "cycle - 1"}
    states: dict[str, float | str] = {"cycle": "where(phase > 0, 1 - phase/period, 0)"}
    if n > 1:
        parameters["interval"], states["spike"] = interval, 0.0
        due = f"1 - {_AT_ONCE} + spike*interval/period"
        reset = {"cycle": f"where(spike < {n - 1}, cycle, cycle - 1)", "spike": f"where(spike < {n - 1}, spike + 1, 0)"}
    return NeuronModel(
        name=name,
        parameters=parameters,
        states=states,
        dynamics={"cycle": "1/period"},
        threshold=f"cycle >= {due}",
        reset=reset,
        units=dict.fromkeys(parameters, "ms"),
        positive=[each for each in parameters if each != "phase"],
        not_negative=["phase"],
    )
