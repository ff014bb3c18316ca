"""The matrix exponential of small generators, one for each neuron at once."""

from __future__ import annotations

import numpy as np

from hsnn_event.lowering.ir import FloatArray

_DEGREE = 13      # of the Taylor polynomial
_SMALL = 0.125    # norm up to which it is used: 0.125**14 / 14! = 2.6e-24


def expm(generator: FloatArray, n_states: int) -> FloatArray:
    """exp of each matrix in `generator`, shape (..., n, n); rows from `n_states` on are zero (inputs and constants).

    Scaling and squaring. SciPy's `expm` loops over the matrices in Python, and rests on a BLAS whose rounding differs
    between machines and between one matrix and many; here each entry is a fixed sequence of IEEE operations, so that a
    neuron's propagator depends on nothing but its own parameters.

    >>> expm(np.array([[-0.5, 2.0], [0.0, 0.0]]), 1).round(6).tolist()
    [[0.606531, 1.573877], [0.0, 1.0]]
    """
    inner = np.abs(generator[..., :n_states, :n_states])
    norm = inner.sum(axis=-1).max(axis=-1, initial=0.0)
    squarings = np.maximum(0, np.frexp(np.where(np.isfinite(norm), norm, 0.0) / _SMALL)[1]).astype(np.int64)
    # Columns of inputs and constants scale out, so they do not add to the norm: exp is linear in them.
    scaled = generator * np.ldexp(1.0, -squarings)[..., None, None]
    result = _taylor(scaled)
    for done in range(int(squarings.max(initial=0))):
        result = np.where((done < squarings)[..., None, None], _product(result, result), result)
    return result


def _taylor(x: FloatArray) -> FloatArray:
    identity = np.broadcast_to(np.eye(x.shape[-1]), x.shape)
    result = identity
    for order in range(_DEGREE, 0, -1):
        result = identity + _product(x, result) / order
    return result


@np.errstate(invalid="ignore", over="ignore")  # what is not finite is refused by name, where its formula is known
def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    total = a[..., :, 0, None] * b[..., None, 0, :]
    for k in range(1, a.shape[-1]):
        total = total + a[..., :, k, None] * b[..., None, k, :]
    return total
