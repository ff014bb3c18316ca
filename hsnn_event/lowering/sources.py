"""Populations of sources -> plans: probabilities a step or rates, spikes by step or time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from hsnn_event.errors import MethodError
from hsnn_event.grid import Continuum, Grid
from hsnn_event.lowering.exact_ir import ExactKernel, ExactListedSource, ExactPoissonSource, RateCourse
from hsnn_event.lowering.ir import FloatArray, Kernel, ListedSource, Number, PoissonSource, Section
from hsnn_event.lowering.stimuli import course, pieces
from hsnn_event.model.source import SourceModel, check_rates, spike_steps
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.rng import stream_key

PROBABILITY = "probability"  # the constant of a Poisson source whose rate is a parameter
RATE = "rate"                # the same in Hz, without a clock
NOTHING = Section((), ())
SILENT = Kernel("source", (), (), (), (), NOTHING, NOTHING, NOTHING)
SILENT_EXACT = ExactKernel(
    "source", (), (), (), (), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, closed=True
)


@dataclass(frozen=True)
class LoweredSource:
    """A kernel that does nothing, and how the parameter "rate" becomes its constant."""

    kernel: Kernel | ExactKernel
    dt: float  # NaN without a clock
    method: ClassVar[str] = "source"

    def constants(self, parameters: Mapping[str, Number], size: int) -> dict[str, Number]:
        """The probability to fire in a step, or the rate; ValueRangeError for one that is negative or above 1/dt."""
        if not self.kernel.constants:
            return {}
        rate = parameters["rate"]
        check_rates(rate, self.dt, "poisson source")
        if np.isnan(self.dt):
            return {RATE: rate}
        each = np.minimum(np.asarray(rate) * (self.dt * 1e-3), 1.0)
        return {PROBABILITY: float(each) if each.ndim == 0 else each}

    def initial(self, parameters: Mapping[str, Number], given: Mapping[str, Number], size: int) -> dict[str, FloatArray]:
        """Sources have no states."""
        return {}


def lower_source(model: SourceModel, method: str, dt: float) -> LoweredSource:
    """The lowered model of a source; MethodError for a method, which it has none of."""
    if method != "auto":
        raise MethodError(
            f"{model.name}: a source of spikes has no equations, so method={method!r} has no meaning. Leave it out.",
        )
    if "rate" not in model.parameters:
        return LoweredSource(SILENT_EXACT if np.isnan(dt) else SILENT, dt)
    kernel = replace(SILENT_EXACT, constants=(RATE,)) if np.isnan(dt) else replace(SILENT, constants=(PROBABILITY,))
    return LoweredSource(kernel, dt)


def source_plans(network: Network) -> tuple[PoissonSource | ListedSource, ...]:
    """The sources of the half with a clock; a population without one is a list that its half fills."""
    plans: list[PoissonSource | ListedSource] = []
    for number, population in enumerate(network.populations.values()):
        model, grid = population.model, population.time_grid
        if isinstance(grid, Continuum):
            plans.append(ListedSource(number, np.empty(0, np.int64), np.empty(0, np.int64)))
        elif isinstance(model, SourceModel) and model.times is not None and model.ids is not None:
            steps = spike_steps(model.times, grid, population.name).astype(np.int64)
            order = np.lexsort((model.ids, steps))
            plans.append(ListedSource(number, steps[order], model.ids[order]))
        elif isinstance(model, SourceModel):
            changing = None if model.course is None else course(grid, model.course, grid.dt * 1e-3)
            plans.append(PoissonSource(number, changing, _key(network, population, network.trial)))
    return tuple(plans)


def exact_sources(network: Network) -> tuple[ExactPoissonSource | ExactListedSource, ...]:
    """The sources of the half without a clock; a population with one is a list that its half fills."""
    plans: list[ExactPoissonSource | ExactListedSource] = []
    for number, population in enumerate(network.populations.values()):
        model, grid = population.model, population.time_grid
        if isinstance(grid, Grid):
            plans.append(ExactListedSource(number, np.empty(0), np.empty(0, np.int64)))
        elif isinstance(model, SourceModel) and model.times is not None and model.ids is not None:
            order = np.lexsort((model.ids, model.times))
            plans.append(ExactListedSource(number, model.times[order], model.ids[order]))
        elif isinstance(model, SourceModel):
            found = None if model.course is None else pieces(grid, model.course, 1.0)
            changing = None if found is None else RateCourse(found.steps.astype(np.float64), found.values)
            plans.append(ExactPoissonSource(number, changing, _key(network, population, network.trial)))
    return tuple(plans)


def source_keys(network: Network, trial: int, exact: bool = False) -> tuple[int, ...]:
    """The stream of each Poisson source in a trial."""
    return tuple(
        _key(network, population, trial)
        for population in network.populations.values()
        if isinstance(population.model, SourceModel) and population.model.times is None and population.exact is exact
    )


def _key(network: Network, population: Population, trial: int) -> int:
    return stream_key(network.seed, "population", population.name, "spikes", trial)
