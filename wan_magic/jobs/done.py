"""What a user wants to happen when a job has ended."""

from __future__ import annotations

import concurrent.futures
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.jobs.job import Job

_log = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds for which who waits for a job also waits for its calls: one of them may wait for him."""
_here = threading.local()


class Calls:
    """What is called at the end of a job, each on a thread of its own.

    The threads begin before anybody can see the end, and are no daemons: so a script that ends
    the moment its job has ended still makes the calls.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._wanted: list[Callable[[Job], object]] = []
        self._threads: list[threading.Thread] = []
        self._future: concurrent.futures.Future[Any] | None = None
        self._until = 0.0

    def add(self, job: Job, call: Callable[[Job], object]) -> None:
        """Call `call(job)` at the end, which may have come."""
        with self._lock:
            if self._future is None:
                self._wanted.append(call)
            else:
                self._start(job, call, self._future)

    def begin(self, job: Job, future: concurrent.futures.Future[Any]) -> None:
        """Make the calls, once the future is done."""
        with self._lock:
            self._future = future
            for call in self._wanted:
                self._start(job, call, future)

    def _start(
        self, job: Job, call: Callable[[Job], object], future: concurrent.futures.Future[Any]
    ) -> None:
        self._until = time.monotonic() + _PATIENCE
        thread = threading.Thread(
            target=_call, args=(job, call, future), name="wan_magic-on-done", daemon=False
        )
        try:
            thread.start()
        except RuntimeError as exc:  # no more threads, or the interpreter ends
            _failed(job, exc)
        else:
            self._threads.append(thread)

    def are_waited_for(self) -> bool:
        """Whether to wait a little more for what is called; never on a thread of a call."""
        if getattr(_here, "is_call", False) or time.monotonic() > self._until:
            return False
        return any(thread.is_alive() for thread in self._threads)


def when_done(job: Job, call: Callable[[Job], object]) -> None:
    """Call `call(job)` once when a job has ended, well or not; now, if it has.

    It runs on a thread of its own; ``result()`` and ``await`` return when it has, or after a
    minute. What it raises does not touch the job: it becomes a note of it, which its card shows,
    and a warning with the traceback.

    Parameters
    ----------
    job : Job
        Running or ended.
    call : callable
        Gets the job.
    """
    job.calls.add(job, call)


def check_callable(call: object) -> None:
    """Refuse what can't be called, before anything is sent.

    Raises
    ------
    InputError
        If it can't.
    """
    if call is not None and not callable(call):
        raise InputError(
            f"on_done is {call!r}, which can't be called",
            hint="give a function that takes the job: on_done=lambda job: print(job)",
        )


def _call(job: Job, call: Callable[[Job], object], future: concurrent.futures.Future[Any]) -> None:
    _here.is_call = True
    concurrent.futures.wait([future])
    try:
        call(job)
    except BaseException as exc:  # noqa: BLE001 - the user's own code, its exit() too
        _failed(job, exc)


def _failed(job: Job, exc: BaseException) -> None:
    _log.warning("on_done of job %s failed", job.id, exc_info=exc)
    job.update(notes=(*job.notes, f"on_done failed: {type(exc).__name__}: {exc}"))
