"""Activity of a lattice as images and as a moving picture. Needs the extra `plot`."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.analysis.plots import pyplot
from hsnn_event.analysis.windows import FloatArray
from hsnn_event.errors import ArgumentTypeError, FileAccessError, ShapeError, ValueRangeError, shown

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

MOST_IMAGES = 24


def images(frames: Any, times: FloatArray, label: str, n: int = 6, fig: Figure | None = None) -> Figure:
    """`n` images at times as even as there are, drawn into `fig`, which is returned; `frames` are (times, rows, columns)."""
    from matplotlib.figure import Figure as FigureOfMatplotlib

    sheet = _sheets(frames, "images")
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_IMAGES:
        raise ValueRangeError(f"images: n is {shown(n)}; give a whole number from 1 to {MOST_IMAGES}.", value=n)
    if fig is not None and not isinstance(fig, FigureOfMatplotlib):
        raise ArgumentTypeError(f"images: fig is a figure of matplotlib, or None, not {shown(fig)}.", value=fig)
    chosen = np.unique(np.linspace(0, len(sheet) - 1, min(n, len(sheet))).round().astype(int))
    rows = -(-len(chosen) // 6)
    columns = -(-len(chosen) // rows)
    fig = pyplot().figure(figsize=(1.9 * columns + 1.0, 2.1 * rows), layout="constrained") if fig is None else fig
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    low, high = float(np.nanmin(sheet)), float(np.nanmax(sheet))
    for ax, place in zip(axes, chosen, strict=False):
        drawn = ax.imshow(sheet[place], vmin=low, vmax=high, **_STYLE)
        ax.set(title=f"{times[place]:g} ms", xticks=[], yticks=[])
    for ax in axes[len(chosen) :]:
        ax.set_axis_off()
    fig.colorbar(drawn, ax=axes.tolist(), label=label, shrink=0.8)
    return fig


def animation(
    frames: Any, times: FloatArray, label: str, path: str | PathLike[str] | None = None, *, fps: int = 15
) -> FuncAnimation:
    """The frames one after the other, `fps` of them a second; written to `path` where one is given, as .gif, or as .mp4
    where ffmpeg is. Raises FileAccessError, ShapeError, ValueRangeError, ArgumentTypeError."""
    plt = pyplot()
    from matplotlib.animation import FuncAnimation

    sheet = _sheets(frames, "animate")
    if isinstance(fps, bool) or not isinstance(fps, int) or not 1 <= fps <= 240:
        raise ValueRangeError(f"animate: fps is {shown(fps)}; give a whole number of frames a second, 1 to 240.", value=fps)
    if path is not None and not isinstance(path, str | PathLike):
        raise ArgumentTypeError(f"animate: path is the name of a .gif or .mp4 file, not {shown(path)}.", value=path)
    fig = plt.figure(figsize=(4.6, 4.0), layout="constrained")
    ax = fig.subplots()
    drawn = ax.imshow(sheet[0], vmin=float(np.nanmin(sheet)), vmax=float(np.nanmax(sheet)), **_STYLE)
    fig.colorbar(drawn, ax=ax, label=label, shrink=0.8)
    ax.set(xlabel="column", ylabel="row", title=f"{times[0]:g} ms")

    def show(place: int) -> list[Any]:
        drawn.set_data(sheet[place])
        ax.set_title(f"{times[place]:g} ms")
        return [drawn]

    moving = FuncAnimation(fig, show, frames=len(sheet), interval=1000.0 / fps)
    if path is not None:
        _write(moving, fspath(path), fps)
    return moving


_STYLE: dict[str, Any] = {"cmap": "viridis", "interpolation": "nearest", "origin": "lower", "rasterized": True}


def _sheets(frames: Any, what: str) -> FloatArray:
    """(times, rows, columns) with something in it; a line of neurons is one row."""
    values = np.asarray(frames, np.float64)
    values = values[:, None, :] if values.ndim == 2 else values
    if values.ndim != 3:
        text = f"{what}: a lattice of {values.ndim - 1} dimensions is no sheet. Give a slice of grid() to matplotlib."
        raise ShapeError(text, shape=values.shape)
    if not values.size or not np.isfinite(values).any():
        raise ValueRangeError(f"{what}: there is nothing to show: no time, or no finite number. Record some time.")
    return values


def _write(moving: FuncAnimation, path: str, fps: int) -> None:
    from matplotlib.animation import writers

    suffix = path.lower().rpartition(".")[2]
    writer = {"gif": "pillow", "mp4": "ffmpeg"}.get(suffix)
    if writer is None or not writers.is_available(writer):
        why = "needs ffmpeg, which is not installed" if writer else "has neither .gif nor .mp4 at its end"
        raise FileAccessError(f"animate: {path} {why}. Give the name of a .gif file.", path=path)
    try:
        moving.save(path, writer=writer, fps=fps)
    except OSError as error:
        raise FileAccessError(f"animate: {path} cannot be written: {error.strerror or error}.", path=path) from error
