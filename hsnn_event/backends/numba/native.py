"""What Numba lacks: pointers, prefetch, atomic counters, calls through addresses, and a barrier made of them."""

from __future__ import annotations

import ctypes
import platform
import sys

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic

BROKEN_OFF = 32  # place in a barrier: not 0 where threads are to leave it
SPINS_BEFORE_YIELD = 200  # about 3 us: a yield costs little where a core is idle, and saves a time slice where none is


class Inner(CPUDispatcher):
    """A compiled function for other compiled functions. Called from Python it would bring the process down."""

    def __call__(self, *arguments, **named):
        raise TypeError(f"{self.py_func.__name__} has no way in from Python: call it from compiled code, or py_func.")


def inner(function):
    """Compile for calls from compiled code alone: the way in from Python takes longer to compile than most functions."""
    compiled = nb.njit(error_model="numpy", nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    compiled.__class__ = Inner
    return compiled


@intrinsic
def as_pointer(typing_context, address):
    """The untyped pointer of an integer address."""

    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen


@inner
def bare(array):
    """The same memory as an array of which no one counts the references: handing it on costs no atomic operation."""
    return nb.carray(as_pointer(array.ctypes.data), array.shape, array.dtype)


@intrinsic
def select(typing_context, condition, if_true, if_false):
    """`if_true` if the condition holds, else `if_false`, of one type, without a branch.

    Branches on one condition are merged by LLVM into two paths with masked stores each, three times as slow.
    """
    if if_true != if_false:
        return None

    def codegen(context, builder, signature, args):
        return builder.select(args[0], args[1], args[2])

    return if_true(types.boolean, if_true, if_false), codegen


@intrinsic
def prefetch(typing_context, address):
    """Ask for the cache line at an address; a hint without effect on results."""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], cgutils.voidptr_t)
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, i32, i32, i32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, i32(0), i32(3), i32(1)])  # read, keep in all levels, data
        return context.get_dummy_value()

    return types.void(types.int64), codegen


def _plain(kind, llvm_kind):
    """(read, write) a number at an address, without an array: arrays that are handed from function to function cost time."""

    @intrinsic
    def read(typing_context, address):
        def codegen(context, builder, signature, args):
            return builder.load(builder.inttoptr(args[0], llvm_kind.as_pointer()), align=4)

        return kind(types.int64), codegen

    @intrinsic
    def write(typing_context, address, value):
        def codegen(context, builder, signature, args):
            builder.store(args[1], builder.inttoptr(args[0], llvm_kind.as_pointer()), align=4)
            return context.get_dummy_value()

        return types.void(types.int64, kind), codegen

    return read, write


real_at, set_real = _plain(types.float64, ir.DoubleType())
whole_at, set_whole = _plain(types.int64, ir.IntType(64))
half_at, set_half = _plain(types.int32, ir.IntType(32))


@intrinsic
def load_atomic(typing_context, address):
    """The int64 at an address, read with sequential consistency."""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, ordering="seq_cst", align=8)

    return types.int64(types.int64), codegen


@intrinsic
def add_atomic(typing_context, address, amount):
    """Add to the int64 at an address; gives the value before."""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("add", pointer, args[1], "seq_cst")

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def exchange_atomic(typing_context, address, expected, value):
    """Set the int64 at an address if it is the expected one; was it?"""

    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        found = builder.cmpxchg(pointer, args[1], args[2], "seq_cst", "seq_cst")
        return builder.extract_value(found, 1)

    return types.boolean(types.int64, types.int64, types.int64), codegen


@intrinsic
def pause(typing_context):
    """Tell the processor that this is a spin loop, where it has a way to be told."""

    def codegen(context, builder, signature, args):
        if platform.machine().lower() in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), codegen


FIVE = types.int64(*[types.int64] * 5)  # what compiled functions that are called through addresses take and give


def address_of(function):
    """The address of a function of type FIVE, compiled once for all processes of this user."""
    return int(nb.cfunc(FIVE, cache=True, error_model="numpy")(function).address)


@intrinsic
def call(typing_context, address, a, b, c, d, e):
    """Call the function of type FIVE at an address."""

    def codegen(context, builder, signature, args):
        i64 = ir.IntType(64)
        kind = ir.FunctionType(i64, [i64] * 5)
        function = builder.inttoptr(args[0], kind.as_pointer())
        return builder.call(function, args[1:])

    return types.int64(*[types.int64] * 6), codegen


@intrinsic
def call_yield(typing_context, address):
    """Call int32 function(void) at an address."""

    def codegen(context, builder, signature, args):
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


def yield_address() -> int:
    """The system's "let another thread run", or 0 where none is found: then a waiting thread only spins."""
    try:
        windows = sys.platform == "win32"
        library = ctypes.CDLL("kernel32" if windows else None)  # no arguments: any calling convention serves
        function = library.SwitchToThread if windows else library.sched_yield
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    except (OSError, AttributeError):
        return 0


def new_barrier() -> np.ndarray:
    """Arrivals in [0], rounds in [16], BROKEN_OFF: apart, so that they do not share a cache line."""
    return np.zeros(48, np.int64)


@inner
def rest(looks, yield_at):
    """Between two looks at what another thread is to change: spin at first, then let others run."""
    pause()
    if looks > SPINS_BEFORE_YIELD and yield_at != 0:
        call_yield(yield_at)


@inner
def wait(barrier, n_threads, yield_at):
    """Return when all threads have called it: a sense-reversing barrier that spins, then yields.

    False: it was broken off, since one of them will not come.
    """
    if n_threads == 1:
        return True
    arrivals, rounds = barrier, barrier + 128
    now = load_atomic(rounds)
    if add_atomic(arrivals, 1) == n_threads - 1:
        add_atomic(arrivals, -n_threads)
        add_atomic(rounds, 1)
        return True
    looks = 0
    while load_atomic(rounds) == now:
        looks += 1
        if looks > SPINS_BEFORE_YIELD and load_atomic(barrier + 8 * BROKEN_OFF) != 0:
            return False
        rest(looks, yield_at)
    return True
