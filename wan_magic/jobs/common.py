"""What the steps of a job share: pauses, and the words for what can be done next."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from wan_magic.errors import JobTimeout

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job


LOST = "UNKNOWN"
"""The code of a task that the service does not know: it may have been made, and billed."""


def pause(tries: int) -> float:
    """Seconds before another try: 1, 2, 4 … 30, and a little chance."""
    return min(30.0, 2.0**tries) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter


def resume_hint(job: Job) -> str:
    """How the user gets back to a task that may still have a video."""
    if not job.task_id:
        return unsure_hint(job)
    if job.is_preview:
        return f"%wanvideo resume {job.task_id} picks it up while this kernel lives"
    return f"%wanvideo resume {job.task_id} picks it up within 24 hours, at no further cost"


def unsure_hint(job: Job) -> str:
    """Return what to do when nobody knows whether the paid call was accepted."""
    if job.is_preview:
        return "run the cell again: a preview costs nothing"
    return (
        "the request may have been accepted, so it was not sent again: the task list in the"
        " provider's console knows. Running the cell again looks for its task first; --fresh"
        " sends it all the same"
    )


def detached(job: Job) -> JobTimeout:
    """Return the end of a job that the user stopped watching."""
    return JobTimeout(
        "stopped watching; the task goes on at the server"
        + ("" if job.is_preview else " and is billed if it succeeds"),
        hint=resume_hint(job),
        task_id=job.task_id,
    )
