"""The threads beside the caller's that advance a network.

A run is often made of many short pieces: there is a callback between them, or a loop of the user's. To wake a thread
for each of them takes longer than a piece, so a thread that has done its part stays for a moment and looks for more.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numba as nb
import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba.native import BROKEN_OFF, add_atomic, exchange_atomic, inner, load_atomic, rest
from hsnn_event.errors import BackendError

Result = TypeVar("Result")

# Where a thread stands: it works, it looks for more work, it has left (and waits in Python), it is asked to leave.
AT_WORK, READY, GONE, DISMISSED = range(4)
POST = 16  # numbers from one thread's post to the next, so that two share no cache line
PATIENCE = 2000  # looks before a thread leaves, about 1 ms: benchmarks/README.md, "crew"


@inner
def stay(post, yield_at, leaves):
    """Wait at a post for more work after a piece; False: the thread has left. It `leaves` at once, or when none comes."""
    add_atomic(post, (GONE if leaves else READY) - AT_WORK)
    looks = 0
    while not leaves:
        now = load_atomic(post)
        if now == AT_WORK:
            return True
        if now == DISMISSED or looks == PATIENCE:
            leaves = exchange_atomic(post, now, GONE)
        looks += 1
        rest(looks, yield_at)
    return False


@nb.njit(error_model="numpy", nogil=True, cache=True)
def summon(post, order):
    """Give an order to a thread that is ready; was it?"""
    return exchange_atomic(post, READY, order)


@nb.njit(error_model="numpy", nogil=True, cache=True)
def settled(posts, yield_at):
    """Wait until all threads but the first have done their work; gives how many have left."""
    gone = 0
    for thread in range(1, posts.shape[0]):
        looks = 0
        while load_atomic(posts[thread].ctypes.data) == AT_WORK:
            looks += 1
            rest(looks, yield_at)
        gone += load_atomic(posts[thread].ctypes.data) == GONE
    return gone


def new_posts(n_threads: int) -> npt.NDArray[np.int64]:
    """Of threads that are yet to come."""
    return np.full((n_threads, POST), GONE, np.int64)


def broken_off(within: str) -> BackendError:
    """The error for going on where threads were broken off `within` a step or a window: they stand at different times."""
    return BackendError(
        f"the run was broken off within a {within}, by an error or a signal, and cannot go on from there. Begin anew with "
        "net.reset()."
    )


class Crew:
    """Threads beside the caller's, kept for an engine's life. A forked process has none of them and makes its own.

    `barrier` is that at which they meet.
    """

    def __init__(self, posts: npt.NDArray[np.int64], barrier: npt.NDArray[np.int64], yield_at: int) -> None:
        self._posts, self._barrier, self.yield_at = posts, barrier, yield_at
        self._addresses = [int(post.ctypes.data) for post in posts]
        self._away: dict[int, Future[Any]] = {}  # work that has not been handed over, by thread
        self._pool: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    def run(self, work: Callable[[int], Result]) -> dict[int, Result]:
        """Do a piece: call `work(thread)`, which goes on as `stay` says, or let it go on where it stays.

        Gives what came back from calls, by thread: always that of thread 0, the caller's. Where a thread fails or cannot
        be started, all leave, and its error is raised.
        """
        if self._process != os.getpid():
            self._forget()
        back: dict[int, Result] = {}
        try:
            for thread in range(1, len(self._posts)):
                if not summon(self._addresses[thread], AT_WORK):
                    back.update(self._handed_over(thread))
                    self._start(work, thread)
            back[0] = work(0)
            if len(self._posts) > 1 and settled(self._posts, self.yield_at):
                for thread in np.flatnonzero(self._posts[:, 0] == GONE).tolist():
                    back.update(self._handed_over(thread))
        except BaseException:
            self._break_off()
            raise
        return back

    def _start(self, work: Callable[[int], Result], thread: int) -> None:
        def part() -> Result:
            try:
                return work(thread)
            except BaseException:  # memory, mostly: the others must not wait for this thread
                self._barrier[BROKEN_OFF] = 1
                self._posts[thread, 0] = GONE
                raise

        self._posts[thread, 0] = AT_WORK
        try:
            self._away[thread] = self._threads().submit(part)
        except BaseException:
            self._posts[thread, 0] = GONE
            raise

    def _break_off(self) -> None:
        """Let all threads leave, wherever they are; `dismiss` makes things good again."""
        self._barrier[BROKEN_OFF] = 1
        settled(self._posts, self.yield_at)
        for thread, future in self._away.items():
            summon(self._addresses[thread], DISMISSED)
            future.exception()  # waits, and forgets it: it was raised, or follows from what was
        self._away.clear()

    def compile(self) -> None:
        """Compile what a piece needs, or load it from the cache."""
        if len(self._posts) > 1:
            summon(self._addresses[0], READY)
            settled(self._posts, self.yield_at)

    def dismiss(self) -> None:
        """Wait until all threads have left; afterwards the barrier is as new."""
        if self._process != os.getpid():
            self._forget()
        for thread in list(self._away):
            summon(self._addresses[thread], DISMISSED)
            self._handed_over(thread)
        self._barrier[:] = 0

    def _handed_over(self, thread: int) -> dict[int, Any]:
        return {thread: self._away.pop(thread).result()} if thread in self._away else {}

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(len(self._posts) - 1, thread_name_prefix="hsnn_event")
        return self._pool

    def _forget(self) -> None:
        self._posts[:, 0] = GONE
        self._away, self._pool, self._process = {}, None, os.getpid()
