"""What is to happen at given times: changes of values as data, and functions of the user's that look at the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ValueRangeError, shown
from hsnn_event.grid import Time
from hsnn_event.network.views import Assignment
from hsnn_event.quantities import real

if TYPE_CHECKING:
    from hsnn_event.network.network import Network

Look = Callable[["Network"], object]


@dataclass(frozen=True, eq=False)
class ScheduledChange:
    """Assignments to be carried out at the end of a step, after its recorders; without a clock, before all else then."""

    step: float
    assignments: tuple[Assignment, ...]


@dataclass(eq=False)
class Callback:
    """A function of the network, to be called at the end of step `step` and then every `interval` steps (0: never again).

    A loaded network has the name of the function only: `look` is None.
    """

    name: str
    step: float
    interval: float
    look: Look | None = field(repr=False)


def grid_step(time: object, what: str, grid: Time, now: float) -> float:
    """The step of a time in ms that lies on the grid and not in the past."""
    step = grid.steps(real(time, what, low=0.0, unit="ms"), what)
    if step < now:
        raise ValueRangeError(
            f"{what} of {grid.time(step):g} ms is past: the network stands at {grid.time(now):g} ms. Give a later time.",
            time=grid.time(step),
        )
    return step


def callback(look: Look, step: float, interval: float) -> Callback:
    """A checked declaration of a callback."""
    if not callable(look):
        raise ArgumentTypeError(
            f"a callback is a function of the network, such as look(net), not {shown(look)}.", value=look
        )
    name = getattr(look, "__qualname__", None) or type(look).__qualname__
    return Callback(str(name), step, interval, look)


def found(callbacks: Sequence[Callback], made: Callback) -> Callback | None:
    """The callback of the same name and times that a loaded network lacks the function of."""
    for known in callbacks:
        if known.look is None and (known.name, known.step, known.interval) == (made.name, made.step, made.interval):
            return known
    return None


def lacking(callback: Callback, step: float, grid: Time) -> DeclarationError:
    """The error for a run past `step`, at which a callback is due of which only the name is known."""
    first = grid.time(callback.interval or callback.step)
    again = f"every({first:g}, {callback.name})" if callback.interval else f"at({first:g}, {callback.name})"
    return DeclarationError(
        f"callback {callback.name!r} is due at {grid.time(step):g} ms, but a file does not hold functions. Give it again, "
        f"net.{again}, or do without it: net.callbacks.clear().",
        name=callback.name,
        time=grid.time(step),
    )
