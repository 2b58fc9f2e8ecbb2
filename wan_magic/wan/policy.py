"""The signed permission to upload, as the policy call gives it.

Source: Alibaba's temporary-storage page, 2025-10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wan_magic.errors import ConnectionFailed
from wan_magic.wan.catalog import MB
from wan_magic.wan.hosts import is_loopback

if TYPE_CHECKING:
    from wan_magic.wan.endpoints import Endpoint

_POLICY_MARGIN = 30.0
"""Seconds before its end from which on a policy is not used any more."""


@dataclass(frozen=True)
class Policy:
    """A signed permission to upload for one model.

    Attributes
    ----------
    host : str
        URL that the form is sent to.
    fields : tuple of (str, str)
        Of the form; they grant access, so they are never shown.
    folder : str
        Beginning of the object key.
    max_bytes : int or None
        Of one file.
    until : float
        Wall-clock second from which on it is not used for another file.
    """

    host: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    folder: str = field(repr=False)
    max_bytes: int | None
    until: float


_FIELDS = (  # of the form, and of the policy's answer
    ("OSSAccessKeyId", "oss_access_key_id", ""),
    ("Signature", "signature", ""),
    ("policy", "policy", ""),
    ("x-oss-object-acl", "x_oss_object_acl", "private"),
    ("x-oss-forbid-overwrite", "x_oss_forbid_overwrite", "true"),
)


def read_policy(endpoint: Endpoint, data: dict[str, Any], asked: float) -> Policy:
    """Read the answer to the policy call.

    Parameters
    ----------
    endpoint : Endpoint
        That gave it.
    data : dict
        As it came.
    asked : float
        Wall-clock second of the call.

    Raises
    ------
    ConnectionFailed
        If something is missing, or the file would travel unencrypted.
    """

    def value(name: str, default: str = "") -> str:
        found = data.get(name, default)
        return found if isinstance(found, str) else str(found).lower()

    host, folder = value("upload_host"), value("upload_dir").strip("/")
    fields = tuple((theirs, value(ours, default)) for theirs, ours, default in _FIELDS)
    whole = all(re.fullmatch(r"[!-~]+", text) for text in (folder, *(text for _, text in fields)))
    if not whole:
        raise ConnectionFailed(
            f"{endpoint.name} gave a permission to upload that is not whole",
            hint="give the file's http(s) URL instead",
        )
    base = endpoint.upload_base or endpoint.base_url
    if not _usable_host(host, near=is_loopback(base)):
        raise ConnectionFailed(
            f"{endpoint.name} names a place to upload to that is not safe: no plain https address",
            hint="give the file's http(s) URL instead",
        )
    largest = _number(data.get("max_file_size_mb"))
    return Policy(
        host,
        fields,
        folder,
        max_bytes=int(largest * MB) if largest else None,
        until=asked + (_number(data.get("expire_in_seconds")) or 0.0) - _POLICY_MARGIN,
    )


def _number(value: Any) -> float | None:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if plain and 0 < value < 1e12 else None


def _usable_host(url: str, *, near: bool) -> bool:
    try:
        parts = urlsplit(url)
        if not parts.hostname or "@" in parts.netloc or parts.port == 0:
            return False
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and near and is_loopback(url))
