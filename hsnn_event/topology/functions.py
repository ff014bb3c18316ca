"""Functions of ids as connection rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.rng import LANE_TARGET, uniforms
from hsnn_event.topology.matrices import matrix_rule
from hsnn_event.topology.pattern import End, Labels, Pattern, Wanted
from hsnn_event.topology.rules import IntArray, Rule, switches

PAIRS_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class FunctionPattern(Pattern):
    """A function of (sources, targets), asked for all pairs, some rows at a time."""

    function: Callable[[IntArray, IntArray], Any]
    flags: dict[str, Any]
    kind = "from_function"

    def rule(self, source: End, target: End, wanted: Wanted) -> tuple[Rule, Labels | None, Labels | None]:
        """The pairs that the function connects, as a matrix."""
        n_sources, n_targets = len(source.ids), len(target.ids)
        rows = max(1, PAIRS_AT_ONCE // max(n_targets, 1))
        counts, targets = [np.zeros(1, np.int64)], [np.zeros(0, np.int64)]
        for start in range(0, n_sources, rows):
            chosen = self._chosen(np.arange(start, min(start + rows, n_sources)), n_targets, wanted)
            counts.append(chosen.sum(axis=1))
            targets.append(np.nonzero(chosen)[1])
        indptr = np.cumsum(np.concatenate(counts))
        rule = matrix_rule(indptr, np.concatenate(targets), (n_sources, n_targets), None, self.flags)
        return rule, None, None

    def _chosen(self, sources: IntArray, n_targets: int, wanted: Wanted) -> npt.NDArray[np.bool_]:
        what, shape = f"{wanted.where}: the function of from_function", (len(sources), n_targets)
        try:
            given = np.asarray(self.function(sources[:, None], np.arange(n_targets)[None, :]))
        except Exception as error:  # the function is the user's
            raise ArgumentTypeError(
                f"{what}, {shown(self.function)}, fails: {shown(error)}. It is given arrays of ids, of shapes "
                f"{(len(sources), 1)} and {(1, n_targets)}, and must give an array of numbers or booleans.",
                function=self.function,
            ) from error
        if given.dtype.kind not in "biuf":
            raise ArgumentTypeError(f"{what} gives {shown(given)}; give booleans or probabilities.", dtype=given.dtype)
        try:
            values = np.broadcast_to(given, shape)
        except ValueError as error:
            raise ShapeError(
                f"{what} gives an array of shape {given.shape} for sources of shape {(len(sources), 1)} and targets of "
                f"shape {(1, n_targets)}; {shape} is needed.", shape=given.shape,
            ) from error  # fmt: skip
        if values.dtype == np.bool_:
            return values
        if not ((values >= 0) & (values <= 1)).all():
            wrong = float(values[~((values >= 0) & (values <= 1))].flat[0])
            raise ValueRangeError(f"{what} gives {wrong:g}; a probability lies between 0 and 1.", value=wrong)
        draws = [uniforms(wanted.key, n_targets, row, LANE_TARGET) for row in sources.tolist()]
        chosen: npt.NDArray[np.bool_] = np.array(draws).reshape(shape) < values
        return chosen


def from_function(
    function: Callable[[IntArray, IntArray], Any], *, autapses: bool = True, multapses: bool = True
) -> FunctionPattern:
    """`function(i, j)` says which pairs are connected, or with which probability each is, independently.

    It is given source ids of shape (n, 1) and target ids of shape (1, m), counted within the objects that are
    connected, some sources at a time, and gives booleans or numbers in [0, 1] that broadcast to (n, m). A function
    may also stand in the place of a rule in `connect`.

    >>> ring = from_function(lambda i, j: (j - i) % 100 == 1)
    >>> str(ring)
    'from_function'
    """
    if not callable(function):
        raise ArgumentTypeError(
            f"from_function: a function of (sources, targets) is needed, not {shown(function)}.", value=function
        )
    return FunctionPattern(function, switches(autapses, multapses))
