"""What a user wants to happen when a job has ended."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.jobs.job import Job

_log = logging.getLogger(__name__)


def when_done(job: Job, call: Callable[[Job], object]) -> None:
    """Call `call(job)` once when a job has ended, well or not; now, if it has.

    It runs on a thread of its own, so that it may take its time. What it raises does not touch
    the job: it becomes a note of it, which its card shows, and a warning with the traceback.

    Parameters
    ----------
    job : Job
        Running or ended.
    call : callable
        Gets the job.
    """
    once = threading.Lock()

    def look(job: Job) -> None:
        if job.done() and once.acquire(blocking=False):
            # No daemon: a script that ends now still makes the call.
            threading.Thread(target=_call, args=(job, call), name="wan_magic-on-done").start()

    job.on_change(look)
    look(job)


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


def _call(job: Job, call: Callable[[Job], object]) -> None:
    try:
        call(job)
    except Exception as exc:  # noqa: BLE001 - the user's own code; the job is fine
        _log.warning("on_done of job %s failed", job.id, exc_info=True)
        job.update(notes=(*job.notes, f"on_done failed: {type(exc).__name__}: {exc}"))
