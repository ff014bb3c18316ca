"""What a figure was measured on and with: processor, date, versions."""

from __future__ import annotations

import datetime
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import hsnn_event as hsnn
from hsnn_event import cores


def facts() -> dict[str, str]:
    """By name: machine, cores, system, date, and versions.

    >>> sorted(facts())
    ['cores', 'date', 'machine', 'system', 'versions']
    """
    versions = {"Python": platform.python_version(), "hsnn_event": hsnn.__version__}
    versions |= {name: installed(name) or "missing" for name in ("numba", "numpy")}
    return {
        "machine": processor(),
        "cores": f"{os.cpu_count()} cores, {cores.available()} usable",
        "system": f"{platform.system()} {platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
    }


def processor() -> str:
    """The processor's model, as the system tells it."""
    info = Path("/proc/cpuinfo")
    found = re.findall(r"model name\s*: (.*)", info.read_text(encoding="utf-8")) if info.exists() else []
    return next(iter(found), platform.processor() or platform.machine())


def installed(package: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def table(lines: list[list[str]]) -> str:
    """Columns of equal width between bars, the first line as the head: a table of Markdown.

    >>> print(table([["work", "s"], ["cuba", "1.25"]]))
    | work | s    |
    | ---- | ---- |
    | cuba | 1.25 |
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in [lines[0], rule, *lines[1:]])
