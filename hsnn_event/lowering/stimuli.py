"""Stimuli -> plans: times counted in steps, values that change as courses, streams keyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hsnn_event.grid import NEVER, Grid
from hsnn_event.lowering.ir import Course, EventsPlan, IntArray, Kernel, NoisePlan, Number, PoissonPlan
from hsnn_event.network.drive import Drive
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.rng import stream_key
from hsnn_event.stimuli import CONTINUOUS
from hsnn_event.timecourse import Steps, Strength


@dataclass(frozen=True)
class Change:
    """`input` of a population takes `values` when `step` steps are done."""

    step: int
    population: int
    input: str
    values: Number


def course(grid: Grid, value: Strength, factor: Number, start: float = 0.0, stop: float = np.inf) -> Course:
    """`value` times `factor`, in the steps whose beginning lies in [start, stop).

    >>> course(Grid(0.1), Steps(np.array([0.0, 2.0]), np.array([3.0, 4.0])), 10.0, start=1.0)
    Course(steps=array([10, 20]), values=(30.0, 40.0))
    """
    first, last = grid.steps_before(start), grid.steps_before(stop)
    times, values = (value.times, value.values) if isinstance(value, Steps) else ([0.0], [value])
    begins = [max(grid.steps_before(time), first) for time in times]
    # Several values that begin in one step: the last one is that of the step.
    pieces = {begin: _number(each * factor) for begin, each in zip(begins, values, strict=True) if begin < last}
    if pieces and last < NEVER:
        pieces[last] = _number(0.0 * next(iter(pieces.values())))
    return Course(np.array(list(pieces), dtype=np.int64), tuple(pieces.values()))


def _number(value: Number) -> Number:
    return np.array(value, dtype=np.float64) if np.ndim(value) else float(value)


def poisson_plans(network: Network) -> tuple[PoissonPlan, ...]:
    """The Poisson drives of a network."""
    return tuple(
        PoissonPlan(
            order=order,
            population=_place(network, drive),
            receptor=_receptor(drive),
            expected=_course(network, drive, network.dt * 1e-3),
            weight=drive.weight,
            delay=drive.delay,
            key=_key(network, drive, network.trial),
            ids=drive.target.selection,
        )
        for order, drive in enumerate(network.drives.values())
        if drive.stimulus.kind == "poisson"
    )


def noise_plans(network: Network) -> tuple[NoisePlan, ...]:
    """The noisy inputs of a network."""
    return tuple(
        NoisePlan(
            population=_place(network, drive),
            input=drive.port,
            sigma=_course(network, drive, drive.weight),
            every=1 if drive.stimulus.every is None else network.grid.steps(drive.stimulus.every, "every"),
            key=_key(network, drive, network.trial),
            ids=drive.target.selection,
        )
        for drive in network.drives.values()
        if drive.stimulus.kind == "noise"
    )


def events_plans(network: Network) -> tuple[EventsPlan, ...]:
    """The listed events of a network."""
    return tuple(
        _events(network, order, drive)
        for order, drive in enumerate(network.drives.values())
        if drive.stimulus.kind == "spikes"
    )


def stimulus_keys(network: Network, kind: str, trial: int) -> tuple[int, ...]:
    """The stream of each drive of a kind in a trial."""
    return tuple(_key(network, drive, trial) for drive in network.drives.values() if drive.stimulus.kind == kind)


def continuous(network: Network, population: Population) -> list[Drive]:
    """The drives that are added to inputs of a population."""
    return [
        drive
        for drive in network.drives.values()
        if drive.stimulus.kind in CONTINUOUS and drive.target.population is population
    ]


def input_values(
    network: Network, number: int, population: Population, kernel: Kernel
) -> tuple[dict[str, Number], list[Change]]:
    """The inputs of a population at the start, noise apart, and how currents that begin, change or end change them."""
    start: dict[str, Number] = {}
    changes: list[Change] = []
    for name in kernel.inputs:
        drives = [
            drive for drive in continuous(network, population) if drive.port == name and drive.stimulus.kind == "current"
        ]
        courses = [_course(network, drive, drive.weight) for drive in drives]
        steps = {0, *(step for each in courses for step in each.steps.tolist())}
        rest = float(population.model.inputs[name])
        values = [Change(step, number, name, _input_after(step, rest, drives, courses)) for step in sorted(steps)]
        start[name], changes = values[0].values, changes + values[1:]
    return start, changes


def _input_after(step: int, rest: float, drives: Sequence[Drive], courses: Sequence[Course]) -> Number:
    """The sum of the currents in the step after `step`, in order of declaration; an array if it ever is one."""
    each = any(
        drive.target.selection is not None or any(np.ndim(value) for value in course.values)
        for drive, course in zip(drives, courses, strict=True)
    )
    total = np.full(drives[0].target.population.size if each else (), rest)
    for drive, amounts in zip(drives, courses, strict=True):
        where = slice(None) if drive.target.selection is None else drive.target.selection
        total[where if each else ()] += amounts.at(step + 1)
    return total if each else float(total)


def _events(network: Network, order: int, drive: Drive) -> EventsPlan:
    stimulus, target = drive.stimulus, drive.target
    assert stimulus.times is not None
    steps = np.rint(stimulus.times / network.dt).astype(np.int64) + drive.delay  # on the grid: `drive` has seen to it
    factors = np.broadcast_to(np.asarray(stimulus.value), steps.shape)
    places: IntArray
    if stimulus.ids is None:
        places = np.tile(np.arange(target.size), len(steps))
        steps, factors = np.repeat(steps, target.size), np.repeat(factors, target.size)
    else:
        places = stimulus.ids
    amounts = np.broadcast_to(np.asarray(drive.weight), target.size)[places] * factors
    order_of = np.argsort(steps, kind="stable")
    return EventsPlan(
        order=order,
        population=_place(network, drive),
        receptor=_receptor(drive),
        steps=steps[order_of],
        ids=target.ids[places][order_of],
        amounts=amounts[order_of],
    )


def _course(network: Network, drive: Drive, factor: Number) -> Course:
    stimulus = drive.stimulus
    return course(network.grid, stimulus.value, factor, stimulus.start, stimulus.stop)


def _key(network: Network, drive: Drive, trial: int) -> int:
    return stream_key(network.seed, "drive", drive.name, "noise", trial)


def _place(network: Network, drive: Drive) -> int:
    return list(network.populations).index(drive.target.name)


def _receptor(drive: Drive) -> int:
    return list(drive.target.population.model.receptors).index(drive.port)
