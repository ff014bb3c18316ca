"""Positions as attributes of the nodes of a graph, and back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from hsnn_event.errors import ArgumentTypeError, HsnnError, ShapeError, shown
from hsnn_event.network.population import Population
from hsnn_event.quantities import as_array, is_array, real_or_array
from hsnn_event.topology.kernels import LONGEST
from hsnn_event.topology.positions import MOST_DIMENSIONS, Space

SPACES = "spaces"  # the attribute of a graph that holds what no node says: period and shape of lattices, by population


def space_of(graph: Any, population: str, nodes: Sequence[Hashable], attribute: str, where: str) -> Space | None:
    """The positions (mm) of these nodes, where all of them have the attribute; else None. Errors name the node."""
    held = [graph.nodes[node] for node in nodes]
    if not all(attribute in each for each in held):
        return None
    first = held[0][attribute]
    dimensions = len(list(first)) if is_array(first) else 0
    points = np.array([_point(each[attribute], dimensions, f"{where}: {attribute} of node {shown(node)}")
                       for each, node in zip(held, nodes, strict=True)])  # fmt: skip
    known = graph.graph.get(SPACES)
    about = known.get(population) if isinstance(known, Mapping) else None
    if not isinstance(about, Mapping):
        return Space(points)
    try:
        return Space(points, tuple(about.get("period", ())), about.get("grid_shape"))
    except (HsnnError, TypeError) as error:
        text = f"{where}: graph attribute {SPACES!r}, population {population!r}: {error}"
        raise ShapeError(text, population=population) from error


def give_positions(graph: Any, population: Population, nodes: Sequence[Hashable], attribute: str) -> None:
    """Write the positions of a population to its nodes, where the graph that it came from did not say them itself."""
    space = population.space
    if space is None:
        return
    if attribute not in population.node_data:
        for node, point in zip(nodes, space.positions.tolist(), strict=True):
            graph.nodes[node][attribute] = tuple(point)
    about: dict[str, Any] = {}
    if np.isfinite(space.period).any():
        about["period"] = space.period
    if space.grid_shape is not None:
        about["grid_shape"] = space.grid_shape
    if about:
        graph.graph.setdefault(SPACES, {})[population.name] = about


def _point(value: Any, dimensions: int, what: str) -> Any:
    cure = "give 1 to 3 numbers in mm, as many for every node of a population, or leave positions out with positions=None"
    if not is_array(value):
        raise ArgumentTypeError(f"{what} is {shown(value)}; {cure}.", value=value)
    point = as_array(value, what, cure)
    if not 1 <= dimensions <= MOST_DIMENSIONS or point.shape != (dimensions,):
        raise ShapeError(f"{what} is {shown(value)}; {cure}.", value=value)
    return real_or_array(point, dimensions, what, -LONGEST, LONGEST)
