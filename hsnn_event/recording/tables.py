"""`SpikeData` as a table: CSV and pandas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hsnn_event.errors import FileAccessError, FileFormatError, MissingExtraError
from hsnn_event.files.replacing import checked_path, reason, replacing

if TYPE_CHECKING:
    import pandas

    from hsnn_event.recording.files import PathLike
    from hsnn_event.recording.spikes import SpikeData

COLUMNS = ("time", "id")


def write_csv(spikes: SpikeData, path: PathLike) -> None:
    """`SpikeData.to_csv`."""
    with replacing(checked_path(path, "SpikeData.to_csv")) as part, open(part, "x", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(zip(spikes.times.tolist(), spikes.ids.tolist(), strict=True))


def read_csv(path: PathLike) -> tuple[list[float], list[int]]:
    """Times and ids of a table that `write_csv` wrote, in its order.

    Raises FileAccessError where it cannot be read, FileFormatError with the line where it is no such table.
    """
    where = checked_path(path, "SpikeData.from_csv")
    times: list[float] = []
    ids: list[int] = []
    try:
        with open(where, newline="", encoding="utf-8") as file:
            for time, neuron in _rows(where, file):
                times.append(time)
                ids.append(neuron)
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be read: {reason(error)}. Look at its name and permissions.",
            path=str(path),
        ) from error
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path} was not loaded: it is no text ({error}).", path=str(path)) from error
    return times, ids


def _rows(path: Path, lines: Iterable[str]) -> Iterator[tuple[float, int]]:
    reader = csv.reader(lines)
    try:
        header = next(reader, [])
        if tuple(header) != COLUMNS:
            raise ValueError(f"the header is {','.join(header)[:80]!r}, not 'time,id'")
        for row in reader:
            if len(row) != len(COLUMNS):
                raise ValueError(f"there are {len(row)} columns, not a time and an id")
            time, neuron = float(row[0]), int(row[1])
            if not -(2**63) <= neuron < 2**63:
                raise ValueError(f"{neuron} is no id")
            yield time, neuron
    except (ValueError, csv.Error) as error:
        line = max(1, reader.line_num)
        raise FileFormatError(f"{path} was not loaded: line {line}: {error}.", path=str(path), line=line) from error


def to_pandas(spikes: SpikeData) -> pandas.DataFrame:
    """`SpikeData.to_pandas`."""
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError(
            "to_pandas needs pandas. Install it with: pip install 'hsnn_event[io]'", extra="io"
        ) from error
    table = pandas.DataFrame({"time": spikes.times.copy(), "id": spikes.ids.copy()})
    table.attrs.update(t_start=spikes.t_start, t_stop=spikes.t_stop, n_neurons=spikes.n_neurons)
    return table
