"""Junctions -> plans: times in steps or, without a clock, in ms; one number a hyperedge."""

from __future__ import annotations

from typing import Any

import numpy as np

from hsnn_event.lowering.hyper_ir import FloatArray, HyperPlan
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.network import Network

NEARLY = 1e-6  # of a step: so near a time is on the grid


def hyper_plans(network: Network, exact: bool) -> tuple[HyperPlan, ...]:
    """Of each population of junctions without a clock, or with one, in order of declaration."""
    numbers = {name: number for number, name in enumerate(network.populations)}
    return tuple(
        _plan(numbers, number, population.model, None if exact else network.grid.dt)
        for number, population in enumerate(network.populations.values())
        if isinstance(population.model, JunctionModel) and population.exact is exact
    )


def _plan(numbers: dict[str, int], number: int, model: JunctionModel, dt: float | None) -> HyperPlan:
    rule, n_edges, lengths = model.rule, len(model.indptr) - 1, np.diff(model.indptr)
    parts: dict[str, Any] = {}
    match rule.kind:
        case "threshold":
            least = lengths if rule.least is None else np.broadcast_to(rule.least, n_edges)
            parts = {"least": least.astype(np.int64), "window": _times(np.broadcast_to(rule.window, n_edges), dt)}
        case "weighted":
            amounts = np.ones(len(model.members)) if model.amounts is None else model.amounts
            parts = {
                "amounts": amounts,
                "threshold": np.array(np.broadcast_to(rule.threshold, n_edges), np.float64),
                "decay": np.array(np.broadcast_to((1.0 if dt is None else dt) / np.asarray(rule.tau), n_edges), np.float64),
            }
        case "sequence":
            gaps = np.array(rule.gaps)
            each = np.broadcast_to(gaps, int(lengths.max(initial=1)) - 1) if len(gaps) == 1 else gaps
            place = np.arange(len(model.members)) - np.repeat(model.indptr[:-1], lengths)
            parts = {"gaps": _times(np.concatenate(([0.0], each))[place], dt)}
    refractory = rule.refractory if dt is None else float(np.ceil(rule.refractory / dt - NEARLY))
    return HyperPlan(
        number, model.indptr, np.array([numbers[name] for name in model.populations])[model.where], model.members,
        rule.kind, rule.consume, rule.distinct, refractory, **parts,
    )  # fmt: skip


def _times(times: FloatArray, dt: float | None) -> FloatArray:
    """What is less than `times` ms old: in steps, those that it covers, the present one included."""
    return np.array(times, np.float64) if dt is None else np.ceil(times / dt - NEARLY)
