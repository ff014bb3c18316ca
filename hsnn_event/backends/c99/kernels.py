"""Kernels of neuron models and couplings as C99: files that stand for themselves, and include but the standard library."""

from __future__ import annotations

from hsnn_event.backends import c_coupling
from hsnn_event.backends.c_family import functions, head
from hsnn_event.lowering.ir import CouplePlan, Kernel

OPTIONS = ("-std=c99", "-ffp-contract=off")  # of gcc and clang: what makes every operation round once


def source(kernel: Kernel, real: str, per_neuron: frozenset[str], name: str = "advance") -> str:
    """The text of a C file with one function, which takes `c_family.arguments`: one clock step of n neurons.

    `real` is "float64" or "float32"; `per_neuron` names the constants and inputs that have a value a neuron, the others
    have one for all. Compiled with OPTIONS it gives the same bits as every other backend. A coupled kernel has a function
    for each of `c_family.stages` too.

    >>> from hsnn_event.lowering.lowered import lower_model
    >>> from hsnn_event.model.library import lif_delta
    >>> text = source(lower_model(lif_delta(), "auto", 0.1).kernel, "float64", frozenset())
    >>> print(text[text.index("KERNEL void"):text.index(" now")])
    KERNEL void advance(
        const int32_t n,
        GLOBAL uint8_t *restrict fired,
        const int32_t
    """
    return head("c99", real) + "\n" + functions(kernel, real, per_neuron, name)


def coupling_source(plan: CouplePlan, real: str, weight: str, name: str = "gather") -> str:
    """The text of a C file with one function, which takes `c_coupling.arguments`: what a coupling adds to an input.

    `real` and `weight` are `Program.state_type` and `Program.weight_type`.
    """
    return head("c99", real, weight) + "\n" + c_coupling.function(plan, real, name)
