"""What all integrate-and-fire membranes share: units, ranges of values, one receptor or several."""

from __future__ import annotations

from collections.abc import Mapping

from hsnn_event.errors import ArgumentTypeError, DeclarationError, shown
from hsnn_event.quantities import is_array
from hsnn_event.units import carries_unit

UNITS = {
    "v": "mV", "C_m": "pF", "tau_m": "ms", "g_L": "nS", "E_L": "mV", "V_th": "mV", "V_reset": "mV", "t_ref": "ms",
    "I_e": "pA", "I": "pA",
}  # fmt: skip
THRESHOLD = "v >= V_th"
RESET = {"v": "V_reset"}
REFRACTORY = {"duration": "t_ref", "clamp": {"v": "V_reset"}}


def per_receptor(place: str, name: str, value: object) -> dict[str, object]:
    """Receptor -> value: a mapping as it is, anything else for the one receptor "default"."""
    if not isinstance(value, Mapping):
        return {"default": value}
    if not value:
        raise DeclarationError(f"{place}: {name} is an empty mapping. Give a number, or one value for each receptor.")
    for receptor, number in value.items():
        if not isinstance(receptor, str):
            raise ArgumentTypeError(f"{place}: {name} names its receptors by text, not by {receptor!r}.", value=receptor)
        listed = is_array(number) and not hasattr(number, "dtype") and not carries_unit(number)
        if isinstance(number, Mapping) or listed:
            raise ArgumentTypeError(
                f"{place}: {name}[{receptor!r}] must be a number, an array or a distribution, not {shown(number)}.",
            )
    return dict(value)


def suffix(receptor: str, receptors: Mapping[str, object], alone: str = "") -> str:
    """What follows a name that belongs to a receptor: "_exc", or `alone` where there is only "default"."""
    return alone if list(receptors) == ["default"] else f"_{receptor}"
