"""Clips joined into one film."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wan_magic
from wan_magic.errors import InputError
from wan_magic.jobs.copying import placed, target_of
from wan_magic.jobs.film import Film
from wan_magic.jobs.keep import digest
from wan_magic.jobs.provenance import provenance, tag, write_sidecar

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job

    Part = Film | Clip | Job | str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, repr=False)
class Reel(Film):
    """A film of several clips. Made by `concat`.

    Where a clip is taken, it can be given, too: ``wan_magic.submit("...", image=reel)`` goes on
    from its last frame.

    Attributes
    ----------
    parts : tuple of Path
        The files that it was made of, in their order.
    is_encoded : bool
        Whether they were encoded again, since they were not alike.
    is_preview : bool
        Whether one of them is a preview.
    """

    parts: tuple[Path, ...]
    is_encoded: bool = False
    is_preview: bool = False

    def _facts(self) -> list[str]:
        return [f"of {len(self.parts)}", *(["preview"] if self.is_preview else [])]

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ARG002 - IPython's protocol; it filters by itself
        exclude: Any = None,  # noqa: ARG002
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from wan_magic.output.reel import reel_bundle

        return reel_bundle(self)


def concat(
    clips: Iterable[Part],
    path: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
    encode: bool | None = None,
) -> Reel:
    """Join clips into one MP4.

    Clips that are alike in size, frame rate and codec settings, as those of one model and
    resolution are, are not encoded again: it takes a moment, and no quality is lost. Others
    become as large and as fast as the first, with black bars where the shape differs; if one
    has sound, the silent ones get silence.

    Parameters
    ----------
    clips : iterable of Clip, Reel, Job, str or Path
        At least one; jobs are waited for.
    path : path-like, optional
        The file, or a folder that is there. Default: a name that follows from the clips,
        beside the first of them.
    overwrite : bool, default False
        Whether another file of that name is replaced. The same clips joined before are
        shown again.
    encode : bool, optional
        True to encode them again in any case; False never to, which is an error where they
        differ.

    Returns
    -------
    Reel
        Shown as a player where it is the value of a cell.

    Raises
    ------
    InputError
        If there is no clip, one is no playable video, another file is there, or it can't be
        written.
    WanError
        Of a job that brings no clip.

    Examples
    --------
    >>> wan_magic.concat([clip, clip.extend("on")], path="film.mp4")  # doctest: +SKIP
    """
    paths = [_path_of(one) for one in _listed(clips)]
    if not paths:
        raise InputError("there are no clips to join", hint="give a list of them")
    marks = [digest(one)[0] for one in paths]
    name = f"film-{hashlib.sha256(' '.join(marks).encode()).hexdigest()[:8]}.mp4"
    target = paths[0].parent / name if path is None else target_of(path, name)
    if any(target.exists() and target.samefile(one) for one in paths):
        raise InputError(f"{target.name} is one of the clips", hint="give another name")
    known = provenance(target) if target.is_file() else {}
    # The default name follows from the clips, so that what has it is this film.
    is_there = known.get("made_of") == marks or (path is None and target.is_file())
    if not is_there or encode is not None or overwrite:
        known = _made(paths, marks)
        placed(target, lambda part: _write(paths, part, known, encode), overwrite=overwrite)
        if _is_kept():
            with contextlib.suppress(OSError):  # the film itself says it, too
                write_sidecar(target, known)
    return _reel(target, paths, known)


def _listed(clips: object) -> list[Any]:
    if isinstance(clips, str | os.PathLike | Film) or not isinstance(clips, Iterable):
        raise InputError("concat takes a list of clips", hint="wan_magic.concat([a, b, c])")
    return list(clips)


def _path_of(one: Any) -> Path:
    from wan_magic.jobs.job import Job, interruptible
    from wan_magic.wan.video import probe_video

    if isinstance(one, Job):
        with interruptible(one):
            one = one.result()
    if isinstance(one, Film):
        one = one.path
    if not isinstance(one, str | os.PathLike):
        raise InputError(
            f"{type(one).__name__!r} objects are no clips", hint="give clips, jobs or paths"
        )
    path = Path(one).expanduser().absolute()
    probe_video(path)  # whole: packets of one that is cut short would be copied as they are
    return path


def _made(paths: list[Path], marks: list[str]) -> dict[str, Any]:
    """Return how a film is made: its parts as they say it themselves."""
    parts = [{"file": path.name, **provenance(path)} for path in paths]
    return {
        "made_with": f"wan_magic {wan_magic.__version__}",
        "made": datetime.now().astimezone().isoformat(timespec="seconds"),
        "preview": any(part.get("preview") for part in parts),
        "parts": parts,
        "made_of": marks,
    }


def _write(paths: list[Path], part: Path, said: dict[str, Any], encode: bool | None) -> None:
    from wan_magic.wan.join import join

    said["encoded"] = join(paths, part, encode=encode)
    if _is_kept():
        tag(part, said)


def _is_kept() -> bool:
    from wan_magic.settings import from_environment

    return from_environment().provenance


def _reel(target: Path, paths: list[Path], said: dict[str, Any]) -> Reel:
    from wan_magic.wan.video import poster, probe_video

    info = probe_video(target)
    return Reel(
        path=target,
        width=info.width,
        height=info.height,
        duration=info.duration,
        fps=info.fps,
        has_audio=info.has_audio,
        poster=poster(target),
        parts=tuple(paths),
        is_encoded=bool(said.get("encoded")),
        is_preview=bool(said.get("preview")),
    )
