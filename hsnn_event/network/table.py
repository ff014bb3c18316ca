"""Tables as rows of cells: lists of dicts, dicts of columns, DataFrames and CSV files."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from hsnn_event.errors import (
    ArgumentTypeError,
    DeclarationError,
    FileAccessError,
    FileFormatError,
    HsnnError,
    ShapeError,
    shown,
)
from hsnn_event.quantities import is_array


class Frame(Protocol):
    """What a DataFrame of pandas, or one like it, can do."""

    def to_dict(self, orient: Any) -> Any:
        """A list of dicts under "records"."""


Table = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]] | Frame | str | os.PathLike[str]
KINDS = "a list of dicts, a dict of columns, a DataFrame or the path of a CSV file"
WORDS = {"true": True, "false": False}


class Row(NamedTuple):
    """The cells of a row that say something, and how messages name it."""

    number: int  # counted from 0
    where: str
    cells: dict[str, Any]

    def error(self, error: HsnnError, column: str) -> HsnnError:
        """The same error with the place in the table."""
        value = self.cells.get(column)
        text = f"{self.where}, column {column!r}, value {shown(value)}: {error.args[0]}"
        return type(error)(text, **{**error.facts, "row": self.number, "column": column, "value": value})

    def missing(self, column: str, example: str) -> DeclarationError:
        """The error for a cell that a row needs."""
        text = f"{self.where} has nothing in column {column!r}; give {example}."
        return DeclarationError(text, row=self.number, column=column, value=None)


def rows_of(table: Any, columns: Mapping[str, Any], what: str) -> list[Row]:
    """The rows; `columns` are the cells of rows that have none of their own."""
    if isinstance(table, str | os.PathLike):
        read = _csv(os.fspath(table), what)
    elif hasattr(table, "to_dict") and hasattr(table, "columns"):
        names = [str(name) for name in table.columns]
        if len(set(names)) != len(names):
            raise DeclarationError(f"{what}: two columns have one name among {', '.join(names)}. Name each once.")
        read = [(f"row {number}", cells) for number, cells in enumerate(table.to_dict("records"))]
    elif isinstance(table, Mapping):
        read = _columns(table, what)
    elif is_array(table) and not isinstance(table, np.ndarray | set | frozenset):
        read = [(f"row {number}", cells) for number, cells in enumerate(table)]
    else:
        raise ArgumentTypeError(f"{what}: the table must be {KINDS}, not {shown(table)}.", value=table)
    return [_row(number, f"{what}: {place}", cells, columns) for number, (place, cells) in enumerate(read)]


def _row(number: int, where: str, cells: Any, columns: Mapping[str, Any]) -> Row:
    if not isinstance(cells, Mapping):
        text = f"{where} is {shown(cells)}; give a dict of its cells."
        raise ArgumentTypeError(text, row=number, value=cells)
    for name in cells:
        if not isinstance(name, str) or not name:
            text = f"{where}: a column is named by a text such as 'source', not {shown(name)}."
            raise ArgumentTypeError(text, row=number, column=name)
    given = {name: cell for name, cell in cells.items() if not empty(cell)}
    return Row(number, where, {**{name: cell for name, cell in columns.items() if not empty(cell)}, **given})


def empty(cell: Any) -> bool:
    """Does it say nothing? None and NaN, as pandas has them, pandas' own NA and NaT."""
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float | np.floating) and math.isnan(cell)


def _columns(table: Mapping[Any, Any], what: str) -> list[tuple[str, dict[Any, Any]]]:
    for name, column in table.items():
        if not is_array(column) or isinstance(column, Mapping | set | frozenset):
            text = f"{what}: column {shown(name)} is a list of cells, not {shown(column)}; a value of all rows is a keyword."
            raise ArgumentTypeError(text, column=name, value=column)
    columns = {name: list(column) for name, column in table.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise ShapeError(f"{what}: columns differ in length: {listed}. Give each one cell a row.", lengths=lengths)
    n_rows = next(iter(lengths.values()), 0)
    return [(f"row {row}", {name: column[row] for name, column in columns.items()}) for row in range(n_rows)]


def _csv(path: str, what: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True, skipinitialspace=True)
            names, read = list(reader.fieldnames or ()), [(reader.line_num, cells) for cells in reader]
    except (OSError, ValueError) as error:  # a path with a null character is a ValueError, and so is what is no UTF-8
        raise FileAccessError(f"{what}: {shown(path)} cannot be read: {error}. Give {KINDS}.", path=path) from error
    except csv.Error as error:
        raise FileFormatError(f"{what}: {shown(path)} is no CSV file: {error}.", path=path) from error
    if len(set(names)) != len(names) or "" in names:
        raise FileFormatError(f"{what}: the first line of {shown(path)} does not name each column once.", path=path)
    for number, (line, cells) in enumerate(read):
        if None in cells or None in cells.values():
            n_cells = sum(cell is not None for cell in cells.values()) + len(cells.get(None) or ()) - (None in cells)
            text = f"{what}: row {number} (line {line}) of {shown(path)} has {n_cells} cells for {len(names)} columns."
            raise FileFormatError(text, path=path, row=number)
    return [
        (f"row {number} (line {line})", {name: _cell(text) for name, text in cells.items()})
        for number, (line, cells) in enumerate(read)
    ]


def _cell(text: str) -> Any:
    """A number, True, False or a text; None where there is nothing."""
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return WORDS.get(text.lower(), text or None)
