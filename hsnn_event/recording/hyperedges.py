"""What a result must know of hyperedges, so that it can tell which activations caused which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Hyperedges:
    """The hyperedges of the population of junctions `name`; times are in ms.

    Sources of hyperedge e are neurons members[k] of populations[where[k]], for k from source_indptr[e] to before
    source_indptr[e + 1]; their evidence comes `shifts[k]` later. Targets are neurons `targets` of the population `target`,
    cut likewise, reached after `delays`. `windows` are one a hyperedge (infinite for rules that forget only when they are
    activated), `gaps` one a member. `opening_times` are starts and ends by turns; those of hyperedge e the entries
    opening_rows[e]. `gate` names the junctions of which `least` pieces of evidence open these. Times that are nearer than
    `tolerance` are one.
    """

    name: str
    kind: str
    populations: tuple[str, ...]
    sizes: tuple[int, ...]  # of the populations
    target: str
    source_indptr: IntArray
    where: IntArray
    members: IntArray
    shifts: FloatArray
    target_indptr: IntArray
    targets: IntArray
    delays: FloatArray
    windows: FloatArray
    least: IntArray
    gaps: FloatArray
    opening_times: FloatArray
    opening_rows: IntArray
    distinct: bool
    consume: bool
    gate: str | None
    closes: bool
    tolerance: float

    @property
    def n_edges(self) -> int:
        """Number of hyperedges."""
        return len(self.source_indptr) - 1

    @property
    def edges(self) -> IntArray:
        """The hyperedge of each member."""
        return np.repeat(np.arange(self.n_edges), np.diff(self.source_indptr))
