"""Integrate-and-fire neurons that fire by chance: a rate that grows with the potential takes the place of the threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.library.integrate_and_fire import neuron
from hsnn_event.model.library.membrane import per_receptor, suffix
from hsnn_event.model.library.synapses import exponential, same_receptors

_TAU_STC, _Q_STC = {"1": 57.8, "2": 218.2}, {"1": 56.7, "2": -6.9}
_TAU_SFA, _Q_SFA = {"1": 53.8, "2": 640.0}, {"1": 11.7, "2": 1.8}


def gif(
    *,
    C_m: object = 83.1,
    g_L: object = 3.7,
    E_L: object = -67.0,
    V_reset: object = -36.7,
    t_ref: object = 4.0,
    V_T: object = -39.6,
    Delta_V: object = 1.4,
    lambda_0: object = 1.0,
    tau_stc: object | Mapping[str, object] | None = None,
    q_stc: object | Mapping[str, object] | None = None,
    tau_sfa: object | Mapping[str, object] | None = None,
    q_sfa: object | Mapping[str, object] | None = None,
    tau_syn: object | Mapping[str, object] = 10.0,
    I_e: object = 0.0,
) -> NeuronModel:
    """Generalised integrate-and-fire with escape noise: Mensi et al. (2012), J. Neurophysiol. 107:1756; Pozzorini et al.
    (2015), PLoS Comput. Biol. 11:e1004275.

    C_m dv/dt = g_L (E_L - v) - sum of eta + sum of currents + I_e + I. It fires with the probability 1 - exp(-lambda dt)
    at the end of a step, lambda = lambda_0 exp((v - V_T - sum of gamma)/Delta_V), lambda_0 in Hz; then v = V_reset for
    t_ref, each current eta (pA) grows by its q_stc and decays with tau_stc, each shift of the threshold gamma (mV) by its
    q_sfa with tau_sfa. Numbers make one of these, mappings one for each key (eta_<key>, gamma_<key>); the keys of tau and
    q are the same. Synaptic currents and units as in `lif_exp`; linear but for chance, so v is exact. On the clock only.
    The random numbers are functions of seed, trial, population, neuron and step. Defaults: as in NEST's example
    gif_population.py, which takes them from Mensi et al. Raises ValueRangeError for C_m, Delta_V or a tau <= 0, g_L, t_ref
    or lambda_0 < 0, NaN; DeclarationError if keys differ.

    >>> gif(tau_stc=50.0, q_stc=60.0).dynamics["eta"]
    '-eta/tau_stc'
    """
    currents = _after_spikes("eta", "stc", _TAU_STC if tau_stc is None else tau_stc, _Q_STC if q_stc is None else q_stc)
    shifts = _after_spikes("gamma", "sfa", _TAU_SFA if tau_sfa is None else tau_sfa, _Q_SFA if q_sfa is None else q_sfa)
    parameters = {"C_m": C_m, "g_L": g_L, "E_L": E_L, "V_reset": V_reset, "t_ref": t_ref, "V_T": V_T, "Delta_V": Delta_V,
                  "lambda_0": lambda_0, "I_e": I_e, **currents.parameters, **shifts.parameters}  # fmt: skip
    synapses = exponential("gif", "I", tau_syn)
    total = " + ".join([*synapses.names, "I_e", "I"])
    moving = {**currents.dynamics, **shifts.dynamics}
    return neuron(
        "gif", f"(g_L*(E_L - v) - {' - '.join(currents.dynamics)} + {total})/C_m", parameters, synapses,
        states=dict.fromkeys(moving, 0.0), dynamics=moving, reset={**currents.reset, **shifts.reset}, threshold=None,
        hazard=f"0.001*lambda_0*exp((v - V_T - {' - '.join(shifts.dynamics)})/Delta_V)", not_negative=["lambda_0"],
        units={**dict.fromkeys(("V_T", "Delta_V", *shifts.jumps, *shifts.dynamics), "mV"), "lambda_0": "Hz",
               **dict.fromkeys((*currents.jumps, *currents.dynamics), "pA")},
    )  # fmt: skip


class _AfterSpikes(NamedTuple):
    """States that jump at each spike and decay; `jumps` are the names of their jumps."""

    parameters: dict[str, object]
    dynamics: dict[str, str]
    reset: dict[str, str]
    jumps: tuple[str, ...]


def _after_spikes(state: str, what: str, tau: object, q: object) -> _AfterSpikes:
    taus, jumps = per_receptor("gif", f"tau_{what}", tau), per_receptor("gif", f"q_{what}", q)
    same_receptors("gif", **{f"tau_{what}": taus, f"q_{what}": jumps})
    made = _AfterSpikes({}, {}, {}, tuple(f"q_{what}{suffix(key, jumps)}" for key in jumps))
    for key, value in taus.items():
        end = suffix(key, taus)
        made.parameters.update({f"tau_{what}{end}": value, f"q_{what}{end}": jumps[key]})
        made.dynamics[f"{state}{end}"] = f"-{state}{end}/tau_{what}{end}"
        made.reset[f"{state}{end}"] = f"{state}{end} + q_{what}{end}"
    return made
