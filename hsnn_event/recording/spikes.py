"""`SpikeData`: the spikes of one population in one stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.analysis.windows import FloatArray, IntArray, edge_tolerance, window_slice
from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import as_array, flag, real, whole
from hsnn_event.recording import overview
from hsnn_event.recording.gridded import checked_grid, reshaped
from hsnn_event.recording.statistics import SpikeStatistics, stranger
from hsnn_event.units import in_unit

if TYPE_CHECKING:
    import pandas
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class SpikeData(SpikeStatistics):
    """Spikes with t_start < time <= t_stop, sorted by (time, id).

    `times` in ms (float64) and `ids` (int64), one entry a spike. `neurons` are the ids of the
    neurons that were watched, silent ones too: 0 ... n_neurons - 1 unless given. Everything that is
    "per neuron" follows their order. `grid_shape` is the shape of the lattice that they make up.
    Windows and bins are (a, b]; a time within a few units in the last place of an edge lies on it,
    so a spike at 0.3 ms belongs to (0.2, 0.3].

    Raises ShapeError and ValueRangeError for arrays that do not fit each other, times outside the
    stretch and ids that were not watched.

    >>> spikes = SpikeData([0.1, 0.3, 0.3, 0.4], [1, 0, 1, 1], n_neurons=3, t_start=0, t_stop=0.5)
    >>> spikes
    <SpikeData: 4 spikes of 3 neurons in (0, 0.5] ms, 2666.67 Hz>
    >>> spikes.window(0.2, 0.3).ids
    array([0, 1])
    """

    times: FloatArray
    ids: IntArray
    n_neurons: int
    t_start: float
    t_stop: float
    neurons: IntArray = None  # type: ignore[assignment]  # filled in below
    grid_shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        times, ids = _real_numbers("times", self.times), _whole_numbers("ids", self.ids)
        if times.ndim != 1 or times.shape != ids.shape:
            raise ShapeError(
                f"SpikeData: times have shape {times.shape} and ids {ids.shape}. Give two arrays with one "
                "entry a spike.",
                times=times.shape,
                ids=ids.shape,
            )
        if times.size and not _ascending(times, ids):
            order = np.lexsort((ids, times))
            times, ids = times[order], ids[order]
        set_field = object.__setattr__
        set_field(self, "times", times)
        set_field(self, "ids", ids)
        set_field(self, "n_neurons", whole(self.n_neurons, "SpikeData: n_neurons"))
        set_field(self, "t_start", real(self.t_start, "SpikeData: t_start", unit="ms"))
        set_field(self, "t_stop", real(self.t_stop, "SpikeData: t_stop", unit="ms"))
        watched = np.arange(self.n_neurons) if self.neurons is None else self.neurons
        set_field(self, "neurons", _whole_numbers("neurons", watched))
        set_field(self, "grid_shape", checked_grid(self.grid_shape, self.n_neurons, "SpikeData"))
        self._check()

    def _check(self) -> None:
        if not self.t_start <= self.t_stop:
            raise ValueRangeError(
                f"SpikeData: t_start {self.t_start:g} ms lies after t_stop {self.t_stop:g} ms. Exchange them.",
                t_start=self.t_start,
                t_stop=self.t_stop,
            )
        if self.neurons.shape != (self.n_neurons,):
            raise ShapeError(
                f"SpikeData: neurons has shape {self.neurons.shape}, but n_neurons is {self.n_neurons}. Give one id a "
                "neuron.",
                shape=self.neurons.shape,
                n_neurons=self.n_neurons,
            )
        times = self.times
        if not np.all(np.isfinite(times)):
            raise ValueRangeError("SpikeData: times hold NaN or infinity. Give finite times in ms.")
        # Without a clock a spike may come as soon after the start as numbers tell.
        stop = window_slice(times, self.t_start, self.t_stop).stop
        if times.size and not (times[0] > self.t_start and stop == times.size):
            raise ValueRangeError(
                f"SpikeData: times from {times[0]:g} to {times[-1]:g} ms do not all lie in "
                f"({self.t_start:g}, {self.t_stop:g}] ms. Widen t_start and t_stop.",
                first=float(times[0]),
                last=float(times[-1]),
            )
        self._positions()

    def window(self, start: float, stop: float) -> SpikeData:
        """The spikes with start < time <= stop; ValueRangeError outside (t_start, t_stop]."""
        start, stop = real(start, "window: start", unit="ms"), real(stop, "window: stop", unit="ms")
        tolerance = edge_tolerance(self.t_start, self.t_stop)
        if not (self.t_start - tolerance <= start <= stop <= self.t_stop + tolerance):
            raise ValueRangeError(
                f"window ({start:g}, {stop:g}] ms does not lie in ({self.t_start:g}, "
                f"{self.t_stop:g}] ms, where spikes were recorded. Choose a part of it.",
                start=start,
                stop=stop,
            )
        part = window_slice(self.times, start, stop)
        return SpikeData(
            self.times[part], self.ids[part], self.n_neurons, start, stop, self.neurons, self.grid_shape
        )

    def grid(self, bin: float, *, rates: bool = False) -> IntArray | FloatArray:
        """Counts in bins of `bin` ms, or rates in Hz, in the shape of the lattice: (n_bins, rows, columns) of a sheet.

        ShapeError where these are not all neurons of a population on a lattice.

        >>> SpikeData([1.0, 3.0], [0, 3], 4, 0.0, 4.0, grid_shape=(2, 2)).grid(2.0).tolist()
        [[[1, 0], [0, 0]], [[0, 0], [0, 1]]]
        """
        in_hz = flag(rates, "grid: rates")
        counts = reshaped(self.counts(bin, per_neuron=True), self.grid_shape, self.n_neurons, "spikes")
        return counts * (1000.0 / real(bin, "grid: bin", unit="ms")) if in_hz else counts

    def __getitem__(self, ids: Any) -> SpikeData:
        """The spikes of some neurons: an id, ids, a mask or slice of `neurons`, a view.

        >>> SpikeData([1.0, 2.0, 4.0], [0, 1, 2], 3, 0.0, 5.0)[[2, 0]].neurons
        array([2, 0])
        """
        neurons = self._select(getattr(ids, "ids", ids))
        kept = np.isin(self.ids, neurons)
        return SpikeData(
            self.times[kept], self.ids[kept], neurons.size, self.t_start, self.t_stop, neurons
        )

    def _select(self, ids: Any) -> IntArray:
        if isinstance(ids, slice):
            try:
                return self.neurons[ids]
            except (TypeError, ValueError) as error:
                raise ArgumentTypeError(
                    f"spikes[{shown(ids)}]: a slice is made of whole numbers, such as 0:10.",
                    value=ids,
                ) from error
        ids = as_array(ids, "ids", "give ids or a mask")
        if ids.dtype == np.bool_:
            if np.shape(ids) != self.neurons.shape:
                raise ShapeError(
                    f"spikes[mask]: the mask has shape {np.shape(ids)}, but there are {self.n_neurons} neurons. Give "
                    "one boolean each.",
                    shape=np.shape(ids),
                )
            masked: IntArray = self.neurons[np.asarray(ids)]
            return masked
        if ids.ndim > 1:
            raise ShapeError(f"spikes[ids]: ids have shape {ids.shape}; give one list of ids.", shape=ids.shape)
        chosen = np.atleast_1d(_whole_numbers("ids", ids))
        strangers = chosen[~np.isin(chosen, self.neurons)]
        if strangers.size:
            raise stranger(strangers[0], self.n_neurons)
        return chosen

    def raster(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a dot a spike into `ax` and return it; without `ax`, with a histogram below.

        Needs the extra `plot`; options are those of `analysis.plots.raster`.
        """
        from hsnn_event.analysis import plots

        if options.get("bin") is not None:
            options["bin"] = real(options["bin"], "raster: bin", unit="ms")
        return plots.raster(self, ax, **options)

    def images(self, bin: float, n: int = 6, fig: Figure | None = None) -> Figure:
        """Draw the rates (Hz) of a lattice in `n` of the bins of `bin` ms into `fig`, or a new figure, and return it. Needs
        the extra `plot`; raises what `grid` does, and ShapeError for a lattice of three dimensions."""
        from hsnn_event.analysis import sheets

        return sheets.images(self.grid(bin, rates=True), self.bin_edges(bin)[1:], "rate (Hz)", n, fig)

    def animate(self, bin: float, path: str | PathLike[str] | None = None, *, fps: int = 15) -> FuncAnimation:
        """The rates of a lattice as a moving picture, a frame a bin of `bin` ms, written to `path` (.gif) where one is
        given. Needs the extra `plot`; raises what `images` does, and FileAccessError."""
        from hsnn_event.analysis import sheets

        return sheets.animation(self.grid(bin, rates=True), self.bin_edges(bin)[1:], "rate (Hz)", path, fps=fps)

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write the columns `time` (ms) and `id` under a header; numbers read back to the bit.

        The file is there whole or not at all. FileAccessError where it cannot be written.
        """
        from hsnn_event.recording.tables import write_csv

        write_csv(self, path)

    @classmethod
    def from_csv(
        cls, path: str | PathLike[str], n_neurons: int, t_start: float, t_stop: float, neurons: Any = None
    ) -> SpikeData:
        """Read what `to_csv` wrote; the table does not hold the window and the silent neurons, so name them.

        Raises FileAccessError, FileFormatError (with the line), and what SpikeData raises.
        """
        from hsnn_event.recording.tables import read_csv

        times, ids = read_csv(path)
        return cls(np.array(times, np.float64), np.array(ids, np.int64), n_neurons, t_start, t_stop, neurons)

    def to_hdf5(self, path: str | PathLike[str]) -> None:
        """Write everything into an HDF5 file; `from_hdf5` gives an equal SpikeData.

        The file is there whole or not at all. FileAccessError where it cannot be written.
        """
        from hsnn_event.recording.files import save_spikes

        save_spikes(self, path)

    @classmethod
    def from_hdf5(cls, path: str | PathLike[str]) -> SpikeData:
        """Read what `to_hdf5` wrote, running nothing. Raises FileAccessError, FileFormatError."""
        from hsnn_event.recording.files import load_spikes

        return load_spikes(path)

    def to_pandas(self) -> pandas.DataFrame:
        """A table with the columns `time` (ms) and `id`; window and number of neurons stand in its `.attrs`.

        Needs the extra `io`.
        """
        from hsnn_event.recording.tables import to_pandas

        return to_pandas(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpikeData):
            return NotImplemented
        return (self.t_start, self.t_stop) == (other.t_start, other.t_stop) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("times", "ids", "neurons")
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"<SpikeData: {len(self)} spikes of {self.n_neurons} neurons in "
            f"({self.t_start:g}, {self.t_stop:g}] ms, {self.rate():g} Hz>"
        )

    def _repr_html_(self) -> str:
        return overview.of_spikes(self)


def _ascending(times: FloatArray, ids: IntArray) -> bool:
    later = times[1:] > times[:-1]
    return bool(np.all(later | ((times[1:] == times[:-1]) & (ids[1:] >= ids[:-1]))))


def _real_numbers(name: str, values: Any) -> FloatArray:
    values = in_unit(values, f"SpikeData: {name}", "ms")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"SpikeData: {name} is a ragged sequence; give one time a spike.", value=values) from error
    if array.dtype.kind not in "iuf":
        raise ArgumentTypeError(f"SpikeData: {name} must hold real numbers, not {array.dtype}.", value=values)
    return array.astype(np.float64, copy=False)


def _whole_numbers(name: str, values: Any) -> IntArray:
    values = in_unit(values, f"SpikeData: {name}", None)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"SpikeData: {name} is a ragged sequence; give whole numbers.", value=values) from error
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise ArgumentTypeError(
            f"{name} are {array.dtype}, not whole numbers. Convert them: {name}.astype(int).",
            dtype=str(array.dtype),
        )
    return array.astype(np.int64)
