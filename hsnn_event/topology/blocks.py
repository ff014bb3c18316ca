"""Graphs of blocks: the probability of a pair is that of the blocks of its two neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import UNBOUNDED, as_array, indices, is_array, real, real_or_array, whole
from hsnn_event.topology.compiled import rows as compiled
from hsnn_event.topology.drawing import Targets, drawn_rows, in_parts, n_threads, own_places, require_room
from hsnn_event.topology.matrices import matrix_rule
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.rules import IntArray, Rule, switches
from hsnn_event.units import carries_unit

FloatArray = npt.NDArray[np.float64]


class Rows(NamedTuple):
    """Rows drawn for blocks: the list, and the block of each source and target."""

    indptr: IntArray
    targets: Targets
    source_blocks: IntArray
    target_blocks: IntArray


def drawn_blocks(
    source_blocks: IntArray, target_blocks: IntArray, p: FloatArray, own: IntArray, wanted: Wanted, what: str
) -> Rows:
    """Each pair with the probability p[block of the source, block of the target], independently."""
    order = np.argsort(target_blocks, kind="stable").astype(np.int32)
    sizes = np.bincount(target_blocks, minlength=p.shape[1])
    ends = np.cumsum(sizes)
    expected = (p @ sizes)[source_blocks]
    require_room(float(expected.sum()), what, wanted.where)
    with np.errstate(divide="ignore"):
        hazards = -np.log1p(-p)
    key = np.uint64(wanted.key)

    def fill(start: int, stop: int, targets: Any, used: int, counts: Any) -> tuple[int, int]:
        done: tuple[int, int] = compiled.block_rows(
            start, stop, expected, source_blocks, hazards, ends, order, own, key, targets, used, counts
        )
        return done

    indptr, targets = drawn_rows(fill, expected, n_threads(wanted))
    return Rows(indptr, targets, source_blocks, target_blocks)


@dataclass(frozen=True, eq=False)
class StochasticBlockModel(Pattern):
    """Blocks of sources and targets, and a matrix of probabilities."""

    p: FloatArray
    source_blocks: IntArray
    target_blocks: IntArray
    flags: dict[str, Any]
    kind = "stochastic_block_model"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources."""
        for name, blocks, end in (("", self.source_blocks, source), ("target_", self.target_blocks, target)):
            if len(blocks) != len(end.ids):
                raise ShapeError(
                    f"{wanted.where}: stochastic_block_model: blocks of {len(blocks)} neurons for the {len(end.ids)} of "
                    f"{end.population!r}; change {name}sizes or {name}labels.",
                    n_labels=len(blocks), size=len(end.ids),
                )  # fmt: skip
        own = own_places(source, target, self.flags["autapses"])
        rows = drawn_blocks(self.source_blocks, self.target_blocks, self.p, own, wanted, self.kind)
        shape = len(source.ids), len(target.ids)
        return matrix_rule(rows.indptr, rows.targets, shape, None, switches(True, True)), None, None


def stochastic_block_model(
    p: Any,
    *,
    sizes: Any = None,
    labels: Any = None,
    target_sizes: Any = None,
    target_labels: Any = None,
    autapses: bool = False,
    multapses: bool = False,
) -> StochasticBlockModel:
    """A pair is connected with probability p[block of the source, block of the target], independently of all others.

    The model of Holland, Laskey and Leinhardt (1983, doi 10.1016/0378-8733(83)90021-7), directed. `p` is an array of shape
    (blocks of sources, blocks of targets). Blocks are given by `sizes`, runs of neighbouring ids, or by `labels`, the number
    of the block of each neuron. Those of targets are the same unless `target_sizes` or `target_labels` are given. There are
    no multapses, whatever `multapses` says, as in `bernoulli`.

    Raises ArgumentTypeError, ShapeError, ValueRangeError.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> cells = net.population("cells", 300, hsnn.models.lif_delta())
    >>> halves = stochastic_block_model([[0.2, 0.0], [0.0, 0.4]], sizes=[100, 200])
    >>> made = net.connect(cells, cells, halves, weight=0.1, delay=1.0).edges()
    >>> bool(((made.sources < 100) == (made.targets < 100)).all())
    True
    """
    probabilities = _matrix(p)
    flags = switches(autapses, multapses)
    sources = _blocks(sizes, labels, len(probabilities), "")
    if sources is None:
        raise ArgumentTypeError("stochastic_block_model: give sizes=[...] or labels=[...], the blocks of the neurons.")
    targets = _blocks(target_sizes, target_labels, probabilities.shape[1], "target_")
    if targets is None:
        if probabilities.shape[0] != probabilities.shape[1]:
            raise ShapeError(
                f"stochastic_block_model: p has shape {probabilities.shape}; a square matrix is needed, or other blocks of "
                "targets: target_sizes or target_labels.", shape=probabilities.shape,
            )  # fmt: skip
        targets = sources
    return StochasticBlockModel(probabilities, sources, targets, flags)


def _matrix(p: Any) -> FloatArray:
    if not is_array(p):
        raise ArgumentTypeError(f"stochastic_block_model: p is a matrix of probabilities, not {shown(p)}.", value=p)
    given = as_array(p, "stochastic_block_model: p", "give as many probabilities in every row")
    if given.ndim != 2 or 0 in given.shape:
        raise ShapeError(
            f"stochastic_block_model: p has shape {given.shape}; (blocks of sources, blocks of targets) is needed.",
            shape=given.shape,
        )
    flat = real_or_array(given.ravel(), given.size, "stochastic_block_model: p", 0.0, 1.0)
    return np.asarray(flat).reshape(given.shape)


def _blocks(sizes: Any, labels: Any, n_blocks: int, which: str) -> IntArray | None:
    """The number of the block of each neuron."""
    what = f"stochastic_block_model: {which}"
    if sizes is None and labels is None:
        return None
    if sizes is not None and labels is not None:
        raise ArgumentTypeError(f"{what}sizes and {which}labels both say what the blocks are; give one of them.")
    if labels is not None:
        return indices(labels, n_blocks, f"{what}labels")
    counts = indices(sizes, UNBOUNDED, f"{what}sizes")
    if len(counts) != n_blocks:
        raise ShapeError(f"{what}sizes has {len(counts)} blocks, p has {n_blocks}; give as many.", n_blocks=n_blocks)
    if float(counts.sum(dtype=np.float64)) > np.iinfo(np.int32).max:
        raise ValueRangeError(f"{what}sizes is {shown(sizes)}: more than 2**31 - 1 neurons.", sizes=sizes)
    return np.repeat(np.arange(n_blocks), counts)


@dataclass(frozen=True, eq=False)
class Clustered(Pattern):
    """Equal clusters of neighbouring ids, more and more strongly connected within than between."""

    n_clusters: int
    p: float
    p_ratio: float
    weight: Any
    weight_ratio: float
    flags: dict[str, Any]
    kind = "clustered"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The rows of all sources, and weights where the rule brings them."""
        sources, targets = (_clusters(len(end.ids), self.n_clusters) for end in (source, target))
        matrix = self._probabilities(sources, targets, wanted.where)
        own = own_places(source, target, self.flags["autapses"])
        rows = drawn_blocks(sources, targets, matrix, own, wanted, self.kind)
        weights = None
        if wanted.weight and self.weight is not None:
            between = real(self.weight, "clustered: weight", unit=wanted.weight_unit)
            require_room(2.0 * len(rows.targets), self.kind, wanted.where)  # 8 bytes each
            weights = np.empty(len(rows.targets))
            within = between * self.weight_ratio
            in_parts(
                lambda start, stop: compiled.block_weights(start, stop, *rows, between, within, weights),
                len(source.ids), n_threads(wanted),
            )  # fmt: skip
        shape = len(source.ids), len(target.ids)
        return matrix_rule(rows.indptr, rows.targets, shape, weights, switches(True, True)), None, None

    def _probabilities(self, sources: IntArray, targets: IntArray, where: str) -> FloatArray:
        """Those within and between, so that the mean over all pairs is p."""
        if self.n_clusters > min(len(sources), len(targets)):
            raise ValueRangeError(
                f"{where}: clustered: {self.n_clusters} clusters of {len(sources)} sources and {len(targets)} targets; each "
                "needs one neuron at least.", n_clusters=self.n_clusters,
            )  # fmt: skip
        inside = np.bincount(sources) / len(sources) @ (np.bincount(targets) / len(targets))
        between = self.p / (1.0 + (self.p_ratio - 1.0) * inside)
        within = between * self.p_ratio
        if max(within, between) > 1.0:
            raise ValueRangeError(
                f"{where}: clustered: p = {self.p:g} and p_ratio = {self.p_ratio:g} make a probability of "
                f"{max(within, between):.3g} {'within' if within > between else 'between'} clusters; lower one of them.",
                within=within, between=between,
            )  # fmt: skip
        matrix = np.full((self.n_clusters, self.n_clusters), between)
        np.fill_diagonal(matrix, within)
        return matrix


def clustered(
    n_clusters: int,
    p: float,
    p_ratio: float,
    *,
    weight: Any = None,
    weight_ratio: float = 1.0,
    autapses: bool = False,
    multapses: bool = False,
) -> Clustered:
    """Clusters of neighbouring ids: pairs within one are connected `p_ratio` times as often as others, `p` on average.

    Litwin-Kumar and Doiron (2012, doi 10.1038/nn.3220) divide 4000 excitatory neurons into 50 clusters with p = 0.2,
    p_ratio = 2.5 (their R_EE) and synapses 1.9 times as strong within (`weight_ratio`), and leave inhibition as
    `bernoulli(0.5)`. Neuron number i of n is in cluster i * n_clusters // n. With `weight`, of a synapse between clusters,
    the rule brings weights: those within clusters are `weight_ratio` times as large. Between two populations clusters of the
    same number belong together.

    Raises ArgumentTypeError; ValueRangeError, here and in `connect`.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> exc = net.population("exc", 400, hsnn.models.lif_delta())
    >>> made = net.connect(exc, exc, clustered(5, 0.2, 2.5, weight=0.1, weight_ratio=1.9), delay=1.0)
    >>> sorted(set(made.get("weight").tolist()))
    [0.1, 0.19]
    """
    ratio = real(weight_ratio, "clustered: weight_ratio", low=0.0)
    if weight is None and ratio != 1.0:
        text = f"clustered: weight_ratio = {ratio:g} needs the weight of synapses between clusters; give weight= here."
        raise ArgumentTypeError(text, weight_ratio=ratio)
    if weight is not None and not carries_unit(weight):
        real(weight, "clustered: weight")  # with a unit: in `connect`, where the receptor's is known
    return Clustered(
        whole(n_clusters, "clustered: n_clusters", low=1), real(p, "clustered: p", 0.0, 1.0),
        real(p_ratio, "clustered: p_ratio", low=0.0), weight, ratio, switches(autapses, multapses),
    )  # fmt: skip


def _clusters(n: int, n_clusters: int) -> IntArray:
    return np.arange(n) * min(n_clusters, 2**31) // max(n, 1)
