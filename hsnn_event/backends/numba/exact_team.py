"""What the threads that run a network without a clock work on, and what its numbers mean."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends import protocol
from hsnn_event.backends.numba.native import as_pointer, bare, inner, set_half, set_real, set_whole, whole_at
from hsnn_event.backends.numba.slots import Slots, bare_slots

FREE = float(protocol.FREE)
NONE = -1e300        # the window of a neuron that need not be looked at
BY_INSTANT = -2e300  # for LOOK and REACH: neurons are listed at each instant, and looked at on time; see exact_heap.py
BEYOND, NO_MORE = np.int64(-(1 << 50)), np.int64(-(1 << 51))  # in the place of a window

# Rows of what is due: the bits of the offset (positive numbers sort as their bits do), an address or a number, PACKED. A
# packed number holds the length of a group, the population and receptor that it reaches, and flags: its synapses share one
# weight; that weight is a float64, whatever the type of the weights; a neuron of a source fires, and there is no group; a
# neuron is to be looked at, at this very instant.
POPULATION, RECEPTOR = 32, 48
UNIFORM, WIDE, SPIKE, LOOKED = 1 << 62, 1 << 61, 1 << 60, 1 << 59
LENGTH_MASK, RECEPTOR_MASK = (1 << 32) - 1, 0xFF

# Columns of a context (int64), a row a population, and of what the contexts of a block have in common.
RECORDS, SCALARS, ARRAYS, TOUCHED, N_TOUCHED, NEXT, FIRST, COMMON, LANES, CONTEXT = range(10)
WINDOW_NOW, LIMIT, SPIKES, N_SPIKES, CAPACITY, START, CULPRIT, WINDOW, REACH, N_COMMON = range(10)
DONE, FULL = range(2)  # what `take` and `close` give; or CASCADE. FULL: there is no room for a spike
UNLISTED, LISTED, IN_LANE = 0.0, 1.0, 2.0  # LIST of a neuron's record
TAKE, CLOSE, STRIDE, LOOK_AT, N_CODES = range(5)  # columns of `codes`

# Where a thread stands, in `place`; FRESH is the last window whose stimuli have been entered, HEARD
# counts those that are listed; N_MET the spikes of all threads, with junctions.
PHASE, INDEX, N_DUE, NUMBER, TURN, FRESH, HEARD, N_MET, N_PLACES = range(9)
BEGIN, WALK, FINISH, MEET, GATHER, EMIT = range(6)
# Why a thread stops.
REACHED, BROKEN, CASCADE, MORE_DUE, MORE_SPIKES, MORE_LOOKS, MORE_ARRIVALS, MORE_MET = range(8)

# In `orders`: the window to reach, and the bits of the offset in it; the addresses of what adds junctions to spikes, or 0;
# for each thread its table of junctions, and how many rows that has.
TARGET, TARGET_OFFSET, MOST, JUDGED, LINKED, TABLES = range(6)


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
def bare_team(team):
    """These three: the same, to be handed on: see `native.bare`."""
    return ExactTeam(bare(team.rows), bare(team.met), bare(team.orders), bare(team.posts), bare(team.barrier))


@inner
def bare_block(block):
    return Block(
        bare(block.contexts), bare(block.common), bare(block.codes), bare(block.listed), bare(block.trains),
        bare(block.place),
    )  # fmt: skip


@inner
def bare_work(work):
    return Work(
        bare_slots(work.arrivals), bare_slots(work.looks), bare(work.due), bare(work.scratch), bare(work.even),
        bare(work.odd), bare(work.met), bare(work.met_scratch), bare(work.log), bare(work.n_log),
    )  # fmt: skip


@inner
def bits(number):
    """Those of a float64, as an int64."""
    return np.float64(number).view(np.int64)


@inner
def reals_of(common):
    return nb.carray(as_pointer(common.ctypes.data), (N_COMMON,), np.float64)


@inner
def later(w, o, time, window):
    """The instant `time` ms after (w, o)."""
    offset = o + time
    windows = np.ceil(offset * (1.0 / window)) - 1.0  # a power of 2, so its inverse is exact
    if windows != 0.0:
        return w + windows, offset - windows * window
    return w, offset


@inner
def not_after(w, o, v, p):
    """Is the instant (w, o) that of (v, p), or before it?"""
    return w < v or (w == v and o <= p)


@inner
def enlist(context, listed, i):
    """Put neuron i, whose LIST is at the address `listed`, among those to be brought to the end of the window."""
    n = whole_at(context + 8 * N_TOUCHED)
    set_half(whole_at(context + 8 * TOUCHED) + 4 * n, np.int32(i))
    set_whole(context + 8 * N_TOUCHED, n + 1)
    set_real(listed, LISTED)


@inner
def unpacked(packed):
    """The population, and the length and the receptor as `take` wants them."""
    length, receptor = packed & LENGTH_MASK, (packed >> RECEPTOR) & RECEPTOR_MASK
    length = -length if packed & UNIFORM else length
    receptor = receptor | 256 if packed & WIDE else receptor
    return (packed >> POPULATION) & 0xFFFF, length, receptor
