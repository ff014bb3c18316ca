"""Where machine code is kept between processes: a folder of the user's own, one for each state of the sources.

Whoever loads machine code runs it, so a folder that other users can open is not used. The folder's name is a digest of
the sources, since Numba itself looks at the file of a compiled function only: after a change in a file that it calls,
the old code would go on.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import caching

from hsnn_event.errors import CompileCacheWarning

T = TypeVar("T")

PACKAGE = Path(__file__).parent
# Files and folders with compiled functions, with what these call and the constants that they read, and with the
# mathematics whose results are remembered.
COMPILED = (
    *("backends", "lowering", "topology/compiled", "model/declare.py", "model/parse.py", "model/symbolic.py"),
    *("distributions.py", "elementary.py", "rng.py"),
)
DAYS_KEPT = 30  # without use
LOCK_SECONDS = 10


def root() -> Path:
    """$HSNN_EVENT_CACHE, or a folder in $NUMBA_CACHE_DIR, or one in the user's cache folder; it need not exist."""
    if chosen := os.environ.get("HSNN_EVENT_CACHE"):
        return Path(chosen).expanduser().absolute()
    if numbas := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(numbas).expanduser().absolute() / "hsnn_event"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "hsnn_event" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "hsnn_event"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hsnn_event"


@cache
def folder() -> Path:
    """Where this process keeps machine code; a folder of this process only, with a warning, if `root` cannot be used."""
    place = root() / f"code-{digest()}"
    try:
        if not place.exists():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_unused(place)
        os.utime(place)
        doubt = distrust(place)
    except OSError as error:
        doubt = os.strerror(error.errno) if error.errno else str(error)
    if not doubt:
        return place
    warnings.warn(
        f"compiled code cannot be kept in {place}: {doubt}. Every process will compile anew. Delete that folder, or name "
        "one of your own in HSNN_EVENT_CACHE; `hsnn-event doctor` tells more.",
        CompileCacheWarning,
        stacklevel=2,
    )
    return _of_this_process()


def distrust(place: Path) -> str:
    """Why machine code in that folder must not be run, or ""."""
    user: Callable[[], int] | None = getattr(os, "geteuid", None)
    if user is None:  # Windows, where a user's profile is closed to others
        return ""
    about = place.stat()
    if about.st_uid != user():
        return f"it belongs to user {about.st_uid} and this process to user {user()}"
    if about.st_mode & 0o077:
        return f"other users can open it (mode {about.st_mode & 0o777:o}, not 700)"
    return "" if os.access(place, os.W_OK | os.X_OK) else "it cannot be written to"


@cache
def digest() -> str:
    """Changes whenever COMPILED, Python, Numba, NumPy or SymPy do. (Numba tells processors apart itself.)"""
    versions = f"{sys.version} {numba.__version__} {np.__version__} {version('sympy')}"
    found = hashlib.blake2b(versions.encode(), digest_size=12)
    for path in sources():
        found.update(path.read_bytes())
    return found.hexdigest()


def sources() -> list[Path]:
    """The files of COMPILED."""
    parts = [PACKAGE / part for part in COMPILED]
    return sorted(path for part in parts for path in (part.rglob("*.py") if part.is_dir() else [part]))


def remembered(kind: str, content: object, make: Callable[[], T]) -> T:
    """What `make()` gives, kept between processes; the `repr` of `content` says all that it depends on.

    Kept as a pickle, which may be trusted as far as the machine code beside it may.
    """
    name = hashlib.blake2b(repr(content).encode(), digest_size=16).hexdigest()
    path = folder() / f"{kind}_{name}.pickle"
    try:
        found: T = pickle.loads(path.read_bytes())
        return found
    except Exception:  # it is not there, or damaged, which can raise nearly anything
        made = make()
    with suppress(OSError):  # a full disk: then it is made again by the next process
        write(path, pickle.dumps(made))
    return made


def write(path: Path, content: bytes) -> None:
    """Make or replace a file of `folder`: another process sees all of it or nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # somebody may have deleted it since
    file = tempfile.NamedTemporaryFile("wb", dir=path.parent, suffix=".tmp", delete=False)  # noqa: SIM115
    try:
        with file:
            file.write(content)
        Path(file.name).replace(path)
    except BaseException:
        Path(file.name).unlink(missing_ok=True)
        raise


def keep_machine_code() -> None:
    """Let Numba keep what it compiles of this package in `folder`; other packages' code stays where it was."""
    if _OwnFolder not in caching.CacheImpl._locator_classes:
        caching.CacheImpl._locator_classes.insert(0, _OwnFolder)
        caching.IndexDataCacheFile.save = _saved_alone(caching.IndexDataCacheFile.save)


class _OwnFolder(caching._CacheLocator):
    """Tells Numba where the code of a function of this package lies."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        self._line = py_func.__code__.co_firstlineno
        self._path = folder() / self.get_suitable_cache_subpath(py_file)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _OwnFolder | None:
        """None where the function is not ours: Numba then asks its own locators."""
        path = Path(py_file)
        if not (path.is_relative_to(PACKAGE) or path.is_relative_to(folder())):
            return None
        found = cls(py_func, py_file)
        found._path.mkdir(exist_ok=True)
        return found

    def ensure_cache_path(self) -> None:
        """Make the folder anew where it was deleted, for the user alone."""
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.mkdir(exist_ok=True)

    def get_cache_path(self) -> str:
        return str(self._path)

    def get_source_stamp(self) -> str:
        return digest()

    def get_disambiguator(self) -> str:
        return str(self._line)


def _saved_alone(save: Callable[[Any, Any, Any], None]) -> Callable[[Any, Any, Any], None]:
    """Numba's `save`, one process at a time: two at once may write the code of one type under the name of another."""

    def saved(self: Any, key: Any, data: Any) -> None:
        if not Path(self._cache_path).is_relative_to(folder()):
            return save(self, key, data)
        with _alone(Path(f"{self._index_path}.lock")):
            return save(self, key, data)

    return saved


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock; one that is older than LOCK_SECONDS was left by a process that was killed."""
    waits = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > waits:
                break
            time.sleep(0.005)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _of_this_process() -> Path:
    place, owner = Path(tempfile.mkdtemp(prefix="hsnn_event_")), os.getpid()  # the system lets nobody else open it

    def remove() -> None:
        if os.getpid() == owner:  # and not a fork of it
            shutil.rmtree(place, ignore_errors=True)

    atexit.register(remove)
    return place


def _remove_unused(place: Path) -> None:
    """Drop the code of other states of the package that nothing has used for DAYS_KEPT."""
    for other in place.parent.glob("code-*"):
        if time.time() - other.stat().st_mtime > DAYS_KEPT * 86400.0:
            shutil.rmtree(other, ignore_errors=True)
