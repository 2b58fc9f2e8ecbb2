"""Where Alibaba serves the API, and what makes a URL fit to receive a key.

Source: Alibaba's base-URL and regions pages, 2026-06 to 2026-10; Frankfurt and Tokyo
from the wan3.0 reference, 2026-09.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wan_magic.errors import SettingsError
from wan_magic.settings import shown

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Region

REGIONS: dict[Region, str] = {
    "beijing": "cn-beijing",
    "singapore": "ap-southeast-1",
    "virginia": "us-east-1",
    "frankfurt": "eu-central-1",
    "tokyo": "ap-northeast-1",
    "hong-kong": "cn-hongkong",
}
"""Each region's id: a workspace's own host is ``{workspace}.{id}.maas.aliyuncs.com``."""

SHARED: dict[Region, str] = {
    "beijing": "https://dashscope.aliyuncs.com/api/v1",
    "singapore": "https://dashscope-intl.aliyuncs.com/api/v1",
    "virginia": "https://dashscope-us.aliyuncs.com/api/v1",
    "hong-kong": "https://cn-hongkong.dashscope.aliyuncs.com/api/v1",
}
"""Base URL of the host that all workspaces share, where a region has one."""


def checked_workspace(workspace: str) -> str:
    """Return a workspace id.

    Raises
    ------
    SettingsError
        If it could not be a part of a host name: it would lead the key elsewhere.
    """
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", workspace):
        raise SettingsError(
            f"{shown(workspace)} is no workspace id",
            hint="it has letters, digits and dashes; the console's workspace page shows it",
        )
    return workspace


def workspace_url(region: Region, workspace: str) -> str:
    """Return the base URL of a workspace's own host.

    Examples
    --------
    >>> workspace_url("frankfurt", "ws-1")
    'https://ws-1.eu-central-1.maas.aliyuncs.com/api/v1'
    """
    return f"https://{checked_workspace(workspace)}.{REGIONS[region]}.maas.aliyuncs.com/api/v1"


def region_of(url: str) -> Region | None:
    """Return the region of one of Alibaba's own hosts; None for any other.

    Trial and token-plan hosts count, too.

    Examples
    --------
    >>> region_of("https://trial.ap-southeast-1.maas.aliyuncs.com/api/v1")
    'singapore'
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.port not in (None, 443):
        return None
    for region, number in REGIONS.items():
        shared = SHARED.get(region)
        if host.endswith(f".{number}.maas.aliyuncs.com") or (
            shared is not None and host == urlsplit(shared).hostname
        ):
            return region
    return None


def upload_base(url: str) -> str:
    """Return the base URL of the upload call for an endpoint's base URL.

    Some workspace hosts were seen without the upload call, which the region's shared host
    has (a client's note of 2026-10; the documents do not say); so that one is asked where
    there is one. Anything else is asked itself.
    """
    host = urlsplit(url).hostname or ""
    region = region_of(url)
    if region is not None and host.endswith(".maas.aliyuncs.com"):
        return SHARED.get(region, url)
    return url


def checked_url(url: str) -> str:
    """Return a base URL without its last slash.

    Raises
    ------
    SettingsError
        If it is none, holds more than a path, or would carry the key unencrypted.
    """
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
