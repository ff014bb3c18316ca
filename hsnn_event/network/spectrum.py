"""The spectral radius of weights: how fast activity grows or dies along the synapses of a linear network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    HsnnError,
    ShapeError,
    ValueRangeError,
    keywords_known,
    shown,
)
from hsnn_event.network.projection import Projection
from hsnn_event.quantities import real
from hsnn_event.rng import stream_key, uniforms
from hsnn_event.topology.matrices import from_dense

DENSE = 200  # neurons up to which all eigenvalues are computed
STILL_DENSE = 2000  # and up to which they are where ARPACK does not converge, as when all are equally large
RESTARTS = 500  # of ARPACK; random matrices of 100,000 neurons need some tens
SPREAD = 6  # eigenvalues asked for: one alone converges badly where others are nearly as large


@keywords_known
def spectral_radius(W: Any, *, tol: float = 1e-6) -> float:
    """The largest absolute value of an eigenvalue of the weights.

    `W` is a projection of a population onto itself, a list of projections (the matrix then covers all populations that
    they connect, weights of one pair added up), a SciPy sparse array or a dense one. Signs are those of the weights:
    inhibition counts as such where its weights are negative. Large matrices are solved by ARPACK
    (scipy.sparse.linalg.eigs) from a fixed start vector up to the relative accuracy `tol`, so that the same weights give
    the same number; a graph without cycles has radius 0, exactly.

    Raises ArgumentTypeError, ShapeError (not square), ValueRangeError (NaN; no convergence).

    >>> round(spectral_radius([[0.0, 4.0], [1.0, 0.0]]), 9)
    2.0
    """
    accuracy = real(tol, "spectral_radius: tol", 0.0, 0.1)
    given = _projections(W)
    matrix = _checked(W) if given is None else _assembled(given)
    return _radius(matrix, accuracy)


@keywords_known
def scale_to_spectral_radius(projections: Any, radius: float, *, tol: float = 1e-6) -> float:
    """Multiply the weights of one or several projections so that their spectral radius is `radius`; gives the factor.

    As by `projection.set(weight=...)`, before the first run or between runs. One number as the weight stays one number.

    Raises what `spectral_radius` does; ValueRangeError where the radius is 0, as without cycles.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(seed=1)
    >>> cells = net.population("cells", 100, hsnn.models.lif_delta())
    >>> made = net.connect(cells, cells, hsnn.connect.bernoulli(0.1), weight=1.0, delay=1.0)
    >>> factor = scale_to_spectral_radius(made, 0.9)
    >>> round(spectral_radius(made), 6)
    0.9
    """
    wanted = real(radius, "scale_to_spectral_radius: radius", low=0.0)
    given = _projections(projections)
    if given is None:
        raise ArgumentTypeError(
            f"scale_to_spectral_radius: projections is a projection or a list of them, not {shown(projections)}; a matrix "
            "is scaled by W * (radius / spectral_radius(W)).",
            value=projections,
        )
    now = _radius(_assembled(given), real(tol, "scale_to_spectral_radius: tol", 0.0, 0.1))
    if now == 0.0:
        raise ValueRangeError(
            "scale_to_spectral_radius: the spectral radius is 0, as in graphs without cycles; no factor changes that.",
            radius=wanted,
        )
    factor = wanted / now
    for projection in given:
        weight = projection.weight
        projection.set(weight=weight * factor if isinstance(weight, float) else projection.get("weight") * factor)
    return factor


def _projections(given: Any) -> list[Projection] | None:
    """A projection or some of them as a list; None: something else."""
    if isinstance(given, Projection):
        return [given]
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | np.ndarray) or hasattr(given, "tocsr"):
        return None
    listed = list(given)
    if not listed or not all(isinstance(each, Projection) for each in listed):
        return None
    if len({id(each) for each in listed}) < len(listed):
        raise DeclarationError("spectral_radius: a projection stands twice among the projections; give each once.")
    return listed


def _assembled(projections: list[Projection]) -> Any:
    """One matrix over all populations, in order of their mention."""
    from scipy.sparse import block_array, csr_array

    populations = list(dict.fromkeys(view.population for each in projections for view in (each.source, each.target)))
    if len({id(each.network) for each in populations}) > 1:
        raise DeclarationError("spectral_radius: the projections belong to several networks; give those of one.")
    if len(projections) == 1 and len(populations) > 1:
        raise ShapeError(
            f"spectral_radius: projection {projections[0].name!r} leads to another population, and so never back; "
            "give a list with the projections that lead back.", name=projections[0].name,
        )  # fmt: skip
    blocks = [[csr_array((target.size, source.size)) for source in populations] for target in populations]
    for each in projections:
        row, column = (populations.index(view.population) for view in (each.target, each.source))
        blocks[row][column] = blocks[row][column] + each.to_scipy().tocsr().T
    return block_array(blocks, format="csr")


def _checked(W: Any) -> Any:
    """A matrix of the user's in CSR form; what is wrong with it is told as `connect.from_dense` does."""
    from scipy.sparse import csr_array, issparse

    if not issparse(W):
        try:
            rule: Any = from_dense(W)
        except HsnnError as error:
            raise type(error)(str(error).replace("from_dense", "spectral_radius"), **error.facts) from error
        W = csr_array((rule.weights, rule.targets, rule.indptr), shape=rule.shape)
    if W.ndim != 2 or W.shape[0] != W.shape[1]:
        raise ShapeError(f"spectral_radius: W has shape {W.shape}; a square matrix is needed.", shape=W.shape)
    if W.dtype.kind not in "biufc":
        raise ArgumentTypeError(f"spectral_radius: W must hold numbers, not {W.dtype}.", dtype=W.dtype)
    matrix = csr_array(W, dtype=np.complex128 if W.dtype.kind == "c" else np.float64)
    if not np.isfinite(matrix.data).all():
        raise ValueRangeError("spectral_radius: W holds NaN or infinity; weights are finite numbers.")
    return matrix


def _radius(matrix: Any, tol: float) -> float:
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import ArpackError, eigs

    n = matrix.shape[0]
    n_components, _ = connected_components(abs(matrix), connection="strong")
    if n_components == n:  # eigenvalues are those of the neurons by themselves
        return float(abs(matrix.diagonal()).max(initial=0.0))
    if n <= DENSE:
        return _of_all(matrix)
    start = uniforms(stream_key(0, "spectral radius"), n) - 0.5
    try:
        found: Any = eigs(matrix, k=SPREAD, ncv=64, v0=start, tol=tol, maxiter=RESTARTS, return_eigenvectors=False)
        return float(abs(found).max())
    except ArpackError as error:
        if n <= STILL_DENSE:
            return _of_all(matrix)
        raise ValueRangeError(
            f"spectral_radius: ARPACK does not find the largest eigenvalues to the accuracy tol = {tol:g}; allow a larger "
            "one, such as tol=1e-3.", tol=tol,
        ) from error  # fmt: skip


def _of_all(matrix: Any) -> float:
    return float(abs(np.linalg.eigvals(matrix.toarray())).max())
