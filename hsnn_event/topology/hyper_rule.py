"""Rules of hyperedges as data. `hyper` has the functions that make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import DeclarationError, ShapeError, ValueRangeError
from hsnn_event.model.declare import NeuronModel
from hsnn_event.random import Distribution

RealArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Each = float | RealArray  # one number for all hyperedges, or one each


@dataclass(frozen=True, eq=False)
class Openings:
    """When hyperedges are open: `times` (ms) are starts and ends by turns, ascending; each stretch is (start, end].

    Those of hyperedge e are entries indptr[e] ... indptr[e + 1] - 1; where `indptr` is None, they are the same for all.
    """

    times: RealArray
    indptr: IntArray | None = None

    def rows(self, n_edges: int) -> IntArray:
        """Of each hyperedge the first of its entries, and the one after its last."""
        if self.indptr is None:
            return np.tile(np.array([0, len(self.times)], np.int64), (n_edges, 1))
        return np.column_stack([self.indptr[:-1], self.indptr[1:]])


@dataclass(frozen=True, eq=False)
class Gate:
    """What opens hyperedges: at least `least` spikes of `by` (of its neurons `each[e]`, where given) in (t - window, t].

    `by` is a population, view or group; None in a rule that is part of a network, whose junctions know their gate.
    """

    by: Any
    each: tuple[IntArray, ...] | None = None
    least: int = 1
    window: float = 5.0


@dataclass(frozen=True, eq=False)
class HyperRule:
    """A rule, made by one of the functions of `hsnn.hyper`. Times are in ms.

    `kind` is "any", "threshold", "weighted", "sequence" or "equations"; `least` sources (None: all of an edge), a `window`,
    a `threshold` and `tau` are one number for all hyperedges or one each. `model` holds the equations. `closes`: what would
    open a gate closes it.
    """

    kind: str
    least: int | IntArray | None = 1
    window: Each = 0.0
    distinct: bool = False
    consume: bool = True
    refractory: float = 0.0
    threshold: Each = 0.0
    tau: Each = 1.0
    gaps: tuple[float, ...] = ()
    model: NeuronModel | None = None
    openings: Openings | None = None
    gate: Gate | None = None
    closes: bool = False

    @property
    def gated(self) -> bool:
        """Is it made by `gate`?"""
        return self.openings is not None or self.gate is not None

    def __str__(self) -> str:
        return self.kind

    def least_of(self, n_sources: IntArray) -> IntArray:
        """How many sources each hyperedge asks for, of so many."""
        return np.broadcast_to(n_sources if self.least is None else self.least, len(n_sources)).astype(np.int64)

    def gap_before(self, n_sources: IntArray) -> RealArray:
        """Of each source of each hyperedge, behind one another, the gap (ms) after the one before; 0 of the first."""
        gaps = np.concatenate(([0.0], np.resize(self.gaps or (0.0,), max(int(n_sources.max(initial=1)) - 1, 1))))
        first = np.cumsum(n_sources) - n_sources
        place = np.arange(int(n_sources.sum())) - np.repeat(first, n_sources)
        return np.asarray(gaps[place], np.float64)

    def check(self, n_sources: IntArray, where: str) -> None:
        """Refuse what does not fit hyperedges with so many sources each."""
        self._check_lengths(len(n_sources), where)
        if self.kind == "threshold" and self.distinct and self.least is not None:
            least = np.broadcast_to(self.least, len(n_sources))
            short = np.flatnonzero(least > n_sources)
            if len(short):
                edge = int(short[0])
                raise ValueRangeError(
                    f"{where}: hyperedge {edge} has {n_sources[edge]} sources, so {least[edge]} different ones never fire. "
                    "Ask for fewer, or give distinct=False.",
                    edge=edge,
                )
        if self.kind == "sequence" and self.gaps[1:] and (n_sources != len(self.gaps) + 1).any():
            edge = int(np.flatnonzero(n_sources != len(self.gaps) + 1)[0])
            raise ShapeError(
                f"{where}: hyperedge {edge} has {n_sources[edge]} sources in sequence, and there are {len(self.gaps)} gaps; "
                "give one gap for all, or one less than there are sources.",
                edge=edge,
            )

    def _check_lengths(self, n_edges: int, where: str) -> None:
        """Of what there is one a hyperedge."""
        lengths = {name: len(value) for name in ("least", "window", "threshold", "tau")
                   if np.ndim(value := getattr(self, name))}  # fmt: skip
        for name, value in () if self.model is None else self.model.parameters.items():
            if isinstance(value, Distribution):
                text = f"{where}: equations: parameter {name!r} is a distribution; give a number, or one a hyperedge."
                raise DeclarationError(text, name=name)
            if np.ndim(value):  # type: ignore[arg-type]
                lengths[f"parameter {name!r}"] = len(value)  # type: ignore[arg-type]
        if self.openings is not None and self.openings.indptr is not None:
            lengths["intervals"] = len(self.openings.indptr) - 1
        if self.gate is not None and self.gate.each is not None:
            lengths["each"] = len(self.gate.each)
        for name, length in lengths.items():
            if length != n_edges:
                raise ShapeError(
                    f"{where}: {self.kind} has {length} values of {name} for {n_edges} hyperedges; give one for all, or one "
                    "each.",
                    name=name, n_edges=n_edges,
                )  # fmt: skip
