"""What a fetched file is, measured and held against the model's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wan_magic.server import faults
from wan_magic.server.faults import Fault, inspection, invalid
from wan_magic.wan.catalog import AUDIO_FORMATS, IMAGE_FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.wan.catalog import Limits, Media

SLACK = 0.1
"""Seconds by which an encoder's padding may lengthen or shorten a sound or a video."""
_ZIP = ("docx", "xlsx", "pptx", "key", "pages", "numbers")
_STARTS = {"pdf": (b"%PDF",), **dict.fromkeys(_ZIP, (b"PK",))}


@dataclass(frozen=True)
class Facts:
    """What was measured.

    Attributes
    ----------
    shape : (int, int) or None
        Width and height in pixels, as it is seen.
    seconds : float
        Length; 0 for what has none.
    """

    shape: tuple[int, int] | None = None
    seconds: float = 0.0


def sniff(path: Path) -> Media | None:
    """Tell a picture from a video and a sound by content; None for neither."""
    import av
    from PIL import Image

    try:
        with Image.open(path):
            return "image"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        pass
    except Image.DecompressionBombWarning:
        return "image"
    try:
        with av.open(str(path), "r") as source:
            return "video" if source.streams.video else "audio" if source.streams.audio else None
    except (av.FFmpegError, ValueError):
        return None


def probe(path: Path, media: Media, limits: Limits, name: str) -> Facts:
    """Measure a file and refuse it when it is outside the limits.

    Parameters
    ----------
    path : Path
        The file.
    media : str
        What it has to hold.
    limits : Limits
        Of the input that it is for.
    name : str
        The file's name in its URL.

    Raises
    ------
    Fault
        With the documented code.
    """
    if media == "image":
        return probe_image(path, limits)
    if media == "video":
        return probe_video(path, limits)
    if media == "audio":
        return probe_audio(path, limits, name)
    return _probe_document(path, limits, name)


def probe_image(path: Path, limits: Limits) -> Facts:
    """Measure a picture, after the rotation that a photo may carry, as every viewer shows it."""
    from PIL import Image, ImageOps

    formats = ", ".join(limits.formats or IMAGE_FORMATS)
    try:
        with Image.open(path, formats=limits.formats or IMAGE_FORMATS) as image:
            _check_sides(image.size, limits, invalid(faults.IMAGE_SIZE))
            if image.has_transparency_data:
                raise inspection(faults.MEDIA_FORMAT, "an alpha channel is not supported")
            image.load()
            shape = ImageOps.exif_transpose(image).size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise invalid(faults.IMAGE_SIZE) from None
    except (OSError, ValueError, SyntaxError, KeyError):
        # What Pillow raises for a file it can't read, one that is cut short, and a format of a
        # row that it does not know.
        raise inspection(faults.MEDIA_FORMAT, f"expected one of {formats}") from None
    return Facts(shape)


def probe_video(path: Path, limits: Limits) -> Facts:
    """Measure a video: its first picture is decoded, its length is the header's."""
    import av

    wanted = " or ".join(limits.formats)
    try:
        with av.open(str(path), "r") as source:
            # The container counts, not a file's ending; mp4 and mov have one reader.
            kinds = source.format.name.split(",")
            if not source.streams.video or not any(f in kinds for f in limits.formats):
                raise Fault("InvalidFile.Format", f"The video format should be {wanted}.")
            stream = source.streams.video[0]
            rate = float(stream.average_rate or 0)
            seconds = _stream_seconds(source, stream)
            frame = next(source.decode(video=0), None)
            if frame is None:
                raise Fault("InvalidFile.Openerror", "The video file can't be read.")
            shape = (frame.width, frame.height)
            if frame.rotation % 180:
                shape = shape[::-1]
            if not seconds:
                seconds = (1 + sum(1 for _ in source.decode(video=0))) / (rate or 30)
    except (av.FFmpegError, ValueError):
        raise Fault("InvalidFile.Openerror", "The video file can't be read.") from None
    _check_sides(shape, limits, Fault("InvalidFile.Resolution", "The video resolution is invalid."))
    if limits.min_fps and rate < limits.min_fps - 0.01:
        raise Fault(
            "InvalidFile.FPS", f"The video FPS should be at least {limits.min_fps:g}, not {rate:g}."
        )
    low, high = limits.min_seconds or 0, limits.max_seconds
    if seconds < low - SLACK or (high is not None and seconds > high + SLACK):
        span = f"{low:g} to {high:g}" if high is not None else f"at least {low:g}"
        raise Fault(
            "InvalidFile.Duration", f"The video duration should be {span}s, not {seconds:.1f}s."
        )
    return Facts(shape, seconds)


def _stream_seconds(source: Any, stream: Any) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return float(source.duration or 0) / 1e6


def probe_audio(path: Path, limits: Limits, name: str = "") -> Facts:
    """Measure a sound by decoding it."""
    import av

    most = limits.max_seconds
    formats = limits.formats or AUDIO_FORMATS
    try:
        with av.open(str(path), "r") as source:
            kind = source.format.name
            if kind not in formats or not source.streams.audio:
                raise inspection(faults.MEDIA_FORMAT, f"expected {' or '.join(formats)}")
            ending = name.lower().rpartition(".")[2]
            if ending in formats and ending != kind:
                # Seen with a wav that was called .mp3 (2026-10).
                allowed = ", ".join(f".{f}" for f in formats)
                raise Fault(
                    "InvalidFile.Format",
                    f"File type is not supported. Allowed types are: {allowed}.",
                )
            seconds = 0.0
            for frame in source.decode(audio=0):
                seconds += frame.samples / frame.sample_rate
                if most is not None and seconds > most + SLACK:
                    raise Fault("InvalidURL", f"The input audio is longer than {most:g}s")
    except (av.FFmpegError, ValueError):
        raise inspection(faults.MEDIA_FORMAT, f"expected {' or '.join(formats)}") from None
    if limits.min_seconds is not None and seconds < limits.min_seconds - SLACK:
        raise Fault("InvalidURL", f"The input audio is shorter than {limits.min_seconds:g}s")
    return Facts(None, seconds)


def _probe_document(path: Path, limits: Limits, name: str) -> Facts:
    # Only plausibility: pages are neither counted nor read.
    ending = name.lower().rpartition(".")[2]
    with path.open("rb") as file:
        head = file.read(8)
    starts = _STARTS.get(ending, (b"",))
    if ending not in limits.formats or not head or not head.startswith(starts):
        raise Fault("InvalidFile.Format", f"The file should be one of {', '.join(limits.formats)}.")
    return Facts()


def _check_sides(sides: tuple[int, int], limits: Limits, fault: Fault) -> None:
    low, high = limits.min_side or 1, limits.max_side
    if min(sides) < low or (high is not None and max(sides) > high):
        span = f"{low} to {high}" if high is not None else f"at least {low}"
        raise Fault(fault.code, f"{fault.message} ({sides[0]} x {sides[1]}, each side {span})")
    if limits.max_ratio and max(sides) > limits.max_ratio * min(sides):
        most = f"{limits.max_ratio:g}"
        raise Fault(
            "InvalidFile.AspectRatio",
            f"The aspect ratio should be 1:{most} to {most}:1, not {sides[0]} x {sides[1]}.",
        )
