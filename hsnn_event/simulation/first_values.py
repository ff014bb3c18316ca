"""States and parameters as the first run would find them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hsnn_event.lowering.ir import FloatArray
from hsnn_event.lowering.program import assigned, initial_states, lower_population, resolved_parameters
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.network.views import Assignment


def initial_value(network: Network, population: Population, variable: str) -> FloatArray:
    """A state or parameter as the first run would find it."""
    parameters = resolved_parameters(population, network.seed)
    if variable in parameters:
        return np.array(np.broadcast_to(parameters[variable], population.size), dtype=np.float64)
    return initial_states(population, lower_population(network, population), parameters, network.seed)[variable]


def check_schedule(network: Network, assignments: Sequence[Assignment]) -> None:
    """Refuse scheduled parameters that the lowered models refuse, with the other parameters as the first run would have."""
    for population in {each.population: None for each in assignments}:
        parameters = resolved_parameters(population, network.seed)
        mine = [each for each in assignments if each.population is population and each.variable in parameters]
        for each in mine:
            parameters[each.variable] = assigned(parameters[each.variable], each, network.seed)
        if mine:
            lower_population(network, population).constants(parameters, population.size)
