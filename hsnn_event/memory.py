"""Does it fit? What large things ask before they are made."""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

from hsnn_event.errors import InsufficientMemoryError

MEMORY = Path("/proc/meminfo")


def free() -> float:
    """Bytes that a process may still take: what Linux says is available, elsewhere the physical memory, if it is known."""
    try:
        return 1024.0 * int(MEMORY.read_text(encoding="ascii").split("MemAvailable:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else -1
        return float(pages) if pages > 0 else inf


def require(needed: float, what: str, advice: str = "Ask for fewer, or give the process more memory") -> None:
    """Refuse `what`, a sentence's beginning such as "connect: 1e12 synapses", if it takes more bytes than are free.

    Raises InsufficientMemoryError.
    """
    had = free()
    if needed > had:
        text = f"{what} take {needed / 1e9:.3g} GB; {had / 1e9:.3g} GB are free. {advice}."
        raise InsufficientMemoryError(text, needed=needed, had=had)
