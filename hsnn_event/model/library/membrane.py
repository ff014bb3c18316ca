"""What all integrate-and-fire membranes share: units, ranges of values, one receptor or several."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ValueRangeError, shown
from hsnn_event.quantities import as_array, is_array
from hsnn_event.units import carries_unit, in_unit

UNITS = {
    "v": "mV", "C_m": "pF", "tau_m": "ms", "g_L": "nS", "E_L": "mV", "V_th": "mV", "V_reset": "mV", "t_ref": "ms",
    "I_e": "pA", "I": "pA",
}  # fmt: skip
THRESHOLD = "v >= V_th"
RESET = {"v": "V_reset"}
REFRACTORY = {"duration": "t_ref", "clamp": {"v": "V_reset"}}
_SMALLEST = math.ulp(0.0)  # the smallest number above 0


def positive(place: str, **values: object) -> None:
    """Refuse numbers, one or an array of them, that are not above 0; a distribution passes."""
    _check(place, values, _SMALLEST, "above 0")


def not_negative(place: str, **values: object) -> None:
    """Refuse numbers, one or an array of them, below 0; a distribution passes."""
    _check(place, values, 0.0, "0 or more")


def _check(place: str, values: Mapping[str, object], low: float, wanted: str) -> None:
    for name, given in values.items():
        value = in_unit(given, f"{place}: {name}", UNITS.get(name, "ms" if name.startswith("tau") else None))
        numeric = isinstance(value, int | float | np.number) or is_array(value)
        numbers = as_array(value, f"{place}: {name}", "give one number a neuron") if numeric else np.empty(0)
        if numbers.dtype.kind not in "iuf":
            continue  # NeuronModel refuses it
        wrong = numbers[~(numbers >= low)]
        if wrong.size:
            first = float(wrong.flat[0])
            raise ValueRangeError(f"{place}: {name} is {first:g}; it must be {wanted}.", name=name, value=first)


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
