"""Finished clips looked into: probed, their frames taken out.

PyAV and Pillow are imported where they are used, so that importing this module stays cheap.
"""

from __future__ import annotations

import contextlib
import math
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan.media.given import near, short
from wan_magic.wan.media.images import small_jpeg

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from PIL import Image as PILImage


@dataclass(frozen=True)
class VideoInfo:
    """A clip: its size in pixels, duration in seconds, frames per second, sound."""

    width: int
    height: int
    duration: float
    fps: float
    has_audio: bool


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[tuple[Any, Any]]:
    """Open a clip: its container and its video; what FFmpeg says becomes one InputError."""
    import av

    path = Path(path)
    hint = "make or download it again"
    # Playlists and pictures are no clips, and a playlist could name other files.
    options = {"format_whitelist": "mov,matroska,avi,mpegts"}
    try:
        with path.open("rb") as file, av.open(file, mode="r", options=options) as box:
            yield box, box.streams.video[0]
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"no such video: {short(path.name)}", hint=near(path)) from None
    except (av.FFmpegError, OSError, ValueError, IndexError, StopIteration) as err:
        raise InputError(f"{path.name} is not a playable video", hint=hint) from err


def image_of(frame: Any) -> PILImage.Image:
    """Return a frame as an RGB image.

    One thread does it. A frame keeps those that scaled it, and lets go of them in the child of a
    fork, too (a cell with ``!ls`` is one): there they are missing, and the child waits for ever.
    """
    image: PILImage.Image = frame.to_image(threads=1)
    return image


def probe_video(path: str | os.PathLike[str]) -> VideoInfo:
    """Read a clip's size and length, and make sure that it is whole.

    Raises
    ------
    InputError
        If the file is missing, no video, has no picture that decodes, or is cut short.

    Examples
    --------
    >>> probe_video("clip.mp4").duration
    5.0
    """
    frame, broken, count, start, end, last = None, False, 0, math.inf, -math.inf, 0.0
    with opened(path) as (box, video):
        # A cut file with its index in front opens and decodes like a whole one; only
        # reading to the end shows that packets are missing. Where the file states one
        # length for all its streams, any of them may be the one that lasts so long.
        for packet in box.demux(video) if video.duration else box.demux():
            if frame is None and packet.stream == video:
                frame = next(iter(packet.decode()), None)
            if packet.pts is None:  # the empty packet at the end
                continue
            if broken := packet.is_corrupt:
                break
            pts, last = (float(t * packet.time_base) for t in (packet.pts, packet.duration or 0))
            count, start, end = count + 1, min(start, pts), max(end, pts + last)
        fps = float(video.average_rate or video.guessed_rate or 0)
        length = video.duration * video.time_base if video.duration else (box.duration or 0) / 1e6
        duration = float(length)
        # Edit lists hide packets of whole files, so a lower count alone proves nothing.
        slack = last / 2 if count < video.frames else 0.25
        if frame is None or broken or end - start < duration - slack:
            problem = f"it is cut short or damaged ({count} frames of {duration:.2f} s)"
            problem = f"{Path(path).name} is not a playable video: {problem}"
            raise InputError(problem, hint="make or download it again")
        return VideoInfo(frame.width, frame.height, duration, fps, bool(box.streams.audio))


def last_frame(path: str | os.PathLike[str]) -> PILImage.Image:
    """Return the exact last frame of a clip, as an RGB image of the clip's size.

    Raises
    ------
    InputError
        If the file is missing, no video, or does not decode.

    Examples
    --------
    >>> last_frame("clip.mp4").size
    (1280, 720)
    """
    try:
        return _decode_last(path, near_end=True)
    except InputError:  # some files cannot be sought
        return _decode_last(path, near_end=False)


def _decode_last(path: str | os.PathLike[str], *, near_end: bool) -> PILImage.Image:
    with opened(path) as (box, video):
        video.thread_type = "AUTO"
        if near_end:
            # Lands on the key frame before the last second. A stream of unknown length
            # raises here, which leads to the full decoding.
            end = (video.start_time or 0) + (video.duration or math.nan)
            box.seek(int(end - 1 / video.time_base), stream=video)
        # A deque of one keeps the last item of what may be thousands.
        return image_of(deque(box.decode(video), maxlen=1).pop())


def poster(path: str | os.PathLike[str], *, max_side: int = 640) -> bytes:
    """Return a JPEG to show before a clip plays: its first frame, or 1 s on if that is black.

    Parameters
    ----------
    path : path-like
        The clip.
    max_side : int, default 640
        Longest side, in pixels.

    Raises
    ------
    InputError
        If the file is missing, no video, or does not decode.

    Examples
    --------
    >>> poster("clip.mp4").startswith(bytes([0xFF, 0xD8]))
    True
    """
    from PIL import ImageStat

    with opened(path) as (box, video):
        frames = box.decode(video)
        frame = next(frames)
        image, start = image_of(frame), frame.time or 0
        if ImageStat.Stat(image.convert("L")).mean[0] < 16:
            for frame in frames:
                if (frame.time or 0) - start >= 1:
                    break
            image = image_of(frame)
        return small_jpeg(image, max_side)


def frame_at(path: str | os.PathLike[str], seconds: float) -> PILImage.Image:
    """Return the very frame that is seen at a time, as an RGB image of the clip's size.

    Parameters
    ----------
    seconds : float
        From the first frame on; less than the clip's duration.

    Raises
    ------
    InputError
        If there is no frame at that time; if the file is missing, no video, or does not decode.

    Examples
    --------
    >>> frame_at("clip.mp4", 2.5).size
    (1280, 720)
    """
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not math.isfinite(seconds):
        raise InputError(f"{seconds!r} is no number of seconds", hint="such as 2.5")
    for sought in (True, False):  # some files can't be sought, or only to a later frame
        with contextlib.suppress(InputError) if sought else contextlib.nullcontext():
            image = _decode_at(path, seconds, seek=sought)
            if image is not None:
                return image
    duration = probe_video(path).duration
    raise InputError(
        f"there is no frame at {seconds:g} s: {Path(path).name} lasts {duration:g} s",
        hint=f"0 or more, and less than {duration:g}; last_frame() is the last one",
    )


def _decode_at(
    path: str | os.PathLike[str], seconds: float, *, seek: bool
) -> PILImage.Image | None:
    """Return the frame at a time; None where there is none, or the seek went too far."""
    with opened(path) as (box, video):
        video.thread_type = "AUTO"
        end = float(video.duration * video.time_base) if video.duration else math.inf
        if not 0 <= seconds < end:
            return None
        # A hair more: 0.3 as a float is less than three tenths.
        wanted = (video.start_time or 0) + (seconds + 1e-6) / video.time_base
        if seek:
            box.seek(int(wanted), stream=video)
        seen = None
        for frame in box.decode(video):
            if frame.pts is not None and frame.pts > wanted:
                break
            seen = frame
        else:  # the last one: of a stream without a length only it tells where the end is
            if seen is not None and end == math.inf and seen.pts + seen.duration <= wanted:
                return None
        return None if seen is None else image_of(seen)
