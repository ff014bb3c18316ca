"""Values that change in steps of time: rates and currents as data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import UNBOUNDED, as_array, indices, is_array, real, real_or_array
from hsnn_event.units import in_unit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_SAMPLES = 10_000_000  # of a function


@dataclass(frozen=True, eq=False)
class Steps:
    """`values[k]` from `times[k]` (ms) to the next time, the last one for ever; 0 before the first. Made by `steps`."""

    times: FloatArray
    values: FloatArray

    @property
    def n_targets(self) -> int | None:
        """How many targets have values of their own; None: all share one."""
        return None if self.values.ndim == 1 else int(self.values.shape[1])


Strength = float | FloatArray | Steps  # one for all targets, one each, or what changes in time


def steps(times: Iterable[float], values: Iterable[float] | Iterable[Iterable[float]]) -> Steps:
    """A value that is `values[k]` from `times[k]` (ms) on until the next time, and 0 before the first.

    `times` (n_times,) ascend; `values` are (n_times,), or (n_times, n_targets) for one value a target. It serves as the
    rate or value of a stimulus and as the rate of `models.poisson`. A value holds in the steps whose beginning t has
    times[k] <= t < times[k + 1].

    Raises ShapeError, ValueRangeError, ArgumentTypeError.

    >>> pulse = steps([700.0, 710.0], [15.0, 0.0])
    >>> pulse.n_targets is None
    True
    """
    if not is_array(times) or not is_array(values):
        wrong = times if not is_array(times) else values
        raise ArgumentTypeError(
            f"steps: times and values must be sequences of equal length, not {shown(wrong)}.",
            value=wrong,
        )
    times, values = in_unit(times, "steps: times", "ms"), in_unit(values, "steps: values", None)
    times, rows = _flat(times, "steps: times", low=0.0), list(values)
    if times.size == 0:
        raise ShapeError("steps: at least one time and value are needed; steps([0.0], [5.0]) is 5 from the start.")
    if (np.diff(times) <= 0).any():
        later = int(np.argmax(np.diff(times) <= 0)) + 1
        text = f"steps: times must ascend, but {times[later]:g} ms follows {times[later - 1]:g} ms. Sort them."
        raise ValueRangeError(text, times=times)
    if len(rows) != times.size:
        text = f"steps: {len(rows)} values for {times.size} times; give one value, or one row of values, a time."
        raise ShapeError(text, n_times=times.size, n_values=len(rows))
    first = rows[0]
    if isinstance(first, Iterable) and is_array(first):
        width = len(list(first))
        table = [np.asarray(real_or_array(row, width, f"steps: values[{k}]")) for k, row in enumerate(rows)]
        if any(row.ndim == 0 for row in table):
            raise ShapeError("steps: values mix numbers and rows; give one number a time, or one row a time.")
        return Steps(times, np.array(table))
    return Steps(times, _flat(rows, "steps: values", low=-math.inf))


def sampled(function: Callable[[float], object], every: float, until: float) -> Steps:
    """`function` of time (ms) as `steps`: in each interval of `every` ms its value in the middle; 0 from `until` on.

    The function gives a number, or an array of one a target. For rates: the integral over an interval is then right to the
    third order of `every`. `until` is a multiple of `every`. Raises ArgumentTypeError, ShapeError, ValueRangeError.

    >>> sampled(lambda t: 10.0 * t, every=1.0, until=3.0).values.tolist()
    [5.0, 15.0, 25.0, 0.0]
    """
    if not callable(function):
        raise ArgumentTypeError(f"sampled: give a function of the time in ms, not {shown(function)}.", value=function)
    every, until = real(every, "sampled: every", unit="ms"), real(until, "sampled: until", unit="ms")
    if not (every > 0 and until > 0):
        name, value = ("every", every) if not every > 0 else ("until", until)
        raise ValueRangeError(f"sampled: {name} must be above 0, not {value:g} ms.", value=value)
    if until / every > MOST_SAMPLES:
        text = f"sampled: {until:g} ms are more than {MOST_SAMPLES:,} intervals of {every:g} ms. Take longer ones."
        raise ValueRangeError(text, every=every, until=until)
    n = round(until / every)
    if n < 1 or abs(n * every - until) > 1e-6 * every:
        text = f"sampled: until = {until:g} ms is no multiple of every = {every:g} ms. Change one of them."
        raise ValueRangeError(text, every=every, until=until)
    values = [_value_at(function, (k + 0.5) * every) for k in range(n)]
    return steps(np.append(every * np.arange(n), until), [*values, 0.0 * values[0]])


def _value_at(function: Callable[[float], object], time: float) -> FloatArray:
    try:
        return np.asarray(function(time), dtype=np.float64)
    except Exception as error:  # the caller's code
        text = f"sampled: the function failed at {time:g} ms ({error}). It takes a time in ms and gives numbers."
        raise ArgumentTypeError(text, time=time) from error


def strength(value: Strength, what: str, low: float) -> Strength:
    """A checked number, array or `Steps`, none of it below `low`; compared with the number of targets later."""
    if isinstance(value, Steps):
        if value.values.size and value.values.min() < low:
            least = float(value.values.min())
            raise ValueRangeError(f"{what} falls to {least:g}; all values must be at least {low:g}.", value=least, low=low)
        return value
    if is_array(value):
        value = as_array(value, what, "give one number, one a target, or hsnn.steps")
    size = np.size(value) if is_array(value) else 1
    return real_or_array(value, size, what, low)


def spike_list(times: Iterable[float], ids: Iterable[int] | None, what: str) -> tuple[FloatArray, IntArray | None]:
    """Times of spikes and the ids that they belong to, as arrays of equal length.

    >>> spike_list([1.0], [2], "spikes")
    (array([1.]), array([2]))
    """
    if not is_array(times):
        raise ArgumentTypeError(
            f"{what}: times must be a sequence of times in ms, such as [1.0, 2.5], not {shown(times)}.",
            value=times,
        )
    times = in_unit(times, f"{what}: times", "ms")
    size = times.size if isinstance(times, np.ndarray) else len(list(times))
    instants = np.asarray(real_or_array(times, size, f"{what}: times", low=0.0))
    if ids is None:
        return instants, None
    which = indices(ids, UNBOUNDED, f"{what}: ids")
    if which.size != instants.size:
        text = f"{what}: {which.size} ids for {instants.size} times; give one id a time."
        raise ShapeError(text, n_times=instants.size, n_ids=which.size)
    return instants, which


def _flat(values: Iterable[object], what: str, low: float) -> FloatArray:
    size = values.size if isinstance(values, np.ndarray) else len(list(values))
    return np.asarray(real_or_array(values, size, what, low))
