"""Positions of neurons, and what must be so of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event import memory
from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import as_array, is_array, real_or_array, whole
from hsnn_event.rng import stream_key, uniforms
from hsnn_event.topology.kernels import LONGEST, SHORTEST
from hsnn_event.units import in_unit

FloatArray = npt.NDArray[np.float64]
MOST_DIMENSIONS = 3
MOST_NEURONS = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Space:
    """Positions of neurons by id: `positions` (mm), float64 of shape (n, dimensions), read only.

    `period` (mm) is the length of each dimension that closes upon itself, inf where it is open; along a closed one positions
    lie in [0, period), and a distance is that to the nearest image. `grid_shape` is the shape of a lattice, whose ids run in
    C order, or None. A Space, or what makes one, stands in the place of a population's size.

    Raises ArgumentTypeError, ShapeError, ValueRangeError (NaN, infinity, outside of the period).

    >>> Space([[0.0, 0.1], [0.2, 0.0]], period=1.0)
    <Space: 2 positions in 2 dimensions, period (1.0, 1.0) mm>
    """

    positions: FloatArray
    period: tuple[float, ...] = ()
    grid_shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        points = _points(self.positions)
        period = _period(None if isinstance(self.period, tuple) and not self.period else self.period, points)
        points.setflags(write=False)
        object.__setattr__(self, "positions", points)
        object.__setattr__(self, "period", period)
        if self.grid_shape is not None:
            shape = checked_shape(self.grid_shape, "Space: grid_shape")
            if math.prod(shape) != len(points):
                text = f"Space: grid_shape {shape} has {math.prod(shape)} places for {len(points)} positions; give one each."
                raise ShapeError(text, grid_shape=shape, n_positions=len(points))
            object.__setattr__(self, "grid_shape", shape)

    @property
    def size(self) -> int:
        """The number of neurons."""
        return len(self.positions)

    @property
    def n_dimensions(self) -> int:
        """1, 2 or 3."""
        return int(self.positions.shape[1])

    @property
    def extent(self) -> tuple[tuple[float, float], ...]:
        """(low, high) of each dimension in mm: 0 and the period where it is closed, else the outermost positions."""
        if not self.size:
            return tuple((0.0, length if math.isfinite(length) else 0.0) for length in self.period)
        return tuple(
            (0.0, length) if math.isfinite(length) else (float(column.min()), float(column.max()))
            for column, length in zip(self.positions.T, self.period, strict=True)
        )

    def settled(self, seed: int, name: str) -> Space:
        """Itself: nothing is left to a seed."""
        return self

    def part(self, ids: npt.NDArray[np.int64]) -> Space:
        """The positions of some neurons, in this order."""
        return Space(self.positions[ids], self.period)

    def displacements(self, sources: Any, targets: Any) -> FloatArray:
        """The vectors (mm) from positions `sources` to positions `targets`, each to the nearest image.

        >>> Space([0.1, 0.9], period=1.0).displacements(0.1, 0.9).round(3).tolist()
        -0.2
        """
        return nearest_image(np.asarray(targets, np.float64) - np.asarray(sources, np.float64), self.period)

    def __repr__(self) -> str:
        dimensions = f"{self.n_dimensions} dimension{'s' * (self.n_dimensions > 1)}"
        grid = "" if self.grid_shape is None else f", grid {self.grid_shape}"
        closed = f", period {self.period} mm" if any(map(math.isfinite, self.period)) else ""
        return f"<Space: {self.size} positions in {dimensions}{grid}{closed}>"


@dataclass(frozen=True, eq=False)
class Scattered:
    """Positions that wait for a seed: those of `base`, each moved along each dimension by a uniform number of [low, high).

    The population that it makes settles them by the network's seed and its own name; `settled(seed, name)` does so by hand.
    """

    base: Space
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def size(self) -> int:
        """The number of neurons."""
        return self.base.size

    def settled(self, seed: int, name: str) -> Space:
        """The Space under a seed.

        >>> Scattered(Space([0.0, 1.0, 2.0]), (-0.1,), (0.1,)).settled(1, "line").size
        3
        """
        shape = self.base.positions.shape
        drawn = uniforms(stream_key(seed, "population", name, "positions"), math.prod(shape)).reshape(shape)
        points = self.base.positions + self.low + drawn * np.subtract(self.high, self.low)
        for axis, length in enumerate(self.base.period):
            if math.isfinite(length):
                column = np.mod(points[:, axis], length)
                points[:, axis] = np.where(column < length, column, 0.0)  # rounding may bring it to the period itself
        return replace(self.base, positions=points)


Shape = Space | Scattered


def nearest_image(vectors: FloatArray, period: Sequence[float]) -> FloatArray:
    """Differences of positions, each with the multiple of the period taken off that makes it shortest.

    >>> nearest_image(np.array([[0.8, 0.8]]), (1.0, np.inf)).round(3).tolist()
    [[-0.2, 0.8]]
    """
    found = np.array(vectors, np.float64)
    flat = found.reshape(-1, len(period))
    for axis, length in enumerate(period):
        if math.isfinite(length):
            flat[:, axis] -= length * np.rint(flat[:, axis] / length)
    return found


def _points(positions: Any) -> FloatArray:
    """Positions as an array of shape (n, dimensions), finite."""
    given = in_unit(positions, "positions", "mm")
    if not is_array(given):
        text = f"positions are an array of shape (neurons, dimensions), not {shown(positions)}."
        raise ArgumentTypeError(text, value=positions)
    points = as_array(given, "positions", "give as many numbers for every neuron")
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2:
        raise ShapeError(f"positions have shape {points.shape}; (neurons,) or (neurons, dimensions) is needed.",
                         shape=points.shape)  # fmt: skip
    checked_dimensions(points.shape[1], "positions")
    return np.asarray(real_or_array(points.ravel(), points.size, "positions", -LONGEST, LONGEST)).reshape(points.shape)


def checked_dimensions(number: int, what: str) -> int:
    if not 1 <= number <= MOST_DIMENSIONS:
        raise ShapeError(f"{what}: {number} dimensions; space has 1, 2 or 3.", n_dimensions=number)
    return number


def _period(given: Any, points: FloatArray) -> tuple[float, ...]:
    dimensions = points.shape[1]
    lengths = real_or_array(math.inf if given is None else given, dimensions, "period", SHORTEST, infinite=True,
                            unit="mm")  # fmt: skip
    period = np.broadcast_to(lengths, dimensions).astype(np.float64)
    closed = np.isfinite(period)
    outside = ((points < 0) | (points >= period)) & closed
    if outside.any():
        neuron, axis = (int(each[0]) for each in np.nonzero(outside))
        raise ValueRangeError(
            f"period: neuron {neuron} lies at {points[neuron, axis]:g} mm in a dimension of {period[axis]:g} mm that closes "
            "upon itself; positions there lie in [0, period).", neuron=neuron, period=tuple(period.tolist()),
        )  # fmt: skip
    return tuple(period.tolist())


def checked_count(value: Any, what: str) -> int:
    number = whole(value, what, low=1)
    if number > MOST_NEURONS:
        raise ValueRangeError(f"{what} is {shown(value)}; a population has {MOST_NEURONS} neurons at most.", value=value)
    return number


def checked_shape(value: Any, what: str) -> tuple[int, ...]:
    given = list(value) if is_array(value) else [value]
    checked_dimensions(len(given), what)
    counts = tuple(checked_count(each, what) for each in given)
    checked_count(math.prod(counts), f"{what}: their product")
    return counts


def require_room(n: int, n_dimensions: int, what: str) -> None:
    """Refuse positions that do not fit into the memory that is left; making them takes three arrays for a moment."""
    memory.require(24.0 * n * n_dimensions, f"{what}: the positions of {n} neurons")


def unplaced(name: str, what: str = "") -> DeclarationError:
    """The error where positions are needed and a population has none."""
    return DeclarationError(
        f"{what and what + ', but '}population {name!r} has no positions; give a lattice, such as "
        "hsnn.lattice((30, 30), spacing=0.1), or hsnn.space.at(positions) in the place of its size.", name=name,
    )  # fmt: skip
