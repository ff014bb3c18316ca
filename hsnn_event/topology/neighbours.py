"""Connection rules of distance without chance: who lies within a radius, and who is nearest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hsnn_event.errors import ValueRangeError
from hsnn_event.quantities import flag, whole
from hsnn_event.topology.cells import bounded, counted, in_cells, length, matrix_of
from hsnn_event.topology.compiled import near as compiled
from hsnn_event.topology.distance import one_space
from hsnn_event.topology.drawing import in_parts, n_threads, own_places, require_room
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.positions import FloatArray, Space
from hsnn_event.topology.rules import IntArray, Rule


@dataclass(frozen=True, eq=False)
class Radius(Pattern):
    """All targets within a distance."""

    reach: float
    autapses: bool
    kind = "radius"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources, counted before they are written."""
        sources, targets = one_space(self.kind, source, target, wanted.where)
        near = in_cells(sources, targets, 0.5 * self.reach, own_places(source, target, self.autapses), n_threads(wanted))
        reach = np.full(sources.size, bounded(self.reach, sources, targets))
        indptr = counted(near, reach)
        require_room(float(indptr[-1]), self.kind, wanted.where)
        made = np.empty(int(indptr[-1]), np.int32)
        in_parts(
            lambda start, stop: compiled.rows_within(
                near.order, start, stop, near.points, reach, near.own, near.cells, 0, indptr, made
            ),
            sources.size, near.threads,
        )  # fmt: skip
        return matrix_of(indptr, made, sources, targets)


@dataclass(frozen=True, eq=False)
class Nearest(Pattern):
    """The k targets that are nearest to each source."""

    k: int
    autapses: bool
    kind = "nearest"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources, k synapses each."""
        sources, targets = one_space(self.kind, source, target, wanted.where)
        own = own_places(source, target, self.autapses)
        available = targets.size - int((own >= 0).any())
        if self.k > available:
            raise ValueRangeError(
                f"{wanted.where}: nearest: k is {self.k}, but there are {available} targets; ask for fewer.",
                k=self.k, available=available,
            )  # fmt: skip
        require_room(float(self.k) * sources.size, self.kind, wanted.where)
        made = np.empty(sources.size * self.k, np.int32)
        if self.k and sources.size:
            threads = n_threads(wanted)
            reach = _distance_of_nearest(sources, targets, self.k + (own >= 0), threads)
            near = in_cells(sources, targets, 0.5 * float(np.median(reach)), own, threads)
            in_parts(
                lambda start, stop: compiled.nearest_rows(
                    near.order, start, stop, near.points, reach, near.own, near.cells, self.k, made
                ),
                sources.size, threads,
            )  # fmt: skip
        return matrix_of(np.arange(sources.size + 1) * self.k, made, sources, targets)


def radius(r: float, *, autapses: bool = False) -> Radius:
    """Every target at most `r` mm from the source, without chance.

    Source and target populations have positions of one dimension and one period. A distance is that to the nearest image;
    with an `r` of more than half a period a pair is still connected once. What is farther than `r` by less than 1e-9 of it
    counts as near enough, so that `radius(0.3)` reaches the third neighbour of a lattice with spacing 0.1. A row's synapses
    are in ascending order of targets.

    Raises ArgumentTypeError, ValueRangeError; DeclarationError (no positions), ShapeError, ValueRangeError and
    InsufficientMemoryError in `connect`.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> sheet = net.population("sheet", hsnn.lattice((10, 10), spacing=0.1, periodic=True), hsnn.models.lif_delta())
    >>> net.connect(sheet, sheet, radius(0.1), weight=0.1, delay=1.0).n_synapses
    400
    """
    return Radius(length(r, "radius: r"), flag(autapses, "autapses"))


def nearest(k: int, *, autapses: bool = False) -> Nearest:
    """The `k` targets nearest to each source, without chance.

    Among targets that are equally far (to 1e-9 of the distance) those with the lowest ids are taken. Distances, and the
    order of synapses, are those of `radius`.

    Raises ArgumentTypeError, ValueRangeError; DeclarationError (no positions), ShapeError, ValueRangeError (fewer targets
    than k) and InsufficientMemoryError in `connect`.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> line = net.population("line", hsnn.lattice(5, spacing=0.1), hsnn.models.lif_delta())
    >>> net.connect(line, line, nearest(1), weight=0.1, delay=1.0).edges().targets.tolist()
    [1, 0, 1, 2, 3]
    """
    return Nearest(whole(k, "nearest: k"), flag(autapses, "autapses"))


def _distance_of_nearest(sources: Space, targets: Space, ranks: IntArray, threads: int) -> FloatArray:
    """How far the target of this rank is from each source: rank 1 is the nearest, which may be itself."""
    from scipy.spatial import KDTree

    box = np.where(np.isfinite(targets.period), targets.period, 0.0)  # SciPy's word for open
    tree: Any = KDTree(targets.positions, boxsize=box)
    reach = np.empty(sources.size)

    def part(start: int, stop: int) -> None:
        for rank in np.unique(ranks[start:stop]):
            mine = start + np.flatnonzero(ranks[start:stop] == rank)
            reach[mine] = tree.query(sources.positions[mine], [int(rank)])[0][:, 0]

    in_parts(part, sources.size, threads)
    return reach
