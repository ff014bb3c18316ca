"""Threads that stay between pieces of a run: the same bits whether they stay, leave, or are lost in a fork."""

import multiprocessing
import time

import numpy as np
import pytest

import hsnn_event as hsnn
from hsnn_event.backends.numba.crew import GONE
from hsnn_event.backends.numba.engine import NumbaEngine
from hsnn_event.backends.protocol import Moment, Probe, Watch
from hsnn_event.errors import BackendError
from hsnn_event.lowering.program import lower

WATCH = Watch(np.ones(1, np.bool_), (Probe(0, "v", None, 1),))


def program():
    """Neurons that fire now and then, together at first, so that calendars grow."""
    net = hsnn.Network(dt=0.1, seed=1)
    cells = net.population("cells", 600, hsnn.models.lif_exp(I_e=380.0, V_reset=-65.0))
    net.connect(cells, cells, hsnn.connect.bernoulli(0.2), weight=5.0, delay=hsnn.random.uniform(0.1, 30.0))
    return lower(net)


@pytest.fixture(scope="module")
def lowered():
    return program()


def left(engine):
    """Wait until every thread has left, or has had far longer than it stays."""
    for _ in range(10_000):
        if (engine._team.posts[1:, 0] == GONE).all():
            return
        time.sleep(0.001)
    raise AssertionError("a thread stays")


def go_on(engine, pieces, between=lambda engine: None):
    """Spikes and samples of pieces of given lengths, as lists."""
    seen = []
    for n_steps in pieces:
        seen.append(engine.advance(n_steps, WATCH))
        between(engine)
    spikes = [np.concatenate(column).tolist() for column in zip(*((s.steps, s.ids) for s in seen), strict=True)]
    return spikes, np.concatenate([s.samples[0] for s in seen]).tolist()


PIECES = (1, 150, 2, 300, 1, 1, 246, 99)


@pytest.fixture(scope="module")
def alone(lowered):
    found = go_on(NumbaEngine(lowered, 1, 3), PIECES)
    assert len(found[0][0]) > 1000
    return found


@pytest.mark.parametrize("between", [lambda engine: None, left, lambda engine: engine._crew.dismiss()])
@pytest.mark.parametrize("n_threads", [2, 3])
def test_pieces_are_the_same_whether_threads_stay_or_leave(lowered, alone, n_threads, between):
    assert go_on(NumbaEngine(lowered, n_threads, 3), PIECES, between) == alone


def test_threads_leave_when_no_piece_follows(lowered):
    engine = NumbaEngine(lowered, 3, 3)
    engine.advance(10, WATCH)
    left(engine)


def test_a_moment_can_be_taken_and_restored_between_pieces(lowered, alone):
    engine = NumbaEngine(lowered, 2, 3)

    def back_and_forth(engine):
        moment = engine.moment()
        states = {name: engine.read(0, name) for name in lowered.populations[0].states}
        engine.advance(40, WATCH)
        engine.restore(moment)
        for name, values in states.items():
            engine.write(0, name, values)

    assert go_on(engine, PIECES, back_and_forth) == alone


def in_child(engine, pieces, pipe):
    pipe.send(go_on(engine, pieces))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="processes fork on POSIX systems only")
def test_a_forked_process_goes_on_with_threads_of_its_own(lowered):
    engine = NumbaEngine(lowered, 2, 3)
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        go_on(engine, (20, 50))
        mine, theirs = context.Pipe()
        child = context.Process(target=in_child, args=(engine, PIECES[:4], theirs))
        child.start()  # while threads stay
        found = mine.recv()
        child.join()
        assert found == go_on(engine, PIECES[:4])


def begin_anew(engine, lowered):
    engine.restore(Moment.start(lowered.keys, 1))
    for name, values in lowered.populations[0].states.items():
        engine.write(0, name, values)


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_thread_that_fails_takes_the_others_with_it_and_nobody_waits(lowered, alone, monkeypatch, failing):
    engine = NumbaEngine(lowered, 3, 3)
    work = engine._work

    def out_of_memory(thread):
        if thread == failing:
            raise MemoryError(thread)
        return work(thread)

    engine.advance(20, WATCH)
    engine._crew.dismiss()
    monkeypatch.setattr(engine, "_work", out_of_memory)
    with pytest.raises(MemoryError):
        engine.advance(20, WATCH)
    monkeypatch.undo()
    for go_on_with in (lambda: engine.advance(1, WATCH), engine.moment):
        with pytest.raises(BackendError, match=r"Begin anew with net\.reset"):
            go_on_with()
    begin_anew(engine, lowered)
    assert go_on(engine, PIECES) == alone


def test_a_thread_that_cannot_be_started_is_an_error_and_nobody_waits(lowered, alone, monkeypatch):
    engine = NumbaEngine(lowered, 3, 3)
    pool = engine._crew._threads()
    submit = pool.submit

    def refused(part):
        if engine._crew._away:
            raise RuntimeError("can't start new thread")
        return submit(part)

    monkeypatch.setattr(pool, "submit", refused)
    with pytest.raises(RuntimeError, match="new thread"):
        engine.advance(20, WATCH)
    monkeypatch.undo()
    begin_anew(engine, lowered)
    assert go_on(engine, PIECES) == alone


def test_an_error_after_a_piece_whose_outcome_was_not_taken_up_ends_the_run(lowered, alone, monkeypatch):
    engine = NumbaEngine(lowered, 2, 3)
    run = engine._crew.run

    def interrupted(work):
        run(work)
        raise TimeoutError  # as a signal handler may

    monkeypatch.setattr(engine._crew, "run", interrupted)
    with pytest.raises(TimeoutError):
        engine.advance(200, WATCH)
    monkeypatch.undo()
    with pytest.raises(BackendError, match="broken off"):
        engine.advance(1, WATCH)
    begin_anew(engine, lowered)
    assert go_on(engine, PIECES) == alone
