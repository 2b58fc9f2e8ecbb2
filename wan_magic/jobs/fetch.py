"""A job's end: its video is downloaded, with a fresh link for each try."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, ConnectionFailed, DownloadError, InputError, WanError
from wan_magic.jobs.clip import Clip
from wan_magic.jobs.common import detached, pause, resume_hint
from wan_magic.jobs.cost import final_cost
from wan_magic.jobs.job import State
from wan_magic.wan.storage import download

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import requests

    from wan_magic.jobs.job import Job
    from wan_magic.wan.client import Task, WanClient
    from wan_magic.wan.request import VideoRequest

_DOWNLOAD_TRIES = 8
_LEAST_DOWNLOAD_SECONDS = 600.0
"""A paid video gets this long to arrive, however short the watching was to be."""


def fetch(
    job: Job, client: WanClient, task: Task, storage: requests.Session, folder: Path
) -> Generator[float, None, Clip]:
    """Download the video under its own name; the clip."""
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
                wait = pause(tries)
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
        cost=final_cost(job, task),
        is_preview=job.is_preview,
        took=0.0 if job.is_resumed else job.elapsed,
        actual_prompt=task.actual_prompt,
        notes=job.notes,
        poster=picture,
    )


def _not_saved(job: Job, why: str) -> DownloadError:
    return DownloadError(
        f"the video is made, but is not on disk: {why}", hint=resume_hint(job), task_id=job.task_id
    )


def _progress(job: Job) -> Callable[[int, int], None]:
    started = job.clock()

    def on_bytes(done: int, total: int) -> None:
        _check_wishes(job)
        if job.clock() - started > max(job.timeout, _LEAST_DOWNLOAD_SECONDS):
            raise _not_saved(job, f"the download had not ended after {job.timeout:g} s")
        if done == total or done - job.downloaded[0] > 200_000 or done < job.downloaded[0]:
            message = job.message if job.cancel_refused else ""
            job.update(downloaded=(done, total), message=message)

    return on_bytes


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
