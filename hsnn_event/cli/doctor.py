"""`hsnn-event doctor`: what of the installation works, and the way out where something does not."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires
from time import perf_counter
from typing import Any, NamedTuple

import hsnn_event as hsnn
from hsnn_event import cores, extensions
from hsnn_event.cli import machine

OLDEST_PYTHON = (3, 11)
PAGE = "docs/install.md"
OPTIONAL = ("plot", "io", "hypergraphs", "opencl", "cuda")  # extras for users; others are for working on the package


class Line(NamedTuple):
    """What was found; `problem` says what is wrong and the way out, and is empty where all is well."""

    subject: str
    found: str
    problem: str = ""


def add_command(commands: Any) -> None:
    """Add `doctor` to the commands."""
    command = commands.add_parser(
        "doctor",
        help="check the installation",
        description="Check versions, compile cache, threads, backends and compilers, and run a small network. "
        "The exit code is 1 if something fails.",
    )
    command.add_argument("--no-run", action="store_true", help="run no network, so that nothing is compiled")
    command.set_defaults(command=doctor)


def doctor(options: argparse.Namespace) -> bool:
    """Print the table, then the problems; True if there are none."""
    checks: list[Callable[[], Iterator[Line]]] = [versions, compile_cache, threads, backends, languages]
    if not options.no_run:
        checks.append(small_run)
    problems = []
    for check in checks:
        for line in check():
            print(f"{'FAILS' if line.problem else 'ok':<7}{line.subject:<20}{line.found}", flush=True)
            if line.problem:
                problems.append(f"{line.subject}: {line.problem} See {PAGE}.")
    print("\nAll is well." if not problems else "\n" + "\n".join(problems))
    return not problems


def versions() -> Iterator[Line]:
    """Python, the package and what it needs; then what it can use."""
    python = ".".join(map(str, OLDEST_PYTHON))
    old = f"Python {python} or newer is needed. Make an environment with one." if sys.version_info < OLDEST_PYTHON else ""
    yield Line("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}", old)
    try:
        needed = requires("hsnn_event") or []
    except PackageNotFoundError:
        yield Line("hsnn_event", hsnn.__version__, "it is not installed, only found. Run `pip install .` in its folder.")
        return
    yield Line("hsnn_event", hsnn.__version__)
    for requirement in needed:
        match = re.match(r"([\w.-]+)(?:>=([\d.]+))?(?:.*extra == ['\"](\w+)['\"])?", requirement)
        if match and (match[3] is None or match[3] in OPTIONAL):
            yield _package(*match.groups())


def _package(name: str, least: str | None, extra: str | None) -> Line:
    """A package by its name, the oldest version that serves, and the extra that asks for it (None: the core)."""
    found, cure = machine.installed(name), f'Run `pip install --upgrade "{name}>={least or 0}"`.'
    if found is None:
        absent = f"not installed (extra {extra})" if extra else "not installed"
        return Line(name, absent, "" if extra else f"it is missing. {cure}")
    if least and _numbers(found) < _numbers(least):
        return Line(name, found, f"{found} is too old; {least} or newer is needed. {cure}")
    try:
        import_module(name.replace("-", "_"))
    except Exception as error:
        return Line(name, found, f"it cannot be imported: {error}. {cure}")
    return Line(name, found)


def _numbers(version: str) -> tuple[int, ...]:
    """Of a version, up to what is no number.

    >>> _numbers("3.10.0rc1") < _numbers("3.10.1")
    True
    """
    return tuple(map(int, re.findall(r"\d+", re.split(r"[a-z+]", version)[0])))


def compile_cache() -> Iterator[Line]:
    """Where machine code is kept between processes."""
    cache = import_module("hsnn_event.compile_cache")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        place = cache.folder.__wrapped__()  # anew: this process may have had its warning
    problem = str(caught[0].message) if caught else ""
    mode = "" if sys.platform == "win32" else f", mode {place.stat().st_mode & 0o777:o}"
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) / 1e6
    found = "for this process only" if problem else f"{place}{mode}, {size:.1f} MB"
    yield Line("compile cache", found, problem)


def threads() -> Iterator[Line]:
    """How many a network gets, and what limits them."""
    limits = ", ".join(f"{name} {number}" for name, number in cores.limits().items())
    yield Line("threads", f"{cores.available()} ({limits})")
    for name in cores.VARIABLES:
        text = os.environ.get(name, "").strip()
        if text and cores.variable(name) is None:
            yield Line(name, text, f"{text!r} is not a number of threads and is ignored. Set one, such as 2, or unset it.")


def backends() -> Iterator[Line]:
    """Those of the package, and those of others."""
    engines = import_module("hsnn_event.simulation.engines")
    for name, where in engines.ENGINES.items():
        try:
            import_module(where.partition(":")[0])
            yield Line(f"backend {name}", "loads")
        except Exception as error:
            yield Line(f"backend {name}", "does not load", f"{error}. Run `pip install --force-reinstall hsnn_event`.")
    for name in extensions.names(extensions.BACKENDS):
        try:
            extensions.load(extensions.BACKENDS, name)
            yield Line(f"backend {name}", "of another package, loads")
        except hsnn.errors.HsnnError as error:
            yield Line(f"backend {name}", "of another package", str(error))


def languages() -> Iterator[Line]:
    """What could compile kernels in C and in OpenCL C; nothing needs either yet but the tests."""
    compiler = shutil.which(os.environ.get("CC", "gcc"))
    told = [] if compiler is None else [compiler, "--version"]
    version = subprocess.run(told, capture_output=True, text=True, check=False).stdout if told else ""
    yield Line("C compiler", next(iter(version.splitlines()), compiler or "none (gcc, or what the variable CC names)"))
    try:
        devices = list(import_module("hsnn_event.backends.opencl.devices").found())
    except ImportError:
        yield Line("OpenCL", "not installed (extra opencl)")
        return
    for name, precisions in devices:
        yield Line("OpenCL device", f"{name}: {' and '.join(precisions) or 'no'} precision")
    if not devices:
        yield Line("OpenCL", "no device (extra opencl brings one for Linux on x86-64)")


def small_run() -> Iterator[Line]:
    """The same network compiled and in plain Python: seconds, and whether both give the same spikes."""
    cache = import_module("hsnn_event.compile_cache")
    before, began = _n_compiled(cache), perf_counter()
    try:
        spikes = [_spikes_of(backend) for backend in ("numba", "reference")]
    except Exception as error:
        problem = f"{type(error).__name__}: {error}. Run `pip install --force-reinstall numba`, or report this table."
        yield Line("small network", "does not run", problem)
        return
    new = _n_compiled(cache) - before
    how = f"cold: {new} functions were compiled" if new else "warm: all machine code was there"
    problem = "" if spikes[0] == spikes[1] else "compiled code gives other spikes than plain Python: report this table."
    yield Line("small network", f"{perf_counter() - began:.1f} s ({how})", problem)


def _n_compiled(cache: Any) -> int:
    return sum(1 for _ in cache.folder().rglob("*.nbc"))


def _spikes_of(backend: str) -> hsnn.SpikeData:
    net = hsnn.Network(seed=1, backend=backend)
    cells = net.population("cells", 50, hsnn.models.lif_exp(I_e=500.0))
    net.connect(cells, cells, hsnn.connect.bernoulli(0.2), weight=20.0, delay=1.0)
    net.drive(cells, hsnn.stimuli.poisson(500.0), weight=50.0)
    net.record(cells, "spikes")
    return net.run(50.0).spikes["cells"]
