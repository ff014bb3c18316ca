"""Junctions -> plans: times in steps or, without a clock, in ms; one number a hyperedge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hsnn_event.grid import Continuum, Grid, Time
from hsnn_event.lowering.exact_ir import all_placed
from hsnn_event.lowering.hyper_equations import lower_rule
from hsnn_event.lowering.hyper_ir import FloatArray, HyperPlan
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.network import Network

NEARLY = 1e-6  # of a step: so near a time is on the grid


def hyper_plans(network: Network, exact: bool, window: float = 1.0) -> tuple[HyperPlan, ...]:
    """Of each population of junctions without a clock, in windows of so many ms, or with one; in order of declaration."""
    numbers = {name: number for number, name in enumerate(network.populations)}
    found = {
        name: population.model for name, population in network.populations.items()
        if isinstance(population.model, JunctionModel) and population.exact is exact
    }  # fmt: skip
    places = {name: place for place, name in enumerate(found)}
    grid = Continuum() if exact else network.grid
    dt = None if exact else network.grid.dt
    plans = {name: _plan(numbers, numbers[name], model, dt) for name, model in found.items()}
    return tuple(replace(plan, **_gated(found[name], places, grid, window)) for name, plan in plans.items())


def _plan(numbers: dict[str, int], number: int, model: JunctionModel, dt: float | None) -> HyperPlan:
    rule, n_edges, lengths = model.rule, len(model.indptr) - 1, np.diff(model.indptr)
    parts: dict[str, Any] = {}
    match rule.kind:
        case "threshold":
            parts = {"least": rule.least_of(lengths), "window": _times(np.broadcast_to(rule.window, n_edges), dt)}
        case "weighted":
            parts = {
                "amounts": _amounts(model),
                "threshold": np.array(np.broadcast_to(rule.threshold, n_edges), np.float64),
                "decay": np.array(np.broadcast_to((1.0 if dt is None else dt) / np.asarray(rule.tau), n_edges), np.float64),
            }
        case "equations":
            assert rule.model is not None
            lowered = lower_rule(rule.model)
            constants, initial = lowered.numbers(rule.model.parameters, n_edges)  # type: ignore[arg-type]  # no distributions
            parts = {"kernel": lowered.kernel, "constants": constants, "initial": initial, "amounts": _amounts(model),
                     "unit": 1.0 if dt is None else dt}  # fmt: skip
        case "sequence":
            parts = {"gaps": _times(rule.gap_before(lengths), dt)}
    gated = rule.openings is not None or model.gate is not None
    refractory = rule.refractory if dt is None else float(np.ceil(rule.refractory / dt - NEARLY))
    return HyperPlan(
        number, model.indptr, np.array([numbers[name] for name in model.populations])[model.where], model.members,
        "relay" if gated and rule.kind == "any" else rule.kind, rule.consume, rule.distinct, refractory, **parts,
    )  # fmt: skip


def _gated(model: JunctionModel, places: dict[str, int], grid: Time, window: float) -> dict[str, Any]:
    """The parts of a plan that say when junctions are open."""
    n_edges, openings = len(model.indptr) - 1, model.rule.openings
    parts: dict[str, Any] = {}
    if model.gate is not None:
        parts = {"gate": places[model.gate], "closes": model.rule.closes}
    if openings is not None:
        on_grid = np.floor(openings.times / grid.dt + NEARLY), np.zeros(len(openings.times))
        steps, offsets = on_grid if isinstance(grid, Grid) else all_placed(openings.times, window)
        parts |= {"opening_rows": openings.rows(n_edges), "openings": (steps.astype(np.int64), offsets)}
    return parts


def _amounts(model: JunctionModel) -> FloatArray:
    """How much a spike of each member is."""
    return np.ones(len(model.members)) if model.amounts is None else model.amounts


def _times(times: FloatArray, dt: float | None) -> FloatArray:
    """What is less than `times` ms old: in steps, those that it covers, the present one included."""
    return np.array(times, np.float64) if dt is None else np.ceil(times / dt - NEARLY)
