"""The models that come with the package: functions that return a `NeuronModel`. `hsnn_event.models` is this module.

Those of other packages (entry points "hsnn_event.models") are loaded on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hsnn_event import extensions
from hsnn_event.model.library.conductance import lif_cond_exp
from hsnn_event.model.library.current import lif_alpha, lif_delta, lif_exp
from hsnn_event.model.library.quadratic import izhikevich
from hsnn_event.model.library.sources import poisson, spike_source

__all__ = ["izhikevich", "lif_alpha", "lif_cond_exp", "lif_delta", "lif_exp", "poisson", "spike_source"]


def __getattr__(name: str) -> Callable[..., Any]:
    """A model of another package."""
    if name.startswith("_") or name not in extensions.names(extensions.MODELS):
        raise AttributeError(f"hsnn_event.models has no model {name!r}. There are: {', '.join(__dir__())}.")
    return extensions.load(extensions.MODELS, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *extensions.names(extensions.MODELS)})
