"""Kernels of neuron models: from the instruction list to Numba source, to a compiled C function and its address."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import llvmlite.binding
import numba
import numpy as np

from hsnn_event.lowering.ir import DENORMAL_CUT, Instruction, Kernel, Section

CHUNK = 256  # neurons advanced before their spikes are looked for: benchmarks/README.md, "kernel chunk"

_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
    "ne": "!=", "and": "&", "or": "|",
}  # fmt: skip
_CALLS = {
    "neg": "-{0}", "abs": "abs({0})", "sqrt": "math.sqrt({0})", "not": "not {0}",
    "min": "({0} if {0} < {1} else {1})", "max": "({0} if {0} > {1} else {1})",
    "floor": "np.floor({0})", "rint": "np.rint({0})", "select": "({1} if {0} else {2})",
    "flush": "(ZERO if abs({0}) < CUT else {0})",
}  # fmt: skip
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
    """`per_neuron` names the constants and inputs that have a value a neuron."""
    shared = [name for name in (*kernel.constants, *kernel.inputs) if name not in per_neuron]
    own = [name for name in (*kernel.constants, *kernel.inputs) if name in per_neuron]
    counter = ["(counter)"] if kernel.refractory else []
    arrivals = [f"(arrival) {name}" for name in kernel.receptors]
    return Layout((*kernel.states, *counter, *arrivals, *own), tuple(shared))


def source(kernel: Kernel, real: str, per_neuron: frozenset[str]) -> str:
    """The text of a module that holds the kernel as a C function (see driver.py for its signature)."""
    where = layout(kernel, per_neuron)
    arrays = {name: f"a{k}" for k, name in enumerate(where.arrays)}
    scalars = {name: f"s{k}" for k, name in enumerate(where.scalars)}
    types = {name: "np.int32" if name == "(counter)" else "REAL" for name in where.arrays}
    pointers = [
        f"    {variable}_all = nb.carray(as_pointer(arrays[{k}]), (n,), {types[name]})"
        for k, (name, variable) in enumerate(arrays.items())
    ]
    numbers = [f"    {variable} = REAL(scalars[{k}])" for k, variable in enumerate(scalars.values())]
    slices = [f"        {variable} = {variable}_all[start:stop]" for variable in arrays.values()]
    update = _update(kernel, real, arrays, scalars)
    reset = _reset(kernel, real, arrays, scalars)
    bits = _BITS[real]
    lines = [
        f'"""Kernel {kernel.name}, {real}. Generated: do not edit."""',
        "import math",
        "import numba as nb",
        "import numpy as np",
        "from hsnn_event.backends.numba.native import as_pointer",
        f"REAL, ZERO, CUT = np.{real}, np.{real}(0), np.{real}({DENORMAL_CUT!r})",
        f"INT, WIDTH, BIAS, MASK, ONE = {bits[0]}, {bits[0]}({bits[1]}), {bits[0]}({bits[2]}), {bits[0]}({bits[3]}), "
        f"{bits[0]}({bits[4]})",
        '@nb.cfunc("int64(CPointer(int64), CPointer(float64), int64, CPointer(int32))", cache=True, '
        'error_model="numpy")',
        "def kernel(arrays, scalars, n, fired):",
        *pointers,
        *numbers,
        "    n_fired = 0",
        f"    for start in range(0, n, {CHUNK}):",
        f"        stop = min(n, start + {CHUNK})",
        *slices,
        "        hits = np.int32(0)",
        "        for i in range(a0.size):",
        *("            " + line for line in update),
        "        if hits == 0:",
        "            continue",
        "        for i in range(a0.size):",
        *("            " + line for line in reset),
        "    return n_fired",
        "",
    ]
    return "\n".join(lines)


def _update(kernel: Kernel, real: str, arrays: dict[str, str], scalars: dict[str, str]) -> list[str]:
    counter = arrays.get("(counter)")
    lines = [f"clamped = {counter}[i] > 1"] if counter else []
    lines += _section(kernel, kernel.update, "u", real, arrays, scalars)
    for name, value in zip(kernel.states, kernel.update.outputs, strict=True):
        if kernel.update.code[value] != Instruction("state", (), kernel.states.index(name)):
            lines.append(f"{arrays[name]}[i] = u{value}")
    lines += [f"{arrays[f'(arrival) {name}']}[i] = ZERO" for name in kernel.receptors]
    # The test of threshold reads the new states: substitute them for the loads.
    fresh = {name: f"u{value}" for name, value in zip(kernel.states, kernel.update.outputs, strict=True)}
    lines += _section(kernel, kernel.fires, "f", real, arrays, scalars, fresh)
    fires = f"f{kernel.fires.outputs[0]}"
    if counter:
        lines.append(f"{counter}[i] = np.int32({counter}[i] - np.int32(1)) if {counter}[i] > 0 else np.int32(0)")
        fires = f"{fires} & (not clamped)"
    # Narrow integers throughout: one 64-bit value in the loop would halve the width of all its vectors.
    return [*lines, f"hits = np.int32(hits + np.int32({fires}))"]


def _reset(kernel: Kernel, real: str, arrays: dict[str, str], scalars: dict[str, str]) -> list[str]:
    counter = arrays.get("(counter)")
    lines = _section(kernel, kernel.fires, "f", real, arrays, scalars)
    free = f" and {counter}[i] == 0" if counter else ""
    inner = _section(kernel, kernel.reset, "r", real, arrays, scalars)
    for name, value in zip(kernel.states, kernel.reset.outputs, strict=True):
        if kernel.reset.code[value] != Instruction("state", (), kernel.states.index(name)):
            inner.append(f"{arrays[name]}[i] = r{value}")
    if counter:
        steps = _load("refractory_steps", arrays, scalars)
        inner.append(f"{counter}[i] = np.int32({steps}) + np.int32(1)")
    inner += ["fired[n_fired] = start + i", "n_fired += 1"]
    return [*lines, f"if f{kernel.fires.outputs[0]}{free}:", *("    " + line for line in inner)]


def _load(name: str, arrays: dict[str, str], scalars: dict[str, str]) -> str:
    return scalars[name] if name in scalars else f"{arrays[name]}[i]"


def _section(
    kernel: Kernel,
    section: Section,
    prefix: str,
    real: str,
    arrays: dict[str, str],
    scalars: dict[str, str],
    fresh: dict[str, str] | None = None,
) -> list[str]:
    """One assignment a value; `fresh` gives variables that stand in for the loads of states."""
    names = {
        "state": kernel.states, "constant": kernel.constants, "input": kernel.inputs,
        "arrival": tuple(f"(arrival) {name}" for name in kernel.receptors),
    }  # fmt: skip
    lines = []
    for k, (op, args, value) in enumerate(section.code):
        of = [f"{prefix}{a}" for a in args]
        if op in names:
            name = names[op][int(value or 0)]
            text = fresh[name] if fresh and op == "state" else _load(name, arrays, scalars)
        elif op == "literal":
            text = f"REAL({float(value or 0.0)!r})"
        elif op == "clamped":
            text = "clamped"
        elif op in _INFIX:
            text = f"{of[0]} {_INFIX[op]} {of[1]}"
        elif op == "scale2":
            text = f"{of[0]} * INT((INT({of[1]}) + BIAS) << WIDTH).view(REAL)"
        elif op == "exponent":
            text = f"REAL((REAL({of[0]}).view(INT) >> WIDTH) - BIAS)"
        elif op == "mantissa":
            text = f"INT((REAL({of[0]}).view(INT) & MASK) | ONE).view(REAL)"
        else:
            text = _CALLS[op].format(*of)
        lines.append(f"{prefix}{k} = {text}")
    return lines


@cache
def package_fingerprint() -> str:
    """Changes whenever the package, Numba, NumPy or the processor does: generated code of another one is never used."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    cpu = llvmlite.binding.get_host_cpu_name()
    digest.update(f"{numba.__version__} {np.__version__} {sys.version} {cpu}".encode())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where generated kernels live: $HSNN_EVENT_CACHE, or the user's cache folder."""
    chosen = os.environ.get("HSNN_EVENT_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "hsnn_event" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "hsnn_event"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hsnn_event"


_loaded: dict[str, ModuleType] = {}


def address(kernel: Kernel, real: str, per_neuron: frozenset[str]) -> int:
    """The address of the compiled kernel; compiled once for all processes of this user."""
    text = source(kernel, real, per_neuron)
    name = "kernel_" + hashlib.blake2b((package_fingerprint() + text).encode(), digest_size=16).hexdigest()
    if name not in _loaded:
        _loaded[name] = _import(name, text)
    return int(_loaded[name].kernel.address)


def _import(name: str, text: str) -> ModuleType:
    folder = cache_folder() / "kernels"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = _write_once(folder / f"{name}.py", text)
    except OSError:  # read-only home: compile for this process only
        path = _write_once(Path(tempfile.mkdtemp(prefix="hsnn_event_")) / f"{name}.py", text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba's cache finds the module of a compiled function by its name
    spec.loader.exec_module(module)
    return module


def _write_once(path: Path, text: str) -> Path:
    if not path.exists() or path.read_text() != text:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)  # atomic: another process sees all of it or nothing
    return path
