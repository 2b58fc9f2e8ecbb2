"""The endpoint table: where the API is served, and which price list holds there.

Source: Alibaba's base-URL and regions pages, 2026-06 to 2026-10.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wan_magic.errors import SettingsError
from wan_magic.settings import shown
from wan_magic.wan.catalog import nearest

if TYPE_CHECKING:
    from wan_magic.settings import Settings
    from wan_magic.wan.catalog import Region

LOCAL = "local"

REGIONS: dict[Region, str] = {
    "beijing": "https://dashscope.aliyuncs.com/api/v1",
    "singapore": "https://dashscope-intl.aliyuncs.com/api/v1",
    "virginia": "https://dashscope-us.aliyuncs.com/api/v1",
}
"""Base URL of each region's shared host. A key belongs to one region."""

_IDS: dict[Region, str] = {
    "beijing": "cn-beijing",
    "singapore": "ap-southeast-1",
    "virginia": "us-east-1",
}
"""A workspace's own host is ``{workspace}.{id}.maas.aliyuncs.com``."""


@dataclass(frozen=True)
class Endpoint:
    """One place that serves the API.

    Attributes
    ----------
    name : str
        ``"local"``, a region, or the host of a gateway.
    base_url : str
        Everything up to ``/api/v1``, without a trailing slash.
    key : str
        Sent as Bearer token to `base_url` alone; never shown.
    region : str or None
        Whose price list holds; None for a gateway, whose prices are unknown.
    """

    name: str
    base_url: str
    key: str = field(repr=False)
    region: Region | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is the embedded preview server, which costs nothing."""
        return self.name == LOCAL

    @property
    def price_region(self) -> Region | None:
        """Whose price list to show; the preview shows what Beijing would ask."""
        return "beijing" if self.is_local else self.region


def choose(settings: Settings) -> Endpoint | None:
    """Return the endpoint that the settings ask for, or None for the embedded server.

    Without any endpoint setting: the official default when there is a key, the
    embedded preview server when there is none.

    Raises
    ------
    SettingsError
        If the name is unknown, the URL is not usable, or a key is missing.
    """
    # The key gets no variable of its own: some tracebacks show them all.
    wanted = settings.endpoint
    if wanted is None:
        wanted = "beijing" if settings.api_key else LOCAL
    if wanted == LOCAL:
        return None
    by_name = {str(region): url for region, url in REGIONS.items()}
    if "://" in wanted:
        base = _checked_url(wanted)
        host = urlsplit(base).netloc
    elif wanted in by_name:
        base = by_name[wanted]
        host = urlsplit(base).netloc
    else:
        hint = nearest(wanted, [LOCAL, *REGIONS])
        raise SettingsError(
            f"unknown endpoint {shown(wanted)}",
            hint=f"{hint} ({LOCAL}, {', '.join(REGIONS)}, or a URL up to /api/v1)".lstrip(),
        )
    region = _region_of(host)
    name = region or host
    if not settings.api_key:
        raise SettingsError(
            f"endpoint {name} needs a key, and none is set",
            hint="set DASHSCOPE_API_KEY, or use --endpoint local for a free preview",
        )
    if not re.fullmatch(r"[!-~]+", settings.api_key):
        # Checked here, since the HTTP library would quote the whole key in its refusal.
        raise SettingsError(
            "the API key holds a blank or a character that no key has",
            hint="copy it again into DASHSCOPE_API_KEY, without quotes and line breaks",
        )
    return Endpoint(name, base, settings.api_key, region)


def _region_of(host: str) -> Region | None:
    """Return whose price list holds: known for Alibaba's own hosts, not for a gateway."""
    for region, url in REGIONS.items():
        if host == urlsplit(url).netloc or host.endswith(f".{_IDS[region]}.maas.aliyuncs.com"):
            return region
    return None


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that make no sense
        parts, usable = urlsplit(""), False
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsError(
            f"endpoint on host {parts.hostname} has more than a path",
            hint="give the plain URL up to /api/v1; the key goes into DASHSCOPE_API_KEY",
        )
    if not usable:
        raise SettingsError(
            f"endpoint {url!r} is not an http(s) URL", hint="such as https://host/qwen/api/v1"
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise SettingsError(
            f"endpoint {url!r} would send the key unencrypted",
            hint="use https, or a server on this machine (127.0.0.1)",
        )
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine and nowhere else.

    Examples
    --------
    >>> is_loopback("http://127.0.0.1:8000/api/v1"), is_loopback("http://10.0.0.1/api/v1")
    (True, False)
    """
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
