"""Neurons whose voltage follows a quadratic equation."""

from __future__ import annotations

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.membrane import REFRACTORY, RESET, THRESHOLD, UNITS

_JUMP = {"default": {"v": "v + weight"}}


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
        receptors=_JUMP,
        threshold="v >= 30",
        reset={"v": "c", "u": "u + d"},
        units={"v": "mV", "u": "mV/ms", "a": "1/ms", "b": "1/ms", "c": "mV", "d": "mV/ms", "I": "mV/ms"},
    )


def leaky_izhikevich(
    *, a: object = 0.02, b: object = 0.2, c: object = -55.0, d: object = 8.0, E_L: object = -65.0
) -> NeuronModel:
    """The Izhikevich neuron whose recovery is a conductance: dv/dt = 0.04 v^2 + 5 v + 140 - u (v - E_L) + I.

    du/dt = a (b v - u); at v >= 30 mV: v = c, u = u + d. An event moves v by its weight (mV). a in 1/ms, u and d in 1/ms,
    b in 1/(ms mV), c and E_L in mV, the input I in mV/ms. Defaults: the "leaky hybrid" of the seed of this project, but
    without the division of dv/dt by a capacitance of 100 and of du/dt by a time constant of 10, which slow it down until
    it is all but silent. u begins at b v; being negative there it drives v away from E_L, until spikes have lifted it.

    >>> leaky_izhikevich().dynamics["v"]
    '0.04*v**2 + 5*v + 140 - u*(v - E_L) + I'
    """
    return NeuronModel(
        name="leaky_izhikevich",
        parameters={"a": a, "b": b, "c": c, "d": d, "E_L": E_L},
        states={"v": -65.0, "u": "b*v"},
        dynamics={"v": "0.04*v**2 + 5*v + 140 - u*(v - E_L) + I", "u": "a*(b*v - u)"},
        inputs={"I": 0.0},
        receptors=_JUMP,
        threshold="v >= 30",
        reset={"v": "c", "u": "u + d"},
        units={"v": "mV", "u": "1/ms", "a": "1/ms", "b": "1/ms/mV", "c": "mV", "d": "1/ms", "E_L": "mV", "I": "mV/ms",
               "weight": "mV"},
    )  # fmt: skip


def qif(
    *,
    C_m: object = 250.0,
    tau_m: object = 10.0,
    a_0: object = 0.07,
    v_rest: object = -65.0,
    v_crit: object = -50.0,
    V_th: object = -30.0,
    V_reset: object = -68.0,
    t_ref: object = 2.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Quadratic integrate-and-fire: Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, equation 5.16.

    tau_m dv/dt = a_0 (v - v_rest) (v - v_crit) + tau_m/C_m (I_e + I); at v >= V_th a spike, v = V_reset for t_ref. An event
    moves v by its weight (mV). a_0 in 1/mV, tau_m and t_ref in ms, C_m in pF, potentials in mV, I_e and the input I in pA.
    Defaults: a_0, v_rest, v_crit, V_th, V_reset and tau_m as in BrainPy's `QuaIF`, after Latham et al. (2000), J.
    Neurophysiol. 83:808; C_m and t_ref as in `lif_delta`. Raises ValueRangeError for tau_m, C_m or a_0 <= 0, t_ref < 0, NaN.

    >>> qif(a_0=0.1).dynamics["v"]
    'a_0*(v - v_rest)*(v - v_crit)/tau_m + (I_e + I)/C_m'
    """
    return NeuronModel(
        name="qif",
        parameters={
            "C_m": C_m, "tau_m": tau_m, "a_0": a_0, "v_rest": v_rest, "v_crit": v_crit, "V_th": V_th, "V_reset": V_reset,
            "t_ref": t_ref, "I_e": I_e,
        },
        states={"v": "v_rest"},
        dynamics={"v": "a_0*(v - v_rest)*(v - v_crit)/tau_m + (I_e + I)/C_m"},
        inputs={"I": 0.0},
        receptors=_JUMP,
        units={**{name: unit for name, unit in UNITS.items() if name not in ("g_L", "E_L")},
               "a_0": "1/mV", "v_rest": "mV", "v_crit": "mV", "weight": "mV"},
        positive=["C_m", "tau_m", "a_0"],
        not_negative=["t_ref"],
        threshold=THRESHOLD,
        reset=RESET,
        refractory=REFRACTORY,
    )  # fmt: skip
