"""Connection rules as data: which source is connected to which target.

docs/semantics.md gives each as a function of random counters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import flag, indices, is_array, real, whole

IntArray = npt.NDArray[np.int64]
RealArray = npt.NDArray[np.floating]
LISTS = ("from_edges", "csr")  # rules that list their synapses


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule, made by one of the functions of `hsnn.connect`. Ids count within the objects that are connected.

    A rule may bring `weights` and `delays` (ms), one a synapse. In "csr", the form of matrices, the targets of source i
    are entries indptr[i] ... indptr[i + 1] - 1 of `targets`, and `shape` counts sources and targets.
    """

    kind: str
    count: int = 0
    p: float = 0.0
    autapses: bool = True
    multapses: bool = True
    sources: IntArray | None = None
    targets: IntArray | None = None
    indptr: IntArray | None = None
    shape: tuple[int, int] | None = None
    weights: RealArray | None = None
    delays: RealArray | None = None

    def __str__(self) -> str:
        return "matrix" if self.kind == "csr" else self.kind

    @property
    def left_to_chance(self) -> bool:
        """Does the number of synapses depend on draws, or on which neurons are the same?"""
        leaves_out = self.kind in ("all_to_all", "one_to_one") and not self.autapses
        return self.kind == "bernoulli" or leaves_out

    def n_values(self, n_sources: int, n_targets: int) -> int | None:
        """How many numbers an array of weights or delays holds; None where the rule draws the number of synapses.

        The order is that of the rule's rows (sources; targets in fixed_indegree), of `from_edges` that of the edges. In
        `all_to_all` every pair has a number, also a neuron with itself where autapses are excluded.
        """
        match self.kind:
            case "bernoulli":
                return None
            case "fixed_outdegree":
                return n_sources * self.count
            case "fixed_indegree":
                return n_targets * self.count
            case "one_to_one":
                return n_sources
            case "all_to_all":
                return n_sources * n_targets
            case _:  # fixed_total, from_edges, csr
                return self.count

    def check(self, where: str, source_ids: IntArray, target_ids: IntArray, same_population: bool) -> None:
        """Refuse what cannot be drawn between these objects; the ids are those of their populations."""
        n_sources, n_targets = len(source_ids), len(target_ids)
        if self.kind == "one_to_one" and n_sources != n_targets:
            raise ShapeError(
                f"{where}: one_to_one needs as many sources as targets, not {n_sources} and {n_targets}; "
                "cut the larger one, such as exc[:10].",
                n_sources=n_sources,
                n_targets=n_targets,
            )
        if self.kind == "from_edges" and self.sources is not None and self.targets is not None:
            indices(self.sources, n_sources, f"{where}: sources of from_edges")
            indices(self.targets, n_targets, f"{where}: targets of from_edges")
        if self.shape is not None and self.shape != (n_sources, n_targets):
            self._refuse_shape(where, n_sources, n_targets)
        if self.kind.startswith("fixed") and self.count:
            self._check_partners(where, source_ids, target_ids, same_population)

    def _refuse_shape(self, where: str, n_sources: int, n_targets: int) -> None:
        turned = self.shape == (n_targets, n_sources)
        way = "rows are sources: give the transpose, W.T" if turned else "W[source, target] has a row for each source"
        raise ShapeError(
            f"{where}: the matrix has shape {self.shape}, but there are {n_sources} sources and {n_targets} targets; {way}.",
            shape=self.shape,
            n_sources=n_sources,
            n_targets=n_targets,
        )

    def _check_partners(self, where: str, source_ids: IntArray, target_ids: IntArray, same_population: bool) -> None:
        shared = 0 if self.autapses or not same_population else len(np.intersect1d(source_ids, target_ids))
        rows, partners = len(source_ids), len(target_ids)
        if self.kind == "fixed_indegree":
            rows, partners = partners, rows
        fewest = partners - (shared > 0)  # of a row: a neuron that may not choose itself has one partner less
        pairs = rows * partners - shared
        available = pairs if self.kind == "fixed_total" else fewest
        impossible = rows > 0 and (fewest < 1 if self.multapses else self.count > available)
        if impossible or (rows == 0 and self.kind == "fixed_total"):
            raise ValueRangeError(
                f"{where}: {self.kind}({self.count}) finds only {max(available, 0)} partners"
                f" with autapses={self.autapses}, multapses={self.multapses}. Ask for fewer, or allow them.",
                count=self.count,
                available=available,
            )


def check_divisible(rule: object, n_sources: int, n_targets: int) -> None:
    """Refuse a projection between so many members of groups unless one a pair of members draws from the same law."""
    kind = str(rule)
    divisible = {
        "bernoulli": True,
        "all_to_all": True,
        "kernel": True,
        "radius": True,
        "nearest": n_targets == 1,
        "fixed_outdegree": n_targets == 1,
        "fixed_indegree": n_sources == 1,
    }
    if not divisible.get(kind, n_sources == n_targets == 1):
        raise DeclarationError(
            f"{rule} cannot be divided among {n_sources} x {n_targets} members of groups; connect them one by one.",
            rule=kind,
        )


def bernoulli(p: float, *, autapses: bool = True, multapses: bool = True) -> Rule:
    """Each pair is connected with probability `p`, independently, so that there are no multapses.

    >>> bernoulli(0.02).p
    0.02
    """
    return Rule("bernoulli", p=real(p, "bernoulli: p", 0.0, 1.0), **switches(autapses, multapses))


def fixed_indegree(k: int, *, autapses: bool = True, multapses: bool = True) -> Rule:
    """Each target draws `k` sources."""
    return _counted("fixed_indegree", k, autapses, multapses)


def fixed_outdegree(k: int, *, autapses: bool = True, multapses: bool = True) -> Rule:
    """Each source draws `k` targets."""
    return _counted("fixed_outdegree", k, autapses, multapses)


def fixed_total(n: int, *, autapses: bool = True, multapses: bool = True) -> Rule:
    """`n` synapses in all, each with a random source and a random target."""
    return _counted("fixed_total", n, autapses, multapses)


def one_to_one(*, autapses: bool = True, multapses: bool = True) -> Rule:
    """Source number i is connected to target number i."""
    return Rule("one_to_one", **switches(autapses, multapses))


def all_to_all(*, autapses: bool = True, multapses: bool = True) -> Rule:
    """Every pair is connected, once."""
    return Rule("all_to_all", **switches(autapses, multapses))


def from_edges(
    sources: Sequence[int] | IntArray, targets: Sequence[int] | IntArray, *, autapses: bool = True, multapses: bool = True
) -> Rule:
    """One synapse for each pair of entries, in this order; a pair may occur more than once.

    `autapses=False` leaves out pairs of a neuron with itself, `multapses=False` all but the first of equal pairs.

    >>> from_edges([0, 0, 1], [2, 3, 2]).targets.tolist()
    [2, 3, 2]
    """
    if not (is_array(sources) and is_array(targets)):
        wrong = targets if is_array(sources) else sources
        raise ArgumentTypeError(
            f"from_edges: sources and targets must be two arrays of ids, not {shown(wrong)}.",
            sources=sources, targets=targets,
        )
    most = np.iinfo(np.int64).max
    pairs = indices(sources, most, "from_edges: sources"), indices(targets, most, "from_edges: targets")
    if len(pairs[0]) != len(pairs[1]):
        raise ShapeError(f"from_edges: {len(pairs[0])} sources but {len(pairs[1])} targets; give one of each for a synapse.")
    return Rule("from_edges", len(pairs[0]), sources=pairs[0], targets=pairs[1], **switches(autapses, multapses))


def switches(autapses: bool, multapses: bool) -> dict[str, Any]:
    """The two switches that every rule has, checked: may a neuron reach itself, and one target more than once?"""
    return {"autapses": flag(autapses, "autapses"), "multapses": flag(multapses, "multapses")}


def _counted(kind: str, count: int, autapses: bool, multapses: bool) -> Rule:
    name = "n" if kind == "fixed_total" else "k"
    return Rule(
        kind,
        count=whole(count, f"{kind}: {name}"),
        **switches(autapses, multapses),
    )
