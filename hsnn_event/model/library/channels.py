"""Ion channels, to be added to a membrane. `hsnn_event.channels` is this module.

>>> from hsnn_event.model.library import membrane
>>> axon = membrane() + sodium() + potassium() + leak()
>>> list(axon.states), axon.dynamics["v"]
(['v', 'm', 'h', 'n'], '(I_e + (I + I_L + I_K + I_Na)) / C_m')

A channel has a conductance g_<name> and a reversal potential E_<name>; its current g * (product of gates) * (E - v), inward
positive, is recordable as I_<name>. Conductances are in mS/cm2 on a membrane per area, else in nS. Gates begin in their
steady state at the initial v. Rates of the form x/(exp(x) - 1) are written with `exprel`, so that they are finite and
smooth where x is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hsnn_event.errors import ArgumentTypeError, ModelError, ValueRangeError, keywords_known, member_unknown, shown
from hsnn_event.model.compose import Component
from hsnn_event.model.declare import check_identifier, own
from hsnn_event.model.parse import MAX_POWER
from hsnn_event.quantities import whole

__all__ = [
    "Gate", "a_current", "calcium", "channel", "leak", "m_current", "potassium", "potassium_traub_miles", "sodium",
    "sodium_traub_miles",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A gate of a channel: x in `power` equal copies, x -> 1 where all are open.

    Either dx/dt = alpha (1 - x) - beta x with `alpha` and `beta` (1/ms), or dx/dt = (inf - x)/tau with `inf` and `tau`
    (ms), or x = inf at once, where `tau` is left out: expressions of v and of parameters, as text.

    Raises ModelError for another choice of these, ValueRangeError for a power that is no whole number from 1 to 16.

    >>> Gate(inf="1/(1 + exp(-(v + 35)/10))", tau="4").power
    1
    """

    power: int = 1
    alpha: str | None = None
    beta: str | None = None
    inf: str | None = None
    tau: str | None = None

    def __post_init__(self) -> None:
        if whole(self.power, "Gate: power", 1) > MAX_POWER:
            raise ValueRangeError(f"Gate: power is {self.power}; it must be {MAX_POWER} or less.", value=self.power)
        given = [name for name in ("alpha", "beta", "inf", "tau") if getattr(self, name) is not None]
        if given not in (["alpha", "beta"], ["inf", "tau"], ["inf"]):
            raise ModelError(f"Gate: {' and '.join(given) or 'nothing'} is given. Give alpha and beta, inf and tau, or inf.")


@keywords_known
def channel(
    name: str,
    *,
    g: object,
    E: object,
    gates: Mapping[str, Gate] | None = None,
    parameters: Mapping[str, object] | None = None,
    units: Mapping[str, str] | None = None,
) -> Component:
    """An ion channel of one's own: the current g * product of gates * (E - v).

    `gates` maps names to `Gate`; no gate is a leak. `parameters` are further names that the texts of the gates read, and
    `units` those of them. The state x of a gate brings the expressions alpha_x and beta_x, or x_inf and x_tau.

    Raises ArgumentTypeError, ModelError, ExpressionError.

    >>> gates = {"p": Gate(inf="1/(1 + exp(-(v + 35)/10))", tau="50")}
    >>> slow = channel("M", g=0.07, E=-90.0, gates=gates)
    >>> slow.current, slow.dynamics
    ('g_M*p*(E_M - v)', {'p': '(p_inf - p)/p_tau'})
    """
    check_identifier(name, "the name of a channel", "channel")
    gates = {} if gates is None else gates
    parameters = {} if parameters is None else own(parameters, f"channel {name}: parameters")
    named: Mapping[str, Any] = {} if units is None else own(units, f"channel {name}: units")
    if not isinstance(gates, Mapping) or not all(isinstance(each, Gate) for each in gates.values()):
        text = f"channel {name}: gates must map names to hsnn.channels.Gate, not {shown(gates)}."
        raise ArgumentTypeError(text, value=gates)
    factors = [f"g_{name}"]
    states: dict[str, float | str] = {}
    dynamics: dict[str, str] = {}
    expressions: dict[str, str] = {}
    for x, gate in gates.items():
        factors.append(x if gate.power == 1 else f"{x}**{gate.power}")
        if gate.alpha is not None and gate.beta is not None:
            expressions |= {f"alpha_{x}": gate.alpha, f"beta_{x}": gate.beta}
            dynamics[x] = f"alpha_{x}*(1 - {x}) - beta_{x}*{x}"
            states[x] = f"alpha_{x}/(alpha_{x} + beta_{x})"
        elif gate.inf is not None and gate.tau is not None:
            expressions |= {f"{x}_inf": gate.inf, f"{x}_tau": gate.tau}
            dynamics[x] = f"({x}_inf - {x})/{x}_tau"
            states[x] = f"{x}_inf"
        elif gate.inf is not None:
            expressions[x] = gate.inf
    return Component(
        name=name,
        parameters={f"g_{name}": g, f"E_{name}": E, **parameters},
        states=states,
        dynamics=dynamics,
        expressions=expressions,
        current=f"{'*'.join(factors)}*(E_{name} - v)",
        units={f"g_{name}": "nS", f"E_{name}": "mV", **dict.fromkeys(states, "1"), **named},
        not_negative=[f"g_{name}"],
    )


@keywords_known
def leak(*, g_L: object = 0.3, E_L: object = -54.387, name: str = "L") -> Component:
    """A conductance without gates. Defaults: Hodgkin and Huxley (1952), in mS/cm2 and mV, rest near -65 mV.

    >>> leak().current
    'g_L*(E_L - v)'
    """
    return channel(name, g=g_L, E=E_L)


@keywords_known
def sodium(*, g_Na: object = 120.0, E_Na: object = 50.0, name: str = "Na") -> Component:
    """The sodium channel of the squid axon, gates m (three) and h: Hodgkin and Huxley (1952), J. Physiol. 117:500.

    Potentials are those of today: rest near -65 mV, inward currents depolarise. Defaults in mS/cm2 and mV.

    >>> sodium(g_Na=100.0).parameters
    {'g_Na': 100.0, 'E_Na': 50.0}
    """
    end = _end(name, "Na")
    return channel(name, g=g_Na, E=E_Na, gates={
        f"m{end}": Gate(power=3, alpha="1/exprel(-(v + 40)/10)", beta="4*exp(-(v + 65)/18)"),
        f"h{end}": Gate(alpha="0.07*exp(-(v + 65)/20)", beta="1/(1 + exp(-(v + 35)/10))"),
    })  # fmt: skip


@keywords_known
def potassium(*, g_K: object = 36.0, E_K: object = -77.0, name: str = "K") -> Component:
    """The potassium channel of the squid axon, gate n (four): Hodgkin and Huxley (1952), as `sodium`.

    >>> potassium().current
    'g_K*n**4*(E_K - v)'
    """
    gate = Gate(power=4, alpha="0.1/exprel(-(v + 55)/10)", beta="0.125*exp(-(v + 65)/80)")
    return channel(name, g=g_K, E=E_K, gates={f"n{_end(name, 'K')}": gate})


@keywords_known
def sodium_traub_miles(
    *, g_Na: object = 100.0, E_Na: object = 50.0, V_T: object = -63.0, name: str = "Na"
) -> Component:
    """The sodium channel of hippocampal pyramidal cells: Traub and Miles (1991), Neuronal Networks of the Hippocampus.

    V_T (mV) shifts the rates along v. Defaults: Brette et al. (2007), J. Comput. Neurosci. 23:349, in mS/cm2 and mV.

    >>> sodium_traub_miles().expressions["beta_h"]
    '4/(1 + exp((V_T + 40 - v)/5))'
    """
    end = _end(name, "Na")
    return channel(name, g=g_Na, E=E_Na, parameters={"V_T": V_T}, units={"V_T": "mV"}, gates={
        # beta_m is 1.4/exprel((v - V_T - 40)/5), written with the exponential of beta_h, which is then computed once
        f"m{end}": Gate(power=3, alpha="1.28/exprel((V_T + 13 - v)/4)",
                        beta="1.4*exp((V_T + 40 - v)/5)/exprel((V_T + 40 - v)/5)"),
        f"h{end}": Gate(alpha="0.128*exp((V_T + 17 - v)/18)", beta="4/(1 + exp((V_T + 40 - v)/5))"),
    })  # fmt: skip


@keywords_known
def potassium_traub_miles(*, g_K: object = 30.0, E_K: object = -90.0, V_T: object = -63.0, name: str = "K") -> Component:
    """The delayed rectifier of hippocampal pyramidal cells, gate n (four), as `sodium_traub_miles`.

    >>> potassium_traub_miles(V_T=-58.0).parameters["V_T"]
    -58.0
    """
    gate = Gate(power=4, alpha="0.16/exprel((V_T + 15 - v)/5)", beta="0.5*exp((V_T + 10 - v)/40)")
    return channel(name, g=g_K, E=E_K, parameters={"V_T": V_T}, units={"V_T": "mV"}, gates={f"n{_end(name, 'K')}": gate})


@keywords_known
def calcium(*, g_Ca: object = 10.0, E_Ca: object = 80.0, name: str = "Ca") -> Component:
    """High-threshold calcium current, gate s (two): Traub et al. (1991), J. Neurophysiol. 66:635.

    Defaults: Pinsky and Rinzel (1994), J. Comput. Neurosci. 1:39, in mS/cm2, and in mV with their rest at -60.

    >>> calcium().current
    'g_Ca*s**2*(E_Ca - v)'
    """
    gate = Gate(power=2, alpha="1.6/(1 + exp(-0.072*(v - 5)))", beta="0.1/exprel((v + 8.9)/5)")
    return channel(name, g=g_Ca, E=E_Ca, gates={f"s{_end(name, 'Ca')}": gate})


@keywords_known
def m_current(*, g_M: object = 0.07, E_M: object = -90.0, tau_max: object = 4000.0, name: str = "M") -> Component:
    """Slow potassium current that adapts firing, gate p: Yamada, Koch and Adams (1989).

    `tau_max` in ms. Defaults: regular spiking cortical cells of Pospischil et al. (2008), Biol. Cybern. 99:427, in mS/cm2
    and mV.

    >>> m_current().states
    {'p': 'p_inf'}
    """
    end = _end(name, "M")
    tau = f"tau_max{end}/(3.3*exp((v + 35)/20) + exp(-(v + 35)/20))"
    return channel(
        name, g=g_M, E=E_M, gates={f"p{end}": Gate(inf="1/(1 + exp(-(v + 35)/10))", tau=tau)},
        parameters={f"tau_max{end}": tau_max}, units={f"tau_max{end}": "ms"},
    )  # fmt: skip


@keywords_known
def a_current(*, g_A: object = 47.7, E_A: object = -75.0, name: str = "A") -> Component:
    """Transient potassium current that delays firing, gates a (three) and b: Connor, Walter and McKown (1977), Biophys. J.
    18:81, as in Dayan and Abbott (2001), Theoretical Neuroscience, chapter 6; defaults in mS/cm2 and mV.

    >>> a_current().current
    'g_A*a**3*b*(E_A - v)'
    """
    end = _end(name, "A")
    opening = "(0.0761*exp(0.0314*(v + 94.22))/(1 + exp(0.0346*(v + 1.17))))**(1/3)"
    return channel(name, g=g_A, E=E_A, gates={
        f"a{end}": Gate(power=3, inf=opening, tau="0.3632 + 1.158/(1 + exp(0.0497*(v + 55.96)))"),
        f"b{end}": Gate(inf="1/(1 + exp(0.0688*(v + 53.3)))**4", tau="1.24 + 2.678/(1 + exp(0.0624*(v + 50)))"),
    })  # fmt: skip


def _end(name: str, usual: str) -> str:
    """What follows the names of gates where a channel has another name than its usual one."""
    check_identifier(name, "the name of a channel", "channel")
    return "" if name == usual else f"_{name}"


def __getattr__(name: str) -> object:
    raise member_unknown(__name__, "hsnn.channels", name, __all__)
