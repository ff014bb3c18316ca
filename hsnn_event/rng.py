"""Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, doi 10.1145/2063384.2063405).

Every random number is a function of (key, row, lane, index), so it does not depend on threads, on the order of
construction or on the backend. A key names a stream: a hash of the seed and of the object's kind, name and purpose.
"""

from __future__ import annotations

import hashlib

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.compile_cache import keep_machine_code

keep_machine_code()  # before the first function that is compiled

# Lanes of a projection's stream: the third word of the counter.
LANE_TARGET, LANE_WEIGHT, LANE_DELAY, LANE_SOURCE, LANE_ACCEPT = range(5)
LANE_VALUE = 0  # of a stream of values, one a neuron

LARGEST_UNIFORM = 1.0 - 2.0**-53  # a rescaled uniform number may round to 1, where quantiles are infinite

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def stream_key(seed: int, *names: object) -> int:
    """The 64-bit key of the stream that `names` (kind, name, purpose, trial, ...) identify.

    >>> stream_key(1, "projection", "exc->inh") != stream_key(2, "projection", "exc->inh")
    True
    """
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@nb.njit(inline="always", error_model="numpy")
def _round(c0, c1, c2, c3, k0, k1):
    p0 = np.uint64(0xD2511F53) * c0
    p1 = np.uint64(0xCD9E8D57) * c2
    return (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW


@nb.njit(inline="always", error_model="numpy")
def _bump(k0, k1):
    return (k0 + np.uint64(0x9E3779B9)) & _LOW, (k1 + np.uint64(0xBB67AE85)) & _LOW


@nb.njit(inline="always", error_model="numpy")
def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit words, each held in a uint64, of the counter (c0, c1, c2, c3) and the key (k0, k1)."""
    # Ten rounds, written out: LLVM vectorises a loop over counters only when it holds no inner loop.
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = _bump(k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    return c0, c1, c2, c3


@nb.njit(inline="always", error_model="numpy")
def to_uniform(high, low):
    """A float64 in the open interval (0, 1), a multiple of 2**-53, from two words."""
    bits = ((high << _SHIFT) | low) >> np.uint64(12)
    return (np.float64(np.int64(bits)) + 0.5) * 2.0**-52


@nb.njit(cache=True, nogil=True, error_model="numpy")
def uniform_at(key, row, lane, index, retry):
    """The number that `fill_uniform` puts at `index`; `retry` counts draws that were rejected."""
    key = np.uint64(key)
    w0, w1, w2, w3 = philox(
        np.uint64(index) >> np.uint64(1), np.uint64(row), np.uint64(lane), np.uint64(retry), key & _LOW, key >> _SHIFT
    )
    if index & 1:
        return to_uniform(w2, w3)
    return to_uniform(w0, w1)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def fill_uniform(out, key, row, lane, start):
    """Fill `out` with the uniform numbers start, start + 1, ... of a row and lane; two come from one Philox call."""
    key = np.uint64(key)
    k0, k1, c1, c2, zero = key & _LOW, key >> _SHIFT, np.uint64(row), np.uint64(lane), np.uint64(0)
    if out.size and start & 1:
        out[0] = uniform_at(key, row, lane, start, 0)
        out, start = out[1:], start + 1
    first = np.uint64(start) >> np.uint64(1)
    for pair in range(out.size >> 1):
        w0, w1, w2, w3 = philox(first + np.uint64(pair), c1, c2, zero, k0, k1)
        out[2 * pair] = to_uniform(w0, w1)
        out[2 * pair + 1] = to_uniform(w2, w3)
    if out.size & 1:
        out[out.size - 1] = uniform_at(key, row, lane, start + out.size - 1, 0)


def uniforms(key: int, n: int, row: int = 0, lane: int = LANE_VALUE) -> npt.NDArray[np.float64]:
    """`n` numbers, uniform in (0, 1).

    >>> bool(np.all(uniforms(stream_key(1, "doc"), 1000) < 1))
    True
    """
    out = np.empty(n)
    fill_uniform(out, np.uint64(key), row, lane, 0)
    return out
