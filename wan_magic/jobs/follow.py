"""A job that another notebook takes care of, watched through the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.errors import (
    DownloadError,
    JobCancelled,
    JobFailed,
    JobTimeout,
    LedgerError,
    WanError,
)
from wan_magic.jobs.common import detached
from wan_magic.jobs.entry import Entry
from wan_magic.jobs.job import State

if TYPE_CHECKING:
    from collections.abc import Generator

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger

_EVERY = 1.0
_PATIENCE = 600.0
"""Seconds for which a ledger that can't be used is tried again."""
_LIVE = (State.WAITING, State.SUBMITTING, State.QUEUED, State.RUNNING, State.DOWNLOADING)
_ERRORS: dict[str, type[WanError]] = {"cancelled": JobCancelled, "detached": JobTimeout}


def follow(job: Job, ledger: Ledger, account: str) -> Generator[float, None, Clip | None]:
    """Wait for a job of another process.

    Parameters
    ----------
    job : Job
        Has the id of the other's.
    ledger : Ledger
        Where the other writes.
    account : str
        Digest of the endpoint and key that could go on with it.

    Returns
    -------
    Clip or None
        The clip; None when the other process has ended, and the job is ours now.

    Raises
    ------
    WanError
        If the job ended without a clip.
    JobTimeout
        If it stands still for as long as it is to be watched: its process may be stopped.
    """
    failing: float | None = None
    while True:
        try:
            found = _look(job, ledger, account)
        except LedgerError:  # a full disk, say: the job itself goes on
            failing = job.clock() if failing is None else failing
            if job.detach_requested:
                raise detached(job) from None
            if job.clock() - failing > _PATIENCE:
                raise
            job.update(message="the ledger can't be used: trying again")
            yield _EVERY
            continue
        failing = None
        if not isinstance(found, Entry):
            return found
        if job.detach_requested:
            raise detached(job)
        job.update(state=_state(found), task_id=found.task_id, request_id=found.request_id)
        if job.state is not State.WAITING and job.clock() - job.since > job.timeout:
            raise JobTimeout(
                f"still {job.state} after {job.timeout:g} s, and {_name(found)} takes care of it",
                hint=f"end that one if it hangs; then %wanvideo resume {job.id}",
                task_id=found.task_id,
            )
        words = f"{_name(found)} takes care of it"
        if job.cancel_requested:
            words = f"{_name(found)} takes care of it, and can cancel it"
            job.update(cancel_refused=True)
        job.update(message=words)
        yield _EVERY


def _look(job: Job, ledger: Ledger, account: str) -> Entry | Clip | None:
    """Return how a job stands that another process has; its clip; None if it is ours now."""
    entry = ledger.entry(job.id)
    if entry is None:
        raise JobFailed(
            f"job {job.id} was removed from the ledger by another notebook",
            hint=f"%wanvideo resume {job.task_id}" if job.task_id else "run the cell again",
            task_id=job.task_id,
        )
    if not entry.open:
        if entry.state == State.DONE:
            job.update(task_id=entry.task_id, request_id=entry.request_id)
            return entry.to_clip()
        raise error_of(entry)
    if entry.account != account and not ledger.is_watched(entry):
        raise JobTimeout(
            f"{_name(entry)} has ended, and the key here is another than the job's",
            hint=f"with its key and endpoint %wanvideo resume {job.id} goes on",
            task_id=entry.task_id,
        )
    if left := ledger.take_over(entry):
        take_up(job, left)
        return None
    return entry


def take_up(job: Job, entry: Entry) -> None:
    """Go on with a job where the process stopped that had it."""
    job.sent_at, job.task_id, job.request_id = entry.sent, entry.task_id, entry.request_id
    job.accepted_at = entry.accepted
    job.was_sent = bool(entry.task_id or entry.sent)
    if entry.task_id:
        job.state = State.QUEUED
    if entry.state == State.DONE:  # a file that was edited since is not what was made
        job.kept = entry.file
    else:
        job.kept = Path(entry.path) if entry.path else None
    job.usage = dict(entry.usage)


def error_of(entry: Entry) -> WanError:
    """Return why a job has no clip."""
    message = entry.error or "nobody knows how it ended"
    if entry.state in _ERRORS:
        return _ERRORS[entry.state](message, hint=entry.hint)
    kind = DownloadError if entry.made is not None else JobFailed
    return kind(message, hint=entry.hint, code=entry.code, task_id=entry.task_id)


def _state(entry: Entry) -> State:
    found = State(entry.state)
    return found if found in _LIVE else State.SUBMITTING


def _name(entry: Entry) -> str:
    name = Path(entry.notebook).name
    return f"another kernel of {name}" if name else "another process"
