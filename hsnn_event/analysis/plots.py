"""Pictures of spikes and traces. Each function draws into what it is given and returns it.

Excitatory is blue, inhibitory vermilion (Okabe and Ito), and never told by colour alone: labels,
hatching and order say it too. Needs the extra `plot`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hsnn_event.analysis.windows import FloatArray, IntArray, bin_edges
from hsnn_event.errors import ArgumentTypeError, MissingExtraError, NotRecordedError, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXCITATORY = "#0072B2"
INHIBITORY = "#D55E00"
# Okabe and Ito's colours that show on white, each with dashes of its own.
LINES: tuple[tuple[str, Any], ...] = (
    ("#0072B2", "-"), ("#D55E00", (0, (5, 1))), ("#009E73", (0, (1, 1))), ("#CC79A7", (0, (5, 1, 1, 1))),
    ("#56B4E9", (0, (3, 1))), ("#E69F00", (0, (2, 1, 1, 1))), ("#000000", (0, (1, 2))),
)  # fmt: skip
MAX_ROWS = 4000  # neurons in a layered raster: more rows than a screen has pixels show nothing


class Spikes(Protocol):
    """What these functions need of `SpikeData`."""

    @property
    def times(self) -> FloatArray: ...
    @property
    def ids(self) -> IntArray: ...
    @property
    def n_neurons(self) -> int: ...
    @property
    def t_start(self) -> float: ...
    @property
    def t_stop(self) -> float: ...
    def rate(self, bin: float | None = None) -> Any: ...


class Samples(Protocol):
    """What `traces` needs of `StateData`."""

    @property
    def times(self) -> FloatArray: ...
    @property
    def ids(self) -> IntArray: ...
    @property
    def values(self) -> FloatArray: ...


def pyplot() -> Any:
    """matplotlib.pyplot; MissingExtraError where matplotlib is not installed."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise MissingExtraError(
            "pictures need matplotlib. Install it with: pip install 'hsnn_event[plot]'",
            extra="plot",
        ) from error
    return plt


def _check(ax: object, color: object, what: str) -> None:
    """Refuse what cannot be drawn into, and what is no colour."""
    pyplot()
    from matplotlib.axes import Axes
    from matplotlib.colors import is_color_like

    if not isinstance(ax, Axes | None):
        raise ArgumentTypeError(f"{what}: ax must be axes of matplotlib, or None for new ones, not {shown(ax)}.", value=ax)
    if not isinstance(color, str | tuple | list) or not is_color_like(color):
        text = f"{what}: color must be a colour of matplotlib, such as '#0072B2', not {shown(color)}."
        raise ArgumentTypeError(text, value=color)


def checked_axes(ax: Axes | None, what: str, size: tuple[float, float], color: str = EXCITATORY) -> Axes:
    """The axes given, or those of a new figure of `size` (inches)."""
    _check(ax, color, what)
    if ax is not None:
        return ax
    made: Axes = pyplot().figure(figsize=size, layout="constrained").subplots()
    return made


def figure(width: float = 11.0, height: float = 6.5) -> Figure:
    """An empty figure (inches) of no window, for files; MissingExtraError without matplotlib."""
    pyplot()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def raster(
    spikes: Spikes, ax: Axes | None = None, *, color: str = EXCITATORY, bin: float | None = None
) -> Axes:
    """A dot a spike, time (ms) against neuron id, drawn into `ax`, which is returned.

    Without `ax` a figure is made, with the histogram of the rate (bins of `bin` ms, else a
    hundredth of the window) below the raster.
    """
    _check(ax, color, "raster")
    if ax is None:
        figure = pyplot().figure(figsize=(8, 5), layout="constrained")
        ax, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        rate_histogram(spikes, below, color=color, bin=bin)
    else:
        ax.set_xlabel("time (ms)")
    ax.plot(spikes.times, spikes.ids, rasterized=True, **_dots(len(spikes.times), color))
    ax.set(xlim=(spikes.t_start, spikes.t_stop), ylabel="neuron")
    return ax


def rate_histogram(
    spikes: Spikes, ax: Axes | None = None, *, color: str = EXCITATORY, bin: float | None = None
) -> Axes:
    """The rate over time (Hz a neuron) in bins of `bin` ms, drawn into `ax`, which is returned."""
    ax = checked_axes(ax, "rate_histogram", (8, 2), color)
    edges, rate = _rate(spikes, bin)
    ax.stairs(rate, edges, color=color, fill=True, alpha=0.7)
    ax.set(xlim=(spikes.t_start, spikes.t_stop), xlabel="time (ms)", ylabel="rate (Hz)")
    ax.set_ylim(bottom=0)
    return ax


def traces(
    samples: Samples, ax: Axes | None = None, *, label: str = "", names: Mapping[int, str] | None = None, offset: float = 0.0
) -> Axes:
    """One line a neuron, samples against time (ms), drawn into `ax`, which is returned.

    `label` is that of the vertical axis, such as "v (mV)"; `names` replaces the ids in the legend; `offset` moves each
    line that far above the one before. Up to seven neurons are told apart by colour and dashes, with a legend; more
    are drawn thin in one colour, their mean on top.
    """
    _check(ax, EXCITATORY, "traces")
    if not isinstance(names, Mapping | None):
        raise ArgumentTypeError(f"traces: names must be a mapping from ids to texts, not {shown(names)}.", value=names)
    if isinstance(offset, bool) or not isinstance(offset, int | float | np.number) or not abs(offset) < 1e300:
        raise ArgumentTypeError(f"traces: offset must be a finite number, not {shown(offset)}.", value=offset)
    if ax is None:
        ax = pyplot().figure(figsize=(8, 3), layout="constrained").subplots()
    ids = [int(neuron) for neuron in samples.ids]
    lifted = samples.values + float(offset) * np.arange(len(ids))
    if len(ids) <= len(LINES):
        for place, (neuron, (color, dashes)) in enumerate(zip(ids, LINES, strict=False)):
            name = (names or {}).get(neuron, f"neuron {neuron}")
            ax.plot(samples.times, lifted[:, place], color=color, linestyle=dashes, linewidth=1.2, label=name)
        if len(ids) > 1:
            ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize="small", reverse=offset > 0)
    else:
        ax.plot(samples.times, lifted, color="0.6", linewidth=0.4, alpha=0.6, rasterized=True)
        mean = samples.values.mean(axis=1)
        ax.plot(samples.times, mean, color=EXCITATORY, linewidth=1.8, label=f"mean of {len(ids)} neurons")
        ax.legend(loc="upper right", fontsize="small", framealpha=0.8)
    if len(samples.times) > 1:
        ax.set_xlim(samples.times[0], samples.times[-1])
    ax.set(xlabel="time (ms)", ylabel=label)
    return ax


def layered_raster(
    populations: Mapping[str, Spikes],
    fig: Figure | None = None,
    *,
    reference: Mapping[str, float] | None = None,
    reference_label: str = "reference",
    title: str | None = None,
) -> Figure:
    """The picture of a layered network, drawn into `fig`, which is returned.

    Left the raster, populations stacked in their order from the top (names that end in "I" or begin
    with "inh" are inhibitory), below it the rate over time; right a bar a population, its mean rate,
    with a mark at `reference` (Hz). Of large networks each population shows the same fraction of its
    neurons, `MAX_ROWS` in all; rates count every neuron. NotRecordedError where there is no population.
    """
    if not populations:
        raise NotRecordedError('layered_raster: no population is given; record "spikes" of those that it shall show.')
    if fig is None:
        fig = pyplot().figure(figsize=(11, 6.5), layout="constrained")
    above, below = fig.subplots(
        2, 2, sharex="col", width_ratios=(3, 1), height_ratios=(4, 1), squeeze=False
    )
    dots, bars, over_time, empty = above[0], above[1], below[0], below[1]
    shown = _stack(populations, dots)
    _bars(populations, bars, reference or {}, reference_label)
    _rates_over_time(populations, over_time)
    empty.set_axis_off()
    bars.tick_params(labelbottom=True)
    if shown < 1:
        dots.set_title(f"{shown:.0%} of the neurons", loc="right", fontsize="small")
    if title:
        fig.suptitle(title)
    return fig


def is_inhibitory(name: str) -> bool:
    """Does the name of a population say that it is inhibitory?

    >>> [is_inhibitory(name) for name in ("L23E", "L23I", "exc", "inh")]
    [False, True, False, True]
    """
    return name.endswith("I") or name.lower().startswith("inh")


def _stack(populations: Mapping[str, Spikes], ax: Axes) -> float:
    """Draw the rasters from the top down; return the fraction of neurons shown."""
    total = sum(spikes.n_neurons for spikes in populations.values())
    every = max(1, -(-total // MAX_ROWS))
    middles, top = [], 0
    n_dots = sum(len(spikes.times) for spikes in populations.values()) // every
    for name, spikes in populations.items():
        kept = spikes.ids % every == 0
        rows = top + spikes.ids[kept] // every
        ax.plot(spikes.times[kept], rows, rasterized=True, **_dots(n_dots, _color(name)))
        height = -(-spikes.n_neurons // every)
        middles.append(top + height / 2)
        top += height
        ax.axhline(top - 0.5, color="0.8", linewidth=0.5)
    ax.set_yticks(middles, list(populations))
    for label, name in zip(ax.get_yticklabels(), populations, strict=True):
        label.set_color(_color(name))
    ax.set_ylim(top - 0.5, -0.5)
    any_of_them = next(iter(populations.values()))
    ax.set_xlim(any_of_them.t_start, any_of_them.t_stop)
    return 1 / every


def _bars(
    populations: Mapping[str, Spikes], ax: Axes, reference: Mapping[str, float], label: str
) -> None:
    places = np.arange(len(populations))
    for place, (name, spikes) in zip(places, populations.items(), strict=True):
        hatch = "///" if is_inhibitory(name) else ""
        ax.barh(place, spikes.rate(), color=_color(name), hatch=hatch, edgecolor="white")
    marked = [(place, reference[name]) for place, name in enumerate(populations) if name in reference]
    if marked:
        rows, values = zip(*marked, strict=True)
        ax.plot(values, rows, "k|", markersize=16, markeredgewidth=2, label=label)
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize="small")
    ax.set_yticks(places, list(populations))
    ax.invert_yaxis()
    ax.set_xlabel("mean rate (Hz)")


def _rates_over_time(populations: Mapping[str, Spikes], ax: Axes) -> None:
    for kind, style in (("excitatory", "-"), ("inhibitory", "--")):
        chosen = [
            (name, spikes)
            for name, spikes in populations.items()
            if is_inhibitory(name) == (kind == "inhibitory")
        ]
        if not chosen:
            continue
        n_neurons = sum(spikes.n_neurons for _, spikes in chosen)
        binned = [(_rate(spikes, None), spikes.n_neurons) for _, spikes in chosen]
        rate = sum(rate * n for (_, rate), n in binned) / n_neurons
        ax.stairs(rate, binned[0][0][0], color=_color(chosen[0][0]), linestyle=style, label=kind)
    ax.set(xlabel="time (ms)", ylabel="rate (Hz)")
    ax.set_ylim(0, 1.35 * ax.get_ylim()[1])  # with room for the legend
    ax.legend(loc="upper right", frameon=False, fontsize="small", ncols=2)


def _rate(spikes: Spikes, bin: float | None) -> tuple[FloatArray, FloatArray]:
    width = bin if bin is not None else (spikes.t_stop - spikes.t_start) / 100 or 1.0
    return bin_edges(spikes.t_start, spikes.t_stop, width), spikes.rate(bin=width)


def _color(name: str) -> str:
    return INHIBITORY if is_inhibitory(name) else EXCITATORY


def _dots(n_spikes: int, color: str) -> dict[str, Any]:
    """Markers that shrink as spikes become many, to about a pixel: smaller ones would make what fires more look paler."""
    size = min(3.0, max(1.5, 3.0 * (5_000 / max(n_spikes, 1)) ** 0.25))
    return {"linestyle": "", "marker": ".", "markersize": size, "markeredgewidth": 0, "color": color}
