"""Membranes per area as models of one's own, for the validation page: the axon of docs/models.md, and Morris and Lecar's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pages

import hsnn_event as hsnn

REST = -64.99638  # mV: where the axon's simulations begin

MORRIS_LECAR = hsnn.NeuronModel(  # type II, as in Rinzel and Ermentrout (1998)
    name="morris_lecar",
    parameters={"C": 20.0, "g_Ca": 4.4, "g_K": 8.0, "g_L": 2.0, "E_Ca": 120.0, "E_K": -84.0, "E_L": -60.0, "V1": -1.2,
                "V2": 18.0, "V3": 2.0, "V4": 30.0, "phi": 0.04},
    states={"v": -60.0, "w": "0.5*(1 + tanh((v - V3)/V4))"},
    expressions={"m": "0.5*(1 + tanh((v - V1)/V2))", "w_end": "0.5*(1 + tanh((v - V3)/V4))"},
    dynamics={
        "v": "(I - g_Ca*m*(v - E_Ca) - g_K*w*(v - E_K) - g_L*(v - E_L))/C",
        "w": "phi*(w_end - w)*cosh((v - V3)/(2*V4))",
    },
    inputs={"I": 0.0},
    threshold="v >= 0",
    refractory={"duration": "40"},
)  # fmt: skip


def hodgkin_huxley(I_e: Any) -> hsnn.NeuronModel:
    """The axon as the page defines it."""
    names: dict[str, Any] = {}
    text = pages.program(pages.DOCS / "models.md")
    start, end = text.index("def axon"), text.index("net = hsnn.Network(dt=0.01)")
    exec("import hsnn_event as hsnn\n" + text[start:end], names)
    model: hsnn.NeuronModel = names["axon"](I_e)
    return model


def resting(model: hsnn.NeuronModel, duration: float) -> float:
    net = hsnn.Network(dt=0.01, threads=1)
    cell = net.population("cell", 1, model, method="rk4")
    net.run(duration)
    return float(cell.get("v")[0])


def hodgkin_huxley_rest() -> float:
    return resting(hodgkin_huxley(0.0), 300.0)


def morris_lecar_rest() -> float:
    return resting(MORRIS_LECAR, 1000.0)


def morris_lecar_rate() -> float:
    """Hz at 100 uA/cm2, from intervals after half a second."""
    net = hsnn.Network(dt=0.01, threads=1)
    cell = net.population("cell", 1, MORRIS_LECAR, method="rk4")
    cell.set(v=-10.0)
    net.drive(cell, hsnn.stimuli.current(100.0))
    net.record(cell, "spikes")
    times = net.run(3000.0).spikes["cell"].times
    return 1000.0 / float(np.diff(times[times > 500.0]).mean())
