"""Receptors and transmitters, to be added to a neuron. `hsnn_event.receptors` is this module.

>>> from hsnn_event.model.library import hodgkin_huxley
>>> cell = hodgkin_huxley() + ampa() + gaba_a(kinetics="rise_decay", tau_rise=0.5)
>>> list(cell.receptors), cell.parameters["tau_rise_gaba_a"]
(['ampa', 'gaba_a'], 0.5)

A receptor of name x is the target of `net.connect(receptor="x")`, and its current is recordable as I_x, inward positive.
Synapses add up. Three kinetics:

- "exponential": the conductance g_x jumps by the weight (nS; mS/cm2 on a membrane per area) and decays with tau_syn (ms).
- "rise_decay": a difference of exponentials, tau_rise and tau_decay (ms); the weight is the peak. They may be equal.
- "destexhe": transmitter binds to receptors, dr/dt = alpha T (1 - r) - beta r; r is the open fraction of the conductance
  g_max. A spike adds weight * T_max to the concentration T_x (mM), which is cleared with tau_T (ms). T is not bounded, r
  stays below 1: that is how many spikes, or many synapses, saturate the one pool of receptors that a neuron has of a kind.
  With transmitter="input", T_x is a continuous input, for release that follows the presynaptic potential (`release`).

Values are given by these names; in the neuron each is followed by _<receptor>: alpha_ampa, tau_syn_gaba_a. Defaults:
Destexhe, Mainen and Sejnowski (1994), J. Comput. Neurosci. 1:195; from their rates tau_syn = tau_decay = 1/beta and, at
1 mM, tau_rise = 1/(alpha + beta). Largest conductances: Destexhe, Mainen and Sejnowski (1998), Methods in Neuronal Modeling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hsnn_event.errors import DeclarationError, keywords_known, member_unknown, unknown_name
from hsnn_event.model.compose import Component
from hsnn_event.model.declare import check_identifier

__all__ = ["ampa", "conductance", "delta", "gaba_a", "gaba_b", "nmda", "receptor", "release"]

KINETICS = ("exponential", "rise_decay", "destexhe")
TRANSMITTER = ("spike", "input")
_UNITS = {
    "E_rev": "mV", "tau_syn": "ms", "tau_rise": "ms", "tau_decay": "ms", "g_max": "nS", "alpha": "1/mM/ms", "beta": "1/ms",
    "T_max": "mM", "tau_T": "ms", "K1": "1/mM/ms", "K2": "1/ms", "K3": "uM/ms", "K4": "1/ms",
}  # fmt: skip
_NAME = "the name of a receptor", "receptor"
_NOT_POSITIVE = ("E_rev", "g_max")
_CLEARANCE = {"T_max": 1.0, "tau_T": 1.0}  # the area of a pulse of 1 mM and 1 ms


def ampa(*, kinetics: str = "exponential", transmitter: str = "spike", name: str = "ampa", **values: object) -> Component:
    """Fast excitation: E_rev 0 mV; alpha 1.1 /(mM ms), beta 0.19 /ms, g_max 1 nS.

    `values` are those of the kinetics: E_rev and tau_syn; or tau_rise, tau_decay; or alpha, beta, g_max, T_max, tau_T.
    Raises UnknownNameError for other kinetics or values, DeclarationError for a transmitter that they do not use.

    >>> ampa(tau_syn=2.0).parameters
    {'E_rev_ampa': 0.0, 'tau_syn_ampa': 2.0}
    """
    return _kinetic(name, kinetics, transmitter, _usual(0.0, 1.1, 0.19, 1.0), values)


def nmda(
    *, Mg: object = 1.0, kinetics: str = "exponential", transmitter: str = "spike", name: str = "nmda", **values: object
) -> Component:
    """Slow excitation that magnesium, `Mg` mM, blocks: E_rev 0 mV; alpha 0.072 /(mM ms), beta 0.0066 /ms, g_max 0.6 nS.

    The open part 1/(1 + exp(-0.062 v) Mg/3.57), Jahr and Stevens (1990), J. Neurosci. 10:3178, is recordable as B_<name>.
    Other arguments and errors as in `ampa`.

    >>> nmda().current
    'B_nmda*g_nmda*(E_rev_nmda - v)'
    """
    block = {f"B_{name}": "1/(1 + exp(-0.062*v)*Mg/3.57)"}
    part = _kinetic(name, kinetics, transmitter, _usual(0.0, 0.072, 0.0066, 0.6), values)
    return replace(
        part,
        current=f"B_{name}*{part.current}",
        expressions={**part.expressions, **block},
        parameters={**part.parameters, "Mg": Mg},
        units={**part.units, "Mg": "mM"},
        not_negative=[*part.not_negative, "Mg"],
    )


def gaba_a(
    *, kinetics: str = "exponential", transmitter: str = "spike", name: str = "gaba_a", **values: object
) -> Component:
    """Fast inhibition: E_rev -80 mV; alpha 5 /(mM ms), beta 0.18 /ms, g_max 1.2 nS. Arguments and errors as in `ampa`.

    >>> gaba_a(kinetics="destexhe").dynamics["r_gaba_a"]
    'alpha_gaba_a*T_gaba_a*(1 - r_gaba_a) - beta_gaba_a*r_gaba_a'
    """
    return _kinetic(name, kinetics, transmitter, _usual(-80.0, 5.0, 0.18, 1.2), values)


def gaba_b(*, kinetics: str = "destexhe", transmitter: str = "spike", name: str = "gaba_b", **values: object) -> Component:
    """Slow inhibition by potassium channels that G proteins open: E_rev -95 mV, g_max 0.06 nS.

    The default is the second messenger of Destexhe and Sejnowski (1995), Proc. Natl. Acad. Sci. USA 92:9515:
    dr/dt = K1 T (1 - r) - K2 r, dG/dt = K3 r - K4 G, current g_max G^4/(G^4 + K_d) (E_rev - v), with K1 0.52 /(mM ms),
    K2 0.0013 /ms, K3 0.098 uM/ms, K4 0.033 /ms, K_d 100 uM^4, G in uM: next to nothing after one spike, much after many.
    The other kinetics leave the messenger out; their times are those of alpha 0.016 /(mM ms), beta 0.0047 /ms.
    Arguments and errors as in `ampa`.

    >>> gaba_b().current
    'g_max_gaba_b*G_gaba_b**4/(G_gaba_b**4 + K_d_gaba_b)*(E_rev_gaba_b - v)'
    """
    usual = _usual(-95.0, 0.016, 0.0047, 0.06)
    messenger = {"K1": 0.52, "K2": 0.0013, "K3": 0.098, "K4": 0.033, "K_d": 100.0}
    usual["destexhe"] = {"E_rev": -95.0, "g_max": 0.06, **messenger, **_CLEARANCE}
    part = _kinetic(name, kinetics, transmitter, usual, values, ("K1", "K2"))
    if kinetics != "destexhe":
        return part
    G = f"G_{name}"
    return replace(
        part,
        current=f"g_max_{name}*{G}**4/({G}**4 + K_d_{name})*(E_rev_{name} - v)",
        states={**part.states, G: 0.0},
        dynamics={**part.dynamics, G: f"K3_{name}*r_{name} - K4_{name}*{G}"},
        units={**part.units, G: "uM"},
    )


@keywords_known
def conductance(name: str, *, E_rev: object, tau_syn: object) -> Component:
    """A receptor of any name with "exponential" kinetics. For the name "default" the state is g_syn, as in `lif_cond_exp`.

    >>> conductance("exc", E_rev=0.0, tau_syn=5.0).receptors
    {'exc': {'g_exc': 'g_exc + weight'}}
    """
    check_identifier(name, *_NAME)
    return _exponential(name, {"E_rev": E_rev, "tau_syn": tau_syn})


@keywords_known
def delta(*, name: str = "default") -> Component:
    """A receptor whose events move v by their weight (mV).

    >>> delta().receptors
    {'default': {'v': 'v + weight'}}
    """
    check_identifier(name, *_NAME)
    return Component(name=name, receptors={name: {"v": "v + weight"}})


@keywords_known
def receptor(
    name: str,
    *,
    event: Mapping[str, str],
    current: str | None = None,
    states: Mapping[str, float | str] | None = None,
    dynamics: Mapping[str, str] | None = None,
    parameters: Mapping[str, object] | None = None,
    expressions: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    positive: Sequence[str] = (),
    not_negative: Sequence[str] = (),
) -> Component:
    """A receptor of one's own: `event` is what an arriving event does, state -> "state + weight*factor".

    `current` is inward positive; all other arguments are as in `NeuronModel`, and so are the errors.

    >>> kainate = receptor("kainate", event={"s": "s + weight"}, states={"s": 0.0}, dynamics={"s": "-s/50"}, current="-s*v")
    >>> kainate.receptors
    {'kainate': {'s': 's + weight'}}
    """
    check_identifier(name, *_NAME)
    given = {"states": states, "dynamics": dynamics, "parameters": parameters, "expressions": expressions, "units": units}
    chosen: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    return Component(
        name=name, receptors={name: event}, current=current, positive=positive, not_negative=not_negative, **chosen
    )


def release(*, kinetics: str = "graded", name: str = "T", **values: object) -> Component:
    """Transmitter on the side of the presynaptic neuron, a concentration T (mM), for `net.couple` to carry to a target.

    "graded": the expression T = T_max/(1 + exp(-(v - V_p)/K_p)), Destexhe, Mainen and Sejnowski (1994): T_max 1 mM, V_p
    2 mV, K_p 5 mV. "spike": the state T, which a spike of the neuron sets to T_max, and which is cleared with tau_T, 1 ms;
    it never exceeds T_max. `values` are these, by name. Raises UnknownNameError for other kinetics or values.

    >>> release().expressions
    {'T': 'T_max/(1 + exp(-(v - V_p)/K_p))'}
    """
    check_identifier(name, *_NAME)
    usual = {"graded": {"T_max": 1.0, "V_p": 2.0, "K_p": 5.0}, "spike": dict(_CLEARANCE)}
    if not isinstance(kinetics, str) or kinetics not in usual:
        raise unknown_name(f"release {name}: kinetics", kinetics, usual)
    chosen = _filled(f"release {name}", usual[kinetics], values)
    end = "" if name == "T" else f"_{name}"
    common: dict[str, Any] = {
        "parameters": {f"{each}{end}": value for each, value in chosen.items()},
        "units": {name: "mM", f"T_max{end}": "mM", f"V_p{end}": "mV", f"K_p{end}": "mV", f"tau_T{end}": "ms"},
    }
    if kinetics == "graded":
        text = f"T_max{end}/(1 + exp(-(v - V_p{end})/K_p{end}))"
        return Component(name=name, expressions={name: text}, positive=[f"K_p{end}"], **common)
    return Component(
        name=name, states={name: 0.0}, dynamics={name: f"-{name}/tau_T{end}"}, reset={name: f"T_max{end}"},
        positive=[f"tau_T{end}"], **common,
    )  # fmt: skip


def _usual(E_rev: float, alpha: float, beta: float, g_max: float) -> dict[str, dict[str, object]]:
    """Kinetics -> the values that they need."""
    return {
        "exponential": {"E_rev": E_rev, "tau_syn": 1 / beta},
        "rise_decay": {"E_rev": E_rev, "tau_rise": 1 / (alpha + beta), "tau_decay": 1 / beta},
        "destexhe": {"E_rev": E_rev, "g_max": g_max, "alpha": alpha, "beta": beta, **_CLEARANCE},
    }


def _filled(place: str, usual: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    for value in given:
        if value not in usual:
            raise unknown_name(f"{place}: argument", value, usual)
    return {**usual, **given}


def _kinetic(
    name: str,
    kinetics: str,
    transmitter: str,
    usual: Mapping[str, Mapping[str, object]],
    given: Mapping[str, object],
    rates: tuple[str, str] = ("alpha", "beta"),
) -> Component:
    check_identifier(name, *_NAME)
    for what, value, known in (("kinetics", kinetics, KINETICS), ("transmitter", transmitter, TRANSMITTER)):
        if not isinstance(value, str) or value not in known:
            raise unknown_name(f"receptor {name}: {what}", value, known)
    chosen = _filled(f"receptor {name} of {kinetics!r} kinetics", usual[kinetics], given)
    if kinetics == "destexhe":
        return _binding(name, chosen, rates, transmitter)
    if transmitter != "spike":
        raise DeclarationError(f"receptor {name}: transmitter={transmitter!r} needs kinetics='destexhe', not {kinetics!r}.")
    return _exponential(name, chosen) if kinetics == "exponential" else _rise_decay(name, chosen)


def _exponential(name: str, values: Mapping[str, object]) -> Component:
    end, g = ("", "g_syn") if name == "default" else (f"_{name}", f"g_{name}")
    return _component(
        name, values, end, states={g: 0.0}, dynamics={g: f"-{g}/tau_syn{end}"}, current=f"{g}*(E_rev{end} - v)",
        receptors={name: {g: f"{g} + weight"}}, units={g: "nS"},
    )  # fmt: skip


def _rise_decay(name: str, values: Mapping[str, object]) -> Component:
    """Two decays in a row, g' = dg - g/tau_decay. A jump of dg by a has the peak a tau_rise k^(k/(1 - k)), k the ratio of
    the time constants; 1/exprel(log(k)) is log(k)/(k - 1), so that it is defined where they are equal."""
    g, dg, end = f"g_{name}", f"dg_{name}", f"_{name}"
    ratio = f"tau_rise{end}/tau_decay{end}"
    factor = f"exp({ratio}/exprel(log({ratio})))/tau_rise{end}"
    return _component(
        name, values, end, states={g: 0.0, dg: 0.0}, current=f"{g}*(E_rev{end} - v)",
        dynamics={g: f"{dg} - {g}/tau_decay{end}", dg: f"-{dg}/tau_rise{end}"},
        receptors={name: {dg: f"{dg} + weight*{factor}"}}, units={g: "nS", dg: "nS/ms", "weight": "nS"},
    )  # fmt: skip


def _binding(name: str, values: Mapping[str, object], rates: tuple[str, str], transmitter: str) -> Component:
    T, r, end = f"T_{name}", f"r_{name}", f"_{name}"
    on, off = (f"{rate}{end}" for rate in rates)
    if transmitter == "input":
        values = {each: value for each, value in values.items() if each not in _CLEARANCE}
        more: dict[str, Any] = {"states": {r: 0.0}, "inputs": {T: 0.0}}
    else:
        more = {"states": {T: 0.0, r: 0.0}, "receptors": {name: {T: f"{T} + weight*T_max{end}"}}}
    cleared = {} if transmitter == "input" else {T: f"-{T}/tau_T{end}"}
    return _component(
        name, values, end, dynamics={**cleared, r: f"{on}*{T}*(1 - {r}) - {off}*{r}"}, units={T: "mM"},
        current=f"g_max{end}*{r}*(E_rev{end} - v)", **more,
    )  # fmt: skip


def _component(name: str, values: Mapping[str, object], end: str, units: Mapping[str, str], **fields: Any) -> Component:
    return Component(
        name=name,
        parameters={f"{each}{end}": value for each, value in values.items()},
        units={**{f"{each}{end}": _UNITS[each] for each in values if each in _UNITS}, **units},
        positive=[f"{each}{end}" for each in values if each not in _NOT_POSITIVE],
        not_negative=[f"g_max{end}"] if "g_max" in values else [],
        **fields,
    )


def __getattr__(name: str) -> object:
    raise member_unknown(__name__, "hsnn.receptors", name, __all__)
