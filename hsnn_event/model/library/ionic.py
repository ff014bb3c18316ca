"""Neurons that fire by their ion channels: membranes to build on, and published cells built so.

A spike is the step in which v crosses V_th upward; nothing is reset.
"""

from __future__ import annotations

from collections.abc import Mapping

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library import channels, receptors
from hsnn_event.model.library.channels import Gate
from hsnn_event.model.library.membrane import per_receptor
from hsnn_event.model.library.synapses import same_receptors
from hsnn_event.quantities import flag

REST = -65.0  # mV
_ABSOLUTE = {"C_m": "pF", "I_e": "pA", "I": "pA"}
_PER_AREA = {"C_m": "uF/cm2", "I_e": "uA/cm2", "I": "uA/cm2"}


def membrane(
    *, C_m: object = 1.0, v: float = REST, V_th: object = 0.0, I_e: object = 0.0, per_area: bool = True
) -> NeuronModel:
    """A bare membrane, to which channels and receptors are added: C_m dv/dt = I_e + I.

    `v` is the initial potential (mV); a spike is the step in which v crosses V_th (mV) upward. `per_area`: C_m in uF/cm2,
    currents in uA/cm2 and conductances in mS/cm2; else pF, pA and nS. Defaults: capacitance and potential of the squid
    giant axon. Raises ValueRangeError for C_m <= 0, NaN.

    >>> from hsnn_event.model.library.channels import leak
    >>> (membrane(C_m=200.0, per_area=False) + leak(g_L=10.0, E_L=-70.0)).units["I_L"]
    'pA'
    """
    return bare("membrane", C_m, v, V_th, I_e, flag(per_area, "membrane: per_area"))


def bare(place: str, C_m: object, v: float, V_th: object, I_e: object, per_area: bool) -> NeuronModel:
    """The membrane under the name of the cell that is made of it, so that errors name that."""
    units = _PER_AREA if per_area else _ABSOLUTE
    return NeuronModel(
        name=place,
        parameters={"C_m": C_m, "V_th": V_th, "I_e": I_e},
        states={"v": v},
        dynamics={"v": "(I_e + I)/C_m"},
        inputs={"I": 0.0},
        threshold="v >= V_th",
        detection="crossing",
        units={"v": "mV", "V_th": "mV", **units},
        positive=["C_m"],
    )


def hodgkin_huxley(
    *,
    C_m: object = 1.0,
    g_Na: object = 120.0,
    E_Na: object = 50.0,
    g_K: object = 36.0,
    E_K: object = -77.0,
    g_L: object = 0.3,
    E_L: object = -54.387,
    V_th: object = 0.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """The squid giant axon: Hodgkin and Huxley (1952), J. Physiol. 117:500, per area, with rest at -65 mV.

    C_m dv/dt = I_Na + I_K + I_L + I_e + I, with `hsnn.channels.sodium`, `potassium` and `leak`: states v, m, h, n, gates in
    steady state at first. C_m in uF/cm2, conductances in mS/cm2, potentials in mV, currents in uA/cm2, inward positive. A
    spike is an upward crossing of V_th. It has no receptor; add one of `hsnn.receptors`.

    The default method at dt = 0.1 ms is of second order; 0.01 to 0.05 ms serve where the time of a spike matters.
    Defaults: the paper's. Raises ValueRangeError for C_m <= 0, a conductance < 0, NaN.

    >>> list(hodgkin_huxley().states)
    ['v', 'm', 'h', 'n']
    """
    cell = bare("hodgkin_huxley", C_m, REST, V_th, I_e, per_area=True)
    cell += channels.sodium(g_Na=g_Na, E_Na=E_Na)
    cell += channels.potassium(g_K=g_K, E_K=E_K)
    return cell + channels.leak(g_L=g_L, E_L=E_L)


def traub_miles(
    *,
    C_m: object = 200.0,
    g_Na: object = 20_000.0,
    E_Na: object = 50.0,
    g_K: object = 6000.0,
    E_K: object = -90.0,
    g_L: object = 10.0,
    E_L: object = -60.0,
    V_T: object = -63.0,
    V_th: object = -20.0,
    E_rev: object | Mapping[str, object] | None = None,
    tau_syn: object | Mapping[str, object] | None = None,
    I_e: object = 0.0,
) -> NeuronModel:
    """A cortical cell with channels of Traub and Miles (1991), as in benchmark 3 of Brette et al. (2007), J. Comput.
    Neurosci. 23:349: 20,000 um2 of membrane with exponential conductances.

    C_m dv/dt = I_Na + I_K + I_L + sum of g (E_rev - v) + I_e + I, with `hsnn.channels.sodium_traub_miles`,
    `potassium_traub_miles` and `leak`: states v, m, h, n, g_exc, g_inh. C_m in pF, conductances in nS, potentials in mV,
    currents in pA. `tau_syn` (ms) and `E_rev` as in `lif_cond_exp`; defaults "exc" (5 ms, 0 mV) and "inh" (10 ms, -80 mV).
    A spike is an upward crossing of V_th. Defaults: that benchmark's. Raises ValueRangeError for C_m or a tau <= 0, a
    conductance < 0, NaN; DeclarationError if the keys of `tau_syn` and `E_rev` differ.

    >>> list(traub_miles().states)
    ['v', 'm', 'h', 'n', 'g_exc', 'g_inh']
    """
    place = "traub_miles"
    taus = per_receptor(place, "tau_syn", {"exc": 5.0, "inh": 10.0} if tau_syn is None else tau_syn)
    reversals = per_receptor(place, "E_rev", {"exc": 0.0, "inh": -80.0} if E_rev is None else E_rev)
    same_receptors(place, tau_syn=taus, E_rev=reversals)
    cell = bare(place, C_m, REST, V_th, I_e, per_area=False)
    cell += channels.sodium_traub_miles(g_Na=g_Na, E_Na=E_Na, V_T=V_T)
    cell += channels.potassium_traub_miles(g_K=g_K, E_K=E_K, V_T=V_T)
    cell += channels.leak(g_L=g_L, E_L=E_L)
    for receptor, tau in taus.items():
        cell += receptors.conductance(receptor, tau_syn=tau, E_rev=reversals[receptor])
    return cell


def wang_buzsaki(
    *,
    C_m: object = 1.0,
    g_Na: object = 35.0,
    E_Na: object = 55.0,
    g_K: object = 9.0,
    E_K: object = -90.0,
    g_L: object = 0.1,
    E_L: object = -65.0,
    phi: object = 5.0,
    V_th: object = 0.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """A fast spiking interneuron: Wang and Buzsaki (1996), J. Neurosci. 16:6402, per area.

    C_m dv/dt = I_Na + I_K + I_L + I_e + I; the gate m of sodium is in steady state at all times, h and n are `phi` times as
    fast as at 6 degrees. Units and errors as in `hodgkin_huxley`. Defaults: the paper's.

    >>> list(wang_buzsaki().states)
    ['v', 'h', 'n']
    """
    alpha, beta = "1/exprel(-(v + 35)/10)", "4*exp(-(v + 60)/18)"
    cell = bare("wang_buzsaki", C_m, REST, V_th, I_e, per_area=True)
    cell += channels.channel("Na", g=g_Na, E=E_Na, parameters={"phi": phi}, units={"phi": "1/ms"}, gates={
        "m": Gate(power=3, inf=f"({alpha})/({alpha} + {beta})"),
        "h": Gate(alpha="phi*0.07*exp(-(v + 58)/20)", beta="phi/(1 + exp(-(v + 28)/10))"),
    })  # fmt: skip
    cell += channels.channel("K", g=g_K, E=E_K, parameters={"phi": phi}, units={"phi": "1/ms"}, gates={
        "n": Gate(power=4, alpha="phi*0.1/exprel(-(v + 34)/10)", beta="phi*0.125*exp(-(v + 44)/80)"),
    })  # fmt: skip
    return cell + channels.leak(g_L=g_L, E_L=E_L)
