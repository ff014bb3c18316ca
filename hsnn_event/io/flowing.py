"""Checks of what a file says of populations without a clock: compiled code trusts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hsnn_event.backends.protocol import Flowing
from hsnn_event.errors import FileFormatError
from hsnn_event.io.evidence import check_evidence
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.quantities import flag, indices, real


def checked_flowing(program: ExactProgram | None, flowing: Flowing) -> Flowing:
    """Refuse what no engine gives."""
    assert program is not None
    real(flowing.time, "time", low=0.0)
    flag(flowing.before, "before")
    sizes = [plan.size for plan in program.populations]
    shapes = [(len(program.kernels[plan.kernel].states), plan.size) for plan in program.populations]
    flat = [(size,) for size in sizes]
    _fit(flowing.states, shapes, "f")
    for held in (flowing.windows, flowing.until_windows, flowing.fired):
        _fit(held, flat, "i")
    for offsets in (flowing.offsets, flowing.until_offsets):
        _fit(offsets, flat, "f")
        for each in offsets:
            _check_offsets(each, program.window)
    if len(flowing.drawn) != len(program.keys) or any(each.ndim != 2 or each.shape[1] != 3 for each in flowing.drawn):
        raise FileFormatError("how far random streams have been drawn does not fit the streams.")
    _check_spikes(program, flowing, sizes)
    check_evidence(program.hyper, flowing.evidence)
    return flowing


def _fit(arrays: Sequence[Any], shapes: Sequence[tuple[int, ...]], kind: str) -> None:
    wrong = len(arrays) != len(shapes) or any(
        not isinstance(each, np.ndarray) or each.dtype.kind != kind or each.itemsize != 8 or each.shape != shape
        for each, shape in zip(arrays, shapes, strict=False)
    )
    if wrong:
        raise FileFormatError("states, or times of what happened last, do not fit the neurons of the populations.")


def _check_offsets(offsets: Any, window: float) -> None:
    if not ((offsets >= 0.0) & (offsets <= window)).all():
        raise FileFormatError(f"a time lies outside its window of {window:g} ms.", window=window)


def _check_spikes(program: ExactProgram, flowing: Flowing, sizes: list[int]) -> None:
    windows, offsets, populations, ids = flowing.spike_windows, flowing.spike_offsets, flowing.populations, flowing.ids
    _fit((windows, populations, ids), [windows.shape] * 3, "i")
    _fit((offsets,), [windows.shape], "f")
    _check_offsets(offsets, program.window)
    indices(populations, len(sizes), "populations of spikes in flight")
    wrong = (ids < 0) | (ids >= np.array(sizes)[populations])
    if wrong.any() or not np.array_equal(np.lexsort((ids, populations, offsets, windows)), np.arange(len(ids))):
        raise FileFormatError("the spikes in flight are not those of these populations, in order.")
