"""The timeline of a run: inputs that change, scheduled changes and callbacks, in the order in which they take effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sortedcontainers import SortedKeyList

from hsnn_event.grid import NEVER, following
from hsnn_event.lowering.stimuli import Change
from hsnn_event.network.schedule import Callback, ScheduledChange

Event = Change | ScheduledChange | Callback
_ORDER = {Change: 0, ScheduledChange: 1, Callback: 2}


class _Entry(NamedTuple):
    step: float
    kind: int    # inputs first, then changes of values, then callbacks, which see both
    number: int  # order of declaration
    event: Event


class Timeline:
    """Events by step. A callback that comes again and again stands in it once, under its next step."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._entries = SortedKeyList(key=lambda entry: entry[:3])
        self._n = 0
        for event in events:
            self.add(event, event.step)

    def add(self, event: Event, step: float) -> None:
        """Enter an event that is due at `step`."""
        self._entries.add(_Entry(step, _ORDER[type(event)], self._n, event))
        self._n += 1

    @property
    def next(self) -> float:
        """The step of the first event, or a step that never comes."""
        first: float = self._entries[0].step if self._entries else NEVER
        return first

    def due(self, step: float) -> Iterator[Event]:
        """Take out the events up to `step`, one by one; what they enter for this step comes in turn."""
        while self._entries and self._entries[0].step <= step:
            entry = self._entries.pop(0)
            if isinstance(entry.event, Callback) and entry.event.interval:
                self._entries.add(entry._replace(step=following(entry.step, entry.event.interval)))
            yield entry.event

    def __iter__(self) -> Iterator[tuple[float, Event]]:
        """(step, event) of all that is to come, in order."""
        return ((entry.step, entry.event) for entry in self._entries)
