"""The kernel rule: pairs are connected with a probability that depends on where their neurons lie."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import flag
from hsnn_event.topology.cells import Near, Places, bounded, counted, in_cells, length, matrix_of
from hsnn_event.topology.compiled import kernels as compiled
from hsnn_event.topology.compiled import near as compiled_near
from hsnn_event.topology.compiled.cells import Cells
from hsnn_event.topology.distance import one_space
from hsnn_event.topology.drawing import drawn_rows, in_parts, n_threads, own_places, require_room
from hsnn_event.topology.kernels import Kernel
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.positions import FloatArray, Space, nearest_image
from hsnn_event.topology.rules import IntArray, Rule

Function = Callable[[FloatArray], Any]
PAIRS_AT_ONCE = 1 << 21  # vectors that a function is given together


@dataclass(frozen=True, eq=False)
class KernelRule(Pattern):
    """Each pair with a probability that its distance gives."""

    kernel: Kernel
    autapses: bool
    kind = "kernel"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources."""
        sources, targets = one_space(self.kind, source, target, wanted.where)
        law, reach = _law(self.kernel), bounded(self.kernel.cutoff, sources, targets)
        part = 0.5 if sources.n_dimensions < 3 else 1.0  # of the width: as long as a cell
        own = own_places(source, target, self.autapses)
        near = in_cells(sources, targets, part * self.kernel.width, own, n_threads(wanted))
        stencil = _stencil(near.cells, targets.n_dimensions, reach, law)
        expected, key = np.empty(sources.size), np.uint64(wanted.key)
        in_parts(
            lambda start, stop: compiled.expect(near.order, start, stop, near.points, near.cells, stencil, expected),
            sources.size, near.threads,
        )  # fmt: skip
        require_room(2.0 * float(expected.sum()), self.kind, wanted.where)

        def fill(start: int, stop: int, drawn: Any, used: int, counts: Any) -> tuple[int, int]:
            done: tuple[int, int] = compiled.kernel_rows(
                start, stop, near.order, near.points, near.cells, stencil, law, near.own, key, drawn, used, counts
            )
            return done

        by_cell, drawn = drawn_rows(fill, expected, near.threads)
        return matrix_of(*_in_order(by_cell, drawn, near), sources, targets)


@dataclass(frozen=True, eq=False)
class FunctionRule(Pattern):
    """Each pair within the cutoff with a probability that a function of its vector gives."""

    function: Function
    cutoff: float
    autapses: bool
    kind = "kernel"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources: the pairs within the cutoff, some at a time, thinned by what the function says."""
        sources, targets = one_space(self.kind, source, target, wanted.where)
        own = own_places(source, target, self.autapses)
        near = in_cells(sources, targets, 0.5 * self.cutoff, own, n_threads(wanted))
        near = near._replace(order=np.arange(sources.size, dtype=np.int32))
        reach = np.full(sources.size, bounded(self.cutoff, sources, targets))
        indptr, counts = counted(near, reach), np.zeros(sources.size + 1, np.int64)
        kept: list[Places] = [np.empty(0, np.int32)]
        start, n = 0, 0
        while start < sources.size:
            stop = max(start + 1, int(np.searchsorted(indptr, indptr[start] + PAIRS_AT_ONCE, side="right")) - 1)
            found = np.empty(int(indptr[stop] - indptr[start]), np.int32)
            compiled_near.rows_within(
                near.order, start, stop, near.points, reach, near.own, near.cells, indptr[start], indptr, found
            )
            p = self._probabilities(sources, targets, np.repeat(np.arange(start, stop), np.diff(indptr[start : stop + 1])),
                                    found, wanted.where)  # fmt: skip
            n_kept = compiled_near.thinned(start, stop, np.uint64(wanted.key), indptr, found, p, counts[1:])
            kept.append(found[:n_kept].copy())
            n += n_kept
            require_room(float(n), self.kind, wanted.where)
            start = stop
        return matrix_of(np.cumsum(counts), np.concatenate(kept), sources, targets)

    def _probabilities(self, sources: Space, targets: Space, tails: IntArray, heads: Places, where: str) -> FloatArray:
        """What the function says of these pairs, checked."""
        what = f"{where}: the function of kernel"
        vectors = nearest_image(targets.positions[heads] - sources.positions[tails], sources.period)
        try:
            given = np.asarray(self.function(vectors))
        except Exception as error:  # the function is the user's
            raise ArgumentTypeError(
                f"{what}, {shown(self.function)}, fails: {shown(error)}. It is given vectors in mm, of shape "
                f"{vectors.shape}, and must give an array of one probability each.", function=self.function,
            ) from error  # fmt: skip
        if given.dtype.kind not in "biuf":
            raise ArgumentTypeError(f"{what} gives {shown(given)}; give probabilities.", dtype=given.dtype)
        if given.shape not in ((), (len(vectors),)):
            raise ShapeError(
                f"{what} gives an array of shape {given.shape} for vectors of shape {vectors.shape}; ({len(vectors)},) is "
                "needed.", shape=given.shape,
            )  # fmt: skip
        values = np.ascontiguousarray(np.broadcast_to(given, len(vectors)), np.float64)
        fine = (values >= 0.0) & (values <= 1.0)
        if not fine.all():
            wrong = float(values[~fine][0])
            raise ValueRangeError(f"{what} gives {wrong:g}; a probability lies between 0 and 1.", value=wrong)
        return values


def kernel(f: Kernel | Function, *, cutoff: float | None = None, autapses: bool = False) -> KernelRule | FunctionRule:
    """Each pair is connected with a probability that depends on where its neurons lie, independently of all others.

    `f` is `hsnn.space.gaussian(sigma, p_max)`, `exponential` or `mexican_hat`, or a function that is given an array of
    vectors (mm) from source to target, of shape (n, dimensions), and gives n probabilities. No synapse is longer than
    `cutoff` (mm), which a function needs, since it is asked for all pairs within it. Distances and vectors are those to the
    nearest image.
    A row's synapses are in ascending order of targets.

    Raises ArgumentTypeError, ValueRangeError; DeclarationError (no positions), ShapeError, ValueRangeError and
    InsufficientMemoryError in `connect`.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> sheet = net.population("sheet", hsnn.lattice((50, 50), spacing=0.1, periodic=True), hsnn.models.lif_delta())
    >>> near = net.connect(sheet, sheet, kernel(hsnn.space.gaussian(0.3, 0.5)), weight=0.1, delay=1.0)
    >>> round(near.n_synapses / 2500)  # 2 pi 0.5 (0.3 / 0.1)**2, without itself
    28
    >>> ahead = kernel(lambda vectors: 0.5 * (vectors[:, 1] > 0), cutoff=0.3)
    >>> net.connect(sheet, sheet, ahead, weight=0.1, delay=1.0).n_synapses < 2500 * 28 / 2
    True
    """
    given: Any = f
    autapsic = flag(autapses, "autapses")
    reach = None if cutoff is None else length(cutoff, "kernel: cutoff")
    if isinstance(f, Kernel):
        if reach is not None:
            f = Kernel(f.kind, f.width, f.p_max, reach, f.width_less, f.p_less)
        return KernelRule(f, autapsic)
    if not callable(given):
        text = f"kernel: f is {shown(f)}; give hsnn.space.gaussian(sigma), or a function of vectors."
        raise ArgumentTypeError(text, value=f)
    if reach is None:
        raise ArgumentTypeError("kernel: a function needs cutoff=, the length in mm beyond which there are no synapses.")
    return FunctionRule(f, reach, autapsic)


def _law(given: Kernel) -> compiled.Law:
    exponential = given.kind == "exponential"
    falloff = 1.0 / given.width if exponential else 0.5 / given.width**2
    square = (given.cutoff * (1.0 + compiled_near.TOLERANCE)) ** 2
    return compiled.Law(exponential, given.p_max, falloff, given.p_less, 0.5 / given.width_less**2, square)


def _stencil(cells: Cells, n_dimensions: int, reach: float, law: compiled.Law) -> compiled.Stencil:
    """All cells that may hold targets of a source, each once, in the order in which they lie in memory."""
    down, up = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for axis in range(3):
        ahead, n = int(reach * (1.0 + 1e-6) / cells.edge[axis]) + 1, int(cells.shape[axis])
        around = math.isfinite(cells.period[axis]) and 2 * ahead + 1 >= n
        if axis >= 3 - n_dimensions:
            down[axis], up[axis] = ((n - 1) // 2, n // 2) if around else (ahead, ahead)
    axes = [np.arange(-low, high + 1) for low, high in zip(down, up, strict=True)]
    offsets = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")], axis=1).astype(np.int64)
    bounds, expected = np.empty(len(offsets)), np.empty(len(offsets))
    compiled.fill_bounds(offsets, cells.edge, law, bounds, expected)
    kept = bounds > 0.0
    offsets, bounds, expected = offsets[kept], bounds[kept], expected[kept]
    with np.errstate(divide="ignore"):
        hazards = -np.log1p(-bounds)
    steps = (offsets[:, 0] * cells.shape[1] + offsets[:, 1]) * cells.shape[2] + offsets[:, 2]
    return compiled.Stencil(offsets, steps, bounds, hazards, 1.0 / hazards, expected, np.stack((down, up)))


def _in_order(by_cell: IntArray, drawn: Places, near: Near) -> tuple[IntArray, Places]:
    """Rows in the order of sources, from rows in the order of their cells."""
    order = near.order
    if (order[1:] > order[:-1]).all():
        return by_cell, drawn
    counts = np.zeros(len(order) + 1, np.int64)
    counts[order + 1] = np.diff(by_cell)
    indptr, made = np.cumsum(counts), np.empty(len(drawn), np.int32)
    in_parts(
        lambda start, stop: compiled_near.put_back(order, start, stop, by_cell, drawn, indptr, made),
        len(order), near.threads,
    )  # fmt: skip
    return indptr, made
