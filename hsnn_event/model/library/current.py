"""Leaky integrate-and-fire neurons driven by voltage jumps or by currents: linear between spikes, so solved exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.integrate_and_fire import neuron
from hsnn_event.model.library.synapses import NONE, Synapses, alpha, double_exponential, exponential


def lif_delta(
    *,
    C_m: object = 250.0,
    tau_m: object = 10.0,
    E_L: object = -70.0,
    V_th: object = -55.0,
    V_reset: object = -70.0,
    t_ref: object = 2.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire; an event moves v by its weight (mV).

    dv/dt = (E_L - v)/tau_m + (I_e + I)/C_m; at v >= V_th a spike, v = V_reset for t_ref.
    C_m in pF, tau_m and t_ref in ms, potentials in mV, I_e and the input I in pA. Defaults: NEST's `iaf_psc_delta`.
    A value is a number, an array or a distribution. Raises ValueRangeError for tau_m or C_m <= 0, t_ref < 0, NaN.

    >>> lif_delta(tau_m=20.0).receptors
    {'default': {'v': 'v + weight'}}
    """
    synapses = replace(NONE, receptors={"default": {"v": "v + weight"}}, units={"weight": "mV"})
    return _current_based("lif_delta", _membrane(C_m, tau_m, E_L, V_th, V_reset, t_ref, I_e), synapses)


def lif_exp(
    *,
    C_m: object = 250.0,
    tau_m: object = 10.0,
    E_L: object = -70.0,
    V_th: object = -55.0,
    V_reset: object = -70.0,
    t_ref: object = 2.0,
    tau_syn: object | Mapping[str, object] = 2.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire with currents that jump by the weight (pA) and decay with tau_syn (ms).

    dv/dt = (E_L - v)/tau_m + (sum of currents + I_e + I)/C_m. A number `tau_syn` makes the receptor "default" with the
    state I_syn; a mapping makes a receptor and a state I_<name> for each key. Other parameters, units, errors and
    refractoriness as in `lif_delta`. Defaults: NEST's `iaf_psc_exp`.

    >>> list(lif_exp(tau_syn={"exc": 0.5, "inh": 1.0}).states)
    ['v', 'I_exc', 'I_inh']
    """
    synapses = exponential("lif_exp", "I", tau_syn)
    return _current_based("lif_exp", _membrane(C_m, tau_m, E_L, V_th, V_reset, t_ref, I_e), synapses)


def lif_alpha(
    *,
    C_m: object = 250.0,
    tau_m: object = 10.0,
    E_L: object = -70.0,
    V_th: object = -55.0,
    V_reset: object = -70.0,
    t_ref: object = 2.0,
    tau_syn: object | Mapping[str, object] = 2.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire with alpha-shaped currents: weight (pA) is the peak, tau_syn (ms) after the event.

    I(t) = weight * (t/tau_syn) * exp(1 - t/tau_syn), from the states I_syn and dI_syn (I_<name>, dI_<name> for a mapping).
    All else as in `lif_exp`. Defaults: NEST's `iaf_psc_alpha`.

    >>> lif_alpha().receptors["default"]
    {'dI_syn': 'dI_syn + weight*2.718281828459045/tau_syn'}
    """
    synapses = alpha("lif_alpha", "I", tau_syn)
    return _current_based("lif_alpha", _membrane(C_m, tau_m, E_L, V_th, V_reset, t_ref, I_e), synapses)


def lif_dexp(
    *,
    C_m: object = 250.0,
    tau_m: object = 10.0,
    E_L: object = -70.0,
    V_th: object = -55.0,
    V_reset: object = -70.0,
    t_ref: object = 2.0,
    tau_rise: object | Mapping[str, object] = 0.5,
    tau_decay: object | Mapping[str, object] = 2.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire with currents that rise with tau_rise and decay with tau_decay (ms); weight (pA) is the peak.

    I(t) = weight * (exp(-t/tau_decay) - exp(-t/tau_rise)) / (its largest value), from the states I_syn and dI_syn
    (I_<name>, dI_<name> for mappings, which have the same keys); the alpha function where both are equal. All else as in
    `lif_exp`. Defaults: the membrane of NEST's `iaf_psc_exp`, tau_decay its tau_syn; tau_rise is our choice, a quarter of
    it. Raises what `lif_exp` does, and DeclarationError if the keys differ.

    >>> lif_dexp(tau_rise=0.2, tau_decay=5.0).dynamics["I_syn"]
    'dI_syn - I_syn/tau_decay'
    """
    synapses = double_exponential("lif_dexp", "I", tau_rise, tau_decay)
    return _current_based("lif_dexp", _membrane(C_m, tau_m, E_L, V_th, V_reset, t_ref, I_e), synapses)


def adaptive_lif(
    *,
    C_m: object = 281.0,
    g_L: object = 30.0,
    E_L: object = -70.6,
    V_th: object = -50.4,
    V_reset: object = -70.6,
    t_ref: object = 0.0,
    a: object = 4.0,
    b: object = 80.5,
    tau_w: object = 144.0,
    tau_syn: object | Mapping[str, object] = 2.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire with a current w that adapts to the potential and to spikes; linear, so solved exactly.

    C_m dv/dt = g_L (E_L - v) - w + sum of currents + I_e + I, tau_w dw/dt = a (v - E_L) - w; at v >= V_th a spike: v =
    V_reset for t_ref, w = w + b. Synaptic currents as in `lif_exp`. C_m in pF, g_L and a in nS, b and w in pA, tau_w in
    ms, all else as there. Source: Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 6.1, the case
    of f linear. Defaults: those of `adex` (Brette and Gerstner 2005), which fires at V_th at once where that model begins
    its upstroke; tau_syn as in `lif_exp`. Raises ValueRangeError for C_m or a tau <= 0, g_L or t_ref < 0, NaN.

    >>> adaptive_lif().dynamics["w"]
    '(a*(v - E_L) - w)/tau_w'
    """
    parameters = {"C_m": C_m, "g_L": g_L, "E_L": E_L, "V_th": V_th, "V_reset": V_reset, "t_ref": t_ref,
                  "a": a, "b": b, "tau_w": tau_w, "I_e": I_e}  # fmt: skip
    synapses = exponential("adaptive_lif", "I", tau_syn)
    total = " + ".join([*synapses.names, "I_e", "I"])
    return neuron(
        "adaptive_lif", f"(g_L*(E_L - v) - w + {total})/C_m", parameters, synapses,
        states={"w": 0.0}, dynamics={"w": "(a*(v - E_L) - w)/tau_w"}, reset={"w": "w + b"},
        units={"a": "nS", "b": "pA", "w": "pA"},
    )  # fmt: skip


def _membrane(
    C_m: object, tau_m: object, E_L: object, V_th: object, V_reset: object, t_ref: object, I_e: object
) -> dict[str, object]:
    return {"C_m": C_m, "tau_m": tau_m, "E_L": E_L, "V_th": V_th, "V_reset": V_reset, "t_ref": t_ref, "I_e": I_e}


def _current_based(name: str, membrane: dict[str, object], synapses: Synapses) -> NeuronModel:
    total = " + ".join([*synapses.names, "I_e", "I"])
    return neuron(name, f"(E_L - v)/tau_m + ({total})/C_m", membrane, synapses)
