"""Populations that fire by themselves: sources of spikes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from hsnn_event.errors import DeclarationError, ValueRangeError
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


def regular(period: object, *, phase: object = 0.0, jitter: object = 0.0) -> NeuronModel:
    """Neurons that fire at phase, phase + period, phase + 2 period, ... (ms), each with values of its own.

    A phase of 0 is one of a whole period, for time begins after 0. With a jitter each spike is displaced by itself from
    its time, by a logistic law of that standard deviation (ms), which should be a small part of the period. Values are
    numbers, arrays or distributions; `set` changes a period between runs, at the place in its cycle that a neuron has
    reached. On the clock a spike lies at the end of the step that contains its time; no rounding adds up over a run.
    Without a clock there is no jitter. Raises ValueRangeError for a period <= 0, a phase or jitter < 0.

    >>> regular(20.0, phase=5.0).dynamics
    {'cycle': '1/period'}
    """
    made = _bursts("regular", 1, 0.0, period, phase)
    if isinstance(jitter, int | float) and jitter == 0:
        return made
    # The hazard of a logistic law: 1/s at late times, with s = sd sqrt(3)/pi.
    width = "(jitter*0.5513288954217921)"
    return replace(
        made,
        parameters={**made.parameters, "jitter": jitter},
        threshold=None,
        hazard=f"1/({width}*(1 + exp((1 - cycle)*period/{width})))",
        units={**made.units, "jitter": "ms"},
        positive=[*made.positive, "jitter"],
    )


def bursting(
    n: int, interval: object, period: object = None, *, rate: object = None, phase: object = 0.0
) -> NeuronModel:
    """Neurons that fire bursts of `n` spikes `interval` ms apart.

    With a `period` (ms) a burst begins each period, the first one at `phase`, as in `regular`. With a `rate` (Hz) the
    next burst begins by chance at that rate once the last one has ended, so the mean time between first spikes is
    1000/rate + (n - 1) interval; on the clock only. Values are numbers, arrays or distributions. Raises DeclarationError
    unless one of period and rate is given, ValueRangeError for n < 1, a period or interval <= 0, a phase or rate < 0, or
    a burst that lasts as long as the period.

    >>> bursting(3, 4.0, 100.0).parameters
    {'period': 100.0, 'phase': 0.0, 'interval': 4.0}
    """
    n = whole(n, "bursting: n", low=1)
    if (period is None) == (rate is None):
        raise DeclarationError("bursting: give either period= (ms) or rate= (Hz).")
    if rate is not None:
        return _chance_bursts(n, interval, rate)
    made = _bursts("bursting", n, interval, period, phase)
    numbers = [np.asarray(each) for each in (interval, period) if not isinstance(each, Distribution)]
    known = len(numbers) == 2 and all(each.dtype.kind in "iuf" for each in numbers)
    if known and ((n - 1) * numbers[0] >= numbers[1]).any():
        raise ValueRangeError(
            f"bursting: {n} spikes {interval} ms apart last as long as the period of {period} ms. Take a longer period.",
            n=n, interval=interval, period=period,
        )
    return made


# Of a cycle, or ms: a spike that rounding has brought so near to its step is not put off to the next one.
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


def _chance_bursts(n: int, interval: object, rate: object) -> NeuronModel:
    """`since` is the time from the first spike of the burst; `spike` counts those done, 0 between bursts."""
    return NeuronModel(
        name="bursting",
        parameters={"rate": rate, "interval": interval},
        states={"since": 0.0, "spike": 0.0},
        dynamics={"since": "1"},
        # Within a burst a spike is certain from its time on: a hazard beyond all others.
        hazard=f"where(spike > 0, where(since >= spike*interval - {_AT_ONCE}, 1e9, 0), 0.001*rate)",
        reset={"since": "where(spike > 0, since, 0)", "spike": f"where(spike < {n - 1}, spike + 1, 0)"},
        units={"rate": "Hz", "interval": "ms", "since": "ms"},
        positive=["interval"],
        not_negative=["rate"],
    )
