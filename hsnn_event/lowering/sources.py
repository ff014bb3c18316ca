"""Populations of sources -> plans: probabilities a step, spikes by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hsnn_event.errors import MethodError
from hsnn_event.lowering.ir import FloatArray, Kernel, ListedSource, Number, PoissonSource, Section
from hsnn_event.lowering.stimuli import course
from hsnn_event.model.source import SourceModel, check_rates, spike_steps
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.rng import stream_key

PROBABILITY = "probability"  # the constant of a Poisson source whose rate is a parameter


@dataclass(frozen=True)
class LoweredSource:
    """A kernel that does nothing, and how the parameter "rate" becomes a probability a step."""

    kernel: Kernel
    dt: float
    method: ClassVar[str] = "source"

    def constants(self, parameters: Mapping[str, Number], size: int) -> dict[str, Number]:
        """The probability to fire in a step; ValueRangeError for a rate that is negative or above 1/dt."""
        if not self.kernel.constants:
            return {}
        rate = parameters["rate"]
        check_rates(rate, self.dt, "poisson source")
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
    constants = (PROBABILITY,) if "rate" in model.parameters else ()
    nothing = Section((), ())
    return LoweredSource(Kernel("source", (), constants, (), (), nothing, nothing, nothing), dt)


def source_plans(network: Network) -> tuple[PoissonSource | ListedSource, ...]:
    """The sources of a network."""
    plans: list[PoissonSource | ListedSource] = []
    for number, population in enumerate(network.populations.values()):
        model = population.model
        if not isinstance(model, SourceModel):
            continue
        if model.times is not None and model.ids is not None:
            steps = spike_steps(model.times, network.grid, population.name)
            order = np.lexsort((model.ids, steps))
            plans.append(ListedSource(number, steps[order], model.ids[order]))
        else:
            rate = model.course
            changing = None if rate is None else course(network.grid, rate, network.dt * 1e-3)
            plans.append(PoissonSource(number, changing, _key(network, population, network.trial)))
    return tuple(plans)


def source_keys(network: Network, trial: int) -> tuple[int, ...]:
    """The stream of each Poisson source in a trial."""
    return tuple(
        _key(network, population, trial)
        for population in network.populations.values()
        if isinstance(population.model, SourceModel) and population.model.times is None
    )


def _key(network: Network, population: Population, trial: int) -> int:
    return stream_key(network.seed, "population", population.name, "spikes", trial)
