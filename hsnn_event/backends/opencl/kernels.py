"""Kernels of neuron models and couplings as OpenCL C."""

from __future__ import annotations

from hsnn_event.backends import c_coupling
from hsnn_event.backends.c_family import functions, head
from hsnn_event.lowering.ir import CouplePlan, Kernel

# By the standard, single-precision division and roots may be off by units in the last place unless this is asked for.
OPTIONS = ("-cl-std=CL1.2", "-cl-fp32-correctly-rounded-divide-sqrt")


def source(kernel: Kernel, real: str, per_neuron: frozenset[str], name: str = "advance") -> str:
    """The text of an OpenCL program with one kernel, which takes `c_family.arguments`: one clock step of n neurons.

    `real` is "float64" (the device must have doubles) or "float32"; `per_neuron` names the constants and inputs that have
    a value a neuron, the others have one for all. Built with OPTIONS it gives the same bits as every other backend, on
    devices with denormals and correct rounding. A coupled kernel has a kernel for each of `c_family.stages` too.

    >>> from hsnn_event.lowering.lowered import lower_model
    >>> from hsnn_event.model.library import lif_delta
    >>> text = source(lower_model(lif_delta(), "auto", 0.1).kernel, "float32", frozenset())
    >>> [line for line in text.splitlines() if "FP_CONTRACT" in line]
    ['#pragma OPENCL FP_CONTRACT OFF']
    """
    return head("opencl", real) + "\n" + functions(kernel, real, per_neuron, name)


def coupling_source(plan: CouplePlan, real: str, weight: str, name: str = "gather") -> str:
    """The text of an OpenCL program with one kernel, which takes `c_coupling.arguments`: what a coupling adds to an input.

    `real` and `weight` are `Program.state_type` and `Program.weight_type`.
    """
    return head("opencl", real, weight) + "\n" + c_coupling.function(plan, real, name)
