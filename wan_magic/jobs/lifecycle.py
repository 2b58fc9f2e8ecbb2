"""The life of a job: upload, submit, watch, fetch; each step in a module of its own.

Each step is a generator for the `Runner`: it yields the seconds until it wants to go on.
The paid call is made once. What can be asked again for free is asked again: uploads a few
times, queries until the deadline, downloads for about two minutes, with a fresh link each
time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, JobCancelled, JobFailed, JobTimeout, WanError
from wan_magic.jobs.common import resume_hint
from wan_magic.jobs.fetch import fetch
from wan_magic.jobs.job import State
from wan_magic.jobs.submit import forget_uploads, submit, upload
from wan_magic.jobs.watch import watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

    from wan_magic.jobs.job import Job
    from wan_magic.wan.client import WanClient

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
        For the hosts of uploads and results, which get no key.
    folder : Path
        Where the clip is saved; exists.
    """
    sent = bool(job.task_id)
    try:
        if not sent:
            request = yield from upload(job, client, storage)
            sent = True
            yield from submit(job, client, request)
        task = yield from watch(job, client)
        clip = yield from fetch(job, client, task, storage, folder)
    except WanError as exc:
        if isinstance(exc, (ApiError, JobFailed)) and _is_about_files(exc):
            forget_uploads(job, client)
        job.finish(exc, _ENDS.get(type(exc), State.FAILED))
    except Exception as exc:  # noqa: BLE001 - whatever happened, the job must end and say so
        hint = resume_hint(job) if sent else "nothing was sent, nothing is paid"
        problem = WanError(
            f"unexpected {type(exc).__name__}: {exc}", hint=f"please report this; {hint}"
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


def _is_about_files(error: ApiError | JobFailed) -> bool:
    """Whether the service may have been unable to read an upload, which then is made anew."""
    said = f"{error.code} {error.message}".lower()
    return any(word in said for word in ("inspection", "download", "url", "oss"))
