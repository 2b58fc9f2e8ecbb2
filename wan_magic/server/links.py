"""Links to finished videos: signed, and good for a limited time, as object storage has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlencode

KEY_ID = "wan-magic-local"
"""What stands in ``OSSAccessKeyId``: a name, not a secret."""


class Links:
    """Signs paths and checks them again.

    A link carries its own right: no key is sent with it, and a restart of the server
    ends them all.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def sign(self, path: str, expires: int) -> str:
        """Return the path with its signed query.

        Parameters
        ----------
        path : str
            Absolute path on the server.
        expires : int
            Last good second since the epoch.
        """
        query = {
            "Expires": str(expires),
            "OSSAccessKeyId": KEY_ID,
            "Signature": self._signature(path, str(expires)),
        }
        return f"{path}?{urlencode(query)}"

    def check(self, path: str, expires: str, key_id: str, signature: str) -> bool:
        """Tell whether this server has signed exactly this path and time."""
        good = self._signature(path, expires).encode()
        same = hmac.compare_digest(good, signature.encode(errors="replace"))
        return same and key_id == KEY_ID

    def _signature(self, path: str, expires: str) -> str:
        text = f"GET\n\n\n{expires}\n{path}".encode(errors="replace")
        return base64.b64encode(hmac.digest(self._secret, text, hashlib.sha256)).decode()
