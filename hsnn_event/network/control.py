"""Run control: what a network does with its declarations. Advancing, trials, callbacks, files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from hsnn_event.errors import DeclarationError
from hsnn_event.grid import Time
from hsnn_event.network.catalog import Catalog
from hsnn_event.network.fixed import no_attribute
from hsnn_event.network.population import Population
from hsnn_event.network.schedule import Callback, Look, ScheduledChange, callback, found, grid_step
from hsnn_event.network.views import Assignment
from hsnn_event.quantities import real, whole
from hsnn_event.recording import Result

if TYPE_CHECKING:
    from hsnn_event.simulation.simulation import Simulation

OPTIONS = ("dt", "seed", "threads", "precision", "weights", "backend", "round_delays", "blocks")
FREE = ("last_result", "records", "callbacks")  # what may be assigned between runs
KEEP = "keep what is your own in a variable of its own"
NEW = "build a new network"
_WAYS = {  # to what is not assigned
    "t": "net.run(duration) moves it on, net.reset() back to 0",
    "trial": "net.reset(trial=...) begins another one",
    **{name: f"{NEW}, hsnn.Network({name}=...)" for name in OPTIONS},
}


class RunControl:
    """The part of `Network` that runs it. It holds all running state, in a Simulation that the first run makes."""

    grid: Time
    populations: Catalog[Population]

    def __init__(self) -> None:
        self.trial = 0
        self.last_result: Result | None = None
        self.changes: list[ScheduledChange] = []
        self.callbacks: list[Callback] = []
        self._simulation: Simulation | None = None  # from here on no public attribute is new

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and "_simulation" in vars(self):
            if name not in vars(self):
                raise DeclarationError(no_attribute("network", name, _WAYS.get(name, KEEP)), name=name)
            if self._simulation is not None and name not in FREE:
                raise DeclarationError(f"network: {name} is fixed by the first run; {_WAYS.get(name, NEW)}.", name=name)
        object.__setattr__(self, name, value)

    @property
    def t(self) -> float:
        """Model time in ms."""
        return 0.0 if self._simulation is None else self._simulation.time

    @property
    def _step(self) -> float:
        return 0 if self._simulation is None else self._simulation.step

    def run(self, duration: float, *, progress: bool | Callable[..., object] = False) -> Result:
        """Simulate `duration` ms (whole steps, where there is a clock) and return what was recorded in them.

        Raises DivergenceError where a state becomes NaN or infinite, RunInterrupted on Ctrl-C, and what a callback
        raises; each holds what was recorded so far in `error.result`, and the network can go on.
        """
        steps = self.grid.steps(real(duration, "duration", low=0.0, unit="ms"), "duration")
        return self._running().run(self.grid.after(self._step, steps), progress)

    def steps(self, interval: float, until: float | None = None) -> Iterator[float]:
        """Run piece by piece, `interval` ms each, and give the time after each: a closed loop.

        The loop's body looks at the network, at `net.last_result` (of the last piece) and sets values for the next one.
        The last piece is shorter where `until` (ms; None: no end) asks for it.

        >>> import hsnn_event as hsnn
        >>> net = hsnn.Network(dt=0.1)
        >>> exc = net.population("exc", 10, hsnn.models.lif_exp())
        >>> for now in net.steps(10.0, until=25.0):
        ...     exc.set(I_e=100.0 + now)
        >>> net.t
        25.0
        """
        length = self._interval(interval, "steps: interval")
        end = None if until is None else grid_step(until, "steps: until", self.grid, self._step)
        return self._stepping(length, end)

    def at(self, time: float, look: Look) -> Callback:
        """Call `look(net)` when the step that ends at `time` (ms) is done; at the start of the next run if that is now.

        It may read and set values, schedule changes, save, and stop the run by raising. Trials call it again.
        The handle stands in `net.callbacks`; what is removed from there is not called.
        """
        return self._called(callback(look, grid_step(time, "at: time", self.grid, self._step), 0))

    def every(self, interval: float, look: Look) -> Callback:
        """Call `look(net)` at all multiples of `interval` (ms) that are to come, as `at` does."""
        steps = self._interval(interval, "every: interval")
        return self._called(callback(look, steps, steps))

    def reset(self, trial: int = 0) -> None:
        """Back to time 0: states at their initial values, no spikes in flight, noise of the given trial.

        Parameters and synapses stay as they are, except that changes scheduled with `set(at=...)` are undone. Those
        scheduled before the first run come again in every trial, as callbacks do; later ones belong to their trial.
        """
        number = whole(trial, "trial")
        if self._simulation is not None:
            self._simulation.restart(number)
        vars(self)["trial"] = number

    def assign(self, assignments: Sequence[Assignment]) -> None:
        """Carry out checked assignments: `View.set` is the way to it."""
        if self._simulation is not None:
            self._simulation.assign(assignments)
        else:
            for assignment in assignments:
                assignment.population.assignments.append(assignment)

    def schedule(self, time: float, assignments: Sequence[Assignment]) -> None:
        """Carry out checked assignments at the end of the step at `time`: `View.set(at=...)` is the way to it."""
        step = grid_step(time, "set: at", self.grid, self._step)
        if self._simulation is not None:
            self._simulation.schedule(step, assignments)
        else:
            import_module("hsnn_event.simulation.first_values").check_schedule(self, assignments)
            self.changes.append(ScheduledChange(step, tuple(assignments)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network into one HDF5 file: declarations, states, parameters, spikes in flight.

        What `Network.load` makes of it goes on bit for bit. Functions are not saved: callbacks are named in the file.
        Raises FileAccessError where the file cannot be written, ArgumentTypeError for labels other than numbers, texts
        and tuples of them; what was there before is then untouched.
        """
        files().save(self, path)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        threads: int | None = None,
        blocks: int | None = None,
        backend: str | None = None,
    ) -> Self:
        """The network that `save` wrote, ready to go on, in any number of threads, on any backend (None: the same).

        Nothing in the file is executed. Raises FileAccessError for a file that cannot be opened, FileFormatError for one
        that is damaged, foreign or of a newer version.
        """
        network: Self = files().load(path, threads=threads, blocks=blocks, backend=backend)
        return network

    def __reduce__(self) -> tuple[Any, ...]:
        return files().unpickled, files().pickled(self)

    def _interval(self, interval: float, what: str) -> float:
        return self.grid.steps(real(interval, what, low=self.grid.least, unit="ms"), what)

    def _called(self, made: Callback) -> Callback:
        """The callback, now listed and on the timeline, or the one that lacked its function."""
        known = found(self.callbacks, made)
        if known is not None:
            known.look = made.look
            return known
        self.callbacks.append(made)
        if self._simulation is not None:
            now, interval = self._step, made.interval
            first = self.grid.multiples(now, now + 2 * interval, interval).tolist()[0] if interval else made.step
            self._simulation.timeline.add(made, first)
        return made

    def _stepping(self, length: float, end: float | None) -> Iterator[float]:
        simulation = self._running()
        while end is None or self._step < end:
            goal = self.grid.after(self._step, length)
            simulation.run(goal if end is None else min(goal, end), False)
            yield self.t

    def _running(self) -> Simulation:
        if not self.populations:
            raise DeclarationError("the network has no population; add one with net.population(name, size, model).")
        if self._simulation is None:
            self._simulation = simulations().Simulation(self)
        return self._simulation


def simulations() -> ModuleType:
    """What runs a network: loaded by the first need of it, since declarations know nothing of it."""
    return import_module("hsnn_event.simulation.simulation")


def files() -> ModuleType:
    """What saves and loads a network: loaded by the first need of it."""
    return import_module("hsnn_event.io.network_file")
