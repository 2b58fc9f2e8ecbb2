"""Runs all jobs on a few daemon threads.

A job is a generator that does one bounded piece of work (a call, a download) and
yields the seconds until it wants to go on. So a thousand waiting jobs cost a heap
of a thousand entries, not a thousand threads, and a slow download of one job does
not hold up the polling of another.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Handle:
    """One job in the runner."""

    _runner: Runner
    _steps: Iterator[float]
    _woken: bool = field(default=False)
    _entry: int | None = field(default=None)
    """Number of its entry in the heap; an entry of another number is a leftover of a wake."""

    def wake(self) -> None:
        """Let the job go on now instead of at the end of its pause."""
        self._runner._wake(self)


class Runner:
    """Runs generators, each at the times it asks for.

    Parameters
    ----------
    workers : int, default 4
        Threads at most; they are daemons, started when there is work.
    clock : callable, default time.monotonic
        Seconds.

    Examples
    --------
    >>> done = threading.Event()
    >>> def steps():
    ...     yield 0.01  # seconds until it goes on
    ...     done.set()
    >>> handle = Runner().start(steps())
    >>> done.wait(10)
    True
    """

    def __init__(self, workers: int = 4, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = workers
        self._clock = clock
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Handle]] = []
        self._left_over = 0
        self._order = itertools.count()
        self._threads = 0
        self._idle = 0

    def start(self, steps: Iterator[float]) -> Handle:
        """Run a generator; it should handle its own errors, which are only logged here.

        Raises
        ------
        RuntimeError
            If there can't be a thread for it; it then never runs.
        """
        handle = Handle(self, steps)
        with self._changed:
            self._push(handle, 0.0)
            try:
                self._call_worker()
            except RuntimeError:
                handle._entry = None
                self._left_over += 1
                raise
        return handle

    def _push(self, handle: Handle, delay: float) -> None:
        handle._entry = next(self._order)
        heapq.heappush(self._due, (self._clock() + max(delay, 0.0), handle._entry, handle))

    def _call_worker(self) -> None:
        """See to it that somebody watches the heap: an idle worker, else a new one."""
        if self._idle:
            self._changed.notify()
        elif self._threads < self._limit:
            name = f"wan_magic-{self._threads + 1}"
            try:
                threading.Thread(target=self._work, name=name, daemon=True).start()
            except RuntimeError:
                if not self._threads:
                    raise
                _log.warning("no thread more can be had: the others do it")
            else:
                self._threads += 1

    def _wake(self, handle: Handle) -> None:
        with self._changed:
            if handle._entry is not None and not handle._woken:
                # Its old entry stays, since looking for it in a heap of thousands takes long.
                self._left_over += 1
                self._push(handle, 0.0)
                self._sweep()
                self._changed.notify()
            handle._woken = True  # also for a job that is in the middle of a step

    def _sweep(self) -> None:
        """Drop what wakes have left, once it is the larger part of the heap."""
        if self._left_over > 100 and self._left_over > len(self._due) // 2:
            self._due = [entry for entry in self._due if entry[1] == entry[2]._entry]
            heapq.heapify(self._due)
            self._left_over = 0

    def _next_due(self) -> float | None:
        """Return when the next job is due; None where there is none."""
        while self._due and self._due[0][1] != self._due[0][2]._entry:
            heapq.heappop(self._due)
            self._left_over -= 1
        return self._due[0][0] if self._due else None

    def _take(self) -> Handle:
        with self._changed:
            self._idle += 1
            while (due := self._next_due()) is None or due > self._clock():
                self._changed.wait(None if due is None else due - self._clock())
            self._idle -= 1
            handle = heapq.heappop(self._due)[2]
            handle._entry = None
            handle._woken = False
            if self._next_due() is not None:  # while this one works, another must watch
                self._call_worker()
            return handle

    def _work(self) -> None:
        while True:
            handle = self._take()
            delay: float | None = None
            try:
                delay = next(handle._steps, None)
            except Exception:  # noqa: BLE001 - a worker that dies would take other jobs along
                _log.exception("a step of the runner failed")
            if delay is not None:
                with self._changed:  # no call: this worker itself watches next
                    self._push(handle, 0.0 if handle._woken else delay)
