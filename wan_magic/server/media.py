"""The first frame and the sound of a task: fetched, bounded, checked."""

from __future__ import annotations

import base64
import binascii
import io
import ipaddress
import time
from typing import TYPE_CHECKING, Any

from wan_magic.server import faults
from wan_magic.server.faults import Fault, inspection, invalid
from wan_magic.wan.catalog import (
    AUDIO_FORMATS,
    AUDIO_MAX_BYTES,
    AUDIO_MAX_SECONDS,
    AUDIO_MIN_SECONDS,
    IMAGE_FORMATS,
    Model,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    import requests

FETCH_SECONDS = 30.0
"""Longest whole download, in seconds."""
_AUDIO_SLACK = 0.1
"""Seconds by which an encoder's padding may lengthen or shorten a sound."""


def fetch(
    url: str, *, kind: str, limit: int, private: bool, should_stop: Callable[[], bool]
) -> bytes:
    """Return the bytes behind an ``http(s)`` URL or a data URI.

    Parameters
    ----------
    url : str
        As sent in the task.
    kind : {"image", "audio"}
        What a data URI has to hold.
    limit : int
        Most bytes.
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
    scheme = url[:8].lower().partition(":")[0]
    if scheme == "data":
        data = _decode_data_uri(url, kind)
    elif scheme in ("http", "https"):
        data = _download(url, limit, private, should_stop)
    else:
        raise inspection(faults.MEDIA_UNREACHABLE, f"{scheme or 'no'} scheme: use http or https")
    if len(data) > limit:
        raise _too_big(kind, limit)
    return data


def _too_big(kind: str, limit: int) -> Fault:
    text = faults.IMAGE_SIZE if kind == "image" else "the input audio file is too large."
    return invalid(f"{text} (more than {limit} bytes)")


def _decode_data_uri(url: str, kind: str) -> bytes:
    head, comma, payload = url.partition(",")
    media_type, *flags = head[5:].lower().split(";")
    wrong = not comma or "base64" not in flags or not media_type.startswith(f"{kind}/")
    if wrong:
        raise inspection(faults.MEDIA_FORMAT, f"expected data:{kind}/<format>;base64,...")
    try:
        return base64.b64decode("".join(payload.split()), validate=True)
    except (binascii.Error, ValueError):
        raise inspection(faults.MEDIA_FORMAT, "the base64 text is broken") from None


def _download(url: str, limit: int, private: bool, should_stop: Callable[[], bool]) -> bytes:
    import requests

    deadline = time.monotonic() + FETCH_SECONDS
    data = bytearray()
    try:
        with _session(private) as session, session.get(url, stream=True, timeout=(5, 10)) as answer:
            if answer.status_code in (401, 403):
                raise inspection(faults.MEDIA_FORBIDDEN)
            if answer.status_code == 404:
                raise inspection(faults.MEDIA_MISSING)
            if answer.status_code != 200:
                raise inspection(faults.MEDIA_UNREACHABLE, f"HTTP {answer.status_code}")
            for block in answer.iter_content(65536):
                data += block
                # One byte over is enough to know; the caller refuses it.
                if len(data) > limit or should_stop():
                    break
                if time.monotonic() > deadline:
                    raise inspection(faults.MEDIA_TIMEOUT)
    except requests.Timeout:
        raise inspection(faults.MEDIA_TIMEOUT) from None
    except (requests.RequestException, ValueError, OSError) as error:
        # The kind only: an error's own words may hold the whole signed URL.
        raise inspection(faults.MEDIA_UNREACHABLE, type(error).__name__) from None
    return bytes(data)


def _session(private: bool) -> requests.Session:
    """Return a session; a public one looks at where it got before it says a word."""
    import requests

    session = requests.Session()
    session.max_redirects = 5
    session.headers["User-Agent"] = "wan-magic-server"
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
    address = ipaddress.ip_address(connection.getpeername()[0].partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    if not mapped.is_global:
        connection.close()
        raise OSError("not a public address")
    return connection


def check_image(data: bytes, model: Model) -> tuple[int, int]:
    """Return a first frame's width and height in pixels, as it is seen.

    A photo that carries a rotation is measured after it, as every viewer shows it.

    Raises
    ------
    Fault
        A wrong format, an alpha channel, sides outside the model's limits.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            sides = image.size
            low, high = model.image_min_side, model.image_max_side
            if min(sides) < low or max(sides) > high:
                raise invalid(
                    f"{faults.IMAGE_SIZE} ({sides[0]} x {sides[1]}, each side {low} to {high})"
                )
            if image.has_transparency_data:
                raise inspection(faults.MEDIA_FORMAT, "an alpha channel is not supported")
            image.load()
            return ImageOps.exif_transpose(image).size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise invalid(faults.IMAGE_SIZE) from None
    except (OSError, ValueError, SyntaxError):
        # What Pillow raises for a file it can't read, or one that is cut short.
        formats = ", ".join(IMAGE_FORMATS)
        raise inspection(faults.MEDIA_FORMAT, f"expected one of {formats}") from None


def check_audio(data: bytes) -> float:
    """Return a sound's length in seconds, counted by decoding it.

    Raises
    ------
    Fault
        Not wav or mp3, or outside 3 to 30 seconds.
    """
    import av

    try:
        with av.open(io.BytesIO(data), "r") as source:
            # The name in the header counts, not a file's ending.
            if source.format.name not in AUDIO_FORMATS or not source.streams.audio:
                raise inspection(faults.MEDIA_FORMAT, f"expected {' or '.join(AUDIO_FORMATS)}")
            seconds = 0.0
            for frame in source.decode(audio=0):
                seconds += frame.samples / frame.sample_rate
                if seconds > AUDIO_MAX_SECONDS + _AUDIO_SLACK:
                    raise Fault(
                        "InvalidURL", f"The input audio is longer than {AUDIO_MAX_SECONDS}s"
                    )
    except (av.FFmpegError, ValueError):
        raise inspection(faults.MEDIA_FORMAT, f"expected {' or '.join(AUDIO_FORMATS)}") from None
    if seconds < AUDIO_MIN_SECONDS - _AUDIO_SLACK:
        raise Fault("InvalidURL", f"The input audio is shorter than {AUDIO_MIN_SECONDS}s")
    return seconds


def load(
    wish_image: str,
    wish_audio: str,
    model: Model,
    *,
    private: bool,
    should_stop: Callable[[], bool],
) -> tuple[bytes, tuple[int, int], bytes | None]:
    """Return the first frame, its width and height in pixels, and the sound or None."""
    image = fetch(
        wish_image,
        kind="image",
        limit=model.image_max_bytes,
        private=private,
        should_stop=should_stop,
    )
    size = check_image(image, model)
    if not wish_audio:
        return image, size, None
    audio = fetch(
        wish_audio, kind="audio", limit=AUDIO_MAX_BYTES, private=private, should_stop=should_stop
    )
    check_audio(audio)
    return image, size, audio
