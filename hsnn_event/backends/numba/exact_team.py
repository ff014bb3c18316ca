"""What the threads that run a network without a clock work on, and what its numbers mean."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.native import as_pointer, inner
from hsnn_event.backends.numba.slots import Slots

NONE, BY_INSTANT = -1e300, -2e300
BEYOND, NO_MORE = np.int64(-(1 << 50)), np.int64(-(1 << 51))  # in the place of a window

# Rows of what is due: the bits of the offset (positive numbers sort as their bits do), an address or a number, PACKED. A
# packed number holds the length of a group, the population and receptor that it reaches, and flags: its synapses share one
# weight; that weight is a float64, whatever the type of the weights; a neuron of a source fires, and there is no group; a
# neuron is to be looked at, at this very instant.
POPULATION, RECEPTOR = 32, 48
UNIFORM, WIDE, SPIKE, LOOKED = 1 << 62, 1 << 61, 1 << 60, 1 << 59
LENGTH_MASK, RECEPTOR_MASK = (1 << 32) - 1, 0xFF

# Columns of a context and of what the contexts of a block share: exact_neuron.py.
TOUCHED, N_TOUCHED, NEXT, LANES, CONTEXT = 3, 4, 5, 8, 9
WINDOW_NOW, LIMIT, SPIKES, N_SPIKES, CAPACITY, START, CULPRIT, WINDOW, REACH, COMMON = range(10)
TAKE, CLOSE, STRIDE, LOOK_AT, N_CODES = range(5)  # columns of `codes`

# Where a thread stands, in `place`; FRESH is the last window whose stimuli have been entered, LISTED counts listed ones.
PHASE, INDEX, N_DUE, NUMBER, TURN, FRESH, LISTED, N_PLACES = range(8)
BEGIN, WALK, FINISH, MEET, EMIT = range(5)
# Why a thread stops.
REACHED, BROKEN, CASCADE, MORE_DUE, MORE_SPIKES, MORE_LOOKS, MORE_ARRIVALS, MORE_MET = range(8)

TARGET, TARGET_OFFSET, N_ORDERS = range(3)  # in `orders`: the window to reach, and the bits of the offset in it


class ExactTeam(NamedTuple):
    """What all threads see."""

    rows: npt.NDArray[np.int64]     # (n_blocks, n_neurons, 2): ExactRows.rows
    met: npt.NDArray[np.int64]      # (2, n_threads, 2): address and number of each thread's spikes, by turns
    orders: npt.NDArray[np.int64]
    posts: npt.NDArray[np.int64]
    barrier: npt.NDArray[np.int64]


class Block(NamedTuple):
    """A thread's own neurons. `codes` and `contexts` have a row a population."""

    contexts: npt.NDArray[np.int64]
    common: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    listed: npt.NDArray[np.int64]   # (n, 4): listed stimuli and spikes: window, and a row of what is due
    trains: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]


class Work(NamedTuple):
    """What grows: slots of arrivals and of looks (population, neuron), rows that are due, spikes by turns, the log."""

    arrivals: Slots
    looks: Slots
    due: npt.NDArray[np.int64]
    scratch: npt.NDArray[np.int64]
    even: npt.NDArray[np.float64]   # spikes of this thread: (offset, number of the neuron in the network)
    odd: npt.NDArray[np.float64]
    met: npt.NDArray[np.float64]    # spikes of all threads in one window
    met_scratch: npt.NDArray[np.float64]
    log: npt.NDArray[np.float64]    # thread 0: (window, offset, neuron) of all spikes since the last report
    n_log: npt.NDArray[np.int64]


@inner
def bits(number):
    """Those of a float64, as an int64."""
    return np.float64(number).view(np.int64)


@inner
def reals_of(common):
    return nb.carray(as_pointer(common.ctypes.data), (COMMON,), np.float64)
