"""When a hyperedge is activated: rules over the spikes of its sources, as data. docs/hypergraphs.md says what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError
from hsnn_event.quantities import as_array, flag, is_array, real, real_or_array, whole

RealArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Each = float | RealArray  # one number for all hyperedges, or one each


@dataclass(frozen=True, eq=False)
class HyperRule:
    """A rule, made by one of the functions of `hsnn.hyper`. Times are in ms.

    `kind` is "any", "threshold", "weighted" or "sequence"; `least` sources (None: all of an edge), a `window`, a
    `threshold` and `tau` are one number for all hyperedges or one each.
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

    def __str__(self) -> str:
        return self.kind

    def check(self, n_sources: IntArray, where: str) -> None:
        """Refuse what does not fit hyperedges with so many sources each."""
        for name in ("least", "window", "threshold", "tau"):
            value = getattr(self, name)
            if np.ndim(value) and len(value) != len(n_sources):
                raise ShapeError(
                    f"{where}: {self.kind} has {len(value)} values of {name} for {len(n_sources)} hyperedges; give one for "
                    "all, or one each.",
                    name=name, n_edges=len(n_sources),
                )  # fmt: skip
        if self.kind == "threshold" and self.distinct and self.least is not None:
            short = np.flatnonzero(np.broadcast_to(self.least, len(n_sources)) > n_sources)
            if len(short):
                edge = int(short[0])
                raise ValueRangeError(
                    f"{where}: hyperedge {edge} has {n_sources[edge]} sources, so "
                    f"{int(np.broadcast_to(self.least, len(n_sources))[edge])} different ones never fire. Ask for fewer, or "
                    "give distinct=False.",
                    edge=edge,
                )  # fmt: skip
        if self.kind == "sequence" and self.gaps[1:] and (n_sources != len(self.gaps) + 1).any():
            edge = int(np.flatnonzero(n_sources != len(self.gaps) + 1)[0])
            raise ShapeError(
                f"{where}: hyperedge {edge} has {n_sources[edge]} sources in sequence, and there are {len(self.gaps)} gaps; "
                "give one gap for all, or one less than there are sources.",
                edge=edge,
            )  # fmt: skip


def any() -> HyperRule:
    """Each spike of a source activates the hyperedge: it reaches every target, as if each pair were connected.

    >>> str(any())
    'any'
    """
    return HyperRule("any")


def threshold(
    k: int | Sequence[int] = 2,
    window: float | Sequence[float] = 5.0,
    *,
    distinct: bool = True,
    consume: bool = True,
    refractory: float = 0.0,
) -> HyperRule:
    """At least `k` sources (`distinct`) or spikes of them in (t - window, t], judged once after all spikes of instant t.

    An activation clears the evidence (`consume`), and no other follows within `refractory` ms; what arrives meanwhile
    counts. A window of 0 is the instant itself. `k` and `window` (ms) are one for all hyperedges, or one each.
    Raises ValueRangeError, ArgumentTypeError.

    >>> threshold(k=2, window=5.0).least
    2
    """
    several: Sequence[Any] = list(k) if is_array(k) else [k]  # type: ignore[arg-type]
    each = [whole(one, "threshold: k", low=1) for one in several]
    least = np.array(each, np.int64) if is_array(k) else each[0]
    return HyperRule(
        "threshold", least, _each(window, "threshold: window"), flag(distinct, "threshold: distinct"),
        flag(consume, "threshold: consume"), real(refractory, "threshold: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def all_of(window: float | Sequence[float] = 5.0, *, consume: bool = True, refractory: float = 0.0) -> HyperRule:
    """Every source has fired in (t - window, t]: `threshold` with k the number of sources of each hyperedge.

    >>> all_of(window=3.0).least is None
    True
    """
    return HyperRule(
        "threshold", None, _each(window, "all_of: window"), True, flag(consume, "all_of: consume"),
        real(refractory, "all_of: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def weighted(
    threshold: float | Sequence[float],
    tau: float | Sequence[float],
    *,
    consume: bool = True,
    refractory: float = 0.0,
) -> HyperRule:
    """A sum that grows by the source's weight with each spike and decays with time constant `tau` (ms) reaches `threshold`.

    Source weights are those of the hypergraph (1 where it has none). An activation sets the sum to 0 (`consume`).

    >>> weighted(1.5, tau=10.0).tau
    10.0
    """
    return HyperRule(
        "weighted", threshold=_each(threshold, "weighted: threshold", 0.0, None), tau=_each(tau, "weighted: tau", 1e-300),
        consume=flag(consume, "weighted: consume"),
        refractory=real(refractory, "weighted: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def sequence(gaps: float | Sequence[float], *, consume: bool = True, refractory: float = 0.0) -> HyperRule:
    """The sources fire in the order in which the hyperedge lists them, each less than a gap (ms) after the one before.

    One gap for all, or one a step. Two spikes of one instant are in no order. An activation forgets all beginnings
    (`consume`).

    >>> sequence(4.0).gaps
    (4.0,)
    """
    listed: Sequence[Any] = list(gaps) if is_array(gaps) else [gaps]  # type: ignore[arg-type]
    checked = tuple(real(each, "sequence: gaps", low=0.0, unit="ms") for each in listed)
    if not checked:
        raise ArgumentTypeError("sequence: gaps is a number of ms, or several, not an empty list.", value=gaps)
    return HyperRule(
        "sequence", gaps=checked, consume=flag(consume, "sequence: consume"),
        refractory=real(refractory, "sequence: refractory", low=0.0, unit="ms"),
    )  # fmt: skip


def _each(value: Any, what: str, low: float = 0.0, unit: str | None = "ms") -> Each:
    if not is_array(value):
        return real(value, what, low=low, unit=unit)
    array = as_array(value, what, "give one number, or one a hyperedge")
    return np.asarray(real_or_array(array, len(array), what, low=low, unit=unit), np.float64)
