"""Neurons of two variables, in which excitability can be seen as a picture of the plane."""

from __future__ import annotations

from hsnn_event.errors import unknown_name
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.ionic import bare

# Rinzel and Ermentrout (1998), table 7.1.
_MORRIS_LECAR = {
    "II": {"g_Ca": 4.4, "V3": 2.0, "V4": 30.0, "phi": 0.04},
    "I": {"g_Ca": 4.0, "V3": 12.0, "V4": 17.4, "phi": 0.067},
    "homoclinic": {"g_Ca": 4.0, "V3": 12.0, "V4": 17.4, "phi": 0.23},
}


def morris_lecar(
    *,
    type: str = "II",
    C_m: object = 20.0,
    g_Ca: object | None = None,
    E_Ca: object = 120.0,
    g_K: object = 8.0,
    E_K: object = -84.0,
    g_L: object = 2.0,
    E_L: object = -60.0,
    V1: object = -1.2,
    V2: object = 18.0,
    V3: object | None = None,
    V4: object | None = None,
    phi: object | None = None,
    V_th: object = 0.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """A barnacle muscle fibre, per area: Morris and Lecar (1981), Biophys. J. 35:193.

    C_m dv/dt = I_Ca + I_K + I_L + I_e + I with I_Ca = g_Ca m_inf (E_Ca - v), I_K = g_K w (E_K - v), I_L = g_L (E_L - v);
    dw/dt = phi (w_inf - w) cosh((v - V3)/(2 V4)), m_inf = (1 + tanh((v - V1)/V2))/2, w_inf = (1 + tanh((v - V3)/V4))/2.

    `type` chooses g_Ca, V3, V4 and phi where they are not given: "II" (a Hopf bifurcation: firing starts at a rate above
    0), "I" (a saddle-node on the cycle: from 0 Hz on) or "homoclinic", of Rinzel and Ermentrout (1998), in Methods in
    Neuronal Modeling, chapter 7. Units and errors as in `hodgkin_huxley`; UnknownNameError for another type.
    Defaults: those of that chapter.

    >>> morris_lecar(type="I").parameters["V3"], morris_lecar(V3=5.0).parameters["V3"]
    (12.0, 5.0)
    """
    if not isinstance(type, str) or type not in _MORRIS_LECAR:
        raise unknown_name("morris_lecar: type", type, _MORRIS_LECAR)
    chosen = {"g_Ca": g_Ca, "V3": V3, "V4": V4, "phi": phi}
    chosen = {name: _MORRIS_LECAR[type][name] if value is None else value for name, value in chosen.items()}
    cell = bare("morris_lecar", C_m, -60.0, V_th, I_e, per_area=True)
    return NeuronModel(
        name="morris_lecar",
        parameters={
            **cell.parameters, "g_Ca": chosen["g_Ca"], "E_Ca": E_Ca, "g_K": g_K, "E_K": E_K, "g_L": g_L, "E_L": E_L,
            "V1": V1, "V2": V2, "V3": chosen["V3"], "V4": chosen["V4"], "phi": chosen["phi"],
        },
        states={**cell.states, "w": "w_inf"},
        expressions={
            "m_inf": "0.5*(1 + tanh((v - V1)/V2))",
            "w_inf": "0.5*(1 + tanh((v - V3)/V4))",
            "I_Ca": "g_Ca*m_inf*(E_Ca - v)",
            "I_K": "g_K*w*(E_K - v)",
            "I_L": "g_L*(E_L - v)",
        },
        dynamics={"v": "(I_e + I + I_Ca + I_K + I_L)/C_m", "w": "phi*(w_inf - w)*cosh((v - V3)/(2*V4))"},
        inputs=cell.inputs,
        threshold=cell.threshold,
        detection=cell.detection,
        units={
            **cell.units, **dict.fromkeys(("I_Ca", "I_K", "I_L"), "uA/cm2"), "phi": "1/ms", "w": "1",
            **dict.fromkeys(("g_Ca", "g_K", "g_L"), "mS/cm2"),
            **dict.fromkeys(("E_Ca", "E_K", "E_L", "V1", "V2", "V3", "V4"), "mV"),
        },
        positive=[*cell.positive, "V2", "V4"],
        not_negative=["g_Ca", "g_K", "g_L", "phi"],
    )  # fmt: skip


def fitzhugh_nagumo(
    *, a: object = 0.7, b: object = 0.8, phi: object = 0.08, V_th: object = 1.0, I_e: object = 0.0
) -> NeuronModel:
    """The plane in which a neuron's spike is a detour: FitzHugh (1961), Biophys. J. 1:445; Nagumo et al. (1962).

    dv/dt = v - v^3/3 - w + I_e + I, dw/dt = phi (v + a - b w), without dimension but for time in ms. It begins at its rest
    for the default values; a spike is an upward crossing of V_th. An event moves v by its weight. Defaults: FitzHugh's.

    >>> fitzhugh_nagumo().states["w"]
    '(v + a)/b'
    """
    return NeuronModel(
        name="fitzhugh_nagumo",
        parameters={"a": a, "b": b, "phi": phi, "V_th": V_th, "I_e": I_e},
        states={"v": -1.1994080352440, "w": "(v + a)/b"},
        dynamics={"v": "v - v**3/3 - w + I_e + I", "w": "phi*(v + a - b*w)"},
        inputs={"I": 0.0},
        receptors={"default": {"v": "v + weight"}},
        threshold="v >= V_th",
        detection="crossing",
        positive=["b"],
    )
