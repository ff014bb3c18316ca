"""Checks of what a file says that junctions of hyperedges know: compiled code trusts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hsnn_event.errors import FileFormatError
from hsnn_event.lowering.hyper_ir import HyperPlan, first_evidence


def check_evidence(plans: Sequence[HyperPlan], evidence: Sequence[dict[str, Any]]) -> None:
    """Refuse what no engine gives."""
    if len(evidence) != len(plans):
        raise FileFormatError("what junctions know is not that of the hyperedges.")
    for plan, known in zip(plans, evidence, strict=True):
        start = first_evidence(plan)
        if known.keys() != start.keys():
            raise FileFormatError("what junctions know is not that of the hyperedges.")
        if any(known[name].shape != held.shape or known[name].dtype != held.dtype for name, held in start.items()):
            raise FileFormatError("what junctions know does not fit the hyperedges.")
        if plan.least is not None and ((known["n"] < 0) | (known["n"] > plan.least)).any():
            raise FileFormatError("junctions know more than their rule asks for.")
