"""The body of a call: read with a limit, and weighed with its base64."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wan_magic.server.faults import BAD_BODY, Fault, invalid
from wan_magic.wan.catalog import DATA_URI_MAX_BYTES

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_MAX_BYTES = 64 * 1024 * 1024
"""Longest request body (rate-limit page, 2026: 64 MiB with base64)."""
PLAIN_MAX_BYTES = 16 * 1024 * 1024
"""Most text beside the base64 in a body, and most that the base64 decodes to (same page)."""
_DRAIN_MAX_BYTES = 4 * BODY_MAX_BYTES


async def read_json(request: Request) -> object:
    """Return the parsed body, whatever its Content-Type says.

    Raises
    ------
    Fault
        For what is no JSON, and for what is too large.
    """
    data = bytearray()
    seen = 0
    async for block in request.stream():
        seen += len(block)
        if seen <= BODY_MAX_BYTES:
            data += block
        else:
            # Read on for a while: a client that is still sending can't hear "too large".
            data.clear()
            if seen > _DRAIN_MAX_BYTES:
                break
    long = seen > PLAIN_MAX_BYTES
    if seen > BODY_MAX_BYTES or (long and b";base64" not in data.lower()):
        raise _too_large()
    try:
        body = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise invalid(BAD_BODY) from None
    if long:
        _check_base64(body, seen)
    return body


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python alone takes for JSON."""
    raise ValueError(name)


def _check_base64(body: object, size: int) -> None:
    """Refuse a body that is too large beside its data URIs, or once they are decoded."""
    encoded = decoded = 0
    left: list[object] = [body.get("input")] if isinstance(body, dict) else []
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
        elif isinstance(one, str) and one[:5].lower() == "data:":
            head, _, payload = one.partition(",")
            if "base64" not in head.lower().split(";"):
                continue
            if len(one) > DATA_URI_MAX_BYTES:
                return  # the model's own check has an answer to this one
            encoded += len(one)
            decoded += len("".join(payload.split()).rstrip("=")) * 3 // 4
    if size - encoded > PLAIN_MAX_BYTES or decoded > PLAIN_MAX_BYTES:
        raise _too_large()


def _too_large() -> Fault:
    return Fault("BadRequest.TooLarge", "Payload Too Large", status=413)
