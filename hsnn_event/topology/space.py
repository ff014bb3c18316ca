"""Where neurons lie: shapes to stand in the place of a population's size. This is `hsnn.space`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hsnn_event.errors import ShapeError, ValueRangeError, shown
from hsnn_event.quantities import as_array, is_array, whole
from hsnn_event.topology.kernels import Kernel as Kernel
from hsnn_event.topology.kernels import exponential as exponential
from hsnn_event.topology.kernels import gaussian as gaussian
from hsnn_event.topology.kernels import mexican_hat as mexican_hat
from hsnn_event.topology.lattice import checked_flags, checked_lengths, jittered
from hsnn_event.topology.lattice import lattice as lattice
from hsnn_event.topology.positions import Scattered as Scattered
from hsnn_event.topology.positions import Shape, checked_count, checked_dimensions, checked_shape, require_room
from hsnn_event.topology.positions import Space as Space
from hsnn_event.units import in_unit


def hexagonal(
    shape: Sequence[int],
    spacing: float = 1.0,
    *,
    periodic: bool | Sequence[bool] = False,
    jitter: float = 0.0,
    seed: int | None = None,
) -> Shape:
    """A sheet of rows in which each neuron has six neighbours at `spacing` mm: odd rows are shifted by half of it.

    Neuron (i, j) of shape (rows, columns) has the id i * columns + j and lies at (i * sqrt(3)/2, j + (i % 2)/2) * spacing.
    To close the first dimension an even number of rows is needed. The rest is as in `lattice`.

    Raises ArgumentTypeError, ShapeError, ValueRangeError.

    >>> hexagonal((2, 2)).positions.round(3).tolist()
    [[0.0, 0.0], [0.0, 1.0], [0.866, 0.5], [0.866, 1.5]]
    """
    counts = checked_shape(shape, "hexagonal: shape")
    if len(counts) != 2:
        raise ShapeError(f"hexagonal: shape is {shown(shape)}; give (rows, columns).", shape=counts)
    (step,) = checked_lengths(spacing, 1, "hexagonal: spacing")
    closed = checked_flags(periodic, 2, "hexagonal: periodic")
    if closed[0] and counts[0] % 2:
        text = f"hexagonal: shape has {counts[0]} rows; every other one is shifted, so that an even number closes. Give one."
        raise ValueRangeError(text, shape=counts)
    require_room(math.prod(counts), 2, "hexagonal")
    row, column = np.divmod(np.arange(math.prod(counts)), counts[1])
    height = step * math.sqrt(3.0) / 2.0
    points = np.stack([row * height, column * step + (row % 2) * (step / 2.0)], axis=1)
    lengths = (counts[0] * height if closed[0] else math.inf, counts[1] * step if closed[1] else math.inf)
    return jittered(Space(points, lengths, counts), jitter, seed, "hexagonal")


def random(
    n: int, extent: float | Sequence[float], *, periodic: bool | Sequence[bool] = False, seed: int | None = None
) -> Shape:
    """`n` neurons at random places, uniform in [0, extent) mm along each dimension, by the network's seed, or by `seed`.

    `extent` has a number a dimension; one number is a line. `periodic` closes all dimensions, or those that it says.

    Raises ArgumentTypeError, ShapeError, ValueRangeError.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> net.population("sheet", random(1000, (1.0, 2.0)), hsnn.models.lif_delta()).positions.shape
    (1000, 2)
    """
    count = checked_count(n, "random: n")
    given = in_unit(extent, "random: extent", "mm")
    number = as_array(given, "random: extent", "give a length a dimension").size if is_array(given) else 1
    dimensions = checked_dimensions(number, "random: extent")
    lengths = checked_lengths(given, dimensions, "random: extent")
    closed = checked_flags(periodic, dimensions, "random: periodic")
    require_room(count, dimensions, "random")
    period = tuple(length if shut else math.inf for length, shut in zip(lengths, closed, strict=True))
    made = Scattered(Space(np.zeros((count, dimensions)), period), (0.0,) * dimensions, lengths)
    return made if seed is None else made.settled(whole(seed, "random: seed"), "random")


def at(positions: Any, period: float | Sequence[float] | None = None) -> Space:
    """Neurons at given `positions` (mm), of shape (neurons,) or (neurons, dimensions), one to three dimensions.

    `period` (mm) is the length of a space that closes upon itself, one number or one a dimension, inf where it is open.

    Raises ArgumentTypeError, ShapeError, ValueRangeError.

    >>> at([0.0, 0.5, 0.7], period=1.0).size
    3
    """
    return Space(positions, () if period is None else period)  # type: ignore[arg-type]
