"""The calendar of groups against a sorted list of what is to come."""

from itertools import accumulate

import numba as nb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sortedcontainers import SortedKeyList

from hsnn_event.backends.numba import calendar as calendars
from hsnn_event.backends.numba.adjacency import group_bytes

WORD = 8  # bytes


@nb.njit
def schedule(calendar, k, rows, fired, step, size):
    needed = calendars.room_needed(calendar, fired.size)
    if needed > calendar.n_free[0]:
        calendar = calendars.with_room(calendar, needed)
    calendars.schedule(calendar, k, rows, fired, fired.size, step, size, step)
    return calendar


@nb.njit
def take(calendar, k, step):
    due = np.empty((calendar.filled[k, step & (calendar.tail.shape[1] - 1)], 2), np.int64)
    calendars.take(calendar, k, step, due)
    return due


class Rows:
    """The index of some neurons: groups[neuron] lists (delay, length), a delay once; addresses of data, no data."""

    def __init__(self, groups, uniform):
        assert all(len({delay for delay, _ in each}) == len(each) for each in groups)
        self.groups, self.uniform = groups, uniform
        self.pairs = [np.array(each, np.int32).reshape(-1) for each in groups]
        self.table = np.zeros((len(groups), 3), np.int64)
        for neuron, (each, same, pairs) in enumerate(zip(groups, uniform, self.pairs, strict=True)):
            self.table[neuron] = -len(each) if same else len(each), pairs.ctypes.data, 1_000_000 * (neuron + 1)

    def entries(self, neuron, size):
        """(delay, address, signed length) of each group of a neuron."""
        lengths = [length for _, length in self.groups[neuron]]
        same = self.uniform[neuron]
        bytes_of = [group_bytes(n, same, size) for n in lengths]
        addresses = accumulate(bytes_of[:-1], initial=int(self.table[neuron, 2]))
        return [
            (delay, address, -length if same else length)
            for (delay, length), address in zip(self.groups[neuron], addresses, strict=bool(lengths))
        ]


def assert_same_as_a_sorted_list(rows, spikes, max_delay, size, n_chunks, n_blocks=1):
    """`spikes[step]` are the neurons that fire then; every block of the calendar is given the same rows."""
    calendar = calendars.new_calendar(n_blocks, max_delay, n_chunks)
    expected = SortedKeyList(key=lambda entry: entry[0])  # insertion keeps the order of equal keys
    delivered = 0
    for step in range(1, len(spikes) + max_delay + 2):
        due = []
        while expected and expected[0][0] == step:
            due.append(list(expected.pop(0)[1:]))
        for k in range(n_blocks):
            assert take(calendar, k, step).tolist() == due, f"step {step}"
        delivered += len(due)
        fired = np.array(spikes[step - 1] if step <= len(spikes) else [], np.int64)
        for k in range(n_blocks):
            calendar = schedule(calendar, k, rows.table, fired, step, size)
        for neuron in fired.tolist():
            for delay, address, length in rows.entries(neuron, size):
                expected.add((step + delay, address, length))
    assert not expected and not calendar.filled.any() and (calendar.tail == -1).all()
    assert calendar.n_free[0] == len(calendar.previous)  # every chunk came back
    assert len(np.unique(calendar.free[: calendar.n_free[0]])) == len(calendar.previous)
    return delivered, calendar


@st.composite
def histories(draw):
    """Rows with delays of any spread, and who fires in each step."""
    max_delay = draw(st.sampled_from([1, 2, 3, 7, 8, 60]))
    group = st.tuples(st.integers(1, max_delay), st.integers(1, 40))
    row = st.lists(group, max_size=12, unique_by=lambda pair: pair[0])
    groups = draw(st.lists(row, min_size=1, max_size=8))
    uniform = draw(st.lists(st.booleans(), min_size=len(groups), max_size=len(groups)))
    neurons = st.lists(st.integers(0, len(groups) - 1), unique=True, max_size=len(groups)).map(sorted)
    spikes = draw(st.lists(neurons, max_size=30))
    return Rows([sorted(each, key=lambda pair: pair[0]) for each in groups], uniform), spikes, max_delay


@settings(deadline=None, max_examples=60)
@given(history=histories(), size=st.sampled_from([4, WORD]), n_blocks=st.integers(1, 3))
def test_groups_fall_due_when_and_in_the_order_in_which_a_sorted_list_has_them(history, size, n_blocks):
    rows, spikes, max_delay = history
    assert_same_as_a_sorted_list(rows, spikes, max_delay, size, n_chunks=1, n_blocks=n_blocks)


def test_it_grows_far_beyond_its_first_room():
    # 40 neurons x 300 groups at three steps of ten, all due within 500 steps: hundreds of chunks out of one.
    random = np.random.default_rng(3)
    groups = [[(int(delay), 1) for delay in np.sort(random.permutation(500)[:300] + 1)] for _ in range(40)]
    spikes = [list(range(40)) if step % 10 < 3 else [] for step in range(60)]
    delivered, calendar = assert_same_as_a_sorted_list(Rows(groups, [False] * 40), spikes, 500, WORD, n_chunks=1)
    assert delivered == 18 * 40 * 300
    assert len(calendar.previous) > 500


def test_many_groups_of_one_step_fill_chunk_after_chunk():
    groups = [[(5, 1 + neuron)] for neuron in range(700)]
    delivered, _ = assert_same_as_a_sorted_list(Rows(groups, [True] * 700), [list(range(700))] * 12, 5, 4, n_chunks=1)
    assert delivered == 12 * 700


def test_a_slot_that_fills_over_many_steps_opens_no_chunk_too_many():
    # What one call reserves holds for any earlier filling of its slots: single neurons, delays that meet in one step.
    groups = [[(delay, 1)] for delay in range(300, 0, -1)]
    delivered, _ = assert_same_as_a_sorted_list(Rows(groups, [False] * 300), [[n] for n in range(300)], 300, 4, 1)
    assert delivered == 300


def test_a_delay_of_ten_thousand_steps_beside_one_of_one():
    rows = Rows([[(1, 3), (10_000, 2)], [(9_999, 1)]], [False, True])
    delivered, _ = assert_same_as_a_sorted_list(rows, [[0, 1], [0], [1]], 10_000, WORD, n_chunks=1)
    assert delivered == 2 * 2 + 2
