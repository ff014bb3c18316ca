"""How many processor cores this process may use: the least of what the system, a container and variables allow.

No call in here is bound to one system: what a system does not have sets no limit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")  # other libraries' too: who sets them means all threads


def available() -> int:
    """The least of `limits`.

    >>> available() >= 1
    True
    """
    return min(limits().values())


def limits() -> dict[str, int]:
    """Every limit that there is, by name; "machine" is what the machine has."""
    found = {"machine": os.cpu_count() or 1}
    count = getattr(os, "process_cpu_count", None)  # from Python 3.13 on
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    if count is not None:
        found["affinity"] = count() or 1
    elif affinity is not None:
        found["affinity"] = len(affinity(0))
    quota = control_group_quota()
    if quota is not None:
        found["control group"] = max(1, int(quota))
    for name in VARIABLES:
        threads = variable(name)
        if threads is not None:
            found[name] = threads
    return found


def variable(name: str) -> int | None:
    """A number of threads from the environment; None where there is none or it means nothing.

    OpenMP takes a list, a number for each level of nesting: the first one counts.
    """
    first = os.environ.get(name, "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def control_group_quota(groups: Path = Path("/proc/self/cgroup"), mount: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Cores' worth of time that Linux control groups, and so containers, give this process; None: no limit."""
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    quotas = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            quotas += list(_quotas(mount / controllers, path))
    return min(quotas, default=None)


def _quotas(root: Path, path: str) -> Iterator[float]:
    """Of a group and those above it. In a container the path may be the host's; its root is there in any case."""
    group = root / path.strip("/")
    for place in (group, *group.parents):
        if not place.is_relative_to(root):
            return
        try:
            if (place / "cpu.max").exists():  # version 2
                quota, period = (place / "cpu.max").read_text(encoding="utf-8").split()
            else:
                quota, period = ((place / f"cpu.cfs_{name}_us").read_text(encoding="utf-8") for name in ("quota", "period"))
            if quota != "max" and float(quota) > 0:
                yield float(quota) / float(period)
        except (OSError, ValueError):
            continue
