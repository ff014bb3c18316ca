"""What to keep of a run, and what was kept."""

from hsnn_event.recording.result import Record, Result, concatenate
from hsnn_event.recording.spikes import SpikeData
from hsnn_event.recording.states import StateData

__all__ = ["Record", "Result", "SpikeData", "StateData", "concatenate"]
