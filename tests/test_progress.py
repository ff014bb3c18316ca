"""Progress: a bar, a callable, or silence."""

import pytest

from hsnn_event.errors import ArgumentTypeError
from hsnn_event.monitor.progress import Progress


def test_a_bar_tells_model_time_and_speed(capsys):
    with Progress(True, 100.0, 300.0) as progress:
        progress.update(200.0)
        progress.update(300.0)
    shown = capsys.readouterr().err
    assert "200/200 ms" in shown and "RTF" in shown


def test_silence_writes_nothing(capsys):
    with Progress(False, 0.0, 10.0) as progress:
        progress.update(10.0)
    assert progress.quiet
    assert capsys.readouterr() == ("", "")


def test_a_callable_gets_absolute_times():
    calls = []
    with Progress(lambda *call: calls.append(call), 100.0, 300.0) as progress:
        progress.update(150.0)
        progress.update(300.0)
    assert calls == [(150.0, 300.0), (300.0, 300.0)]


def test_an_error_of_the_callable_goes_to_the_caller():
    def fail(time, t_stop):
        raise RuntimeError("stop here")

    with pytest.raises(RuntimeError, match="stop here"), Progress(fail, 0.0, 10.0) as progress:
        progress.update(5.0)


def test_anything_else_is_refused():
    with pytest.raises(ArgumentTypeError, match="neither True, False nor callable"):
        Progress("bar", 0.0, 10.0)
