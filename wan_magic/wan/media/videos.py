"""Videos checked before they are uploaded."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media.given import address_of, check_weight, find_file, meant_for
from wan_magic.wan.media.loaded import Input
from wan_magic.wan.media.sounds import check_length

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Limits

_MIME = {"mp4": "video/mp4", "mov": "video/quicktime", "avi": "video/x-msvideo"}
_SLACK = 0.1
"""Seconds by which a video may miss its limits: the last frame's own length."""


def load_video(value: object, limits: Limits, *, option: str = "video", needs: str = "it") -> Input:
    """Make a video ready to send.

    Parameters
    ----------
    value : str, Path, bytes or Clip
        An http(s) URL, a path, a file's bytes, or a finished clip.
    limits : Limits
        What the video may be.
    option : str, default "video"
        What it is for.
    needs : str
        Who has these limits, for messages: the model's name.

    Raises
    ------
    InputError
        If it is no video, or outside the limits. A video is never changed.
    """
    formats = " or ".join(limits.formats)
    clip = getattr(value, "path", None)
    if clip is not None and callable(getattr(value, "last_frame", None)):
        value = clip
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        kind, facts = _probe(io.BytesIO(data), "a video in memory")
        file = LocalFile.of(f"{option}.{kind}", _MIME.get(kind, ""), data)
        return _checked(file, "a video in memory", kind, facts, limits, option, needs)
    if not isinstance(value, str | os.PathLike):
        raise InputError(
            f"{type(value).__name__!r} objects cannot be used as a video",
            hint=f"give a {formats} file, its bytes, its URL or a finished clip",
        )
    text = os.fsdecode(value).strip()
    if url := address_of(text, "video", limits.formats):
        return Input.from_url(option, "video", url)
    path, size = find_file(text, "video")
    if not size:
        raise InputError(f"{path.name} is empty (0 bytes)", hint="make or download it again")
    check_weight(path.name, size, limits.max_bytes, "make it smaller or shorter")
    with path.open("rb") as stream:
        kind, facts = _probe(stream, path.name)
    # One family of containers: the name decides between mp4 and mov.
    suffix = path.suffix[1:].lower()
    if {kind, suffix} <= {"mp4", "mov"}:
        kind = suffix
    elif kind in limits.formats and suffix != kind:
        raise InputError(f"{path.name} holds {kind} video", hint=f"name it {path.stem}.{kind}")
    file = LocalFile.of(path.name, _MIME.get(kind, ""), path)
    return _checked(file, path.name, kind, facts, limits, option, needs)


def _checked(
    file: LocalFile,
    source: str,
    kind: str,
    facts: dict[str, Any],
    limits: Limits,
    option: str,
    needs: str,
) -> Input:
    formats = " or ".join(limits.formats)
    width, height, seconds, fps = (facts[n] for n in ("width", "height", "seconds", "fps"))
    if kind not in limits.formats:
        raise InputError(f"{source} is {kind}, not {formats}", hint=f"convert it to {formats}")
    check_weight(source, file.size, limits.max_bytes, "make it smaller or shorter")
    low, high = limits.min_side or 1, limits.max_side or 100_000
    if min(width, height) < low or max(width, height) > high:
        raise InputError(
            f"{source} is {width}×{height} px; {needs} needs sides of {low} to {high} px",
            hint="scale it",
        )
    if limits.max_ratio and max(width, height) > min(width, height) * limits.max_ratio:
        raise InputError(
            f"{source} is {width}×{height} px: too narrow for {needs}",
            hint=f"the long side may be {limits.max_ratio:g} times the short one at most",
        )
    check_length(source, seconds, limits, slack=_SLACK)
    if limits.min_fps and fps < limits.min_fps - 0.05:
        raise InputError(
            f"{source} has {fps:.3g} frames a second; {needs} needs {limits.min_fps:g} or more",
            hint="convert it",
        )
    return Input(
        option=option,
        media="video",
        value="",
        source=source,
        digest=file.digest,
        width=width,
        height=height,
        seconds=seconds,
        thumbnail=facts["thumbnail"],
        upload=file,
    )


def _probe(stream: Any, source: str) -> tuple[str, dict[str, Any]]:
    """Return a video's container and what its header and its first picture say."""
    import av

    from wan_magic.wan.media.images import THUMBNAIL_SIDE, small_jpeg
    from wan_magic.wan.video import image_of

    # Playlists and pictures are no clips, and a playlist could name other files.
    options = {"format_whitelist": "mov,matroska,avi,mpegts"}
    try:
        with av.open(stream, mode="r", options=options) as box:
            video = box.streams.video[0]
            names = box.format.name.split(",")
            kind = "mp4" if "mp4" in names else names[0]
            frame = next(box.decode(video))
            length = video.duration * video.time_base if video.duration else None
            seconds = float(length if length is not None else (box.duration or 0) / 1e6)
            picture = image_of(frame)
            # Phones store a turn beside the pictures, and players follow it.
            if turn := getattr(frame, "rotation", 0) % 360:
                picture = picture.rotate(turn, expand=True)
            width, height = picture.size
            facts = {
                "width": width,
                "height": height,
                "seconds": seconds,
                "fps": float(video.average_rate or 0),
                "thumbnail": small_jpeg(picture, THUMBNAIL_SIDE),
            }
            return kind, facts
    except (av.FFmpegError, OSError, ValueError, IndexError, StopIteration) as err:
        stream.seek(0)
        hint = meant_for(stream.read(32), "video", "make or download it again")
        raise InputError(f"{source} is not a playable video", hint=hint) from err
