"""Recordings in files, read when they are looked at: `open_recording`, and the data of a result while `to=` is used.

The layout of a file is that of docs/recording.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from hsnn_event.analysis.windows import FloatArray, IntArray, edge_tolerance
from hsnn_event.errors import FileFormatError, RecordingError, ValueRangeError
from hsnn_event.files.replacing import checked_path
from hsnn_event.quantities import UNBOUNDED, indices, real
from hsnn_event.recording.gridded import with_grid
from hsnn_event.recording.result import Record, Result
from hsnn_event.recording.spikes import SpikeData
from hsnn_event.recording.states import StateData

FORMAT, VERSION = "hsnn_event recording", 1
Rows = tuple[int, int]


class StoredSpikes(SpikeData):
    """The spikes of one record in a file, t_start < time <= t_stop: a SpikeData whose arrays are read at each access.

    Take `times = spikes.times` once rather than in a loop; `window` reads nothing yet.
    """

    path: str
    name: str

    def __init__(self, path: str, name: str, neurons: IntArray, t_start: float, t_stop: float) -> None:
        _set(self, path=path, name=name, neurons=neurons, n_neurons=len(neurons), t_start=t_start, t_stop=t_stop)

    @property
    def times(self) -> FloatArray:
        """Read the times (ms)."""
        times: FloatArray = self._read("times")
        return times

    @property
    def ids(self) -> IntArray:
        """Read the ids."""
        ids: IntArray = self._read("ids")
        return ids

    def window(self, start: float, stop: float) -> StoredSpikes:
        """The spikes with start < time <= stop, still in the file; ValueRangeError outside (t_start, t_stop]."""
        _check_window(self.t_start, self.t_stop, start, stop)
        return with_grid(StoredSpikes(self.path, self.name, self.neurons, start, stop), self.grid_shape)

    def __len__(self) -> int:
        with opened(self.path) as file:
            first, last = _rows(file[quoted(self.name)], self.t_start, self.t_stop)
        return last - first

    def _read(self, column: str) -> Any:
        with opened(self.path) as file:
            group = file[quoted(self.name)]
            return group[column][slice(*_rows(group, self.t_start, self.t_stop))]


class JoinedSpikes(SpikeData):
    """The union of what several records of a population kept, put together at each access."""

    parts: tuple[SpikeData, ...]

    def __init__(self, parts: Sequence[SpikeData]) -> None:
        neurons = np.unique(np.concatenate([part.neurons for part in parts]))
        first = parts[0]
        _set(self, parts=tuple(parts), neurons=neurons, n_neurons=len(neurons), t_start=first.t_start, t_stop=first.t_stop)
        with_grid(self, next((part.grid_shape for part in parts if part.grid_shape is not None), None))

    @property
    def times(self) -> FloatArray:
        """The times (ms)."""
        return self.union()[0]

    @property
    def ids(self) -> IntArray:
        """The ids."""
        return self.union()[1]

    def union(self) -> tuple[FloatArray, IntArray]:
        """Times and ids of all parts, each spike once."""
        times = np.concatenate([part.times for part in self.parts])
        ids = np.concatenate([part.ids for part in self.parts])
        order = np.lexsort((ids, times))
        times, ids = times[order], ids[order]
        new = np.ones(len(times), np.bool_)
        new[1:] = (np.diff(times) != 0) | (np.diff(ids) != 0)
        return times[new], ids[new]


class StoredStates(StateData):
    """The samples of one variable in a file, t_start < time <= t_stop: a StateData read at each access.

    `window(start, stop)` and `data[ids]` narrow it down and read nothing yet.
    """

    path: str
    name: str
    variable: str
    t_start: float
    t_stop: float
    columns: IntArray | None  # of the ids within the file; None: all

    def __init__(
        self, path: str, name: str, variable: str, ids: IntArray, t_start: float, t_stop: float, columns: Any = None
    ) -> None:
        _set(self, path=path, name=name, variable=variable, ids=ids, t_start=t_start, t_stop=t_stop, columns=columns)

    @property
    def times(self) -> FloatArray:
        """Read the times (ms)."""
        with opened(self.path) as file:
            group = file[quoted(self.name)]
            times: FloatArray = group["times"][slice(*_rows(group, self.t_start, self.t_stop))]
        return times

    @property
    def values(self) -> FloatArray:
        """Read the samples, time x neuron."""
        with opened(self.path) as file:
            group = file[quoted(self.name)]
            rows, data = slice(*_rows(group, self.t_start, self.t_stop)), group["values"][quoted(self.variable)]
            if self.columns is None:
                values: FloatArray = data[rows]
            else:
                order = np.argsort(self.columns)
                values = data[rows, self.columns[order]][:, np.argsort(order)]
        return values

    @property
    def unit(self) -> str:
        """Read the unit."""
        with opened(self.path) as file:
            return str(file[quoted(self.name)]["values"][quoted(self.variable)].attrs["units"])

    def window(self, start: float, stop: float) -> StoredStates:
        """The samples with start < time <= stop, still in the file; ValueRangeError outside (t_start, t_stop]."""
        _check_window(self.t_start, self.t_stop, start, stop)
        part = StoredStates(self.path, self.name, self.variable, self.ids, start, stop, self.columns)
        return with_grid(part, self.grid_shape)

    def __getitem__(self, ids: Any) -> StoredStates:
        """The samples of some neurons, by population ids; ValueRangeError for one that was not watched."""
        chosen = np.unique(indices(getattr(ids, "ids", ids), UNBOUNDED, "ids"), return_index=True)
        wanted = chosen[0][np.argsort(chosen[1])]
        places = {int(neuron): place for place, neuron in enumerate(self.ids)}
        missing = [int(neuron) for neuron in wanted if int(neuron) not in places]
        if missing:
            text = f"id {missing[0]} is not among the {len(self.ids)} neurons that were recorded; `ids` lists them."
            raise ValueRangeError(text, id=missing[0])
        here = np.array([places[int(neuron)] for neuron in wanted], np.int64)
        columns = here if self.columns is None else self.columns[here]
        return StoredStates(self.path, self.name, self.variable, wanted, self.t_start, self.t_stop, columns)

    def __repr__(self) -> str:
        return f"<StoredStates: {self.variable} of {len(self.ids)} neurons in {self.path}>"


def open_recording(path: str | Path) -> Result:
    """What `net.record(..., to=path)` wrote, as a Result whose data are read when they are looked at.

    Nothing is written or executed. A file whose run was killed holds what was written up to its last flush, and one that
    is still recorded to may be opened too. `info` holds version, dt, seed and trial.
    Raises FileFormatError where the file is no such recording or is damaged, RecordingError where it cannot be opened.
    """
    where = str(checked_path(path, "open_recording").absolute())
    with opened(where) as file:
        held = [_stored(where, group) for group in _groups(file)]
        about = file.attrs
        dt = float(about["dt"])
        info: dict[str, Any] = {"version": str(about["hsnn_event"]), "dt": None if np.isnan(dt) else dt}
        info |= {name: int(about[name]) for name in ("seed", "trial")}
    records = {record: data for record, data, _, _ in held}
    spikes: dict[str, SpikeData] = {}
    for target in dict.fromkeys(record.target for record in records if record.what == "spikes"):
        mine = [data for record, data in records.items() if record.what == "spikes" and record.target == target]
        spikes[target] = mine[0] if len(mine) == 1 else JoinedSpikes(mine)
    start, stop = min((each[2] for each in held), default=0.0), max((each[3] for each in held), default=0.0)
    return Result(spikes, records, {}, info, start, stop)


def stored_data(record: Record, neurons: IntArray, t_start: float, t_stop: float, path: str, grid: Any = None) -> Any:
    """The data of a record in its file: StoredSpikes, or StoredStates by variable; `grid` is the shape of a lattice."""
    if isinstance(record.what, str):
        return with_grid(StoredSpikes(path, record.name, neurons, t_start, t_stop), grid)
    return {name: with_grid(StoredStates(path, record.name, name, neurons, t_start, t_stop), grid) for name in record.what}


def quoted(name: str) -> str:
    """A name as HDF5 takes it: without slash, and not a single dot."""
    return quote(name, safe=" #*+-()<>=!,:;@$&'[]{}|^~") if name != "." else "%2E"


def rows_until(group: Any, time: float) -> int:
    """How many rows lie at `time` or before, by bisection in the file."""
    times = group["times"]
    low, high = 0, min(len(times), *(len(data) for data in columns_of(group)))
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if times[middle] <= time else (low, middle)
    return low


def columns_of(group: Any) -> list[Any]:
    """The datasets with a row a time."""
    return [group["ids"]] if "ids" in group else [group["times"], *group["values"].values()]


@contextmanager
def opened(path: str) -> Iterator[Any]:
    """The file for reading, whether it was closed, is being written or was left by a run that was killed."""
    import h5py

    if not Path(path).is_file():
        raise RecordingError(f"{path}: there is no such file. net.record(..., to=...) makes one.", path=path)
    try:
        try:
            file = h5py.File(path, "r")
        except OSError:
            if not _unclosed(path):
                raise
            file = h5py.File(path, "r", swmr=True)
    except OSError as error:
        raise FileFormatError(
            f"{path} cannot be read as HDF5: {error}. It is another kind of file, or damaged.",
            path=path,
        ) from error
    try:
        with file:
            yield file
    except (KeyError, AttributeError, OSError, TypeError, ValueError) as error:
        if isinstance(error, FileFormatError | ValueRangeError):
            raise
        raise FileFormatError(f"{path} is damaged, or no recording of this version: {error}.", path=path) from error


def _unclosed(path: str) -> bool:
    """Is the file being written, or left by a run that was killed, and as long as it says? HDF5's superblock tells.

    Cut short, such a file would have HDF5 wait for its missing parts for ever.
    """
    with open(path, "rb") as file:
        head = file.read(36)
    ours = head[:8] == b"\x89HDF\r\n\x1a\n" and len(head) == 36 and head[8] == 3
    return ours and bool(head[11] & 4) and os.path.getsize(path) >= int.from_bytes(head[28:], "little")


def check_format(file: Any, path: str) -> None:
    """Refuse a file that is none of ours, or is newer."""
    if file.attrs.get("format") != FORMAT:
        raise FileFormatError(
            f"{path} is no recording of hsnn_event: its attribute 'format' says otherwise. Give a file that "
            "net.record(..., to=) made.",
            path=path,
        )
    if int(file.attrs["version"]) > VERSION:
        found = int(file.attrs["version"])
        raise FileFormatError(f"{path} has version {found}; this package reads up to {VERSION}. Update it.", path=path)


def _groups(file: Any) -> list[Any]:
    check_format(file, file.filename)
    return sorted(file.values(), key=lambda group: int(group.attrs["number"]))


def _stored(path: str, group: Any) -> tuple[Record, Any, float, float]:
    """The record of a group, its data, and the stretch that it covers."""
    attrs, neurons = group.attrs, group["neurons"][:]
    spikes = attrs["kind"] == "spikes"
    what = "spikes" if spikes else tuple(str(each.attrs["variable"]) for each in _in_order(group["values"]))
    every = float(attrs["every"]) if "every" in attrs else None
    at = tuple(attrs["at"].tolist()) if "at" in attrs else None
    whole = np.array_equal(neurons, np.arange(int(attrs["size"])))
    record = Record(str(attrs["population"]), None if whole else neurons, what, every, str(attrs["name"]), at, path)
    start, stop = float(attrs["t_start"]), float(group["t_stop"][0])
    grid = tuple(attrs["grid_shape"].tolist()) if "grid_shape" in attrs else None
    return record, stored_data(record, neurons, start, stop, path, grid), start, stop


def _in_order(values: Any) -> list[Any]:
    return sorted(values.values(), key=lambda data: int(data.attrs["number"]))


def _rows(group: Any, t_start: float, t_stop: float) -> Rows:
    return rows_until(group, t_start), rows_until(group, t_stop)


def _check_window(t_start: float, t_stop: float, start: float, stop: float) -> None:
    start, stop = real(start, "window: start", unit="ms"), real(stop, "window: stop", unit="ms")
    tolerance = edge_tolerance(t_start, t_stop)
    if not t_start - tolerance <= start <= stop <= t_stop + tolerance:
        text = (
            f"window ({start:g}, {stop:g}] ms does not lie in ({t_start:g}, {t_stop:g}] ms, which was recorded. Choose "
            "a part of it."
        )
        raise ValueRangeError(text, start=start, stop=stop)


def _set(owner: object, **values: object) -> None:
    """Fill a frozen object."""
    for name, value in values.items():
        object.__setattr__(owner, name, value)
