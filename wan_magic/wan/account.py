"""Names for an endpoint and its key that are fit to be written down."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wan_magic.wan.endpoints import Endpoint


def account_of(endpoint: Endpoint) -> str:
    """Return a digest that tells accounts apart and does not hold the key."""
    return hashlib.sha256(f"{endpoint.base_url}\n{endpoint.key}".encode()).hexdigest()


def place_of(endpoint: Endpoint) -> str:
    """Return where equal requests make the same clip: a base URL, or this version's preview."""
    from wan_magic import __version__

    return f"preview {__version__}" if endpoint.is_local else endpoint.base_url
