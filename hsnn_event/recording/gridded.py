"""Data of a whole lattice in the shape of the lattice."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ShapeError, shown

Shape = tuple[int, ...]
Data = TypeVar("Data")


def with_grid(data: Data, shape: Shape | None) -> Data:
    """The same data, which know the shape of the lattice from now on if they are of all its neurons."""
    ids = getattr(data, "neurons", getattr(data, "ids", None))  # of spikes, of samples
    if shape is not None and np.array_equal(np.asarray(ids), np.arange(math.prod(shape))):
        object.__setattr__(data, "grid_shape", shape)
    return data


def reshaped(values: npt.NDArray[Any], shape: Shape | None, n_neurons: int, what: str) -> npt.NDArray[Any]:
    """(times, neurons) as (times, *shape). Raises ShapeError."""
    if shape is None:
        raise ShapeError(
            f"{what}.grid: these are {n_neurons} neurons in no lattice, or not all of one. Record a whole population that "
            "was made by hsnn.lattice or hsnn.space.hexagonal.", n_neurons=n_neurons,
        )  # fmt: skip
    return values.reshape(len(values), *shape)


def checked_grid(shape: object, n_neurons: int, what: str) -> Shape | None:
    """The shape of a lattice of so many neurons, as a tuple."""
    if shape is None:
        return None
    sizes = tuple(shape) if isinstance(shape, tuple | list) else ()
    if not sizes or not all(type(each) is int and each > 0 for each in sizes) or math.prod(sizes) != n_neurons:
        raise ShapeError(
            f"{what}: grid_shape is {shown(shape)}, which are not {n_neurons} neurons in a lattice. Give (rows, columns).",
            grid_shape=shape, n_neurons=n_neurons,
        )  # fmt: skip
    return sizes
