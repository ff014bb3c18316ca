"""Devices of OpenCL, and in which precisions they give the bits of every other backend."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

# Of float32 the standard asks for neither; of float64, where a device has it, for all that is needed.
NEEDED = ("DENORM", "CORRECTLY_ROUNDED_DIVIDE_SQRT")


def found() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each device of each driver: its name, and the precisions in which kernels can run on it.

    Raises ImportError where pyopencl is missing (extra `opencl`).
    """
    cl = import_module("pyopencl")
    try:
        platforms = cl.get_platforms()
    except cl.LogicError:  # there is no driver
        return
    for each in platforms:
        for device in each.get_devices():
            yield f"{device.name.strip()} ({each.name.strip()})", precisions(device, cl.device_fp_config)


def precisions(device: Any, flags: Any) -> tuple[str, ...]:
    """Of "double" and "single", those that a device does as IEEE 754 has it; `flags` names the bits of what it says.

    >>> from types import SimpleNamespace as Facts
    >>> flags = Facts(DENORM=1, CORRECTLY_ROUNDED_DIVIDE_SQRT=128)
    >>> precisions(Facts(double_fp_config=63, single_fp_config=1), flags)
    ('double',)
    """
    single = all(device.single_fp_config & getattr(flags, flag) for flag in NEEDED)
    return (*(["double"] if device.double_fp_config else []), *(["single"] if single else []))
