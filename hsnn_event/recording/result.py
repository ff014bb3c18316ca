"""`Result`: what one run gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from hsnn_event.analysis.windows import IntArray, edge_tolerance
from hsnn_event.errors import AmbiguousError, ArgumentTypeError, NotRecordedError, ShapeError, ValueRangeError, shown
from hsnn_event.quantities import hashable, is_array, real
from hsnn_event.recording import overview
from hsnn_event.recording.hyperedges import Hyperedges
from hsnn_event.recording.spikes import SpikeData
from hsnn_event.recording.states import StateData

if TYPE_CHECKING:
    from hsnn_event.recording.walks import Walks

Item = TypeVar("Item")


@dataclass(frozen=True)
class Record:
    """The handle that `net.record` returns; `result[record]` is its data.

    `target` is the name of a population, `ids` the population ids watched (None: all), `what`
    "spikes" or the names of variables, `every` the interval of samples in ms, `at` their times where
    they are listed, `to` the path of the file that it is written to. Two handles are equal when
    their names are, so that a handle also reads a result that was pickled.

    >>> Record("exc", None, "spikes", name="exc spikes")
    <Record 'exc spikes': spikes of exc>
    """

    target: str = field(compare=False)
    ids: IntArray | None = field(compare=False)
    what: str | tuple[str, ...] = field(compare=False)
    every: float | None = field(default=None, compare=False)
    name: str = ""
    at: tuple[float, ...] | None = field(default=None, compare=False)
    to: str | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        what = self.what if isinstance(self.what, str) else ", ".join(self.what)
        every = "" if self.every is None else f" every {self.every:g} ms"
        at = "" if self.at is None else f" at {len(self.at)} times"
        to = "" if self.to is None else f" to {self.to}"
        return f"<Record {self.name!r}: {what} of {self.target}{every}{at}{to}>"


class ByName(Mapping[str, Item], Generic[Item]):
    """Data by name, or by anything that has a `.name`, such as a population.

    Raises NotRecordedError, which lists what there is.

    >>> ByName("spikes of", {"exc": 1})["exc"]
    1
    """

    def __init__(self, what: str, items: Mapping[str, Item]) -> None:
        self._what = what
        self._items = dict(items)

    def __getitem__(self, key: Any) -> Item:
        name = key if isinstance(key, str) else getattr(key, "name", key)
        if not hashable(name) or name not in self._items:
            known = ", ".join(self._items) or "nothing"
            raise NotRecordedError(
                f"{self._what} {shown(name)} were not recorded; recorded: {known}. Call net.record "
                "before net.run.",
                name=name,
                recorded=tuple(self._items),
            )
        return self._found(name, self._items[name])

    def _found(self, name: str, item: Item) -> Item:
        return item

    def __contains__(self, key: object) -> bool:
        name = getattr(key, "name", key)
        return hashable(name) and name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"<{self._what} {', '.join(self._items) or 'nothing'}>"


class Samples(ByName[Any]):
    """The recorded variables of one population; AmbiguousError where two records hold one."""

    def _found(self, name: str, item: Mapping[str, StateData]) -> StateData:
        if len(item) > 1:
            raise AmbiguousError(
                f"{self._what} {name!r} are in several records: {', '.join(item)}. Ask for one: "
                "result[record][variable].",
                name=name,
                records=tuple(item),
            )
        return next(iter(item.values()))


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What one call of `net.run` gave: spikes with t_start < t <= t_stop (ms), and samples.

    `spikes[population]` is a SpikeData, the union of what the records of that population watched;
    `states[population][variable]` is a StateData; `result[record]` is the data of one record.
    `timing` holds seconds of wall time a phase, "simulate" among them; `info` says what ran
    (version, seed, trial, dt, backend, threads, precision). `hyperedges` are what `walks` needs to know of them.

    >>> spikes = SpikeData([1.0], [0], 1, 0.0, 10.0)
    >>> result = Result({"exc": spikes}, t_start=0.0, t_stop=10.0, timing={"simulate": 0.002})
    >>> result.spikes["exc"].rate(), result.rtf
    (100.0, 0.2)
    """

    spikes: Mapping[str, SpikeData] = field(default_factory=dict)
    records: Mapping[Record, SpikeData | Mapping[str, StateData]] = field(default_factory=dict)
    timing: Mapping[str, float] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    t_start: float = 0.0
    t_stop: float = 0.0
    hyperedges: tuple[Hyperedges, ...] = ()
    states: Mapping[str, Mapping[str, StateData]] = field(init=False)

    def __post_init__(self) -> None:
        _check_result(self)
        set_field = object.__setattr__
        set_field(self, "spikes", ByName("spikes of", self.spikes))
        set_field(self, "records", dict(self.records))
        set_field(self, "timing", dict(self.timing))
        set_field(self, "info", dict(self.info))
        set_field(self, "states", ByName("states of", _states(self.records)))

    @property
    def walks(self) -> Walks:
        """Which activations of hyperedges caused which, in what this result recorded: spikes of all junctions that are
        looked at, and of all their sources. What came before its start is not known to it.

        Raises NotRecordedError, which says what is missing.
        """
        from hsnn_event.recording.walks import walks

        return walks(self.hyperedges, self.spikes)

    @property
    def model_time(self) -> float:
        """The length of the stretch in ms."""
        return self.t_stop - self.t_start

    @property
    def rtf(self) -> float:
        """The real-time factor: wall time of the simulation over model time; lower is faster."""
        if not self.model_time:
            return float("nan")
        return self.timing.get("simulate", float("nan")) / (self.model_time / 1000.0)

    def __getitem__(self, record: Record | str) -> Any:
        """The data of a record: SpikeData, or a mapping from variables to StateData."""
        name = record if isinstance(record, str) else getattr(record, "name", record)
        for each, data in self.records.items():
            if each.name == name:
                return data if isinstance(data, SpikeData) else ByName(f"record {name!r}: samples of", data)
        known = ", ".join(each.name for each in self.records) or "none"
        raise NotRecordedError(
            f"record {shown(name)} is not in this result; its records: {known}. A record made after the "
            "run counts from the next one.",
            name=name,
            recorded=tuple(each.name for each in self.records),
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything into an HDF5 file, whole or not at all; `Result.load` gives it back to the bit.

        Raises FileAccessError where it cannot be written (an older file then stays as it is), ArgumentTypeError
        where `info` holds other things than numbers, text, lists and mappings.
        """
        from hsnn_event.recording.files import save_result

        save_result(self, path)

    @staticmethod
    def load(path: str | PathLike[str]) -> Result:
        """Read what `save` wrote, running nothing of it.

        Raises FileAccessError where it cannot be read and FileFormatError where the file is foreign, damaged, cut or
        of another version.
        """
        from hsnn_event.recording.files import load_result

        return load_result(path)

    def __repr__(self) -> str:
        held = ", ".join(f"{name} {spikes.rate():.4g} Hz" for name, spikes in self.spikes.items())
        return (
            f"<Result: ({self.t_start:g}, {self.t_stop:g}] ms, RTF {self.rtf:.3g}, "
            f"{held or 'no spikes recorded'}>"
        )

    def _repr_html_(self) -> str:
        return overview.of_result(self)


def concatenate(results: Sequence[Result]) -> Result:
    """Join results of consecutive runs of one network; equal to the result of one long run.

    Timings add up; `info` is the first one's. Raises ValueRangeError where a result does not begin
    at the end of the one before, or nothing is given, NotRecordedError where they recorded
    different things.

    >>> first = Result({"exc": SpikeData([1.0], [0], 1, 0.0, 5.0)}, t_start=0.0, t_stop=5.0)
    >>> second = Result({"exc": SpikeData([6.0], [0], 1, 5.0, 9.0)}, t_start=5.0, t_stop=9.0)
    >>> concatenate([first, second]).spikes["exc"].times
    array([1., 6.])
    """
    if not is_array(results):
        raise ArgumentTypeError(f"concatenate needs a list of results, not {shown(results)}.", value=results)
    results = list(results)
    for each in results:
        if not isinstance(each, Result):
            raise ArgumentTypeError(f"concatenate joins results of net.run, not {shown(each)}.", value=each)
    if not results:
        raise ValueRangeError("concatenate: there are no results to join. Give at least one.")
    for before, after in pairwise(results):
        _check_consecutive(before, after)
    first, last = results[0], results[-1]
    records = {
        record: _join_data([result[record] for result in results]) for record in first.records
    }
    spikes = {
        name: _join_spikes([result.spikes[name] for result in results]) for name in first.spikes
    }
    phases = dict.fromkeys(phase for result in results for phase in result.timing)
    timing = {phase: sum(result.timing.get(phase, 0.0) for result in results) for phase in phases}
    return Result(spikes, records, timing, first.info, first.t_start, last.t_stop, first.hyperedges)


def _check_consecutive(before: Result, after: Result) -> None:
    gap = after.t_start - before.t_stop
    if abs(gap) > edge_tolerance(before.t_stop):
        kind = "a gap" if gap > 0 else "an overlap"
        raise ValueRangeError(
            f"there is {kind} of {abs(gap):g} ms between a result that ends at "
            f"{before.t_stop:g} ms and one that begins at {after.t_start:g} ms. Join consecutive "
            "results, in order.",
            gap=gap,
        )
    populations = set(before.spikes) ^ set(after.spikes)
    records = set(before.records) ^ set(after.records)
    names = sorted(populations | {record.name for record in records})
    if names:
        raise NotRecordedError(
            f"{', '.join(names)}: recorded in only some of the results to join. Record the same in all runs.",
            names=names,
        )


def _check_result(result: Result) -> None:
    """Refuse fields that are no mappings of what they should hold, and times that are no numbers."""
    held: dict[str, tuple[type, Any, str]] = {
        "spikes": (str, SpikeData, "names to SpikeData"),
        "records": (Record, SpikeData | Mapping, "Record to SpikeData, or to a mapping from variables to StateData"),
        "timing": (str, int | float, "names to seconds"),
        "info": (str, object, "names to values"),
    }
    for name, (key_type, value_type, wanted) in held.items():
        given = getattr(result, name)
        fits = isinstance(given, Mapping) and all(isinstance(key, key_type) for key in given)
        if not fits or not all(isinstance(value, value_type) for value in given.values()):
            raise ArgumentTypeError(f"Result: {name} must be a mapping from {wanted}, not {shown(given)}.", value=given)
    for name in ("t_start", "t_stop"):
        real(getattr(result, name), f"Result: {name}", unit="ms")


def _states(
    records: Mapping[Record, SpikeData | Mapping[str, StateData]],
) -> dict[str, Mapping[str, StateData]]:
    """Population -> variable -> the name of each record that holds it -> its data."""
    found: dict[str, dict[str, dict[str, StateData]]] = {}
    for record, data in records.items():
        if isinstance(data, SpikeData):
            continue
        for variable, samples in data.items():
            by_variable = found.setdefault(record.target, {})
            by_variable.setdefault(variable, {})[record.name] = samples
    return {target: Samples(f"samples of {target}:", held) for target, held in found.items()}


def _join_data(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], SpikeData):
        return _join_spikes(parts)
    return {variable: _join_states([part[variable] for part in parts]) for variable in parts[0]}


def _join_spikes(parts: Sequence[SpikeData]) -> SpikeData:
    first = parts[0]
    _check_same_neurons([part.neurons for part in parts])
    return SpikeData(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.ids for part in parts]),
        first.n_neurons,
        first.t_start,
        parts[-1].t_stop,
        first.neurons,
        first.grid_shape,
    )


def _join_states(parts: Sequence[StateData]) -> StateData:
    _check_same_neurons([part.ids for part in parts])
    return StateData(
        np.concatenate([part.times for part in parts]),
        parts[0].ids,
        np.concatenate([part.values for part in parts]),
        parts[0].variable,
        parts[0].unit,
        parts[0].grid_shape,
    )


def _check_same_neurons(neurons: Sequence[IntArray]) -> None:
    if not all(np.array_equal(neurons[0], each) for each in neurons[1:]):
        raise ShapeError("concatenate: the results watched different neurons. Record the same ones in all runs.")
