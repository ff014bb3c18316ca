"""The models that come with the package: functions that return a `NeuronModel`. `hsnn_event.models` is this module.

Those of other packages (entry points "hsnn_event.models") are loaded on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hsnn_event import extensions
from hsnn_event.errors import keywords_known, member_unknown
from hsnn_event.model.library import (
    conductance,
    current,
    exponential,
    ionic,
    izhikevich_cells,
    izhikevich_patterns,
    planar,
    quadratic,
    sources,
    stochastic,
    threshold_unit,
)
from hsnn_event.model.library.izhikevich_patterns import IZHIKEVICH_PATTERNS

__all__ = [
    "IZHIKEVICH_PATTERNS", "adaptive_lif", "adex", "binary", "bursting", "eif", "fitzhugh_nagumo", "gif", "hodgkin_huxley",
    "izhikevich", "izhikevich2007", "izhikevich_pattern", "leaky_izhikevich", "lif_alpha", "lif_cond_alpha", "lif_cond_dexp",
    "lif_cond_exp", "lif_delta", "lif_dexp", "lif_exp", "membrane", "morris_lecar", "poisson", "qif", "regular",
    "spike_source", "traub_miles", "wang_buzsaki",
]  # fmt: skip

adaptive_lif = keywords_known(current.adaptive_lif, __name__)
adex = keywords_known(exponential.adex, __name__)
binary = keywords_known(threshold_unit.binary, __name__)
bursting = keywords_known(sources.bursting, __name__)
eif = keywords_known(exponential.eif, __name__)
fitzhugh_nagumo = keywords_known(planar.fitzhugh_nagumo, __name__)
gif = keywords_known(stochastic.gif, __name__)
hodgkin_huxley = keywords_known(ionic.hodgkin_huxley, __name__)
izhikevich = keywords_known(quadratic.izhikevich, __name__)
izhikevich2007 = keywords_known(izhikevich_cells.izhikevich2007, __name__)
izhikevich_pattern = keywords_known(izhikevich_patterns.izhikevich_pattern, __name__)
leaky_izhikevich = keywords_known(quadratic.leaky_izhikevich, __name__)
lif_alpha = keywords_known(current.lif_alpha, __name__)
lif_cond_alpha = keywords_known(conductance.lif_cond_alpha, __name__)
lif_cond_dexp = keywords_known(conductance.lif_cond_dexp, __name__)
lif_cond_exp = keywords_known(conductance.lif_cond_exp, __name__)
lif_delta = keywords_known(current.lif_delta, __name__)
lif_dexp = keywords_known(current.lif_dexp, __name__)
lif_exp = keywords_known(current.lif_exp, __name__)
membrane = keywords_known(ionic.membrane, __name__)
morris_lecar = keywords_known(planar.morris_lecar, __name__)
poisson = keywords_known(sources.poisson, __name__)
qif = keywords_known(quadratic.qif, __name__)
regular = keywords_known(sources.regular, __name__)
spike_source = keywords_known(sources.spike_source, __name__)
traub_miles = keywords_known(ionic.traub_miles, __name__)
wang_buzsaki = keywords_known(ionic.wang_buzsaki, __name__)


def __getattr__(name: str) -> Callable[..., Any]:
    """A model of another package."""
    if name.startswith("_") or name not in extensions.names(extensions.MODELS):
        raise member_unknown(__name__, "hsnn.models", name, __dir__())
    return extensions.load(extensions.MODELS, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *extensions.names(extensions.MODELS)})
