"""Kernels of neuron models as text in the languages of C's family.

The text of a kernel is the same in all of them. What differs (types, how memory is named, how one goes over the neurons)
is said by a head written by hand, `runtime/<language>.h`; `runtime/operations.h` has what none of them has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from hsnn_event.errors import unknown_name
from hsnn_event.lowering.ir import BOOL_OPS, EASY, PARTS, Instruction, Kernel, Section
from hsnn_event.lowering.widened import stage_kernels, widened

_OPERATIONS = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}",
    "abs": "fabs({0})", "sqrt": "sqrt({0})", "floor": "floor({0})", "rint": "rint({0})",
    "min": "{0} < {1} ? {0} : {1}", "max": "{0} > {1} ? {0} : {1}", "select": "{0} ? {1} : {2}",
    "scale2": "scale2({0}, {1})", "exponent": "exponent_of({0})", "mantissa": "mantissa_of({0})",
    "lt": "{0} < {1}", "le": "{0} <= {1}", "gt": "{0} > {1}", "ge": "{0} >= {1}", "eq": "{0} == {1}", "ne": "{0} != {1}",
    "and": "{0} && {1}", "or": "{0} || {1}", "not": "!{0}", "clamped": "clamped",
    "part": f"(REAL)size / {PARTS}", "reached": f"(REAL)done / {PARTS}",  # exact: a power of 2
}  # fmt: skip
_BITS = {"float64": 64, "float32": 32}
_TYPES = {
    "fired": "uint8_t", "until": "int32_t", "n": "int32_t", "now": "int32_t",
    "starts": "int64_t", "partners": "uint32_t", "conductance": "WEIGHT",
}  # fmt: skip
_WRITTEN = ("fired", "until", "state", "arrival", "after")
_SAME = ("before", "after")  # may be one array


class Argument(NamedTuple):
    """What a kernel, or the code of a coupling (`c_coupling`), takes at one place.

    `role` is "n" (neurons), "now" (the step), "fired", "until" (the last step in which a neuron is clamped), or "state",
    "constant", "input" or "arrival" with the `name` that the kernel has for it. An array has one element a neuron:
    uint8 in "fired" (1 for those that fire), int32 in "until", reals elsewhere. Numbers are int32 or real.
    """

    role: str
    name: str
    is_array: bool

    @property
    def variable(self) -> str:
        """Its name in the text; `hidden_state_lag` for what is hidden, named by no identifier, such as "(lag)"."""
        if self.name and not self.name.isidentifier():
            return f"hidden_{self.role}_{'_'.join(re.findall(r'[a-zA-Z0-9_]+', self.name))}"
        return f"{self.role}_{self.name}" if self.name else self.role

    @property
    def declaration(self) -> str:
        """As it stands in the list of arguments."""
        kind = _TYPES.get(self.role, "REAL")
        if not self.is_array:
            return f"const {kind} {self.variable}"
        const = "" if self.role in _WRITTEN else "const "
        restrict = "" if self.role in _SAME else "restrict "
        return f"GLOBAL {const}{kind} *{restrict}{self.variable}"


def arguments(kernel: Kernel, per_neuron: frozenset[str]) -> tuple[Argument, ...]:
    """What the kernel takes, in order. `per_neuron` names the constants and inputs that have a value a neuron.

    The states are those of the `widened` kernel.

    >>> from hsnn_event.lowering.lowered import lower_model
    >>> from hsnn_event.model.library import lif_delta
    >>> kernel = lower_model(lif_delta(), "auto", 0.1).kernel
    >>> [each.variable for each in arguments(kernel, frozenset({"V_th"}))][:6]
    ['n', 'fired', 'now', 'until', 'state_v', 'arrival_default']
    """
    refractory = [Argument("now", "", False), Argument("until", "", True)] if kernel.refractory else []
    return (
        Argument("n", "", False),
        Argument("fired", "", True),
        *refractory,
        *(Argument("state", name, True) for name in widened(kernel).states),
        *(Argument("arrival", name, True) for name in kernel.receptors),
        *(Argument("constant", name, name in per_neuron) for name in kernel.constants),
        *(Argument("input", name, name in per_neuron) for name in kernel.inputs),
    )


def head(language: str, real: str, weight: str | None = None) -> str:
    """What comes before the kernels of a source, in "c99" or "opencl"; `real` is "float64" or "float32", and `weight` the
    type of conductances (None: the same).

    Raises UnknownNameError for another type.
    """
    weight = real if weight is None else weight
    for each in (real, weight):
        if each not in _BITS:
            raise unknown_name("kernels in C: type", each, _BITS)
    runtime = files("hsnn_event.backends") / "runtime"
    parts = [(runtime / f"{name}.h").read_text(encoding="utf-8") for name in (language, "operations")]
    return "\n".join([f"#define REAL_BITS {_BITS[real]}", f"#define WEIGHT_BITS {_BITS[weight]}", *parts])


def functions(kernel: Kernel, real: str, per_neuron: frozenset[str], name: str) -> str:
    """The texts of `function` and, of a coupled kernel, of `stages`."""
    return "\n".join([function(kernel, real, per_neuron, name), *stages(kernel, real, per_neuron, name)])


def function(kernel: Kernel, real: str, per_neuron: frozenset[str], name: str) -> str:
    """The text of a function of that name, which takes `arguments`: one clock step of n neurons.

    States, arrivals (cleared), `until` and `fired` are written; the neurons may be taken in any order. Of a coupled kernel
    it is the last stage of the step.
    """
    taken = arguments(kernel, per_neuron)
    return defined(name, taken, _Printer(widened(kernel), real, found(taken)).step())


def stages(kernel: Kernel, real: str, per_neuron: frozenset[str], name: str) -> list[str]:
    """The texts of functions which take `arguments` too: `<name>_stage0`, ... for `Stages.sections`, `<name>_publish`.

    Only states are written, and none where nothing is coupled: arrivals, `until` and `fired` stay as they are.
    """
    taken, each_kernel = arguments(kernel, per_neuron), stage_kernels(kernel)
    names = [*(f"{name}_stage{k}" for k in range(len(each_kernel) - 1)), f"{name}_publish"]
    return [
        defined(each_name, taken, _Printer(each, real, found(taken)).stage())
        for each_name, each in zip(names, each_kernel, strict=False)
    ]


def found(taken: Iterable[Argument]) -> dict[tuple[str, str], Argument]:
    """Arguments by role and name."""
    return {(each.role, each.name): each for each in taken}


def defined(name: str, taken: tuple[Argument, ...], body: list[str]) -> str:
    """The text of a function of that name; the first of its arguments is the number of neurons, and `body` is for one, i."""
    unused = [each.variable for each in taken[1:] if not any(re.search(rf"\b{each.variable}\b", line) for line in body)]
    lines = [
        f"KERNEL void {name}(",
        ",\n".join(f"    {each.declaration}" for each in taken),
        ") {",
        *(f"    (void){variable};" for variable in unused),
        "    FOR_EACH_NEURON(i, n) {",
        *indented(8, body),
        "    }",
        "}",
        "",
    ]
    return "\n".join(lines)


def indented(columns: int, lines: list[str]) -> list[str]:
    """Lines moved to the right."""
    return [" " * columns + line for line in lines]


@dataclass(frozen=True)
class _Printer:
    """Prints what happens to neuron i; `taken` finds an argument by its role and name."""

    kernel: Kernel
    real: str
    taken: dict[tuple[str, str], Argument]

    def step(self) -> list[str]:
        """Advance neuron i, clear its arrivals; if it fires, say so, reset it and make it refractory."""
        kernel = self.kernel
        cleared = [f"{self.of('arrival', name)} = 0;" for name in kernel.receptors]
        fires = f"f{kernel.fires.outputs[0]}" + (" && !clamped" if kernel.refractory else "")
        then = self.changes(kernel.reset, "r")
        if kernel.refractory:
            then.append(f"until[i] = now + (int32_t){self.of('constant', 'refractory_steps')};")
        return [
            *self.clamp(kernel.refractory),
            *(self.attempts(kernel.attempt) if kernel.attempt else []),
            *self.changes(kernel.update, "u"),
            *cleared,
            *self.values(kernel.fires, "f", kernel.fires.outputs),
            f"fired[i] = {fires};",
            *(["if (fired[i]) {", *indented(4, then), "}"] if then else []),
        ]

    def stage(self) -> list[str]:
        """Only the update of neuron i, which is a stage."""
        reads = any(each.op == "clamped" for each in self.kernel.update.code)
        return [*self.clamp(reads), *self.changes(self.kernel.update, "u")]

    def clamp(self, asked: bool) -> list[str]:
        """Is neuron i refractory?"""
        return ["const bool clamped = until[i] >= now;"] if asked else []

    def attempts(self, attempt: Section) -> list[str]:
        """Cut the step into parts, as `Kernel` says; `x0`, `x1`, ... become the states at its end."""
        *new, error, stop = attempt.outputs
        return [
            *(f"REAL x{k} = {self.of('state', name)};" for k, name in enumerate(self.kernel.states[: len(new)])),
            f"int32_t done = 0, size = {PARTS};",
            f"while (done < {PARTS}) {{",
            *indented(4, self.values(attempt, "p", attempt.outputs, moved=True)),
            f"    if (p{error} <= 1 || size == 1) {{",
            *(f"        x{k} = p{value};" for k, value in enumerate(new)),
            "        done += size;",
            f"        if (p{stop} || isnan(p{error})) break;",
            f"        if (p{error} <= {literal(EASY, self.real)} && done % (2 * size) == 0) size *= 2;",
            "    } else {",
            "        size /= 2;",
            "    }",
            "}",
        ]

    def of(self, role: str, name: str) -> str:
        """What belongs to neuron i: an element, or the number that all share."""
        argument = self.taken[role, name]
        return f"{argument.variable}[i]" if argument.is_array else argument.variable

    def changes(self, section: Section, prefix: str) -> list[str]:
        """Compute the states that the section changes, then write them."""
        new = {
            name: value
            for k, (name, value) in enumerate(zip(self.kernel.states, section.outputs, strict=True))
            if section.code[value] != Instruction("state", (), k)
        }
        stores = [f"{self.of('state', name)} = {prefix}{value};" for name, value in new.items()]
        return [*self.values(section, prefix, new.values()), *stores]

    def values(self, section: Section, prefix: str, outputs: Iterable[int], moved: bool = False) -> list[str]:
        """One line a value. Are states loaded as `moved` so far?"""
        return values(section, self.real, prefix, outputs, lambda op, place: self.load(op, place, moved))

    def load(self, op: str, place: int, moved: bool) -> str:
        """What one of LOADS gives."""
        kernel = self.kernel
        if op == "advanced" or (op == "state" and moved):
            return f"x{place}"
        names = {
            "state": kernel.states, "constant": kernel.constants, "input": kernel.inputs, "arrival": kernel.receptors,
        }  # fmt: skip
        return self.of(op, names[op][place])


def values(
    section: Section, real: str, prefix: str, outputs: Iterable[int], load: Callable[[str, int], str]
) -> list[str]:
    """One line a value, none where neither code nor `outputs` read it; `load` says what one of LOADS gives."""
    read = {*outputs, *(arg for each in section.code for arg in each.args)}
    kinds: list[str] = []
    lines = []
    for k, each in enumerate(section.code):
        truth = each.op in BOOL_OPS or each.op == "clamped" or (each.op == "select" and kinds[each.args[1]] == "bool")
        kinds.append("bool" if truth else "REAL")
        if k in read:
            lines.append(f"const {kinds[k]} {prefix}{k} = {_value(each, real, prefix, load)}")
    return lines


def _value(instruction: Instruction, real: str, prefix: str, load: Callable[[str, int], str]) -> str:
    """The right side of an assignment."""
    op, args, value = instruction
    if op == "literal":
        return f"{literal(float(value or 0.0), real)};  // {value!r}"
    if op in _OPERATIONS:
        return _OPERATIONS[op].format(*(f"{prefix}{arg}" for arg in args)) + ";"
    return f"{load(op, int(value or 0))};"


def literal(value: float, real: str) -> str:
    """A number of the type, rounded to it once and written without rounding.

    >>> literal(0.04, "float64"), literal(0.04, "float32"), literal(-3.0, "float32")
    ('0x1.47ae147ae147bp-5', '0x1.47ae14p-5f', '-0x1.8p+1f')
    """
    with np.errstate(over="ignore"):
        rounded = float(np.dtype(real).type(value))
    if not math.isfinite(rounded):
        return "NAN" if math.isnan(rounded) else "INFINITY" if rounded > 0 else "-INFINITY"
    mantissa, exponent = rounded.hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{exponent}" + ("f" if real == "float32" else "")
