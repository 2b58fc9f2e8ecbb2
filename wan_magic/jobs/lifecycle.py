"""The life of a job, step by step: submit, watch, download.

Each function is a generator for the `Runner`: it yields the seconds until it wants
to go on. The paid call is made once. What can be asked again for free is asked again:
queries until the deadline, downloads for about two minutes, with a fresh link each time.
"""

from __future__ import annotations

import contextlib
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_magic.errors import (
    ApiError,
    ConnectionFailed,
    DownloadError,
    InputError,
    JobCancelled,
    JobFailed,
    JobTimeout,
    WanError,
)
from wan_magic.jobs.clip import Clip
from wan_magic.jobs.job import State
from wan_magic.wan.codes import advice, time_may_cure
from wan_magic.wan.storage import download

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    import requests

    from wan_magic.jobs.job import Job
    from wan_magic.wan.client import Task, WanClient
    from wan_magic.wan.request import Estimate, VideoRequest

_SUBMIT_TRIES = 6
_DOWNLOAD_TRIES = 8
_LOST_AFTER = 30.0
"""Seconds of UNKNOWN without a break after which a task of ours counts as lost."""
_ENDS = {JobCancelled: State.CANCELLED, JobTimeout: State.DETACHED}


def live(job: Job, client: WanClient, storage: requests.Session, folder: Path) -> Iterator[float]:
    """Take a job from its submit to its clip; every way out ends the job.

    Parameters
    ----------
    job : Job
        With a task id, it is watched; without one, it is submitted first.
    client : WanClient
        For the API's own host.
    storage : requests.Session
        For the result's host, which gets no key.
    folder : Path
        Where the clip is saved; exists.
    """
    try:
        if not job.task_id:
            yield from _submit(job, client)
        task = yield from _watch(job, client)
        clip = yield from _fetch(job, client, task, storage, folder)
    except WanError as exc:
        job.finish(exc, _ENDS.get(type(exc), State.FAILED))
    except Exception as exc:  # noqa: BLE001 - whatever happened, the job must end and say so
        problem = WanError(
            f"unexpected {type(exc).__name__}: {exc}", hint="please report this; " + _resume(job)
        )
        problem.__cause__ = _without_frames(exc)
        job.finish(problem, State.FAILED)
    else:
        job.finish(clip, State.DONE)


def _without_frames(error: BaseException) -> BaseException:
    """Drop the frames of an error and of its causes: their variables may hold the key."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


def _resume(job: Job) -> str:
    """How the user gets back to a task that may still have a video."""
    if not job.task_id:
        return _unsure(job)
    if job.is_preview:
        return f"%wanvideo resume {job.task_id} picks it up while this kernel lives"
    return f"%wanvideo resume {job.task_id} picks it up within 24 hours, at no further cost"


def _unsure(job: Job) -> str:
    """Return what to do when nobody knows whether the paid call was accepted."""
    if job.is_preview:
        return "run the cell again: a preview costs nothing"
    return (
        "the request may have been accepted, so it was not sent again: look at the task list"
        " in the provider's console before you run the cell again"
    )


def _pause(tries: int) -> float:
    """Seconds before another try: 1, 2, 4 … 30, and a little chance."""
    return min(30.0, 2.0**tries) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter


def _check_cancelled(job: Job) -> None:
    if job.cancel_requested:
        raise JobCancelled("cancelled before it was submitted: nothing was sent, nothing is paid")


def _submit(job: Job, client: WanClient) -> Iterator[float]:
    for tries in range(_SUBMIT_TRIES):
        _check_cancelled(job)
        try:
            task = client.create(job.request)
        except ApiError as exc:
            # 429 for throttling says that nothing was accepted; anything else is final.
            throttled = exc.status == 429 and exc.code.startswith(("Throttling", "limit_requests"))
            if not (throttled or (exc.status == 429 and not exc.code)):
                if exc.status >= 500 or exc.status == 408:  # a gateway may have passed it on
                    exc.hint = _unsure(job)
                raise
            wait = exc.retry_after or _pause(tries)
            if tries == _SUBMIT_TRIES - 1 or job.elapsed + wait > job.timeout:
                raise
            job.update(message=f"the endpoint is busy (429): submitting again in {wait:.0f} s")
            yield wait
        except ConnectionFailed as exc:
            if exc.maybe_accepted:
                exc.hint = "; ".join(filter(None, (exc.hint, _unsure(job))))
            raise
        else:
            job.update(state=State.QUEUED, task_id=task.task_id, request_id=task.request_id)
            return


def _watch(job: Job, client: WanClient) -> Generator[float, None, Task]:
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
                exc.hint = f"{exc.hint}; {_resume(job)}"
                raise
            wait = getattr(exc, "retry_after", None) or _pause(failures)
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
            raise _detached(job)
        left = deadline - job.clock()
        if left <= 0:
            raise JobTimeout(
                f"not finished after {job.timeout:g} s; the task may still finish"
                + ("" if job.is_preview else " and be billed"),
                hint=_resume(job),
                task_id=job.task_id,
            )
        yield min(wait, left)


def _detached(job: Job) -> JobTimeout:
    return JobTimeout(
        "stopped watching; the task goes on at the server"
        + ("" if job.is_preview else " and is billed if it succeeds"),
        hint=_resume(job),
        task_id=job.task_id,
    )


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
        else f"check that --endpoint is the one that it was submitted to; {_resume(job)}",
        task_id=job.task_id,
        request_id=task.request_id,
    )


def _settled(job: Job, task: Task) -> bool:
    """Take over what the server says; True when there is a video to fetch."""
    if task.state == "succeeded":
        if not task.video_url:
            raise JobFailed(
                "the task succeeded, but the server named no video",
                hint=_resume(job),
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


def _fetch(
    job: Job, client: WanClient, task: Task, storage: requests.Session, folder: Path
) -> Generator[float, None, Clip]:
    from wan_magic.wan.video import poster, probe_video

    job.update(state=State.DOWNLOADING)
    part = folder / f".{_short_id(job)}-{job.id}.part"
    try:
        for tries in range(_DOWNLOAD_TRIES):
            try:
                download(task.video_url, part, session=storage, on_bytes=_progress(job))
                info, picture = probe_video(part), poster(part)
                break
            except (ApiError, ConnectionFailed, InputError) as exc:
                why = exc.message.replace(part.name, "the download")
                if tries == _DOWNLOAD_TRIES - 1:
                    if isinstance(exc, InputError) and part.read_bytes()[4:8] == b"ftyp":
                        # Paid for, and an MP4: better judged by its owner than lost.
                        why = f"{why}; what came is kept as {_keep(part, folder, job)}"
                    raise _not_saved(job, why) from exc
                wait = _pause(tries)
                job.update(message=f"{why}: fetching it again in {wait:.0f} s")
            yield wait
            _check_wishes(job)
            task = _requery(job, client, task)  # a fresh link, should the old one have expired
        path = _keep(part, folder, job)
    except WanError:  # some of them are OSErrors, too
        raise
    except OSError as exc:
        raise _not_saved(job, f"cannot write to {folder}: {exc.strerror or exc}") from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return Clip(
        path=path,
        url=task.video_url,
        width=info.width,
        height=info.height,
        duration=info.duration,
        fps=info.fps,
        has_audio=info.has_audio,
        request=_known_request(job, task),
        task_id=job.task_id,
        seed=job.request.seed,
        cost=_final_cost(job, task),
        is_preview=job.is_preview,
        took=0.0 if job.is_resumed else job.elapsed,
        actual_prompt=task.actual_prompt,
        notes=job.notes,
        poster=picture,
    )


def _not_saved(job: Job, why: str) -> DownloadError:
    return DownloadError(
        f"the video is made, but is not on disk: {why}", hint=_resume(job), task_id=job.task_id
    )


def _progress(job: Job) -> Callable[[int, int], None]:
    def on_bytes(done: int, total: int) -> None:
        _check_wishes(job)
        if done == total or done - job.downloaded[0] > 200_000 or done < job.downloaded[0]:
            message = job.message if job.cancel_refused else ""
            job.update(downloaded=(done, total), message=message)

    return on_bytes


def _check_wishes(job: Job) -> None:
    """Hear the user during the download."""
    if job.detach_requested:
        raise _detached(job)
    if job.cancel_requested and not job.cancel_refused:
        job.update(
            cancel_refused=True, message="the video is made already: nothing is left to cancel"
        )


def _requery(job: Job, client: WanClient, task: Task) -> Task:
    try:
        fresh = client.query(job.task_id)
    except (ApiError, ConnectionFailed):
        return task  # the old link may still do
    return fresh if fresh.video_url else task


def _short_id(job: Job) -> str:
    """Return the task id's beginning, fit for a file name whatever the server sent."""
    return re.sub(r"[^\w-]", "_", job.task_id[:8])


def _keep(part: Path, folder: Path, job: Job) -> Path:
    """Give the part its final name; never over another file."""
    words = re.sub(r"[^\w]+", "-", job.request.prompt or job.request.template or "clip")
    stem = f"{words[:40].strip('-_').lower() or 'clip'}-{_short_id(job)}"
    for number in range(1000):
        path = folder / (f"{stem}.mp4" if number == 0 else f"{stem}-{number}.mp4")
        try:
            path.touch(exist_ok=False)  # reserves the name
        except FileExistsError:
            continue
        try:
            part.replace(path)
        except OSError:
            path.unlink()
            raise
        return path.resolve()
    raise FileExistsError(f"{folder} holds a thousand clips of this task")


def _known_request(job: Job, task: Task) -> VideoRequest:
    """Return the request; of a resumed one, what the server still knows of it."""
    if not job.is_resumed or job.request.prompt:
        return job.request
    return replace(job.request, prompt=task.orig_prompt)


def _final_cost(job: Job, task: Task) -> Estimate:
    """Return the price of what the server says it billed, else the estimate."""
    usage = task.usage
    seconds = usage.get("duration", usage.get("video_duration"))
    if not isinstance(seconds, (int, float)) or not 0 < seconds < 1e6:  # also not a NaN
        return job.estimate
    tier = usage.get("SR")
    resolution = f"{tier}P" if tier else None
    request = job.request
    if isinstance(usage.get("audio"), bool):
        request = replace(request, audio=usage["audio"])
    return request.estimate(job.region, resolution=resolution, seconds=round(seconds))
