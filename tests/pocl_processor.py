"""PoCL on processors that are younger than it is.

PoCL 3.0, the latest on PyPI, asks its LLVM for the name of the processor, gets "generic" for one that this does not know
(AMD Zen 5, say), and hands that to its compiler, which refuses it. Here it is told the name of an older one with the same
instructions.
"""

import ctypes
import mmap
from importlib.util import find_spec
from pathlib import Path

LEAST = "haswell"  # with AVX2; the library of built-in functions is chosen by what the processor has
WITH_AVX512 = "skylake-avx512"
_kept = []  # what PoCL goes on calling


def name_known_processor():
    """Before pyopencl loads its drivers: see to it that PoCL's compiler knows the name of the processor."""
    folder = Path(find_spec("pyopencl").origin).parent / ".libs"
    for path in folder.glob("libpocl*.so"):
        library = ctypes.CDLL(str(path))  # once it is loaded, the driver is this very copy
        ask = library.pocl_get_llvm_cpu_name
        ask.restype = ctypes.c_char_p
        if ask() == b"generic":
            _replace(ask, _older().encode())


def _older():
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return WITH_AVX512 if "avx512vl" in flags else LEAST


def _replace(function, name):
    """Make a function without arguments return a copy of `name`, which whoever asks may free."""
    libc = ctypes.CDLL(None)
    libc.strdup.restype = ctypes.c_void_p
    copy = ctypes.CFUNCTYPE(ctypes.c_void_p)(lambda: libc.strdup(name))
    _kept.append(copy)
    address = ctypes.cast(function, ctypes.c_void_p).value
    target = ctypes.cast(copy, ctypes.c_void_p).value
    jump = b"\x48\xb8" + target.to_bytes(8, "little") + b"\xff\xe0"  # mov rax, target; jmp rax
    first = address - address % mmap.PAGESIZE
    length = address + len(jump) - first
    if libc.mprotect(ctypes.c_void_p(first), ctypes.c_size_t(length), mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC):
        raise OSError("mprotect refuses to make PoCL's code writable")
    ctypes.memmove(address, jump, len(jump))
