"""`Result` and `SpikeData` as files: HDF5 under a seal (`hsnn_event.files.sealed`), described in docs/results.md."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from hsnn_event.files.replacing import checked_path
from hsnn_event.files.sealed import open_sealed, read_array, read_header, write_array, write_header, write_sealed
from hsnn_event.recording.hyperedges import Hyperedges
from hsnn_event.recording.spikes import SpikeData
from hsnn_event.recording.states import StateData

if TYPE_CHECKING:
    import h5py

    from hsnn_event.recording.result import Record, Result

VERSION = 1
PathLike = str | os.PathLike[str]
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def save_result(result: Result, path: PathLike) -> None:
    """`Result.save`."""
    where = checked_path(path, "Result.save")
    write_sealed(where, "result", VERSION, lambda file: _Writer(file).result(result))


def load_result(path: PathLike) -> Result:
    """`Result.load`."""
    with open_sealed(checked_path(path, "Result.load"), "result", VERSION) as file:
        return _Reader(file).result(read_header(file))


def save_spikes(spikes: SpikeData, path: PathLike) -> None:
    """`SpikeData.to_hdf5`."""
    where = checked_path(path, "SpikeData.to_hdf5")
    write_sealed(where, "spikes", VERSION, lambda file: write_header(file, _Writer(file).spikes("spikes", spikes)))


def load_spikes(path: PathLike) -> SpikeData:
    """`SpikeData.from_hdf5`."""
    with open_sealed(checked_path(path, "SpikeData.from_hdf5"), "spikes", VERSION) as file:
        return _Reader(file).spikes(read_header(file))


class _Writer:
    """Puts data into an open file; what is held twice is written once. Each method returns what the header says of it."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._written: dict[int, dict[str, Any]] = {}

    def result(self, result: Result) -> None:
        spikes = []
        for number, (name, data) in enumerate(result.spikes.items()):
            place = f"spikes/{name if _PLAIN_NAME.fullmatch(name) else number}"
            spikes.append({"name": name, **self.spikes(place, data)})
        records = [
            {"record": self._record(f"records/{number}", record), "data": self._data(f"records/{number}", data)}
            for number, (record, data) in enumerate(result.records.items())
        ]
        header = {"t_start": result.t_start, "t_stop": result.t_stop, "timing": result.timing, "info": result.info}
        hyperedges = [self._hyperedges(f"hyperedges/{number}", each) for number, each in enumerate(result.hyperedges)]
        write_header(self._file, {**header, "spikes": spikes, "records": records, "hyperedges": hyperedges})

    def spikes(self, place: str, data: SpikeData) -> dict[str, Any]:
        if id(data) not in self._written:
            for name in ("times", "ids", "neurons"):
                write_array(self._file, f"{place}/{name}", getattr(data, name))
            self._written[id(data)] = {"group": place, "t_start": data.t_start, "t_stop": data.t_stop, **_grid_of(data)}
        return self._written[id(data)]

    def _hyperedges(self, place: str, each: Hyperedges) -> dict[str, Any]:
        held = {field.name: getattr(each, field.name) for field in fields(each)}
        arrays = {name for name, value in held.items() if isinstance(value, np.ndarray)}
        for name in arrays:
            write_array(self._file, f"{place}/{name}", held[name])
        return {"group": place, **{name: value for name, value in held.items() if name not in arrays}}

    def _record(self, place: str, record: Record) -> dict[str, Any]:
        if record.ids is not None:
            write_array(self._file, f"{place}/watched", record.ids)
        header = {each.name: getattr(record, each.name) for each in fields(record)}
        return {**header, "ids": None if record.ids is None else f"{place}/watched"}

    def _data(self, place: str, data: SpikeData | Mapping[str, StateData]) -> dict[str, Any]:
        if isinstance(data, SpikeData):
            return self.spikes(place, data)
        held = []
        for number, (variable, samples) in enumerate(data.items()):
            group = f"{place}/{variable if _PLAIN_NAME.fullmatch(variable) else number}"
            for name in ("times", "ids", "values"):
                write_array(self._file, f"{group}/{name}", np.asarray(getattr(samples, name)))
            held.append({"variable": variable, "unit": samples.unit, "group": group, **_grid_of(samples)})
        return {"states": held}


class _Reader:
    """Reads what `_Writer` wrote; anything else raises what `open_sealed` turns into a FileFormatError."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._spikes: dict[str, SpikeData] = {}

    def result(self, header: dict[str, Any]) -> Result:
        from hsnn_event.recording.result import Result  # which imports this module

        spikes = {_text(each["name"]): self.spikes(each) for each in header["spikes"]}
        records = {self._record(each["record"]): self._data(each["data"]) for each in header["records"]}
        start, stop = _real(header["t_start"]), _real(header["t_stop"])
        hyperedges = tuple(self._hyperedges(each) for each in header.get("hyperedges", []))
        return Result(spikes, records, _mapping(header["timing"]), _mapping(header["info"]), start, stop, hyperedges)

    def _hyperedges(self, header: dict[str, Any]) -> Hyperedges:
        held: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in header.items()}
        group, kinds = _text(held.pop("group")), {"IntArray": "i", "FloatArray": "f"}
        for text in (held["name"], held["kind"], held["target"], *held["populations"]):
            _text(text)
        for each in fields(Hyperedges):
            if each.type in kinds:
                held[each.name] = read_array(self._file, f"{group}/{each.name}", kinds[each.type])
        return Hyperedges(**held)

    def spikes(self, header: dict[str, Any]) -> SpikeData:
        group = _text(header["group"])
        if group not in self._spikes:
            times, ids, neurons = (self._array(group, name) for name in ("times", "ids", "neurons"))
            start, stop = _real(header["t_start"]), _real(header["t_stop"])
            self._spikes[group] = SpikeData(times, ids, neurons.size, start, stop, neurons, header.get("grid_shape"))
        return self._spikes[group]

    def _record(self, header: dict[str, Any]) -> Record:
        from hsnn_event.recording.result import Record

        ids = None if header["ids"] is None else read_array(self._file, _text(header["ids"]), "i")
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in header.items()}
        every = None if values["every"] is None else _real(values["every"])
        what = values["what"] if isinstance(values["what"], tuple) else (values["what"],)
        for each in (values["target"], values["name"], *what):
            _text(each)
        return Record(**{**values, "ids": ids, "every": every})

    def _data(self, header: dict[str, Any]) -> SpikeData | dict[str, StateData]:
        if "states" not in header:
            return self.spikes(header)
        return {_text(each["variable"]): self._states(each) for each in header["states"]}

    def _states(self, header: dict[str, Any]) -> StateData:
        times, ids, values = (self._array(_text(header["group"]), name) for name in ("times", "ids", "values"))
        variable, unit = _text(header["variable"]), _text(header["unit"])
        return StateData(times, ids, values, variable, unit, header.get("grid_shape"))

    def _array(self, group: str, name: str) -> Any:
        return read_array(self._file, f"{group}/{name}", "i" if name in ("ids", "neurons") else "fiub")


def _grid_of(data: SpikeData | StateData) -> dict[str, Any]:
    return {} if data.grid_shape is None else {"grid_shape": data.grid_shape}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _real(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no mapping")
    return value
