"""Kernels in closed form: from instruction lists to a module of compiled functions and their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hsnn_event.backends.numba.kernels import imported, operation
from hsnn_event.lowering.exact_ir import PERIOD, ExactKernel
from hsnn_event.lowering.ir import Section

MARK = "# --- every model ---\n"
SECTIONS = ("flow", "clamped", "arrive", "arrive_clamped", "reset", "fires", "ahead", "soon")
ONE_OUTPUT = ("fires", "ahead", "soon")


class Code(NamedTuple):
    """Addresses of the functions of `exact_neuron`, and the layout of its records, in numbers a record."""

    take: int
    close: int
    view: int
    stride: int
    n_states: int
    closed: bool


class Layout(NamedTuple):
    """Where a kernel finds constants and inputs: numbers in `scalars`, pointers in `arrays`."""

    scalars: tuple[str, ...]
    arrays: tuple[str, ...]


def layout(kernel: ExactKernel, per_neuron: frozenset[str]) -> Layout:
    """`per_neuron` names the constants and inputs that have a value a neuron."""
    names = (*kernel.constants, *kernel.inputs)
    return Layout(tuple(n for n in names if n not in per_neuron), tuple(n for n in names if n in per_neuron))


def source(kernel: ExactKernel, per_neuron: frozenset[str], weight: str) -> str:
    """The text of the module."""
    where = layout(kernel, per_neuron)
    n_states, n_receptors = len(kernel.states), len(kernel.receptors)
    every = Path(__file__).with_name("exact_neuron.py").read_text(encoding="utf-8").partition(MARK)[2]
    named = (*kernel.constants, *kernel.inputs)
    values = [
        f"s[{where.scalars.index(n)}]" if n in where.scalars else f"_own(arrays, {where.arrays.index(n)}, i)" for n in named
    ]
    lines = [
        f'"""Exact kernel {kernel.name}. Generated: do not edit."""',
        "import math",
        "import numba as nb",
        "import numpy as np",
        "from hsnn_event.backends.numba.native import FIVE, as_pointer, inner, prefetch, select",
        "REAL, ZERO, INT = np.float64, np.float64(0), np.int64",
        "WIDTH, BIAS, MASK, ONE = INT(52), INT(1023), INT(0x000FFFFFFFFFFFFF), INT(0x3FF0000000000000)",
        f"WEIGHT = np.{weight}",
        f"N_STATES, N_RECEPTORS, CLOSED = {n_states}, {n_receptors}, {kernel.closed}",
        "@inner",
        "def _own(arrays, place, i):",
        "    return nb.carray(as_pointer(nb.carray(as_pointer(arrays), (place + 1,), INT)[place]), (i + 1,), REAL)[i]",
        "@inner",
        "def numbers(scalars, arrays, i):",
        f"    s = nb.carray(as_pointer(scalars), ({max(1, len(where.scalars))},), REAL)",
        f"    return {_tuple(values or ['0.0'])}",
        "@inner",
        "def load(rec, at):",
        f"    return {_tuple([f'rec[at + {j}]' for j in range(n_states)])}",
        "@inner",
        "def store(rec, at, x):",
        *(f"    rec[at + {j}] = x[{j}]" for j in range(n_states)),
        "@inner",
        "def sums(rec, at):",
        f"    return {_tuple([f'rec[at + {j}]' for j in range(n_receptors)] or ['0.0'])}",
        "@inner",
        "def period(k):",
        f"    return {f'k[{named.index(PERIOD)}]' if kernel.refractory else '0.0'}",
    ]
    for name in SECTIONS:
        lines += _section(kernel, name, getattr(kernel, name))
    return "\n".join([*lines, every])


def _tuple(texts: list[str]) -> str:
    return f"({', '.join(texts)},)"


def _section(kernel: ExactKernel, name: str, section: Section) -> list[str]:
    """A section as a function of states x, numbers k, arrivals a, elapsed time h."""
    place = {"state": "x[{}]", "constant": "k[{}]", "arrival": "a[{}]"}
    lines = ["@inner", f"def {name}(x, k, a, h):"]
    for number, (op, args, value) in enumerate(section.code):
        if op in place:
            text = place[op].format(int(value or 0))
        elif op == "input":
            text = f"k[{len(kernel.constants) + int(value or 0)}]"
        else:
            text = "h" if op == "elapsed" else operation(op, [f"v{a}" for a in args], value)
        lines.append(f"    v{number} = {text}")
    outputs = [f"v{output}" for output in section.outputs]
    return [*lines, f"    return {outputs[0] if name in ONE_OUTPUT else _tuple(outputs)}"]


def compiled(kernel: ExactKernel, per_neuron: frozenset[str], weight: str) -> Code:
    """The functions of a kernel; compiled once for all processes of this user."""
    module = imported(source(kernel, per_neuron, weight), "exact")
    addresses = (int(function.address) for function in (module.take, module.close, module.view))
    return Code(*addresses, module.STRIDE, len(kernel.states), kernel.closed)

