"""A quick look into the ledger while somebody types: at once, or not at all."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_magic.jobs.ledger_file import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECONDS = 0.02
"""The longest look; a ledger that is locked for longer shows nothing."""
# Each goes by an index: of ids, of what is open, of time.
_SEEN = "SELECT id, state, substr(prompt, 1, 60) FROM jobs WHERE NOT forgotten AND "
_LAST = " ORDER BY created DESC LIMIT 30"
_BY_ID = _SEEN + "id >= ? AND id < ? AND (open OR ?)" + _LAST
_OPEN = _SEEN + "open" + _LAST
_LATEST = _SEEN + "created > 0" + _LAST
_CLIPS = (
    "SELECT path FROM jobs WHERE NOT forgotten AND created > 0 AND path != '' AND state = 'done'"
    " ORDER BY created DESC LIMIT 30"
)
QUERIES = (_BY_ID, _OPEN, _LATEST, _CLIPS)


@dataclass(frozen=True)
class Seen:
    """A job, as far as typing needs it."""

    id: str
    state: str
    prompt: str


def jobs(home: Path, beginning: str = "", *, is_open: bool = False) -> list[Seen]:
    """Return the latest jobs whose ids begin so.

    Parameters
    ----------
    home : Path
        The folder of the ledger.
    beginning : str
        Of the id.
    is_open : bool, default False
        Only those that may have something to fetch.
    """
    values: tuple[str | int, ...]
    if beginning:
        sql, values = _BY_ID, (beginning, beginning + "\U0010ffff", int(not is_open))
    else:
        sql, values = (_OPEN if is_open else _LATEST), ()
    rows = _look(home, sql, values)
    return [Seen(*row) for row in rows]


def clips(home: Path) -> list[str]:
    """Return the files of the latest clips."""
    rows = _look(home, _CLIPS)
    return list(dict.fromkeys(row[0] for row in rows))


def _look(home: Path, sql: str, values: Sequence[str | int] = ()) -> list[tuple[str, ...]]:
    path = home / FILE
    if not path.is_file():
        return []
    end = time.monotonic() + SECONDS
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=SECONDS)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > end, 2000)
            connection.execute("PRAGMA query_only = 1")
            return connection.execute(sql, values).fetchall()
    except (sqlite3.Error, OSError, ValueError):
        return []
