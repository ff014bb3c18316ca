"""What is to be simulated: populations, projections, drives and records. Declarations only; `run` hands them on."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event import extensions
from hsnn_event.errors import ArgumentTypeError, DeclarationError, ValueRangeError, keywords_known, shown
from hsnn_event.grid import Continuum, Grid, Time
from hsnn_event.model.declare import NeuronModel
from hsnn_event.model.source import SourceModel
from hsnn_event.network import overview
from hsnn_event.network.catalog import Catalog
from hsnn_event.network.composition import Composition
from hsnn_event.network.control import RunControl
from hsnn_event.network.coupling import LINEAR, Coupling, declared_coupling
from hsnn_event.network.drive import Drive, declared_drive
from hsnn_event.network.exchange import GraphExchange
from hsnn_event.network.given import call_it, choice, given_rule
from hsnn_event.network.hyper_connection import HyperConnection
from hsnn_event.network.part import Part
from hsnn_event.network.pictures import Pictures
from hsnn_event.network.population import Population
from hsnn_event.network.projection import Projection, Weight, declared_projection, renamed
from hsnn_event.network.record import declared_record, kept_record
from hsnn_event.network.views import Group, Value, View, parts
from hsnn_event.quantities import flag, is_array, label, real, whole
from hsnn_event.recording import Record
from hsnn_event.rng import stream_key
from hsnn_event.stimuli import Stimulus
from hsnn_event.topology.distance import DistanceDelay
from hsnn_event.topology.pattern import Pattern
from hsnn_event.topology.positions import Shape
from hsnn_event.topology.rules import Rule, check_divisible

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PRECISIONS = ("double", "single")
WEIGHT_TYPES = ("auto", "float32", "float64")
BACKENDS = ("numba", "reference")
SCHEDULES = ("auto", "clock", "exact")
MOST_NEURONS = 2**31 - 1  # of a population: synapses hold targets in 32 bits
METHODS = (
    "auto", "exact", "rk2", "rk4", "rk45", "exponential_euler", "rush_larsen", "exponential_midpoint", "strang",
    "izhikevich2003", "izhikevich2004",
)  # fmt: skip


class Network(GraphExchange, HyperConnection, Composition, Pictures, RunControl):
    """A network to be simulated on a grid of `dt` ms, or (dt=None) without a clock, in real numbers of ms.

    `seed` fixes structure, initial values and noise; None draws one, found in `net.seed`. `threads` and `blocks`
    (None: chosen from the machine and the size) change the speed, never the result. `precision` is that of states and
    arithmetic; weights="auto" gives them the same. `round_delays` moves delays onto the grid instead of refusing them.

    >>> import hsnn_event as hsnn
    >>> net = hsnn.Network(dt=0.1, seed=1)
    >>> net.population("exc", 100, hsnn.models.lif_exp(I_e=500.0))
    <population 'exc': 100 x lif_exp>
    """

    @keywords_known
    def __init__(
        self,
        *,
        dt: float | None = 0.1,
        seed: int | None = 0,
        threads: int | None = None,
        precision: str = "double",
        weights: str = "auto",
        backend: str = "numba",
        round_delays: bool = False,
        blocks: int | None = None,
    ) -> None:
        self.grid: Time = Continuum() if dt is None else Grid(real(dt, "dt", low=1e-6, unit="ms"))
        self.seed = int.from_bytes(os.urandom(4), "little") if seed is None else whole(seed, "seed")
        self.threads = None if threads is None else whole(threads, "threads", low=1)
        self.blocks = None if blocks is None else whole(blocks, "blocks", low=1)
        self.precision = choice("precision", precision, PRECISIONS)
        self.weights = choice("weights", weights, WEIGHT_TYPES)
        self.backend = backend if isinstance(backend, str) and backend in BACKENDS else _other_backend(backend)
        if dt is None:
            self._require_double()
        self.round_delays = flag(round_delays, "round_delays")
        self.populations: Catalog[Population] = Catalog("population")
        self.projections: Catalog[Projection] = Catalog("projection")
        self.couplings: Catalog[Coupling] = Catalog("coupling")
        self.drives: Catalog[Drive] = Catalog("drive")
        self.records: list[Record] = []
        self.ports: Catalog[View | Group] = Catalog("port")
        self.parts: Catalog[Part] = Catalog("part")
        self.run_id = os.urandom(8).hex()  # tells the files that this network records to from those of others
        super().__init__()

    @property
    def dt(self) -> float | None:
        """The time step in ms; None: there is no clock."""
        return self.grid.dt if isinstance(self.grid, Grid) else None

    def __getitem__(self, name: str) -> Population:
        return self.populations[name]

    @keywords_known
    def population(
        self,
        name: str,
        size: int | Shape,
        model: NeuronModel,
        *,
        schedule: str = "auto",
        method: str = "auto",
        labels: Sequence[Hashable] | None = None,
    ) -> Population:
        """Add `size` neurons of `model`, numbered from 0; a shape, such as `hsnn.lattice((30, 30))`, gives them positions.
        `method` names the integrator; "auto" suits the equations.

        `schedule` is "clock" or "exact": states in steps of dt and spikes on the grid, or events alone and spikes at real
        times, for linear equations. "auto" is "exact" only in a network without a clock.
        """
        self.require_open("a population")
        if not isinstance(name, str) or not name.isidentifier():
            raise DeclarationError(f"a population's name is an identifier such as 'exc', not {shown(name)}.", name=name)
        if not isinstance(model, NeuronModel):
            raise ArgumentTypeError(
                f"population {name!r} needs a NeuronModel such as models.lif_exp(), not {shown(model)}{call_it(model)}.",
                value=model,
            )
        schedule = self._schedule(f"population {name!r}", schedule)
        choice(f"population {name!r}: method", method, METHODS)
        space = size.settled(self.seed, name) if isinstance(size, Shape) else None
        count = whole(size if space is None else space.size, f"population {name!r}: size", low=1)
        if count > MOST_NEURONS:
            text = f"population {name!r}: size {shown(size)} is more than {MOST_NEURONS}. Give a smaller one, or several."
            raise ValueRangeError(text, value=size)
        if isinstance(model, SourceModel):
            model.check(count, Continuum() if schedule == "exact" else self.grid, f"population {name!r}")
        population = Population(self, name, count, model, method, labels, schedule, space)
        population._shape = size if isinstance(size, Shape) else None
        self.populations.add(name, population)
        return population

    @keywords_known
    def connect(
        self,
        source: View | Group,
        target: View | Group,
        rule: Rule | Pattern | Callable[..., Any],
        *,
        weight: Value | None = None,
        delay: Value | DistanceDelay | None = None,
        receptor: str | None = None,
        name: str | None = None,
        round_delays: bool | None = None,
    ) -> Projection | list[Projection]:
        """Connect neurons of `source` to a receptor of `target` (which may be left out where there is one).

        `weight` and `delay` (ms; on a clock one step at least) are a number, an array in the order of the rule's rows, or a
        distribution; they may be left out where the rule brings them. A delay may also be `hsnn.distance_delay(velocity)`. A
        group gives one projection for each pair of its members, as a list, where that means the same. A function in the
        place of a rule is `connect.from_function` of it.
        """
        self.require_open("a projection")
        rule = given_rule(rule)
        sources, targets = self.own_parts(source), self.own_parts(target)
        rounds = self.round_delays if round_delays is None else flag(round_delays, "round_delays")
        several = isinstance(source, Group) or isinstance(target, Group)
        if several:
            check_divisible(rule, len(sources), len(targets))
            if is_array(weight) or is_array(delay):
                raise DeclarationError(
                    "connect: arrays of weights or delays do not fit a group; connect its members one by one.",
                )
        if name is not None:
            label(name, "connect: name")
        receptors: Sequence[str | None] = [receptor]
        if receptor is None and isinstance(rule, Pattern):
            named = rule.receptors(tuple(targets[0].population.model.receptors))
            several, receptors = several or named is not None, receptors if named is None else named
        if name is not None and len(sources) * len(targets) * len(receptors) == 1 and name in self.projections:
            raise DeclarationError(f"a projection named {name!r} exists already; choose another name.", name=name)
        declared = [
            declared_projection(one, other, rule, weight, delay, each, rounds, self._projection_key(name))
            for one in sources
            for other in targets
            for each in receptors
        ]
        made = []
        for projection, *labels in declared:
            projection = renamed(projection, self.projections.free_name(name or projection.name))
            self.projections.add(projection.name, projection)
            projection.source.population.take_labels(labels[0])
            projection.target.population.take_labels(labels[1])
            made.append(projection)
        return made if several else made[0]

    def _projection_key(self, name: str | None) -> Callable[[str], int]:
        """The key of the random stream of the next projection, by its default name."""
        return lambda default: stream_key(self.seed, "projection", self.projections.free_name(name or default))

    @keywords_known
    def couple(
        self,
        a: View,
        b: View,
        rule: Rule | Pattern | Callable[..., Any],
        *,
        conductance: Value | None = 2.0,
        function: str = LINEAR,
        input: str = "I",
        symmetric: bool = True,
        normalize: str | None = None,
        substeps: int | None = None,
        name: str | None = None,
    ) -> Coupling:
        """Couple neurons continuously: `input` of neuron j grows by the sum of conductance * function over its partners.

        The default is the gap junction, conductance * (v_pre - v_post). If `symmetric`, a pair is one junction, whether the
        rule yields (i, j), (j, i) or both, and acts on both neurons; conductances given for both must agree. Else coupling
        goes from `a` to `b`. `function` is the text of an expression over `<name>_pre` and `<name>_post`, the name being
        that of a state, parameter or expression of the model. normalize="in_degree" divides the sum of a neuron by the
        number of its partners. `conductance` is a number, an array in the order of the rule's rows or a distribution, none
        of them negative; None takes the values that a matrix or graph brings.

        The sum follows the neurons through every stage of their integration method. All coupled neurons go through a step
        in `substeps` equal parts; None takes as many as keep strong conductances stable and accurate.

        Raises UnknownNameError, DeclarationError, ValueRangeError, ShapeError, ArgumentTypeError, ExpressionError.

        >>> import hsnn_event as hsnn
        >>> net = hsnn.Network(dt=0.1)
        >>> cells = net.population("cells", 3, hsnn.models.izhikevich())
        >>> net.couple(cells, cells, hsnn.connect.from_edges([0, 1, 1], [1, 0, 2]), conductance=0.5).n_junctions
        2
        """
        self.require_open("a coupling")
        ends = self.own_parts(a), self.own_parts(b)
        return declared_coupling(
            self, ends, given_rule(rule), conductance, function, input, symmetric, normalize, substeps, name
        )

    @keywords_known
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
        self.require_open("a drive")
        if not isinstance(stimulus, Stimulus):
            raise ArgumentTypeError(f"drive: give a stimulus of hsnn.stimuli, such as poisson(8.0), not {shown(stimulus)}.")
        targets = self.own_parts(target)
        if isinstance(target, Group) and (is_array(weight) or stimulus.n_targets is not None or stimulus.ids is not None):
            raise DeclarationError("drive: arrays do not fit a group; drive its members one by one.")
        made = [
            declared_drive(one, stimulus, weight, receptor, delay, input, self.round_delays) for one in targets
        ]
        for number, drive in enumerate(made):
            made[number] = replace(drive, name=self.drives.free_name(drive.name))
            self.drives.add(made[number].name, made[number])
        return made if isinstance(target, Group) else made[0]

    @keywords_known
    def record(
        self,
        target: View | Group,
        what: str | Sequence[str],
        *,
        every: float | None = None,
        at: Sequence[float] | None = None,
        to: str | os.PathLike[str] | None = None,
        name: str | None = None,
    ) -> Record | list[Record]:
        """Keep "spikes", or states, inputs, expressions of the model or arithmetic of these such as "g_exc*(v - E_exc)".

        The handle finds the data: `result[handle]`. Samples lie at absolute multiples of `every` ms (None: in every step)
        or at the times `at` (ms), after threshold and reset; the first one after the start of a run. With `to` they go to
        that HDF5 file while the network runs, and results read them from there; "{trial}" in it is the number of the
        trial. A group gives a list of handles, one a member. To record what is recorded already changes nothing.

        Raises UnknownNameError, ExpressionError, GridError, DeclarationError.
        """
        made = [declared_record(one, what, every, at, to, name, self.grid) for one in self.own_parts(target)]
        for number, record in enumerate(made):
            made[number] = kept_record(self.records, record, name)
        return made if isinstance(target, Group) else made[0]

    def value(self, population: Population, variable: str) -> FloatArray:
        """A copy of a state or parameter of a whole population, shape (size,); `View.get` is the way to it."""
        if self._simulation is not None:
            return self._simulation.value(population, variable)
        values: FloatArray = import_module("hsnn_event.simulation.first_values").initial_value(self, population, variable)
        return values

    def edges(self, projection: Projection) -> tuple[IntArray, IntArray, FloatArray, IntArray | FloatArray]:
        """Sources, targets, weights and delays (steps, or ms) of a projection; `Projection.edges` is the way to it."""
        drawing = import_module("hsnn_event.simulation.drawing")
        edges: tuple[IntArray, IntArray, FloatArray, IntArray | FloatArray] = drawing.edges(self, projection)
        return edges

    def reweight(self, projection: Projection, weight: Weight) -> None:
        """Give a projection checked weights: `Projection.set` is the way to it."""
        if self._simulation is not None:
            self._simulation.reweight(projection, weight)
        projection.take_weight(weight)

    def reconduct(self, coupling: Coupling, conductance: Weight) -> None:
        """Give a coupling checked conductances: `Coupling.set` is the way to it."""
        if self._simulation is not None:
            self._simulation.reconduct(coupling, conductance)
        coupling.take_conductance(conductance)

    def bytes_per_synapse(self, projection: Projection) -> float:
        """Memory a synapse: `Projection.bytes_per_synapse` is the way to it."""
        return math.nan if self._simulation is None else self._simulation.bytes_per_synapse(projection)

    def _schedule(self, where: str, asked: str) -> str:
        """"clock" or "exact"."""
        choice(f"{where}: schedule", asked, SCHEDULES)
        if asked == "clock" and self.dt is None:
            text = f"{where}: schedule='clock' needs steps, but dt is None. Give the network dt=, or leave schedule out."
            raise DeclarationError(text, schedule=asked)
        if asked == "exact":
            self._require_double()
        return "exact" if self.dt is None else "clock" if asked == "auto" else asked

    def _require_double(self) -> None:
        if self.precision != "double":
            text = "exact spike times need precision='double'; weights='float32' saves memory."
            raise DeclarationError(text, precision=self.precision)

    def own_parts(self, neurons: View | Group) -> tuple[View, ...]:
        """The members of a view or group; DeclarationError where one is another network's."""
        members = parts(neurons)
        for member in members:
            if member.population.network is not self:
                text = f"population {member.name!r} belongs to another network; give one of this."
                raise DeclarationError(text, name=member.name)
        return members

    def require_open(self, what: str) -> None:
        """DeclarationError after the first run, to which no part is added."""
        if self._simulation is not None:
            raise DeclarationError(f"{what} cannot be added after the first run; declare it before, or build a new network.")

    def _repr_html_(self) -> str:
        return overview.of_network(self)

    def __repr__(self) -> str:
        neurons = sum(population.size for population in self.populations.values())
        return (
            f"<network: {len(self.populations)} populations with {neurons} neurons, {len(self.projections)} projections, "
            f"{'no clock' if self.dt is None else f'dt {self.dt:g} ms'}, t {self.t:g} ms>"
        )


def _other_backend(name: object) -> str:
    """One of another package; looked for only now, since all installed packages are asked."""
    return choice("backend", name, (*BACKENDS, *extensions.names(extensions.BACKENDS)))
