"""Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, doi 10.1145/2063384.2063405).

Every random number is a function of (key, row, lane, index), so it does not depend on threads, on the order of
construction or on the backend. A key names a stream: a hash of the seed and of the object's kind, name and purpose.
"""

from __future__ import annotations

import hashlib

import numba as nb
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from hsnn_event.compile_cache import keep_machine_code

keep_machine_code()  # before the first function that is compiled

# Lanes of a projection's stream: the third word of the counter.
LANE_TARGET, LANE_WEIGHT, LANE_DELAY, LANE_SOURCE, LANE_ACCEPT = range(5)
LANE_VALUE = 0  # of a stream of values, one a neuron

LARGEST_UNIFORM = 1.0 - 2.0**-53  # a rescaled uniform number may round to 1, where quantiles are infinite

# One signature each: Numba would compile them anew for every combination of types and literal numbers.
COMPILED = {"cache": True, "nogil": True, "error_model": "numpy"}

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def stream_key(seed: int, *names: object) -> int:
    """The 64-bit key of the stream that `names` (kind, name, purpose, trial, ...) identify.

    >>> stream_key(1, "projection", "exc->inh") != stream_key(2, "projection", "exc->inh")
    True
    """
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@intrinsic
def philox(typing_context, c0, c1, c2, c3, k0, k1):
    """Four 32-bit words, each held in a uint64, of the counter (c0, c1, c2, c3) and the key (k0, k1).

    For compiled code; written in the compiler's own terms, since Numba takes seconds to read it as Python.
    """

    def codegen(context, builder, signature, args):
        number = ir.IntType(64)
        low, shift = number(0xFFFFFFFF), number(32)
        c0, c1, c2, c3, k0, k1 = args
        for turn in range(10):  # written out: LLVM vectorises a loop over counters only when it holds no inner loop
            if turn:
                k0 = builder.and_(builder.add(k0, number(0x9E3779B9)), low)
                k1 = builder.and_(builder.add(k1, number(0xBB67AE85)), low)
            p0, p1 = builder.mul(number(0xD2511F53), c0), builder.mul(number(0xCD9E8D57), c2)
            c0 = builder.xor(builder.xor(builder.lshr(p1, shift), c1), k0)
            c2 = builder.xor(builder.xor(builder.lshr(p0, shift), c3), k1)
            c1, c3 = builder.and_(p1, low), builder.and_(p0, low)
        return context.make_tuple(builder, signature.return_type, [c0, c1, c2, c3])

    return types.UniTuple(types.uint64, 4)(*[types.uint64] * 6), codegen


@nb.njit(error_model="numpy")
def philox_words(c0, c1, c2, c3, k0, k1):
    """The same for Python."""
    return philox(c0, c1, c2, c3, k0, k1)


@nb.njit(inline="always", error_model="numpy")
def to_uniform(high, low):
    """A float64 in the open interval (0, 1), a multiple of 2**-53, from two words."""
    bits = ((high << _SHIFT) | low) >> np.uint64(12)
    return (np.float64(np.int64(bits)) + 0.5) * 2.0**-52


@nb.njit("float64(uint64, uint64, uint64, int64, uint64)", **COMPILED)
def uniform_at(key, row, lane, index, retry):
    """The number that `fill_uniform` puts at `index`; `retry` counts draws that were rejected."""
    w0, w1, w2, w3 = philox(np.uint64(index) >> np.uint64(1), row, lane, retry, key & _LOW, key >> _SHIFT)
    if index & 1:
        return to_uniform(w2, w3)
    return to_uniform(w0, w1)


@nb.njit("void(float64[::1], uint64, uint64, uint64, int64)", **COMPILED)
def fill_uniform(out, key, row, lane, start):
    """Fill `out` with the uniform numbers start, start + 1, ... of a row and lane; two come from one Philox call."""
    k0, k1 = key & _LOW, key >> _SHIFT
    if out.size and start & 1:
        out[0] = uniform_at(key, row, lane, start, 0)
        out, start = out[1:], start + 1
    first = np.uint64(start) >> np.uint64(1)
    for pair in range(out.size >> 1):
        w0, w1, w2, w3 = philox(first + np.uint64(pair), row, lane, 0, k0, k1)
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
