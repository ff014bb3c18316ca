"""Kernels in closed form: from instruction lists to a module of compiled functions and their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hsnn_event.backends.numba.kernels import imported, operation, preamble
from hsnn_event.lowering.exact_ir import PERIOD, ExactKernel
from hsnn_event.lowering.ir import Instruction, Section

MARK = "# --- every model ---\n"
WRITTEN = ("exact_neuron.py", "exact_group.py")
SECTIONS = ("flow", "clamped", "arrive", "arrive_clamped", "reset", "fires", "ahead", "safe")
ONE_OUTPUT = ("fires", "ahead", "safe")


class Code(NamedTuple):
    """Addresses of the functions of `exact_neuron`, and the layout of its records, in numbers a record."""

    take: int
    close: int
    view: int
    stride: int
    n_states: int
    closed: bool
    n_lanes: int  # numbers of scratch that `take` works on


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
    every = [Path(__file__).with_name(name).read_text(encoding="utf-8").partition(MARK)[2] for name in WRITTEN]
    named = (*kernel.constants, *kernel.inputs)
    values = [
        f"real_at(s + {8 * where.scalars.index(name)})" if name in where.scalars
        else f"_own(arrays, {where.arrays.index(name)}, i)"
        for name in named
    ]  # fmt: skip
    lines = [
        f'"""Exact kernel {kernel.name}. Generated: do not edit."""',
        *preamble("float64"),
        "from hsnn_event.backends.numba.native import FIVE, inner, prefetch",
        "from hsnn_event.backends.numba.native import half_at, real_at, set_real, set_whole, whole_at",
        "from hsnn_event.backends.numba.exact_team import *",
        "from hsnn_event.lowering.exact_ir import MOST_AT_ONCE, NEVER",
        f"WEIGHT = np.{weight}",
        f"N_STATES, N_RECEPTORS, N_OWN = {n_states}, {n_receptors}, {len(where.arrays)}",
        f"CLOSED, STILL = {kernel.closed}, {_unmoved(kernel.clamped) and _unmoved(kernel.arrive_clamped)}",
        "@inner",
        "def _own(arrays, place, i):",
        "    return real_at(whole_at(arrays + 8 * place) + 8 * i)",
        "@inner",
        "def numbers(s, arrays, i):",
        f"    return {_tuple(values or ['0.0'])}",
        "@inner",
        "def load(at):",
        f"    return {_tuple([f'real_at(at + {8 * j})' for j in range(n_states)])}",
        "@inner",
        "def store(at, x):",
        *(f"    set_real(at + {8 * j}, x[{j}])" for j in range(n_states)),
        "@inner",
        "def sums(at):",
        f"    return {_tuple([f'real_at(at + {8 * j})' for j in range(n_receptors)] or ['0.0'])}",
        "@inner",
        "def period(k):",
        f"    return {f'k[{named.index(PERIOD)}]' if kernel.refractory else '0.0'}",
    ]
    for name in SECTIONS:
        lines += _section(kernel, name, getattr(kernel, name))
    lines += [*_batch(kernel, where), *_outlook(kernel, where)]
    ways_in = [f'{name} = nb.cfunc(FIVE, cache=True, error_model="numpy")({name})' for name in ("take", "close", "view")]
    return "\n".join([*lines, *every, *ways_in, ""])


def _unmoved(section: Section) -> bool:
    """Are all states left alone, or set to what no state decides?"""
    code = section.code
    loads = [k for k in range(len(code)) if code[k].op in ("state", "arrival", "elapsed")]
    return all(code[out] == Instruction("state", (), k) or not loads for k, out in enumerate(section.outputs))


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


def _batch(kernel: ExactKernel, where: Layout) -> list[str]:
    """The vector loop over arrivals: the sections one after the other, each reading what the one before it wrote."""
    before, now = [f"X{j}[j]" for j in range(len(kernel.states))], [f"f{j}" for j in kernel.flow.outputs]
    arrived, after = [f"a{j}" for j in kernel.arrive.outputs], [f"b{j}" for j in kernel.arrive.outputs]
    numbers = _own_numbers(where)
    return _loop(kernel, where, "batch", [
        *_inline(kernel, kernel.arrive, "a", before, numbers, "A"),
        *_inline(kernel, kernel.flow, "f", arrived, numbers, "A"),
        *_inline(kernel, kernel.arrive, "b", now, numbers, "B"),
        *_inline(kernel, kernel.fires, "t", after, numbers, "B"),
        *_inline(kernel, kernel.safe, "s_", after, numbers, "B", "E0[j]"),
        *(f"Y{j}[j] = {value}" for j, value in enumerate(now)),
        f"G0[j] = select(s_{kernel.safe.outputs[0]} & (not t{kernel.fires.outputs[0]}), 1.0, 0.0)",
    ])  # fmt: skip


def _outlook(kernel: ExactKernel, where: Layout) -> list[str]:
    """The vector loop over looks: the crossing, or one turn of the search for it, of each neuron."""
    numbers, states = _own_numbers(where), range(len(kernel.states))
    seen = arrived = [f"a{j}" for j in kernel.arrive.outputs]
    inside = _inline(kernel, kernel.arrive, "a", [f"X{j}[j]" for j in states], numbers, "A")
    if not kernel.closed:
        seen = [f"y{j}" for j in states]
        inside += ["known = E0[j]", "fresh = known < 0.0"]
        inside += _inline(kernel, kernel.flow, "f", arrived, numbers, "A", "known")
        inside += [f"y{j} = select(fresh, {arrived[j]}, f{kernel.flow.outputs[j]})" for j in states]
    inside += _inline(kernel, kernel.fires, "t", seen, numbers, "A")
    inside += _inline(kernel, kernel.ahead, "d", seen, numbers, "A")
    inside += [f"time = d{kernel.ahead.outputs[0]}", f"fires = t{kernel.fires.outputs[0]}"]
    if not kernel.closed:
        inside += ["time = select(fresh, time, known + time)", "fires = fires | ((not fresh) & (time == known))"]
    return _loop(kernel, where, "outlook", [
        *inside,
        *(f"Y{j}[j] = {value}" for j, value in enumerate(arrived)),
        "E0[j] = time",
        "G0[j] = select((not fires) & (time > H0[j]), 1.0, 0.0)",
    ])  # fmt: skip


def _own_numbers(where: Layout) -> dict[str, str]:
    return {name: f"s{j}" for j, name in enumerate(where.scalars)} | {
        name: f"K{j}[j]" for j, name in enumerate(where.arrays)
    }


def _loop(kernel: ExactKernel, where: Layout, name: str, inside: list[str]) -> list[str]:
    """A function over columns side by side.

    Nothing is called in it, so that it vectorises; and it goes ABREAST columns at a time, in the end over columns that mean
    nothing, since what is left of a loop is not vectorised.
    """
    n, r = len(kernel.states), len(kernel.receptors)
    rows, first = {}, 0
    for row, length in (("X", n), ("H", 1), ("E", 1), ("A", r), ("B", r), ("K", len(where.arrays)), ("Y", n), ("G", 1)):
        rows[row] = first, length
        first += length
    return [
        "@inner",
        f"def {name}(scalars, lanes, n):",
        *(f"    s{j} = real_at(scalars + {8 * j})" for j in range(len(where.scalars))),
        "    for start in range(0, n, ABREAST):",
        *(
            f"        {row}{j} = nb.carray(as_pointer(lanes + 8 * (CHUNK * {first + j} + start)), (ABREAST,), REAL)"
            for row, (first, number) in rows.items() for j in range(number)
        ),
        "        for j in range(ABREAST):",
        *(f"            {line}" for line in inside),
    ]  # fmt: skip


def _inline(
    kernel: ExactKernel, section: Section, prefix: str, states: list[str], numbers: dict[str, str], arrivals: str,
    elapsed: str = "H0[j]",
) -> list[str]:  # fmt: skip
    """A section as assignments to variables that begin with `prefix`."""
    named = {
        "state": states, "constant": [numbers[name] for name in kernel.constants],
        "input": [numbers[name] for name in kernel.inputs],
        "arrival": [f"{arrivals}{r}[j]" for r in range(len(kernel.receptors))], "elapsed": [elapsed],
    }  # fmt: skip
    lines = []
    for number, (op, args, value) in enumerate(section.code):
        text = named[op][int(value or 0)] if op in named else operation(op, [f"{prefix}{a}" for a in args], value)
        lines.append(f"{prefix}{number} = {text}")
    return lines


def compiled(kernel: ExactKernel, per_neuron: frozenset[str], weight: str) -> Code:
    """The functions of a kernel; compiled once for all processes of this user."""
    module = imported(source(kernel, per_neuron, weight), "exact")
    return Code(
        take=int(module.take.address), close=int(module.close.address), view=int(module.view.address),
        stride=module.STRIDE, n_states=len(kernel.states), closed=kernel.closed,
        n_lanes=(module.N_LANES + 1) * module.CHUNK,
    )  # fmt: skip
