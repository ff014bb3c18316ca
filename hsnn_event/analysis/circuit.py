"""The diagram of a circuit: populations as boxes on an ellipse, what connects them as arrows. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.analysis.plots import EXCITATORY, INHIBITORY, checked_axes
from hsnn_event.analysis.windows import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LABELS = 12  # links whose texts have room
HALF_BOX = np.array([42.0, 20.0])  # points: about half of a box, to which arrows lead
KINDS: dict[str, tuple[str, Any, str]] = {  # colour, dashes and head: never colour alone
    "excitatory": (EXCITATORY, "-", "-|>"),
    "inhibitory": (INHIBITORY, "-", "-["),
    "coupling": ("0.35", ":", "-"),
    "evidence": ("0.35", "--", "->"),
    "drive": ("0.2", "-", "->"),
}


@dataclass(frozen=True)
class Box:
    """A population, or (`junctions`) hyperedges; `drives` are texts of what acts on it from outside."""

    name: str
    text: str
    junctions: bool = False
    drives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """From box number `source` to `target`, of a kind of KINDS; `amount` says how wide among all links."""

    source: int
    target: int
    kind: str
    amount: float
    text: str


def circuit(boxes: Sequence[Box], links: Sequence[Link], ax: Axes | None = None) -> Axes:
    """The diagram, drawn into `ax`, which is returned.

    Arrow heads are filled where synapses excite, bars where they inhibit; gap junctions are dotted, evidence of hyperedges
    dashed. Widths follow amounts; texts stand at the links where there are twelve or fewer.
    """
    n = len(boxes)
    ax = checked_axes(ax, "circuit", (8.0, 6.0) if n > 3 else (7.0, 3.6))
    places = _places(n)
    most = max((link.amount for link in links), default=1.0) or 1.0
    loops = dict.fromkeys(range(n), 0)  # of each box, drawn so far
    for link in links:
        width, labelled = 0.8 + 2.7 * (link.amount / most) ** 0.5, len(links) <= MOST_LABELS
        room = 24.0 if boxes[link.target].junctions else 2.0  # round ones are larger
        _draw_link(ax, link, places, (width, room), labelled, loops[link.source])
        loops[link.source] += link.source == link.target
    for box, place in zip(boxes, places, strict=True):
        _draw_box(ax, box, place)
    kinds = {link.kind for link in links} | ({"drive"} if any(box.drives for box in boxes) else set())
    _legend(ax, kinds)
    ax.set(xlim=(-1.75, 1.75), ylim=(-1.55, 1.55) if n > 3 else (-0.95, 0.95))
    ax.set_axis_off()
    return ax


def _places(n: int) -> FloatArray:
    """On an ellipse, the first one above left; few ones on a line."""
    if n <= 3:
        return np.column_stack([np.linspace(-1.0, 1.0, n) if n > 1 else np.zeros(n), np.zeros(n)])
    angles = np.pi / 2 + np.pi / n - 2 * np.pi * np.arange(n) / n
    return np.column_stack([1.25 * np.cos(angles), 1.1 * np.sin(angles)])


def _draw_box(ax: Axes, box: Box, place: Any) -> None:
    style = "circle,pad=0.3" if box.junctions else "round,pad=0.5"
    ax.text(
        place[0], place[1], f"{box.name}\n{box.text}", ha="center", va="center", fontsize="small", zorder=5,
        bbox={"boxstyle": style, "facecolor": "white", "edgecolor": "0.2", "linewidth": 1.2},
    )  # fmt: skip
    if box.drives:
        outward = np.array([0.0, 1.0 if place[1] >= -1e-9 else -1.0])
        color, dashes, head = KINDS["drive"]
        ax.annotate(
            "\n".join(box.drives), place + 0.16 * outward, place + 0.42 * outward, ha="center", fontsize="x-small",
            va="bottom" if outward[1] > 0 else "top", color=color,
            arrowprops={"arrowstyle": head, "linestyle": dashes, "color": color},
        )  # fmt: skip


def _draw_link(ax: Axes, link: Link, places: FloatArray, sizes: tuple[float, float], labelled: bool, loop: int) -> None:
    from matplotlib.patches import FancyArrowPatch

    color, dashes, head = KINDS[link.kind]
    start, end = places[link.source], places[link.target]
    if link.source == link.target:
        angle = -np.pi / 2 if abs(start[1]) < 1e-9 else np.arctan2(start[1], start[0])
        away = np.array([np.cos(angle - 1.1 * loop), np.sin(angle - 1.1 * loop)])
        side = np.array([-away[1], away[0]])
        start, end, bend = start + 0.13 * side, start - 0.13 * side, "arc3,rad=-1.9"
        middle = places[link.source] + 0.4 * away
        shrink = 16.0
    else:
        bend = "arc3,rad=0.14"
        across = np.array([end[1] - start[1], start[0] - end[0]])
        middle = (start + end) / 2 + (0.09 + 0.09 * abs(end[1] - start[1]) / np.hypot(*across)) * across  # texts are wide
        shrink = float(np.hypot(*across) * min(HALF_BOX / np.maximum(np.abs(end - start), 1e-9)))
    patch = FancyArrowPatch(
        start, end, connectionstyle=bend, arrowstyle=head, mutation_scale=4 if head == "-[" else 12, color=color,
        linestyle=dashes, linewidth=sizes[0], shrinkA=shrink, shrinkB=shrink + sizes[1], alpha=0.85,
    )  # fmt: skip
    ax.add_patch(patch)
    if labelled and link.text:
        ax.text(middle[0], middle[1], link.text, fontsize="x-small", ha="center", va="center", color=color, zorder=4,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8})  # fmt: skip


def _legend(ax: Axes, kinds: set[str]) -> None:
    from matplotlib.lines import Line2D

    names = {"excitatory": "excitatory  (arrow)", "inhibitory": "inhibitory  (bar)", "coupling": "gap junctions",
             "evidence": "evidence of hyperedges", "drive": "from outside"}  # fmt: skip
    held = [Line2D([], [], color=KINDS[kind][0], linestyle=KINDS[kind][1], label=name) for kind, name in names.items()
            if kind in kinds]  # fmt: skip
    if held:
        ax.legend(handles=held, loc="lower center", bbox_to_anchor=(0.5, -0.06), ncols=len(held), frameon=False,
                  fontsize="x-small")  # fmt: skip
