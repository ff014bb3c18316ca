"""States that are no longer finite: found while a network runs, and told with what helps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hsnn_event.errors import DivergenceError
from hsnn_event.lowering.lowered import LoweredModel, steadier
from hsnn_event.lowering.program import LoweredNetwork
from hsnn_event.network.population import Population
from hsnn_event.simulation.runner import Runner


def require_finite(
    populations: Sequence[Population], lowered: LoweredNetwork, engine: Runner, times: tuple[float, float]
) -> None:
    """Raise DivergenceError for the first state, in order of declaration, that is NaN or infinite; `times` (ms) are those
    of the last look and of this one."""
    for number, population in enumerate(populations):
        for state in population.model.states:
            values = engine.read(number, state)
            if not np.isfinite(values).all():
                neuron = int(np.flatnonzero(~np.isfinite(values))[0])
                raise _error(population, lowered.models[number], state, neuron, float(values[neuron]), times)


def _error(
    population: Population, model: object, state: str, neuron: int, value: float, times: tuple[float, float]
) -> DivergenceError:
    """What diverged between two times, and the way out."""
    assert isinstance(model, LoweredModel)
    since, time = times
    helpful: tuple[str, ...] = ()
    if not population.exact:
        helpful = steadier(population.model, model.method, model.kernel.inputs)
    return DivergenceError(
        f"population {population.name!r}: {state} of neuron {neuron} is {value} at {time:g} ms; at {since:g} ms all was "
        f"finite. {_cure(population, model.method, helpful)}",
        population=population.name,
        state=state,
        neuron=neuron,
        value=value,
        time=time,
        since=since,
        method=model.method,
        helpful=helpful,
    )


def _cure(population: Population, method: str, helpful: tuple[str, ...]) -> str:
    look = "ook for a weight or parameter that is too large, or for an equation that grows without bound"
    if population.exact or method == "exact":
        return f"Its equations are solved exactly, so no step helps: l{look}."
    other = f", or method={' or '.join(map(repr, helpful))} instead of {method!r}" if helpful else ""
    return f"Take a smaller dt than {population.time_grid.dt:g} ms{other}; else l{look}."
