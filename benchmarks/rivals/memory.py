"""How much memory a rival took."""

import resource
import sys


def peak_gb():
    """Return the largest resident memory of this process so far, in GB."""
    unit = 1.0 if sys.platform == "darwin" else 1024.0  # bytes there, KiB elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9, 3)
