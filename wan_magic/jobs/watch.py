"""A job's middle: its task is watched until it ends. Queries are free, and asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.errors import (
    ApiError,
    ConnectionFailed,
    DownloadError,
    JobCancelled,
    JobFailed,
    JobTimeout,
)
from wan_magic.jobs.common import LOST, detached, pause, resume_hint
from wan_magic.jobs.job import State
from wan_magic.jobs.limits import limiter_for
from wan_magic.jobs.overview import overview_for
from wan_magic.jobs.pace import Pace
from wan_magic.texts import tr
from wan_magic.wan.catalog import usual_minutes
from wan_magic.wan.codes import advice, time_may_cure

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from wan_magic.jobs.job import Job
    from wan_magic.jobs.limits import Limiter
    from wan_magic.wan.client import Task, WanClient

_LOST_AFTER = 30.0
"""Seconds of UNKNOWN without a break after which a task of ours counts as lost."""
_CANCEL_TAKES = 30.0
"""Seconds that a cancel may take to be seen, once the server has accepted it."""
_AFTER_CANCEL = 2.0
"""Seconds between queries until then."""
_PREVIEW_EVERY = 0.3
_HEARS_EVERY = 5.0
"""Seconds for which a wait for the endpoint's limits does not look at the deadline."""


def watch(
    job: Job,
    client: WanClient,
    *,
    limiter: Limiter | None = None,
    history: Sequence[float] = (),
    age: float | None = None,
) -> Generator[float, None, Task]:
    """Ask for the task until it has a video; every other end is an error.

    Parameters
    ----------
    job : Job
        With a task id.
    client : WanClient
        For the API's own host.
    limiter : Limiter, optional
        By default the process's one for the client's endpoint.
    history : sequence of float
        Seconds from accept to end of such tasks before, which say when an end is likely.
    age : float, optional
        Seconds since the task was accepted; default none for a job of this process, and
        for a resumed one the time in which such tasks usually end.
    """
    limiter = limiter or limiter_for(client.endpoint)
    overview = overview_for(limiter)
    with overview.watching(job.task_id, lambda: job.wake()) as watched:  # noqa: PLW0108 - set later
        watcher = _Watcher(job, client, limiter, Pace(_usual(job), history), age)
        if not job.is_resumed:
            yield min(watcher.interval("queued"), job.timeout)
        while True:
            watcher.check_detached()
            try:
                yield from watcher.hear_cancel()
                alone = watcher.is_cancelling
                task = yield from overview.query(client, watched, watcher.pause, alone=alone)
            except (ApiError, ConnectionFailed) as exc:
                wait = watcher.failed(exc)
            else:
                if watcher.settled(task):
                    return task
                wait = watcher.interval(task.state)
            yield min(wait, watcher.left())


def _usual(job: Job) -> tuple[float, float]:
    """Return the seconds that the task usually takes, by the table."""
    request = job.request
    low, high = request.row.minutes or usual_minutes(
        request.effective_resolution, request.effective_duration or 5
    )
    return 60.0 * low, 60.0 * high


class _Watcher:
    """What is known of one task while it is watched."""

    def __init__(
        self, job: Job, client: WanClient, limiter: Limiter, pace: Pace, age: float | None
    ) -> None:
        self._job = job
        self._client = client
        self._limiter = limiter
        self._pace = pace
        self._began = job.clock()
        self._age = (pace.middle if job.is_resumed else 0.0) if age is None else age
        self._failures = 0
        self._unknown_since: float | None = None
        self._cancelled_at: float | None = None

    # -- time -------------------------------------------------------------------------

    def interval(self, state: str) -> float:
        """Return the seconds to the next query."""
        if self._job.is_preview:
            return _PREVIEW_EVERY
        wait = self._pace.next(self._job.clock() - self._began + self._age, state)
        return min(wait, _AFTER_CANCEL) if self.is_cancelling else wait

    def left(self) -> float:
        """Return the seconds to the deadline."""
        job = self._job
        left = self._began + job.timeout - job.clock()
        if left <= 0:
            raise JobTimeout(
                f"not finished after {job.timeout:g} s; the task may still finish"
                + ("" if job.is_preview else " and be billed"),
                hint=resume_hint(job),
                task_id=job.task_id,
            )
        return left

    def pause(self, seconds: float) -> Generator[float, None, None]:
        """Wait for a turn, in full: a wake does not end it, only the user or the deadline."""
        until = self._job.clock() + seconds
        while (rest := until - self._job.clock()) > 1e-6:
            yield min(rest, self.left(), _HEARS_EVERY)
            self.check_detached()

    def check_detached(self) -> None:
        """Hear the user."""
        if self._job.detach_requested:
            raise detached(self._job)

    # -- answers ----------------------------------------------------------------------

    def failed(self, exc: ApiError | ConnectionFailed) -> float:
        """Return the seconds to the next try; raises what no time will cure."""
        job = self._job
        if isinstance(exc, ApiError) and not time_may_cure(exc.status):
            exc.task_id = job.task_id
            exc.hint = f"{exc.hint}; {resume_hint(job)}"
            raise exc
        wait = pause(self._failures)
        if isinstance(exc, ApiError):
            if exc.status == 429:  # a busy endpoint is not asked sooner than a healthy one
                wait = max(wait, self.interval("running"))
            wait = exc.retry_after or wait
        self._failures += 1
        job.update(message=f"{exc.message}: asking again in {wait:.0f} s")
        return wait

    def settled(self, task: Task) -> bool:
        """Take over what the server says; True when there is a video to fetch."""
        self._failures = 0
        job = self._job
        if task.state == "unknown":
            now = job.clock()
            self._unknown_since = now if self._unknown_since is None else self._unknown_since
            _check_lost(job, task, now - self._unknown_since)
            return False
        self._unknown_since = None
        if _has_ended(job, task):
            return True
        self._judge_cancel(task)
        return False

    # -- cancel -----------------------------------------------------------------------

    @property
    def is_cancelling(self) -> bool:
        """Whether the server accepted a cancel that is not seen yet."""
        return self._cancelled_at is not None and not self._job.cancel_refused

    def hear_cancel(self) -> Generator[float, None, None]:
        """Ask the server to cancel, once the user has; again where that did not get through."""
        job = self._job
        if not job.cancel_requested or job.cancel_refused or self._cancelled_at is not None:
            return
        yield from self.pause(self._limiter.query_wait())
        try:
            self._client.cancel(job.task_id)
        except (ApiError, ConnectionFailed) as exc:
            if isinstance(exc, ApiError) and exc.status == 429:
                self._limiter.query_throttled(exc.retry_after)
            if isinstance(exc, ConnectionFailed) or time_may_cure(exc.status):
                job.update(message=f"could not cancel yet: {exc.message}")
                return
            why = f"could not cancel: {exc.message}"
            if exc.code == "UnsupportedOperation":
                why = tr("Wan can't stop a task that already runs: {so}", so=_goes_on(job))
            job.update(cancel_refused=True, message=why)
        else:
            self._limiter.query_ok()
            self._cancelled_at = job.clock()  # which a query may show only later
            job.update(message="")

    def _judge_cancel(self, task: Task) -> None:
        """Say what became of a cancel that the server accepted, if it shows no effect."""
        job = self._job
        if self._cancelled_at is None:
            return
        if task.status.upper() == "RUNNING":
            so = _goes_on(job)
            message = tr("the cancel was accepted, but came too late: the task runs, {so}", so=so)
            job.update(cancel_refused=True, message=message)
        elif job.clock() - self._cancelled_at >= _CANCEL_TAKES:
            message = f"the server accepted the cancel, but still says {task.status or 'nothing'}"
            job.update(cancel_refused=True, message=message)


def _goes_on(job: Job) -> str:
    return tr("it goes on") if job.is_preview else tr("it goes on and is billed")


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
        code=LOST,
        task_id=job.task_id,
        request_id=task.request_id,
    )


def _has_ended(job: Job, task: Task) -> bool:
    """Take over the state; True when there is a video to fetch, an error at any other end."""
    if task.state == "succeeded":
        if not task.video_url:
            job.update(state=State.DOWNLOADING)  # it is made, and billed
            raise DownloadError(
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
    if task.status.upper() not in ("PENDING", "RUNNING") and not job.cancel_refused:
        said = task.status or ": ".join(filter(None, (task.code, task.message)))
        message = f"the server says {said!r}" if said else "the server names no state"
    job.update(state=state, message=message)
    return False
