"""Getting the bytes of an input into a file: bounded, and from public addresses only."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from wan_magic.server import faults
from wan_magic.server.faults import Fault, inspection, invalid
from wan_magic.wan.catalog import MB

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    import requests

    from wan_magic.wan.catalog import Slot

FETCH_SECONDS = 60.0
"""Longest whole download, in seconds."""
CEILING = 100 * MB
"""Most bytes of an input whose limit is not documented."""
# The service's fetcher is known by this word (error-code page, 2026).
_USER_AGENT = "DashScopeUserBot wan-magic-server"


def limit_of(slots: tuple[Slot, ...]) -> int:
    """Return the most bytes that an input may have, whichever of the places it is for."""
    return max(slot.limits.max_bytes or CEILING for slot in slots)


def too_big(slots: tuple[Slot, ...], limit: int) -> Fault:
    """Return the refusal of a file that is too large."""
    more = f"(more than {limit} bytes)"
    if slots[0].media == "image":
        return invalid(f"{faults.IMAGE_SIZE} {more}")
    if slots[0].media == "audio":
        return invalid(f"the input audio file is too large. {more}")
    return Fault("InvalidFile.Size", f"The file size exceeds the limit. {more}")


def file_name(url: str) -> str:
    """Return the file's name in a URL; empty for a data URI."""
    if url[:5].lower() == "data:":
        return ""
    try:
        name = unquote(urlsplit(url).path).rpartition("/")[2]
    except ValueError:
        return ""
    # It will be drawn: half a surrogate pair can't be.
    return name.encode("utf-8", "replace").decode()


def fetch(
    url: str,
    path: Path,
    *,
    slots: tuple[Slot, ...],
    private: bool,
    should_stop: Callable[[], bool],
) -> None:
    """Write what is behind an ``http(s)`` URL or a data URI to a file.

    Parameters
    ----------
    url : str
        As sent in the task.
    path : Path
        The file to write.
    slots : tuple of Slot
        What the input is for.
    private : bool
        Whether loopback and private addresses may be asked: only right for a
        server that nobody else can reach.
    should_stop : callable
        Asked between blocks.

    Raises
    ------
    Fault
        With the documented texts of a failed download.
    """
    limit = limit_of(slots)
    scheme = url[:8].lower().partition(":")[0]
    if scheme == "data":
        data = _decode_data_uri(url, slots)
        if len(data) > limit:
            raise too_big(slots, limit)
        path.write_bytes(data)
    elif scheme in ("http", "https"):
        if _download(url, path, limit, private, should_stop) > limit:
            raise too_big(slots, limit)
    else:
        raise inspection(faults.MEDIA_UNREACHABLE, f"{scheme or 'no'} scheme: use http or https")


def _decode_data_uri(url: str, slots: tuple[Slot, ...]) -> bytes:
    if not any(slot.media == "image" for slot in slots):
        raise inspection(faults.MEDIA_FORMAT, "base64 is for images only")
    head, comma, payload = url.partition(",")
    media_type, *flags = head[5:].lower().split(";")
    if not comma or "base64" not in flags or not media_type.startswith("image/"):
        raise inspection(faults.MEDIA_FORMAT, "expected data:image/<format>;base64,...")
    try:
        return base64.b64decode("".join(payload.split()), validate=True)
    except (binascii.Error, ValueError):
        raise inspection(faults.MEDIA_FORMAT, "the base64 text is broken") from None


def _download(
    url: str, path: Path, limit: int, private: bool, should_stop: Callable[[], bool]
) -> int:
    import requests

    deadline = time.monotonic() + FETCH_SECONDS
    size = 0
    try:
        with (
            path.open("wb") as file,
            _session(private) as session,
            session.get(url, stream=True, timeout=(5, 10)) as answer,
        ):
            if answer.status_code in (401, 403):
                raise inspection(faults.MEDIA_FORBIDDEN)
            if answer.status_code == 404:
                raise inspection(faults.MEDIA_MISSING)
            if answer.status_code != 200:
                raise inspection(faults.MEDIA_UNREACHABLE, f"HTTP {answer.status_code}")
            for block in answer.iter_content(65536):
                size += len(block)
                # One byte over is enough to know; the caller refuses it.
                if size > limit or should_stop():
                    break
                file.write(block)
                if time.monotonic() > deadline:
                    raise inspection(faults.MEDIA_TIMEOUT)
    except requests.Timeout:
        raise inspection(faults.MEDIA_TIMEOUT) from None
    except (requests.RequestException, ValueError, OSError) as error:
        # The kind only: an error's own words may hold the whole signed URL.
        raise inspection(faults.MEDIA_UNREACHABLE, type(error).__name__) from None
    return size


def check_link(url: str, *, private: bool) -> str:
    """Return the host of a web page, which the model would read and this server does not.

    Raises
    ------
    Fault
        No ``http(s)`` URL, or one that names an address nobody else can reach.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise Fault("InvalidURL", "The request URL is invalid, make sure the url is correct.")
    if not private and not _is_public_name(host):
        raise inspection(faults.MEDIA_UNREACHABLE, "not a public address")
    return host


def _is_public_name(host: str) -> bool:
    try:
        return _is_public(host)
    except ValueError:
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    return (getattr(address, "ipv4_mapped", None) or address).is_global


def _session(private: bool) -> requests.Session:
    """Return a session; a public one looks at where it got before it says a word."""
    import requests

    session = requests.Session()
    session.max_redirects = 5
    session.headers["User-Agent"] = _USER_AGENT
    if not private:
        # A proxy from the environment would hide the true address.
        session.trust_env = False
        adapter = _public_adapter()
        session.mount("http://", adapter)
        session.mount("https://", adapter)
    return session


def _public_adapter() -> requests.adapters.HTTPAdapter:
    import requests
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    # The check is made on the open socket, not on the name: a name may resolve to
    # something else the second time it is asked.
    class PublicHTTP(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _only_public(super()._new_conn())

    class PublicHTTPS(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _only_public(super()._new_conn())

    class PoolHTTP(HTTPConnectionPool):
        ConnectionCls = PublicHTTP

    class PoolHTTPS(HTTPSConnectionPool):
        ConnectionCls = PublicHTTPS

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": PoolHTTP, "https": PoolHTTPS}

    return Adapter(max_retries=0)


def _only_public(connection: socket.socket) -> socket.socket:
    if not _is_public(connection.getpeername()[0]):
        connection.close()
        raise OSError("not a public address")
    return connection
