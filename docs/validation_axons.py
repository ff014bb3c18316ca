"""Membranes per area, for the validation page: Hodgkin and Huxley's axon and Morris and Lecar's fibre, of the library."""

from __future__ import annotations

from typing import Any

import numpy as np

import hsnn_event as hsnn

REST = -64.99638  # mV: where the axon's simulations begin


def hodgkin_huxley(I_e: Any) -> hsnn.NeuronModel:
    return hsnn.models.hodgkin_huxley(I_e=I_e)


def resting(model: hsnn.NeuronModel, duration: float) -> float:
    net = hsnn.Network(dt=0.01, threads=1)
    cell = net.population("cell", 1, model, method="rk4")
    net.run(duration)
    return float(cell.get("v")[0])


def hodgkin_huxley_rest() -> float:
    return resting(hodgkin_huxley(0.0), 300.0)


def morris_lecar_rest() -> float:
    return resting(hsnn.models.morris_lecar(type="II"), 1000.0)


def morris_lecar_rate() -> float:
    """Hz at 100 uA/cm2, from intervals after half a second."""
    net = hsnn.Network(dt=0.01, threads=1)
    cell = net.population("cell", 1, hsnn.models.morris_lecar(type="II", I_e=100.0), method="rk4")
    cell.set(v=-10.0)
    net.record(cell, "spikes")
    times = net.run(3000.0).spikes["cell"].times
    return 1000.0 / float(np.diff(times[times > 500.0]).mean())
