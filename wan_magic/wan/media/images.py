"""Pictures made ready to send.

Pillow is imported where it is used, so that importing this module stays cheap.
1 MB is 2**20 bytes in every message.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media.given import (
    ENDINGS,
    ending_of,
    from_data_uri,
    mb,
    meant_for,
    read_file,
    url_name,
    web_url,
)
from wan_magic.wan.media.loaded import Input

if TYPE_CHECKING:
    from PIL import Image as PILImage

    from wan_magic.wan.catalog import Limits

THUMBNAIL_SIDE = 480
INLINE_MAX_BYTES = (catalog.DATA_URI_MAX_BYTES - len("data:image/jpeg;base64,")) // 4 * 3
"""Largest image file that goes into the request itself: base64 makes 4 characters of 3 bytes."""
_IMAGE_HINT = "give a JPEG, PNG, BMP or WEBP image"
# Tried in this order until the image is small enough: share of each side, JPEG quality.
_SQUEEZE = ((1, 95), (1, 90), (1, 85), (1, 75), (0.75, 85), (0.5, 85), (0.35, 80), (0.2, 75))


def load_image(
    value: object, limits: Limits, *, option: str = "image", needs: str = "it", fit: bool = True
) -> Input:
    """Make a picture ready to send.

    Parameters
    ----------
    value : object
        An http(s) URL, a ``data:image/...;base64,`` URI, a path, bytes, a PIL image,
        or an object whose ``last_frame()`` returns a PIL image (a finished clip).
    limits : Limits
        What the picture may be.
    option : str, default "image"
        What it is for.
    needs : str
        Who has these limits, for messages: the model's name.
    fit : bool, default True
        Change an image that breaks a limit, with a note for each change. An image
        within the limits is sent byte for byte.

    Returns
    -------
    Input
        Within the request itself where it is small enough, else to be uploaded.

    Raises
    ------
    InputError
        If there is no readable image, its shape cannot be fitted, or ``fit`` is False
        and something would have to be changed.

    Examples
    --------
    >>> limits = catalog.find_model("wan2.6-i2v").slots("image")[0].limits
    >>> load_image("https://example.com/my cat.png", limits).value
    'https://example.com/my%20cat.png'
    """
    if isinstance(value, str) and (url := web_url(value)):
        ending = ending_of(url_name(url))
        if ENDINGS.get(ending, "image") != "image":
            raise InputError(f"a .{ending} file is no picture", hint=_IMAGE_HINT)
        return Input.from_url(option, "image", url)
    with warnings.catch_warnings():
        # Pillow warns of broken EXIF, big images and odd palettes; all are dealt with here.
        warnings.simplefilter("ignore")
        image, data, source = _read_image(value)
        return _prepared(image, data, source, limits, option=option, needs=needs, fit=fit)


def uploaded_first(picture: Input) -> Input:
    """Return a picture that is within the request as one that is uploaded before it."""
    head, _, text = picture.value.partition(",")
    mime = head.removeprefix("data:").partition(";")[0]
    name = f"{picture.option}.{mime.rpartition('/')[2]}"
    return replace(picture, value="", upload=LocalFile.of(name, mime, base64.b64decode(text)))


def _read_image(value: object) -> tuple[PILImage.Image, bytes, str]:
    """Return the decoded image, its bytes (none for a PIL image), and its name for messages."""
    from PIL import Image, UnidentifiedImageError

    data: bytes | None = None
    source = "an image in memory"
    if isinstance(value, str) and value.strip()[:5].lower() == "data:":
        data, source = from_data_uri(value.strip()), "a data URI"
    elif isinstance(value, str | os.PathLike):
        data, source = read_file(os.fsdecode(value), "image")
    elif isinstance(value, bytes | bytearray | memoryview):
        data, source = bytes(value), getattr(value, "name", source)
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
        hint = meant_for((data or b"")[:32], "image", _IMAGE_HINT)
        raise InputError(f"{source} is not an image that can be read", hint=hint) from None
    except Exception as err:  # decoders raise nearly anything on broken bytes
        hint = "save it again or use another image"
        raise InputError(f"{source} cannot be read: cut short or damaged", hint=hint) from err
    return image, data or b"", source


def _prepared(
    img: PILImage.Image,
    raw: bytes,
    source: str,
    limits: Limits,
    *,
    option: str,
    needs: str,
    fit: bool,
) -> Input:
    """Change what breaks a limit, then build the frame. ``raw`` is empty for a PIL image."""
    from PIL import Image, ImageOps

    notes: list[str] = []
    given = hashlib.sha256(raw).hexdigest() if raw else _pixels_digest(img)

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

    low, high = limits.min_side or 1, limits.max_side or 100_000
    short, long = sorted(img.size)
    size = f"is {img.width}×{img.height} px"
    if limits.max_ratio and long > short * limits.max_ratio:
        hint = f"crop it: the long side may be {limits.max_ratio:g} times the short one at most"
        raise InputError(f"{source} {size}: too narrow for {needs}", hint=hint)
    if long * low > short * high:
        hint = f"crop it: the long side may be {high / low:.0f} times the short one at most"
        problem = f"no scale brings it into sides of {low} to {high} px"
        raise InputError(f"{source} {size}; {problem}", hint=hint)
    if short < low or long > high:
        up, down = (low, short) if short < low else (high, long)
        # max(): rounding must not carry a side that just fits over the limit.
        width, height = (min(high, max(low, round(side * up / down))) for side in img.size)
        problem = f"{size}; {needs} needs sides of {low} to {high} px"
        change(problem, f"scaled to {width}×{height}", f"scale it to {width}×{height}")
        img = _resized(img, width, height)

    if raw and not notes:
        data, target = raw, kind
    else:
        data = _encode(img, target, icc=icc)
    limit = limits.max_bytes or len(data)
    if len(data) > limit:
        # Rounded apart: the two numbers never read as equal.
        takes, most = mb(len(data), math.ceil), mb(limit, math.floor)
        problem = f"takes {takes} MB; at most {most} MB can be sent"
        data, target, img, done = _squeeze(img, limit, low, icc)
        change(problem, f"sent as {done} ({mb(len(data))} MB)", f"save it as {done}")
    mime = f"image/{target.lower()}"
    inline = len(data) <= INLINE_MAX_BYTES
    name = f"{Path(source).stem if raw else option}.{target.lower()}"
    return Input(
        option=option,
        media="image",
        value=f"data:{mime};base64,{base64.b64encode(data).decode()}" if inline else "",
        source=source,
        width=img.width,
        height=img.height,
        digest=given,
        thumbnail=small_jpeg(img, THUMBNAIL_SIDE),
        notes=tuple(notes),
        upload=None if inline else LocalFile.of(name, mime, data),
    )


def _pixels_digest(img: PILImage.Image) -> str:
    """Return the digest of a picture in memory.

    Not of the file that is made of it: another version of the encoder would write other bytes, and
    an equal request would be paid again.
    """
    facts = (img.mode, img.size, img.getexif().get(0x0112, 1), img.info.get("transparency"))
    found = hashlib.sha256(repr(facts).encode())
    found.update(bytes(img.getpalette() or ()))
    found.update(img.tobytes())
    return found.hexdigest()


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
