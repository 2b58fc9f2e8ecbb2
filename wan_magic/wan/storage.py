"""Fetching a finished clip from the storage host, which gets no key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan import transport
from wan_magic.wan.transport import limited, no_auth, proxies

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VIDEO_MAX_BYTES = 2 * 1024**3


class StorageSession(requests.Session):
    """For storage hosts: a login from .netrc would spoil a signed address after a redirect."""

    def rebuild_auth(
        self,
        prepared_request: requests.PreparedRequest,
        response: requests.Response,  # noqa: ARG002 - as requests calls it
    ) -> None:
        """Send no login to the next host."""
        prepared_request.headers.pop("Authorization", None)


def download(
    url: str, path: Path, *, session: requests.Session, on_bytes: Callable[[int, int], None]
) -> None:
    """Stream a clip to `path`. No key is sent.

    Parameters
    ----------
    url : str
        Signed http(s) address.
    path : Path
        Overwritten; holds a part when an error is raised.
    on_bytes : callable
        Called with (bytes so far, bytes in all or 0); may raise to stop.

    Raises
    ------
    ApiError
        The storage host refused (403: the link has expired).
    ConnectionFailed
        The file did not come, or not whole.
    """
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host or not url.lower().startswith(("http://", "https://")):
        raise ConnectionFailed("the result's address is not an http(s) URL")
    try:
        with session.get(
            url,
            auth=no_auth,
            headers={"Accept-Encoding": "identity"},  # so that lengths can be compared
            timeout=transport.TIMEOUT,
            proxies=proxies(url),
            stream=True,
        ) as response:
            if response.status_code != 200:
                raise ApiError(
                    f"{host} answered HTTP {response.status_code}", status=response.status_code
                )
            length = response.headers.get("Content-Length", "")
            packed = response.headers.get("Content-Encoding", "identity") != "identity"
            total = int(length) if length.isdecimal() and not packed else 0
            done = 0
            with path.open("wb") as file:
                for chunk in limited(response, _VIDEO_MAX_BYTES):
                    file.write(chunk)
                    done += len(chunk)
                    on_bytes(done, total)
    except (requests.RequestException, ValueError):  # ValueError: no usable host name
        done = -1
    if done < 0:  # not within the handler: the frames of its error hold the signed address
        raise ConnectionFailed(f"the download from {host} broke off")
    if done == 0 or (total and done != total):
        raise ConnectionFailed(f"{host} sent {done:,} of {total:,} bytes")
