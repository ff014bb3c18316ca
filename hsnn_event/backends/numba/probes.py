"""Sampling states within the compiled loop: each thread samples the slices of its own blocks, into columns of its own."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.native import as_pointer, inner
from hsnn_event.backends.numba.partition import Partition
from hsnn_event.backends.protocol import Probe, sample_steps
from hsnn_event.lowering.ir import FloatArray, IntArray

# Columns of the table of probes, a row for each slice that a probe looks at: addresses of the slice's part of the
# values, of the places to sample in it, of the columns that they go to and of the samples; the interval, the number
# (step // interval) of the first sample, the numbers of places and of columns.
VALUES, PLACES, COLUMNS, SAMPLES, EVERY, FIRST, COUNT, WIDTH = range(8)
N_COLUMNS = 8
Record = tuple[int, tuple[int, ...]]  # a slice, and a row of the table


@inner
def sample(table, q, step, n, dtype):
    """Copy what row `q` of the table asks for, if the step is one of its multiples; the slice has `n` neurons."""
    probes = nb.carray(as_pointer(table), (q + 1, N_COLUMNS), np.int64)
    every = probes[q, EVERY]
    if step % every != 0:
        return
    count, width = probes[q, COUNT], probes[q, WIDTH]
    values = nb.carray(as_pointer(probes[q, VALUES]), (n,), dtype)
    places = nb.carray(as_pointer(probes[q, PLACES]), (count,), np.int64)
    columns = nb.carray(as_pointer(probes[q, COLUMNS]), (count,), np.int64)
    row = probes[q, SAMPLES] + 8 * width * (step // every - probes[q, FIRST])
    out = nb.carray(as_pointer(row), (width,), np.float64)
    for j in range(count):
        out[columns[j]] = values[places[j]]


class Cuts:
    """Which of the neurons of a probe lie in which block; remembered, since the same probes come again and again."""

    def __init__(self, parts: Partition) -> None:
        self._parts = parts
        self._known: dict[tuple[int, int], tuple[IntArray | None, list[tuple[int, IntArray, IntArray]]]] = {}

    def trim(self) -> None:
        """Forget where too much is remembered; not between aiming and sampling, which needs the addresses."""
        if len(self._known) > 1000:
            self._known.clear()

    def samples(self, probe: Probe, step: int, n_steps: int) -> FloatArray:
        """Room for what a probe samples in the `n_steps` steps after `step`."""
        n_ids = int(self._parts.length[probe.population].sum()) if probe.ids is None else len(probe.ids)
        return np.empty((len(sample_steps(step, n_steps, probe.every)), n_ids))

    def records(self, probe: Probe, values: npt.NDArray[Any], out: FloatArray, step: int) -> list[Record]:
        """A row of the table for each slice that the probe looks at."""
        first = self._parts.first[probe.population]
        return [
            (
                probe.population * self._parts.n_blocks + b,
                (
                    values.ctypes.data + int(first[b]) * values.itemsize, places.ctypes.data, columns.ctypes.data,
                    out.ctypes.data, probe.every, step // probe.every + 1, len(places), out.shape[1],
                ),
            )
            for b, places, columns in self._cut(probe)
        ]  # fmt: skip

    def _cut(self, probe: Probe) -> list[tuple[int, IntArray, IntArray]]:
        """(block, places within the slice, columns) for each block that holds some of the neurons."""
        key = probe.population, id(probe.ids)
        if key not in self._known:  # the array is kept too, so that no other can take its id
            self._known[key] = probe.ids, self._new_cut(probe)
        return self._known[key][1]

    def _new_cut(self, probe: Probe) -> list[tuple[int, IntArray, IntArray]]:
        first, length = self._parts.first[probe.population], self._parts.length[probe.population]
        ids = np.arange(int(length.sum())) if probe.ids is None else np.asarray(probe.ids, np.int64)
        block = self._parts.block(probe.population, ids)
        cuts = ((int(b), np.flatnonzero(block == b)) for b in np.unique(block))
        return [(b, np.ascontiguousarray(ids[columns] - first[b]), columns) for b, columns in cuts]


def sorted_records(found: list[Record], n_slices: int) -> tuple[IntArray, IntArray]:
    """The table, sorted by slice, and where in it each slice begins."""
    found = sorted(found, key=lambda each: each[0])
    table = np.array([row for _, row in found], np.int64).reshape(-1, N_COLUMNS)
    first = np.searchsorted([s for s, _ in found], np.arange(n_slices + 1)).astype(np.int64)
    return table, first
