"""Video files put in their places: whole, and never over another file by accident."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.jobs.keep import rename
from wan_magic.jobs.provenance import is_ours, sidecar_of

if TYPE_CHECKING:
    from collections.abc import Callable


def target_of(path: str | os.PathLike[str], name: str) -> Path:
    """Return the file that a path stands for.

    Parameters
    ----------
    path : path-like
        A file, or a folder: one that is there, or ends with a slash.
    name : str
        Of the file in a folder.

    Raises
    ------
    InputError
        If it is no path, or no name for an MP4.
    """
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    if not text.strip():
        raise InputError(
            f"{path!r:.60} names no file", hint='such as "boat.mp4", or "film/" for a folder'
        )
    target = Path(text).expanduser().absolute()
    if target.is_dir() or text.endswith(("/", os.sep)):
        return target / name
    if not target.suffix:
        return target.with_name(f"{target.name}.mp4")
    if target.suffix.lower() != ".mp4":
        raise InputError(
            f"{target.name} would be an MP4 by another name",
            hint=f"call it {target.stem}.mp4, or give a folder that is there",
        )
    return target


def copy_to(source: Path, target: Path, *, overwrite: bool = False) -> Path:
    """Copy a video, and the sidecar that tells how it was made.

    Raises
    ------
    InputError
        If another file is there, the source is gone, or the copy can't be written.
    """
    if not source.is_file():
        raise InputError(
            f"the file is gone: {source}", hint="%wanvideo jobs lists what there is to fetch"
        )
    if target.exists() and (target.samefile(source) or filecmp.cmp(source, target, shallow=False)):
        return target
    placed(target, lambda part: shutil.copyfile(source, part), overwrite=overwrite)
    copy_sidecar(source, target)
    return target


def copy_sidecar(source: Path, target: Path) -> None:
    """Let the sidecar follow its video; a file that is not ours stays as it is."""
    old, new = sidecar_of(source), sidecar_of(target)
    with contextlib.suppress(OSError, InputError):  # the video itself says it, too
        if new.exists() and not is_ours(new):
            return
        if old.is_file():
            placed(new, lambda part: shutil.copyfile(old, part), overwrite=True)
        else:  # what is there is of the video that was there before
            new.unlink(missing_ok=True)


def placed(target: Path, write: Callable[[Path], object], *, overwrite: bool = False) -> None:
    """Write a file beside its place, then put it there in one step.

    Parameters
    ----------
    write : callable
        Writes the file that it is given.
    overwrite : bool, default False
        Whether what is there is replaced.

    Raises
    ------
    InputError
        If something is there, or it can't be written.
    """
    taken = InputError(
        f"{target} is there already",
        hint="give another name; overwrite=True replaces it",
    )
    part = target.parent / f".{uuid.uuid4().hex}.part"
    try:
        if os.path.lexists(target) and not overwrite:
            raise taken
        target.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        if overwrite:
            part.replace(target)
        else:
            rename(part, target)
    except FileExistsError:
        raise taken from None
    except OSError as exc:
        raise InputError(
            f"cannot write {target}: {exc.strerror or exc}", hint="give another name or folder"
        ) from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
