"""Synaptic currents and conductances that every membrane may have: their course after an event, the weight its peak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from hsnn_event.errors import DeclarationError
from hsnn_event.model.library.membrane import per_receptor, suffix

Kind = Literal["I", "g"]  # currents (pA) or conductances (nS)

_UNIT = {"I": "pA", "g": "nS"}
_EULER = 2.718281828459045  # e: the peak of (t/tau) exp(1 - t/tau) is 1


@dataclass(frozen=True)
class Synapses:
    """What receptors bring to a model; `names` are their currents or conductances, `receptors` as in `NeuronModel`.

    All parameters are time constants, and above 0. The states begin at 0.
    """

    names: tuple[str, ...]
    parameters: Mapping[str, object]
    dynamics: Mapping[str, str]
    receptors: Mapping[str, Mapping[str, str]]
    units: Mapping[str, str]

    @property
    def states(self) -> dict[str, float]:
        """All synaptic variables, at rest."""
        return dict.fromkeys(self.dynamics, 0.0)


NONE = Synapses((), {}, {}, {}, {})


def exponential(place: str, kind: Kind, tau_syn: object) -> Synapses:
    """A jump by the weight and a decay with tau_syn (ms): one state a receptor."""
    taus = per_receptor(place, "tau_syn", tau_syn)
    receptors: dict[str, dict[str, str]] = {}
    dynamics, parameters = dict[str, str](), dict[str, object]()
    for receptor, value in taus.items():
        name, tau = _name(kind, receptor, taus), f"tau_syn{suffix(receptor, taus)}"
        parameters[tau] = value
        dynamics[name] = f"-{name}/{tau}"
        receptors[receptor] = {name: f"{name} + weight"}
    return _synapses(kind, tuple(dynamics), parameters, dynamics, receptors)


def alpha(place: str, kind: Kind, tau_syn: object) -> Synapses:
    """weight * (t/tau_syn) * exp(1 - t/tau_syn), from two states a receptor: x and dx."""
    taus = per_receptor(place, "tau_syn", tau_syn)
    names: list[str] = []
    receptors: dict[str, dict[str, str]] = {}
    dynamics, parameters = dict[str, str](), dict[str, object]()
    for receptor, value in taus.items():
        name, tau = _name(kind, receptor, taus), f"tau_syn{suffix(receptor, taus)}"
        parameters[tau] = value
        dynamics |= {name: f"d{name} - {name}/{tau}", f"d{name}": f"-d{name}/{tau}"}
        receptors[receptor] = {f"d{name}": f"d{name} + weight*{_EULER}/{tau}"}
        names.append(name)
    return _synapses(kind, names, parameters, dynamics, receptors)


def double_exponential(place: str, kind: Kind, tau_rise: object, tau_decay: object) -> Synapses:
    """A difference of two exponentials whose peak is the weight, from two states a receptor; alpha-shaped where the time
    constants are equal.

    With r = tau_decay/tau_rise an event lifts dx by weight * exp(r log(r)/(r - 1))/tau_decay: x' = dx - x/tau_decay then
    rises to the weight.
    """
    rises, decays = (
        per_receptor(place, name, value) for name, value in (("tau_rise", tau_rise), ("tau_decay", tau_decay))
    )
    same_receptors(place, tau_rise=rises, tau_decay=decays)
    names: list[str] = []
    receptors: dict[str, dict[str, str]] = {}
    dynamics, parameters = dict[str, str](), dict[str, object]()
    for receptor in decays:
        name, end = _name(kind, receptor, decays), suffix(receptor, decays)
        rise, decay = f"tau_rise{end}", f"tau_decay{end}"
        parameters |= {rise: rises[receptor], decay: decays[receptor]}
        dynamics |= {name: f"d{name} - {name}/{decay}", f"d{name}": f"-d{name}/{rise}"}
        # At r = 1, where the quotient is 0/0, its value is 1; elsewhere the condition keeps r as it is.
        ratio = f"where({decay} == {rise}, 2, {decay}/{rise})"
        power = f"where({decay} == {rise}, 1, {ratio}*log({ratio})/({ratio} - 1))"
        receptors[receptor] = {f"d{name}": f"d{name} + weight*exp({power})/{decay}"}
        names.append(name)
    return _synapses(kind, names, parameters, dynamics, receptors)


def same_receptors(place: str, **mappings: Mapping[str, object]) -> None:
    """Refuse mappings of two parameters that are for different receptors."""
    (name, first), (other, second) = mappings.items()
    if set(first) != set(second):
        raise DeclarationError(
            f"{place}: {name} is for {', '.join(first)} and {other} for {', '.join(second)}. Give the same keys."
        )


def _name(kind: Kind, receptor: str, receptors: Mapping[str, object]) -> str:
    return f"{kind}{suffix(receptor, receptors, '_syn')}"


def _synapses(
    kind: Kind,
    names: Iterable[str],
    parameters: Mapping[str, object],
    dynamics: Mapping[str, str],
    receptors: Mapping[str, Mapping[str, str]],
) -> Synapses:
    names, unit = tuple(names), _UNIT[kind]
    units = {each: unit if each in names else f"{unit}/ms" for each in dynamics}
    units |= {**dict.fromkeys(parameters, "ms"), "weight": unit}
    return Synapses(names, parameters, dynamics, receptors, units)
