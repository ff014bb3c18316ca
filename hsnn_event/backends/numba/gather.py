"""The generated code of a coupling: for each neuron of a slice, the sum over its partners, one after the other."""

from __future__ import annotations

from hsnn_event.backends.numba import kernels
from hsnn_event.lowering.ir import Section

# One record for a slice and a coupling that acts on it, all numbers int64: the address of the code; the number of neurons;
# addresses of where the pairs of each neuron begin, of their partners, of their conductances (one, or one each), of the
# input before and after; then, for each quantity of the partner, of the neuron, its addresses in the two copies.
CODE, LENGTH, STARTS, PARTNERS, CONDUCTANCES, BEFORE, AFTER, QUANTITIES = range(8)


def gather_address(
    function: Section, n_quantities: tuple[int, int], shared: bool, averaged: bool, types: tuple[str, str]
) -> int:
    """The address of the code of a coupling; compiled once for all processes of this user."""
    return int(kernels.imported(gather_source(function, n_quantities, shared, averaged, types), "gather").gather.address)


def gather_source(
    function: Section, n_quantities: tuple[int, int], shared: bool, averaged: bool, types: tuple[str, str]
) -> str:
    """The text of a module that adds up a coupling for the neurons of a slice: (record, copy to read) of type FIVE.

    `n_quantities` counts those read of the partner and of the neuron, `types` are those of states and conductances.
    Partners are unsigned, so that no index is looked at twice.
    """
    n_pre, n_post = n_quantities
    quantity = "nb.carray(as_pointer(r[{0} + copy]), (1,), REAL)"
    values = [f"p{k}" if op == "pre" else f"q{k}" for k, (op, _, _) in enumerate(function.code)]
    lines = []
    for k, (op, args, value) in enumerate(function.code):
        if op in ("pre", "post"):
            values[k] = f"{op}{int(value or 0)}"
        else:
            values[k] = f"f{k}"
            lines.append(f"f{k} = {kernels.operation(op, [values[arg] for arg in args], value)}")
    mean = ["        total = total / REAL(max(starts[i + 1] - starts[i], 1))"] if averaged else []
    return "\n".join([
        '"""A coupling. Generated: do not edit."""',
        *kernels.preamble(types[0]),
        f"WEIGHT = np.{types[1]}",
        '@nb.cfunc("int64(int64, int64, int64, int64, int64)", cache=True, error_model="numpy")',
        "def gather(record, copy, unused0, unused1, unused2):",
        f"    r = nb.carray(as_pointer(record), ({QUANTITIES + 2 * (n_pre + n_post)},), np.int64)",
        f"    n = r[{LENGTH}]",
        f"    starts = nb.carray(as_pointer(r[{STARTS}]), (n + 1,), np.int64)",
        f"    partners = nb.carray(as_pointer(r[{PARTNERS}]), (1,), np.uint32)",
        f"    conductances = nb.carray(as_pointer(r[{CONDUCTANCES}]), (1,), WEIGHT)",
        f"    before = nb.carray(as_pointer(r[{BEFORE}]), (n,), REAL)",
        f"    after = nb.carray(as_pointer(r[{AFTER}]), (n,), REAL)",
        *(f"    pres{k} = {quantity.format(QUANTITIES + 2 * k)}" for k in range(n_pre)),
        *(f"    posts{k} = {quantity.format(QUANTITIES + 2 * (n_pre + k))}" for k in range(n_post)),
        *(["    conductance = REAL(conductances[0])"] if shared else []),
        "    for i in range(n):",
        *(f"        post{k} = posts{k}[i]" for k in range(n_post)),
        "        total = ZERO",
        "        for e in range(starts[i], starts[i + 1]):",
        *(f"            pre{k} = pres{k}[partners[e]]" for k in range(n_pre)),
        *(f"            {line}" for line in lines),
        *([] if shared else ["            conductance = REAL(conductances[e])"]),
        f"            total += conductance * {values[function.outputs[0]]}",
        *mean,
        "        after[i] = before[i] + total",
        "    return 0",
        "",
    ])  # fmt: skip
