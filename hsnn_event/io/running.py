"""The running state of a network as plain values: enough to go on, bit for bit, on any backend in any number of threads."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.backends.protocol import Flowing, Moment
from hsnn_event.errors import FileFormatError
from hsnn_event.io.declarations import Plain, Reader, change_of, plain_change, step_of
from hsnn_event.io.evidence import check_evidence
from hsnn_event.io.flowing import checked_flowing
from hsnn_event.io.tree import Writer
from hsnn_event.lowering.ir import Number
from hsnn_event.network.network import Network
from hsnn_event.network.schedule import Callback, ScheduledChange
from hsnn_event.quantities import indices, real_or_array, whole
from hsnn_event.simulation.runner import Standing

if TYPE_CHECKING:
    from hsnn_event.simulation.simulation import Simulation


def plain_running(simulation: Simulation, writer: Writer) -> Plain:
    """Where the run stands; parameters as far as they differ from those of the first run."""
    network, standing = simulation.network, simulation.engine.standing()
    program = simulation.lowered.program  # of the others the states belong to the moment
    states = {
        plan.name: {name: simulation.engine.read(number, name) for name in plan.states}
        for number, plan in enumerate(program.populations if program is not None else ())
    }
    timeline = [(step, event) for step, event in simulation.timeline]
    return {
        "moment": _plain_moment(standing.clock, writer),
        "flowing": _plain_moment(standing.exact, writer),
        "states": writer.write(states, "states"),
        "parameters": writer.write(_changed(simulation, simulation.parameters), "parameters"),
        "lasting": writer.write(_changed(simulation, simulation.lasting), "parameters"),
        "moved": sorted(simulation.moved),
        "changes": [plain_change(event, writer) for _, event in timeline if isinstance(event, ScheduledChange)],
        "callbacks": [
            [network.callbacks.index(event), step]
            for step, event in timeline
            if isinstance(event, Callback) and event in network.callbacks
        ],
    }


def resume(network: Network, plain: Plain, read: Reader) -> None:
    """Build what runs the network, and put it where it stood."""
    simulation = network._running()
    simulation.restart(network.trial)
    lasting, parameters = read(plain["lasting"]), read(plain["parameters"])
    for number, population in enumerate(simulation.lowered.populations):
        given = _checked_parameters(simulation, number, lasting.get(population.name, {}))
        simulation.lasting[number] = {**simulation.lasting[number], **given}
        given = _checked_parameters(simulation, number, parameters.get(population.name, {}))
        if given:
            simulation.write_parameters({number: {**simulation.parameters[number], **given}})
    simulation.engine.restore(*_standing(simulation, plain, read), network.trial)
    program = simulation.lowered.program
    for number, population in enumerate(program.populations if program is not None else ()):
        for name, values in read(plain["states"])[population.name].items():
            if name not in population.states or values.shape != (population.size,) or values.dtype.kind != "f":
                raise FileFormatError(
                    f"the values of {population.name}.{name} do not fit the {population.size} neurons.",
                    name=name,
                )
            simulation.engine.write(number, name, values)
    simulation.moved = {whole(number, "population") for number in plain["moved"]}
    changes = [change_of(network, each, read) for each in plain["changes"]]
    calls = [(step_of(network, step), network.callbacks[whole(number, "callback")]) for number, step in plain["callbacks"]]
    simulation.go_on(changes, calls)


def _plain_moment(moment: Moment | Flowing | None, writer: Writer) -> Plain | None:
    """All but the keys, which are those of the trial."""
    if moment is None:
        return None
    return {each.name: writer.write(getattr(moment, each.name), "moment") for each in fields(moment) if each.name != "keys"}


def _standing(simulation: Simulation, plain: Plain, read: Reader) -> Standing:
    """Where both halves stood."""
    engine, trial = simulation.engine, simulation.network.trial
    clock, exact = ({name: read(value) for name, value in (plain.get(half) or {}).items()} for half in ("moment", "flowing"))
    if bool(clock) != (engine.clock is not None) or bool(exact) != (engine.exact is not None):
        raise FileFormatError("the file does not say where the populations with or without a clock stand.")
    return Standing(
        _checked_moment(simulation, Moment(keys=engine.keys(trial, False), **clock)) if clock else None,
        checked_flowing(simulation.lowered.exact, Flowing(keys=engine.keys(trial, True), **exact)) if exact else None,
    )


def _changed(simulation: Simulation, parameters: list[dict[str, Number]]) -> dict[str, dict[str, Number]]:
    """Population -> parameter -> value, of those that are not as the first run found them."""
    lowered = simulation.lowered
    return {
        plan.name: {name: value for name, value in now.items() if not np.array_equal(value, before[name], equal_nan=True)}
        for plan, now, before in zip(lowered.populations, parameters, lowered.parameters, strict=True)
    }


def _checked_parameters(simulation: Simulation, number: int, given: dict[str, Any]) -> dict[str, Number]:
    population = simulation.network.populations[number]
    for name in given:
        if name not in population.model.parameters:
            raise FileFormatError(f"population {population.name!r} has no parameter {name!r}.", name=name)
    return {name: real_or_array(value, population.size, name, infinite=True) for name, value in given.items()}


def _checked_moment(simulation: Simulation, moment: Moment) -> Moment:
    """Refuse what no engine gives: compiled code trusts it."""
    sizes = [plan.size for plan in simulation.lowered.populations]
    whole(moment.step, "step")
    for size, until in zip(sizes, moment.clamped, strict=True):
        if until is not None and (until.shape != (size,) or until.dtype != np.int64 or (until > moment.step + 2**31).any()):
            raise FileFormatError("the ends of refractoriness do not fit the neurons of the populations.")
    steps, populations, ids = moment.steps, moment.populations, moment.ids
    if any(each.dtype != np.int64 or each.shape != steps.shape or each.ndim != 1 for each in (steps, populations, ids)):
        raise FileFormatError("the spikes in flight are not three lists of whole numbers of one length.")
    indices(populations, len(sizes), "populations of spikes in flight")
    wrong = (ids < 0) | (ids >= np.array(sizes)[populations]) | (steps > moment.step) | (steps < moment.step - 2**31)
    order = np.lexsort((ids, populations, steps))
    if wrong.any() or not np.array_equal(order, np.arange(len(steps))):
        raise FileFormatError("the spikes in flight are not those of these populations, in order.")
    assert simulation.lowered.program is not None
    check_evidence(simulation.lowered.program.hyper, moment.evidence)
    return moment
