"""A job that has ended, from the ledger and its file alone: in another kernel, a year later."""

from __future__ import annotations

import filecmp
import shutil
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.errors import InputError, WanError
from wan_magic.jobs.clip import Clip
from wan_magic.jobs.copying import copy_sidecar
from wan_magic.jobs.follow import error_of
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.keep import rename

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.output.look import Look

_KEPT = 24 * 3600.0
"""Seconds for which the service keeps a clip."""


def ended_job(
    entry: Entry,
    outcome: Clip | WanError,
    state: State | None = None,
    look: Look | None = None,
) -> Job:
    """Return a job that has ended in this way; nothing is written down.

    Parameters
    ----------
    entry : Entry
        What the ledger knows of it.
    outcome : Clip or WanError
        What its ``result()`` returns or raises.
    state : State, optional
        Where it ended; default: as the ledger says, done with a clip and failed without.
    look : Look, optional
        How its clip is shown.
    """
    job = Job(
        entry.to_request(),
        endpoint=entry.endpoint,
        is_preview=entry.is_preview,
        notes=entry.notes,
        task_id=entry.task_id,
        is_resumed=True,
        id=entry.id,
        look=look,
    )
    job.request_id, job.usage = entry.request_id, dict(entry.usage)
    job.cost = entry.money()
    job.started -= max((entry.ended or entry.created) - entry.created, 0.0)
    if state is None:
        written = State.CANCELLED if entry.state == State.CANCELLED else State.FAILED
        state = State.DONE if isinstance(outcome, Clip) else written
    job.finish(outcome, state)
    return job


def end_of(entry: Entry, folders: Iterable[Path], now: float) -> Clip | WanError:
    """Return the clip of an ended job, or why there is none.

    Parameters
    ----------
    entry : Entry
        Ended.
    folders : iterable of Path
        Where its file may be, too: a notebook is moved with its clips.
    now : float
        Seconds since 1970.
    """
    if entry.state != State.DONE:
        return error_of(entry)
    file = file_of(entry, folders)
    if file is None:
        return gone(entry, now)
    try:
        return replace(entry, path=str(file)).to_clip()
    except (InputError, OSError) as exc:
        why = getattr(exc, "message", None) or getattr(exc, "strerror", None) or exc
        problem = f"the file of job {entry.id} can't be shown: {why}"
        return InputError(problem, hint="; ".join(filter(None, (str(file), _again(entry, now)))))


def file_of(entry: Entry, folders: Iterable[Path] = ()) -> Path | None:
    """Return the clip's file: where it was saved, else the same one in another folder."""
    if not entry.path:
        return None
    saved = Path(entry.path)
    if saved.is_file():
        return saved
    moved = (folder / saved.name for folder in folders)
    return next((one for one in moved if one.is_file() and one.stat().st_size == entry.bytes), None)


def is_clip(file: Path) -> bool:
    """Whether a file is a playable video."""
    from wan_magic.wan.video import probe_video

    try:
        probe_video(file)
    except (InputError, OSError):
        return False
    return True


def may_be_kept(entry: Entry, now: float) -> bool:
    """Whether the service may still have the clip of a job that is done."""
    made = entry.made or entry.ended or entry.created
    return bool(entry.task_id) and not entry.is_preview and now - made < _KEPT


def may_bring_a_clip(entry: Entry, ledger: Ledger, account: str) -> bool:
    """Whether to ask for a job's clip before paying for another; asking is free.

    How old it is does not matter while it is open: the clock may be wrong, and the service
    knows.

    Parameters
    ----------
    entry : Entry
        Of an equal request.
    ledger : Ledger
    account : str
        Who asks, see `account_of`: a preview server ends with its kernel, and its tasks with it.
    """
    if entry.state == State.DONE:  # its file is gone
        return may_be_kept(entry, ledger.clock())
    if not entry.open:
        return False
    if ledger.is_watched(entry):
        return True
    if entry.is_preview and entry.account != account:
        return False
    return entry.sent is not None or bool(entry.task_id)


def gone(entry: Entry, now: float) -> InputError:
    """Return what to say of a clip whose file is not there any more."""
    if entry.is_preview:
        hint = "run its cell again: a preview costs nothing"
    else:
        hint = _again(entry, now) or (
            "the service kept it for 24 hours, which are over: look for the file where it was"
            " moved to; running its cell again makes, and bills, a new clip"
        )
    return InputError(f"the file of job {entry.id} is gone: {entry.path}", hint=hint)


def _again(entry: Entry, now: float) -> str:
    if not may_be_kept(entry, now):
        return ""
    return f"%wanvideo resume {entry.id} fetches it again, at no further cost"


def copied(file: Path, folder: Path) -> Path:
    """Return a clip's file in a folder: copied there whole, and never over another file."""
    part = folder / f".{uuid.uuid4().hex}.part"
    try:
        for number in range(1000):
            target = folder / (file.stem + (f"-{number}" if number else "") + file.suffix)
            if target.exists():
                if target.samefile(file) or filecmp.cmp(file, target, shallow=False):
                    return target
                continue
            if not part.exists():
                shutil.copyfile(file, part)
            try:
                rename(part, target)
            except FileExistsError:  # somebody was faster, or a link leads nowhere
                continue
            copy_sidecar(file, target)
            return target
    finally:
        part.unlink(missing_ok=True)
    raise InputError(f"{folder} holds a thousand files named {file.name}", hint="name another one")
