"""Projections and drives: declarations of what reaches a population, from another one or from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import DeclarationError, ShapeError, ValueRangeError, unknown_name
from hsnn_event.grid import Grid
from hsnn_event.model.source import spike_steps
from hsnn_event.population import Value, View
from hsnn_event.quantities import indices, is_array, real, real_or_array
from hsnn_event.random import Distribution
from hsnn_event.stimuli import CONTINUOUS, Stimulus
from hsnn_event.topology.rules import Rule

if TYPE_CHECKING:
    import scipy.sparse

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Number = float | FloatArray
MOST_STEPS = 2**31 - 1  # a delay is held in 32 bits


class Edges(NamedTuple):
    """The synapses of a projection: population ids, weights, delays in ms; sorted by source, delay, order of draw."""

    sources: IntArray
    targets: IntArray
    weights: FloatArray
    delays: FloatArray


@dataclass(frozen=True)
class DelayRounding:
    """How many of the delays given as numbers were moved onto the grid, and the largest change in ms.

    Draws of a distribution are not counted: rounding is part of the draw.
    """

    count: int
    largest: float


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from `source` to one receptor of `target`; made by `Network.connect`.

    `delay` is in whole steps, or a distribution in ms whose draws are rounded to steps.
    """

    name: str
    source: View
    target: View
    rule: Rule
    weight: Value
    delay: int | IntArray | Distribution
    receptor: str
    delay_rounding: DelayRounding

    def edges(self) -> Edges:
        """All synapses. Before the first run they are drawn for this call, row by row, which is slow for millions."""
        sources, targets, weights, steps = self.source.population.network.edges(self)
        return Edges(sources, targets, weights, self.source.population.network.grid.times(steps))

    @property
    def n_synapses(self) -> int:
        """Number of synapses; as costly as `edges` where the rule draws it."""
        drawn = self.rule.kind == "bernoulli" or (self.rule.kind == "all_to_all" and not self.rule.autapses)
        count = None if drawn else self.rule.n_values(self.source.size, self.target.size)
        return len(self.edges().sources) if count is None else count

    def get(self, variable: str) -> FloatArray:
        """The "weight" or "delay" (ms) of each synapse, in the order of `edges`."""
        edges = self.edges()
        known = {"weight": edges.weights, "delay": edges.delays}
        if variable not in known:
            raise unknown_name(f"projection {self.name!r}: variable", variable, known)
        return known[variable]

    def to_scipy(self) -> scipy.sparse.coo_array:
        """Weights as a sparse array W[source, target] over population ids; parallel synapses stay apart."""
        from scipy.sparse import coo_array

        edges = self.edges()
        shape = self.source.population.size, self.target.population.size
        return coo_array((edges.weights, (edges.sources, edges.targets)), shape=shape)

    def __repr__(self) -> str:
        return f"<projection {self.name!r}: {self.rule}, {self.source.size} sources, {self.target.size} targets>"


@dataclass(frozen=True, eq=False)
class Drive:
    """A stimulus of `target`: `port` is the receptor that a spike train reaches, or the input that a current is added to."""

    name: str
    target: View
    stimulus: Stimulus
    weight: float | FloatArray
    port: str
    delay: int  # steps


def declared_projection(
    source: View, target: View, rule: Rule, weight: Value, delay: Value, receptor: str | None, grid: Grid, rounds: bool
) -> Projection:
    """A projection whose every part is checked, under its default name."""
    where = f"{source.name}->{target.name}"
    receptor = target.population.receptor(receptor, where)
    where = f"{where}.{receptor}"
    rule.check(where, source.ids, target.ids, source.population is target.population)
    if not isinstance(weight, Distribution):
        weight = _per_synapse(weight, rule, source, target, f"{where}: weight")
    steps, rounding = _delay_steps(delay, rule, source, target, f"{where}: delay", grid, rounds)
    return Projection(where, source, target, rule, weight, steps, receptor, rounding)


def declared_drive(
    target: View,
    stimulus: Stimulus,
    weight: Number,
    receptor: str | None,
    delay: float,
    port: str | None,
    grid: Grid,
    rounds: bool,
) -> Drive:
    """A drive whose every part is checked, under its default name; `port` is the input that a current is meant for."""
    where = f"{stimulus.kind}->{target.name}"
    if stimulus.n_targets not in (None, target.size):
        raise ShapeError(f"{where}: {stimulus.n_targets} values for {target.size} targets.", size=target.size)
    if stimulus.kind in CONTINUOUS:
        if receptor is not None or delay:
            raise DeclarationError(f"{where}: {stimulus.kind} has no receptor and no delay; name an input with input=.")
        if stimulus.every is not None:
            grid.steps(stimulus.every, f"{where}: every")
        port = target.population.input(port, where)
    else:
        port = target.population.receptor(receptor, where)
    where = f"{where}.{port}"
    scale = real_or_array(weight, target.size, f"{where}: weight")
    lag = np.asarray(real(delay, f"{where}: delay"))
    steps, _ = _steps_of(lag, f"{where}: delay", grid, rounds, least=0)
    if stimulus.times is not None:
        _check_events(stimulus, target, int(steps), grid, where)
    return Drive(where, target, stimulus, scale, port, int(steps))


def _check_events(stimulus: Stimulus, target: View, delay: int, grid: Grid, where: str) -> None:
    """Refuse listed events of neurons that are not there, off the grid, or before the end of the first step."""
    assert stimulus.times is not None
    if stimulus.ids is not None:
        indices(stimulus.ids, target.size, f"{where}: ids")
    steps = spike_steps(stimulus.times, grid, where)
    if (steps + delay < 1).any():
        text = f"{where}: an event arrives at 0 ms, but the first step ends at {grid.dt:g} ms. Give a delay or a later time."
        raise ValueRangeError(text, dt=grid.dt)


def _delay_steps(
    delay: Value, rule: Rule, source: View, target: View, what: str, grid: Grid, rounds: bool
) -> tuple[int | IntArray | Distribution, DelayRounding]:
    """The delay in steps (a distribution stays one), and what rounding did to it."""
    if isinstance(delay, Distribution):
        return delay, DelayRounding(0, 0.0)
    values = np.asarray(_per_synapse(delay, rule, source, target, what))
    steps, rounding = _steps_of(values, what, grid, rounds, least=1)
    return (int(steps) if values.ndim == 0 else steps), rounding


def _steps_of(values: FloatArray, what: str, grid: Grid, rounds: bool, least: int) -> tuple[IntArray, DelayRounding]:
    """Whole steps in times of any shape, at least `least`; off the grid they are an error or, if asked for, rounded."""
    if (values < 0).any():
        raise ValueRangeError(f"{what} is {values.min():g} ms; it must not be negative.", delay=float(values.min()))
    steps = np.rint(values / grid.dt)
    if not rounds:
        if values.size:
            off = values.flat[np.argmax(abs(values / grid.dt - steps))]
            grid.steps(float(off), what, "Give a multiple of dt, or round_delays=True.")
        if (steps < least).any():
            shortest = float(values.min())
            raise ValueRangeError(
                f"{what} is {shortest:g} ms; the least is one step, {grid.dt:g} ms.", delay=shortest, dt=grid.dt
            )
    steps = np.maximum(steps, least)
    if (steps > MOST_STEPS).any():
        raise ValueRangeError(f"{what} is {values.max():g} ms, more than 2**31 - 1 steps.", delay=float(values.max()))
    changes = abs(steps * grid.dt - values)
    moved = changes > grid.dt * 1e-6
    return steps.astype(np.int64), DelayRounding(int(moved.sum()), float(changes[moved].max(initial=0.0)))


def _per_synapse(value: Number, rule: Rule, source: View, target: View, what: str) -> float | FloatArray:
    if not is_array(value):
        return real_or_array(value, 1, what)
    count = rule.n_values(source.size, target.size)
    if count is None:
        raise DeclarationError(
            f"{what} is an array, but {rule} draws how many synapses there are; give a number or a distribution, "
            "or list the synapses with from_edges.",
            rule=rule.kind,
        )
    if np.shape(value) != (count,):
        raise ShapeError(
            f"{what} has shape {np.shape(value)}; {rule} needs one number or an array of shape ({count},).", size=count
        )
    return real_or_array(value, count, what)
