"""Integrate-and-fire neurons whose upstroke is an exponential of the potential."""

from __future__ import annotations

from collections.abc import Mapping

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.integrate_and_fire import E_REV, TAU_SYN, neuron, with_reversals
from hsnn_event.model.library.synapses import exponential

_PEAK = "v >= V_peak"
# Within the step of a spike v may pass V_peak by any amount. All terms read it cut there, and the exponential is at most
# e**50, so that the upstroke neither becomes infinite nor throws other states off.
_UPSTROKE = {"v_cut": "min(v, V_peak)", "I_spike": "g_L*Delta_T*exp(min((v_cut - V_T)/Delta_T, 50))"}


def eif(
    *,
    C_m: object = 250.0,
    g_L: object = 25.0,
    E_L: object = -65.0,
    V_T: object = -59.9,
    Delta_T: object = 3.48,
    V_peak: object = -30.0,
    V_reset: object = -68.0,
    t_ref: object = 1.7,
    tau_syn: object | Mapping[str, object] = 2.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Exponential integrate-and-fire: Fourcaud-Trocme, Hansel, van Vreeswijk and Brunel (2003), J. Neurosci. 23:11628.

    C_m dv/dt = g_L (E_L - v) + g_L Delta_T exp((v - V_T)/Delta_T) + sum of currents + I_e + I; at v >= V_peak a spike, v
    = V_reset for t_ref. V_T is where the slope of the first two terms is 0, the least current that makes v rise for ever
    is theirs there; from V_peak on the upstroke would take another C_m/g_L exp(-(V_peak - V_T)/Delta_T), 0.002 ms.
    Synaptic currents, units and errors as in `lif_exp`; g_L in nS, Delta_T, V_T and V_peak in mV. Defaults: the paper's
    fit to the Wang-Buzsaki neuron (time constant 10 ms, E_L, V_T, Delta_T, V_reset, t_ref); C_m and tau_syn as in
    `lif_exp`, g_L for that time constant, V_peak as in BrainPy's `ExpIF`.

    >>> eif().threshold
    'v >= V_peak'
    """
    parameters = {"C_m": C_m, "g_L": g_L, "E_L": E_L, "V_T": V_T, "Delta_T": Delta_T, "V_peak": V_peak, "V_reset": V_reset,
                  "t_ref": t_ref, "I_e": I_e}  # fmt: skip
    synapses = exponential("eif", "I", tau_syn)
    total = " + ".join([*synapses.names, "I_e", "I"])
    return neuron(
        "eif", f"(g_L*(E_L - v_cut) + I_spike + {total})/C_m", parameters, synapses, expressions=_UPSTROKE,
        threshold=_PEAK, units={"V_T": "mV", "Delta_T": "mV", "V_peak": "mV", "v_cut": "mV", "I_spike": "pA"},
    )  # fmt: skip


def adex(
    *,
    C_m: object = 281.0,
    g_L: object = 30.0,
    E_L: object = -70.6,
    V_T: object = -50.4,
    Delta_T: object = 2.0,
    V_peak: object = 20.0,
    V_reset: object = -70.6,
    t_ref: object = 0.0,
    a: object = 4.0,
    b: object = 80.5,
    tau_w: object = 144.0,
    E_rev: object | Mapping[str, object] | None = None,
    tau_syn: object | Mapping[str, object] | None = None,
    I_e: object = 0.0,
) -> NeuronModel:
    """Adaptive exponential integrate-and-fire: Brette and Gerstner (2005), J. Neurophysiol. 94:3637.

    C_m dv/dt = g_L (E_L - v) + g_L Delta_T exp((v - V_T)/Delta_T) - w + sum of g (E_rev - v) + I_e + I, tau_w dw/dt = a
    (v - E_L) - w; at v >= V_peak a spike: v = V_reset for t_ref, w = w + b. Conductances jump by the weight (nS) and
    decay with tau_syn, as in `lif_cond_exp`. C_m in pF, g_L and a in nS, b, w and currents in pA, times in ms, potentials
    in mV. Defaults: the paper's; synapses as in NEST's `aeif_cond_exp`, whose other values are the same but V_peak (0 mV)
    and V_reset (-60 mV). Raises ValueRangeError for C_m, Delta_T or a tau <= 0, g_L or t_ref < 0, NaN; DeclarationError
    if the keys of E_rev and tau_syn differ.

    >>> adex(a=0.0, b=0.0).reset
    {'v': 'V_reset', 'w': 'w + b'}
    """
    parameters = {"C_m": C_m, "g_L": g_L, "E_L": E_L, "V_T": V_T, "Delta_T": Delta_T, "V_peak": V_peak, "V_reset": V_reset,
                  "t_ref": t_ref, "a": a, "b": b, "tau_w": tau_w, "I_e": I_e}  # fmt: skip
    synapses = exponential("adex", "g", TAU_SYN if tau_syn is None else tau_syn)
    reversals, current, total = with_reversals("adex", "tau_syn", synapses, E_REV if E_rev is None else E_rev)
    dv = f"(g_L*E_L + I_spike - w + I_e + {current} + I - (g_L + {total})*v_cut)/C_m"
    return neuron(
        "adex", dv, parameters | reversals, synapses,
        states={"w": 0.0}, dynamics={"w": "(a*(v_cut - E_L) - w)/tau_w"}, expressions=_UPSTROKE,
        threshold=_PEAK, reset={"w": "w + b"},
        units={**dict.fromkeys((*reversals, "V_T", "Delta_T", "V_peak", "v_cut"), "mV"),
               **dict.fromkeys(("b", "w", "I_spike"), "pA"), "a": "nS"},
    )  # fmt: skip
