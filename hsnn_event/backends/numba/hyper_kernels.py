"""Rules of hyperedges by equations: from instruction lists to a module of two compiled functions, and their addresses."""

from __future__ import annotations

from hsnn_event.backends.numba.kernels import imported, operation, preamble
from hsnn_event.lowering.hyper_ir import HyperKernel
from hsnn_event.lowering.ir import Section

LOADED = {"state": "x[{}]", "constant": "real_at(numbers + 8 * {})", "arrival": "amount", "elapsed": "elapsed"}


def source(kernel: HyperKernel) -> str:
    """The text of the module. Both functions take the addresses of an edge's states and constants; `note` then the bits of
    the time in ms since they were last moved, and of the amount of a spike. `judge` gives 1 where the edge is activated."""
    n = len(kernel.states)
    names = [f"x{j}" for j in range(n)]
    load = [f"    x = ({''.join(f'real_at(states + {8 * j}), ' for j in range(n))})"]
    store = [f"    set_real(states + {8 * j}, {name})" for j, name in enumerate(names)]
    return "\n".join([
        '"""Rule of hyperedges. Generated: do not edit."""',
        *preamble("float64"),
        "from hsnn_event.backends.numba.native import FIVE, inner, real_at, set_real",
        *_function("flow", kernel.flow), *_function("arrive", kernel.arrive), *_function("fires", kernel.fires),
        *_function("after", kernel.reset),
        "def note(states, numbers, elapsed_bits, amount_bits, _):",
        "    elapsed, amount = INT(elapsed_bits).view(REAL), INT(amount_bits).view(REAL)",
        *load,
        "    if elapsed != 0.0:",
        "        x = flow(x, numbers, elapsed, amount)",
        f"    {', '.join(names)}, = arrive(x, numbers, elapsed, amount)",
        *store,
        "    return 0",
        "def judge(states, numbers, _, __, ___):",
        *load,
        "    if not fires(x, numbers, 0.0, 0.0)[0]:",
        "        return 0",
        f"    {', '.join(names)}, = after(x, numbers, 0.0, 0.0)",
        *store,
        "    return 1",
        *(f'{name} = nb.cfunc(FIVE, cache=True, error_model="numpy")({name})' for name in ("note", "judge")),
        "",
    ])  # fmt: skip


def _function(name: str, section: Section) -> list[str]:
    """A section as a function of states x, the address of the constants, elapsed time and amount."""
    lines = ["@inner", f"def {name}(x, numbers, elapsed, amount):"]
    for number, (op, args, value) in enumerate(section.code):
        text = LOADED[op].format(int(value or 0)) if op in LOADED else operation(op, [f"v{a}" for a in args], value)
        lines.append(f"    v{number} = {text}")
    return [*lines, f"    return ({''.join(f'v{output}, ' for output in section.outputs)})"]


def addresses(kernel: HyperKernel) -> tuple[int, int]:
    """Of the two functions; compiled once for all processes of this user."""
    module = imported(source(kernel), "rule")
    return int(module.note.address), int(module.judge.address)
