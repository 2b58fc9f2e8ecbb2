"""A file on this machine that has to be uploaded before the API can read it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class LocalFile:
    """What is uploaded.

    Attributes
    ----------
    name : str
        Its file name; the ending is true (a wav is never called .mp3).
    mime : str
        Such as ``"video/mp4"``.
    size : int
        Bytes.
    digest : str
        SHA-256 of the content, in hexadecimal.
    content : Path or bytes
        Where it is read from.
    """

    name: str
    mime: str
    size: int
    digest: str
    content: Path | bytes = field(repr=False)

    @classmethod
    def of(cls, name: str, mime: str, content: Path | bytes) -> LocalFile:
        """Return a file with its size and digest, read once and never held as a whole."""
        if isinstance(content, bytes):
            digest = hashlib.sha256(content).hexdigest()
            return cls(name, mime, len(content), digest, content)
        with content.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(name, mime, content.stat().st_size, digest, content)

    def open(self) -> BinaryIO:
        """Return a reader of its bytes.

        Raises
        ------
        OSError
            If the file is gone, or may not be read any more.
        """
        if isinstance(self.content, bytes):
            return io.BytesIO(self.content)
        return self.content.open("rb")
