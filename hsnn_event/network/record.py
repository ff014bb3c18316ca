"""Records as declarations: what may be recorded, when, and under which name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hsnn_event.errors import ArgumentTypeError, DeclarationError, ValueRangeError, shown, unknown_name
from hsnn_event.files.replacing import checked_path
from hsnn_event.grid import Continuum, Time
from hsnn_event.model.parse import parse
from hsnn_event.network.views import View
from hsnn_event.quantities import is_array, label, real
from hsnn_event.recording import Record
from hsnn_event.units import in_unit

SPIKES = "spikes"


def declared_record(
    target: View,
    what: str | Sequence[str],
    every: float | None,
    at: Sequence[float] | None,
    to: str | os.PathLike[str] | None,
    name: str | None,
    grid: Time,
) -> Record:
    """A record of one population or view whose every part is checked."""
    where = f"record of {target.name!r}"
    if not is_array(what) and not isinstance(what, str):
        raise ArgumentTypeError(f"{where}: what to record is text or several texts, not {shown(what)}.", value=what)
    names = (what,) if isinstance(what, str) else tuple(label(each, f"{where}: what is recorded") for each in what)
    if not names:
        raise DeclarationError(f"{where}: nothing to record is named; give 'spikes' or states such as 'v'.")
    if names == (SPIKES,):
        if every is not None or at is not None:
            given = "every" if every is not None else "at"
            raise DeclarationError(f"{where}: spikes have no interval; leave out {given}=.")
    else:
        _check_variables(target, names, where)
        if every is None and at is None and isinstance(grid, Continuum):
            raise DeclarationError(f"{where}: without a clock there are no steps to sample in; give every= or at= in ms.")
    if every is not None and at is not None:
        raise DeclarationError(f"{where}: give every= or at=, not both; two records may differ in that.")
    if every is not None:
        every = real(every, f"{where}: every", low=grid.least, unit="ms")
        grid.steps(every, f"{where}: every")
    if name is not None and "\0" in label(name, f"{where}: name"):
        raise ArgumentTypeError(f"{where}: name={shown(name)} holds a null character; choose another name.", value=name)
    return Record(
        target.name,
        None if target.selection is None else target.selection.copy(),
        SPIKES if names == (SPIKES,) else names,
        every,
        name or "",
        None if at is None else _times(at, where, grid),
        None if to is None else str(checked_path(to, where, "to")),
    )


def kept_record(records: list[Record], record: Record, name: str | None) -> Record:
    """The record under a name of its own, now listed, or the one listed that keeps the same already."""
    for known in records:
        if _content(known) == _content(record) and name in (None, known.name):
            return known
    taken = {known.name for known in records}
    what = record.what if isinstance(record.what, str) else ",".join(record.what)
    stem = name or f"{record.target}.{what}"
    number, free = 1, stem
    while free in taken:
        number, free = number + 1, f"{stem}#{number + 1}"
    records.append(replace(record, name=free))
    return records[-1]


def _check_variables(target: View, names: tuple[str, ...], where: str) -> None:
    model = target.population.model
    known = (*model.states, *model.inputs, *model.expressions, *model.parameters)
    for variable in names:
        if variable == SPIKES:
            raise DeclarationError(f"{where}: spikes have times of their own; record them by themselves.")
        if variable.isidentifier() and variable not in known:
            raise unknown_name(f"{where}:", variable, (SPIKES, *known))
        parse(variable, known, where)
    if len(set(names)) != len(names):
        raise DeclarationError(f"{where}: a variable is named twice among {', '.join(names)}. Name each once.", names=names)


def _times(at: Sequence[float], where: str, grid: Time) -> tuple[float, ...]:
    """Sorted, each once, on the grid and after 0."""
    if not is_array(at):
        raise ArgumentTypeError(f"{where}: at= is a sequence of times in ms, not {shown(at)}.", value=at)
    times = in_unit(at, f"{where}: at", "ms")
    steps = sorted({grid.steps(real(time, f"{where}: at", low=0.0, unit="ms"), f"{where}: at") for time in times})
    if steps and steps[0] == 0:
        text = f"{where}: at 0 ms nothing has run; get() gives the initial values. Leave 0 out of at=."
        raise ValueRangeError(text, at=0.0)
    return tuple(grid.time(step) for step in steps)


def _content(record: Record) -> tuple[object, ...]:
    ids = None if record.ids is None else np.asarray(record.ids).tobytes()
    return record.target, record.what, record.every, record.at, record.to, ids
