"""The neurons of a population without a clock as records, and what compiled code needs to know of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba import exact_kernels, exact_team
from hsnn_event.backends.numba.exact_rows import ExactParts
from hsnn_event.backends.numba.native import call
from hsnn_event.backends.protocol import FREE, Flowing
from hsnn_event.lowering.exact_ir import ExactProgram
from hsnn_event.lowering.ir import FloatArray, IntArray, Number

# Columns of a record after its states: exact_neuron.py.
STAMP_W, STAMP_O, UNTIL_W, UNTIL_O, LIST, LOOK, SUMS = range(7)


@nb.njit(error_model="numpy", nogil=True, cache=True)
def invoke(address, a, b, c, d, e):
    """Call a compiled function of type FIVE."""
    return call(address, a, b, c, d, e)


class Kept(NamedTuple):
    """Stamps, ends of refractoriness, and how many spikes were fired at the instant of the stamp: see `Flowing`."""

    windows: IntArray
    offsets: FloatArray
    until_windows: IntArray
    until_offsets: FloatArray
    fired: IntArray


def kept_of_sources(size: int, window: float) -> Kept:
    """The same of neurons that have no states."""
    free = np.full(size, FREE, np.int64)
    return Kept(np.full(size, -1, np.int64), np.full(size, window), free, np.zeros(size), np.zeros(size, np.int64))


class Population:
    """`records` has a row a neuron, in order of ids."""

    def __init__(self, program: ExactProgram, number: int, parts: ExactParts) -> None:
        plan = program.populations[number]
        self.kernel, self.size = program.kernels[plan.kernel], plan.size
        self._weight, self._parts, self._window = program.weight_type, parts, program.window
        self._per_neuron: frozenset[str] | None = None
        self._scalars, self._arrays = np.zeros(0), {}  # type: ignore[var-annotated]
        self._pointers: dict[int, list[npt.NDArray[Any]]] = {}
        self._rebind({**plan.constants, **plan.inputs})
        stride = self.code.stride
        memory = np.empty(self.size * stride + 8)
        start = (-memory.ctypes.data % 64) // 8
        self.records: FloatArray = memory[start : start + self.size * stride].reshape(self.size, stride)

    def _rebind(self, numbers: dict[str, Number]) -> None:
        """Take up the values of constants and inputs."""
        names = (*self.kernel.constants, *self.kernel.inputs)
        own = frozenset(name for name in names if np.ndim(numbers[name]))
        if own != self._per_neuron:
            self.code, self._per_neuron = exact_kernels.compiled(self.kernel, own, self._weight), own
            self._where = exact_kernels.layout(self.kernel, own)
            self._scalars = np.zeros(max(1, len(self._where.scalars)))
        self._scalars[: len(self._where.scalars)] = [float(numbers[name]) for name in self._where.scalars]
        self._arrays = {name: np.array(numbers[name], np.float64) for name in self._where.arrays}

    def bind(self, number: int, block: int, into: exact_team.Block, numbers: dict[str, Number]) -> None:
        """Fill the rows of a block's tables for this population, whose number it is."""
        if block == 0:
            self._rebind(numbers)
        first, length = int(self._parts.first[number, block]), int(self._parts.length[number, block])
        pointers = np.array([array.ctypes.data + 8 * first for array in self._arrays.values()] or [0], np.int64)
        if block in self._pointers:
            _, touched, following, lanes = self._pointers[block]
        else:
            touched, following = np.zeros(length + 8, np.int32), np.zeros(2 * length + 8)
            lanes = np.zeros(0)
        if len(lanes) < self.code.n_lanes:  # more numbers have become neurons' own
            lanes = np.zeros(self.code.n_lanes)
        self._pointers[block] = [pointers, touched, following, lanes]
        into.contexts[number] = (
            self.records.ctypes.data + 8 * self.code.stride * first, self._scalars.ctypes.data, pointers.ctypes.data,
            touched.ctypes.data, 0, following.ctypes.data, self._parts.offsets[number] + first, into.common.ctypes.data,
            lanes.ctypes.data,
        )  # fmt: skip
        into.codes[number] = self.code.take, self.code.close, self.code.stride, self.code.n_states + LOOK

    def place(self, number: int, states: dict[str, FloatArray], moment: Flowing | None) -> None:
        """Put all neurons where a run begins, or where a moment has them."""
        n = self.code.n_states
        self.records[:] = 0.0
        if moment is None:
            for k, name in enumerate(self.kernel.states):
                self.records[:, k] = states[name]
            self.records[:, n + STAMP_W], self.records[:, n + STAMP_O] = -1.0, self._window
            self.records[:, n + UNTIL_W] = FREE
        else:
            self.records[:, :n] = moment.states[number].T
            self.records[:, n + STAMP_W], self.records[:, n + STAMP_O] = moment.windows[number], moment.offsets[number]
            self.records[:, n + UNTIL_W] = moment.until_windows[number]
            free = moment.until_windows[number] == FREE
            self.records[:, n + UNTIL_O] = np.where(free, moment.fired[number], moment.until_offsets[number])
        self._forget_search()

    def stamp(self, states: FloatArray, w: int, o: float) -> None:
        """Something happens to all neurons at (w, o): these are their states then."""
        n = self.code.n_states
        moved = (self.records[:, n + STAMP_W] != w) | (self.records[:, n + STAMP_O] != o)
        self.records[moved & (self.records[:, n + UNTIL_W] == FREE), n + UNTIL_O] = 0.0
        self.records[:, :n] = states.T
        self.records[:, n + STAMP_W], self.records[:, n + STAMP_O] = w, o
        self._forget_search()

    def set(self, variable: str, values: Number) -> None:
        """Give a state its values."""
        self.records[:, self.kernel.states.index(variable)] = values

    def look(self, window: float) -> None:
        """All neurons are entered for a look in a window, or followed instant by instant."""
        self.records[:, self.code.n_states + LOOK] = window

    def stamp_of(self, neuron: int) -> tuple[float, float]:
        """The instant at which something last happened to a neuron."""
        n = self.code.n_states
        return float(self.records[neuron, n + STAMP_W]), float(self.records[neuron, n + STAMP_O])

    def kept(self) -> Kept:
        """Where the neurons stand, states apart."""
        n = self.code.n_states
        stamp_w, stamp_o, until_w, until_o = self.records[:, n : n + 4].T.copy()
        free = until_w == FREE
        windows, untils = stamp_w.astype(np.int64), until_w.astype(np.int64)
        return Kept(windows, stamp_o, untils, np.where(free, 0.0, until_o), np.where(free, until_o, 0.0).astype(np.int64))

    def _forget_search(self) -> None:
        if not self.code.closed:
            self.records[:, self.code.n_states + SUMS + len(self.kernel.receptors)] = -1.0
