"""The samples of a state."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.analysis.windows import FloatArray, IntArray
from hsnn_event.errors import ArgumentTypeError, ShapeError, shown
from hsnn_event.recording import overview
from hsnn_event.recording.gridded import checked_grid, reshaped

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class StateData:
    """Samples of one variable: `times` (ms), `ids` (population ids), `values` (time x neuron).

    `variable` is its name, or the expression that was recorded, and `unit` its unit; empty where nobody said.
    `grid_shape` is the shape of the lattice that the neurons make up.

    Raises ShapeError where `values` is not of shape (times.size, ids.size).

    >>> data = StateData(np.array([1.0, 2.0]), np.array([0]), np.array([[-65.0], [-64.0]]))
    >>> data
    <StateData: 2 times x 1 neuron>
    """

    times: FloatArray
    ids: IntArray
    values: FloatArray
    variable: str = ""
    unit: str = ""
    grid_shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("times", "ids", "values"):
            object.__setattr__(self, name, _numbers(getattr(self, name), name))
        for name in ("variable", "unit"):
            if not isinstance(getattr(self, name), str):
                text = f"StateData: {name} must be a text such as 'v', not {shown(getattr(self, name))}."
                raise ArgumentTypeError(text, value=getattr(self, name))
        expected = (np.size(self.times), np.size(self.ids))
        if np.shape(self.values) != expected:
            raise ShapeError(
                f"StateData: values have shape {np.shape(self.values)}, but the times and ids ask for "
                f"{expected}. Give one row a time and one column a neuron.",
                shape=np.shape(self.values),
                expected=expected,
            )
        object.__setattr__(self, "grid_shape", checked_grid(self.grid_shape, np.size(self.ids), "StateData"))

    def grid(self) -> FloatArray:
        """The samples in the shape of the lattice: (n_times, rows, columns) of a sheet.

        ShapeError where these are not all neurons of a population on a lattice.

        >>> StateData(np.array([1.0]), np.arange(4), np.array([[1.0, 2.0, 3.0, 4.0]]), grid_shape=(2, 2)).grid().tolist()
        [[[1.0, 2.0], [3.0, 4.0]]]
        """
        return reshaped(np.asarray(self.values), self.grid_shape, np.size(self.ids), "samples")

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a line a neuron into `ax`, or into a new figure, and return the axes.

        Needs the extra `plot`; options are those of `analysis.plots.traces`. The vertical axis is labelled with variable
        and unit, "v (mV)", unless `label` says otherwise.
        """
        from hsnn_event.analysis import plots

        return plots.traces(self, ax, **{"label": self._label(), **options})

    def images(self, n: int = 6, fig: Figure | None = None) -> Figure:
        """Draw the lattice at `n` times into `fig`, or a new figure, and return it. Needs the extra `plot`; raises what
        `grid` does, and ShapeError for a lattice of three dimensions."""
        from hsnn_event.analysis import sheets

        return sheets.images(self.grid(), np.asarray(self.times), self._label(), n, fig)

    def animate(self, path: str | PathLike[str] | None = None, *, fps: int = 15) -> FuncAnimation:
        """The lattice as a moving picture, a frame a sample, written to `path` (.gif) where one is given. Needs the extra
        `plot`; raises what `images` does, and FileAccessError."""
        from hsnn_event.analysis import sheets

        return sheets.animation(self.grid(), np.asarray(self.times), self._label(), path, fps=fps)

    def _label(self) -> str:
        return f"{self.variable} ({self.unit})" if self.unit else self.variable

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StateData):
            return NotImplemented
        return (
            np.array_equal(self.times, other.times)
            and np.array_equal(self.ids, other.ids)
            and np.array_equal(self.values, other.values, equal_nan=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str:
        return overview.of_states(self)

    def __repr__(self) -> str:
        n_times, n_neurons = self.values.shape
        return (
            f"<StateData: {n_times} time{'s' * (n_times != 1)} x "
            f"{n_neurons} neuron{'s' * (n_neurons != 1)}>"
        )


def _numbers(values: object, name: str) -> Any:
    """The values as an array of numbers; not copied where they are one."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"StateData: {name} is a ragged sequence, {shown(values)}; give an array.", value=values) from error
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"StateData: {name} must hold real numbers, not {shown(values)}.", value=values)
    return array
