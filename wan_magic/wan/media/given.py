"""What the user gave: an address, a path, a data URI. Messages about files are made here."""

from __future__ import annotations

import base64
import binascii
import difflib
import math
import os
import re
import stat
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.wan.catalog import Media

MAX_READ_BYTES = 256 * 1024 * 1024
_SCHEMES = ("http", "https", "oss")
_AN = ("image", "audio")
ENDINGS: dict[str, Media] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "bmp", "webp", "gif", "tif", "tiff"), "image"),
    **dict.fromkeys(("heic", "avif"), "image"),
    **dict.fromkeys(("mp4", "mov", "avi", "mkv", "webm", "m4v"), "video"),
    **dict.fromkeys(("wav", "mp3", "ogg", "flac", "m4a", "aac"), "audio"),
}
"""What the ending of a name promises."""


def web_url(text: str) -> str | None:
    """Return the address to send, percent-encoded, or None where the text is no address.

    ``oss://`` is the API's own temporary storage, where a file may be already.
    """
    text = text.strip()
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if not match or match[1].lower() == "file":
        return None
    if match[1].lower() not in _SCHEMES:
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


def url_name(url: str) -> str:
    """Return the file's name in an address; often there is none."""
    return PurePosixPath(unquote(urlsplit(url).path)).name


def ending_of(name: str) -> str:
    """Return a name's ending in lower case, without the point.

    Examples
    --------
    >>> ending_of("Take.MP4")
    'mp4'
    """
    return PurePosixPath(name).suffix[1:].lower()


def address_of(text: str, what: str, formats: tuple[str, ...]) -> str | None:
    """Return the address of a sound or video, or None where the text is a path.

    Parameters
    ----------
    text : str
        As the user gave it.
    what : str
        What messages call it: "sound", "video".
    formats : tuple of str
        The endings that it may have; none at all is fine, too.
    """
    if text[:5].lower() == "data:":
        raise InputError(f"the API takes no data URI for {what}", hint="give the path of the file")
    url = web_url(text)
    suffix = PurePosixPath(url_name(url)).suffix if url else ""
    if suffix and suffix[1:].lower() not in formats:
        raise InputError(f"the {what} is a {short(suffix)} file; it must be {' or '.join(formats)}")
    return url


def from_data_uri(text: str) -> bytes:
    """Return the bytes of an image's data URI."""
    head, comma, _ = text[:200].partition(",")
    if not re.fullmatch(r"data:image/[\w.+-]+(;[^;]+)*;base64", head, re.IGNORECASE) or not comma:
        hint = "it must start with data:image/png;base64, or the like"
        raise InputError("the data URI does not hold a base64 image", hint=hint)
    body = re.sub(r"\s", "", unquote(text[len(head) + 1 :])).rstrip("=")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except binascii.Error:
        hint = "encode it again, or give the path of the file"
        raise InputError("the data URI is not valid base64", hint=hint) from None


def find_file(text: str, what: str) -> tuple[Path, int]:
    """Return the path of a plain file, and its size in bytes.

    Parameters
    ----------
    text : str
        A path, perhaps with ``~``, or a ``file://`` address.
    what : str
        What messages call it: "image", "audio", "video", "document".
    """
    if text[:7].lower() == "file://":
        text = unquote(urlsplit(text).path)
    if not text.strip():
        raise InputError(f"no {what} was given", hint="give a path or an http(s) URL")
    article = "an" if what in _AN else "a"
    try:
        path = Path(text).expanduser()
        info = path.stat()
        # Only a plain file has a size to trust; reading a pipe could wait for ever.
        if stat.S_ISDIR(info.st_mode):
            problem = f"is a folder, not {article} {what}"
        elif not stat.S_ISREG(info.st_mode):
            problem = "is not a plain file"
        elif info.st_size > MAX_READ_BYTES:
            problem = f"is {mb(info.st_size)} MB; over {mb(MAX_READ_BYTES)} MB is not read"
        elif not os.access(path, os.R_OK):
            problem = "may not be read (no permission)"
        else:
            return path, info.st_size
    except (FileNotFoundError, NotADirectoryError):
        hint = near(path)
        if text[:4].lower() == "www.":
            hint = f"did you mean https://{text[:60]}?"
        raise InputError(f"no such {what}: {short(path.name)}", hint=hint) from None
    except PermissionError:
        problem = "may not be read (no permission)"
    except (OSError, ValueError, RuntimeError) as err:  # over-long, null byte, unknown ~user
        reason = getattr(err, "strerror", None) or str(err)
        problem = f"cannot be opened: {reason}"
    raise InputError(f"{short(text)} {problem}", hint=f"give the path of {article} {what} file")


def read_file(text: str, what: str) -> tuple[bytes, str]:
    """Return a file's bytes and name."""
    path, _ = find_file(text, what)
    try:
        return path.read_bytes(), path.name
    except OSError as err:
        raise InputError(
            f"{short(text)} cannot be opened: {err.strerror or err}", hint="check the file"
        ) from None


def check_weight(name: str, size: int, limit: int | None, hint: str) -> None:
    """Refuse a file of more than `limit` bytes."""
    if limit and size > limit:
        # Rounded apart: the two numbers never read as equal.
        takes, most = mb(size, math.ceil), mb(limit, math.floor)
        raise InputError(f"{name} is {takes} MB; at most {most} MB is allowed", hint=hint)


def short(text: str) -> str:
    """Quote a name for a message; someone may pass a whole file as a name."""
    return repr(text if len(text) <= 80 else f"{text[:60]}…")


def near(path: Path) -> str:
    """Say where a missing file was looked for, and which name there is the closest."""
    folder = path.parent
    try:
        files = (entry for entry in islice(folder.iterdir(), 2000) if not entry.is_dir())
        names = {entry.name.lower(): entry.name for entry in files}
    except OSError:
        return f"there is no readable folder {folder}"
    close = difflib.get_close_matches(path.name.lower(), names, n=1)
    return (
        f"did you mean {names[close[0]]!r}? " if close else ""
    ) + f"looked in {folder.resolve()}"


def mb(count: int, rounded: Callable[[float], int] = round) -> str:
    """Return bytes in megabytes of 2**20, with at most two decimals."""
    return f"{rounded(count / 2**20 * 100) / 100:g}"


def sniffed(head: bytes) -> Media | None:
    """Return what the first bytes of a file are, if they tell."""
    if head[4:8] == b"ftyp":
        return "image" if head[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "video"
    if head[:4] == b"RIFF":
        return {b"WAVE": "audio", b"AVI ": "video", b"WEBP": "image"}.get(head[8:12])  # type: ignore[return-value]
    if head[:2] == b"\xff\xd8":
        return "image"
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return "audio"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video"
    pictures = (b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    return "image" if head.startswith(pictures) else None


_OTHER_OPTION: dict[Media | None, str] = {
    "image": "this is a picture: --image starts from it, --ref shows it",
    "video": "this is a video: --clip continues it, --video edits it",
    "audio": "this is a sound: --audio takes it",
}


def meant_for(head: bytes, wanted: Media, otherwise: str) -> str:
    """Return which option a file is for that is not of the wanted kind, from its first bytes."""
    found = sniffed(head)
    return otherwise if found in (None, wanted) else _OTHER_OPTION[found]
