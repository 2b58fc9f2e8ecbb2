"""One input of a request, ready to send or to be uploaded."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Media
    from wan_magic.wan.local_file import LocalFile


_SIGNATURE = re.compile(
    r"signature|^sig$|token$|^expires$|accesskeyid$|^x-(amz|oss|goog|cos)-|^q-", re.IGNORECASE
)
"""Names in the query of a signed address (Alibaba's, Amazon's, Google's, Tencent's storage)."""


def _unsigned(url: str) -> str:
    """Return an address without its signature, which is another one each time it is asked for."""
    parts = urlsplit(url)
    pairs = parts.query.split("&")
    kept = [pair for pair in pairs if not _SIGNATURE.search(pair.partition("=")[0])]
    return url if kept == pairs else urlunsplit(parts._replace(query="&".join(kept)))


@dataclass(frozen=True, kw_only=True)
class Input:
    """A picture, video, sound, document or page as it is sent.

    Attributes
    ----------
    option : str
        What it is for: image, last_frame, ref, video, clip, audio, mask, file or link.
    media : str
        What it is: image, video, audio, file or link.
    value : str
        An address or a data URI; empty where `upload` comes first.
    source : str
        What messages call it: "cat.png", "a URL", "an image in memory".
    digest : str
        SHA-256 of what was given, in hexadecimal: a file's bytes, a picture's pixels, an
        address. Equal requests are known by it, whatever an encoder makes of a picture.
    width, height : int or None
        Of what is sent, in pixels; None for an address, which is never fetched here.
    seconds : float or None
        Length of a sound or video.
    thumbnail : bytes or None
        A JPEG of at most 480 pixels a side.
    notes : tuple of str
        What was changed, one sentence each.
    upload : LocalFile or None
        What has to be uploaded before the request is sent.
    """

    option: str
    media: Media
    value: str = field(repr=False)
    source: str
    digest: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    upload: LocalFile | None = None

    @classmethod
    def from_url(cls, option: str, media: Media, url: str) -> Input:
        """Return an input that the server fetches by itself."""
        digest = hashlib.sha256(_unsigned(url).encode()).hexdigest()
        return cls(option=option, media=media, value=url, source="a URL", digest=digest)

    @property
    def content(self) -> object:
        """What it was made from, as far as it is here: an address, bytes, a file.

        None where only its name is known: the ledger keeps no media.
        """
        if self.upload is not None:
            return self.upload.content
        if self.value.startswith("data:"):
            return base64.b64decode(self.value.partition(",")[2])
        return self.value or None

    @property
    def name(self) -> str:
        """What to show to people: a file's name; of an address no more, it may be signed."""
        if self.value.startswith(("http://", "https://", "oss://")):
            parts = urlsplit(self.value)
            return unquote(PurePosixPath(parts.path).name) or parts.hostname or ""
        return self.source
