"""The compiled loop over steps: one function for all networks. Models enter as addresses of kernels.

Every thread owns some blocks: it delivers into them, advances their neurons and keeps their calendars. The threads
meet once a step, to see each other's spikes; these are kept twice, by turns, so that one meeting is enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.adjacency import padded
from hsnn_event.backends.numba.calendar import room_needed, schedule, take, with_room
from hsnn_event.backends.numba.crew import stay
from hsnn_event.backends.numba.gather import CODE
from hsnn_event.backends.numba.native import as_pointer, call, inner, prefetch, wait
from hsnn_event.backends.numba.noise import AT_ONCE
from hsnn_event.backends.numba.probes import sample
from hsnn_event.backends.numba.stimuli import BATCH
from hsnn_event.lowering.ir import CUT_EVERY, DENORMAL_CUT

GROUPS_AHEAD = 4  # benchmarks/README.md, "prefetch distance"
LINE = 64
NONE = np.int64(-1)  # of one type with the numbers that it stands beside: spikes of the step that wait to be scheduled

# Columns of the table of slices: a slice is the part of a population that lies in a block. Where KERNEL is 0 the neurons
# are sources of spikes, and ARRAYS is the address of their record.
# LAGS is the address of its kernel's state of that name, or 0.
FIRST, LENGTH, KERNEL, ARRAYS, SCALARS, POPULATION, STATES, LAGS = range(8)
N_COLUMNS = 8
# Columns of the table of stages: row q * n_slices + s is stage q of slice s, the last q what publishes its states. A kernel
# of 0: nothing is coupled. The arrays are given twice: with the one and with the other copy of what it publishes.
STAGE_KERNEL, STAGE_ARRAYS, OTHER_ARRAYS, STAGE_SCALARS = range(4)
N_STAGE_COLUMNS = 4
N_PHASES, N_STAGES = range(2)  # places in `phases`: stages in a step, and in a substep

BROKEN = np.int64(-2)  # the barrier was broken off
STIMULUS, NOISE, SOURCE, JUDGE = range(4)  # places in `codes`

# What a piece of a run is: its first step is FIRST_STEP + 1; kernels count steps from EPOCH, in 32 bits; PROBES is the
# address of the table of what to sample, a row for each slice that a probe looks at, sorted by slice.
FIRST_STEP, N_STEPS, EPOCH, PROBES = range(4)
N_ORDERS = 4


class Team(NamedTuple):
    """What all threads see. Slice p * n_blocks + b is population p's part of block b."""

    slices: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]            # Adjacency.rows
    one: npt.NDArray[np.float64]           # an array of the weights' type
    ports: npt.NDArray[np.float64]         # arrivals of the step, block after block
    port_first: npt.NDArray[np.int64]      # (n_blocks + 1,)
    stimuli: npt.NDArray[np.int64]         # sorted by slice, then by declaration
    stimuli_first: npt.NDArray[np.int64]   # (n_slices + 1,)
    noise: npt.NDArray[np.int64]           # likewise
    noise_first: npt.NDArray[np.int64]
    phases: npt.NDArray[np.int64]          # the number of stages that coupled slices go through, 0 where there are none
    stages: npt.NDArray[np.int64]          # what they are
    gathers: npt.NDArray[np.int64]         # what couplings add to the inputs of slices, sorted by slice, then as declared
    gather_first: npt.NDArray[np.int64]    # (n_slices + 1,)
    judges: npt.NDArray[np.int64]          # (n_threads, 2): table of junctions, and its number of rows
    junctions: npt.NDArray[np.bool_]       # populations of junctions
    population_of: npt.NDArray[np.int64]   # (n_neurons,) where there are junctions
    room: npt.NDArray[np.int64]            # [0]: for the spikes of a step
    codes: npt.NDArray[np.int64]           # addresses of functions that not all networks need, and have compiled
    fired: npt.NDArray[np.int32]           # (2, n_neurons): of each slice, numbers of the neurons that fired
    n_fired: npt.NDArray[np.int64]         # (2, n_slices)
    lags: npt.NDArray[np.float64]          # (2, n_neurons), or (2, 0) where no kernel has them: those of the fired
    recorded: npt.NDArray[np.bool_]        # populations whose spikes are kept
    probe_first: npt.NDArray[np.int64]     # (n_slices + 1,): rows of the table of probes
    orders: npt.NDArray[np.int64]
    posts: npt.NDArray[np.int64]           # (n_threads, 16): where each thread stands, as crew.py says
    barrier: npt.NDArray[np.int64]


class Spikes(NamedTuple):
    """Spikes kept, in order: `n[0]` of them; `lags` hold no number for those of populations that have none."""

    steps: npt.NDArray[np.int64]
    neurons: npt.NDArray[np.int64]
    lags: npt.NDArray[np.float64]
    n: npt.NDArray[np.int64]


def no_spikes() -> Spikes:
    """Room for the first spikes."""
    return Spikes(np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024), np.zeros(1, np.int64))


class Scratch(NamedTuple):
    """Room for the Poisson counts and normal numbers of some targets at a time; `first[0]` is the first step of the call."""

    words: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.int32]
    normal: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]


@inner
def _ports(team, block):
    """The ports of a block."""
    first = team.port_first[block]
    address = team.ports.ctypes.data + first * team.ports.itemsize
    return nb.carray(as_pointer(address), (team.port_first[block + 1] - first,), team.ports.dtype)


@inner
def deliver(due, n, ports, one):
    """Add the weights of the first `n` groups of `due` to their ports, in order.

    An entry is (address, length); a length below 0 is that of a group whose synapses share one weight. `one` is an
    array of the weights' type.
    """
    size = one.itemsize
    for e in range(n):
        if e + GROUPS_AHEAD < n:
            ahead, length = due[e + GROUPS_AHEAD, 0], due[e + GROUPS_AHEAD, 1]
            end = ahead + (size - 2 * length if length < 0 else (2 + size) * length)
            while ahead < end:
                prefetch(ahead)
                ahead += LINE
            prefetch(end)
        address, length = due[e, 0], due[e, 1]
        if length < 0:
            weight = ports.dtype.type(nb.carray(as_pointer(address), (1,), one.dtype)[0])
            targets = nb.carray(as_pointer(address + size), (-length,), np.uint16)
            for k in range(targets.size):
                ports[targets[k]] += weight
        else:
            targets = nb.carray(as_pointer(address), (length,), np.uint16)
            weights = nb.carray(as_pointer(address + padded(length, size)), (length,), one.dtype)
            for k in range(targets.size):
                ports[targets[k]] += ports.dtype.type(weights[k])


@inner
def _gather(team, turn, fired):
    """Collect the neurons that fired in this step, by population, then id; gives their number."""
    n = 0
    for s in range(team.slices.shape[0]):
        first = team.slices[s, FIRST]
        for j in range(team.n_fired[turn, s]):
            fired[n] = first + team.fired[turn, first + j]
            n += 1
    return n


@inner
def _keep(team, turn, step, spikes):
    """Append the spikes of the recorded populations; there must be room."""
    n = spikes.n[0]
    for s in range(team.slices.shape[0]):
        if not team.recorded[team.slices[s, POPULATION]]:
            continue
        first = team.slices[s, FIRST]
        if team.slices[s, LAGS] != 0:
            for j in range(team.n_fired[turn, s]):
                spikes.lags[n + j] = team.lags[turn, first + j]
        for j in range(team.n_fired[turn, s]):
            spikes.steps[n] = step
            spikes.neurons[n] = first + team.fired[turn, first + j]
            n += 1
    spikes.n[0] = n


@inner
def _judged(thread, team, fired, n_fired, step):
    """Add the junctions of hyperedges to the spikes of a step; gives their number."""
    if team.codes[JUDGE] == 0 or n_fired == 0:
        return n_fired
    return call(team.codes[JUDGE], team.judges[thread, 0], team.judges[thread, 1], fired.ctypes.data, n_fired, step)


@inner
def _keep_junctions(team, step, fired, n_fired, spikes):
    """Append what recorded junctions have done in a step."""
    n = spikes.n[0]
    for e in range(n_fired):
        population = team.population_of[fired[e]]
        if team.junctions[population] and team.recorded[population]:
            spikes.steps[n], spikes.neurons[n] = step, fired[e]
            n += 1
    spikes.n[0] = n


@inner
def _larger(spikes, n_more):
    """The spikes in larger arrays, with room for `n_more`."""
    n = spikes.n[0]
    steps, neurons = np.empty(2 * (n + n_more), np.int64), np.empty(2 * (n + n_more), np.int64)
    lags = np.empty(2 * (n + n_more), np.float64)
    for j in range(n):
        steps[j], neurons[j], lags[j] = spikes.steps[j], spikes.neurons[j], spikes.lags[j]
    return Spikes(steps, neurons, lags, spikes.n)


@inner
def _cut_denormals(team, s):
    """Set states below the cut to 0: the first arrays of a slice's kernel."""
    n, dtype = team.slices[s, LENGTH], team.ports.dtype
    states = nb.carray(as_pointer(team.slices[s, ARRAYS]), (team.slices[s, STATES],), np.int64)
    cut, zero = dtype.type(DENORMAL_CUT), dtype.type(0)
    for k in range(states.size):
        values = nb.carray(as_pointer(states[k]), (n,), dtype)
        for i in range(values.size):
            values[i] = zero if abs(values[i]) < cut else values[i]


@inner
def _keep_lags(team, turn, s):
    """Copy the lags of the neurons of a slice that fired: who runs ahead writes these states anew."""
    first = team.slices[s, FIRST]
    lags = nb.carray(as_pointer(team.slices[s, LAGS]), (team.slices[s, LENGTH],), team.ports.dtype)
    for j in range(team.n_fired[turn, s]):
        team.lags[turn, first + j] = lags[team.fired[turn, first + j]]


@inner
def _drive(team, s, ports, step, scratch):
    """Stimuli and noise of a slice."""
    words, counts = scratch.words.ctypes.data, scratch.counts.ctypes.data
    for q in range(team.stimuli_first[s], team.stimuli_first[s + 1]):
        record = team.stimuli.ctypes.data + q * team.stimuli.strides[0]
        call(team.codes[STIMULUS], record, step, ports.ctypes.data, words, counts)
    n_noisy = team.noise_first[s + 1] - team.noise_first[s]
    if n_noisy:
        records = team.noise.ctypes.data + team.noise_first[s] * team.noise.strides[0]
        anyway, normal = np.int64(step == scratch.first[0]), scratch.normal.ctypes.data
        call(team.codes[NOISE], records, n_noisy, step, anyway, normal)


@inner
def _update(team, s, step, now, turn):
    """Advance and test the neurons of a slice."""
    n, n_neurons = team.slices[s, LENGTH], team.fired.shape[1]
    fired = team.fired.ctypes.data + 4 * (turn * n_neurons + team.slices[s, FIRST])
    team.n_fired[turn, s] = call(team.slices[s, KERNEL], team.slices[s, ARRAYS], team.slices[s, SCALARS], n, now, fired)
    if team.slices[s, LAGS] != 0:
        _keep_lags(team, turn, s)
    if step % CUT_EVERY == 0:
        _cut_denormals(team, s)
    for q in range(team.probe_first[s], team.probe_first[s + 1]):
        sample(team.orders[PROBES], q, step, n, team.ports.dtype)


@inner
def _advance_block(team, block, step, now, turn, scratch):
    """Drive, advance and test the neurons of a block, population by population; where some are coupled, drive alone."""
    n_blocks = team.port_first.size - 1
    n_neurons = team.fired.shape[1]
    ports = _ports(team, block)
    for s in range(block, team.slices.shape[0], n_blocks):
        if team.slices[s, LENGTH] == 0:
            continue
        if team.slices[s, KERNEL] == 0:
            fired = team.fired.ctypes.data + 4 * (turn * n_neurons + team.slices[s, FIRST])
            team.n_fired[turn, s] = call(team.codes[SOURCE], team.slices[s, ARRAYS], step, fired, 0, 0)
            continue
        _drive(team, s, ports, step, scratch)
        if team.phases[N_PHASES] == 0:
            _update(team, s, step, now, turn)


@inner
def _gather_coupled(team, s, copy):
    """What couplings add to the inputs of a slice, read from a copy of what neurons show each other."""
    for q in range(team.gather_first[s], team.gather_first[s + 1]):
        record = team.gathers.ctypes.data + q * team.gathers.strides[0]
        call(team.gathers[q, CODE], record, copy, 0, 0, 0)


@inner
def _stage(team, s, stage, now, copy):
    """One stage of a slice, if it is coupled; it writes a copy of what neurons show each other."""
    row = stage * team.slices.shape[0] + s
    if team.stages[row, STAGE_KERNEL] != 0:
        arrays = team.stages[row, OTHER_ARRAYS if copy else STAGE_ARRAYS]
        call(team.stages[row, STAGE_KERNEL], arrays, team.stages[row, STAGE_SCALARS], team.slices[s, LENGTH], now, 0)


@inner
def _publish(team, blocks):
    """Show the states of coupled neurons as they are before a piece, in the first copy."""
    n_blocks = team.port_first.size - 1
    for k in range(blocks.size):
        for s in range(blocks[k], team.slices.shape[0], n_blocks):
            _stage(team, s, team.phases[N_STAGES], np.int64(0), np.int64(0))


@inner
def _advance_coupled(n_threads, yield_at, step, now, turn, team, blocks):
    """Bring all neurons through a step of which coupled ones go stage by stage; False: the barrier was broken off.

    Every stage reads one copy of what neurons show each other and writes the other, so that one meeting a stage is enough.
    """
    n_blocks, n_phases, n_stages = team.port_first.size - 1, team.phases[N_PHASES], team.phases[N_STAGES]
    copy = ((step - team.orders[FIRST_STEP] - 1) * n_phases) & 1
    for phase in range(n_phases - 1):
        for k in range(blocks.size):
            for s in range(blocks[k], team.slices.shape[0], n_blocks):
                _gather_coupled(team, s, copy)
                _stage(team, s, phase % n_stages, now, 1 - copy)
        copy = 1 - copy
        if not wait(team.barrier.ctypes.data, n_threads, yield_at):
            return False
    for k in range(blocks.size):
        for s in range(blocks[k], team.slices.shape[0], n_blocks):
            if team.slices[s, LENGTH] != 0 and team.slices[s, KERNEL] != 0:
                _gather_coupled(team, s, copy)
                _update(team, s, step, now, turn)
                _stage(team, s, n_stages, now, 1 - copy)
    return True


@inner
def _most_due(calendar, step):
    """The number of groups due at `step` in the block that has most."""
    n, slot = 0, step & (calendar.tail.shape[1] - 1)
    for k in range(calendar.tail.shape[0]):
        n = max(n, calendar.filled[k, slot])
    return n


@inner
def _steps(thread, n_threads, yield_at, step, last, n_fired, epoch, team, blocks, calendar, spikes, fired, due, scratch):
    """Do steps until `last` or until some array is too small; gives the step reached and how many neurons fired in it.

    That number is NONE once their spikes are scheduled. Nothing is bound anew in this loop: Numba counts references
    with atomic operations, which cost a small network a tenth of its time.
    """
    while True:
        if n_fired == NONE:
            if step == last or _most_due(calendar, step + 1) > due.shape[0]:
                return step, n_fired
            step += 1
            for k in range(blocks.size):
                n_due = calendar.filled[k, step & (calendar.tail.shape[1] - 1)]
                if n_due:
                    take(calendar, k, step, due)
                    deliver(due, n_due, _ports(team, blocks[k]), team.one)
                _advance_block(team, blocks[k], step, step - epoch, step & 1, scratch)
            if team.phases[N_PHASES] != 0 and not _advance_coupled(
                n_threads, yield_at, step, step - epoch, step & 1, team, blocks
            ):
                return step, BROKEN
            if not wait(team.barrier.ctypes.data, n_threads, yield_at):
                return step, BROKEN
            n_fired = _judged(thread, team, fired, _gather(team, step & 1, fired), step)
        if n_fired:
            if room_needed(calendar, n_fired) > calendar.n_free[0] or spikes.n[0] + n_fired > spikes.steps.size:
                return step, n_fired
            for k in range(blocks.size):
                schedule(calendar, k, team.rows[blocks[k]], fired, n_fired, step, team.one.itemsize, step)
            if thread == 0:
                _keep(team, step & 1, step, spikes)
                if team.codes[JUDGE] != 0:
                    _keep_junctions(team, step, fired, n_fired, spikes)
        n_fired = NONE


@nb.njit(error_model="numpy", nogil=True, cache=True)
def advance(thread, n_threads, yield_at, team, blocks, calendar, spikes):
    """Do the steps that are ordered, and, in threads other than the first, those that are ordered next.

    Gives the thread's calendar and spikes. Whoever holds the calendar that it was called with holds the present one too,
    until it returns.
    """
    fired, due = np.empty(team.room[0], np.int64), np.empty((1024, 2), np.int64)
    scratch = Scratch(np.empty(BATCH, np.uint32), np.empty(BATCH, np.int32), np.empty(AT_ONCE), np.empty(1, np.int64))
    step, n_fired, last, epoch, grown, starts = np.int64(0), NONE, np.int64(0), np.int64(0), False, True
    while True:
        if starts:
            step, n_fired, epoch = team.orders[FIRST_STEP], NONE, team.orders[EPOCH]
            last, scratch.first[0], starts = step + team.orders[N_STEPS], step + 1, False
            if team.phases[N_PHASES] != 0:
                _publish(team, blocks)
                wait(team.barrier.ctypes.data, n_threads, yield_at)  # broken off: so is the next one
        step, n_fired = _steps(
            thread, n_threads, yield_at, step, last, n_fired, epoch, team, blocks, calendar, spikes, fired, due, scratch
        )
        if n_fired == BROKEN or (n_fired == NONE and step == last):
            if thread == 0 or not stay(team.posts[thread].ctypes.data, yield_at, grown or n_fired == BROKEN):
                return calendar, spikes
            starts = True
        elif n_fired == NONE:
            due = np.empty((2 * _most_due(calendar, step + 1), 2), np.int64)
        else:
            if room_needed(calendar, n_fired) > calendar.n_free[0]:
                calendar, grown = with_room(calendar, room_needed(calendar, n_fired)), True
            if spikes.n[0] + n_fired > spikes.steps.size:
                spikes = _larger(spikes, n_fired)
