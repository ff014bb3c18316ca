"""Kernels of neuron models: from the instruction list to Numba source, to a compiled C function and its address."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType

from hsnn_event import compile_cache
from hsnn_event.lowering.ir import EASY, PARTS, Instruction, Kernel, Section

CHUNK = 256  # neurons advanced before their spikes are looked for: benchmarks/README.md, "kernel chunk"
PLACE = 0xFFFF  # above any sum of CHUNK places

_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
    "ne": "!=", "and": "&", "or": "|",
}  # fmt: skip
_CALLS = {
    "neg": "-{0}", "abs": "abs({0})", "sqrt": "math.sqrt({0})", "not": "not {0}",
    "min": "select({0} < {1}, {0}, {1})", "max": "select({0} > {1}, {0}, {1})",
    "floor": "np.floor({0})", "rint": "np.rint({0})", "select": "select({0}, {1}, {2})", "clamped": "clamped",
    "part": f"REAL(size) * REAL({1 / PARTS})", "reached": f"REAL(done) * REAL({1 / PARTS})",
    "scale2": "{0} * INT((INT({1}) + BIAS) << WIDTH).view(REAL)",
    "exponent": "REAL((REAL({0}).view(INT) >> WIDTH) - BIAS)",
    "mantissa": "INT((REAL({0}).view(INT) & MASK) | ONE).view(REAL)",
}  # fmt: skip
UNTIL = "(until)"  # the last step in which a neuron is clamped
_SIGNATURE = "int64(CPointer(int64), CPointer(float64), int64, int64, CPointer(int32))"
_KERNEL = f'@nb.cfunc("{_SIGNATURE}", cache=True, error_model="numpy")'
_BITS = {
    "float64": ("np.int64", 52, 1023, 0x000FFFFFFFFFFFFF, 0x3FF0000000000000),
    "float32": ("np.int32", 23, 127, 0x007FFFFF, 0x3F800000),
}


@dataclass(frozen=True)
class Layout:
    """Where a kernel finds its arguments: pointers of `arrays` in this order, numbers of `scalars` in this order."""

    arrays: tuple[str, ...]
    scalars: tuple[str, ...]


def layout(kernel: Kernel, per_neuron: frozenset[str]) -> Layout:
    """`per_neuron` names the constants and inputs that have a value a neuron; the states come first.

    One pointer more follows: scratch, an int32 for every CHUNK neurons and one more.
    """
    shared = [name for name in (*kernel.constants, *kernel.inputs) if name not in per_neuron]
    own = [name for name in (*kernel.constants, *kernel.inputs) if name in per_neuron]
    until = [UNTIL] if kernel.refractory else []
    return Layout((*kernel.states, *until, *map(arrival, kernel.receptors), *own), tuple(shared))


def arrival(receptor: str) -> str:
    """The name, among the arrays of a layout, of what arrives at a receptor."""
    return f"(arrival) {receptor}"


def source(kernel: Kernel, real: str, per_neuron: frozenset[str]) -> str:
    """The text of a module that holds the kernel as a C function; native.call gives its signature.

    It advances the neurons without a branch, chunk by chunk, so that the loop vectorises. A chunk's `hits` sums up the
    places of those that fire, and in its upper bits how many they are. The second loop takes them from there: the last
    one is what is left of the sum, the others are looked for. (Looked for after each chunk, a spike cost 50 ns of lost
    pipeline.)
    """
    where = layout(kernel, per_neuron)
    types = ["np.int32" if name == UNTIL else "REAL" for name in where.arrays]
    scalars = {name: f"s{k}" for k, name in enumerate(where.scalars)}
    whole = _Printer(kernel, {name: f"a{k}" for k, name in enumerate(where.arrays)}, scalars)
    chunk = _Printer(kernel, {name: f"c{k}" for k, name in enumerate(where.arrays)}, scalars)
    arrays = range(len(where.arrays))
    lines = [
        f'"""Kernel {kernel.name}, {real}. Generated: do not edit."""',
        *preamble(real),
        _KERNEL,
        "def kernel(arrays, scalars, n, now, fired):",
        "    now = np.int32(now)",
        *(f"    a{k} = nb.carray(as_pointer(arrays[{k}]), (n,), {types[k]})" for k in arrays),
        f"    hits_of = nb.carray(as_pointer(arrays[{len(types)}]), (n // {CHUNK} + 1,), np.int32)",
        *(f"    s{k} = REAL(scalars[{k}])" for k in range(len(where.scalars))),
        f"    for start in range(0, n, {CHUNK}):",
        f"        stop = min(n, start + {CHUNK})",
        *(f"        c{k} = a{k}[start:stop]" for k in arrays),
        "        hits = np.int32(0)",
        "        for i in range(c0.size):",
        *_indented(12, chunk.update()),
        f"        hits_of[start // {CHUNK}] = hits",
        "    n_fired = 0",
        f"    for start in range(0, n, {CHUNK}):",
        f"        hits = hits_of[start // {CHUNK}]",
        "        if hits == 0:",
        "            continue",
        f"        left, places = hits // {PLACE + 1}, start * (hits // {PLACE + 1}) + (hits & {PLACE})",
        "        i = start - 1",
        "        while left > 0:",
        "            i = places if left == 1 else i + 1",
        *_indented(12, whole.reset()),
        "    return n_fired",
        "",
    ]
    return "\n".join(lines)


def stage_source(kernel: Kernel, real: str, per_neuron: frozenset[str]) -> str:
    """The same of a kernel whose `update` is a stage: arrivals stay, and nobody fires."""
    where = layout(kernel, per_neuron)
    arrays, scalars = range(len(where.arrays)), {name: f"s{k}" for k, name in enumerate(where.scalars)}
    types = ["np.int32" if name == UNTIL else "REAL" for name in where.arrays]
    chunk = _Printer(kernel, {name: f"c{k}" for k, name in enumerate(where.arrays)}, scalars)
    lines = [
        f'"""A stage of kernel {kernel.name}, {real}. Generated: do not edit."""',
        *preamble(real),
        _KERNEL,
        "def kernel(arrays, scalars, n, now, fired):",
        "    now = np.int32(now)",
        *(f"    a{k} = nb.carray(as_pointer(arrays[{k}]), (n,), {types[k]})" for k in arrays),
        *(f"    s{k} = REAL(scalars[{k}])" for k in range(len(where.scalars))),
        f"    for start in range(0, n, {CHUNK}):",
        f"        stop = min(n, start + {CHUNK})",
        *(f"        c{k} = a{k}[start:stop]" for k in arrays),
        "        for i in range(c0.size):",
        *_indented(12, [*chunk.clamp(), *chunk.section(kernel.update, "u"), *chunk.stores(kernel.update, "u")]),
        "    return 0",
        "",
    ]
    return "\n".join(lines)


def preamble(real: str) -> list[str]:
    """What generated modules begin with."""
    integer, width, bias, mask, one = _BITS[real]
    return [
        "import math",
        "import numba as nb",
        "import numpy as np",
        "from hsnn_event.backends.numba.native import as_pointer, select",
        f"REAL, ZERO, INT = np.{real}, np.{real}(0), {integer}",
        f"WIDTH, BIAS, MASK, ONE = INT({width}), INT({bias}), INT({mask}), INT({one})",
    ]


def _indented(columns: int, lines: list[str]) -> list[str]:
    return [" " * columns + line for line in lines]


@dataclass(frozen=True)
class _Printer:
    """Prints the sections of a kernel for neuron i of some slices: names of arrays and scalars to variables."""

    kernel: Kernel
    arrays: dict[str, str]
    scalars: dict[str, str]

    def update(self) -> list[str]:
        """Advance neuron i and clear its arrivals; if it fires, add it to `hits`."""
        kernel = self.kernel
        lines = [*self.clamp(), *self.attempts(), *self.section(kernel.update, "u"), *self.stores(kernel.update, "u")]
        lines += [f"{self.arrays[arrival(name)]}[i] = ZERO" for name in kernel.receptors]
        # The threshold reads the new states: their values stand in for loads.
        fresh = {name: f"u{value}" for name, value in zip(kernel.states, kernel.update.outputs, strict=True)}
        fires = f"f{kernel.fires.outputs[0]}" + (" & free" if kernel.refractory else "")
        # Narrow integers throughout: one 64-bit value in the loop would halve the width of all its vectors.
        hit = [
            f"hits = np.int32(hits + select({fires}, np.int32({PLACE + 1} + i), np.int32(0)))",
        ]
        return [*lines, *self.section(kernel.fires, "f", fresh), *hit]

    def clamp(self) -> list[str]:
        """Is neuron i refractory?"""
        until = f"{self.arrays.get(UNTIL)}[i]"
        return [f"clamped, free = {until} >= now, {until} < now"] if self.kernel.refractory else []

    def attempts(self) -> list[str]:
        """Cut the step into parts, as `Kernel` says; `x0`, `x1`, ... become the states at its end."""
        attempt = self.kernel.attempt
        if attempt is None:
            return []
        *new, error, stop = attempt.outputs
        states = self.kernel.states[: len(new)]
        test = [
            f"if p{error} <= 1 or size == 1:",
            *(f"    x{k} = p{value}" for k, value in enumerate(new)),
            "    done += size",
            f"    if p{stop} or p{error} != p{error}:",
            "        break",
            f"    if p{error} <= {EASY} and done % (2 * size) == 0:",
            "        size *= 2",
            "else:",
            "    size //= 2",
        ]
        return [
            *(f"x{k} = {self.arrays[name]}[i]" for k, name in enumerate(states)),
            f"done, size = 0, {PARTS}",
            f"while done < {PARTS}:",
            *_indented(4, self.section(attempt, "p", {name: f"x{k}" for k, name in enumerate(states)}) + test),
        ]

    def reset(self) -> list[str]:
        """If neuron i fires, reset it, make it refractory and note its number."""
        kernel = self.kernel
        inner = self.section(kernel.reset, "r") + self.stores(kernel.reset, "r")
        if kernel.refractory:
            inner.append(f"{self.arrays[UNTIL]}[i] = now + np.int32({self.load('refractory_steps')})")
        inner += ["fired[n_fired] = i", "n_fired += 1", "left -= 1", "places -= i"]
        test = f"f{kernel.fires.outputs[0]}"
        if kernel.refractory:
            test += f" and {self.arrays[UNTIL]}[i] < now"
        return [*self.section(kernel.fires, "f"), f"if left == 1 or ({test}):", *_indented(4, inner)]

    def stores(self, section: Section, prefix: str) -> list[str]:
        """Write the states that the section changes."""
        return [
            f"{self.arrays[name]}[i] = {prefix}{value}"
            for k, (name, value) in enumerate(zip(self.kernel.states, section.outputs, strict=True))
            if section.code[value] != Instruction("state", (), k)
        ]

    def load(self, name: str) -> str:
        """A constant or input, shared or neuron i's own; or an array's element."""
        return self.scalars[name] if name in self.scalars else f"{self.arrays[name]}[i]"

    def section(self, section: Section, prefix: str, fresh: dict[str, str] | None = None) -> list[str]:
        """One assignment a value; `fresh` gives variables that stand in for the loads of states."""
        kernel = self.kernel
        names = {
            "state": kernel.states, "constant": kernel.constants, "input": kernel.inputs,
            "arrival": tuple(map(arrival, kernel.receptors)),
        }  # fmt: skip
        lines = []
        for k, (op, args, value) in enumerate(section.code):
            if op in names:
                name = names[op][int(value or 0)]
                text = fresh[name] if fresh and op == "state" else self.load(name)
            elif op == "advanced":
                text = f"x{int(value or 0)}"
            else:
                text = operation(op, [f"{prefix}{a}" for a in args], value)
            lines.append(f"{prefix}{k} = {text}")
        return lines


def operation(op: str, of: list[str], value: float | None) -> str:
    """The text of one operation on the variables `of`."""
    if op in _INFIX:
        return f"{of[0]} {_INFIX[op]} {of[1]}"
    if op == "literal":
        return f"REAL({float(value or 0.0)!r})"
    return _CALLS[op].format(*of)


_loaded: dict[str, ModuleType] = {}


def address(kernel: Kernel, real: str, per_neuron: frozenset[str]) -> int:
    """The address of the compiled kernel; compiled once for all processes of this user."""
    return int(imported(source(kernel, real, per_neuron), "kernel").kernel.address)


def stage_address(kernel: Kernel, real: str, per_neuron: frozenset[str]) -> int:
    """The same of a kernel whose `update` is a stage."""
    return int(imported(stage_source(kernel, real, per_neuron), "stage").kernel.address)


def imported(text: str, kind: str) -> ModuleType:
    """The module of a generated text, whose name is its digest."""
    name = f"{kind}_{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"
    if name not in _loaded:
        _loaded[name] = _import(name, text)
    return _loaded[name]


def _import(name: str, text: str) -> ModuleType:
    path = compile_cache.folder() / f"{name}.py"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        compile_cache.write(path, text.encode())
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba's cache finds the module of a compiled function by its name
    spec.loader.exec_module(module)
    return module
