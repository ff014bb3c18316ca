"""The synapses of a projection, drawn from its rule on its backend, before the first run or beside a running network."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from hsnn_event.backends import reference_edges
from hsnn_event.lowering.ir import FloatArray, IntArray, ProjectionPlan
from hsnn_event.lowering.junctions import Pairs, drawable
from hsnn_event.lowering.junctions import junctions as merged
from hsnn_event.lowering.program import couple_plan, number_types, projection_plan
from hsnn_event.network.coupling import Coupling
from hsnn_event.network.network import Network
from hsnn_event.network.projection import Projection
from hsnn_event.simulation.engines import threads

Arrays = tuple[IntArray, IntArray, FloatArray, IntArray | FloatArray]


def edges(network: Network, projection: Projection) -> Arrays:
    """(source ids, target ids, weights, delays), sorted by source, then delay, then order of draw.

    Delays are steps, or ms where the target has no clock.
    """
    plan, sizes = _plan(network, projection)
    return backend_edges(network.backend, plan, sizes, number_types(network)[1], threads(network))


def backend_edges(backend: str, plan: ProjectionPlan, sizes: tuple[int, int], weight_type: str, n_threads: int) -> Arrays:
    """The same of a projection of a Program, between populations of given sizes."""
    if backend != "reference":
        drawn: Arrays = _readback().edges(_drawn(plan, sizes, n_threads), plan, sizes[1], weight_type)
        return drawn
    sources, targets, weights, delays = reference_edges.expand(plan, sizes)
    order = np.lexsort((delays, sources))  # stable: equal keys keep the order of draw
    weights = weights[order].astype(weight_type).astype(np.float64)
    return sources[order], targets[order], weights, delays[order]


def junctions(network: Network, coupling: Coupling) -> Pairs:
    """The pairs of a coupling and their conductances: junctions sorted by (source, target), others by source, then draw."""
    plan = couple_plan(network, coupling)
    sizes = coupling.source.population.size, coupling.target.population.size
    drawn = backend_edges(network.backend, drawable(plan), sizes, number_types(network)[1], threads(network))
    return merged(plan, Pairs(*drawn[:3]), sizes[1])


def n_synapses(network: Network, projection: Projection) -> int:
    """How many there are."""
    plan, sizes = _plan(network, projection)
    if network.backend != "reference":
        return int(_readback().counts(_drawn(plan, sizes, threads(network))).sum())
    return len(reference_edges.expand(plan, sizes)[0])


def delay_changes(network: Network, projection: Projection) -> tuple[int, float]:
    """How many delays drawn from a distribution were moved onto the grid, and the largest change in ms."""
    plan, sizes = _plan(network, projection)
    if plan.exact:
        return 0, 0.0
    if network.backend != "reference":
        changes: tuple[int, float] = _readback().delay_changes(_drawn(plan, sizes, threads(network)))
        return changes
    return reference_edges.delay_changes(plan, sizes)


def _plan(network: Network, projection: Projection) -> tuple[ProjectionPlan, tuple[int, int]]:
    sizes = projection.source.population.size, projection.target.population.size
    return projection_plan(network, projection), sizes


def _readback() -> Any:
    return import_module("hsnn_event.backends.numba.readback")


def _drawn(plan: ProjectionPlan, sizes: tuple[int, int], n_threads: int) -> Any:
    n_sources = sizes[0] if plan.source_ids is None else len(plan.source_ids)
    table = import_module("hsnn_event.backends.numba.records").single_table(plan, sizes, n_threads)
    return table.drawn(0, n_sources, n_threads)
