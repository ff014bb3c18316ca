"""The running state of a network as plain values: enough to go on, bit for bit, on any backend in any number of threads."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.backends.protocol import Moment
from hsnn_event.errors import FileFormatError
from hsnn_event.io.declarations import Plain, Reader, change_of, plain_change
from hsnn_event.io.tree import Writer
from hsnn_event.lowering.ir import Number
from hsnn_event.network.network import Network
from hsnn_event.network.schedule import Callback, ScheduledChange
from hsnn_event.quantities import indices, real_or_array, whole

if TYPE_CHECKING:
    from hsnn_event.simulation.simulation import Simulation


def plain_running(simulation: Simulation, writer: Writer) -> Plain:
    """Where the run stands; parameters as far as they differ from those of the first run."""
    network, moment = simulation.network, simulation.engine.moment()
    states = {
        plan.name: {name: simulation.engine.read(number, name) for name in plan.states}
        for number, plan in enumerate(simulation.lowered.program.populations)
    }
    held: Plain = {each.name: writer.write(getattr(moment, each.name), "moment") for each in fields(Moment)}
    del held["keys"]  # those of the trial
    timeline = [(step, event) for step, event in simulation.timeline]
    return {
        "moment": held,
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
    program = simulation.lowered.program
    held = {name: read(value) for name, value in plain["moment"].items()}
    simulation.restart(network.trial)
    simulation.engine.restore(_checked_moment(simulation, Moment(keys=simulation.keys(network.trial), **held)))
    lasting, parameters = read(plain["lasting"]), read(plain["parameters"])
    for number, population in enumerate(program.populations):
        given = _checked_parameters(simulation, number, lasting.get(population.name, {}))
        simulation.lasting[number] = {**simulation.lasting[number], **given}
        given = _checked_parameters(simulation, number, parameters.get(population.name, {}))
        if given:
            simulation.write_parameters({number: {**simulation.parameters[number], **given}})
        for name, values in read(plain["states"])[population.name].items():
            if name not in population.states or values.shape != (population.size,) or values.dtype.kind != "f":
                raise FileFormatError(
                    f"the values of {population.name}.{name} do not fit the {population.size} neurons.",
                    name=name,
                )
            simulation.engine.write(number, name, values)
    simulation.moved = {whole(number, "population") for number in plain["moved"]}
    changes = [change_of(network, each, read) for each in plain["changes"]]
    calls = [(whole(step, "step"), network.callbacks[whole(number, "callback")]) for number, step in plain["callbacks"]]
    simulation.go_on(changes, calls)


def _changed(simulation: Simulation, parameters: list[dict[str, Number]]) -> dict[str, dict[str, Number]]:
    """Population -> parameter -> value, of those that are not as the first run found them."""
    lowered = simulation.lowered
    return {
        plan.name: {name: value for name, value in now.items() if not np.array_equal(value, before[name], equal_nan=True)}
        for plan, now, before in zip(lowered.program.populations, parameters, lowered.parameters, strict=True)
    }


def _checked_parameters(simulation: Simulation, number: int, given: dict[str, Any]) -> dict[str, Number]:
    population = simulation.network.populations[number]
    for name in given:
        if name not in population.model.parameters:
            raise FileFormatError(f"population {population.name!r} has no parameter {name!r}.", name=name)
    return {name: real_or_array(value, population.size, name, infinite=True) for name, value in given.items()}


def _checked_moment(simulation: Simulation, moment: Moment) -> Moment:
    """Refuse what no engine gives: compiled code trusts it."""
    sizes = [plan.size for plan in simulation.lowered.program.populations]
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
    return moment
