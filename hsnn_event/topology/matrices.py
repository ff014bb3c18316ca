"""Matrices as connection rules: W[source, target], taken as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError
from hsnn_event.topology.rules import RealArray, Rule, switches
from hsnn_event.units import in_unit

AT_ONCE = 1 << 22  # entries looked at together: a check needs little memory of its own


def from_scipy(W: Any, *, autapses: bool = True, multapses: bool = True) -> Rule:
    """A SciPy sparse array or matrix W[source, target] of any format: every stored entry is a synapse, also a zero.

    Entries stored twice are two synapses. The values are the weights unless `connect` is given others. Synapses are
    numbered row by row, within a row as they are stored. Arrays in CSR form (indices of 32 or 64 bits, values of
    float32 or float64) are used without a copy: do not change them as long as the network lives.
    `autapses=False` leaves out the entries of a neuron with itself, `multapses=False` all but the first of a pair.

    Raises ArgumentTypeError, ShapeError, ValueRangeError (NaN, infinity, indices outside of the shape).

    >>> from scipy.sparse import csr_array
    >>> from_scipy(csr_array([[0.0, 2.0], [1.5, 0.0]])).weights.tolist()
    [2.0, 1.5]
    """
    from scipy import sparse

    if not sparse.issparse(W):
        raise ArgumentTypeError(
            f"from_scipy: W must be a SciPy sparse array, not {type(W).__name__}; for a dense one use from_dense(W).",
        )
    matrix: Any = W  # its stubs say little of what every format has
    if matrix.ndim != 2:
        raise ShapeError(
            f"from_scipy: W must have two dimensions, W[source, target], not {matrix.ndim}.",
            shape=matrix.shape,
        )
    indptr, targets, values = _rows(matrix)
    _check_structure(indptr, targets, matrix.shape)
    return matrix_rule(indptr, targets, matrix.shape, _weights(values, "from_scipy"), switches(autapses, multapses))


def from_dense(
    W: npt.NDArray[Any] | Sequence[Sequence[float]], *, autapses: bool = True, multapses: bool = True
) -> Rule:
    """An array W[source, target]: every entry that is not 0 is a synapse, with the value as its weight.

    Raises ArgumentTypeError, ShapeError, ValueRangeError (NaN, infinity).

    >>> from_dense([[0.0, 2.0], [1.5, 0.0]]).targets.tolist()
    [1, 0]
    """
    W = in_unit(W, "from_dense: W", None)
    try:
        dense = np.asarray(W)
    except ValueError as error:
        raise ShapeError("from_dense: W is ragged; give as many numbers in every row.") from error
    if dense.ndim != 2:
        raise ShapeError(f"from_dense: W must have two dimensions, W[source, target], not {dense.ndim}.", shape=dense.shape)
    values = _weights(dense.ravel(), "from_dense").reshape(dense.shape)
    sources, targets = np.nonzero(values)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(sources, minlength=len(dense)))))
    return matrix_rule(indptr, targets, dense.shape, values[sources, targets], switches(autapses, multapses))


def matrix_rule(
    indptr: npt.NDArray[Any],
    targets: npt.NDArray[Any],
    shape: tuple[int, ...],
    weights: RealArray | None,
    flags: dict[str, Any],
) -> Rule:
    """The rule of a matrix in CSR form."""
    n_sources, n_targets = int(shape[0]), int(shape[1])
    return Rule("csr", len(targets), targets=targets, indptr=indptr, shape=(n_sources, n_targets), weights=weights, **flags)


def grouped(sources: npt.NDArray[Any], n_sources: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """(indptr, order): entries order[indptr[i] : indptr[i + 1]] are those of source i, in the order in which they stand."""
    from scipy.sparse import csr_array

    # A matrix of one row, turned: SciPy's counting sort, which adds nothing up.
    entries = np.arange(len(sources))
    turned = csr_array((entries, sources, np.array([0, len(sources)])), shape=(1, max(n_sources, 1))).tocsc()
    return turned.indptr[: n_sources + 1].astype(np.int64), turned.data


def _rows(W: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """The matrix in CSR form: (indptr, indices, data); what is stored twice stays so."""
    if W.format in ("coo", "dok"):
        coo = W.tocoo()
        if len(coo.row) and not (coo.row.min() >= 0 and coo.row.max() < W.shape[0]):
            raise ValueRangeError(
                f"from_scipy: a row index of W lies outside its shape {W.shape}; see W.check_format().",
                shape=W.shape,
            )
        indptr, order = grouped(coo.row, W.shape[0])
        return indptr, coo.col[order], coo.data[order]
    csr = W if W.format == "csr" else W.tocsr()
    n = int(csr.indptr[-1])
    return csr.indptr, csr.indices[:n], csr.data[:n]


def _check_structure(indptr: npt.NDArray[Any], targets: npt.NDArray[Any], shape: tuple[int, int]) -> None:
    """Compiled code follows these numbers: none may lead out of the arrays."""
    if len(indptr) != shape[0] + 1 or indptr[0] != 0 or (np.diff(indptr) < 0).any() or indptr[-1] > len(targets):
        raise ValueRangeError("from_scipy: W.indptr does not divide the entries into rows; see W.check_format().")
    if len(targets) and not (targets.min() >= 0 and targets.max() < shape[1]):
        raise ValueRangeError(
            f"from_scipy: a column index of W lies outside its shape {shape}; see W.check_format().",
            shape=shape,
        )


def _weights(values: npt.NDArray[Any], what: str) -> RealArray:
    """float32 and float64 as they are, other real numbers as float64; neither NaN nor infinity."""
    if values.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"{what}: W must hold real numbers, not {values.dtype}.", dtype=values.dtype)
    if values.dtype not in (np.float32, np.float64):
        return values.astype(np.float64)
    for start in range(0, len(values), AT_ONCE):
        finite = np.isfinite(values[start : start + AT_ONCE])
        if not finite.all():
            place = start + int(np.argmin(finite))
            text = f"{what}: W holds {values[place]} (entry {place}); weights are finite numbers."
            raise ValueRangeError(text, value=float(values[place]))
    return values
