"""Kernels as C99: compiled strictly, every model of the library gives the bits of the interpreter and of Numba."""

import ctypes
import os
import shutil
import subprocess

import numpy as np
import pytest
from driven_kernels import N, PRECISIONS, advanced, assert_same_bits, case, interpreted, names

from hsnn_event.backends.c99.kernels import OPTIONS, source
from hsnn_event.backends.c_family import function, head
from hsnn_event.backends.numba import kernels as numba_kernels

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
    return real, compiled(text, tmp_path_factory.mktemp(real), "-O3", "-march=native")


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
    expected = interpreted(*which, real)
    assert_same_bits(advanced(this, caller(getattr(code, f"advance_{this.name}"))), expected)
    finite = np.isfinite(expected.states).all(axis=(0, 1))
    print(this.name, real, finite.mean(), expected.fired.sum(), expected.fired.any(0).sum())
