"""What is to be simulated: populations, projections, drives and records. Declarations only; `run` hands them on."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hsnn_event.catalog import Catalog
from hsnn_event.errors import ArgumentTypeError, DeclarationError, unknown_name
from hsnn_event.grid import Grid
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.source import SourceModel
from hsnn_event.population import Assignment, Group, Population, Value, View, parts
from hsnn_event.projection import Drive, Projection, declared_drive, declared_projection
from hsnn_event.quantities import is_array, real, whole
from hsnn_event.recording import Record, Result
from hsnn_event.stimuli import Stimulus
from hsnn_event.topology.rules import Rule

if TYPE_CHECKING:
    from hsnn_event.simulation import Simulation

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PRECISIONS = ("double", "single")
WEIGHT_TYPES = ("auto", "float32", "float64")
BACKENDS = ("numba", "reference")
SCHEDULES = ("auto", "clock")


class Network:
    """A network to be simulated on a grid of `dt` ms.

    `seed` fixes structure, initial values and noise; None draws one, found in `net.seed`. `threads` and `blocks`
    (None: chosen from the machine and the size) change the speed, never the result. `precision` is that of states and
    arithmetic; weights="auto" gives them the same. `round_delays` moves delays onto the grid instead of refusing them.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(dt=0.1, seed=1)
    >>> net.population("exc", 100, hsnn.models.lif_exp(I_e=500.0))
    <population 'exc': 100 x lif_exp>
    """

    def __init__(
        self,
        *,
        dt: float = 0.1,
        seed: int | None = 0,
        threads: int | None = None,
        precision: str = "double",
        weights: str = "auto",
        backend: str = "numba",
        round_delays: bool = False,
        blocks: int | None = None,
    ) -> None:
        if dt is None:
            raise DeclarationError("dt=None asks for exact spike times, which this version does not have; give dt in ms.")
        self.grid = Grid(real(dt, "dt", low=1e-6))
        self.seed = int.from_bytes(os.urandom(4), "little") if seed is None else whole(seed, "seed")
        self.threads = None if threads is None else whole(threads, "threads", low=1)
        self.blocks = None if blocks is None else whole(blocks, "blocks", low=1)
        self.precision = _choice("precision", precision, PRECISIONS)
        self.weights = _choice("weights", weights, WEIGHT_TYPES)
        self.backend = _choice("backend", backend, BACKENDS)
        self.round_delays = bool(round_delays)
        self.populations: Catalog[Population] = Catalog("population")
        self.projections: Catalog[Projection] = Catalog("projection")
        self.drives: Catalog[Drive] = Catalog("drive")
        self.records: list[Record] = []
        self.last_result: Result | None = None
        self.trial = 0
        self._simulation: Simulation | None = None

    @property
    def dt(self) -> float:
        """The time step in ms."""
        return self.grid.dt

    @property
    def t(self) -> float:
        """Model time in ms."""
        return 0.0 if self._simulation is None else self._simulation.time

    def __getitem__(self, name: str) -> Population:
        return self.populations[name]

    def population(
        self,
        name: str,
        size: int,
        model: NeuronModel,
        *,
        schedule: str = "auto",
        method: str = "auto",
        labels: Sequence[Hashable] | None = None,
    ) -> Population:
        """Add `size` neurons of `model`, numbered from 0. `method` names the integrator; "auto" suits the equations."""
        self._require_open("a population")
        if not isinstance(name, str) or not name.isidentifier():
            raise DeclarationError(f"a population's name is an identifier such as 'exc', not {name!r}.", name=name)
        if not isinstance(model, NeuronModel):
            raise ArgumentTypeError(f"population {name!r} needs a NeuronModel, such as models.lif_exp(), not {model!r}.")
        _choice(f"population {name!r}: schedule", schedule, SCHEDULES)
        count = whole(size, f"population {name!r}: size", low=1)
        if isinstance(model, SourceModel):
            model.check(count, self.grid, f"population {name!r}")
        population = Population(self, name, count, model, method, labels)
        self.populations.add(name, population)
        return population

    def connect(
        self,
        source: View | Group,
        target: View | Group,
        rule: Rule,
        *,
        weight: Value,
        delay: Value,
        receptor: str | None = None,
        name: str | None = None,
        round_delays: bool | None = None,
    ) -> Projection | list[Projection]:
        """Connect neurons of `source` to a receptor of `target` (which may be left out where there is one).

        `weight` and `delay` (ms, one step at least) are a number, an array in the order of the rule's rows, or a
        distribution. A group gives one projection for each pair of its members, as a list, where that means the same.
        """
        self._require_open("a projection")
        if not isinstance(rule, Rule):
            raise ArgumentTypeError(f"a rule of hsnn.connect is needed, such as bernoulli(p=0.1), not {rule!r}.", value=rule)
        sources, targets = self._own_parts(source), self._own_parts(target)
        rounds = self.round_delays if round_delays is None else bool(round_delays)
        several = isinstance(source, Group) or isinstance(target, Group)
        if several:
            rule.check_divisible(len(sources), len(targets))
            if is_array(weight) or is_array(delay):
                raise DeclarationError("arrays of weights or delays do not fit a group; connect its members one by one.")
        made = [
            declared_projection(one, other, rule, weight, delay, receptor, self.grid, rounds)
            for one in sources
            for other in targets
        ]
        if name is not None and len(made) == 1 and name in self.projections:
            raise DeclarationError(f"a projection named {name!r} exists already; choose another name.", name=name)
        for number, projection in enumerate(made):
            made[number] = replace(projection, name=self.projections.free_name(name or projection.name))
            self.projections.add(made[number].name, made[number])
        return made if several else made[0]

    def drive(
        self,
        target: View | Group,
        stimulus: Stimulus,
        weight: float | FloatArray = 1.0,
        receptor: str | None = None,
        delay: float = 0.0,
        *,
        input: str | None = None,
    ) -> Drive | list[Drive]:
        """Drive each neuron of `target` from outside: spikes reach a receptor, currents and noise a continuous input.

        `weight` is a number or an array in order of the target; it also scales currents and noise. `delay` (ms) shifts spike
        trains. `receptor` and `input` may be left out where there is one. A group gives a list.
        """
        self._require_open("a drive")
        if not isinstance(stimulus, Stimulus):
            raise ArgumentTypeError(f"a stimulus of hsnn.stimuli is needed, such as poisson(rate=8.0), not {stimulus!r}.")
        targets = self._own_parts(target)
        if isinstance(target, Group) and (is_array(weight) or stimulus.n_targets is not None or stimulus.ids is not None):
            raise DeclarationError("arrays do not drive a group; drive its members one by one.")
        made = [
            declared_drive(one, stimulus, weight, receptor, delay, input, self.grid, self.round_delays) for one in targets
        ]
        for number, drive in enumerate(made):
            made[number] = replace(drive, name=self.drives.free_name(drive.name))
            self.drives.add(made[number].name, made[number])
        return made if isinstance(target, Group) else made[0]

    def record(
        self,
        target: View | Group,
        what: str | Sequence[str],
        *,
        every: float | None = None,
        name: str | None = None,
    ) -> Record | list[Record]:
        """Keep the "spikes" or the named states of `target`; the handle finds the data: `result[handle]`.

        States are sampled at absolute multiples of `every` ms (None: in every step), after threshold and reset; the
        first one after the start of a run. A group gives a list of handles, one a member.
        """
        made = [self._record(one, what, every, name) for one in self._own_parts(target)]
        for number, record in enumerate(made):
            made[number] = self._kept(record, name)
        return made if isinstance(target, Group) else made[0]

    def run(self, duration: float, *, progress: bool | Callable[..., object] = False) -> Result:
        """Simulate `duration` ms (whole steps) and return what was recorded in them.

        Raises DivergenceError where a state becomes NaN or infinite and RunInterrupted on Ctrl-C; both hold what was
        recorded so far in `error.result`, and the network can go on.
        """
        steps = self.grid.steps(real(duration, "duration", low=0.0), "duration")
        if not self.populations:
            raise DeclarationError("the network has no population; add one with net.population(name, size, model).")
        return self._running().run(steps, progress)

    def reset(self, trial: int = 0) -> None:
        """Back to time 0: states at their initial values, no spikes in flight, noise of the given trial.

        Parameters and synapses stay as they are.
        """
        self.trial = whole(trial, "trial")
        if self._simulation is not None:
            self._simulation.restart(self.trial)

    def value(self, population: Population, variable: str) -> FloatArray:
        """A copy of a state or parameter of a whole population, shape (size,); `View.get` is the way to it."""
        if self._simulation is not None:
            return self._simulation.value(population, variable)
        values: FloatArray = _simulations().initial_value(self, population, variable)
        return values

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Carry out checked assignments: `View.set` is the way to it."""
        if self._simulation is not None:
            self._simulation.assign(assignments)
        else:
            for assignment in assignments:
                assignment.population.assignments.append(assignment)

    def edges(self, projection: Projection) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
        """Sources, targets, weights and delays (steps) of a projection; `Projection.edges` is the way to it."""
        if self._simulation is not None:
            return self._simulation.edges(projection)
        edges: tuple[IntArray, IntArray, FloatArray, IntArray] = _simulations().drawn_edges(self, projection)
        return edges

    def _record(self, target: View, what: str | Sequence[str], every: float | None, name: str | None) -> Record:
        where = f"record of {target.name!r}"
        names = (what,) if isinstance(what, str) else tuple(what)
        if not names:
            raise DeclarationError(f"{where}: name what to record, 'spikes' or states.")
        if names != ("spikes",):
            for variable in names:
                if variable not in target.population.model.states:
                    raise unknown_name(f"{where}:", variable, ("spikes", *target.population.model.states))
        elif every is not None:
            raise DeclarationError(f"{where}: spikes have no interval; leave out every=.")
        if every is not None:
            every = real(every, f"{where}: every", low=self.dt * 0.5)
            self.grid.steps(every, f"{where}: every")
        selection = None if target.selection is None else target.selection.copy()
        return Record(target.name, selection, "spikes" if names == ("spikes",) else names, every, name or "")

    def _kept(self, record: Record, name: str | None) -> Record:
        """The record itself, now listed, or the one that keeps the same already."""
        for known in self.records:
            same = (known.target, known.what, known.every) == (record.target, record.what, record.every)
            if same and _same_ids(known.ids, record.ids) and name in (None, known.name):
                return known
        taken = {known.name for known in self.records}
        what = record.what if isinstance(record.what, str) else ",".join(record.what)
        stem = name or f"{record.target}.{what}"
        number, free = 1, stem
        while free in taken:
            number, free = number + 1, f"{stem}#{number + 1}"
        self.records.append(replace(record, name=free))
        return self.records[-1]

    def _own_parts(self, neurons: View | Group) -> tuple[View, ...]:
        members = parts(neurons)
        for member in members:
            if member.population.network is not self:
                raise DeclarationError(f"population {member.name!r} belongs to another network.", name=member.name)
        return members

    def _require_open(self, what: str) -> None:
        if self._simulation is not None:
            raise DeclarationError(f"{what} cannot be added after the first run; declare it before, or build a new network.")

    def _running(self) -> Simulation:
        if self._simulation is None:
            self._simulation = _simulations().Simulation(self)
        return self._simulation

    def __repr__(self) -> str:
        neurons = sum(population.size for population in self.populations.values())
        return (
            f"<network: {len(self.populations)} populations with {neurons} neurons, {len(self.projections)} projections, "
            f"dt {self.dt:g} ms, t {self.t:g} ms>"
        )


def _simulations() -> ModuleType:
    """What runs a network: loaded by the first need of it, since declarations know nothing of it."""
    return import_module("hsnn_event.simulation")


def _same_ids(one: IntArray | None, other: IntArray | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def _choice(what: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise unknown_name(what, value, known)
    return value
