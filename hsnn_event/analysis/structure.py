"""Pictures of synapses: matrices, graphs, and how degrees, weights and delays are spread. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.analysis.plots import EXCITATORY, INHIBITORY, LINES, checked_axes
from hsnn_event.analysis.windows import FloatArray, IntArray
from hsnn_event.errors import ArgumentTypeError, ValueRangeError, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CELLS = 400  # rows and columns of a matrix: more than a picture has pixels show nothing
MOST_NODES, MOST_LINES = 500, 5000  # of a drawing that can be read
N_BINS = 50


def matrix(
    ends: tuple[IntArray, IntArray], weights: FloatArray, shape: tuple[int, int], ax: Axes | None = None,
    labels: tuple[str, str] = ("source", "target"),
) -> Axes:  # fmt: skip
    """Synapses (sources, targets) as an image of `shape`, a row a source, drawn into `ax`, which is returned.

    Colour is the sum of the weights of a pair; of more than 400 sources or targets the number of synapses in each of so
    many squares. Pairs without a synapse stay white.
    """
    ax = checked_axes(ax, "matrix", (5.5, 4.5))
    rows, columns = (min(n, MOST_CELLS) for n in shape)
    coarse = (rows, columns) != shape
    cell = (ends[0] * rows // max(shape[0], 1)) * columns + ends[1] * columns // max(shape[1], 1)
    counts = np.bincount(cell, minlength=rows * columns)
    sums = counts if coarse else np.bincount(cell, weights, minlength=rows * columns)
    image = np.ma.masked_array(sums.reshape(rows, columns), counts.reshape(rows, columns) == 0)
    signed = not coarse and bool((weights < 0).any() and (weights > 0).any())
    far = float(np.abs(weights).max(initial=0.0)) if signed else None
    drawn = ax.imshow(
        image, cmap="PuOr_r" if signed else "viridis", vmin=None if far is None else -far, vmax=far, aspect="auto",
        interpolation="nearest", extent=(-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5), rasterized=True,
    )  # fmt: skip
    ax.figure.colorbar(drawn, ax=ax, label="synapses" if coarse else "weight")
    ax.set(xlabel=labels[1], ylabel=labels[0])
    return ax


def degrees(ends: tuple[IntArray, IntArray], shape: tuple[int, int], ax: Axes | None = None) -> Axes:
    """How many sources and targets have how many synapses, drawn into `ax`, which is returned."""
    ax = checked_axes(ax, "degrees", (5.5, 3.5))
    found = [np.bincount(each, minlength=n) for each, n in zip(ends, shape, strict=True)]
    most = max((int(each.max(initial=0)) for each in found), default=0)
    edges = np.arange(0, most + 2, max(1, -(-most // N_BINS))) - 0.5
    edges = np.append(edges, edges[-1] + (edges[1] - edges[0] if len(edges) > 1 else 1.0))
    for each, label, (color, dashes) in zip(found, ("out-degree", "in-degree"), LINES, strict=False):
        ax.stairs(np.histogram(each, edges)[0], edges, color=color, linestyle=dashes, label=label, linewidth=1.5)
    ax.set(xlabel="synapses a neuron", ylabel="neurons")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    return ax


def histogram(values: FloatArray, label: str, ax: Axes | None = None) -> Axes:
    """How many synapses have which value, drawn into `ax`, which is returned; `label` names the value and its unit."""
    ax = checked_axes(ax, "histogram", (5.5, 3.5))
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    counts, edges = np.histogram(finite, N_BINS if high > low else 1, (low, high) if high > low else (low - 0.5, high + 0.5))
    ax.stairs(counts, edges, color=EXCITATORY, fill=True, alpha=0.7)
    ax.set(xlabel=label, ylabel="synapses")
    ax.set_ylim(bottom=0)
    return ax


def graph(
    ends: tuple[IntArray, IntArray], weights: FloatArray, delays: FloatArray, names: Sequence[str],
    positions: FloatArray | None = None, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Neurons as dots and synapses as arrows, drawn into `ax`, which is returned; ids count through `names`.

    Arrows are wider with the weight; positive ones are blue, negative ones vermilion and dashed; their transparency grows
    with the delay, of which the title says the range. Dots lie at `positions` (mm, the first two dimensions), or where
    NetworkX's springs put them. Raises ValueRangeError for more than 500 neurons or 5,000 synapses.
    """
    ax = checked_axes(ax, "graph", (6.0, 6.0))
    if len(names) > MOST_NODES or len(weights) > MOST_LINES:
        raise ValueRangeError(
            f"graph: {len(names)} neurons and {len(weights)} synapses are more than can be seen, {MOST_NODES} and "
            f"{MOST_LINES}. Take kind='matrix', or connect views of fewer neurons.",
            n_neurons=len(names), n_synapses=len(weights),
        )  # fmt: skip
    places = _springs(ends, len(names)) if positions is None else _in_plane(positions)
    size = np.abs(weights) / max(float(np.abs(weights).max(initial=0.0)), 1e-300)
    span = float(np.ptp(delays)) if len(delays) else 0.0
    early = 1.0 - (delays - delays.min(initial=np.inf)) / span if span else np.ones(len(delays))
    for source, target, weight, wide, soon in zip(*ends, weights, size, early, strict=True):
        _arrow(ax, places[source], places[target], float(weight) < 0, float(wide), float(soon))
    ax.scatter(places[:, 0], places[:, 1], s=160 if len(names) <= 60 else 25, color="white", edgecolor="0.2", zorder=3)
    for name, place in zip(names, places, strict=True) if len(names) <= 60 else ():
        ax.annotate(name, place, ha="center", va="center", fontsize="x-small", zorder=4)
    _frame(ax, positions is not None)
    ax.set_title(_legend(weights, delays), fontsize="small")
    return ax


def _springs(ends: tuple[IntArray, IntArray], n: int) -> FloatArray:
    import networkx as nx

    made = nx.Graph()
    made.add_nodes_from(range(n))
    made.add_edges_from(zip(*(each.tolist() for each in ends), strict=True))
    found = nx.spring_layout(made, seed=1)
    return np.array([found[node] for node in range(n)]).reshape(n, 2)


def _in_plane(positions: FloatArray) -> FloatArray:
    """The first two dimensions; on a line the second is 0."""
    return np.column_stack([positions, np.zeros(len(positions))])[:, :2]


def _arrow(ax: Axes, start: Any, end: Any, negative: bool, wide: float, soon: float) -> None:
    from matplotlib.patches import FancyArrowPatch

    itself = bool(np.array_equal(start, end))
    ax.add_patch(FancyArrowPatch(
        start, end + (0.02 if itself else 0.0), connectionstyle="arc3,rad=2.5" if itself else "arc3,rad=0.12",
        arrowstyle="-|>", mutation_scale=7, shrinkA=6, shrinkB=6, color=INHIBITORY if negative else EXCITATORY,
        linestyle="--" if negative else "-", linewidth=0.4 + 1.8 * wide, alpha=0.25 + 0.65 * soon,
    ))  # fmt: skip


def _frame(ax: Axes, located: bool) -> None:
    ax.margins(0.08)
    ax.set_aspect("equal", adjustable="datalim")
    if located:
        ax.set(xlabel="x (mm)", ylabel="y (mm)")
    else:
        ax.set_axis_off()


def _legend(weights: FloatArray, delays: FloatArray) -> str:
    if not len(weights):
        return "no synapses"
    low, high = float(delays.min()), float(delays.max())
    span = f"{low:g}" if low == high else f"{low:g} to {high:g} (paler is longer)"
    return f"weights {float(weights.min()):.3g} to {float(weights.max()):.3g}, delays {span} ms"


def check_kind(kind: object, kinds: Sequence[str], what: str) -> None:
    """Refuse a picture that there is not."""
    if not isinstance(kind, str) or kind not in kinds:
        raise ArgumentTypeError(f"{what}: kind is one of {', '.join(kinds)}, not {shown(kind)}.", value=kind)
