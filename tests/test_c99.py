"""Kernels as C99: compiled strictly, every model of the library gives the bits of the interpreter and of Numba."""

import ctypes
import os
import shutil
import subprocess

import numpy as np
import pytest
from driven_kernels import PRECISIONS, advanced, assert_same_bits, automatic, case, interpreted, models, names, operations

from hsnn_event.backends.c99.kernels import OPTIONS, source
from hsnn_event.backends.c_family import function, head, literal
from hsnn_event.backends.numba import kernels as numba_kernels
from hsnn_event.errors import UnknownNameError

STRICT = ("-Wall", "-Wextra", "-Werror", "-pedantic")
CASES = names()


def compiler():
    """The C compiler: $CC, or gcc."""
    found = shutil.which(os.environ.get("CC", "gcc"))
    assert found, "no C compiler: install gcc, or name one in $CC"
    return found


def compiled(text, folder, *options):
    """The shared library of a text."""
    (folder / "kernels.c").write_text(text, encoding="utf-8")
    library = folder / "kernels.so"
    position = [] if os.name == "nt" else ["-fPIC"]  # there, all code is
    command = [compiler(), *OPTIONS, *STRICT, *options, "-shared", *position, "-o", library, folder / "kernels.c", "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


@pytest.fixture(scope="module", params=PRECISIONS)
def library(request, tmp_path_factory):
    """The kernels of all cases in one precision, compiled together for this processor, which may have fused operations."""
    real = request.param
    made = [case(*which, real) for which in CASES]
    functions = [function(each.kernel, real, each.per_neuron, f"advance_{each.name}") for each in made]
    text = "\n".join([head("c99", real), *functions])
    return real, compiled(text, tmp_path_factory.mktemp(real), "-O2", "-march=native")  # -O3 takes a minute to vectorise


def caller(code):
    """A C function that takes NumPy's arrays and numbers."""
    code.restype = None
    kinds = {"int32": ctypes.c_int32, "float64": ctypes.c_double, "float32": ctypes.c_float}

    def call(values):
        code(*(ctypes.c_void_p(each.ctypes.data) if each.ndim else kinds[each.dtype.name](each) for each in values))

    return call


@pytest.mark.parametrize("which", CASES, ids=lambda which: "-".join(map(str, which)))
def test_every_model_and_method(library, which):
    real, code = library
    this = case(*which, real)
    expected = interpreted(this)
    assert_same_bits(advanced(this, caller(getattr(code, f"advance_{this.name}"))), expected)
    if which in automatic():  # other methods may diverge, and take fewer steps
        assert np.isfinite(expected.states).all(axis=(0, 1)).mean() > 0.3, "a poor test: nearly all neurons diverge"
        assert expected.fired.any() or models()[which[0]].threshold is None, "a poor test: no neuron fires"


@pytest.mark.parametrize("which", automatic(), ids=lambda which: "-".join(map(str, which)))
def test_the_bits_are_those_of_numba(which):
    this = case(*which, "float64")
    assert_same_bits(advanced(this, numba_caller(this)), interpreted(this))


def numba_caller(this):
    """The kernel compiled by Numba, called with the arguments of the C function."""
    where = numba_kernels.layout(this.kernel, this.per_neuron)
    pointer = ctypes.c_void_p
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, pointer, pointer, ctypes.c_int64, ctypes.c_int64, pointer)
    code = kind(numba_kernels.address(this.kernel, this.real, this.per_neuron))
    places = {numba_kernels.UNTIL: "until", **{numba_kernels.arrival(name): f"arrival_{name}" for name in this.arrivals}}
    places |= {each.name: each.variable for each in this.arguments if each.role in ("state", "constant", "input")}
    scratch, fired = np.zeros(this.size // numba_kernels.CHUNK + 1, np.int32), np.zeros(this.size, np.int32)

    def call(values):
        given = {each.variable: value for each, value in zip(this.arguments, values, strict=True)}
        arrays = np.array([given[places[name]].ctypes.data for name in where.arrays] + [scratch.ctypes.data], np.int64)
        scalars = np.array([given[places[name]] for name in where.scalars], np.float64)
        n = code(arrays.ctypes.data, scalars.ctypes.data, this.size, int(given.get("now", 0)), fired.ctypes.data)
        given["fired"][:] = np.isin(np.arange(this.size), fired[:n])

    return call


@pytest.mark.parametrize("options", [("-O0",), ("-O3", "-march=native")], ids=" ".join)
@pytest.mark.parametrize("real", PRECISIONS)
def test_every_operation_on_hard_numbers(real, options, tmp_path):
    this = operations(real)
    code = compiled(source(this.kernel, real, this.per_neuron), tmp_path, *options)
    assert_same_bits(advanced(this, caller(code.advance)), interpreted(this))


def test_the_hard_numbers_tell_fused_operations():
    """In float32, where float64 can say what one rounding of x*z - w gives."""
    this = operations("float32")
    x, z, w = (this.inputs[name][0].astype(np.float64) for name in "xzw")
    with np.errstate(all="ignore"):
        fused = (x * z - w).astype(np.float32)
    separate = interpreted(this).states[0][this.kernel.states.index("mul_sub")]
    finite = np.isfinite(fused) & np.isfinite(separate)
    assert (fused != separate)[finite].sum() > 300


def test_options_that_change_bits_are_refused(tmp_path):
    this = operations("float64")
    (tmp_path / "kernel.c").write_text(source(this.kernel, "float64", this.per_neuron))
    command = [compiler(), *OPTIONS, "-ffast-math", "-c", "-o", tmp_path / "kernel.o", tmp_path / "kernel.c"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0 and "rounded once" in done.stderr


def test_a_type_that_no_kernel_has():
    this = operations("float64")
    with pytest.raises(UnknownNameError, match="'float16' is unknown"):
        source(this.kernel, "float16", this.per_neuron)


def test_literals_are_rounded_once_to_their_type():
    above_tie = 1.0 + 2.0**-24 + 2.0**-52  # above half way between two singles: to single it goes up
    assert literal(above_tie, "float32") == "0x1.000002p+0f"
    for value in (0.1, -1e-310, 5e-324, 1.7976931348623157e308, 1e-45, 3.0):
        assert float.fromhex(literal(value, "float64")) == value
        with np.errstate(over="ignore"):
            single = float(np.float32(value))
        assert single == np.inf or float.fromhex(literal(value, "float32").rstrip("f")) == single
    assert [literal(value, "float32") for value in (1e39, -np.inf, np.nan)] == ["INFINITY", "-INFINITY", "NAN"]
