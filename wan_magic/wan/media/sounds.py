"""Sounds checked before they are uploaded."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media.given import address_of, check_weight, meant_for, read_file
from wan_magic.wan.media.loaded import Input

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Limits

_MIME = {"wav": "audio/wav", "mp3": "audio/mpeg"}


def load_sound(value: object, limits: Limits, *, option: str = "audio") -> Input:
    """Make a sound ready to send.

    Parameters
    ----------
    value : str, Path or bytes
        An http(s) URL, a path, or a file's bytes.
    limits : Limits
        What the sound may be.

    Raises
    ------
    InputError
        If it is no sound, or outside the limits.

    Examples
    --------
    >>> from wan_magic.wan.catalog import find_model
    >>> limits = find_model("wan2.5-t2v-preview").slots("audio")[0].limits
    >>> load_sound("https://example.com/rain.mp3", limits).value
    'https://example.com/rain.mp3'
    """
    formats = " or ".join(limits.formats)
    if isinstance(value, bytes | bytearray | memoryview):
        data, name = bytes(value), ""
    elif isinstance(value, str | os.PathLike):
        text = os.fsdecode(value).strip()
        if url := address_of(text, "sound", limits.formats):
            return Input.from_url(option, "audio", url)
        data, name = read_file(text, "audio")
    else:
        raise InputError(
            f"{type(value).__name__!r} objects cannot be used as a sound",
            hint=f"give a {formats} file, its bytes or its URL",
        )
    source = name or "a sound in memory"
    check_weight(source, len(data), limits.max_bytes, "save it as mp3")
    kind, length = measure(data, source)
    if kind not in limits.formats:
        hint = meant_for(data[:32], "audio", f"convert it to {formats}")
        raise InputError(f"{source} is {kind}, not {formats}", hint=hint)
    if name and Path(name).suffix.lower() != f".{kind}":
        # The service believes the name, and fails on the content.
        raise InputError(f"{name} is a {kind} file", hint=f"name it {Path(name).stem}.{kind}")
    check_length(source, length, limits, slack=0.15 if kind == "mp3" else 0.001)
    file = LocalFile.of(name or f"{option}.{kind}", _MIME[kind], data)
    return Input(
        option=option,
        media="audio",
        value="",
        source=source,
        digest=file.digest,
        seconds=length,
        upload=file,
    )


def check_length(source: str, seconds: float, limits: Limits, *, slack: float) -> None:
    """Refuse what is too short or too long; encoders fill up their last frames (`slack`)."""
    low, high = limits.min_seconds or 0, limits.max_seconds or math.inf
    if not low <= seconds <= high + slack:
        span = f"{low:g} to {high:g}" if low else f"at most {high:g}"
        raise InputError(f"{source} lasts {seconds:.2f} s; it must be {span} s")


def measure(data: bytes, source: str) -> tuple[str, float]:
    """Return a sound's container and its length in seconds."""
    import av

    try:
        with av.open(io.BytesIO(data), mode="r") as box:
            kind = box.format.name
            if kind not in _MIME:
                return kind.split(",")[0].removesuffix("_pipe"), 0.0
            # Headers are not to be trusted: an mp3 of varying bit rate may have no length.
            return kind, sum((f.samples / f.sample_rate for f in box.decode(audio=0)), 0.0)
    except (av.FFmpegError, ValueError, IndexError) as err:
        hint = meant_for(data[:32], "audio", "give a wav or mp3 file")
        raise InputError(f"{source} is not a sound that can be read", hint=hint) from err
