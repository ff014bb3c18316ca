"""Directed small worlds: near neighbours, some of them exchanged for others (Watts and Strogatz 1998)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import real, whole
from hsnn_event.topology.compiled.rewiring import Law, lattice, rewire
from hsnn_event.topology.drawing import in_parts, n_threads, own_places, require_ring, require_room
from hsnn_event.topology.matrices import matrix_rule
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.positions import Space
from hsnn_event.topology.rules import Rule, switches

FloatArray = npt.NDArray[np.float64]
STEEPEST = 20.0  # a falloff to this power is a law of nearest neighbours, and does not underflow


@dataclass(frozen=True, eq=False)
class SmallWorld(Pattern):
    """Each source reaches its k nearest neighbours; each synapse is rewired with probability p."""

    k: int
    p: float
    alpha: float
    space: Space | None
    flags: dict[str, Any]
    kind = "small_world"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources, k synapses each."""
        n = require_ring(self.kind, source, target, wanted.where)
        if self.k >= n > 0:
            raise ValueRangeError(
                f"{wanted.where}: small_world: k is {self.k}, but {n} neurons have {n - 1} neighbours each; ask for fewer.",
                k=self.k, n_neurons=n,
            )  # fmt: skip
        require_room(float(self.k) * n, self.kind, wanted.where)
        targets = np.empty(n * self.k, np.int32)
        threads = n_threads(wanted)
        law = self._law(n) if self.space is None else self._law_in(self.space, targets, n, threads, wanted.where)
        own = own_places(source, target, self.flags["autapses"])
        key, distinct = np.uint64(wanted.key), not self.flags["multapses"]

        def part(start: int, stop: int) -> None:
            if self.space is None:
                lattice(targets, self.k, n, start, stop)
            if self.p > 0.0:
                rewire(targets, self.k, start, stop, self.p, law, own, key, distinct)

        in_parts(part, n, threads)
        indptr = np.arange(0, n * self.k + 1, max(self.k, 1)) if self.k else np.zeros(n + 1, np.int64)
        return matrix_rule(indptr, targets, (n, n), None, switches(True, True)), None, None

    def _law(self, n: int) -> Law:
        """Of the ring: how likely each distance 0 ... n // 2 is; there are two neurons at most of them."""
        nowhere = np.empty((0, 1)), np.empty(1), np.empty(0)
        if self.alpha == 0.0 or n == 0:
            return Law(n, self.k / 2, 0.0, np.empty(0), *nowhere)
        distances = np.arange(n // 2 + 1)
        share = np.where(distances > self.k / 2, np.maximum(distances, 1) / max(self.k / 2, 0.5), 1.0) ** -self.alpha
        share[1:] *= 2.0
        if n % 2 == 0:
            share[-1] /= 2.0
        cumulative = np.cumsum(share)
        return Law(n, self.k / 2, self.alpha, cumulative / cumulative[-1], *nowhere)

    def _law_in(self, space: Space, targets: npt.NDArray[np.int32], n: int, threads: int, where: str) -> Law:
        """Of positions; the nearest neighbours of each neuron are written into `targets`."""
        from scipy.spatial import KDTree

        if space.size != n:
            raise ShapeError(
                f"{where}: small_world: {space.size} positions for {n} neurons; give one each.",
                n_positions=space.size, size=n,
            )  # fmt: skip
        reach = np.zeros(n)
        if self.k and n:
            box = np.where(np.isfinite(space.period), space.period, 0.0)  # SciPy's word for open
            tree: Any = KDTree(space.positions, boxsize=box)

            def part(start: int, stop: int) -> None:
                distances, near = tree.query(space.positions[start:stop], self.k + 1)
                others = near != np.arange(start, stop)[:, None]
                others[others.all(axis=1), -1] = False  # more than k share its place: leave out the last
                targets[start * self.k : stop * self.k] = near[others]
                reach[start:stop] = distances[:, -1]

            in_parts(part, n, threads)
            if self.alpha > 0.0 and not reach.all():
                text = f"{where}: small_world: neuron {int(np.argmin(reach))} has over {self.k} others at its very place; "
                raise ValueRangeError(text + "alpha > 0 needs distances. Move them, or take alpha=0.", k=self.k)
        return Law(n, 0.0, self.alpha, np.empty(0), space.positions, np.array(space.period), reach)


def small_world(
    k: int,
    p: float,
    *,
    alpha: float = 0.0,
    positions: Any = None,
    period: Any = None,
    autapses: bool = False,
    multapses: bool = False,
) -> SmallWorld:
    """A ring in which every neuron reaches its `k` nearest neighbours (k/2 on each side), each synapse rewired with
    probability `p`.

    The model of Watts and Strogatz (1998, doi 10.1038/30918), directed: each of the k synapses of each source, in turn, is
    left alone with probability 1 - p; otherwise its target becomes a neuron that is neither the source nor a target of it at
    that moment (`autapses=True`, `multapses=True` allow these), all of them equally likely. Out-degrees stay k.

    `alpha` above 0 makes shortcuts depend on distance d, as in Kleinberg (2000, doi 10.1038/35022643): a new target is as
    likely as (max(d, r) / r)**-alpha, where r is the distance of the farthest of the k neighbours, on the ring k/2 places.
    alpha is 20 at most.

    `positions` (mm), shape (neurons,) or (neurons, dimensions), put the neurons into space: neighbours are the k nearest.
    They may be those of the neurons themselves: positions=population.space.
    `period` (mm) is the length of a space that closes upon itself, one number or one a dimension, inf where it is open; it
    is open unless given. On the ring k is even.

    Raises ArgumentTypeError, ValueRangeError, ShapeError.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> cells = net.population("cells", 1000, hsnn.models.lif_delta())
    >>> ring = net.connect(cells, cells, small_world(10, 0.1), weight=0.1, delay=1.0).edges()
    >>> round(float(((ring.targets - ring.sources + 5) % 1000 > 10).mean()), 1)
    0.1
    """
    count, rewired = whole(k, "small_world: k"), real(p, "small_world: p", 0.0, 1.0)
    falloff = real(alpha, "small_world: alpha", 0.0, STEEPEST)
    space = None if positions is None else _space(positions, period)
    if space is None and period is not None:
        text = f"small_world: period is {shown(period)}, but there are no positions; give both."
        raise ArgumentTypeError(text, period=period)
    if space is None and count % 2:
        text = f"small_world: k is {count}, but a ring has as many neighbours on either side; give an even number."
        raise ValueRangeError(text, k=count)
    return SmallWorld(count, rewired, falloff, space, switches(autapses, multapses))


def _space(positions: Any, period: Any) -> Space:
    if isinstance(positions, Space):
        if period is not None:
            text = f"small_world: period is {shown(period)}, but the Space that positions= gives has its own; leave it out."
            raise ArgumentTypeError(text, period=period)
        return positions
    return Space(positions, () if period is None else period)
