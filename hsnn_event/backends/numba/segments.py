"""Memory for rows that never move, filled by several threads at once, each with segments of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

SEGMENT_BYTES = 64 << 20
SOURCES_AT_ONCE = 256

# (source population, first neuron, last neuron + 1, segment, words used, what was seen) -> (first neuron not done, words
# used, words that its row may need): it stops where the segment might not hold the next row.
Write = Callable[[Any, int, int, npt.NDArray[np.int64], int, npt.NDArray[Any]], tuple[int, int, int]]


@dataclass
class Segments:
    """The arrays that own the rows; `n_unused` words of them cost no memory as long as nobody writes there."""

    arrays: list[npt.NDArray[np.int64]] = field(default_factory=list)
    n_unused: int = 0

    @property
    def n_bytes(self) -> int:
        """Memory in use."""
        return sum(segment.nbytes for segment in self.arrays) - 8 * self.n_unused

    def fill(self, sources: Sequence[Any], write: Write, seen: npt.NDArray[Any], n_threads: int) -> list[npt.NDArray[Any]]:
        """Have `write` write the rows of all neurons of `sources`; gives what each thread has made of its copy of `seen`."""
        tasks = iter([
            (each, start, min(start + SOURCES_AT_ONCE, each.size))
            for each in sources if each.n_projections
            for start in range(0, each.size, SOURCES_AT_ONCE)
        ])  # fmt: skip
        lock = threading.Lock()
        with ThreadPoolExecutor(n_threads) as pool:
            done = [pool.submit(self._work, tasks, lock, write, seen.copy()) for _ in range(n_threads)]
            return [each.result() for each in done]

    def _work(self, tasks: Any, lock: threading.Lock, write: Write, seen: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Take runs of neurons until none is left."""
        segment, used = np.empty(0, np.int64), 0
        while True:
            with lock:
                task = next(tasks, None)
            if task is None:
                break
            each, start, stop = task
            while start < stop:
                start, used, words = write(each, start, stop, segment, used, seen)
                if start < stop:  # the segment is full
                    free = segment.size - used
                    segment, used = np.empty(max(SEGMENT_BYTES // 8, words), np.int64), 0
                    with lock:
                        self.arrays.append(segment)
                        self.n_unused += free
        with lock:
            self.n_unused += segment.size - used
        return seen
