"""Leaky integrate-and-fire neurons driven by voltage jumps or by currents: linear between spikes, so solved exactly."""

from __future__ import annotations

from collections.abc import Mapping

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.membrane import (
    REFRACTORY,
    RESET,
    THRESHOLD,
    UNITS,
    per_receptor,
    suffix,
)

_EULER = 2.718281828459045  # e: the peak of (t/tau) exp(1 - t/tau) is 1


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
    return _current_based("lif_delta", _membrane(C_m, tau_m, E_L, V_th, V_reset, t_ref, I_e),
                          {}, [], {}, {"default": {"v": "v + weight"}})  # fmt: skip


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
    place, taus = "lif_exp", per_receptor("lif_exp", "tau_syn", tau_syn)
    parameters = _membrane(C_m, tau_m, E_L, V_th, V_reset, t_ref, I_e)
    dynamics, receptors, currents = {}, {}, []
    for receptor, value in taus.items():
        tau, current = f"tau_syn{suffix(receptor, taus)}", f"I{suffix(receptor, taus, '_syn')}"
        parameters[tau] = value
        dynamics[current] = f"-{current}/{tau}"
        receptors[receptor] = {current: f"{current} + weight"}
        currents.append(current)
    return _current_based(place, parameters, dict.fromkeys(currents, 0.0), currents, dynamics, receptors)


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
    place, taus = "lif_alpha", per_receptor("lif_alpha", "tau_syn", tau_syn)
    parameters = _membrane(C_m, tau_m, E_L, V_th, V_reset, t_ref, I_e)
    states: dict[str, float] = {}
    dynamics: dict[str, str] = {}
    receptors, currents = {}, []
    for receptor, value in taus.items():
        tau, current = f"tau_syn{suffix(receptor, taus)}", f"I{suffix(receptor, taus, '_syn')}"
        parameters[tau] = value
        states |= {current: 0.0, f"d{current}": 0.0}
        dynamics |= {current: f"d{current} - {current}/{tau}", f"d{current}": f"-d{current}/{tau}"}
        receptors[receptor] = {f"d{current}": f"d{current} + weight*{_EULER}/{tau}"}
        currents.append(current)
    return _current_based(place, parameters, states, currents, dynamics, receptors)


def _membrane(
    C_m: object, tau_m: object, E_L: object, V_th: object, V_reset: object, t_ref: object, I_e: object
) -> dict[str, object]:
    return {"C_m": C_m, "tau_m": tau_m, "E_L": E_L, "V_th": V_th, "V_reset": V_reset, "t_ref": t_ref, "I_e": I_e}


def _current_based(
    name: str,
    parameters: dict[str, object],
    states: dict[str, float],
    currents: list[str],
    dynamics: dict[str, str],
    receptors: dict[str, dict[str, str]],
) -> NeuronModel:
    total = " + ".join([*currents, "I_e", "I"])
    units = {**UNITS, **{each: "ms" for each in parameters if each.startswith("tau")}}
    return NeuronModel(
        name=name,
        parameters=parameters,
        states={"v": "E_L", **states},
        dynamics={"v": f"(E_L - v)/tau_m + ({total})/C_m", **dynamics},
        inputs={"I": 0.0},
        receptors=receptors,
        units={**units, **dict.fromkeys(currents, "pA"), **{each: "pA/ms" for each in states if each not in currents},
               "weight": "mV" if name == "lif_delta" else "pA"},
        positive=["C_m", *(each for each in parameters if each.startswith("tau"))],
        not_negative=["t_ref"],
        threshold=THRESHOLD,
        reset=RESET,
        refractory=REFRACTORY,
    )
