"""Kernels as OpenCL C on the processor (PoCL): every model of the library gives the bits of the interpreter."""

import os
import platform
import sys

import numpy as np
import pytest
from driven_couplings import MIXED, assert_same, stepped, text
from driven_kernels import PRECISIONS, advanced, assert_same_bits, case, interpreted, once_each, operations
from pocl_processor import name_known_processor

from hsnn_event.backends.c_family import function, head
from hsnn_event.backends.opencl.kernels import OPTIONS, source
from hsnn_event.backends.reference import ReferenceEngine

CASES = once_each()
GROUP = 16  # work items
HERE = (sys.platform, platform.machine()) == ("linux", "x86_64")
pytestmark = pytest.mark.skipif(not HERE, reason="PyPI has PoCL for Linux on x86-64 only")
if HERE:  # before any other test loads the drivers
    name_known_processor()


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    """On PoCL's device without threads of its own; nothing is kept from other runs."""
    folder = str(tmp_path_factory.mktemp("pocl"))
    os.environ.update(POCL_CACHE_DIR=folder, PYOPENCL_NO_CACHE="1", POCL_DEVICES="basic")
    import pyopencl as cl

    (pocl,) = [each for each in cl.get_platforms() if each.name == "Portable Computing Language"]
    return cl.CommandQueue(cl.Context(pocl.get_devices()))


def built(queue, text):
    """The program of a text; a warning is an error."""
    import pyopencl as cl

    return cl.Program(queue.context, text).build([*OPTIONS, "-Werror"])


@pytest.fixture(scope="module", params=PRECISIONS)
def library(request, queue):
    """The kernels of all cases in one precision, in one program."""
    real = request.param
    made = [case(*which, real) for which in CASES]
    functions = [function(each.kernel, real, each.per_neuron, f"advance_{each.name}") for each in made]
    return real, built(queue, "\n".join([head("opencl", real), *functions]))


def caller(queue, program, name, arguments):
    """A kernel that takes NumPy's arrays and numbers."""
    import pyopencl as cl

    kernel = cl.Kernel(program, name)
    copied = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR

    def call(values):
        items = GROUP * -(-int(values[0]) // (2 * GROUP))  # about half as many as neurons, so that each goes on to a second
        held = [
            cl.Buffer(queue.context, copied, hostbuf=np.ascontiguousarray(value)) if argument.is_array else value
            for argument, value in zip(arguments, values, strict=True)
        ]
        kernel(queue, (items,), (GROUP,), *held)
        for argument, value, buffer in zip(arguments, values, held, strict=True):
            if argument.is_array and "const " not in argument.declaration:
                cl.enqueue_copy(queue, value, buffer)
        queue.finish()

    return call


@pytest.mark.parametrize("which", CASES, ids=lambda which: "-".join(map(str, which)))
def test_every_model_and_every_method(queue, library, which):
    real, program = library
    this = case(*which, real)
    assert_same_bits(advanced(this, caller(queue, program, f"advance_{this.name}", this.arguments)), interpreted(this))


@pytest.mark.parametrize("real", PRECISIONS)
def test_every_operation_on_hard_numbers(queue, real):
    this = operations(real)
    program = built(queue, source(this.kernel, real, this.per_neuron))
    assert_same_bits(advanced(this, caller(queue, program, "advance", this.arguments)), interpreted(this))


@pytest.mark.parametrize("name", MIXED)
def test_a_network_of_coupled_neurons(queue, name):
    coupled = MIXED[name]()
    program = built(queue, head("opencl", coupled.state_type, coupled.weight_type) + text(coupled))
    run = stepped(coupled, lambda each, arguments: caller(queue, program, each, arguments))
    assert_same(run, coupled, ReferenceEngine(coupled))
