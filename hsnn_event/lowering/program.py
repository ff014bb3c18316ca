"""From declarations to a `Program`: numbers resolved, streams keyed, time counted in steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from hsnn_event.distributions import quantile, rescaled
from hsnn_event.grid import NEVER, Grid
from hsnn_event.lowering.ir import (
    FloatArray,
    IntArray,
    Kernel,
    Number,
    PoissonPlan,
    PopulationPlan,
    Program,
    ProjectionPlan,
    RulePlan,
    ValuePlan,
)
from hsnn_event.lowering.kernels import LoweredModel, lower_model
from hsnn_event.network import Network
from hsnn_event.population import Assignment, Population, Value
from hsnn_event.projection import Drive, PerEdge, Projection, Weight
from hsnn_event.random import Distribution
from hsnn_event.rng import stream_key, uniforms


@dataclass(frozen=True)
class Change:
    """`input` of a population takes `values` when `step` steps are done."""

    step: int
    population: int
    input: str
    values: Number


@dataclass(frozen=True)
class LoweredNetwork:
    """A Program, and what the host needs to change values later: per population its lowered model and parameters."""

    program: Program
    models: tuple[LoweredModel, ...]
    parameters: tuple[dict[str, Number], ...]
    changes: tuple[Change, ...]


def lower(network: Network) -> Program:
    """The Program of a network.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(dt=0.1)
    >>> _ = net.population("exc", 10, hsnn.models.lif_exp())
    >>> lower(net).populations[0].size
    10
    """
    return lower_network(network).program


def lower_network(network: Network) -> LoweredNetwork:
    """The Program together with what produced its numbers."""
    populations = list(network.populations.values())
    models = [lower_population(network, population) for population in populations]
    kernels: list[Kernel] = []
    for model in models:
        if model.kernel not in kernels:
            kernels.append(model.kernel)
    parameters = [resolved_parameters(population, network.seed) for population in populations]
    plans, changes = [], []
    for number, (population, model, values) in enumerate(zip(populations, models, parameters, strict=True)):
        inputs, later = _inputs(network, number, population, model.kernel)
        changes += later
        plans.append(
            PopulationPlan(
                name=population.name,
                size=population.size,
                kernel=kernels.index(model.kernel),
                states=initial_states(population, model, values, network.seed),
                constants=dict(model.constants(values, population.size)),
                inputs=inputs,
            )
        )
    numbers = {population.name: number for number, population in enumerate(populations)}
    projections = [projection_plan(network, each) for each in network.projections.values()]
    drives = [each for each in network.drives.values() if each.stimulus.kind == "poisson"]
    poisson = [_poisson(network, numbers[each.target.name], each) for each in drives]
    state_type, weight_type = number_types(network)
    program = Program(
        dt=network.dt,
        populations=tuple(plans),
        kernels=tuple(kernels),
        projections=tuple(projections),
        poisson=tuple(poisson),
        state_type=state_type,
        weight_type=weight_type,
    )
    return LoweredNetwork(program, tuple(models), tuple(parameters), tuple(changes))


def lower_population(network: Network, population: Population) -> LoweredModel:
    """The lowered model of a population, with the inputs that some drive reaches."""
    driven = {drive.port for drive in _currents(network, population)}
    used = tuple(name for name in population.model.inputs if name in driven)
    return lower_model(population.model, population.method, network.dt, number_types(network)[0], used)


def resolved_parameters(population: Population, seed: int) -> dict[str, Number]:
    """Every parameter as a number or an array (size,): the model's, then what `set` assigned, in order."""
    values: dict[str, Number] = {}
    for name, value in population.model.parameters.items():
        values[name] = assigned(0.0, Assignment(population, name, None, cast(Value, value)), seed)
    for assignment in population.assignments:
        if assignment.variable in values:
            values[assignment.variable] = assigned(values[assignment.variable], assignment, seed)
    return values


def initial_states(
    population: Population, model: LoweredModel, parameters: dict[str, Number], seed: int
) -> dict[str, FloatArray]:
    """Every state (size,): what `set` assigned, the model's values and expressions elsewhere."""
    size, given, partial = population.size, {}, []
    for name in population.model.states:
        mine = [each for each in population.assignments if each.variable == name]
        if any(each.ids is None for each in mine):
            given[name] = _overlaid(np.zeros(size), mine, seed)
        elif mine:
            partial.append((name, mine))
    # What is given for some neurons only needs the model's value for the others, which may depend on other states:
    # one round for each such state settles any order of dependence.
    settled = dict(given)
    for _ in partial:
        for name, mine in partial:
            others = {other: values for other, values in settled.items() if other != name}
            settled[name] = _overlaid(model.initial(parameters, others, size)[name], mine, seed)
    return {name: np.array(values) for name, values in model.initial(parameters, settled, size).items()}


def assigned(current: Number, assignment: Assignment, seed: int) -> Number:
    """`current` after an assignment: a number stays one as long as all neurons share it."""
    population, variable, ids, value = assignment
    if isinstance(value, Distribution):
        value = _draw(value, stream_key(seed, "population", population.name, variable), population.size)
        value = value if ids is None else value[ids]
    if ids is None:
        return np.array(value, dtype=np.float64) if np.ndim(value) else float(value)
    values = np.array(np.broadcast_to(current, population.size), dtype=np.float64)
    values[ids] = value
    return values


def projection_plan(network: Network, projection: Projection) -> ProjectionPlan:
    """The plan of one projection."""
    rule = projection.rule
    numbers = {name: number for number, name in enumerate(network.populations)}
    return ProjectionPlan(
        name=projection.name,
        source=numbers[projection.source.name],
        target=numbers[projection.target.name],
        receptor=list(projection.target.population.model.receptors).index(projection.receptor),
        rule=RulePlan(rule.kind, rule.count, rule.p, rule.autapses, rule.multapses, rule.sources, rule.targets, rule.indptr),
        weight=value_plan(projection.weight),
        delay=value_plan(projection.delay, network.dt),
        key=stream_key(network.seed, "projection", projection.name),
        source_ids=projection.source.selection,
        target_ids=projection.target.selection,
    )


def number_types(network: Network) -> tuple[str, str]:
    """The types of states and of weights."""
    state_type = "float64" if network.precision == "double" else "float32"
    return state_type, state_type if network.weights == "auto" else network.weights


def drive_keys(network: Network, trial: int) -> tuple[int, ...]:
    """The stream of each Poisson drive in a trial."""
    return tuple(
        stream_key(network.seed, "drive", drive.name, "noise", trial)
        for drive in network.drives.values()
        if drive.stimulus.kind == "poisson"
    )


def _overlaid(base: FloatArray, assignments: Sequence[Assignment], seed: int) -> FloatArray:
    values: Number = base
    for assignment in assignments:
        values = assigned(values, assignment, seed)
    return np.array(np.broadcast_to(values, base.shape))


def _draw(law: Distribution, key: int, size: int) -> FloatArray:
    low, high = law.interval
    u = rescaled(uniforms(key, size), low, high)
    return np.clip(quantile(law.kind, law.a, law.b, u), law.low, law.high)


def value_plan(value: Weight | IntArray, grid: float = 0.0) -> ValuePlan:
    """The plan of weights, or of delays on a `grid` of ms."""
    if isinstance(value, PerEdge):
        return ValuePlan("ordered", values=value.values)
    if isinstance(value, Distribution):
        u_low, u_high = value.interval
        return ValuePlan(value.kind, value.a, value.b, u_low, u_high, value.low, value.high, grid=grid)
    if np.ndim(value):
        values = np.asarray(value)
        return ValuePlan("array", values=values if values.dtype == np.float32 else values.astype(np.float64, copy=False))
    return ValuePlan("constant", a=float(value))


def _poisson(network: Network, population: int, drive: Drive) -> PoissonPlan:
    return PoissonPlan(
        population=population,
        receptor=list(drive.target.population.model.receptors).index(drive.port),
        expected=drive.stimulus.value * network.dt * 1e-3,
        weight=drive.weight,
        delay=drive.delay,
        start=network.grid.steps_before(drive.stimulus.start),
        stop=network.grid.steps_before(drive.stimulus.stop),
        key=stream_key(network.seed, "drive", drive.name, "noise", network.trial),
        ids=drive.target.selection,
    )


def _currents(network: Network, population: Population) -> list[Drive]:
    return [
        drive
        for drive in network.drives.values()
        if drive.stimulus.kind == "current" and drive.target.population is population
    ]


def _inputs(
    network: Network, number: int, population: Population, kernel: Kernel
) -> tuple[dict[str, Number], list[Change]]:
    """The inputs of a population at the start, and how currents that begin or end change them."""
    start: dict[str, Number] = {}
    changes: list[Change] = []
    for name in kernel.inputs:
        drives = [drive for drive in _currents(network, population) if drive.port == name]
        rest = float(population.model.inputs[name])
        start[name] = _input_at(0, rest, drives, network.grid)
        ends = {network.grid.steps_before(time) for each in drives for time in (each.stimulus.start, each.stimulus.stop)}
        changes += [
            Change(step, number, name, _input_at(step, rest, drives, network.grid)) for step in sorted(ends - {0, NEVER})
        ]
    return start, changes


def _input_at(step: int, rest: float, drives: Sequence[Drive], grid: Grid) -> Number:
    """The sum of the currents in the step after `step`, in order of declaration; an array if it ever is one."""
    amounts = [drive.weight * drive.stimulus.value for drive in drives]
    each = any(drive.target.selection is not None or np.ndim(amount) for drive, amount in zip(drives, amounts, strict=True))
    total = np.full(drives[0].target.population.size if each else (), rest)
    for drive, amount in zip(drives, amounts, strict=True):
        if grid.steps_before(drive.stimulus.start) <= step < grid.steps_before(drive.stimulus.stop):
            where = slice(None) if drive.target.selection is None else drive.target.selection
            total[where if each else ()] += amount
    return total if each else float(total)
