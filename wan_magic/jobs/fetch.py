"""A job's end: its video is downloaded, going on where it broke off, and given its name."""

from __future__ import annotations

import contextlib
import errno
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from wan_magic.errors import ApiError, ConnectionFailed, DownloadError, InputError, WanError
from wan_magic.jobs.clip import Clip
from wan_magic.jobs.common import detached, pause, resume_hint
from wan_magic.jobs.cost import final_cost
from wan_magic.jobs.job import State
from wan_magic.jobs.keep import digest, drop_part, earlier, free_name, keep, part_of
from wan_magic.jobs.provenance import facts, provenance, tag, untag, write_sidecar
from wan_magic.wan.storage import Version, download

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import requests

    from wan_magic.jobs.job import Job
    from wan_magic.wan.client import Task, WanClient
    from wan_magic.wan.request import VideoRequest
    from wan_magic.wan.video import VideoInfo

_TRIES = 8
"""Tries in a row that bring nothing new before it is given up."""
_LEAST_SECONDS = 600.0
"""A paid video gets this long to arrive, however short the watching was to be."""


_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)}


class _Seen(NamedTuple):
    """What a look into a whole video shows."""

    info: VideoInfo
    poster: bytes


def fetch(
    job: Job,
    client: WanClient,
    task: Task,
    storage: requests.Session,
    folder: Path,
    wall: Callable[[], float] = time.time,
) -> Generator[float, None, Clip]:
    """Download the video under its own name; the clip.

    Whatever breaks off leaves its part in the folder, where the job's next life goes on. How
    the clip was made is written into the part once it is whole, before anybody knows its
    digest or its name.

    Parameters
    ----------
    wall : callable
        Seconds since 1970.

    Raises
    ------
    DownloadError
        If it can't be had or saved.
    JobTimeout
        If the user stopped watching.
    """
    job.update(state=State.DOWNLOADING)
    part = part_of(job, folder)
    try:
        free_name(job)
        path, seen = earlier(job), None
        with contextlib.suppress(InputError):
            seen = _look(path) if path else None
        if path is None or seen is None:
            _untag(part)
            task, seen = yield from _Download(job, client, task, storage, part).run()
            _tag(job, task, part, wall())
            sha256, size = digest(part)
            path = keep(job, part, size)
        else:  # an earlier process did everything but say so
            sha256, size = digest(path)
            path = path.resolve()
            drop_part(part_of(job, path.parent))
        _write_sidecar(job, task, path, wall())
    except WanError:  # some of them are OSErrors, too
        raise
    except OSError as exc:
        raise _not_written(job, folder, exc) from exc
    return Clip(
        path=path,
        url=task.video_url,
        width=seen.info.width,
        height=seen.info.height,
        duration=seen.info.duration,
        fps=seen.info.fps,
        has_audio=seen.info.has_audio,
        request=_known_request(job, task),
        task_id=job.task_id,
        seed=job.request.seed,
        cost=final_cost(job, task.usage) or job.estimate,
        is_preview=job.is_preview,
        took=0.0 if job.is_resumed else job.elapsed,
        actual_prompt=task.actual_prompt,
        notes=job.notes,
        poster=seen.poster,
        sha256=sha256,
        size=size,
    )


def _untag(part: Path) -> None:
    """Let the download go on behind the service's own bytes."""
    if part.exists():
        untag(part)


def _tag(job: Job, task: Task, part: Path, now: float) -> None:
    """Write into a whole clip how it was made; without that it is kept, too."""
    if not job.keeps_provenance:
        return
    try:
        tag(part, facts(job, task, now))
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or exc
        _note(job, f"the file does not say how it was made: {why}")


def _write_sidecar(job: Job, task: Task, path: Path, now: float) -> None:
    if not job.keeps_provenance:
        return
    try:
        write_sidecar(path, provenance(path) or facts(job, task, now))
    except (OSError, InputError) as exc:  # the clip is there all the same
        why = getattr(exc, "strerror", None) or exc
        _note(job, f"no JSON beside it says how it was made: {why}")


def _note(job: Job, note: str) -> None:
    if note not in job.notes:
        job.update(notes=(*job.notes, note))


class _Download:
    """The tries of one download: each goes on where the last one broke off."""

    def __init__(
        self, job: Job, client: WanClient, task: Task, storage: requests.Session, part: Path
    ) -> None:
        self.job = job
        self.client = client
        self.task = task
        self.storage = storage
        self.part = part
        self.known = Version()
        self.failures = 0
        self.furthest = 0
        self.seconds = max(job.timeout, _LEAST_SECONDS)
        self.deadline = job.clock() + self.seconds

    def run(self) -> Generator[float, None, tuple[Task, _Seen]]:
        job, part = self.job, self.part
        while True:
            in_one_piece = True
            try:
                part.parent.mkdir(parents=True, exist_ok=True)  # it may have been deleted
                in_one_piece = download(
                    self.task.video_url,
                    part,
                    session=self.storage,
                    on_bytes=self.on_bytes,
                    known=self.known,
                )
                return self.task, _look(part)
            except (ApiError, ConnectionFailed, InputError) as exc:
                why = exc.message.replace(part.name, "the download")
                self._count()
                wait = getattr(exc, "retry_after", None) or pause(self.failures - 1)
                # What was put together from pieces gets a try in one before it is given up.
                is_last = self.failures >= _TRIES and in_one_piece
                is_last = is_last or job.clock() + wait > self.deadline
                if isinstance(exc, InputError):
                    if is_last and _looks_like_mp4(part):
                        # Paid for, and an MP4: better judged by its owner than lost.
                        why = f"{why}; what came is kept as {keep(job, part)}"
                    self._start_over()
                if is_last:
                    raise _not_saved(job, why) from exc
                job.update(message=f"{why}: fetching it again in {wait:.0f} s")
            yield wait
            _check_wishes(job)
            self.task = _requery(job, self.client, self.task)  # a fresh link: the old may expire

    def _count(self) -> None:
        """Count the tries that brought nothing; a slow link may break off as often as it likes."""
        size = self.part.stat().st_size if self.part.exists() else 0
        self.failures = 1 if size > self.furthest else self.failures + 1
        self.furthest = max(self.furthest, size)
        if size == 0:
            self._start_over()

    def _start_over(self) -> None:
        drop_part(self.part)
        self.known = Version()

    def on_bytes(self, done: int, total: int) -> None:
        job = self.job
        _check_wishes(job)
        if done != total and job.clock() > self.deadline:
            raise _not_saved(
                job,
                f"the download had not ended after {self.seconds:g} s;"
                f" the {done:,} bytes that came are kept",
            )
        if done == total or done - job.downloaded[0] > 200_000 or done < job.downloaded[0]:
            message = job.message if job.cancel_refused else ""
            job.update(downloaded=(done, total), message=message)


def _look(path: Path) -> _Seen:
    from wan_magic.wan.video import poster, probe_video

    return _Seen(probe_video(path), poster(path))


def _looks_like_mp4(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == b"ftyp"
    except FileNotFoundError:
        return False


def _not_saved(job: Job, why: str) -> DownloadError:
    return DownloadError(
        f"the video is made, but is not on disk: {why}", hint=resume_hint(job), task_id=job.task_id
    )


def _not_written(job: Job, folder: Path, exc: OSError) -> DownloadError:
    """Name the folder and what is wrong with it; trying again would not help."""
    problem = _not_saved(job, f"cannot write to {folder}: {exc.strerror or exc}")
    cure = "free some space" if exc.errno in _FULL else "make it writable"
    problem.hint = f"{cure}, or name another folder with --out; then {problem.hint}"
    return problem


def _check_wishes(job: Job) -> None:
    """Hear the user during the download."""
    if job.detach_requested:
        raise detached(job)
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


def _known_request(job: Job, task: Task) -> VideoRequest:
    """Return the request; of a resumed one, what the server still knows of it."""
    if job.knows_request or job.request.prompt:
        return job.request
    return replace(job.request, prompt=task.orig_prompt)
