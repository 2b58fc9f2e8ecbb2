"""Documents and web pages to make a video of (wan3.0)."""

from __future__ import annotations

import mimetypes
import os
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media.given import check_weight, ending_of, find_file, short, url_name, web_url
from wan_magic.wan.media.loaded import Input

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Limits


def load_document(value: object, limits: Limits, *, option: str = "file") -> Input:
    """Make a document ready to send: its ending and size are checked, not its content."""
    if not isinstance(value, str | os.PathLike):
        raise InputError(
            f"{type(value).__name__!r} objects cannot be used as a document",
            hint="give a path or a URL",
        )
    text = os.fsdecode(value)
    url = web_url(text)
    name = url_name(url) if url else ""
    if not url:
        path, size = find_file(text, "document")
        name = path.name
    ending = ending_of(name)
    if (ending or not url) and ending not in limits.formats:
        raise InputError(
            f"{short(name)} is no document that can be sent",
            hint=f"allowed: {', '.join(limits.formats)}",
        )
    if url:
        return Input.from_url(option, "file", url)
    if not size:
        raise InputError(f"{name} is empty (0 bytes)", hint="give a document with some text")
    check_weight(name, size, limits.max_bytes, "send the part that matters")
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = LocalFile.of(name, mime, path)
    return Input(
        option=option, media="file", value="", source=name, digest=file.digest, upload=file
    )


def load_link(value: object, *, option: str = "link") -> Input:
    """Make the address of a public web page ready to send."""
    url = web_url(value) if isinstance(value, str) else None
    if url is None or url.startswith("oss:"):
        shown = short(value) if isinstance(value, str) else type(value).__name__
        raise InputError(
            f"{shown} is no web page", hint="give its http(s) URL; a document goes to --file"
        )
    return Input.from_url(option, "link", url)
