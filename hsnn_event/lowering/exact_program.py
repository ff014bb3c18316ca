"""The populations without a clock -> an `ExactProgram`: times in ms as they were given, and the length of its windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hsnn_event.errors import DeclarationError
from hsnn_event.lowering.exact_ir import (
    ExactEvents,
    ExactKernel,
    ExactPoisson,
    ExactProgram,
    InputCourse,
    RateCourse,
)
from hsnn_event.lowering.hyper import hyper_plans
from hsnn_event.lowering.ir import Kernel, PopulationPlan, ProjectionPlan
from hsnn_event.lowering.sources import exact_sources
from hsnn_event.lowering.stimuli import Change, key, listed, pieces, place, receptor, sending
from hsnn_event.network.drive import Drive
from hsnn_event.network.network import Network

LONGEST, USUAL, SHORTEST = 4.0, 1.0, 2.0**-7  # ms: windows


class Half(NamedTuple):
    """The populations of one program, its kernels, and how inputs change in time."""

    plans: list[PopulationPlan]
    kernels: list[Kernel | ExactKernel]
    changes: list[Change]


def exact_program(
    network: Network, populations: Half, projections: Sequence[ProjectionPlan], weight_type: str
) -> ExactProgram:
    """The program of the populations without a clock; of `projections` those that lead to them."""
    mine = tuple(plan for plan in projections if plan.exact)
    shortest = min((plan.delay.least for plan in mine), default=math.inf)
    hyper = hyper_plans(network, True, window_of(shortest))
    if hyper and shortest < SHORTEST:
        raise DeclarationError(
            f"a synapse has a delay of {shortest:g} ms; without a clock, networks with hyperedges need {SHORTEST:g} ms at "
            "least. Give longer delays.",
            delay=shortest,
        )
    return ExactProgram(
        window=window_of(shortest),
        shortest=shortest,
        populations=tuple(populations.plans),
        kernels=tuple(kernel for kernel in populations.kernels if isinstance(kernel, ExactKernel)),
        projections=mine,
        poisson=tuple(_poisson(network, order, drive) for order, drive in sending(network, "poisson", exact=True)),
        events=tuple(_events(network, order, drive) for order, drive in sending(network, "spikes", exact=True)),
        courses=_courses(populations.changes),
        sources=exact_sources(network),
        weight_type=weight_type,
        hyper=hyper,
    )


def window_of(shortest: float) -> float:
    """The longest power of two that is no longer than the shortest delay; one of a usual length where that is no help.

    >>> window_of(1.5), window_of(math.inf), window_of(20.0), window_of(0.0)
    (1.0, 1.0, 4.0, 1.0)
    """
    if not SHORTEST <= shortest < math.inf:
        return USUAL
    return min(LONGEST, 2.0 ** (math.frexp(shortest)[1] - 1))


def _poisson(network: Network, order: int, drive: Drive) -> ExactPoisson:
    stimulus, population = drive.stimulus, drive.target.population
    rate = pieces(population.time_grid, stimulus.value, 1.0, stimulus.start, stimulus.stop)
    return ExactPoisson(
        order=order,
        population=place(network, drive),
        receptor=receptor(drive),
        rate=RateCourse(rate.steps.astype(np.float64), rate.values),
        weight=drive.weight,
        delay=drive.delay,
        key=key(network, drive, network.trial),
        ids=drive.target.selection,
    )


def _events(network: Network, order: int, drive: Drive) -> ExactEvents:
    assert drive.stimulus.times is not None
    times = drive.stimulus.times + drive.delay
    return ExactEvents(order, place(network, drive), receptor(drive), *listed(drive, times))


def _courses(changes: Sequence[Change]) -> tuple[InputCourse, ...]:
    """The changes of each input together."""
    found: dict[tuple[int, str], list[Change]] = {}
    for change in changes:
        found.setdefault((change.population, change.input), []).append(change)
    return tuple(
        InputCourse(population, name, np.array([each.step for each in mine]), tuple(each.values for each in mine))
        for (population, name), mine in found.items()
    )
