"""Fetching a finished clip from the storage host, which gets no key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan import transport
from wan_magic.wan.timely import STREAM, TimelySession
from wan_magic.wan.transport import no_auth, proxies, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VIDEO_MAX_BYTES = 2 * 1024**3
_PIECE = 1 << 14
"""Bytes; small, so that the user is heard on a slow link, too, and a break loses little."""
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)", re.IGNORECASE)
_NO_VIDEO = ("text/html", "text/xml", "application/xml", "application/json")
"""What login pages and refusals are that come with status 200."""


class StorageSession(TimelySession):
    """For storage hosts, whose files must go on coming.

    A login from .netrc would spoil a signed address after a redirect.
    """

    pace = STREAM

    def rebuild_auth(
        self,
        prepared_request: requests.PreparedRequest,
        response: requests.Response,  # noqa: ARG002 - as requests calls it
    ) -> None:
        """Send no login to the next host."""
        prepared_request.headers.pop("Authorization", None)


@dataclass
class Version:
    """What storage hosts have said of a clip; `download` keeps it from one try to the next.

    Attributes
    ----------
    total : int
        Its bytes; 0 where nobody said.
    validator : str
        Its ETag or date: a part is continued with bytes of the same version alone.
    """

    total: int = 0
    validator: str = ""


@dataclass(frozen=True)
class _Answer:
    """Where an answer's bytes belong."""

    first: int | None
    total: int
    validator: str

    @classmethod
    def of(cls, response: requests.Response) -> _Answer:
        headers = response.headers
        packed = headers.get("Content-Encoding", "identity") != "identity"
        etag = headers.get("ETag", "")
        weak = etag.startswith("W/")  # says nothing about single bytes
        validator = headers.get("Last-Modified", "") if weak or not etag else etag
        if response.status_code == 200:
            length = headers.get("Content-Length", "")
            return cls(0, int(length) if length.isdecimal() and not packed else 0, validator)
        match = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
        if match is None or packed:
            return cls(None, 0, validator)
        first, total = match.groups()
        return cls(None if first is None else int(first), int(total), validator)

    def agrees(self, known: Version) -> bool:
        """Whether it is about the same bytes, as far as anybody said."""
        return (not known.total or known.total == self.total) and (
            not (known.validator and self.validator) or known.validator == self.validator
        )


def download(
    url: str,
    path: Path,
    *,
    session: requests.Session,
    on_bytes: Callable[[int, int], None],
    known: Version | None = None,
) -> bool:
    """Stream a clip to `path`, after what is there already. No key is sent.

    Parameters
    ----------
    url : str
        Signed http(s) address.
    path : Path
        Holds a part before, maybe, and when an error is raised.
    on_bytes : callable
        Called with (bytes so far, bytes in all or 0); may raise to stop.
    known : Version, optional
        The same one for each try.

    Returns
    -------
    bool
        Whether the file came in one piece; False if it was put together from several.

    Raises
    ------
    ApiError
        The storage host refused (403: the link has expired).
    ConnectionFailed
        The file did not come, or not whole.
    OSError
        The file could not be written.
    """
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host or not url.lower().startswith(("http://", "https://")):
        raise ConnectionFailed("the result's address is not an http(s) URL")
    known = Version() if known is None else known
    start = path.stat().st_size if path.exists() else 0
    if start and start == known.total:
        return False
    first = None
    if start and (not known.total or start < known.total):
        first = _get(url, host, path, start, session, on_bytes, known)
    if first is None:  # nothing is there, or it does not fit
        first = _get(url, host, path, 0, session, on_bytes, known)
    return first == 0


def _get(
    url: str,
    host: str,
    path: Path,
    start: int,
    session: requests.Session,
    on_bytes: Callable[[int, int], None],
    known: Version,
) -> int | None:
    """Write one answer; the place of its first byte, or None where the part is of no use."""
    headers = {"Accept-Encoding": "identity"}  # so that lengths can be compared
    if start:
        headers["Range"] = f"bytes={start}-"
        if known.validator:
            headers["If-Range"] = known.validator
    try:
        with session.get(
            url,
            auth=no_auth,
            headers=headers,
            timeout=transport.TIMEOUT,
            proxies=proxies(url),
            stream=True,
        ) as response:
            _check(response, host, start)
            answer = _Answer.of(response)
            # Not every host honours If-Range, and some (OSS) answer a range that begins at
            # the end with the whole file.
            if start and start == answer.total and answer.agrees(known):
                return start
            if response.status_code != 200 and (
                answer.first != start or start >= answer.total or not answer.agrees(known)
            ):
                return None
            first = answer.first or 0
            known.total, known.validator = answer.total, answer.validator
            done = _write(response, path, first, answer.total, on_bytes)
    except (requests.RequestException, ValueError):  # ValueError: no usable host name
        done = -1
    if done < 0:  # not within the handler: the frames of its error hold the signed address
        raise ConnectionFailed(f"the download from {host} broke off")
    if done == 0 or (known.total and done != known.total):
        raise ConnectionFailed(f"{host} sent {done:,} of {known.total:,} bytes")
    return first


def _check(response: requests.Response, host: str, start: int) -> None:
    """Refuse what holds no video, before it is written over a part."""
    status = response.status_code
    if status != 200 and not (start and status in (206, 416)):
        error = ApiError(f"{host} answered HTTP {status}", status=status)
        error.retry_after = seconds_of(response.headers.get("Retry-After", ""))
        raise error
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _NO_VIDEO and status != 416:
        raise ConnectionFailed(f"{host} sent {kind}, not a playable video")


def _write(
    response: requests.Response,
    path: Path,
    first: int,
    total: int,
    on_bytes: Callable[[int, int], None],
) -> int:
    """Write an answer's bytes from the place `first` on; the bytes that the file has then."""
    done, limit = first, total or _VIDEO_MAX_BYTES
    if limit > _VIDEO_MAX_BYTES:
        raise ConnectionFailed(
            f"the video is {total:,} bytes, larger than the {_VIDEO_MAX_BYTES:,} that are taken"
        )
    with path.open("ab" if first else "wb") as file:
        for piece in response.iter_content(_PIECE):
            done += len(piece)
            if done > limit:
                file.truncate(0)  # nobody knows which of its bytes are the video's
                raise ConnectionFailed(f"the answer is larger than {limit:,} bytes")
            file.write(piece)
            on_bytes(done, total)
    return done
