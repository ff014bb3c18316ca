"""Sources of spikes as models: populations of neurons without states, which fire by chance or by a list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import GridError, ShapeError, ValueRangeError
from hsnn_event.grid import Continuum, Grid, Time
from hsnn_event.model.declare import NeuronModel
from hsnn_event.timecourse import Steps

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SourceModel(NeuronModel):
    """A neuron without states that fires by itself. Made by `models.poisson` and `models.spike_source`.

    Poisson sources have a parameter "rate" (Hz), or a `course` of it; listed ones have `times` (ms) and `ids`.
    """

    course: Steps | None = None
    times: FloatArray | None = None
    ids: IntArray | None = None

    def check(self, size: int, grid: Time, where: str) -> None:
        """Refuse what does not fit `size` neurons in this kind of time: ShapeError, ValueRangeError, GridError."""
        if self.times is not None and self.ids is not None:
            _check_list(self.times, self.ids, size, grid, where)
        elif self.course is not None:
            n_targets = self.course.n_targets
            if n_targets is not None and n_targets != size:
                text = f"{where}: steps with {n_targets} rates for {size} neurons; give one a neuron, or one for all."
                raise ShapeError(text, size=size)
            check_rates(self.course.values, grid.dt, where)
        elif isinstance(self.parameters["rate"], int | float | np.ndarray):
            check_rates(self.parameters["rate"], grid.dt, where)


def check_rates(rates: float | FloatArray, dt: float, where: str) -> None:
    """Refuse rates (Hz) below 0, and those above one spike a step; dt is NaN where there are no steps."""
    values = np.asarray(rates)
    wrong = ~((values >= 0.0) & (np.isfinite(values) if np.isnan(dt) else values * dt <= 1000.0 * (1.0 + 1e-12)))
    if not wrong.any():
        return
    rate = float(values[wrong].flat[0])
    if np.isnan(dt):
        text = f"{where}: a rate of {rate:g} Hz; rates are 0 or more, and finite. Give such a rate."
        raise ValueRangeError(text, rate=rate)
    most = 1000.0 / dt
    raise ValueRangeError(
        f"{where}: a rate of {rate:g} Hz; a source fires at most once a step of {dt:g} ms, so rates lie between 0 and "
        f"{most:g} Hz. Take a smaller dt, more sources, or stimuli.poisson, which counts several events a step.",
        rate=rate,
        most=most,
    )


def _check_list(times: FloatArray, ids: IntArray, size: int, grid: Time, where: str) -> None:
    if ids.size and ids.max() >= size:
        largest = int(ids.max())
        text = f"{where}: a spike of neuron {largest}, but ids run from 0 to {size - 1}. Give ids of this population."
        raise ValueRangeError(text, value=largest, size=size)
    steps = spike_steps(times, grid, where)
    if isinstance(grid, Continuum):
        if (times <= 0).any():
            raise ValueRangeError(f"{where}: a spike at 0 ms; spikes come after the start. Give a later time.", time=0.0)
    elif (steps < 1).any():
        text = (
            f"{where}: a spike at 0 ms; the first step ends at {grid.dt:g} ms, and spikes lie at ends of steps. Give a "
            "later time."
        )
        raise ValueRangeError(text, dt=grid.dt)
    order = np.lexsort((ids, steps))
    twice = np.flatnonzero((np.diff(steps[order]) == 0) & (np.diff(ids[order]) == 0))
    if twice.size:
        spike = order[twice[0]]
        raise ValueRangeError(
            f"{where}: neuron {ids[spike]} fires twice at {times[spike]:g} ms. Take one away, or give the projection "
            "twice the weight.",
            id=int(ids[spike]),
            time=float(times[spike]),
        )


def spike_steps(times: FloatArray, grid: Time, where: str) -> IntArray | FloatArray:
    """The steps at whose ends the times lie; GridError for a time off the grid, ValueRangeError beyond all steps.

    Without a clock: the times.
    """
    if times.size and times.max() / (grid.dt if isinstance(grid, Grid) else 1.0) >= 2.0**53:
        latest = float(times.max())
        raise ValueRangeError(
            f"{where}: a spike at {latest:g} ms, later than steps can be counted. Give earlier times.",
            time=latest,
        )
    if isinstance(grid, Continuum):
        return times
    ratio = times / grid.dt
    steps = np.rint(ratio)
    off = np.flatnonzero(np.abs(ratio - steps) > 1e-6)
    if off.size:
        time = float(times[off[0]])
        raise GridError(
            f"{where}: a spike at {time:g} ms lies off the grid of dt = {grid.dt:g} ms. Round the times, for example with "
            "dt * numpy.rint(times / dt), or take a smaller dt.",
            time=time,
            dt=grid.dt,
        )
    return steps.astype(np.int64)
