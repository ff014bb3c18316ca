"""The engines of a network as one: with a clock, without, or both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hsnn_event.backends.mixed import MixedEngine
from hsnn_event.backends.protocol import Engine, ExactEngine, Flowing, Moment, Seen, Watch
from hsnn_event.lowering.ir import FloatArray, Number, ValuePlan
from hsnn_event.lowering.program import LoweredNetwork, trial_keys
from hsnn_event.network.network import Network
from hsnn_event.simulation.engines import new_engine, new_exact_engine


class Standing(NamedTuple):
    """What a run goes on from, besides states on the clock and constants."""

    clock: Moment | None
    exact: Flowing | None


class Runner:
    """Advances what a network is lowered to, and finds the engine of each population and projection."""

    def __init__(self, network: Network, lowered: LoweredNetwork, n_threads: int) -> None:
        self._network, self._lowered = network, lowered
        self.clock: Engine | None = None
        self.exact: ExactEngine | None = None
        self._mixed: MixedEngine | None = None
        if lowered.program is not None:
            self.clock = new_engine(network, lowered.program, n_threads)
        if lowered.exact is not None:
            self.exact = new_exact_engine(network, lowered.exact, n_threads)
        self._exact = np.array([each.exact for each in network.populations.values()], dtype=np.bool_)
        if lowered.program is not None and lowered.exact is not None:
            # What is more than the protocols ask for, MixedEngine says.
            engines, programs = (self.clock, self.exact), (lowered.program, lowered.exact)
            self._mixed = MixedEngine(engines, programs, self._exact, network.grid.times)  # type: ignore[arg-type]

    @property
    def step(self) -> float:
        """Whole steps done, or the time in ms where there is no clock."""
        if self.clock is not None:
            return self.clock.step
        assert self.exact is not None
        return self.exact.time

    def advance(self, goal: float, watch: Watch, before: bool = False) -> Seen:
        """Go on to `goal`; `before`: what happens at that very instant without a clock is left for the next call."""
        if self._mixed is not None:
            return self._mixed.advance(int(goal) - self._mixed.step, watch, before)
        if self.clock is not None:
            return self.clock.advance(int(goal) - self.clock.step, watch)
        assert self.exact is not None
        return self.exact.advance(goal, watch, before)

    def read(self, population: int, variable: str) -> FloatArray:
        """As an engine does."""
        return self._of(population).read(population, variable)

    def write(self, population: int, variable: str, values: Number) -> None:
        """As an engine does."""
        self._of(population).write(population, variable, values)

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        """As an engine does; `projection` is its number in the network."""
        place = self._lowered.places[projection]
        self._engine(place.exact).reweight(place.number, weight)

    def reconduct(self, coupling: int, conductance: ValuePlan, substeps: int) -> None:
        """As an engine does."""
        assert self.clock is not None
        self.clock.reconduct(coupling, conductance, substeps)

    def bytes_per_synapse(self, projection: int) -> float:
        """Memory a synapse, NaN where the backend does not count it."""
        place = self._lowered.places[projection]
        measured = getattr(self._engine(place.exact), "bytes_per_synapse", None)
        return float("nan") if measured is None else float(measured(place.number))

    def restart(self, trial: int) -> None:
        """Time 0, initial states and inputs, the streams of a trial; constants stay."""
        program = self._lowered.program
        start = None if program is None else Moment.start(self.keys(trial, False), len(program.populations))
        self.restore(start, None, trial)
        if self.clock is not None and program is not None:
            for number, plan in enumerate(program.populations):
                for name, values in (*plan.states.items(), *plan.inputs.items()):
                    self.clock.write(number, name, values)

    def restore(self, clock: Moment | None, exact: Flowing | None, trial: int) -> None:
        """Go on from there; on the clock, states are written apart."""
        if self.clock is not None and clock is not None:
            self.clock.restore(clock)
        if self.exact is not None:
            self.exact.restore(exact, self.keys(trial, True))

    def standing(self) -> Standing:
        """Where the run stands."""
        return Standing(
            None if self.clock is None else self.clock.moment(), None if self.exact is None else self.exact.moment()
        )

    def keys(self, trial: int, exact: bool) -> tuple[int, ...]:
        """Of the streams that a trial draws anew, in the populations with or without a clock."""
        return trial_keys(self._network, self._lowered.models, trial, exact)

    def memory(self) -> tuple[int, int] | None:
        """The number of synapses and their bytes; None where the backend does not count them."""
        held = [engine for engine in (self.clock, self.exact) if engine is not None]
        found = [(getattr(each, "n_synapses", None), getattr(each, "n_bytes", None)) for each in held]
        if any(n is None or n_bytes is None for n, n_bytes in found):
            return None
        return sum(int(n or 0) for n, _ in found), sum(int(n_bytes or 0) for _, n_bytes in found)

    @property
    def timing(self) -> dict[str, float]:
        """The seconds that building took, as far as the engines say."""
        found: dict[str, float] = {}
        for engine in (self.clock, self.exact):
            for phase, seconds in (getattr(engine, "timing", None) or {}).items():
                found[phase] = found.get(phase, 0.0) + seconds
        return found

    def _of(self, population: int) -> Engine | ExactEngine:
        return self._engine(bool(self._exact[population]))

    def _engine(self, exact: bool) -> Engine | ExactEngine:
        engine = self.exact if exact else self.clock
        assert engine is not None
        return engine
