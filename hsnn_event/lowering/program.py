"""From declarations to a `Program`, an `ExactProgram` or both: numbers resolved, streams keyed, time counted in steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple, cast

import numpy as np

from hsnn_event.distributions import quantile, rescaled
from hsnn_event.errors import DeclarationError, MethodError
from hsnn_event.lowering.coupling import (
    check_draws,
    check_stages,
    coupled,
    function_code,
    joined,
    method_of,
    reads_of,
    substeps,
)
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.exact_program import Half, exact_program
from hsnn_event.lowering.hyper import hyper_plans
from hsnn_event.lowering.ir import (
    Apart,
    CouplePlan,
    FloatArray,
    IntArray,
    Kernel,
    Number,
    PopulationPlan,
    Program,
    ProjectionPlan,
    RulePlan,
    ValuePlan,
)
from hsnn_event.lowering.lowered import LoweredModel, lower_model
from hsnn_event.lowering.noise import white_keys, white_plans
from hsnn_event.lowering.sources import SILENT, SILENT_EXACT, LoweredSource, lower_source, source_keys, source_plans
from hsnn_event.lowering.stimuli import (
    Change,
    continuous,
    events_plans,
    input_values,
    noise_plans,
    poisson_plans,
    stimulus_keys,
)
from hsnn_event.model.source import SourceModel
from hsnn_event.network.coupling import Coupling
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.network.projection import PerEdge, Projection, Weight
from hsnn_event.network.views import Assignment, Value
from hsnn_event.random import Distribution
from hsnn_event.rng import stream_key, uniforms
from hsnn_event.topology.distance import DistanceDelay
from hsnn_event.topology.rules import Rule


@dataclass(frozen=True)
class LoweredNetwork:
    """The programs, and what the host needs to change values later: per population its lowered model and parameters.

    `program` holds the populations with a clock, `exact` those without, each under their numbers in the network; the
    others stand there as sources without spikes of their own. `places` says of each projection where it is.
    """

    program: Program | None
    exact: ExactProgram | None
    models: tuple[LoweredModel | LoweredSource, ...]
    parameters: tuple[dict[str, Number], ...]
    changes: tuple[Change, ...]
    populations: tuple[PopulationPlan, ...]
    places: tuple[Place, ...]

    @property
    def weight_type(self) -> str:
        """Of all weights."""
        held = self.program or self.exact
        return "float64" if held is None else held.weight_type


class Place(NamedTuple):
    """A projection: in the exact program or the other one, under a number."""

    exact: bool
    number: int


def lower(network: Network) -> Program:
    """The Program of a network.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(dt=0.1)
    >>> _ = net.population("exc", 10, hsnn.models.lif_exp())
    >>> lower(net).populations[0].size
    10
    """
    program = lower_network(network).program
    if program is None:
        raise DeclarationError("a network without a clock has no Program. Take lower_network(net).exact.")
    return program


def lower_network(network: Network) -> LoweredNetwork:
    """The programs together with what produced their numbers."""
    populations = list(network.populations.values())
    parameters = [resolved_parameters(population, network.seed) for population in populations]
    models = in_substeps(network, lower_populations(network), parameters)
    kinds = {population.exact for population in populations} | {network.dt is None}  # with dt there is a clock
    halves = {exact: half(network, models, parameters, exact) for exact in kinds}
    projections = [projection_plan(network, each) for each in network.projections.values()]
    counts = {True: count(), False: count()}
    return LoweredNetwork(
        _clock_program(network, halves[False], projections, models) if False in halves else None,
        exact_program(network, halves[True], projections, number_types(network)[1]) if True in halves else None,
        tuple(models),
        tuple(parameters),
        tuple(halves[False].changes) if False in halves else (),
        tuple(halves[each.exact].plans[number] for number, each in enumerate(populations)),
        tuple(Place(plan.exact, next(counts[plan.exact])) for plan in projections),
    )


def half(
    network: Network, models: Sequence[LoweredModel | LoweredSource], parameters: Sequence[dict[str, Number]], exact: bool
) -> Half:
    """The populations as the program of those with or without a clock lists them."""
    made = Half([], [], [])
    for number, population in enumerate(network.populations.values()):
        model, values = models[number], parameters[number]
        mine = population.exact is exact
        kernel = model.kernel if mine else SILENT_EXACT if exact else SILENT
        if kernel not in made.kernels:
            made.kernels.append(kernel)
        inputs, later = input_values(network, number, population, kernel.inputs)
        made.changes.extend(later)
        states = initial_states(population, model, values, network.seed) if mine else {}
        constants = dict(model.constants(values, population.size)) if mine else {}
        place = made.kernels.index(kernel)
        made.plans.append(PopulationPlan(population.name, population.size, place, states, constants, inputs))
    return made


def in_substeps(
    network: Network, models: Sequence[LoweredModel | LoweredSource], parameters: Sequence[dict[str, Number]]
) -> list[LoweredModel | LoweredSource]:
    """The models, those of coupled populations with the number of substeps that all of them take."""
    meeting = {
        name: model
        for name, model in zip(network.populations, models, strict=True)
        if isinstance(model, LoweredModel) and model.joined
    }
    check_stages(meeting)
    plans = [couple_plan(network, coupling) for coupling in network.couplings.values()]
    number = substeps(network, plans, models, parameters)
    check_draws(network, meeting, number)
    return _in_substeps(models, number)


def _in_substeps(models: Sequence[LoweredModel | LoweredSource], number: int) -> list[LoweredModel | LoweredSource]:
    return [
        replace(each, substeps=number) if isinstance(each, LoweredModel) and each.joined else each for each in models
    ]


def with_conductance(network: Network, lowered: LoweredNetwork, number: int, conductance: ValuePlan) -> LoweredNetwork:
    """The same network with other conductances of a coupling, and as many substeps as they need.

    What substeps depend on but conductances is as the first run found it.
    """
    assert lowered.program is not None
    plans = list(lowered.program.couplings)
    plans[number] = replace(plans[number], edges=replace(plans[number].edges, weight=conductance))
    steps = substeps(network, plans, lowered.models, lowered.parameters)
    program = replace(lowered.program, couplings=tuple(plans), substeps=steps)
    return replace(lowered, program=program, models=tuple(_in_substeps(lowered.models, steps)))


def _clock_program(
    network: Network,
    populations: Half,
    projections: Sequence[ProjectionPlan],
    models: Sequence[LoweredModel | LoweredSource],
) -> Program:
    state_type, weight_type = number_types(network)
    return Program(
        dt=network.grid.dt,
        populations=tuple(populations.plans),
        kernels=tuple(kernel for kernel in populations.kernels if isinstance(kernel, Kernel)),
        projections=tuple(plan for plan in projections if not plan.exact),
        poisson=poisson_plans(network),
        state_type=state_type,
        weight_type=weight_type,
        events=events_plans(network),
        noise=(*noise_plans(network), *white_plans(network, models)),
        sources=source_plans(network),
        couplings=tuple(couple_plan(network, coupling) for coupling in network.couplings.values()),
        hyper=hyper_plans(network, exact=False),
        substeps=max((model.substeps for model in models if isinstance(model, LoweredModel)), default=1),
    )


def lower_populations(network: Network) -> list[LoweredModel | LoweredSource]:
    """The lowered models. Coupled populations that name no method all take "rk4" where it is the choice of one of them."""
    models = [lower_population(network, population) for population in network.populations.values()]
    free = {each for each in joined(network) if method_of(network, each) == "auto"}
    pairs = list(zip(network.populations.values(), models, strict=True))
    if not any(population in free and model.method == "rk4" for population, model in pairs):
        return models
    return [lower_population(network, each, "rk4") if each in free else model for each, model in pairs]


def lower_population(network: Network, population: Population, method: str | None = None) -> LoweredModel | LoweredSource:
    """The lowered model of a population, with the inputs that a drive or coupling reaches; `method` in place of its own.

    Raises MethodError, which names it.
    """
    if isinstance(population.model, SourceModel):
        return lower_source(population.model, population.method, population.time_grid.dt)
    meets = coupled(network, population)
    driven = {drive.port for drive in continuous(network, population)} | set(() if meets is None else meets.inputs)
    used = tuple(name for name in population.model.inputs if name in driven)
    method = method or method_of(network, population)
    try:
        return lower_model(
            population.model, method, population.time_grid.dt, number_types(network)[0], used, population.schedule, meets
        )
    except MethodError as error:
        if not population.exact:
            raise
        raise MethodError(f"population {population.name!r}: {error}", population=population.name, **error.facts) from error


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
    population: Population, model: LoweredModel | LoweredSource, parameters: dict[str, Number], seed: int
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
    numbers = {name: number for number, name in enumerate(network.populations)}
    return ProjectionPlan(
        name=projection.name,
        source=numbers[projection.source.name],
        target=numbers[projection.target.name],
        receptor=list(projection.target.population.model.receptors).index(projection.receptor),
        rule=rule_plan(projection.rule),
        weight=value_plan(projection.weight),
        delay=delay_plan(projection, 0.0 if projection.target.population.exact else network.grid.dt),
        key=stream_key(network.seed, "projection", projection.name),
        source_ids=projection.source.selection,
        target_ids=projection.target.selection,
        exact=projection.target.population.exact,
    )


def couple_plan(network: Network, coupling: Coupling) -> CouplePlan:
    """The plan of one coupling."""
    numbers, reads = list(network.populations), reads_of(coupling)
    edges = ProjectionPlan(
        name=coupling.name,
        source=numbers.index(coupling.source.name),
        target=numbers.index(coupling.target.name),
        receptor=0,
        rule=rule_plan(coupling.rule),
        weight=value_plan(coupling.conductance),
        delay=ValuePlan("constant", 1.0),
        key=stream_key(network.seed, "coupling", coupling.name),
        source_ids=coupling.source.selection,
        target_ids=coupling.target.selection,
    )
    code = function_code(coupling.function, reads, number_types(network)[0])
    averaged = coupling.normalize is not None
    return CouplePlan(edges, coupling.input, reads.pre, reads.post, code, coupling.symmetric, averaged)


def rule_plan(rule: Rule) -> RulePlan:
    """The plan of a rule."""
    return RulePlan(rule.kind, rule.count, rule.p, rule.autapses, rule.multapses, rule.sources, rule.targets, rule.indptr)


def number_types(network: Network) -> tuple[str, str]:
    """The types of states and of weights."""
    state_type = "float64" if network.precision == "double" else "float32"
    return state_type, state_type if network.weights == "auto" else network.weights


def trial_keys(
    network: Network, models: Sequence[LoweredModel | LoweredSource], trial: int, exact: bool = False
) -> tuple[int, ...]:
    """The streams of a trial, in the order of `Program.keys`, or of `ExactProgram.keys`."""
    drives = (key for kind in ("poisson", "noise") for key in stimulus_keys(network, kind, trial, exact))
    white = () if exact else white_keys(network, models, trial)
    return (*drives, *white, *source_keys(network, trial, exact))


def _overlaid(base: FloatArray, assignments: Sequence[Assignment], seed: int) -> FloatArray:
    values: Number = base
    for assignment in assignments:
        values = assigned(values, assignment, seed)
    return np.array(np.broadcast_to(values, base.shape))


def _draw(law: Distribution, key: int, size: int) -> FloatArray:
    low, high = law.interval
    u = rescaled(uniforms(key, size), low, high)
    return np.clip(quantile(law.kind, law.a, law.b, u), law.low, law.high)


def delay_plan(projection: Projection, grid: float) -> ValuePlan:
    """The plan of the delays of a projection, on a `grid` of ms or none."""
    delay = projection.delay
    if not isinstance(delay, DistanceDelay):
        return value_plan(delay, grid)
    space = projection.source.population.space
    assert space is not None  # `connect` has seen to it
    apart = Apart(projection.source.positions, projection.target.positions, np.array(space.period))
    return ValuePlan("distance", delay.offset, delay.velocity, low=delay.offset, grid=grid, apart=apart)


def value_plan(value: Weight | IntArray | FloatArray, grid: float = 0.0) -> ValuePlan:
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
