"""A network's declarations as plain values, and a network from them, every part of it checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.errors import FileFormatError, shown
from hsnn_event.grid import NEVER, Grid
from hsnn_event.io.structure import add_structure, plain_structure
from hsnn_event.io.tree import Writer
from hsnn_event.network.control import OPTIONS
from hsnn_event.network.coupling import Coupling, check_coupled, checked_substeps
from hsnn_event.network.delays import MOST_STEPS, check_distance, check_law, in_ms
from hsnn_event.network.drive import Drive
from hsnn_event.network.network import Network
from hsnn_event.network.projection import PerEdge, Projection, end_of
from hsnn_event.network.record import declared_record
from hsnn_event.network.schedule import Callback, ScheduledChange
from hsnn_event.network.views import Assignment, View
from hsnn_event.quantities import indices, label, real, real_or_array, whole
from hsnn_event.random import Distribution
from hsnn_event.recording import Record
from hsnn_event.topology.distance import DistanceDelay, one_space
from hsnn_event.topology.positions import Space
from hsnn_event.topology.rules import Rule

Plain = dict[str, Any]
Reader = Callable[[Any], Any]  # from plain values, by `tree.read` with the file's arrays


def plain_network(network: Network, writer: Writer) -> Plain:
    """All that a network declares."""
    return {
        "options": {name: getattr(network, name) for name in OPTIONS},
        "trial": network.trial,
        "run_id": network.run_id,
        "populations": [_plain_population(network, name, writer) for name in network.populations],
        "projections": [_plain_fields(each, writer, f"projection {each.name!r}") for each in network.projections.values()],
        "couplings": [_plain_fields(each, writer, f"coupling {each.name!r}") for each in network.couplings.values()],
        "drives": [_plain_fields(each, writer, f"drive {each.name!r}") for each in network.drives.values()],
        "records": [writer.write(each, f"record {each.name!r}") for each in network.records],
        **plain_structure(network, writer),
        "changes": [plain_change(each, writer) for each in network.changes],
        "callbacks": [[each.name, each.step, each.interval] for each in network.callbacks],
    }


def network_of(plain: Plain, read: Reader, options: Mapping[str, Any]) -> Network:
    """The network; `options` that are not None stand in for those it was declared with."""
    network = Network(**{**plain["options"], **{name: value for name, value in options.items() if value is not None}})
    network.trial = whole(plain["trial"], "trial")
    network.run_id = label(plain["run_id"], "run_id")
    for each in plain["populations"]:
        _add_population(network, each, read)
    for each in plain["projections"]:
        projection = _checked_projection(Projection(**_fields(network, each, read)))
        network.projections.add(projection.name, projection)
        _check_weights_of_edges(projection)
    for each in plain.get("couplings", []):
        coupling = _checked_coupling(Coupling(**_fields(network, each, read)))
        network.couplings.add(coupling.name, coupling)
        _check_conductances_of_junctions(coupling)
    for each in plain["drives"]:
        _add_drive(network, _fields(network, each, read))
    network.records += [_checked_record(network, read(each)) for each in plain["records"]]
    add_structure(network, plain, read)
    network.changes += [change_of(network, each, read) for each in plain["changes"]]
    for name, step, interval in plain["callbacks"]:
        network.callbacks.append(Callback(str(name), step_of(network, step), step_of(network, interval), None))
    return network


def step_of(network: Network, value: object) -> float:
    """A step in a file: a whole number, or a time without a clock."""
    return whole(value, "step") if isinstance(network.grid, Grid) else real(value, "time", low=0.0)


def plain_change(change: ScheduledChange, writer: Writer) -> Plain:
    """A scheduled change."""
    return {"step": change.step, "assignments": _plain_assignments(list(change.assignments), writer)}


def change_of(network: Network, plain: Plain, read: Reader) -> ScheduledChange:
    """The reverse of `plain_change`."""
    assignments = tuple(_assignment(network, each, read) for each in plain["assignments"])
    return ScheduledChange(step_of(network, plain["step"]), assignments)


def _plain_population(network: Network, name: str, writer: Writer) -> Plain:
    population, place = network.populations[name], f"population {name!r}"
    return {
        "name": name,
        "size": population.size,
        "model": writer.write(population.model, place),
        "method": population.method,
        "schedule": population.schedule,
        "labels": writer.write(population.own_labels, f"{place}: labels"),
        "node_data": writer.write(population.node_data, f"{place}: node_data"),
        "space": writer.write(population.space, f"{place}: space"),
        "assignments": _plain_assignments(population.assignments, writer),
    }


def _add_population(network: Network, plain: Plain, read: Reader) -> None:
    model, labels = read(plain["model"]), read(plain["labels"])
    space = read(plain["space"]) if "space" in plain else None
    if not isinstance(space, Space | None) or (space is not None and space.size != plain["size"]):
        text = f"population {plain['name']!r}: its positions are not those of {plain['size']} neurons."
        raise FileFormatError(text, name=plain["name"])
    population = network.population(
        plain["name"], plain["size"] if space is None else space, model,
        schedule=plain.get("schedule", "auto"), method=plain["method"], labels=labels,
    )  # fmt: skip
    population.node_data.update(read(plain["node_data"]) if "node_data" in plain else {})
    population.assignments.extend(_assignment(network, each, read) for each in plain["assignments"])


def _plain_assignments(assignments: list[Assignment], writer: Writer) -> list[Plain]:
    return [
        {
            "population": each.population.name,
            "variable": each.variable,
            "ids": writer.write(each.ids, each.population.name),
            "value": writer.write(each.value, f"{each.population.name}: {each.variable}"),
        }
        for each in assignments
    ]


def _assignment(network: Network, plain: Plain, read: Reader) -> Assignment:
    view = _view(network, plain["population"], read(plain["ids"]))
    variable, value = plain["variable"], read(plain["value"])
    view.population.check_variable(variable)
    if not isinstance(value, Distribution):
        value = real_or_array(value, view.size, f"{view.name}: {variable}", infinite=True)
    return Assignment(view.population, variable, view.selection, value)


def _plain_fields(declaration: Projection | Coupling | Drive, writer: Writer, place: str) -> Plain:
    """The fields of a declaration, views as the name of a population and ids."""
    held: Plain = {}
    for each in fields(declaration):
        value = getattr(declaration, each.name)
        if isinstance(value, View):
            held[each.name] = {"view": [value.name, writer.write(value.selection, place)]}
        else:
            held[each.name] = writer.write(value, place)
    return held


def _fields(network: Network, plain: Plain, read: Reader) -> dict[str, Any]:
    held = {}
    for name, value in plain.items():
        is_view = isinstance(value, dict) and tuple(value) == ("view",)
        held[name] = _view(network, value["view"][0], read(value["view"][1])) if is_view else read(value)
    return held


def _view(network: Network, population: str, ids: npt.NDArray[Any] | None) -> View:
    whole_population = network.populations[population]
    return whole_population if ids is None else whole_population[ids]


def _checked_projection(projection: Projection) -> Projection:
    """Refuse what no call of `connect` makes, above all arrays of the wrong length: compiled code trusts them."""
    where, rule, source, target = projection.name, projection.rule, projection.source, projection.target
    if not isinstance(rule, Rule) or not isinstance(source, View) or not isinstance(target, View):
        raise FileFormatError(f"projection {where!r} lacks a rule, sources or targets.", name=where)
    check_lists(rule, where)
    rule.check(where, source.ids, target.ids, source.population is target.population)
    target.population.receptor(projection.receptor, where)
    weight = 0.0 if isinstance(projection.weight, PerEdge) else projection.weight  # the other is checked with its edges
    delay = projection.delay
    if isinstance(delay, DistanceDelay):
        spaces = one_space("distance_delay", end_of(source), end_of(target), where)
        check_distance(delay, spaces, f"{where}: delay", target.population.time_grid, source.population.exact)
        delay = 1  # which needs no check any more
    for what, value in (("weight", weight), ("delay", delay)):
        _check_values(what, value, rule.n_values(source.size, target.size), where, target.population.exact)
    if target.population.exact:
        _check_times(delay, f"{where}: delay", source.population.exact)
    return projection


def _checked_coupling(coupling: Coupling) -> Coupling:
    """The same for what no call of `couple` makes."""
    where, rule, source, target = coupling.name, coupling.rule, coupling.source, coupling.target
    if not isinstance(rule, Rule) or not isinstance(source, View) or not isinstance(target, View):
        raise FileFormatError(f"coupling {where!r} lacks a rule, sources or targets.", name=where)
    check_lists(rule, where)
    check_coupled(source, target, coupling.function, coupling.input, coupling.symmetric, coupling.normalize, where)
    rule.check(where, source.ids, target.ids, source.population is target.population)
    if coupling.substeps is not None:
        checked_substeps(coupling.substeps, f"{where}: substeps")
    if not isinstance(coupling.conductance, PerEdge):  # the other is checked with its junctions
        _check_conductances(coupling.conductance, rule.n_values(source.size, target.size), where)
    return coupling


def _check_conductances(value: Any, count: int | None, where: str) -> None:
    _check_values("conductance", value, count, where)
    if value.low < 0 if isinstance(value, Distribution) else (np.asarray(value) < 0).any():
        raise FileFormatError(f"coupling {where!r}: a conductance is negative.", name=where)


def _check_conductances_of_junctions(coupling: Coupling) -> None:
    if isinstance(coupling.conductance, PerEdge):
        values, count = coupling.conductance.values, coupling.n_junctions
        if not isinstance(values, np.ndarray) or values.shape != (count,):
            text = f"coupling {coupling.name!r}: the conductances set one by one are not those of {count} junctions."
            raise FileFormatError(text, name=coupling.name)
        _check_conductances(values, count, coupling.name)


def _check_times(delay: Any, what: str, zero: bool) -> None:
    if isinstance(delay, Distribution):
        check_law(delay, what, zero)
    else:
        in_ms(np.asarray(delay), what, zero)


def _check_weights_of_edges(projection: Projection) -> None:
    if isinstance(projection.weight, PerEdge):
        values, count = projection.weight.values, projection.n_synapses
        if not isinstance(values, np.ndarray) or values.shape != (count,):
            text = f"projection {projection.name!r}: the weights set one by one are not those of {count} synapses."
            raise FileFormatError(text, name=projection.name)
        _check_values("weight", values, count, projection.name)


def _check_values(what: str, value: Any, count: int | None, where: str, exact: bool = False) -> None:
    """Weights are finite, delays whole steps; large arrays are looked at, not copied."""
    if isinstance(value, Distribution):
        return
    values = np.asarray(value)
    if values.dtype.kind not in "iuf" or values.shape not in ((), (count,)) or not np.isfinite(values).all():
        raise FileFormatError(f"projection {where!r}: the {what} is not one number, or {count} of them.", name=where)
    if what != "delay" or exact or not values.size:
        return
    if values.min() < 1 or values.max() > MOST_STEPS or values.dtype.kind != "i":
        raise FileFormatError(f"projection {where!r}: a delay is not 1 to {MOST_STEPS} steps.", name=where)


def check_lists(rule: Rule, where: str) -> None:
    """Refuse lists of synapses that do not fit each other."""
    held = {each.name: getattr(rule, each.name) for each in fields(rule)}
    lists = {name: value for name, value in held.items() if isinstance(value, np.ndarray)}
    starts, n_synapses = lists.pop("indptr", None), whole(rule.count, f"{where}: number of synapses")
    if any(value.shape != (n_synapses,) for value in lists.values()):
        raise FileFormatError(f"projection {where!r}: a list is not as long as the {n_synapses} synapses.", name=where)
    if starts is not None:
        n_sources, n_targets = held["shape"]
        fits = starts.dtype.kind == "i" and starts.shape == (n_sources + 1,) and starts[0] == 0 and starts[-1] == n_synapses
        if not fits or (np.diff(starts) < 0).any():
            raise FileFormatError(f"projection {where!r}: the rows of the matrix are not in order.", name=where)
        indices(rule.targets, n_targets, f"{where}: targets")


def _add_drive(network: Network, held: dict[str, Any]) -> None:
    """By the public way, which checks everything; the name is the one it had."""
    model, port = held["target"].population.model, held["port"]
    continuous = port in model.inputs and (port not in model.receptors or held["stimulus"].kind not in ("poisson", "spikes"))
    way = {"input": port} if continuous else {"receptor": port}
    delay, grid = held["delay"], held["target"].population.time_grid
    if isinstance(grid, Grid):
        delay = grid.time(min(whole(delay, f"drive {held['name']!r}: delay"), NEVER))
    made = network.drive(held["target"], held["stimulus"], held["weight"], delay=delay, **way)
    if not isinstance(made, Drive) or made.name != held["name"]:
        raise FileFormatError(f"the drive {held['name']!r} does not follow from the order of the drives.", name=held["name"])


def _checked_record(network: Network, record: Record) -> Record:
    if not isinstance(record, Record):
        raise FileFormatError(f"{shown(record)} stands where a record should.")
    population = network.populations[record.target]
    target = population if record.ids is None else population[record.ids]
    return declared_record(target, record.what, record.every, record.at, record.to, record.name, network.grid)
