"""How far a run has come: a bar, a callable, or silence."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from hsnn_event.errors import ArgumentTypeError, shown


class Progress:
    """A context around a run from `t_start` to `t_stop` (ms), to be told the model time now and then.

    `progress` is True (a bar on stderr: model time, real-time factor, time left), False (nothing) or
    a callable that gets (time, t_stop) in ms, absolute model time. What the callable raises goes to
    the caller of `update`. ArgumentTypeError for anything else.

    >>> with Progress(lambda time, t_stop: print(f"{time:g} of {t_stop:g} ms"), 0.0, 20.0) as progress:
    ...     progress.update(10.0)
    10 of 20 ms
    """

    def __init__(
        self, progress: bool | Callable[[float, float], object], t_start: float, t_stop: float
    ) -> None:
        if not (isinstance(progress, bool) or callable(progress)):
            raise ArgumentTypeError(
                f"progress={shown(progress)} is neither True, False nor callable. A callable gets "
                "(time, t_stop) in ms.",
                value=progress,
            )
        self.t_start = t_start
        self.t_stop = t_stop
        self._callback = progress if callable(progress) else None
        self._wants_bar = progress is True
        self._bar: Any = None
        self._began = 0.0

    @property
    def quiet(self) -> bool:
        """Is nobody listening? Then a run need not stop to tell."""
        return self._callback is None and not self._wants_bar

    def update(self, time_ms: float) -> None:
        """The run has come to `time_ms` (absolute model time)."""
        if self._callback is not None:
            self._callback(time_ms, self.t_stop)
        if self._bar is not None:
            done = time_ms - self.t_start
            if done > 0:
                rtf = (time.perf_counter() - self._began) / (done / 1000.0)
                self._bar.set_postfix_str(f"RTF {rtf:.3g}", refresh=False)
            self._bar.update(done - self._bar.n)

    def __enter__(self) -> Progress:
        self._began = time.perf_counter()
        if self._wants_bar:
            self._bar = _bar(self.t_stop - self.t_start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _bar(duration: float) -> Any:
    from tqdm import tqdm

    class Bar(tqdm):
        """Without tqdm's own thread, which would outlive a fork."""

        monitor_interval = 0

    return Bar(
        total=duration,
        bar_format="{percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} ms{postfix} [{remaining} left]",
        dynamic_ncols=True,
        miniters=1,
    )
