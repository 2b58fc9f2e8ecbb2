"""What every HTTP call shares: time limits, size limits, and no proxy for this machine."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wan_magic.errors import ConnectionFailed
from wan_magic.wan.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two bytes of an answer."""


def proxies(url: str) -> dict[str, str]:
    """Keep what is on this machine from a proxy, which would see the key and could not reach it."""
    return {"no_proxy": urlsplit(url).hostname or ""} if is_loopback(url) else {}


def no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no login; being given, it also keeps the one of .netrc out."""
    return request


def limited(response: requests.Response, limit: int) -> Iterator[bytes]:
    """Yield an answer's bytes; more than `limit` of them are an error."""
    done = 0
    for chunk in response.iter_content(1 << 16):
        done += len(chunk)
        if done > limit:
            raise ConnectionFailed(
                f"the answer is larger than {limit:,} bytes", maybe_accepted=True
            )
        yield chunk


def seconds_of(retry_after: str) -> float | None:
    """Read a Retry-After header, where it gives seconds; a date is left alone."""
    return float(retry_after) if retry_after.isdecimal() else None


def date_of(header: str) -> float | None:
    """Read a Date header, in seconds since 1970; None where it is none."""
    try:
        return parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        return None
