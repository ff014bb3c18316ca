"""The reference networks of the field, ready to run; they record nothing yet.

>>> sorted(NETWORKS)
['brunel-a', 'brunel-b', 'brunel-c', 'brunel-d', 'coba', 'cuba', 'exact', 'gap-lattice', 'hh', 'izhikevich', 'microcircuit',
 'multi-area', 'quiet']
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hsnn_event.errors import unknown_name
from hsnn_event.network.network import Network
from hsnn_event.networks import brette, brunel, izhikevich, pd14
from hsnn_event.networks.brette import brette2007
from hsnn_event.networks.brunel import brunel2000
from hsnn_event.networks.gap_lattice import ALONE, SIZE, gap_lattice
from hsnn_event.networks.izhikevich import izhikevich2003
from hsnn_event.networks.multi_area import RATE, multi_area
from hsnn_event.networks.pd14 import microcircuit
from hsnn_event.networks.quiet import USUAL, quiet
from hsnn_event.quantities import real

__all__ = [
    "NETWORKS", "brette2007", "brunel2000", "gap_lattice", "izhikevich2003", "microcircuit", "multi_area", "quiet",
    "reference_rates",
]  # fmt: skip

# What the command line offers: name -> a function of Network's keywords.
NETWORKS: dict[str, Callable[..., Network]] = {
    "microcircuit": microcircuit,
    "cuba": partial(brette2007, "cuba"),
    "coba": partial(brette2007, "coba"),
    **{f"brunel-{state.lower()}": partial(brunel2000, state) for state in brunel.STATES},
    "izhikevich": izhikevich2003,
    "exact": partial(brette2007, "exact"),
    "hh": partial(brette2007, "hh"),
    "gap-lattice": partial(gap_lattice, *SIZE),
    "quiet": partial(quiet, *USUAL),
    "multi-area": multi_area,
}


def reference_rates(name: str, scale: float = 1.0) -> dict[str, float]:
    """Mean rates (Hz) to compare with, by population; "all" stands for all neurons together.

    >>> reference_rates("cuba")
    {'all': 5.63}
    """
    real(scale, "reference_rates: scale")
    if isinstance(name, str) and name == "microcircuit":
        return pd14.reference_rates(scale)
    if isinstance(name, str) and name == "izhikevich":
        return {"all": izhikevich.REFERENCE_RATE}
    if isinstance(name, str) and name == "gap-lattice":
        return {"all": ALONE}
    if isinstance(name, str) and name == "multi-area":
        return {"all": RATE}
    if isinstance(name, str) and name == "quiet":
        return {"all": USUAL[2]}
    known = {**brette.REFERENCE_RATES, **{f"brunel-{state.lower()}": rate for state, rate in brunel.REFERENCE_RATES.items()}}
    if not isinstance(name, str) or name not in known:
        raise unknown_name("reference_rates: name", name, NETWORKS)
    return {"all": known[name]}
