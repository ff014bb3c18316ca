"""Result: data by name, by population and by record; parts of a run join to the whole."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from hsnn_event import concatenate
from hsnn_event.errors import AmbiguousError, NotRecordedError, ShapeError, ValueRangeError
from hsnn_event.recording import Record, Result, SpikeData, StateData

SPIKES = Record("exc", None, "spikes", name="exc.spikes")
TRACE = Record("exc", np.array([0, 2]), ("v",), 1.0, "exc.v")


def part(t_start: float, t_stop: float, seconds: float = 0.5) -> Result:
    """A stretch of a network in which neuron 0 fires at every full 2 ms."""
    times = np.arange(1.0, 100.0)
    times = times[(times > t_start) & (times <= t_stop)]
    spikes = SpikeData(times[times % 2 == 0], np.zeros((times % 2 == 0).sum(), int), 3, t_start, t_stop)
    trace = StateData(times, np.array([0, 2]), np.column_stack([times, -times]))
    return Result(
        {"exc": spikes},
        {SPIKES: spikes, TRACE: {"v": trace}},
        {"construct": 0.1, "simulate": seconds},
        {"seed": 7},
        t_start,
        t_stop,
    )


def test_data_are_found_by_name_population_and_record():
    result = part(0.0, 10.0)
    assert result.spikes["exc"] is result.spikes[SimpleNamespace(name="exc")] is result[SPIKES]
    assert result.states["exc"]["v"] is result[TRACE]["v"] is result["exc.v"]["v"]
    assert result[TRACE]["v"].values.shape == (10, 2)
    assert result.rtf == 50.0


def test_a_record_finds_its_data_after_pickling():
    result = pickle.loads(pickle.dumps(part(0.0, 10.0)))
    assert result[TRACE]["v"] == part(0.0, 10.0)[TRACE]["v"]


def test_what_was_not_recorded_is_named_beside_what_was():
    result = part(0.0, 10.0)
    with pytest.raises(NotRecordedError, match="'inh' were not recorded; recorded: exc"):
        result.spikes["inh"]
    with pytest.raises(NotRecordedError, match="recorded: v"):
        result.states["exc"]["g"]
    with pytest.raises(NotRecordedError, match=r"its records: exc\.spikes, exc\.v"):
        result[Record("exc", None, "spikes", name="exc.spikes#2")]
    with pytest.raises(NotRecordedError, match="recorded: nothing"):
        Result().spikes["exc"]


def test_a_short_form_that_fits_two_records_lists_them():
    trace = StateData(np.array([1.0]), np.array([0]), np.array([[0.0]]))
    other = Record("exc", None, ("v",), 5.0, "slow")
    result = Result(records={TRACE: {"v": trace}, other: {"v": trace}}, t_stop=1.0)
    with pytest.raises(AmbiguousError, match=r"exc\.v, slow"):
        result.states["exc"]["v"]
    assert result[other]["v"] is trace


def test_parts_join_to_the_whole():
    joined = concatenate([part(0.0, 3.0), part(3.0, 7.0), part(7.0, 20.0)])
    whole = part(0.0, 20.0)
    assert joined.spikes["exc"] == whole.spikes["exc"]
    assert joined[TRACE]["v"] == whole[TRACE]["v"] == joined.states["exc"]["v"]
    assert (joined.t_start, joined.t_stop, joined.timing["simulate"]) == (0.0, 20.0, 1.5)
    assert joined.info == whole.info


def test_what_does_not_join_is_refused():
    with pytest.raises(ValueRangeError, match="gap of 1 ms"):
        concatenate([part(0.0, 3.0), part(4.0, 5.0)])
    with pytest.raises(ValueRangeError, match="overlap of 1 ms"):
        concatenate([part(0.0, 3.0), part(2.0, 5.0)])
    with pytest.raises(ValueRangeError, match="no results"):
        concatenate([])
    with pytest.raises(NotRecordedError, match=r"exc, exc\.spikes, exc\.v: recorded in only some"):
        concatenate([part(0.0, 3.0), Result(t_start=3.0, t_stop=4.0)])
    fewer = Result({"exc": SpikeData([], [], 2, 3.0, 4.0)}, t_start=3.0, t_stop=4.0)
    with pytest.raises(ShapeError, match="different neurons"):
        concatenate([Result(part(0.0, 3.0).spikes, t_stop=3.0), fewer])


def test_a_result_shows_what_it_holds():
    result = part(0.0, 10.0)
    assert repr(result) == "<Result: (0, 10] ms, RTF 50, exc 166.7 Hz>"
    assert ">exc</td>" in result._repr_html_() and ">166.7</td>" in result._repr_html_()
    assert "no spikes recorded" in repr(Result())
    assert repr(TRACE) == "<Record 'exc.v': v of exc every 1 ms>"
    assert "SpikeData" in result.spikes["exc"]._repr_html_()


def test_states_need_a_row_a_time_and_a_column_a_neuron():
    with pytest.raises(ShapeError, match=r"\(2, 1\)"):
        StateData(np.array([1.0, 2.0]), np.array([0]), np.zeros((1, 2)))


def test_in_tells_what_was_recorded():
    result = Result({"exc": SpikeData([1.0], [0], 1, 0.0, 10.0)}, t_stop=10.0)
    assert "exc" in result.spikes and "inh" not in result.spikes and ["exc"] not in result.spikes
