"""Neurons whose voltage follows a quadratic equation."""

from __future__ import annotations

from hsnn_event.model.declare import NeuronModel


def izhikevich(*, a: object = 0.02, b: object = 0.2, c: object = -65.0, d: object = 8.0) -> NeuronModel:
    """Izhikevich (2003), IEEE Trans. Neural Netw. 14:1569: dv/dt = 0.04 v^2 + 5 v + 140 - u + I, du/dt = a (b v - u).

    At v >= 30 mV: v = c, u = u + d. An event moves v by its weight (mV). a and b in 1/ms, c in mV, d in mV/ms; the input I
    in mV/ms. Defaults: the paper's regular spiking cell. The paper's own scheme is `method="izhikevich2003"`.

    >>> izhikevich(a=0.1, d=2.0).states
    {'v': -65.0, 'u': 'b*v'}
    """
    return NeuronModel(
        name="izhikevich",
        parameters={"a": a, "b": b, "c": c, "d": d},
        states={"v": -65.0, "u": "b*v"},
        dynamics={"v": "0.04*v**2 + 5*v + 140 - u + I", "u": "a*(b*v - u)"},
        inputs={"I": 0.0},
        receptors={"default": {"v": "v + weight"}},
        threshold="v >= 30",
        reset={"v": "c", "u": "u + d"},
        units={"v": "mV", "u": "mV/ms", "a": "1/ms", "b": "1/ms", "c": "mV", "d": "mV/ms", "I": "mV/ms"},
    )
