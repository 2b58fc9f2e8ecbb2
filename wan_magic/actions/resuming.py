"""Back to a job: as it ended, as it runs, or going on with what was left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wan_magic.actions import launch, places
from wan_magic.actions.lookup import (
    found,
    ledger_of,
    look_up,
    refreshed,
    settings_of,
    unknown,
    word_of,
)
from wan_magic.errors import DownloadError, LedgerError, WanError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wan_magic.actions.lookup import Named
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.settings import Settings

_TASK_ID = 16
"""Characters that a task's id has at least; less is a slip."""
_NOT_KNOWN = "no job of the ledger has this id: the service is asked for a task of that name"


def show_with(one: Named, settings: Settings) -> Job:
    """Return what `wan_magic.show` does, with these settings."""
    if job := running(one):
        return job
    entry, ledger = found(one, settings)
    if job := launch.live_job(entry.id):
        return job
    if entry.open:
        return _taken_up_or_why_not(entry, settings)
    return _ended(entry, settings, ledger)


def running(one: Named) -> Job | None:
    """Return the job of this process that is meant, by its whole id or its task's."""
    word = word_of(one)
    return next((job for job in launch.live_jobs() if word in (job.id, job.task_id)), None)


def _ended(entry: Entry, settings: Settings, ledger: Ledger) -> Job:
    from wan_magic.jobs.past import end_of, ended_job

    end = end_of(entry, _folders(settings), ledger.clock())
    return launch.ended(ended_job(entry, end, look=settings.look))


def _folders(settings: Settings) -> Iterator[Path]:
    from wan_magic.output.place import default_out

    yield (settings.out or default_out()).absolute()


def _taken_up_or_why_not(entry: Entry, settings: Settings, **given: Any) -> Job:
    from wan_magic.jobs.job import State
    from wan_magic.jobs.past import ended_job

    try:
        return launch.take_up(entry, settings_of(entry, settings, **given))
    except WanError as exc:
        return launch.ended(ended_job(entry, exc, State.DETACHED))


def resume_all(settings: Settings, **given: Any) -> list[Job]:
    """Return what `wan_magic.resume` does without an id, with these settings."""
    ledger = ledger_of(settings)
    left = ledger.open_entries() if ledger else []
    return [_taken_up_or_why_not(entry, settings, **given) for entry in left]


def resume_one(one: Named, settings: Settings, **given: Any) -> Job:
    """Return what `wan_magic.resume` does with an id, with these settings."""
    from wan_magic.jobs.past import ended_job, file_of, is_clip, may_be_kept

    if job := running(one):
        return job
    word, ledger, note = word_of(one), None, _NOT_KNOWN
    try:
        ledger = ledger_of(settings)
        entry = look_up(word, ledger)
    except LedgerError as exc:  # a paid clip is fetched all the same
        entry, ledger, note = None, None, exc.message
    if entry is None and ledger is not None and len(word) < _TASK_ID:
        raise unknown(word, ledger.entries(limit=2000))
    if entry is None or ledger is None:
        return _adopted(word, settings.override(**given), (note,))
    if job := launch.live_job(entry.id):
        return job
    sent_with = settings_of(entry, settings, **given)
    file = file_of(entry, _folders(settings)) if entry.state == "done" else None
    if file is not None and not is_clip(file):
        file = None  # damaged is as good as gone
    if entry.is_preview and entry.task_id and file is None:
        return launch.take_up(entry, sent_with)  # its server may be this kernel's own
    entry = refreshed(entry, ledger)
    # Where the ledger only believes that a task is gone, the service is asked, which is free.
    gone = entry.lost or (entry.state == "done" and file is None)
    asks = gone and (entry.lost or may_be_kept(entry, ledger.clock()))
    if entry.open or (entry.task_id and not entry.is_preview and (asks or given.get("endpoint"))):
        return launch.take_up(entry, sent_with)
    job = _ended(entry, settings, ledger)
    if file is not None and given.get("out") and not job.exception():
        return ended_job(entry, _copied(job.result(), places.writable(sent_with)))
    return job


def _copied(clip: Clip, folder: Path) -> Clip:
    from wan_magic.jobs.past import copied

    try:
        return replace(clip, path=copied(clip.path, folder))
    except OSError as exc:
        raise DownloadError(
            f"cannot copy {clip.path} to {folder}: {exc.strerror or exc}",
            hint="name another folder with --out",
        ) from exc


def _adopted(task_id: str, settings: Settings, notes: tuple[str, ...]) -> Job:
    """Return the job of a task that the ledger does not know; its model is asked for first."""
    from wan_magic.jobs.adopt import adopt, learn
    from wan_magic.jobs.entry import Entry
    from wan_magic.output.place import notebook

    folder, endpoint = places.writable(settings), places.resolve(settings)
    try:
        ledger = places.ledger_for(settings, endpoint)
    except LedgerError:
        ledger = None
    job = adopt(
        task_id,
        endpoint,
        ledger=ledger,
        folder=folder,
        timeout=settings.timeout,
        notebook=notebook(),
        notes=notes,
        live=launch.living,
    )
    if isinstance(job, Entry):
        return launch.take_up(job, settings)
    job.keeps_provenance, job.look = settings.provenance, settings.look
    # Not in the cell: a silent host keeps the question for the model waiting for a minute.
    launch.run(job, endpoint, folder, ledger, first=lambda client: learn(job, client, ledger))
    return job
