"""How a threshold is read: at the end of each step, or at both ends; and the checks of what a model declares of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hsnn_event.errors import ModelError, unknown_name
from hsnn_event.model.parse import parse

if TYPE_CHECKING:
    from hsnn_event.model.declare import NeuronModel

DETECTIONS = ("level", "crossing", "interpolated")


def check_detection(model: NeuronModel) -> None:
    """Refuse a `detection` that is none, or that the threshold does not fit. Raises UnknownNameError, ModelError."""
    name, detection = model.name, model.detection
    if not isinstance(detection, str) or detection not in DETECTIONS:
        raise unknown_name(f"{name}: detection", detection, DETECTIONS)
    if model.threshold is None:
        if detection != "level":
            text = f"{name}: without a threshold, detection={detection!r} has no meaning. Leave it out."
            raise ModelError(text, name=name)
        return
    if detection == "level":
        if not model.reset and not model.refractory:
            text = f"{name}: a threshold alone fires in every step in which it holds. Give reset= or refractory=, "
            raise ModelError(text + "or detection='crossing'.", name=name)
        return
    condition = _tree(model, model.threshold, boolean=True)
    if not _names(model, condition) & set(model.states):
        raise ModelError(
            f"{name}: detection={detection!r} compares the states at both ends of a step, and the threshold "
            f"{model.threshold!r} reads none. Give detection='level'.",
            name=name,
        )
    if detection == "interpolated" and not _is_one_inequality(condition):
        raise ModelError(
            f"{name}: detection='interpolated' needs a threshold that is one comparison by <, <=, > or >=, such as "
            f"v >= V_th, not {model.threshold!r}. Write it so, or give detection='crossing'.",
            name=name,
        )


def _is_one_inequality(condition: ast.expr) -> bool:
    if not isinstance(condition, ast.Compare) or len(condition.ops) > 1:
        return False
    return isinstance(condition.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)


def _tree(model: NeuronModel, text: str, boolean: bool = False) -> ast.expr:
    names = {*model.parameters, *model.states, *model.inputs, *model.expressions}
    return parse(text, names, f"{model.name}.threshold", boolean)


def _names(model: NeuronModel, condition: ast.expr) -> set[str]:
    """The names that a condition reads, with what the expressions in it read."""
    found: set[str] = set()
    trees = [condition]
    while trees:
        new = {node.id for node in ast.walk(trees.pop()) if isinstance(node, ast.Name)} - found
        found |= new
        trees.extend(_tree(model, model.expressions[name]) for name in new & set(model.expressions))
    return found
