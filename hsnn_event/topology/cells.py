"""Sources and targets in cells of space: what the rules of distance share."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.quantities import real
from hsnn_event.topology.compiled import cells as compiled
from hsnn_event.topology.compiled import near as compiled_near
from hsnn_event.topology.compiled.cells import Cells
from hsnn_event.topology.drawing import in_parts
from hsnn_event.topology.kernels import LONGEST
from hsnn_event.topology.matrices import matrix_rule
from hsnn_event.topology.pattern import Labels
from hsnn_event.topology.positions import FloatArray, Space
from hsnn_event.topology.rules import IntArray, Rule, switches

Places = npt.NDArray[np.int32]


class Near(NamedTuple):
    """Sources and targets as compiled code wants them; `order` has the sources in the order of the cells they lie in."""

    points: FloatArray
    cells: Cells
    order: Places
    own: IntArray
    threads: int


def length(value: Any, what: str) -> float:
    return real(value, what, 0.0, LONGEST, unit="mm")


def matrix_of(indptr: IntArray, made: Places, sources: Space, targets: Space) -> tuple[Rule, Labels | None, Labels | None]:
    return matrix_rule(indptr, made, (sources.size, targets.size), None, switches(True, True)), None, None


def bounded(length: float, sources: Space, targets: Space) -> float:
    """No more than what reaches everything, so that cells can be counted."""
    spans = [
        (length_of if math.isfinite(length_of) else max(a[1], b[1]) - min(a[0], b[0]))
        for length_of, a, b in zip(sources.period, sources.extent, targets.extent, strict=True)
    ]
    return min(length, 1.01 * math.hypot(*spans))


def _padded(points: FloatArray) -> FloatArray:
    """Three coordinates a point, the last ones its own."""
    made = np.zeros((len(points), 3))
    made[:, 3 - points.shape[1] :] = points
    return made


def in_cells(sources: Space, targets: Space, edge: float, own: IntArray, threads: int) -> Near:
    """Targets in cells of about this edge, or longer where most of them would be empty."""
    raster = _raster(targets, edge)
    points = _padded(targets.positions)
    unsorted = Cells(points, np.empty(0, np.int32), np.empty(0, np.int64), *raster)
    n_cells = int(unsorted.shape.prod())
    home = compiled.homes(points, unsorted)
    first, ids = compiled.sorted_by_cell(home, n_cells)
    cells = unsorted._replace(points=points[ids], ids=ids, first=first)
    starts = points if sources is targets else _padded(sources.positions)
    _, order = compiled.sorted_by_cell(compiled.homes(starts, unsorted), n_cells)
    return Near(starts, cells, order, own, threads)


def _raster(space: Space, edge: float) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
    """(low, edge, shape, period) of cells that cover a space, as many as it has neurons at most."""
    dimensions, most = space.n_dimensions, space.size // 2 + 64
    low, span, period = np.zeros(3), np.zeros(3), np.full(3, np.inf)
    bounds = np.array(space.extent)
    low[3 - dimensions :], span[3 - dimensions :] = bounds[:, 0], bounds[:, 1] - bounds[:, 0]
    period[3 - dimensions :] = space.period
    least = max(edge, float(span.max()) / most) or 1.0
    counts = np.maximum(np.floor(span / least), 1.0)
    while counts.prod() > most:
        least *= 1.2
        counts = np.maximum(np.floor(span / least), 1.0)
    # Where space is open, the last neuron lies inside of the last cell, and a cell may be longer than all of space.
    edges = np.where(np.isfinite(period), span / counts, np.maximum(span / counts * (1.0 + 1e-9), least))
    return low, edges, counts.astype(np.int64), period


def counted(near: Near, reach: FloatArray) -> IntArray:
    """Where the row of each source begins, of targets within its reach."""
    counts = np.zeros(len(near.points) + 1, np.int64)
    in_parts(
        lambda start, stop: compiled_near.count_within(
            near.order, start, stop, near.points, reach, near.own, near.cells, counts[1:]
        ),
        len(near.points), near.threads,
    )  # fmt: skip
    return np.cumsum(counts)
