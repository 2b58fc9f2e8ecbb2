"""A job's middle: its task is watched until it ends. Queries are free, and asked again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, ConnectionFailed, JobCancelled, JobFailed, JobTimeout
from wan_magic.jobs.common import detached, pause, resume_hint
from wan_magic.jobs.job import State
from wan_magic.wan.codes import advice, time_may_cure

if TYPE_CHECKING:
    from collections.abc import Generator

    from wan_magic.jobs.job import Job
    from wan_magic.wan.client import Task, WanClient

_LOST_AFTER = 30.0
"""Seconds of UNKNOWN without a break after which a task of ours counts as lost."""


def watch(job: Job, client: WanClient) -> Generator[float, None, Task]:
    """Ask for the task until it has a video; every other end is an error."""
    deadline = job.started + job.timeout
    failures = 0
    unknown_since: float | None = None
    cancelled = False
    while True:
        if job.cancel_requested and not (cancelled or job.cancel_refused):
            cancelled = _cancel(job, client)
        try:
            task = client.query(job.task_id)
        except (ApiError, ConnectionFailed) as exc:
            if isinstance(exc, ApiError) and not time_may_cure(exc.status):
                exc.task_id = job.task_id
                exc.hint = f"{exc.hint}; {resume_hint(job)}"
                raise
            wait = pause(failures)
            if isinstance(exc, ApiError):
                if exc.status == 429:  # a busy endpoint is not asked sooner than a healthy one
                    wait = max(wait, _poll_interval(job))
                wait = exc.retry_after or wait
            failures += 1
            job.update(message=f"{exc.message}: asking again in {wait:.0f} s")
        else:
            failures = 0
            wait = _poll_interval(job)
            if task.state == "unknown":
                unknown_since = job.clock() if unknown_since is None else unknown_since
                _check_lost(job, task, job.clock() - unknown_since)
            else:
                unknown_since = None
                if _settled(job, task):
                    return task
        if job.detach_requested:
            raise detached(job)
        left = deadline - job.clock()
        if left <= 0:
            raise JobTimeout(
                f"not finished after {job.timeout:g} s; the task may still finish"
                + ("" if job.is_preview else " and be billed"),
                hint=resume_hint(job),
                task_id=job.task_id,
            )
        yield min(wait, left)


def _poll_interval(job: Job) -> float:
    """Seconds to the next query: a tenth of the time waited, 2 to 15 s (the documents' advice)."""
    if job.is_preview:
        return 0.3
    return min(15.0, max(2.0, job.elapsed / 10)) * random.uniform(0.9, 1.1)  # noqa: S311 - jitter


def _check_lost(job: Job, task: Task, seconds: float) -> None:
    """Give a task up that the server does not know; a new one may not be visible at once."""
    job.update(message="the server does not know this task (UNKNOWN): asking again")
    if seconds < _LOST_AFTER and not (job.is_resumed and job.state is State.QUEUED):
        return
    raise JobFailed(
        "the server does not know this task: it never existed there, or is over 24 hours old",
        hint="the preview server forgets its tasks when its kernel ends: run the cell again"
        if job.is_preview
        else f"check that --endpoint is the one that it was submitted to; {resume_hint(job)}",
        task_id=job.task_id,
        request_id=task.request_id,
    )


def _settled(job: Job, task: Task) -> bool:
    """Take over what the server says; True when there is a video to fetch."""
    if task.state == "succeeded":
        if not task.video_url:
            raise JobFailed(
                "the task succeeded, but the server named no video",
                hint=resume_hint(job),
                task_id=job.task_id,
                request_id=task.request_id,
            )
        return True
    if task.state == "failed":
        reason = ": ".join(filter(None, (task.code, task.message))) or "the server gave no reason"
        raise JobFailed(
            f"the task failed: {reason}",
            hint=advice(task.code, task.message)
            + ("" if job.is_preview else "; failed tasks are not billed"),
            code=task.code,
            task_id=job.task_id,
            request_id=task.request_id,
        )
    if task.state == "cancelled":
        raise JobCancelled("cancelled while it waited in the queue: nothing is paid")
    state = State.QUEUED if task.state == "queued" else State.RUNNING
    message = job.message if job.cancel_requested else ""
    if task.status.upper() not in ("PENDING", "RUNNING"):
        said = task.status or ": ".join(filter(None, (task.code, task.message)))
        message = f"the server says {said!r}" if said else "the server names no state"
    job.update(state=state, message=message)
    return False


def _cancel(job: Job, client: WanClient) -> bool:
    """Ask the server to cancel; True when it agreed, which a query may show only later."""
    try:
        client.cancel(job.task_id)
    except (ApiError, ConnectionFailed) as exc:
        if isinstance(exc, ConnectionFailed) or time_may_cure(exc.status):
            job.update(message=f"could not cancel yet: {exc.message}")  # the next round tries again
            return False
        why = f"could not cancel: {exc.message}"
        if exc.code == "UnsupportedOperation":
            cost = "it goes on" if job.is_preview else "it goes on and is billed"
            why = f"Wan can't stop a task that already runs: {cost}"
        job.update(cancel_refused=True, message=why)
        return False
    return True
