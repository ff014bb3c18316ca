"""Collecting what one run records: what the engine is to watch, and where the data go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import Any

import numpy as np

from hsnn_event.backends.protocol import Probe, Seen, Watch
from hsnn_event.errors import RecordingError
from hsnn_event.grid import NEVER, Time
from hsnn_event.lowering.ir import FloatArray, IntArray, Number
from hsnn_event.recording import Record, SpikeData, StateData
from hsnn_event.recording.gridded import with_grid
from hsnn_event.recording.kept import KeptSamples, KeptSpikes
from hsnn_event.recording.stored import JoinedSpikes, stored_data
from hsnn_event.recording.stream import Stream
from hsnn_event.simulation.recorders import Piece, Recorder

SAMPLE_BYTES = 64 << 20  # of samples in a piece, so that memory stays bounded
Data = SpikeData | dict[str, StateData]


class Collector:
    """What one run records in the steps after `start` until `end`.

    `streams` are the files that recorders write to, by path. `host` gives the values of a population's parameters and
    undriven inputs as they are now. Spikes without a clock come in windows of `window` ms.
    """

    def __init__(
        self,
        grid: Time,
        recorders: Sequence[Recorder],
        streams: Mapping[str, Stream],
        host: Callable[[int], Mapping[str, Number]],
        n_populations: int,
        start: float,
        end: float,
        window: float,
    ) -> None:
        self._grid, self._recorders, self._host = grid, recorders, host
        self.start, self.end = start, end
        self._window, self._piece, self._left = window, Piece(start, start), False
        self.timing = {"simulate": 0.0, "record": 0.0}
        self._streams = {each.path: streams[each.path] for each in recorders if each.path is not None}
        self._kept: dict[str, KeptSpikes | KeptSamples] = {
            each.record.name: KeptSamples(each.track.neurons, each.track.variables, each.track.units)
            if each.observables else KeptSpikes(each.track.neurons)
            for each in recorders if each.path is None
        }  # fmt: skip
        self._watched = np.zeros(n_populations, dtype=np.bool_)
        self._watched[[each.number for each in recorders if not each.observables]] = True
        self._stops = np.array(sorted({step for each in recorders for step in each.steps}), np.float64)
        self._most = grid.stretch(SAMPLE_BYTES / (sum(each.bytes_a_step for each in recorders) or 1e-9))
        self._asked: list[tuple[Recorder, Any, dict[str, int]]] = []

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Count the seconds of the block to a phase."""
        began = perf_counter()
        try:
            yield
        finally:
            self.timing[phase] += perf_counter() - began

    def begin(self) -> None:
        """Open the files. Raises RecordingError, and leaves none open."""
        begun = []
        try:
            for path, stream in self._streams.items():
                begun.append(stream)
                stream.begin([each.track for each in self._recorders if each.path == path], self._grid.time(self.start))
        except BaseException:
            for stream in begun:
                stream.close()
            raise

    def goal(self, step: float) -> float:
        """How far a piece after `step` may go: to the next single sample, and as far as memory allows."""
        place = int(np.searchsorted(self._stops, step, side="right"))
        stop = float(self._stops[place]) if place < len(self._stops) else NEVER
        return min(stop, step + self._most)

    def watch(self, goal: float, before: bool = False) -> Watch:
        """What the engine is to report of the piece that ends with step `goal`; equal probes are asked for once.

        `before`: what happens at that very instant without a clock belongs to the next piece.
        """
        self._piece = Piece(self._piece.last, goal, self._left, before)
        self._left = before
        probes: dict[tuple[Any, ...], Probe] = {}
        self._asked = []
        for each in self._recorders:
            due = each.due(self._grid, self._piece)
            if not each.observables or not len(due):
                continue
            times = tuple(self._grid.times(due).tolist()) if each.exact else ()
            every = 0 if each.exact else int(each.every or goal)  # a single step is a multiple of itself
            names = dict.fromkeys(name for found in each.observables.values() for name in found.samples)
            keys = {name: (each.number, name, id(each.ids), every, times) for name in names}
            for name, key in keys.items():
                probes.setdefault(key, Probe(each.number, name, each.ids, every, times))
            self._asked.append((each, due, {name: list(probes).index(key) for name, key in keys.items()}))
        return Watch(self._watched, tuple(probes.values()))

    def take(self, seen: Seen) -> None:
        """Keep or pass on what the piece that `watch` spoke of showed. Raises RecordingError."""
        if len(seen.steps):
            self._take_spikes(*self._on_clock(seen))
        if seen.exact is not None and len(seen.exact.ids):
            times = seen.exact.windows * self._window + seen.exact.offsets
            # What comes so soon after the start that the sum does not tell lies after it nevertheless.
            times = np.maximum(times, np.nextafter(self._grid.time(self.start), np.inf))
            self._take_spikes(times, seen.exact.populations, seen.exact.ids)
        for each, due, places in self._asked:
            samples = {name: seen.samples[place] for name, place in places.items()}
            host, shape = each.chosen(self._host(each.number)), (len(due), len(each.track.neurons))
            values = {name: found.values(samples, host, shape) for name, found in each.observables.items()}
            self._add(each, self._grid.times(due), values)
        if self._piece.before:
            return  # of that instant more is to come
        for stream in self._streams.values():
            stream.reached(self._grid.time(self._piece.last))
        for stream in self._streams.values():
            stream.flush_if_due()

    def _on_clock(self, seen: Seen) -> tuple[FloatArray, IntArray, IntArray]:
        """Times of spikes on the clock, populations, ids, sorted by time; one inside a step lies after the step's start."""
        times, populations, ids = self._grid.times(seen.steps), seen.populations, seen.ids
        if seen.lags is None or not seen.lags.any():
            return times, populations, ids
        starts = self._grid.times(seen.steps - 1)
        times = np.where(seen.lags > 0, np.maximum(times - seen.lags * self._grid.dt, np.nextafter(starts, np.inf)), times)
        order = np.lexsort((ids, times))
        return times[order], populations[order], ids[order]

    def _take_spikes(self, instants: FloatArray, populations: IntArray, neurons: IntArray) -> None:
        narrow = populations.astype(np.min_scalar_type(len(self._watched)))  # NumPy sorts these several times faster
        order = np.argsort(narrow, kind="stable")
        bounds = np.searchsorted(narrow[order], np.arange(len(self._watched) + 1))
        all_times, all_ids = instants[order], neurons[order]
        for each in self._recorders:
            if not each.observables:
                mine = slice(bounds[each.number], bounds[each.number + 1])
                times, ids = all_times[mine], all_ids[mine]
                here = slice(None) if each.ids is None else np.isin(ids, each.ids)
                self._add(each, times[here], {"ids": ids[here]})

    def flush(self) -> None:
        """Bring all that was taken into the files. Raises RecordingError."""
        for stream in self._streams.values():
            stream.flush()

    def data(self) -> tuple[dict[str, SpikeData], dict[Record, Data]]:
        """Close the files. Spikes by population (the union of its records), and the data of every record."""
        for stream in self._streams.values():
            with suppress(RecordingError):  # after an error only: what cannot be written is kept for the next run
                stream.flush()
            stream.close()
        records = {each.record: self._data(each) for each in self._recorders}
        parts: dict[str, list[SpikeData]] = {}
        for record, data in records.items():
            if isinstance(data, SpikeData):
                parts.setdefault(record.target, []).append(data)
        in_files = {each.record.target for each in self._recorders if each.path is not None}
        return {name: _union(found, name in in_files) for name, found in parts.items()}, records

    def _add(self, recorder: Recorder, times: Any, columns: dict[str, Any]) -> None:
        if recorder.path is not None:
            self._streams[recorder.path].add(recorder.record.name, times, columns)
        else:
            self._kept[recorder.record.name].add(times, columns)

    def _data(self, each: Recorder) -> Data:
        start, stop = self._grid.time(self.start), self._grid.time(self._piece.last)
        if each.path is not None:
            data: Data = stored_data(each.record, each.track.neurons, start, stop, each.path, each.track.grid_shape)
            return data
        kept = self._kept[each.record.name].data(start, stop)
        for one in [kept] if isinstance(kept, SpikeData) else kept.values():
            with_grid(one, each.track.grid_shape)
        return kept


def _union(parts: Sequence[SpikeData], lazy: bool) -> SpikeData:
    if len(parts) == 1:
        return parts[0]
    joined = JoinedSpikes(parts)
    if lazy:
        return joined
    times, ids = joined.union()
    return SpikeData(times, ids, joined.n_neurons, joined.t_start, joined.t_stop, joined.neurons, joined.grid_shape)
