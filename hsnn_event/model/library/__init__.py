"""The models that come with the package: functions that return a `NeuronModel`. `hsnn_event.models` is this module."""

from hsnn_event.model.library.conductance import lif_cond_exp
from hsnn_event.model.library.current import lif_alpha, lif_delta, lif_exp
from hsnn_event.model.library.quadratic import izhikevich
from hsnn_event.model.library.sources import poisson, spike_source

__all__ = ["izhikevich", "lif_alpha", "lif_cond_exp", "lif_delta", "lif_exp", "poisson", "spike_source"]
