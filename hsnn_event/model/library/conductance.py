"""Leaky integrate-and-fire neurons driven by conductances."""

from __future__ import annotations

from collections.abc import Mapping

from hsnn_event.errors import DeclarationError
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.membrane import (
    REFRACTORY,
    RESET,
    THRESHOLD,
    UNITS,
    per_receptor,
    suffix,
)


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
    place = "lif_cond_exp"
    taus = per_receptor(place, "tau_syn", {"exc": 0.2, "inh": 2.0} if tau_syn is None else tau_syn)
    reversals = per_receptor(place, "E_rev", {"exc": 0.0, "inh": -85.0} if E_rev is None else E_rev)
    if list(taus) != list(reversals) and set(taus) != set(reversals):
        raise DeclarationError(
            f"{place}: tau_syn is for {', '.join(taus)} and E_rev for {', '.join(reversals)}. Give the same keys."
        )
    parameters = {"C_m": C_m, "g_L": g_L, "E_L": E_L, "V_th": V_th, "V_reset": V_reset, "t_ref": t_ref, "I_e": I_e}
    units, dynamics, receptors, terms = dict(UNITS), {}, {}, []
    for receptor, value in taus.items():
        end = suffix(receptor, taus)
        tau, reversal, conductance = f"tau_syn{end}", f"E_rev{end}", f"g{end or '_syn'}"
        parameters |= {tau: value, reversal: reversals[receptor]}
        units |= {tau: "ms", reversal: "mV", conductance: "nS"}
        dynamics[conductance] = f"-{conductance}/{tau}"
        receptors[receptor] = {conductance: f"{conductance} + weight"}
        terms.append((conductance, reversal))
    # As a current less the total conductance times v: a tenth fewer operations than a sum of g*(E - v).
    current = " + ".join(f"{conductance}*{reversal}" for conductance, reversal in terms)
    total = " + ".join(conductance for conductance, _ in terms)
    return NeuronModel(
        name=place,
        parameters=parameters,
        states={"v": "E_L", **dict.fromkeys(dynamics, 0.0)},
        dynamics={"v": f"(g_L*E_L + I_e + {current} + I - (g_L + {total})*v)/C_m", **dynamics},
        inputs={"I": 0.0},
        receptors=receptors,
        units=units,
        positive=["C_m", *(f"tau_syn{suffix(receptor, taus)}" for receptor in taus)],
        not_negative=["g_L", "t_ref"],
        threshold=THRESHOLD,
        reset=RESET,
        refractory=REFRACTORY,
    )
