"""What is done with jobs that are there: show, resume, wait, cancel, forget."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, overload

from wan_magic.actions import launch
from wan_magic.actions.lookup import found, settings_of
from wan_magic.actions.resuming import resume_all, resume_one, running, show_with
from wan_magic.errors import InputError, JobTimeout, WanError
from wan_magic.settings import from_environment

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.actions.lookup import Named
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job


def show(id: Named) -> Job:  # noqa: A002 - what it is
    """Return any job of the ledger, as the value of a cell its card or player.

    One that has ended is told from the ledger and its file. One that may still bring a clip is
    followed, or taken over where nobody takes care of it any more.

    Parameters
    ----------
    id : str
        The job's id, its task's id, or at least 4 characters of either; or a job or a clip.

    Raises
    ------
    InputError
        If there is no such job, or several.

    Examples
    --------
    >>> wan_magic.show("3f2a").result().path  # doctest: +SKIP
    """
    return show_with(id, from_environment())


@overload
def resume(
    id: None = None,
    *,
    endpoint: str | None = None,
    workspace: str | None = None,
    out: str | Path | None = None,
    timeout: float | None = None,
) -> list[Job]: ...


@overload
def resume(
    id: Named,
    *,
    endpoint: str | None = None,
    workspace: str | None = None,
    out: str | Path | None = None,
    timeout: float | None = None,
) -> Job: ...


def resume(
    id: Named | None = None,  # noqa: A002 - what it is
    *,
    endpoint: str | None = None,
    workspace: str | None = None,
    out: str | Path | None = None,
    timeout: float | None = None,
) -> Job | list[Job]:
    """Go on with a job that nobody watches any more, and fetch its clip; or with all of them.

    Nothing is submitted, so it costs nothing more. The service keeps a clip for 24 hours.

    Parameters
    ----------
    id : str, optional
        The job's id, its task's id, or at least 4 characters of either. A task that the
        ledger does not know is looked for at the endpoint. None: all that were left.
    endpoint, workspace, out : str, optional
        As for `submit`; default: what the job was sent with.
    timeout : float, default 10800
        Seconds until we stop watching.

    Returns
    -------
    Job or list of Job
        A list where no id is given. A job of it that can't be taken up has ended, and its
        ``exception()`` says why.

    Raises
    ------
    InputError, SettingsError
        If there are several such jobs; if the settings do not lead to it.

    Examples
    --------
    >>> [job.result().path for job in wan_magic.resume()]  # doctest: +SKIP
    """
    given = {"endpoint": endpoint, "workspace": workspace, "out": out, "timeout": timeout}
    if id is None:
        return resume_all(from_environment(), **given)
    return resume_one(id, from_environment(), **given)


def wait(*ids: Named | list[Any], timeout: float | None = None) -> list[Clip]:
    """Wait for jobs, and return their clips in the same order.

    Parameters
    ----------
    *ids : str, Job, or a list of them
        None: all that run in this process, without previews of other kernels. One that nobody
        watches any more, or whose download failed, goes on.
    timeout : float, optional
        Seconds for all of them together.

    Raises
    ------
    InputError
        If something is no job, or the timeout no number.
    JobTimeout
        If they have not ended in time, or if the waiting is interrupted; they go on.
    WanError
        Of the first one that brought no clip, once all have ended.

    Examples
    --------
    >>> clips = wan_magic.wait()  # doctest: +SKIP
    """
    from wan_magic.jobs.job import Job, interruptible

    named = [one for many in ids for one in (many if isinstance(many, list) else [many])]
    if numbers := [one for one in named if isinstance(one, int | float)]:
        hint = f"timeout={numbers[0]} waits for so many seconds; an id stands in quotes"
        raise InputError(f"{numbers[0]} is no job", hint=hint)
    if not isinstance(timeout, int | float | None):
        raise InputError(f"{timeout!r:.60} is no number of seconds", hint="such as timeout=600")
    jobs = [job for job in launch.live_jobs() if not (job.is_preview and job.is_followed)]
    if ids:
        jobs = [_going_on(one) if isinstance(one, Job) else show(one) for one in named]
    end = None if timeout is None else time.monotonic() + timeout
    clips: list[Clip] = []
    problems: list[WanError] = []
    for job in jobs:
        try:
            with interruptible(job):
                clips.append(job.result(None if end is None else max(end - time.monotonic(), 0.0)))
        except WanError as exc:
            if isinstance(exc, JobTimeout) and not job.done():
                raise
            problems.append(exc)
    if problems:
        raise problems[0]
    return clips


def _going_on(job: Job) -> Job:
    """Return a job that may still bring its clip as one that runs; any other as it is."""
    from wan_magic.jobs.recorder import is_open

    error = job.exception()
    if isinstance(error, WanError) and is_open(job, error):
        with contextlib.suppress(WanError):  # one that is not in the ledger, say
            return show(job)
    return job


def cancel(id: Named) -> str:  # noqa: A002 - what it is
    """Cancel a job, wherever it runs, and return in words what came of it.

    Only what still waits can be cancelled, and costs nothing; what runs goes on and is billed.

    Parameters
    ----------
    id : str
        As for `show`.

    Raises
    ------
    InputError, SettingsError, ApiError, ConnectionFailed
        If there is no such job; if its endpoint can't be asked.

    Examples
    --------
    >>> wan_magic.cancel("3f2a")  # doctest: +SKIP
    'job 3f2a9c01b7de is cancelled: nothing is paid'
    """
    from wan_magic.actions.cancelling import cancel_elsewhere, cancel_here

    settings = from_environment()
    job = running(id)
    if job is None or job.is_followed:
        entry, ledger = found(id, settings)
        job = launch.live_job(entry.id)
        if job is None or job.is_followed:
            return cancel_elsewhere(entry, ledger, settings_of(entry, settings))
    return cancel_here(job)


def forget(id: Named, files: bool = False, force: bool = False) -> str:  # noqa: A002
    """Remove a job from the ledger, and return in words what was removed.

    What it cost still counts in `cost` and in budgets.

    Parameters
    ----------
    id : str
        As for `show`.
    files : bool, default False
        Whether its clip is deleted, too.
    force : bool, default False
        Also where it runs, or has a paid clip to fetch.

    Raises
    ------
    InputError
        If there is no such job; if it runs or is still to be fetched.

    Examples
    --------
    >>> wan_magic.forget("3f2a")  # doctest: +SKIP
    'job 3f2a9c01b7de is forgotten; 1.50 CNY still counts in the cost and the budgets'
    """
    from wan_magic.jobs.forgetting import forget_entry

    entry, ledger = found(id, from_environment())
    if entry.open and not force:
        job = launch.live_job(entry.id)
        if job is not None or ledger.is_watched(entry):
            raise InputError(
                f"job {entry.id} still runs ({entry.state})",
                hint=f"%wanvideo cancel {entry.id} first; --force forgets it all the same, and"
                " nobody will know of it then",
            )
        if not entry.is_preview:
            raise InputError(
                f"job {entry.id} may have a paid clip to fetch",
                hint=f"%wanvideo resume {entry.id} fetches it; --force forgets it all the same",
            )
    return forget_entry(entry, ledger, files=files)
