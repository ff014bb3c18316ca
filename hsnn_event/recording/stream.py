"""Writing what a run records to an HDF5 file while it runs, with bounded memory.

A file is written in HDF5's single-writer mode, which keeps it readable at every moment: a killed run leaves what was
flushed. Room on the disk is taken before HDF5 is told of new data, so that a full disk never meets it half-way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.analysis.windows import IntArray
from hsnn_event.errors import FileFormatError, HsnnError, RecordingError
from hsnn_event.recording.stored import FORMAT, VERSION, check_format, quoted, rows_until

FLUSH_SECONDS, FLUSH_BYTES = 1.0, 32 << 20  # whichever comes first
CHUNK_SPIKES, CHUNK_VALUES = 8192, 32_768   # numbers in a chunk: 64 and 256 KiB
SLACK = 1 << 20                             # room for HDF5's own tables
Columns = Mapping[str, npt.NDArray[Any]]
Rows = tuple[npt.NDArray[Any], Columns]  # times, and what belongs to each


@dataclass(frozen=True)
class Track:
    """What one record keeps: spikes (a row each of "ids") or samples (a row a time of each of the `variables`)."""

    name: str
    population: str
    size: int              # of the population
    kind: str              # "spikes" or "samples"
    neurons: IntArray
    variables: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    every: float | None = None
    at: tuple[float, ...] | None = None
    grid_shape: tuple[int, ...] | None = None  # of the lattice whose neurons all are kept


class OpenTrack:
    """The datasets of a track in a file; HDF5 takes longer to find them by name than to write to them."""

    def __init__(self, group: Any) -> None:
        self.times, self.t_stop = group["times"], group["t_stop"]
        values = group if "ids" in group else group["values"]
        self._columns = {name: values[name] for name in (["ids"] if "ids" in group else values)}
        everything = (self.times, *self._columns.values())
        across = (-(-data.shape[1] // data.chunks[1]) if data.ndim == 2 else 1 for data in everything)
        self.chunk_bytes = sum(8 * int(np.prod(data.chunks)) * n for data, n in zip(everything, across, strict=True))

    def append(self, pieces: list[Rows], first: int) -> int:
        """Write rows from place `first` on; gives how many there are then."""
        last = first + sum(len(times) for times, _ in pieces)
        parts = {name: [columns[name] for _, columns in pieces] for name in pieces[0][1]}
        data = [(self._columns[quoted(name)], values) for name, values in parts.items()]
        for dataset, values in (*data, (self.times, [times for times, _ in pieces])):
            dataset.resize(last, axis=0)
            dataset[first:last] = np.concatenate(values)
        return last


class Stream:
    """A file that takes the data of some records of one network.

    `header` holds "hsnn_event" (the version), "dt", "seed" (as text: it may be of any size), "trial" and "run", which tells
    the files of one network from those of others.
    """

    def __init__(self, path: str, header: Mapping[str, Any]) -> None:
        self.path = path
        self.header = dict(header)
        self._file: Any = None
        self._tracks: dict[str, OpenTrack] = {}
        self._pending: dict[str, list[Rows]] = {}
        self._rows: dict[str, int] = {}
        self._reached = self._flushed = 0.0  # model time in ms: of the data given, and of those in the file
        self._bytes, self._last = 0, 0.0

    def begin(self, tracks: list[Track], t_start: float) -> None:
        """Make the file, or go on with the one that this network wrote until `t_start` (ms).

        Raises RecordingError where it cannot be written, belongs to something else or ends elsewhere.
        """
        try:
            self._open(tracks, t_start)
            self._reached = t_start
            if any(self._pending.values()):
                self.flush()  # what a full disk refused before
        except BaseException:
            self.close()
            raise

    def add(self, name: str, times: npt.NDArray[np.float64], columns: Columns) -> None:
        """Rows of a track; written with the next flush."""
        if len(times):
            self._pending.setdefault(name, []).append((times, dict(columns)))
            self._bytes += times.nbytes + sum(values.nbytes for values in columns.values())

    def reached(self, time: float) -> None:
        """Everything up to `time` (ms) is added."""
        self._reached = time

    def flush_if_due(self) -> None:
        """Flush once a second, or where much has come together. Raises RecordingError."""
        if self._bytes > FLUSH_BYTES or perf_counter() - self._last > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was added, and then that it is there. What cannot be written now is kept for the next time."""
        self._last = perf_counter()
        if self._file is None or self._flushed == self._reached:
            return
        try:
            self._take_room()
            written = {name: self._tracks[name].append(rows, self._rows[name]) for name, rows in self._pending.items()}
            self._file.flush()
            for track in self._tracks.values():
                track.t_stop[0] = self._reached
            self._file.flush()
        except (OSError, RuntimeError, ValueError) as error:
            raise self._refused("cannot be written", error, "Make room on the disk; the network can go on.") from error
        self._rows |= written
        self._pending, self._bytes, self._flushed = {}, 0, self._reached

    def close(self) -> None:
        """Close the file; what is not flushed stays for the next run. Raises nothing."""
        file, self._file, self._tracks = self._file, None, {}
        if file is not None:
            try:
                end = int(file.id.get_filesize())
                file.close()
                if os.path.getsize(self.path) > end:
                    os.truncate(self.path, end)  # the room that was not needed
            except (OSError, RuntimeError, ValueError):
                pass  # what was flushed is in the file

    def _open(self, tracks: list[Track], t_start: float) -> None:
        import h5py

        if not os.path.lexists(self.path):
            self._create()
        if not os.path.isfile(self.path):
            raise RecordingError(
                f"{self.path} is a folder or a device, not a file. Choose another name for the recording.",
                path=self.path,
            )
        try:
            with h5py.File(self.path, "r") as file:
                self._check(file, tracks, t_start)
                new = [track for track in tracks if quoted(track.name) not in file]
            if new:
                with h5py.File(self.path, "r+", libver="latest") as file:
                    for track in new:
                        _lay_out(file, track, len(file), t_start)
            # Straight into the mode that stays readable: not even for a moment in the other one.
            access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
            access.set_cache(0, 1, 0, 1.0)  # of chunks: none, or memory grows until a few of each dataset are in it
            access.set_libver_bounds(h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
            flags = h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE
            self._file = h5py.File(h5py.h5f.open(os.fsencode(self.path), flags, access))
            for track in tracks:
                self._tracks[track.name] = OpenTrack(self._file[quoted(track.name)])
                if track.name not in self._rows:
                    self._rows[track.name] = rows_until(self._file[quoted(track.name)], self._flushed)
        except HsnnError:
            raise
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise self._refused("cannot be recorded to", error, "Choose another name, or free this one.") from error
        self._last = perf_counter()

    def _create(self) -> None:
        import h5py

        try:
            with h5py.File(self.path, "x", libver="latest") as file:
                file.attrs.update({"format": FORMAT, "version": VERSION, **self.header})
        except OSError as error:
            cure = "Choose a folder that exists and may be written to."
            raise self._refused("cannot be made", error, cure) from error

    def _check(self, file: Any, tracks: list[Track], t_start: float) -> None:
        """Refuse a file that is not this network's, or that does not end where it would go on."""
        try:
            check_format(file, self.path)
        except FileFormatError as error:
            raise self._foreign() from error
        if file.attrs["run"] != self.header["run"] or int(file.attrs["trial"]) != self.header["trial"]:
            raise self._foreign()
        stops = {float(file[quoted(track.name)]["t_stop"][0]) for track in tracks if quoted(track.name) in file}
        pending = any(self._pending.values())
        self._flushed = max(stops, default=t_start)
        if len(stops) > 1 or (not pending and self._flushed != t_start):
            raise RecordingError(
                f"{self.path} holds this network until {self._flushed:g} ms, and it stands at {t_start:g} ms. Record what "
                "follows a reset to another file; {trial} in to= becomes the number of the trial.",
                path=self.path,
            )

    def _foreign(self) -> RecordingError:
        return RecordingError(
            f"{self.path} exists, and was not begun by this network in this trial. Choose another name, or remove it; "
            "{trial} in to= becomes the number of the trial.",
            path=self.path,
        )

    def _refused(self, what: str, error: Exception, cure: str) -> RecordingError:
        reason = getattr(error, "strerror", None) or str(error)
        return RecordingError(f"{self.path} {what}: {reason}. {cure}", path=self.path)

    def _take_room(self) -> None:
        """Lengthen the file by what the flush will need, so that the disk has it; with zeros where there is no other way."""
        chunks = sum(self._tracks[name].chunk_bytes for name in self._pending)
        end = int(self._file.id.get_filesize()) + self._bytes + chunks + SLACK
        size = os.path.getsize(self.path)
        try:
            with open(self.path, "r+b", buffering=0) as file:
                if hasattr(os, "posix_fallocate") and size < end:
                    os.posix_fallocate(file.fileno(), size, end - size)
                    return
                file.seek(size)
                while size < end:
                    size += file.write(bytes(min(end - size, 1 << 22)))
        except OSError:
            os.truncate(self.path, int(self._file.id.get_filesize()))
            raise


def _lay_out(file: Any, track: Track, number: int, t_start: float) -> None:
    """The group of a track, empty; docs/recording.md describes it."""
    group = file.create_group(quoted(track.name))
    group.attrs.update({
        "name": track.name, "population": track.population, "size": track.size, "kind": track.kind,
        "t_start": t_start, "number": number,
    })  # fmt: skip
    if track.every is not None:
        group.attrs["every"] = track.every
    if track.at is not None:
        group.attrs["at"] = np.array(track.at)
    if track.grid_shape is not None:
        group.attrs["grid_shape"] = np.array(track.grid_shape)
    group["neurons"] = np.asarray(track.neurons, np.int64)
    group["t_stop"] = np.array([t_start])
    times = group.create_dataset("times", (0,), np.float64, maxshape=(None,), chunks=(CHUNK_SPIKES,))
    times.attrs["units"] = group["t_stop"].attrs["units"] = "ms"
    if track.kind == "spikes":
        group.create_dataset("ids", (0,), np.int64, maxshape=(None,), chunks=(CHUNK_SPIKES,))
        return
    n = len(track.neurons)
    wide = max(1, min(n, CHUNK_VALUES))
    values = group.create_group("values")
    for place, variable in enumerate(track.variables):
        chunks = (max(1, CHUNK_VALUES // wide), wide)
        # An unlimited dimension also where there are no neurons, since a chunk may not be wider than its data.
        data = values.create_dataset(quoted(variable), (0, n), np.float64, maxshape=(None, n or None), chunks=chunks)
        data.attrs.update({"variable": variable, "units": track.units.get(variable, ""), "number": place})


def absolute(path: str | os.PathLike[str], trial: int) -> str:
    """The path of a file in a trial, wherever the process goes."""
    return str(Path(os.fspath(path).replace("{trial}", str(trial))).absolute())
