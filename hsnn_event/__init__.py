"""Event-driven simulation of large sparse spiking networks.

The public names are listed here by hand and loaded on first use, so that `import hsnn_event`
stays light: it imports neither NumPy nor Numba.

>>> import hsnn_event as hsnn
>>> sorted(hsnn.__all__)[:3]
['Component', 'Hypergraph', 'Network']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hsnn_event import errors as errors
    from hsnn_event import measures as measures
    from hsnn_event import networks as networks
    from hsnn_event import random as random
    from hsnn_event import stimuli as stimuli
    from hsnn_event.io.graph_files import read_graph as read_graph
    from hsnn_event.model import library as models
    from hsnn_event.model.compose import Component as Component
    from hsnn_event.model.declare import NeuronModel as NeuronModel
    from hsnn_event.model.library import channels as channels
    from hsnn_event.model.library import receptors as receptors
    from hsnn_event.network.network import Network as Network
    from hsnn_event.network.spectrum import scale_to_spectral_radius as scale_to_spectral_radius
    from hsnn_event.network.spectrum import spectral_radius as spectral_radius
    from hsnn_event.recording import Result as Result
    from hsnn_event.recording import SpikeData as SpikeData
    from hsnn_event.recording import concatenate as concatenate
    from hsnn_event.recording.stored import open_recording as open_recording
    from hsnn_event.timecourse import sampled as sampled
    from hsnn_event.timecourse import steps as steps
    from hsnn_event.topology import connect as connect
    from hsnn_event.topology import hyper as hyper
    from hsnn_event.topology import space as space
    from hsnn_event.topology.distance import distance_delay as distance_delay
    from hsnn_event.topology.hypergraph import Hypergraph as Hypergraph
    from hsnn_event.topology.lattice import lattice as lattice

__version__ = "0.1.0"

# name: the module that it is, or the module and the name in it
_PUBLIC = {
    "Component": "hsnn_event.model.compose:Component",
    "Hypergraph": "hsnn_event.topology.hypergraph:Hypergraph",
    "Network": "hsnn_event.network.network:Network",
    "NeuronModel": "hsnn_event.model.declare:NeuronModel",
    "Result": "hsnn_event.recording:Result",
    "SpikeData": "hsnn_event.recording:SpikeData",
    "channels": "hsnn_event.model.library.channels",
    "concatenate": "hsnn_event.recording:concatenate",
    "connect": "hsnn_event.topology.connect",
    "distance_delay": "hsnn_event.topology.distance:distance_delay",
    "errors": "hsnn_event.errors",
    "hyper": "hsnn_event.topology.hyper",
    "lattice": "hsnn_event.topology.lattice:lattice",
    "measures": "hsnn_event.measures",
    "models": "hsnn_event.model.library",
    "networks": "hsnn_event.networks",
    "open_recording": "hsnn_event.recording.stored:open_recording",
    "random": "hsnn_event.random",
    "read_graph": "hsnn_event.io.graph_files:read_graph",
    "receptors": "hsnn_event.model.library.receptors",
    "sampled": "hsnn_event.timecourse:sampled",
    "scale_to_spectral_radius": "hsnn_event.network.spectrum:scale_to_spectral_radius",
    "space": "hsnn_event.topology.space",
    "spectral_radius": "hsnn_event.network.spectrum:spectral_radius",
    "steps": "hsnn_event.timecourse:steps",
    "stimuli": "hsnn_event.stimuli",
}

__all__ = [
    "Component",
    "Hypergraph",
    "Network",
    "NeuronModel",
    "Result",
    "SpikeData",
    "__version__",
    "channels",
    "concatenate",
    "connect",
    "distance_delay",
    "errors",
    "hyper",
    "lattice",
    "measures",
    "models",
    "networks",
    "open_recording",
    "random",
    "read_graph",
    "receptors",
    "sampled",
    "scale_to_spectral_radius",
    "space",
    "spectral_radius",
    "steps",
    "stimuli",
]


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, member = _PUBLIC[name].partition(":")
    value = import_module(module)
    if member:
        value = getattr(value, member)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
