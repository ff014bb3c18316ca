"""Leaky integrate-and-fire neurons driven by conductances."""

from __future__ import annotations

from collections.abc import Mapping

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.integrate_and_fire import E_REV, TAU_SYN, neuron, with_reversals
from hsnn_event.model.library.synapses import Synapses, alpha, double_exponential, exponential


def lif_cond_exp(
    *,
    C_m: object = 250.0,
    g_L: object = 16.6667,
    E_L: object = -70.0,
    V_th: object = -55.0,
    V_reset: object = -60.0,
    t_ref: object = 2.0,
    E_rev: object | Mapping[str, object] | None = None,
    tau_syn: object | Mapping[str, object] | None = None,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire with conductances that jump by the weight (nS) and decay with tau_syn (ms).

    C_m dv/dt = g_L*(E_L - v) + sum of g*(E_rev - v) + I_e + I; at v >= V_th a spike, v = V_reset for t_ref.
    C_m in pF, g_L in nS, times in ms, potentials in mV, currents in pA. Numbers `E_rev` and `tau_syn` make the receptor
    "default" with the state g_syn; mappings with the same keys make a receptor and a state g_<name> for each key.
    Defaults: NEST's `iaf_cond_exp`, with receptors "exc" (0 mV, 0.2 ms) and "inh" (-85 mV, 2 ms).
    Raises ValueRangeError for a tau or C_m <= 0, t_ref or g_L < 0, NaN; DeclarationError if the keys differ.

    >>> lif_cond_exp(E_rev=0.0, tau_syn=5.0).dynamics["v"]
    '(g_L*E_L + I_e + g_syn*E_rev + I - (g_L + g_syn)*v)/C_m'
    """
    synapses = exponential("lif_cond_exp", "g", TAU_SYN if tau_syn is None else tau_syn)
    membrane = _membrane(C_m, g_L, E_L, V_th, V_reset, t_ref, I_e)
    return _conductance_based("lif_cond_exp", membrane, "tau_syn", synapses, E_rev)


def lif_cond_alpha(
    *,
    C_m: object = 250.0,
    g_L: object = 16.6667,
    E_L: object = -70.0,
    V_th: object = -55.0,
    V_reset: object = -60.0,
    t_ref: object = 2.0,
    E_rev: object | Mapping[str, object] | None = None,
    tau_syn: object | Mapping[str, object] | None = None,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire with alpha-shaped conductances: weight (nS) is the peak, tau_syn (ms) after the event.

    g(t) = weight * (t/tau_syn) * exp(1 - t/tau_syn), from the states g_<name> and dg_<name> (g_syn and dg_syn for numbers).
    All else as in `lif_cond_exp`. Defaults: NEST's `iaf_cond_alpha`, whose values are those of `iaf_cond_exp`.

    >>> list(lif_cond_alpha(E_rev=0.0, tau_syn=2.0).states)
    ['v', 'g_syn', 'dg_syn']
    """
    synapses = alpha("lif_cond_alpha", "g", TAU_SYN if tau_syn is None else tau_syn)
    membrane = _membrane(C_m, g_L, E_L, V_th, V_reset, t_ref, I_e)
    return _conductance_based("lif_cond_alpha", membrane, "tau_syn", synapses, E_rev)


def lif_cond_dexp(
    *,
    C_m: object = 250.0,
    g_L: object = 16.6667,
    E_L: object = -70.0,
    V_th: object = -55.0,
    V_reset: object = -60.0,
    t_ref: object = 2.0,
    E_rev: object | Mapping[str, object] | None = None,
    tau_rise: object | Mapping[str, object] | None = None,
    tau_decay: object | Mapping[str, object] | None = None,
    I_e: object = 0.0,
) -> NeuronModel:
    """Leaky integrate-and-fire with conductances that rise with tau_rise and decay with tau_decay (ms); weight (nS) is the
    peak.

    g(t) = weight * (exp(-t/tau_decay) - exp(-t/tau_rise)) / (its largest value), from the states g_<name> and dg_<name>; the
    alpha function where both are equal. All else as in `lif_cond_exp`. Defaults: NEST's `iaf_cond_beta`: both time constants
    0.2 ms for "exc" and 2 ms for "inh". Raises what `lif_cond_exp` does.

    >>> lif_cond_dexp(E_rev=0.0, tau_rise=0.5, tau_decay=5.0).dynamics["g_syn"]
    'dg_syn - g_syn/tau_decay'
    """
    rise, decay = (TAU_SYN if tau is None else tau for tau in (tau_rise, tau_decay))
    synapses = double_exponential("lif_cond_dexp", "g", rise, decay)
    membrane = _membrane(C_m, g_L, E_L, V_th, V_reset, t_ref, I_e)
    return _conductance_based("lif_cond_dexp", membrane, "tau_decay", synapses, E_rev)


def _membrane(
    C_m: object, g_L: object, E_L: object, V_th: object, V_reset: object, t_ref: object, I_e: object
) -> dict[str, object]:
    return {"C_m": C_m, "g_L": g_L, "E_L": E_L, "V_th": V_th, "V_reset": V_reset, "t_ref": t_ref, "I_e": I_e}


def _conductance_based(
    name: str, membrane: dict[str, object], tau: str, synapses: Synapses, E_rev: object
) -> NeuronModel:
    reversals, current, total = with_reversals(name, tau, synapses, E_REV if E_rev is None else E_rev)
    dv = f"(g_L*E_L + I_e + {current} + I - (g_L + {total})*v)/C_m"
    return neuron(name, dv, membrane | reversals, synapses, units=dict.fromkeys(reversals, "mV"))
