"""Which uploads still lie in the API's storage, remembered from one kernel to the next.

A file of ours in the user's cache folder. It holds no key: accounts are told apart by a
digest. Losing it costs an upload, so that nothing here ever fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.wan.account import account_of
from wan_magic.wan.hosts import is_loopback

if TYPE_CHECKING:
    from wan_magic.wan.endpoints import Endpoint

_MOST = 1000
_MAX_BYTES = 1024 * 1024


class Kept:
    """The uploads of one account.

    Parameters
    ----------
    path : Path
        The JSON file that all accounts share; need not exist.
    account : str
        A digest of the endpoint and its key.
    """

    def __init__(self, path: Path, account: str) -> None:
        self._path = path
        self._account = account

    def find(self, model: str, digest: str, now: float) -> tuple[str, float]:
        """Return the address of some content, and until when it is good; ``("", 0.0)`` for none."""
        url, until = self._read().get(self._name(model, digest), ("", 0.0))
        return (url, until) if until > now else ("", 0.0)

    def add(self, model: str, digest: str, url: str, *, until: float, now: float) -> None:
        """Remember an upload."""
        rows = {name: row for name, row in self._read().items() if row[1] > now}
        rows[self._name(model, digest)] = (url, until)
        self._write(rows)

    def drop(self, model: str, digest: str) -> None:
        """Forget an upload."""
        rows = self._read()
        if rows.pop(self._name(model, digest), None):
            self._write(rows)

    def _name(self, model: str, digest: str) -> str:
        return f"{self._account} {model} {digest}"

    def _read(self) -> dict[str, tuple[str, float]]:
        try:
            with self._path.open("rb") as file:
                data: Any = json.loads(file.read(_MAX_BYTES))
            rows = {name: (row[0], row[1]) for name, row in data.items()}
        except (OSError, ValueError, AttributeError, TypeError, LookupError):
            return {}
        # Written by us, but readable by anybody who can write there: an address goes into requests.
        return {
            name: row
            for name, row in rows.items()
            if isinstance(row[0], str)
            and row[0].startswith("oss://")
            and isinstance(row[1], int | float)
        }

    def _write(self, rows: dict[str, tuple[str, float]]) -> None:
        newest = sorted(rows.items(), key=lambda row: row[1][1])[-_MOST:]
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # A new file takes the old one's place: another kernel never reads half of it.
            handle, part = tempfile.mkstemp(dir=self._path.parent, prefix=".uploads-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(dict(newest), file)
                Path(part).replace(self._path)
            except OSError:
                Path(part).unlink(missing_ok=True)


def kept_for(endpoint: Endpoint) -> Kept | None:
    """Return the memory of an endpoint's uploads; None for a server on this machine.

    Such a server forgets its files when it ends.
    """
    if is_loopback(endpoint.base_url):
        return None
    from platformdirs import user_cache_path

    path = user_cache_path("wan-magic", appauthor=False) / "uploads.json"
    return Kept(path, account_of(endpoint))
