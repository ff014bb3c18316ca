"""Where nothing is compiled yet, another process compiles the driver while this one compiles construction.

Numba compiles one function at a time in a process, and these two take nearly all the time of a first run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hsnn_event import compile_cache, cores
from hsnn_event.backends.numba import driver

CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from hsnn_event.backends.numba.engine import compile_driver
compile_driver(*sys.argv[2:])
"""


@contextmanager
def driver_compiled(state_type: str, weight_type: str) -> Iterator[None]:
    """Afterwards the driver for these types lies in the cache, unless that is of no use; then it is compiled when called."""
    other = _started(state_type, weight_type) if _needed() else None
    try:
        yield
        if other is not None:
            other.wait()
    except BaseException:
        if other is not None:
            other.kill()
            other.wait()
        raise


def _started(state_type: str, weight_type: str) -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-c", CODE, str(compile_cache.PACKAGE.parent), state_type, weight_type]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    except OSError:
        return None


def _needed() -> bool:
    """Is no driver in the cache, the cache one that processes share, a core free, and the executable a Python?"""
    folder = compile_cache.folder()
    shared = folder.is_relative_to(compile_cache.root())
    python = bool(sys.executable) and not getattr(sys, "frozen", False)
    known = any(folder.rglob(f"{Path(driver.__file__).stem}.{driver.advance.__name__}-*.nbi"))
    return python and shared and not known and cores.available() > 1
