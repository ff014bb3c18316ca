"""Regular lattices, and what shapes share: jitter, lengths and flags a dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hsnn_event.errors import ArgumentTypeError, ShapeError, shown
from hsnn_event.quantities import as_array, is_array, real, real_or_array, whole
from hsnn_event.topology.kernels import LONGEST, SHORTEST
from hsnn_event.topology.positions import Scattered, Shape, Space, checked_shape, require_room


def lattice(
    shape: int | Sequence[int],
    spacing: float | Sequence[float] = 1.0,
    *,
    periodic: bool | Sequence[bool] = False,
    jitter: float = 0.0,
    seed: int | None = None,
) -> Shape:
    """A regular lattice of one, two (square) or three (cubic) dimensions: `shape` neurons along each, `spacing` mm apart.

    Ids run in C order, the last dimension fastest: neuron (i, j) of a sheet of shape (rows, columns) has the id
    i * columns + j and lies at (i * spacing, j * spacing). `periodic` closes all dimensions, or those that it says; `shape`
    and `spacing` too may be one number for all or one a dimension. `jitter` (mm) moves each neuron along each dimension by
    a uniform number of [-jitter, jitter), by the network's seed, or by `seed`.

    Raises ArgumentTypeError, ShapeError, ValueRangeError, InsufficientMemoryError.

    >>> lattice((2, 3), spacing=0.1).positions.tolist()
    [[0.0, 0.0], [0.0, 0.1], [0.0, 0.2], [0.1, 0.0], [0.1, 0.1], [0.1, 0.2]]
    """
    counts = checked_shape(shape, "lattice: shape")
    steps = checked_lengths(spacing, len(counts), "lattice: spacing")
    closed = checked_flags(periodic, len(counts), "lattice: periodic")
    require_room(math.prod(counts), len(counts), "lattice")
    axes = [np.arange(count) * step for count, step in zip(counts, steps, strict=True)]
    points = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")], axis=1)
    lengths = [n * step if shut else math.inf for n, step, shut in zip(counts, steps, closed, strict=True)]
    return jittered(Space(points, tuple(lengths), counts), jitter, seed, "lattice")


def jittered(base: Space, jitter: Any, seed: Any, what: str) -> Shape:
    reach = real(jitter, f"{what}: jitter", low=0.0, unit="mm")
    number = None if seed is None else whole(seed, f"{what}: seed")
    if reach == 0.0:
        return base
    made = Scattered(base, (-reach,) * base.n_dimensions, (reach,) * base.n_dimensions)
    return made if number is None else made.settled(number, what)


def checked_lengths(value: Any, dimensions: int, what: str) -> tuple[float, ...]:
    """A positive length a dimension."""
    lengths = np.broadcast_to(real_or_array(value, dimensions, what, SHORTEST, LONGEST, unit="mm"), dimensions)
    return tuple(lengths.tolist())


def checked_flags(value: Any, dimensions: int, what: str) -> tuple[bool, ...]:
    given = as_array(value, what, "give True or False") if is_array(value) else np.array([value] * dimensions)
    if given.dtype != np.bool_:
        raise ArgumentTypeError(f"{what} is True or False, or one of them a dimension, not {shown(value)}.", value=value)
    if given.shape != (dimensions,):
        text = f"{what} has shape {given.shape}; give one for all, or {dimensions}."
        raise ShapeError(text, shape=given.shape, n_dimensions=dimensions)
    return tuple(given.tolist())
