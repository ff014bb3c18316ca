"""Stimuli -> plans: times counted in steps, values that change as courses, streams keyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from hsnn_event.grid import NEVER, Grid, Time
from hsnn_event.lowering.ir import Course, EventsPlan, FloatArray, IntArray, NoisePlan, Number, PoissonPlan
from hsnn_event.network.drive import Drive
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.rng import stream_key
from hsnn_event.stimuli import CONTINUOUS
from hsnn_event.timecourse import Steps, Strength


@dataclass(frozen=True)
class Change:
    """`input` of a population takes `values` when `step` steps are done; without a clock, at `step` ms."""

    step: float
    population: int
    input: str
    values: Number


class Pieces(NamedTuple):
    """`values[k]` from the end of step `steps[k]` on, in ascending order; 0 before the first."""

    steps: IntArray | FloatArray
    values: tuple[Number, ...]

    def after(self, step: float) -> Number:
        """The value that holds when `step` is done."""
        place = int(np.searchsorted(self.steps, step, side="right")) - 1
        return self.values[place] if place >= 0 else 0.0


def course(grid: Grid, value: Strength, factor: Number, start: float = 0.0, stop: float = np.inf) -> Course:
    """`value` times `factor`, in the steps whose beginning lies in [start, stop).

    >>> course(Grid(0.1), Steps(np.array([0.0, 2.0]), np.array([3.0, 4.0])), 10.0, start=1.0)
    Course(steps=array([10, 20]), values=(30.0, 40.0))
    """
    found = pieces(grid, value, factor, start, stop)
    return Course(found.steps.astype(np.int64), found.values)


def pieces(grid: Time, value: Strength, factor: Number, start: float = 0.0, stop: float = np.inf) -> Pieces:
    """The same in either kind of time."""
    first, last = grid.steps_before(start), grid.steps_before(stop)
    times, values = (value.times, value.values) if isinstance(value, Steps) else ([0.0], [value])
    begins = [max(grid.steps_before(time), first) for time in times]
    # Several values that begin in one step: the last one is that of the step.
    held = {begin: _number(each * factor) for begin, each in zip(begins, values, strict=True) if begin < last}
    if held and last < NEVER:
        held[last] = _number(0.0 * next(iter(held.values())))
    begun: IntArray | FloatArray = np.array(list(held), dtype=np.float64)
    if isinstance(grid, Grid):
        begun = np.array(list(held), dtype=np.int64)
    return Pieces(begun, tuple(held.values()))


def _number(value: Number) -> Number:
    return np.array(value, dtype=np.float64) if np.ndim(value) else float(value)


def poisson_plans(network: Network) -> tuple[PoissonPlan, ...]:
    """The Poisson drives of the populations with a clock."""
    return tuple(
        PoissonPlan(
            order=order,
            population=place(network, drive),
            receptor=receptor(drive),
            expected=_course(drive, drive.target.population.time_grid.dt * 1e-3),
            weight=drive.weight,
            delay=int(drive.delay),
            key=key(network, drive, network.trial),
            ids=drive.target.selection,
        )
        for order, drive in sending(network, "poisson", exact=False)
    )


def noise_plans(network: Network) -> tuple[NoisePlan, ...]:
    """The noisy inputs of a network."""
    return tuple(
        NoisePlan(
            population=place(network, drive),
            input=drive.port,
            sigma=_course(drive, drive.weight),
            every=1 if drive.stimulus.every is None else int(network.grid.steps(drive.stimulus.every, "every")),
            key=key(network, drive, network.trial),
            ids=drive.target.selection,
        )
        for _, drive in sending(network, "noise", exact=False)
    )


def events_plans(network: Network) -> tuple[EventsPlan, ...]:
    """The listed events of the populations with a clock."""
    return tuple(_events(network, order, drive) for order, drive in sending(network, "spikes", exact=False))


def sending(network: Network, kind: str, exact: bool) -> list[tuple[int, Drive]]:
    """The drives of a kind to populations with or without a clock, with their places among all drives."""
    return [
        (order, drive)
        for order, drive in enumerate(network.drives.values())
        if drive.stimulus.kind == kind and drive.target.population.exact is exact
    ]


def stimulus_keys(network: Network, kind: str, trial: int, exact: bool = False) -> tuple[int, ...]:
    """The stream of each drive of a kind in a trial."""
    return tuple(key(network, drive, trial) for _, drive in sending(network, kind, exact))


def continuous(network: Network, population: Population) -> list[Drive]:
    """The drives that are added to inputs of a population."""
    return [
        drive
        for drive in network.drives.values()
        if drive.stimulus.kind in CONTINUOUS and drive.target.population is population
    ]


def input_values(
    network: Network, number: int, population: Population, names: Sequence[str]
) -> tuple[dict[str, Number], list[Change]]:
    """The inputs of a population at the start, noise apart, and how currents that begin, change or end change them."""
    start: dict[str, Number] = {}
    changes: list[Change] = []
    for name in names:
        drives = [
            drive for drive in continuous(network, population) if drive.port == name and drive.stimulus.kind == "current"
        ]
        courses = [_pieces(drive, drive.weight) for drive in drives]
        steps = {0, *(step for each in courses for step in each.steps.tolist())}
        rest = float(population.model.inputs.get(name, 0.0))  # noise in equations is no input of the model
        values = [Change(step, number, name, _input_after(step, rest, drives, courses)) for step in sorted(steps)]
        start[name], changes = values[0].values, changes + values[1:]
    return start, changes


def _input_after(step: float, rest: float, drives: Sequence[Drive], courses: Sequence[Pieces]) -> Number:
    """The sum of the currents in the step after `step`, in order of declaration; an array if it ever is one."""
    each = any(
        drive.target.selection is not None or any(np.ndim(value) for value in course.values)
        for drive, course in zip(drives, courses, strict=True)
    )
    total = np.full(drives[0].target.population.size if each else (), rest)
    for drive, amounts in zip(drives, courses, strict=True):
        where = slice(None) if drive.target.selection is None else drive.target.selection
        total[where if each else ()] += amounts.after(step)
    return total if each else float(total)


def _events(network: Network, order: int, drive: Drive) -> EventsPlan:
    dt = drive.target.population.time_grid.dt
    assert drive.stimulus.times is not None
    steps = np.rint(drive.stimulus.times / dt).astype(np.int64) + int(drive.delay)  # on the grid: `drive` has seen to it
    return EventsPlan(order, place(network, drive), receptor(drive), *listed(drive, steps))


def listed(drive: Drive, steps: Any) -> tuple[Any, IntArray, FloatArray]:
    """Steps or times of events, sorted, with the id and the amount of each."""
    stimulus, target = drive.stimulus, drive.target
    factors = np.broadcast_to(np.asarray(stimulus.value), steps.shape)
    places: IntArray
    if stimulus.ids is None:
        places = np.tile(np.arange(target.size), len(steps))
        steps, factors = np.repeat(steps, target.size), np.repeat(factors, target.size)
    else:
        places = stimulus.ids
    amounts = np.broadcast_to(np.asarray(drive.weight), target.size)[places] * factors
    order_of = np.argsort(steps, kind="stable")
    return steps[order_of], target.ids[places][order_of], amounts[order_of]


def _pieces(drive: Drive, factor: Number) -> Pieces:
    stimulus = drive.stimulus
    return pieces(drive.target.population.time_grid, stimulus.value, factor, stimulus.start, stimulus.stop)


def _course(drive: Drive, factor: Number) -> Course:
    found = _pieces(drive, factor)
    return Course(found.steps.astype(np.int64), found.values)


def key(network: Network, drive: Drive, trial: int) -> int:
    """The random stream of a drive in a trial."""
    return stream_key(network.seed, "drive", drive.name, "noise", trial)


def place(network: Network, drive: Drive) -> int:
    """The number of the population that is driven."""
    return list(network.populations).index(drive.target.name)


def receptor(drive: Drive) -> int:
    """The number of the receptor that is reached."""
    return list(drive.target.population.model.receptors).index(drive.port)
