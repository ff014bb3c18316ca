"""Members of hyperedges and what there is one of for each of them: checks, and rows behind one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import UNBOUNDED, as_array, indices, is_array, real, real_or_array

IntArray = npt.NDArray[np.int64]


def checked_members(starts: IntArray, members: Any, end: str) -> IntArray:
    """Checked ids of one end."""
    ids = indices(members, UNBOUNDED, f"Hypergraph: {end}s")
    if not len(starts) or starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] != len(ids):
        raise ShapeError(f"Hypergraph: {end}_indptr does not cut the {len(ids)} {end}s into hyperedges.")
    lengths = np.diff(starts)
    if (lengths == 0).any():
        edge = int(np.flatnonzero(lengths == 0)[0])
        text = f"Hypergraph: {end}s: hyperedge {edge} has none. Give it a {end}, or leave it out."
        raise ValueRangeError(text, edge=edge)
    edges = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((ids, edges))
    twice = np.flatnonzero((np.diff(ids[order]) == 0) & (np.diff(edges[order]) == 0))
    if len(twice) and end == "source":
        edge, member = int(edges[order[twice[0]]]), int(ids[order[twice[0]]])
        raise ValueRangeError(f"Hypergraph: hyperedge {edge} has the source {member} twice. Give it once.", edge=edge)
    return ids


def checked_values(value: Any, name: str, lengths: tuple[int, ...], low: float = -np.inf, one: bool = True) -> Any:
    """None, one number, or an array of one of these lengths."""
    what = f"Hypergraph: {name}"
    if value is None or (one and not is_array(value)):
        return None if value is None else real(value, what, low=low)
    array = as_array(value, what, "give one number, or a list of them") if is_array(value) else np.zeros(0)
    if array.ndim != 1 or len(array) not in lengths:
        several = ("one number, or " if one else "") + " or ".join(map(str, dict.fromkeys(lengths)))
        raise ShapeError(f"{what} has shape {array.shape}; give {several} of them.", name=name)
    return real_or_array(array, len(array), what, low=low)


def in_rows(lists: Sequence[Any]) -> tuple[IntArray, Any]:
    """Where each list begins, and all of them behind one another."""
    for edge, members in enumerate(lists):
        for each in members:
            if not isinstance(each, int | np.integer) or isinstance(each, bool) or not 0 <= each < 2**62:
                raise ArgumentTypeError(
                    f"from_lists: edges: hyperedge {edge} has the member {shown(each)}; members are ids, from 0 on."
                )
    starts = np.concatenate(([0], np.cumsum([len(each) for each in lists]))).astype(np.int64)
    return starts, np.array([each for members in lists for each in members], np.int64)


class Columns(NamedTuple):
    """What a matrix says, column by column."""

    indptr: IntArray
    members: IntArray
    values: npt.NDArray[np.float64]
    n_nodes: int


def columns_of(matrix: Any, what: str) -> Columns:
    """The entries of an incidence matrix that are not 0."""
    from scipy.sparse import csc_array

    try:
        held = csc_array(matrix)
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise ArgumentTypeError(
            f"from_incidence: {what} is {shown(matrix)}; give a matrix, node x hyperedge, sparse or dense."
        ) from error
    if held.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"from_incidence: {what} holds {held.dtype}; give numbers, or booleans.")
    held.eliminate_zeros()
    held.sort_indices()
    return Columns(
        held.indptr.astype(np.int64), held.indices.astype(np.int64), held.data.astype(np.float64), int(held.shape[0])
    )
