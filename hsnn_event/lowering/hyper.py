"""Junctions -> plans: times in steps, one number a hyperedge."""

from __future__ import annotations

from typing import Any

import numpy as np

from hsnn_event.lowering.hyper_ir import FloatArray, HyperPlan, IntArray
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.network import Network

NEARLY = 1e-6  # of a step: so near a time is on the grid


def hyper_plans(network: Network) -> tuple[HyperPlan, ...]:
    """Of each population of junctions, in order of declaration."""
    numbers = {name: number for number, name in enumerate(network.populations)}
    return tuple(
        _plan(numbers, number, population.model, network.grid.dt)
        for number, population in enumerate(network.populations.values())
        if isinstance(population.model, JunctionModel)
    )


def _plan(numbers: dict[str, int], number: int, model: JunctionModel, dt: float) -> HyperPlan:
    rule, n_edges, lengths = model.rule, len(model.indptr) - 1, np.diff(model.indptr)
    parts: dict[str, Any] = {}
    match rule.kind:
        case "threshold":
            least = lengths if rule.least is None else np.broadcast_to(rule.least, n_edges)
            parts = {"least": least.astype(np.int64), "window": _steps(np.broadcast_to(rule.window, n_edges), dt)}
        case "weighted":
            amounts = np.ones(len(model.members)) if model.amounts is None else model.amounts
            parts = {
                "amounts": amounts,
                "threshold": np.array(np.broadcast_to(rule.threshold, n_edges), np.float64),
                "decay": np.array(np.broadcast_to(dt / np.asarray(rule.tau), n_edges), np.float64),
            }
        case "sequence":
            gaps = np.array(rule.gaps)
            each = np.broadcast_to(gaps, int(lengths.max(initial=1)) - 1) if len(gaps) == 1 else gaps
            place = np.arange(len(model.members)) - np.repeat(model.indptr[:-1], lengths)
            parts = {"gaps": _steps(np.concatenate(([0.0], each))[place], dt)}
    return HyperPlan(
        number, model.indptr, np.array([numbers[name] for name in model.populations])[model.where], model.members,
        rule.kind, rule.consume, rule.distinct, int(np.ceil(rule.refractory / dt - NEARLY)), **parts,
    )  # fmt: skip


def _steps(times: FloatArray, dt: float) -> IntArray:
    """In how many steps, the present one included, something less than `times` ms old lies; 1 at least."""
    return np.maximum(np.ceil(times / dt - NEARLY), 1.0).astype(np.int64)
