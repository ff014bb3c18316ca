"""Tests are deterministic, and compiled code of another state of the sources is never tested.

Numba's cache looks at the file of a compiled function only: after a change in a file that it calls, the old code
would go on. So the cache of the tests lies in a folder named after all sources.
"""

import hashlib
import os
from pathlib import Path

from hypothesis import settings

SOURCES = Path(__file__).parent.parent / "hsnn_event"


# The same examples in every run: a test that fails does so for the change that made it fail.
settings.register_profile("deterministic", derandomize=True)
settings.load_profile("deterministic")


def pytest_configure():
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(SOURCES.rglob("*.py")):
        digest.update(path.read_bytes())
    root = Path(os.environ.get("NUMBA_CACHE_DIR", Path.home() / ".cache" / "hsnn_event" / "tests"))
    os.environ["NUMBA_CACHE_DIR"] = str(root / digest.hexdigest())
