"""What runs: builds an engine for a network, advances it, and collects what was recorded. Owns all running state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from hsnn_event import __version__
from hsnn_event.errors import DeclarationError, RunInterrupted
from hsnn_event.lowering.ir import FloatArray, Number
from hsnn_event.lowering.program import (
    LoweredNetwork,
    assigned,
    lower_network,
    value_plan,
    with_conductance,
)
from hsnn_event.monitor.progress import Progress
from hsnn_event.network.coupling import Coupling
from hsnn_event.network.junctions import JunctionModel
from hsnn_event.network.network import Network
from hsnn_event.network.population import Population
from hsnn_event.network.projection import Projection, Weight
from hsnn_event.network.schedule import Callback, ScheduledChange, lacking
from hsnn_event.network.views import Assignment
from hsnn_event.recording import Result
from hsnn_event.recording.hyperedges import Hyperedges
from hsnn_event.recording.stream import Stream
from hsnn_event.simulation.collector import Collector
from hsnn_event.simulation.divergence import require_finite
from hsnn_event.simulation.engines import threads
from hsnn_event.simulation.hyperedges import hyperedges_of
from hsnn_event.simulation.interrupt import interruptible
from hsnn_event.simulation.recorders import recorders_of
from hsnn_event.simulation.room import require_room
from hsnn_event.simulation.runner import Runner
from hsnn_event.simulation.timeline import Timeline

PIECE_SECONDS = 0.05  # of wall time between looks at Ctrl-C, progress and divergence


class Simulation:
    """A network that runs: its programs, their engines, its place in time and its timeline of scheduled changes."""

    def __init__(self, network: Network) -> None:
        began = perf_counter()
        require_room(network)
        self.network = network
        self._known_hyperedges: tuple[Hyperedges, ...] | None = None
        self.lowered: LoweredNetwork = lower_network(network)
        self.parameters = [dict(values) for values in self.lowered.parameters]
        # Those that a trial begins with: without what scheduled changes have done, to populations `moved` lists.
        self.lasting = [dict(values) for values in self.lowered.parameters]
        self.moved: set[int] = set()
        lowering = perf_counter() - began
        self._n_threads = threads(network)
        self.engine = Runner(network, self.lowered, self._n_threads)
        self._numbers = {name: number for number, name in enumerate(network.populations)}
        self._streams: dict[str, Stream] = {}  # files that are recorded to, by path
        self.timeline = self._armed()
        self._runs = False
        self._piece: float = 1  # steps at a time, as many as fit into PIECE_SECONDS
        built = self.engine.timing or {"construct": perf_counter() - began - lowering}
        self._building = {**built, "construct": built["construct"] + lowering}

    @property
    def time(self) -> float:
        """Model time in ms."""
        return self.network.grid.time(self.step)

    @property
    def step(self) -> float:
        """Whole steps done, or the time in ms where there is no clock."""
        return self.engine.step

    def run(self, end: float, progress: bool | Callable[..., object]) -> Result:
        """Advance to step `end`; what was recorded on the way. After an error the same of the steps that were done."""
        self.require_rest("run")
        network = self.network
        self._require_callbacks(end)
        collector = self._collector(end)
        bar = Progress(progress, self.time, network.grid.time(collector.end))
        collector.begin()
        self._runs, finite = True, self.time
        try:
            with interruptible() as interrupted, bar:
                for _ in self._pieces(collector):
                    require_finite(list(network.populations.values()), self.lowered, self.engine, (finite, self.time))
                    finite = self.time
                    bar.update(self.time)
                    if interrupted.is_set():
                        raise KeyboardInterrupt
                collector.flush()
        except KeyboardInterrupt as error:
            result = self._finish(collector)
            text = f"interrupted at {self.time:g} ms; error.result holds what was recorded, and the network can go on."
            raise RunInterrupted(text, result=result) from error
        except BaseException as error:
            error.result = self._finish(collector)  # type: ignore[attr-defined]
            raise
        finally:
            self._runs = False
        return self._finish(collector)

    def restart(self, trial: int) -> None:
        """Back to time 0; states at their initial values, noise of `trial`."""
        self.require_rest("reset")
        self.write_parameters({number: dict(self.lasting[number]) for number in self.moved})
        self.engine.restart(trial)
        self._streams = {}
        self.moved.clear()
        self.timeline = self._armed()

    def go_on(self, changes: Sequence[ScheduledChange], calls: Sequence[tuple[float, Callback]]) -> None:
        """Take up the timeline where the engine stands: these changes and (step, callback) are still to come."""
        inputs = sorted(self.lowered.changes, key=lambda change: change.step)
        for change in inputs:
            if change.step <= self.step:
                self.engine.write(change.population, change.input, change.values)
        self.timeline = Timeline((*(each for each in inputs if each.step > self.step), *changes))
        for step, call in calls:
            self.timeline.add(call, step)

    def value(self, population: Population, variable: str) -> FloatArray:
        """A state or parameter of a whole population."""
        number = self._numbers[population.name]
        if variable in population.model.states:
            return self.engine.read(number, variable)
        return np.array(np.broadcast_to(self.parameters[number][variable], population.size), dtype=np.float64)

    def assign(self, assignments: Sequence[Assignment], lasting: bool = True) -> None:
        """Change states and parameters now. Nothing is changed if one of them is refused.

        What is not `lasting` is undone by the next trial.
        """
        states: dict[tuple[int, str], Number] = {}
        for each in assignments:
            number = self._numbers[each.population.name]
            if each.variable in each.population.model.states:
                before = states.get((number, each.variable))
                held = self.engine.read(number, each.variable) if before is None else before
                states[number, each.variable] = assigned(held, each, self.network.seed)
        parameters = self._reassigned(assignments, self.parameters)
        self.write_parameters(parameters)
        if lasting:
            for number, values in self._reassigned(assignments, self.lasting).items():
                self.lasting[number] = values
        else:
            self.moved |= parameters.keys()
        for (number, variable), value in states.items():
            self.engine.write(number, variable, value)

    def schedule(self, step: float, assignments: Sequence[Assignment]) -> None:
        """Change states and parameters at the end of a step to come, in this trial."""
        for number, values in self._reassigned(assignments, self.parameters).items():
            self._constants(number, values)  # refused now rather than then
        self.timeline.add(ScheduledChange(step, tuple(assignments)), step)

    def write_parameters(self, parameters: Mapping[int, dict[str, Number]]) -> None:
        """Give populations, by number, all their parameters; nothing is changed if one is refused."""
        constants = {number: self._constants(number, values) for number, values in parameters.items()}
        for number, values in parameters.items():
            self.parameters[number] = values
            for name, value in constants[number].items():
                self.engine.write(number, name, value)

    def reweight(self, projection: Projection, weight: Weight) -> None:
        """New weights for a projection; spikes in flight arrive with them."""
        self.engine.reweight(self._number(projection), value_plan(weight))

    def reconduct(self, coupling: Coupling, conductance: Weight) -> None:
        """New conductances for a coupling, and as many substeps as they need."""
        number = list(self.network.couplings).index(coupling.name)
        self.lowered = with_conductance(self.network, self.lowered, number, value_plan(conductance))
        assert self.lowered.program is not None
        plan = self.lowered.program.couplings[number]
        self.engine.reconduct(number, plan.edges.weight, self.lowered.program.substeps)
        joined = (p for p, model in enumerate(self.lowered.models) if getattr(model, "joined", False))
        self.write_parameters({p: self.parameters[p] for p in joined})

    def bytes_per_synapse(self, projection: Projection) -> float:
        """Memory a synapse, NaN where the backend does not count it."""
        return self.engine.bytes_per_synapse(self._number(projection))

    def _number(self, projection: Projection) -> int:
        return list(self.network.projections).index(projection.name)

    def _pieces(self, collector: Collector) -> Iterator[None]:
        """Advance to the end of the run, stopping where something is to be done; yields every PIECE_SECONDS or so."""
        last = perf_counter()
        self._act()
        while self.step < collector.end:
            began, whole = perf_counter(), self.step + self._piece
            goal = min(whole, collector.goal(self.step), self.timeline.next, collector.end)
            # Without a clock, a change or callback comes before all else of its instant, which is done afterwards.
            before = self.engine.exact is not None and goal == self.timeline.next
            self._advance(collector, goal, before)
            try:
                self._act()
            finally:
                if before:
                    self._advance(collector, goal)
            now = perf_counter()
            if goal == whole:
                fitting = self._piece * PIECE_SECONDS / max(now - began, 1e-9)
                self._piece = self.network.grid.stretch(min(2 * self._piece, fitting))
            if now - last > PIECE_SECONDS / 2 or self.step == collector.end:
                last = now
                yield

    def _advance(self, collector: Collector, goal: float, before: bool = False) -> None:
        with collector.timed("simulate"):
            seen = self.engine.advance(goal, collector.watch(goal, before), before)
        with collector.timed("record"):
            collector.take(seen)

    def _collector(self, end: float) -> Collector:
        network = self.network
        kernels = (model.kernel for model in self.lowered.models)
        recorders = recorders_of(network, [kernel.inputs for kernel in kernels])
        dt = network.grid.dt  # NaN without a clock
        header = {"hsnn_event": __version__, "dt": dt, "seed": str(network.seed), "trial": network.trial}
        for path in {each.path for each in recorders if each.path is not None} - self._streams.keys():
            self._streams[path] = Stream(path, {**header, "run": network.run_id})
        window = 0.0 if self.lowered.exact is None else self.lowered.exact.window
        return Collector(
            network.grid, recorders, self._streams, self._host_values, len(network.populations), self.step, end, window
        )

    def _host_values(self, number: int) -> dict[str, Number]:
        """Parameters as they are now, and the inputs that nothing drives."""
        inputs = list(self.network.populations.values())[number].model.inputs
        return {**inputs, **self.parameters[number]}

    def _armed(self) -> Timeline:
        """The timeline of a trial."""
        return Timeline((*self.lowered.changes, *self.network.changes, *self.network.callbacks))

    def _act(self) -> None:
        """Carry out what is to happen now, at the end of the step just done."""
        for event in self.timeline.due(self.step):
            if isinstance(event, ScheduledChange):
                self.assign(event.assignments, lasting=False)
            elif isinstance(event, Callback):
                if event in self.network.callbacks and event.look is not None:
                    event.look(self.network)
            else:
                self.engine.write(event.population, event.input, event.values)

    def require_rest(self, what: str) -> None:
        """Refuse what a callback must not do."""
        if self._runs:
            raise DeclarationError(f"a callback cannot {what} its own network; do so after the run, or between net.steps().")

    def _require_callbacks(self, end: float) -> None:
        for step, event in self.timeline:
            if step > end:
                break
            if isinstance(event, Callback) and event.look is None and event in self.network.callbacks:
                raise lacking(event, step, self.network.grid)

    def _reassigned(
        self, assignments: Sequence[Assignment], held: Sequence[dict[str, Number]]
    ) -> dict[int, dict[str, Number]]:
        """All parameters of the populations of which some are assigned."""
        parameters: dict[int, dict[str, Number]] = {}
        for each in assignments:
            if each.variable in each.population.model.parameters:
                number = self._numbers[each.population.name]
                values = parameters.setdefault(number, dict(held[number]))
                values[each.variable] = assigned(values[each.variable], each, self.network.seed)
        return parameters

    def _constants(self, number: int, parameters: dict[str, Number]) -> dict[str, Number]:
        return self.lowered.models[number].constants(parameters, self.lowered.populations[number].size)

    def _finish(self, collector: Collector) -> Result:
        began = perf_counter()
        spikes, records = collector.data()
        collector.timing["record"] += perf_counter() - began
        timing = {**self._building, **collector.timing}
        self._building = dict.fromkeys(self._building, 0.0)  # the first result has paid for it
        start, stop = self.network.grid.time(collector.start), self.time
        result = Result(spikes, records, timing, self._info(), start, stop, self._hyperedges(spikes))
        self.network.last_result = result
        return result

    def _hyperedges(self, spikes: Mapping[str, object]) -> tuple[Hyperedges, ...]:
        """What results that recorded junctions are told of hyperedges; found once, since none changes."""
        populations = self.network.populations
        if not any(isinstance(populations[name].model, JunctionModel) for name in spikes):
            return ()
        if self._known_hyperedges is None:
            self._known_hyperedges = hyperedges_of(self.network)
        return self._known_hyperedges

    def _info(self) -> dict[str, Any]:
        network = self.network
        return {
            "version": __version__,
            "seed": network.seed,
            "trial": network.trial,
            "dt": network.dt,
            "backend": network.backend,
            "threads": 1 if network.backend == "reference" else self._n_threads,
            "precision": network.precision,
            "weights": self.lowered.weight_type,
        }
