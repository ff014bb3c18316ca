"""What runs: builds an engine for a network, advances it, and collects what was recorded. Owns all running state."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from time import perf_counter
from typing import Any

import numba
import numpy as np
from sortedcontainers import SortedKeyList

from hsnn_event import __version__
from hsnn_event.backends.protocol import Engine
from hsnn_event.collector import Collector
from hsnn_event.errors import DivergenceError, RunInterrupted
from hsnn_event.lowering.ir import FloatArray, IntArray, Number
from hsnn_event.lowering.program import (
    Change,
    LoweredNetwork,
    assigned,
    drive_keys,
    initial_states,
    lower_network,
    lower_population,
    resolved_parameters,
    value_plan,
)
from hsnn_event.monitor.progress import Progress
from hsnn_event.network import Network
from hsnn_event.population import Assignment, Population
from hsnn_event.projection import Projection, Weight
from hsnn_event.recording import Result

ENGINES = {
    "numba": "hsnn_event.backends.numba.engine:NumbaEngine",
    "reference": "hsnn_event.backends.reference:ReferenceEngine",
}
NEURONS_A_THREAD = 10_000  # below, waiting for each other costs threads more than they gain: benchmarks/README.md, "threads"
PIECE_SECONDS = 0.05  # of wall time between looks at Ctrl-C, progress and divergence


class Simulation:
    """A network that runs: its Program, its engine, its place in time and its timeline of scheduled changes."""

    def __init__(self, network: Network) -> None:
        began = perf_counter()
        self.network = network
        self.lowered: LoweredNetwork = lower_network(network)
        self.parameters = [dict(values) for values in self.lowered.parameters]
        lowering = perf_counter() - began
        self.engine = _engine(network, self.lowered)
        self._numbers = {name: number for number, name in enumerate(network.populations)}
        self._timeline = self._all_changes()
        built = getattr(self.engine, "timing", None) or {"construct": perf_counter() - began - lowering}
        self._building = {**built, "construct": built["construct"] + lowering}

    @property
    def time(self) -> float:
        """Model time in ms."""
        return self.network.grid.time(self.engine.step)

    def run(self, n_steps: int, progress: bool | Callable[..., object]) -> Result:
        """Advance by `n_steps`; what was recorded in them. After an error the same of the steps that were done."""
        sizes = {name: population.size for name, population in self.network.populations.items()}
        collector = Collector(self.engine, self.network.grid, sizes, self.network.records, n_steps)
        bar = Progress(progress, self.time, self.network.grid.time(collector.end))
        try:
            with _interruptible() as interrupted, bar:
                for _ in self._pieces(collector):
                    self._check_finite()
                    bar.update(self.time)
                    if interrupted.is_set():
                        raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            result = self._finish(collector)
            text = f"interrupted at {self.time:g} ms; error.result holds what was recorded, and the network can go on."
            raise RunInterrupted(text, result=result) from error
        except BaseException as error:
            error.result = self._finish(collector)  # type: ignore[attr-defined]
            raise
        return self._finish(collector)

    def restart(self, trial: int) -> None:
        """Back to time 0; states at their initial values, noise of `trial`."""
        self.engine.restart(drive_keys(self.network, trial))
        for number, plan in enumerate(self.lowered.program.populations):
            for name, values in (*plan.states.items(), *plan.inputs.items()):
                self.engine.write(number, name, values)
        self._timeline = self._all_changes()

    def value(self, population: Population, variable: str) -> FloatArray:
        """A state or parameter of a whole population."""
        number = self._numbers[population.name]
        if variable in population.model.states:
            return self.engine.read(number, variable)
        return np.array(np.broadcast_to(self.parameters[number][variable], population.size), dtype=np.float64)

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Change states and parameters now. Nothing is changed if one of them is refused."""
        states: dict[tuple[int, str], Number] = {}
        parameters: dict[int, dict[str, Number]] = {}
        for each in assignments:
            number = self._numbers[each.population.name]
            if each.variable in each.population.model.states:
                before = states.get((number, each.variable))
                held = self.engine.read(number, each.variable) if before is None else before
                states[number, each.variable] = assigned(held, each, self.network.seed)
            else:
                values = parameters.setdefault(number, dict(self.parameters[number]))
                values[each.variable] = assigned(values[each.variable], each, self.network.seed)
        constants = {
            number: self.lowered.models[number].constants(values, self.lowered.program.populations[number].size)
            for number, values in parameters.items()
        }
        for number, values in parameters.items():
            self.parameters[number] = values
            for name, value in constants[number].items():
                self.engine.write(number, name, value)
        for (number, variable), value in states.items():
            self.engine.write(number, variable, value)

    def edges(self, projection: Projection) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
        """Sources, targets, weights and delays in steps."""
        return self.engine.edges(list(self.network.projections).index(projection.name))

    def reweight(self, projection: Projection, weight: Weight) -> None:
        """New weights for a projection; spikes in flight arrive with them."""
        self.engine.reweight(list(self.network.projections).index(projection.name), value_plan(weight))

    def bytes_per_synapse(self, projection: Projection) -> float:
        """Memory a synapse, NaN where the backend does not count it."""
        measured = getattr(self.engine, "bytes_per_synapse", None)
        number = list(self.network.projections).index(projection.name)
        return math.nan if measured is None else float(measured(number))

    def _pieces(self, collector: Collector) -> Iterator[None]:
        """Advance to the end of the run, stopping where something is to be done; yields every PIECE_SECONDS or so."""
        piece, last = 1, perf_counter()
        self._apply_changes()
        while self.engine.step < collector.end:
            goal = min(self.engine.step + piece, collector.next_sample(self.engine.step), self._next_change(), collector.end)
            began, steps = perf_counter(), goal - self.engine.step
            with collector.timed("simulate"):
                self.engine.advance(steps, collector.watched)
            with collector.timed("record"):
                collector.sample()
            self._apply_changes()
            now = perf_counter()
            if steps == piece:
                piece = max(1, min(2 * piece, int(piece * PIECE_SECONDS / max(now - began, 1e-9))))
            if now - last > PIECE_SECONDS / 2 or self.engine.step == collector.end:
                last = now
                yield

    def _all_changes(self) -> SortedKeyList:
        return SortedKeyList(self.lowered.changes, key=lambda change: change.step)

    def _next_change(self) -> int:
        return self._timeline[0].step if self._timeline else np.iinfo(np.int64).max

    def _apply_changes(self) -> None:
        """Carry out what is scheduled for now, the end of the step just done."""
        while self._timeline and self._timeline[0].step <= self.engine.step:
            change: Change = self._timeline.pop(0)
            self.engine.write(change.population, change.input, change.values)

    def _check_finite(self) -> None:
        for number, plan in enumerate(self.lowered.program.populations):
            for state in plan.states:
                values = self.engine.read(number, state)
                if not np.isfinite(values).all():
                    neuron = int(np.flatnonzero(~np.isfinite(values))[0])
                    raise DivergenceError(
                        f"population {plan.name!r}: {state} of neuron {neuron} is {values[neuron]} at {self.time:g} ms. "
                        "Take a smaller dt or another method=, or look for a weight or parameter that is too large.",
                        population=plan.name,
                        state=state,
                        neuron=neuron,
                        time=self.time,
                    )

    def _finish(self, collector: Collector) -> Result:
        began = perf_counter()
        spikes, records = collector.data()
        collector.timing["record"] += perf_counter() - began
        timing = {**self._building, **collector.timing}
        self._building = dict.fromkeys(self._building, 0.0)  # the first result has paid for it
        start, stop = self.network.grid.time(collector.start), self.time
        result = Result(spikes=spikes, records=records, timing=timing, info=self._info(), t_start=start, t_stop=stop)
        self.network.last_result = result
        return result

    def _info(self) -> dict[str, Any]:
        network = self.network
        return {
            "version": __version__,
            "seed": network.seed,
            "trial": network.trial,
            "dt": network.dt,
            "backend": network.backend,
            "threads": 1 if network.backend == "reference" else threads(network),
            "precision": network.precision,
            "weights": self.lowered.program.weight_type,
        }


def initial_value(network: Network, population: Population, variable: str) -> FloatArray:
    """A state or parameter as the first run would find it."""
    parameters = resolved_parameters(population, network.seed)
    if variable in parameters:
        return np.array(np.broadcast_to(parameters[variable], population.size), dtype=np.float64)
    return initial_states(population, lower_population(network, population), parameters, network.seed)[variable]


def _engine(network: Network, lowered: LoweredNetwork) -> Engine:
    module, _, name = ENGINES[network.backend].partition(":")
    kind = getattr(import_module(module), name)
    if network.backend == "reference":
        engine: Engine = kind(lowered.program)
    else:
        engine = kind(lowered.program, threads(network), network.blocks)
    return engine


def threads(network: Network) -> int:
    """As many as asked for, else as many cores as this process may use and the network can occupy."""
    if network.threads is not None:
        return network.threads
    n_neurons = sum(population.size for population in network.populations.values())
    return min(int(numba.config.NUMBA_NUM_THREADS), 1 + n_neurons // NEURONS_A_THREAD)


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Ctrl-C sets the event, so that a step in progress is finished; a handler of the user's own is left alone."""
    interrupted = threading.Event()
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not ours:
        yield interrupted
        return
    signal.signal(signal.SIGINT, lambda number, frame: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
