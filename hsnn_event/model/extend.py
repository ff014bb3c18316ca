"""One model from another: fields merged, key by key where they are mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from hsnn_event.errors import ArgumentTypeError, shown, unknown_name

if TYPE_CHECKING:
    from hsnn_event.model.declare import NeuronModel

_OPTIONAL = ("threshold", "hazard", "refractory")  # None takes them away


def extended(model: NeuronModel, name: str | None, changes: Mapping[str, object]) -> NeuronModel:
    """`model` with these changes; `NeuronModel.extend` says what they mean."""
    known = [each.name for each in fields(model) if each.name != "name"]
    merged: dict[str, object] = {"name": model.name if name is None else name}
    for field, change in changes.items():
        if field not in known:
            raise unknown_name(f"{model.name}.extend: field", field, known)
        held = getattr(model, field)
        mapping = isinstance(held, Mapping) or field == "refractory"
        if not mapping or (change is None and field in _OPTIONAL):
            merged[field] = change
        else:
            merged[field] = _merged(held or {}, change, f"{model.name}.extend: {field}")
    removed = set(model.parameters) - set(merged.get("parameters", model.parameters))  # type: ignore[call-overload]
    for role in ("positive", "not_negative"):
        merged.setdefault(role, tuple(each for each in getattr(model, role) if each not in removed))
    return replace(model, **merged)  # type: ignore[arg-type]


def _merged(held: Mapping[str, object], change: object, place: str) -> dict[str, object]:
    if not isinstance(change, Mapping):
        raise ArgumentTypeError(
            f"{place} must be a mapping of what is added, changed, or (None) taken away, not {shown(change)}.", value=change
        )
    for key, value in change.items():
        if value is None and key not in held:
            raise unknown_name(f"{place}: key", key, held)
    return {key: value for key, value in {**held, **change}.items() if value is not None}
