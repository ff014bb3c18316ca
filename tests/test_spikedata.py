"""SpikeData: windows and bins are (a, b] with grid times where their decimals say; statistics agree
with the same statistics written naively, neuron by neuron."""

import csv
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsnn_event.errors import ArgumentTypeError, ShapeError, ValueRangeError
from hsnn_event.recording import SpikeData

N_STEPS = 1000  # of 0.1 ms

grid_spikes = st.lists(st.tuples(st.integers(1, N_STEPS), st.integers(0, 4)), unique=True).map(
    lambda spikes: SpikeData(
        np.array([step for step, _ in spikes], dtype=float) / 10,
        np.array([neuron for _, neuron in spikes], dtype=np.int64),
        5,
        0.0,
        N_STEPS / 10,
    )
)


@given(grid_spikes)
def test_spikes_are_sorted_by_time_then_id(spikes):
    pairs = list(zip(spikes.times, spikes.ids, strict=True))
    assert pairs == sorted(pairs)


@given(grid_spikes, st.integers(0, N_STEPS), st.integers(0, N_STEPS))
def test_a_window_holds_the_steps_after_its_start_up_to_its_end(spikes, one, other):
    first, last = sorted((one, other))
    part = spikes.window(first * 0.1, last * 0.1)  # edges off the decimals by a rounding
    steps = np.rint(spikes.times * 10)
    assert np.array_equal(part.times, spikes.times[(steps > first) & (steps <= last)])


@given(grid_spikes, st.sampled_from([1, 2, 3, 5, 7, 10, 50, 333, 1000, 4000]))
def test_bins_hold_whole_steps(spikes, steps_per_bin):
    counts = spikes.counts(steps_per_bin * 0.1)
    steps = np.rint(spikes.times * 10).astype(int)
    expected = np.bincount((steps - 1) // steps_per_bin, minlength=-(-N_STEPS // steps_per_bin))
    assert np.array_equal(counts, expected)


@given(grid_spikes, st.sampled_from([0.1, 0.3, 5.0, 33.3, 100.0]))
def test_counts_per_neuron_add_up(spikes, width):
    table = spikes.counts(width, per_neuron=True)
    assert table.shape == (spikes.bin_edges(width).size - 1, 5)
    assert np.array_equal(table.sum(axis=1), spikes.counts(width))
    assert np.array_equal(table.sum(axis=0), [len(train) for train in spikes.trains()])


@given(grid_spikes)
def test_statistics_agree_with_the_naive_ones(spikes):
    trains = [spikes.times[spikes.ids == neuron] for neuron in range(5)]
    for train, expected in zip(spikes.trains(), trains, strict=True):
        assert np.array_equal(train, expected)
    assert np.allclose(spikes.isi(), np.concatenate([np.diff(train) for train in trains]))
    assert np.allclose(spikes.rates(), [10 * len(train) for train in trains])
    expected = [np.std(np.diff(train)) / np.mean(np.diff(train)) if len(train) > 2 else np.nan for train in trains]
    assert np.allclose(spikes.cv(), expected, equal_nan=True)


@given(grid_spikes)
def test_neurons_can_be_taken_out_in_any_order(spikes):
    part = spikes[[3, 0]]
    assert part.n_neurons == 2 and set(part.ids) <= {0, 3}
    assert np.array_equal(part.rates(), spikes.rates()[[3, 0]])
    assert np.array_equal(part.counts(10.0, per_neuron=True)[:, 0], spikes[3].counts(10.0))
    assert spikes[np.arange(5) < 2] == spikes[:2] == spikes[[0, 1]]


@given(grid_spikes)
def test_pickling_and_csv_keep_every_bit(tmp_path_factory, spikes):
    assert pickle.loads(pickle.dumps(spikes)) == spikes
    path = tmp_path_factory.mktemp("csv") / "spikes.csv"
    spikes.to_csv(path)
    header, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    assert header == ["time", "id"]
    assert [float(time) for time, _ in rows] == spikes.times.tolist()
    assert [int(neuron) for _, neuron in rows] == spikes.ids.tolist()


def test_a_spike_at_0_3_belongs_to_the_bin_that_ends_there():
    spikes = SpikeData([0.3, 0.8, 100.7], [0, 0, 0], 1, 0.0, 200.0)
    assert len(spikes.window(0.2, 0.1 * 3)) == 1
    assert len(spikes.window(0.7 + 0.1, 1.0)) == 0  # 0.7 + 0.1 lies below 0.8
    assert len(spikes.window(0.1 * 3, 0.7 + 0.1)) == 1
    assert np.flatnonzero(spikes.counts(0.1)).tolist() == [2, 7, 1006]


def test_off_grid_times_near_an_edge_are_told_apart():
    spikes = SpikeData([0.3, 0.3 + 1e-9], [0, 0], 1, 0.0, 1.0)
    assert spikes.counts(0.1).tolist()[2:4] == [1, 1]


def test_silent_neurons_count_and_empty_data_have_a_meaning():
    silent = SpikeData([], np.array([], dtype=np.int64), 3, 0.0, 100.0)
    assert silent.rate() == 0.0
    assert silent.rates().tolist() == [0.0, 0.0, 0.0]
    assert silent.counts(50.0).tolist() == [0, 0]
    assert silent.isi().size == 0 and np.isnan(silent.cv()).all()
    assert [train.size for train in silent.trains()] == [0, 0, 0]


def test_the_rate_over_time_counts_a_short_last_bin_as_short():
    spikes = SpikeData([1.0, 9.0], [0, 1], 2, 0.0, 10.0)
    assert np.allclose(spikes.rate(bin=8.0), [1 / 2 / 0.008, 1 / 2 / 0.002])


def test_the_mean_of_the_binned_rate_is_the_rate():
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 1000, 300))
    spikes = SpikeData(times, rng.integers(0, 20, 300), 20, 0.0, 1000.0)
    assert np.isclose(spikes.rate(bin=5.0).mean(), spikes.rate())


def test_correlations_are_those_of_numpy():
    rng = np.random.default_rng(2)
    times = np.sort(rng.uniform(0, 100, 200))
    spikes = SpikeData(times, rng.integers(0, 4, 200), 4, 0.0, 100.0)
    expected = np.corrcoef(spikes.counts(5.0, per_neuron=True).T)[np.triu_indices(4, k=1)]
    assert np.allclose(spikes.correlations(5.0), expected)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1.0, 2.0], [0], 1, 0, 5), ShapeError, "one entry a spike"),
        (([1.0], [0.5], 1, 0, 5), ArgumentTypeError, "astype"),
        (([6.0], [0], 1, 0, 5), ValueRangeError, r"\(0, 5\] ms"),
        (([0.0], [0], 1, 0, 5), ValueRangeError, r"\(0, 5\] ms"),
        (([1.0], [1], 1, 0, 5), ValueRangeError, "id 1"),
        (([1.0], [-1], 1, 0, 5), ValueRangeError, "id -1"),
        (([float("nan")], [0], 1, 0, 5), ValueRangeError, "NaN"),
        (([], [], 1, 5, 0), ValueRangeError, "after t_stop"),
        (([], [], 2, 0, 5, [3]), ShapeError, "n_neurons is 2"),
        (([], [], 2, 0, 5, [3, 3]), ValueRangeError, "neuron 3 is named twice"),
        (([1.0], [4], 2, 0, 5, [3, 5]), ValueRangeError, "id 4"),
    ],
)
def test_data_without_a_meaning_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        SpikeData(*arguments)


def test_questions_without_a_meaning_are_refused():
    spikes = SpikeData([1.0], [0], 2, 0.0, 5.0)
    with pytest.raises(ValueRangeError, match="where spikes were recorded"):
        spikes.window(2.0, 7.0)
    with pytest.raises(ValueRangeError, match="not a positive number"):
        spikes.counts(0.0)
    with pytest.raises(ValueRangeError, match="id 2"):
        spikes[2]
    with pytest.raises(ShapeError, match="mask"):
        spikes[np.array([True])]
