"""A whole clip gets its final name: its bytes are safe by then, and no other file is touched."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.jobs.job import Job


def part_of(job: Job, folder: Path) -> Path:
    """Return where a clip is gathered: the same place in every life of the job."""
    return folder / f".{_short_id(job)}-{job.id}.part"


def earlier(job: Job) -> Path | None:
    """Return the file to which an earlier process gave the job's final name, if it came so far."""
    path = job.kept
    if path is None or _short_id(job) not in path.name:
        return None
    part = part_of(job, path.parent)
    try:
        # With a part of its own beside it, the file is another job's that was faster.
        ours = path.stat().st_size > 0 and (not part.exists() or part.samefile(path))
    except OSError:
        return None
    return path if ours and path.is_file() else None


def free_name(job: Job) -> None:
    """Remove the empty file that reserves the job's name, where a process came no further.

    That is how a name is taken without hard links; the clip is still in its part.
    """
    path = job.kept
    if path is None or _short_id(job) not in path.name or path.is_symlink():
        return
    with contextlib.suppress(OSError):
        if path.stat().st_size == 0 and part_of(job, path.parent).stat().st_size > 0:
            path.unlink()


def drop_part(part: Path) -> None:
    """Remove a part that is no longer needed; what can't be removed does no harm."""
    with contextlib.suppress(OSError):
        part.unlink()
    _sync_folder(part.parent)


def digest(path: Path) -> tuple[str, int]:
    """Return a file's SHA-256 and its bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.seek(0, os.SEEK_END)


def keep(job: Job, part: Path, size: int | None = None) -> Path:
    """Give the part its final name; never over another file.

    The job's record learns the name before, if `size` is given: of a whole clip.
    """
    with part.open("rb+") as file:  # Windows syncs only what can be written
        os.fsync(file.fileno())
    folder = part.parent.resolve()
    words = re.sub(r"[^\w]+", "-", job.request.prompt or job.request.template or "clip")
    stem = f"{words[:40].strip('-_').lower() or 'clip'}-{_short_id(job)}"
    for number in range(1000):
        path = folder / (f"{stem}.mp4" if number == 0 else f"{stem}-{number}.mp4")
        if os.path.lexists(path):
            continue
        if size is not None:
            job.record.keeping(job, path, size)
        try:
            rename(part, path)
        except FileExistsError:  # somebody was faster
            continue
        _sync_folder(folder)
        return path
    raise FileExistsError(f"{folder} holds a thousand clips of this task")


def rename(part: Path, path: Path) -> None:
    """Rename without replacing."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):  # no hard links here
        path.touch(exist_ok=False)  # reserves the name
        try:
            part.replace(path)
        except OSError:
            path.unlink()
            raise
    else:
        with contextlib.suppress(OSError):
            part.unlink()


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too, where folders can be synced."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _short_id(job: Job) -> str:
    """Return the task id's beginning, fit for a file name whatever the server sent."""
    return re.sub(r"[^\w-]", "_", job.task_id[:8])
