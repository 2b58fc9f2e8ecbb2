"""First frames made ready to send, and sounds checked.

Nothing here talks to a network. Pillow and PyAV are imported where they are used,
so that importing this module stays cheap. 1 MB is 2**20 bytes in every message.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import hashlib
import io
import math
import os
import re
import stat
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wan_magic.errors import InputError
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image as PILImage

MAX_READ_BYTES = 256 * 1024 * 1024
THUMBNAIL_SIDE = 480
# What is left of a data URI for the image itself: base64 makes 4 characters of 3 bytes.
_URI_ROOM = (catalog.DATA_URI_MAX_BYTES - len("data:image/jpeg;base64,")) // 4 * 3
_IMAGE_HINT = "give a JPEG, PNG, BMP or WEBP image"
# Tried in this order until the image is small enough: share of each side, JPEG quality.
_SQUEEZE = ((1, 95), (1, 90), (1, 85), (1, 75), (0.75, 85), (0.5, 85), (0.35, 80), (0.2, 75))


@dataclass(frozen=True)
class FirstFrame:
    """An image as it is sent."""

    value: str = field(repr=False)
    """For ``input.img_url``: an http(s) URL or a data URI."""
    source: str
    """What messages call it: "cat.png", "a URL", "an image in memory"."""
    width: int | None
    height: int | None
    """Of what is sent, in pixels; None for a URL, which is never fetched here."""
    digest: str
    """SHA-256 of the bytes sent (of the text, for a URL), in hexadecimal."""
    thumbnail: bytes | None = field(repr=False)
    """A JPEG of at most 480 pixels a side; None for a URL."""
    notes: tuple[str, ...] = ()
    """What was changed, one sentence each."""


def load_first_frame(value: object, model: catalog.Model, *, fit: bool = True) -> FirstFrame:
    """Make an image ready to be the first frame of a clip.

    Parameters
    ----------
    value : object
        An http(s) URL, a ``data:image/...;base64,`` URI, a path, bytes, a PIL image,
        or an object whose ``last_frame()`` returns a PIL image (a finished clip).
    model : Model
        Whose image limits hold.
    fit : bool, default True
        Change an image that breaks a limit, with a note for each change. An image
        within the limits is sent byte for byte.

    Raises
    ------
    InputError
        If there is no readable image, its shape cannot be fitted, or ``fit`` is False
        and something would have to be changed.

    Examples
    --------
    >>> model = catalog.find_model("wan2.6-i2v")
    >>> load_first_frame("https://example.com/my cat.png", model).value
    'https://example.com/my%20cat.png'
    """
    import warnings

    if isinstance(value, str) and (url := _web_url(value.strip())):
        return FirstFrame(url, "a URL", None, None, hashlib.sha256(url.encode()).hexdigest(), None)
    with warnings.catch_warnings():
        # Pillow warns of broken EXIF, big images and odd palettes; all are dealt with here.
        warnings.simplefilter("ignore")
        image, data, source = _read_image(value)
        return _make_frame(image, data, source, model, fit=fit)


def _read_image(value: object) -> tuple[PILImage.Image, bytes, str]:
    """Return the decoded image, its bytes (none for a PIL image), and its name for messages."""
    from PIL import Image, UnidentifiedImageError

    data: bytes | None = None
    source = "an image in memory"
    if isinstance(value, str) and value.strip()[:5].lower() == "data:":
        data, source = _from_data_uri(value.strip()), "a data URI"
    elif isinstance(value, str | os.PathLike):
        data, source = _read_file(os.fsdecode(value), "image")
    elif isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
    elif callable(last := getattr(value, "last_frame", None)):
        path = getattr(value, "path", None)
        name = Path(path).name if isinstance(path, str | os.PathLike) else "a clip"
        value, source = last(), f"the last frame of {name}"
    try:
        if data:
            image: PILImage.Image = Image.open(io.BytesIO(data))
        elif data is not None:
            raise InputError(f"{source} is empty (0 bytes)", hint=_IMAGE_HINT)
        elif isinstance(value, Image.Image):
            image = value
        else:
            accepted = "a path, an http(s) URL, a data URI, bytes, a PIL image or a finished clip"
            problem = f"{type(value).__name__!r} objects cannot be used as an image"
            raise InputError(problem, hint=f"give {accepted}")
        image.load()
    except InputError:
        raise
    except Image.DecompressionBombError:
        hint = "scale it to at most 8000 px a side"
        raise InputError(f"{source} has too many pixels to be opened safely", hint=hint) from None
    except UnidentifiedImageError:
        raise InputError(f"{source} is not an image that can be read", hint=_IMAGE_HINT) from None
    except Exception as err:  # decoders raise nearly anything on broken bytes
        hint = "save it again or use another image"
        raise InputError(f"{source} cannot be read: cut short or damaged", hint=hint) from err
    return image, data or b"", source


def _make_frame(
    img: PILImage.Image, raw: bytes, source: str, model: catalog.Model, *, fit: bool
) -> FirstFrame:
    """Change what breaks a limit, then build the frame. ``raw`` is empty for a PIL image."""
    from PIL import Image, ImageOps

    notes: list[str] = []

    def change(problem: str, done: str, fix: str) -> None:
        if not fit:
            raise InputError(f"{source} {problem}", hint=fix)
        notes.append(f"{source} {problem}: {done}")

    # Phones store several pictures in one JPEG (MPO); every JPEG reader takes the first.
    kind = "JPEG" if img.format == "MPO" else img.format or "PNG"
    target = "JPEG" if kind == "JPEG" else "PNG"
    animated = kind != "JPEG" and getattr(img, "is_animated", False)
    if raw and kind not in catalog.IMAGE_FORMATS:
        problem = f"is {kind}; the API takes {', '.join(catalog.IMAGE_FORMATS)}"
        change(problem, f"sent as {target}", "save it as PNG or JPEG")
    if raw and animated:
        change("has several frames", "the first one is sent", "save one frame as PNG or JPEG")
    if (turn := img.getexif().get(0x0112, 1)) in range(2, 9):
        fix = "save it upright, without the EXIF orientation"
        change(f"is stored turned (EXIF orientation {turn})", "turned upright", fix)
        img = ImageOps.exif_transpose(img)

    # A colour profile stays true only while the channels stay what they were.
    icc = img.info.get("icc_profile") if img.mode in {"RGB", "RGBA", "P"} else None
    if img.has_transparency_data:
        rgba = img.convert("RGBA")
        opaque = rgba.getchannel("A").getextrema()[0] == 255
        done = "the alpha channel was dropped" if opaque else "put on white"
        problem = "has an alpha channel" if opaque else "has transparent parts"
        change(f"{problem}; the API takes none", done, "save it without an alpha channel")
        img = Image.alpha_composite(Image.new("RGBA", img.size, "white"), rgba).convert("RGB")
    deep = kind == "PNG" and raw[12:16] == b"IHDR" and raw[24] == 16
    if deep or img.mode not in {"1", "L", "P", "RGB"}:
        mode = "16-bit" if deep else img.mode
        change(f"has {mode} colours", "converted to 8 bits a channel", "save it as 8-bit RGB")
        img = _eight_bit(img)

    low, high = model.image_min_side, model.image_max_side
    short, long = sorted(img.size)
    size = f"is {img.width}×{img.height} px"
    if long * low > short * high:
        hint = f"crop it: the long side may be {high / low:.0f} times the short one at most"
        problem = f"no scale brings it into sides of {low} to {high} px"
        raise InputError(f"{source} {size}; {problem}", hint=hint)
    if short < low or long > high:
        up, down = (low, short) if short < low else (high, long)
        # max(): rounding must not carry a side that just fits over the limit.
        width, height = (min(high, max(low, round(side * up / down))) for side in img.size)
        problem = f"{size}; {model.name} needs sides of {low} to {high} px"
        change(problem, f"scaled to {width}×{height}", f"scale it to {width}×{height}")
        img = _resized(img, width, height)

    if raw and not notes:
        data, target = raw, kind
    else:
        data = _encode(img, target, icc=icc)
    limit = min(model.image_max_bytes, _URI_ROOM)
    if len(data) > limit:
        # Rounded apart: the two numbers never read as equal.
        takes, most = _mb(len(data), math.ceil), _mb(limit, math.floor)
        problem = f"takes {takes} MB; at most {most} MB can be sent"
        data, target, img, done = _squeeze(img, limit, low, icc)
        change(problem, f"sent as {done} ({_mb(len(data))} MB)", f"save it as {done}")
    return FirstFrame(
        value=f"data:image/{target.lower()};base64,{base64.b64encode(data).decode()}",
        source=source,
        width=img.width,
        height=img.height,
        digest=hashlib.sha256(data).hexdigest(),
        thumbnail=small_jpeg(img, THUMBNAIL_SIDE),
        notes=tuple(notes),
    )


def _eight_bit(img: PILImage.Image) -> PILImage.Image:
    """Convert any mode to 8-bit RGB; Pillow alone would clip deep greys to white."""
    if img.mode[0] not in "IF":
        return img.convert("RGB")
    grey = img.convert("F")
    bottom, top = (0.0, 65535.0) if img.mode[0] == "I" else grey.getextrema()
    scale = 255 / ((top - bottom) or 1)  # type: ignore[operator]
    return grey.point(lambda v: v * scale - bottom * scale).convert("RGB")  # type: ignore[operator]


def _resized(img: PILImage.Image, width: int, height: int) -> PILImage.Image:
    from PIL import Image

    # Pillow cannot interpolate palette and black-and-white images.
    return img.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def _encode(img: PILImage.Image, kind: str, *, quality: int = 95, icc: bytes | None) -> bytes:
    out = io.BytesIO()
    img.save(out, kind, quality=quality, icc_profile=icc)
    return out.getvalue()


def _squeeze(
    img: PILImage.Image, limit: int, min_side: int, icc: bytes | None
) -> tuple[bytes, str, PILImage.Image, str]:
    """Return the first JPEG of at most ``limit`` bytes, its image, and what was done."""
    for share, quality in _SQUEEZE:
        factor = min(1, max(share, min_side / min(img.size)))
        # ceil: a side scaled down to the lower limit must not round under it.
        width, height = (math.ceil(side * factor) for side in img.size)
        smaller = _resized(img, width, height) if factor < 1 else img.convert("RGB")
        data = _encode(smaller, "JPEG", quality=quality, icc=icc)
        if len(data) <= limit:
            return data, "JPEG", smaller, f"JPEG of quality {quality}, {width}×{height} px"
    raise InputError(f"an image of {img.width}×{img.height} px cannot be made small enough")


def small_jpeg(img: PILImage.Image, side: int) -> bytes:
    """Return a JPEG whose longest side is at most `side` pixels."""
    small = img.convert("RGB")
    small.thumbnail((side, side))
    return _encode(small, "JPEG", quality=80, icc=None)


def _mb(count: int, rounded: Callable[[float], int] = round) -> str:
    return f"{rounded(count / 2**20 * 100) / 100:g}"


def short(text: str) -> str:
    """Quote a name for a message; someone may pass a whole file as a name."""
    return repr(text if len(text) <= 80 else f"{text[:60]}…")


def _web_url(text: str) -> str | None:
    """Return the http(s) URL to send, percent-encoded, or None where the text is no URL."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if not match or match[1].lower() == "file":
        return None
    if match[1].lower() not in {"http", "https"}:
        hint = "give a path or an http(s) URL"
        raise InputError(f"{match[1]}:// addresses are not supported", hint=hint)
    try:
        if not re.fullmatch(r"[^\s\\]+", urlsplit(text).hostname or ""):
            raise ValueError("no host")
        if re.search(r"[^!-~]", text):
            import requests

            return requests.Request("GET", text).prepare().url
    except ValueError:  # requests' own URL errors are ValueErrors too
        raise InputError(f"{short(text)} is not a usable URL", hint="check the address") from None
    return text


def _from_data_uri(text: str) -> bytes:
    head, comma, body = text[:200].partition(",")
    if not re.fullmatch(r"data:image/[\w.+-]+(;[^;]+)*;base64", head, re.IGNORECASE) or not comma:
        hint = "it must start with data:image/png;base64, or the like"
        raise InputError("the data URI does not hold a base64 image", hint=hint)
    body = re.sub(r"\s", "", unquote(text[len(head) + 1 :])).rstrip("=")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except binascii.Error:
        hint = "encode it again, or give the path of the file"
        raise InputError("the data URI is not valid base64", hint=hint) from None


def _read_file(text: str, what: str) -> tuple[bytes, str]:
    """Return a file's bytes and name."""
    if text[:7].lower() == "file://":
        text = unquote(urlsplit(text).path)
    if not text.strip():
        raise InputError(f"no {what} was given", hint="give a path or an http(s) URL")
    problem = ""
    try:
        path = Path(text).expanduser()
        info = path.stat()
        # Only a plain file has a size to trust; reading a pipe could wait for ever.
        if stat.S_ISDIR(info.st_mode):
            problem = f"is a folder, not an {what}"
        elif not stat.S_ISREG(info.st_mode):
            problem = "is not a plain file"
        elif info.st_size > MAX_READ_BYTES:
            problem = f"is {_mb(info.st_size)} MB; over {_mb(MAX_READ_BYTES)} MB is not read"
        else:
            return path.read_bytes(), path.name
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"no such {what}: {short(path.name)}", hint=near(path)) from None
    except PermissionError:
        problem = "may not be read (no permission)"
    except (OSError, ValueError, RuntimeError) as err:  # over-long, null byte, unknown ~user
        reason = getattr(err, "strerror", None) or str(err)
        problem = f"cannot be opened: {reason}"
    raise InputError(f"{short(text)} {problem}", hint=f"give the path of an {what} file")


def near(path: Path) -> str:
    """Say where a missing file was looked for, and which name there is the closest."""
    folder = path.parent
    try:
        names = {entry.name.lower(): entry.name for entry in islice(folder.iterdir(), 2000)}
    except OSError:
        return f"there is no readable folder {folder}"
    close = difflib.get_close_matches(path.name.lower(), names, n=1)
    return (
        f"did you mean {names[close[0]]!r}? " if close else ""
    ) + f"looked in {folder.resolve()}"


def check_audio(value: str, *, seconds: int) -> tuple[str, tuple[str, ...]]:
    """Return the sound's URL as it is sent, and notes for the user.

    Parameters
    ----------
    value : str
        An http(s) URL of a wav or mp3 file.
    seconds : int
        Duration of the clip, in seconds.

    Raises
    ------
    InputError
        For anything else. A local file is checked against every limit first (wav or
        mp3, 3 to 30 seconds, 15 MB), so that it is not uploaded in vain.

    Examples
    --------
    >>> check_audio("https://example.com/rain.mp3", seconds=5)[0]
    'https://example.com/rain.mp3'
    """
    value, formats = value.strip(), " or ".join(catalog.AUDIO_FORMATS)
    upload = f"put a {formats} file on an http(s) address and give that"
    if value[:5].lower() == "data:":
        raise InputError("the API takes no data URI for sound", hint=upload)
    if url := _web_url(value):
        suffix = PurePosixPath(unquote(urlsplit(url).path)).suffix
        if suffix and suffix[1:].lower() not in catalog.AUDIO_FORMATS:
            raise InputError(f"the sound is a {short(suffix)} file; it must be {formats}")
        return url, (f"sound longer than {seconds} s is cut, shorter leaves silence at the end",)
    try:
        data, name = _read_file(value, "audio")
    except InputError as err:
        if hint := catalog.nearest(value.lower(), ("auto", "off")):
            raise InputError(err.message, hint=hint) from None
        raise
    if len(data) > catalog.AUDIO_MAX_BYTES:
        limit = f"at most {_mb(catalog.AUDIO_MAX_BYTES)} MB is allowed"
        raise InputError(
            f"{name} is {_mb(len(data), math.ceil)} MB; {limit}", hint="save it as mp3"
        )
    kind, length = _sound(data, name)
    if kind not in catalog.AUDIO_FORMATS:
        raise InputError(f"{name} is {kind}, not {formats}", hint=f"convert it to {formats}")
    if Path(name).suffix.lower() != f".{kind}":
        raise InputError(f"{name} is a {kind} file", hint=f"name it {Path(name).stem}.{kind}")
    low, high = catalog.AUDIO_MIN_SECONDS, catalog.AUDIO_MAX_SECONDS
    padding = 0.15 if kind == "mp3" else 0.001  # mp3 encoders fill up their last frames
    if not low <= length <= high + padding:
        raise InputError(f"{name} lasts {length:.2f} s; it must be {low} to {high} s")
    problem = "a local audio file must be uploaded first, which this version cannot do"
    raise InputError(problem, hint=upload)


def _sound(data: bytes, name: str) -> tuple[str, float]:
    """Return a sound's container and its length in seconds."""
    import av

    try:
        with av.open(io.BytesIO(data), mode="r") as box:
            kind = box.format.name
            if kind not in catalog.AUDIO_FORMATS:
                return kind.split(",")[0], 0.0
            # Headers are not to be trusted: an mp3 of varying bit rate may have no length.
            return kind, sum((f.samples / f.sample_rate for f in box.decode(audio=0)), 0.0)
    except (av.FFmpegError, ValueError, IndexError) as err:
        raise InputError(f"{name} is not a sound that can be read") from err
