"""Drives: declarations of what reaches a population from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hsnn_event.errors import DeclarationError, ShapeError, ValueRangeError
from hsnn_event.grid import Continuum, Time
from hsnn_event.model.source import spike_steps
from hsnn_event.network.catalog import member
from hsnn_event.network.delays import FloatArray, in_ms, in_steps
from hsnn_event.network.views import View
from hsnn_event.quantities import indices, real, real_or_array
from hsnn_event.stimuli import CONTINUOUS, Stimulus

Number = float | FloatArray


@dataclass(frozen=True, eq=False)
class Drive:
    """A stimulus of `target`: `port` is the receptor that a spike train reaches, or the input that a current is added to."""

    name: str
    target: View
    stimulus: Stimulus
    weight: float | FloatArray
    port: str
    delay: float  # steps, or ms where the target has no clock

    def __reduce__(self) -> tuple[Any, ...]:
        return member, (self.target.population.network, "drives", self.name)


def declared_drive(
    target: View,
    stimulus: Stimulus,
    weight: Number,
    receptor: str | None,
    delay: float,
    port: str | None,
    rounds: bool,
) -> Drive:
    """A drive whose every part is checked, under its default name; `port` is the input that a current is meant for."""
    where, grid = f"{stimulus.kind}->{target.name}", target.population.time_grid
    if stimulus.n_targets not in (None, target.size):
        text = f"{where}: {stimulus.n_targets} values for {target.size} targets; give one number or one a target."
        raise ShapeError(text, size=target.size)
    if stimulus.kind in CONTINUOUS:
        if receptor is not None or delay:
            raise DeclarationError(
                f"{where}: {stimulus.kind} acts on an input, so receptor= and delay= have no meaning. Leave them out; "
                "input= names the input.",
            )
        if stimulus.kind == "noise" and isinstance(grid, Continuum):
            raise DeclarationError(
                f"{where}: noise is drawn anew in each step of a clock, and the population has none, so nothing between "
                "events is constant. Give schedule='clock', or drive it with stimuli.poisson.",
            )
        if stimulus.every is not None and grid.steps(stimulus.every, f"{where}: every") < 1:
            text = f"{where}: every = {stimulus.every:g} ms is less than one step; give a multiple of dt = {grid.dt:g} ms."
            raise ValueRangeError(text, every=stimulus.every, dt=grid.dt)
        port, unit = target.population.input(port, where), None
    else:
        port = target.population.receptor(receptor, where)
        unit = target.population.weight_unit(port)
    where = f"{where}.{port}"
    scale = real_or_array(weight, target.size, f"{where}: weight", unit=unit)
    lag = np.asarray(real(delay, f"{where}: delay", unit="ms"))
    steps: float
    if isinstance(grid, Continuum):
        steps = float(in_ms(lag, f"{where}: delay"))
    else:
        steps = int(in_steps(lag, f"{where}: delay", grid, rounds, least=0)[0])
    if stimulus.times is not None:
        _check_events(stimulus, target, steps, grid, where)
    return Drive(where, target, stimulus, scale, port, steps)


def _check_events(stimulus: Stimulus, target: View, delay: float, grid: Time, where: str) -> None:
    """Refuse listed events of neurons that are not there, off the grid, or before the end of the first step."""
    assert stimulus.times is not None
    if stimulus.ids is not None:
        indices(stimulus.ids, target.size, f"{where}: ids")
    steps = spike_steps(stimulus.times, grid, where)
    if isinstance(grid, Continuum):
        if (steps + delay <= 0).any():
            text = f"{where}: an event arrives at 0 ms, where the network starts. Give a delay or a later time."
            raise ValueRangeError(text, time=0.0)
    elif (steps + delay < 1).any():
        text = f"{where}: an event arrives at 0 ms, but the first step ends at {grid.dt:g} ms. Give a delay or a later time."
        raise ValueRangeError(text, dt=grid.dt)
