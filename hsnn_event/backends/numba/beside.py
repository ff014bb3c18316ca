"""Where nothing is compiled yet, another process compiles the driver while this one compiles construction.

Numba compiles one function at a time in a process, and these two take nearly all the time of a first run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hsnn_event import compile_cache, cores

CODE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from hsnn_event.backends.numba.driver_alone import compile_driver
compile_driver(*sys.argv[2:])
"""
MOST_SECONDS = 120  # before this process stops to wait


@contextmanager
def driver_compiled(state_type: str, weight_type: str) -> Iterator[None]:
    """Afterwards the driver for these types lies in the cache, unless that is of no use; then it is compiled when called."""
    done = compile_cache.folder() / f"driver-{state_type}-{weight_type}"
    other = _started(state_type, weight_type) if _needed(done) else None
    try:
        yield
        if other is not None and _did_well(other):
            with suppress(OSError):  # without a note that it is there
                done.touch()
    finally:
        if other is not None and other.poll() is None:
            other.kill()
            other.wait()


def _started(state_type: str, weight_type: str) -> subprocess.Popen[bytes] | None:
    # Isolated (-I): what it imports is what this process would, not what lies in the current folder.
    command = [sys.executable, "-I", "-c", CODE, json.dumps(sys.path), state_type, weight_type]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    except OSError:
        return None


def _did_well(other: subprocess.Popen[bytes]) -> bool:
    try:
        return other.wait(MOST_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return False


def _needed(done: Path) -> bool:
    """Is this driver not in the cache, the cache one that processes share, a core free, and the executable a Python?"""
    python = Path(sys.executable or "").name.lower().startswith("python") and not getattr(sys, "frozen", False)
    shared = done.parent.parent == compile_cache.root()
    return python and shared and not done.exists() and cores.available() > 1
