"""A paid call whose answer was lost: did it make a task? The list call knows.

Source: Alibaba's task-management page, 2026: the list covers the account's tasks of 24 hours and
names model and time, and no prompt; a query names the prompt of a task that has succeeded. Failed
and cancelled tasks are not billed, and count as none.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from wan_magic.errors import ApiError, ConnectionFailed, JobTimeout
from wan_magic.jobs.common import detached, pause, unsure_hint
from wan_magic.wan.codes import time_may_cure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wan_magic.jobs.job import Job
    from wan_magic.wan.client import Task, WanClient

_BEFORE, _AFTER = 120.0, 300.0
"""Seconds around the call within which its task was made, by clocks that may differ."""
_SURE_AFTER = 90.0
"""Seconds after which a task that is not in the list was not made. They are counted here, and
not from the time of the call: the clock on the wall may have been set in between."""
_LOOKS = 2
"""Looks at the list, in a row, that must agree on it."""
_EVERY = 10.0
_PATIENCE = 300.0
"""Seconds for which an endpoint that does not answer is asked."""
_BEIJING = timezone(timedelta(hours=8))


def settle(
    job: Job,
    client: WanClient,
    *,
    wall: Callable[[], float],
    known_tasks: Callable[[], set[str]] = set,
    is_earlier: bool = False,
) -> Generator[float, None, str]:
    """Find the task of a paid call whose answer was lost; ``""`` when it surely made none.

    Parameters
    ----------
    job : Job
        With `sent_at`.
    client : WanClient
        Of the endpoint that was called.
    wall : callable
        Seconds since 1970.
    known_tasks : callable
        The tasks that belong to other jobs.
    is_earlier : bool
        Whether an earlier process made the call; else it was made just now.

    Raises
    ------
    ApiError, ConnectionFailed
        If the endpoint has no list call, or can't be asked: nobody knows then.
    JobTimeout
        If the user stops watching, or it stays open for as long as the job may take.
    """
    sent_at = job.sent_at if job.sent_at is not None else wall()
    job.update(message="the answer to the submit was lost: looking for the task it may have made")
    times, empty_looks, failures = [sent_at], 0, 0
    began = answered = job.clock()
    while True:
        if job.detach_requested:
            raise detached(job)
        if job.clock() - began > max(job.timeout, _PATIENCE):
            raise JobTimeout(
                f"not known after {job.clock() - began:.0f} s whether the request was accepted",
                hint=unsure_hint(job),
            )
        try:
            rows = _listed(client, job.request.model, times)
            if client.date is not None and len(times) == 1:
                ago = None if is_earlier else job.clock() - began
                if others := _other_times(sent_at, client.date, wall(), ago):
                    times += others
                    rows = _listed(client, job.request.model, times)
            found, waiting = _among(job, client, rows, known_tasks())
        except (ApiError, ConnectionFailed) as exc:
            failures += 1
            cured = time_may_cure(exc.status) if isinstance(exc, ApiError) else exc.transient
            left = answered + _PATIENCE - job.clock()
            if not cured or left < 0:
                raise
            job.update(message=f"{exc.message}: looking for the task again")
            wait = getattr(exc, "retry_after", None) or pause(failures)
            yield min(wait, max(left, pause(0)))
            continue
        failures, answered = 0, job.clock()
        if found:
            return found
        if waiting:
            empty_looks = 0
            job.update(
                message=f"the answer to the submit was lost; task {waiting} may be its task: the"
                " prompt will tell when it ends, and nothing is sent again before"
            )
        elif job.clock() - began > _SURE_AFTER:
            empty_looks += 1
            if empty_looks >= _LOOKS:
                return ""
        yield _EVERY


def _other_times(sent_at: float, date: float, wall: float, ago: float | None) -> list[float]:
    """Return when the call was made by the server's clock, where that is not `sent_at`.

    This machine's clock may have been wrong all the time, or have been set since the call.

    Parameters
    ----------
    sent_at, wall : float
        By this machine's clock: the call, and now.
    date : float
        Now, by the server's clock.
    ago : float or None
        Seconds since the call, where they were counted; a machine that slept missed some.
    """
    times = [sent_at, sent_at + date - wall]
    if ago is not None:
        times.append(date - ago)
    found: list[float] = []
    for when in times:
        if all(abs(when - other) > _BEFORE / 2 for other in found):
            found.append(when)
    return found[1:]


def _listed(client: WanClient, model: str, times: list[float]) -> list[dict[str, Any]]:
    """Return the tasks of a model that were made around one of these times, nearest first."""
    found: dict[str, tuple[float, dict[str, Any]]] = {}
    for sent_at in times:
        window = {"start_time": _stamp(sent_at - _BEFORE), "end_time": _stamp(sent_at + _AFTER)}
        for page in range(1, 21):
            rows = client.list_tasks(model_name=model, page_no=page, page_size=100, **window)
            for row in rows:
                when = _when(row, sent_at)  # some servers ignore filters
                if row.get("model_name") == model and when is not None:
                    distance = abs(when - sent_at)
                    found.setdefault(str(row.get("task_id") or ""), (distance, row))
            if len(rows) < 100:
                break
    return [row for _, row in sorted(found.values(), key=lambda pair: pair[0])]


def _when(row: dict[str, Any], sent_at: float) -> float | None:
    """Return when a task was made; None if that was not around the call."""
    made = row.get("gmt_create")
    if not isinstance(made, int | float):
        return sent_at  # the filter of the call itself holds
    when = made / 1000
    return when if sent_at - _BEFORE <= when <= sent_at + _AFTER else None


def _among(
    job: Job, client: WanClient, rows: list[dict[str, Any]], known: set[str]
) -> tuple[str, str]:
    """Return the task that is ours, if one is; else one that may be."""
    ended = ("FAILED", "CANCELED")
    ids = [str(row.get("task_id") or "") for row in rows if row.get("status") not in ended]
    ids = [task_id for task_id in ids if task_id and task_id not in known]
    waiting = ""
    for task_id in ids:
        task = client.query(task_id)
        if _is_ours(job, task, alone=len(ids) == 1):
            return task_id, ""
        if task.state in ("queued", "running", "unknown"):  # a new one may be unknown at first
            waiting = waiting or task_id
        elif task.state == "succeeded" and not task.orig_prompt:
            raise ConnectionFailed(f"task {task_id} may be its task, and nothing tells whether")
    return "", waiting


def _is_ours(job: Job, task: Task, *, alone: bool) -> bool:
    if task.orig_prompt:
        return task.orig_prompt.strip() == job.request.prompt.strip()
    # Models without a prompt: time and model are all there is, and only one task has them.
    return alone and task.state == "succeeded" and not job.request.prompt.strip()


def _stamp(when: float) -> str:
    return datetime.fromtimestamp(when, _BEIJING).strftime("%Y%m%d%H%M%S")
