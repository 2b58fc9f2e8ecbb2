"""What the ledger tells: single jobs, lists of them, and sums; nothing here changes a job."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from wan_magic.jobs.entry import Bill, Entry, Line, entry_of
from wan_magic.jobs.ledger_file import LedgerFile, storable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

COUNTS = "NOT preview AND (open OR lost OR made IS NOT NULL)"
"""Jobs that cost something, or may: see `Entry.spent`."""
UNPAID = "sent IS NULL AND task_id = ''"
"""Jobs whose paid call was not made."""
_LINE = ", ".join("preview" if name == "is_preview" else name for name in Line._fields)
_SAMPLES = 50


class LedgerReader(LedgerFile):
    """The ledger as it is read; safe for threads. See `Ledger`."""

    # -- jobs --------------------------------------------------------------------------

    def entry(self, job_id: str) -> Entry | None:
        """Return a job by its id."""
        rows = self._read("SELECT * FROM jobs WHERE id = ? AND NOT forgotten", (job_id,))
        return entry_of(rows[0]) if rows else None

    def find(self, word: str) -> list[Entry]:
        """Return the jobs whose id or task id is, or else begins with, a word; newest first."""
        exact = self._read(
            "SELECT * FROM jobs WHERE (id = ? OR task_id = ?) AND NOT forgotten", (word, word)
        )
        if not exact and len(word) >= 4:  # less could be anything
            stem = _stem(word) + "%"
            exact = self._read(
                "SELECT * FROM jobs WHERE (id LIKE ? ESCAPE '\\' OR task_id LIKE ? ESCAPE '\\')"
                " AND NOT forgotten ORDER BY created DESC",
                (stem, stem),
            )
        return [entry_of(row) for row in exact]

    def entries(self, since: float = 0.0, limit: int = -1) -> list[Entry]:
        """Return all jobs since a time, or so many of them, newest first."""
        rows = self._read(
            "SELECT * FROM jobs WHERE NOT forgotten AND created >= ?"
            " ORDER BY created DESC, rowid DESC LIMIT ?",
            (since, limit),
        )
        return [entry_of(row) for row in rows]

    def entries_of(self, ids: Sequence[str]) -> dict[str, Entry]:
        """Return the jobs of some ids, as far as they are there."""
        found: dict[str, Entry] = {}
        for at in range(0, len(ids), 500):  # SQLite's limit of values is higher
            some = ids[at : at + 500]
            marks = ", ".join("?" * len(some))
            sql = f"SELECT * FROM jobs WHERE id IN ({marks}) AND NOT forgotten"  # noqa: S608
            found |= {row["id"]: entry_of(row) for row in self._read(sql, some)}
        return found

    def lines(
        self,
        since: float = 0.0,
        *,
        state: str = "",
        is_open: bool = False,
        model: str = "",
        limit: int = -1,
    ) -> list[Line]:
        """Return what the list chooses by, of all jobs that fit, newest first.

        Parameters
        ----------
        since : float
            Seconds since 1970.
        state : str
            Only those in it.
        is_open : bool
            Only those that may have something to fetch.
        model : str
            A part of its name, in ASCII.
        limit : int
            At most so many; -1 for all.
        """
        rows = self._read(
            f"SELECT {_LINE} FROM jobs WHERE NOT forgotten AND created >= ?"  # noqa: S608
            " AND (? = '' OR state = ?) AND (open OR NOT ?) AND model LIKE ? ESCAPE '\\'"
            " ORDER BY created DESC, rowid DESC LIMIT ?",
            (since, state, state, is_open, f"%{_stem(model)}%", limit),
        )
        return [Line._make(row) for row in rows]

    def count(self) -> int:
        """Return how many jobs there are."""
        number: int = self._read("SELECT count(*) FROM jobs WHERE NOT forgotten")[0][0]
        return number

    def events(self, job_id: str) -> list[tuple[float, str, str]]:
        """Return every state of a job with its time, and what was said of it."""
        rows = self._read(
            "SELECT at, state, message FROM events WHERE job = ? ORDER BY at", (job_id,)
        )
        return [(row["at"], row["state"], row["message"]) for row in rows]

    # -- their processes ---------------------------------------------------------------

    def is_watched(self, entry: Entry) -> bool:
        """Whether a living process takes care of a job.

        That is another one that lives, or this one unless the job has ended here: what was
        detached is nobody's, but a preview that was detached in another kernel stays that
        kernel's, whose server has it.
        """
        if entry.ended is not None and entry.owner == self.presence.name:
            return False
        return self.presence.is_alive(entry.owner)

    def unsent(self) -> list[Entry]:
        """Return the paid jobs that ended with their process before they were sent.

        They are closed when the open jobs are next looked at.
        """
        rows = self._read(
            f"SELECT * FROM jobs WHERE open AND NOT preview AND {UNPAID}"  # noqa: S608 - our own
        )
        return [entry for entry in map(entry_of, rows) if not self.is_watched(entry)]

    # -- files, requests and tasks -----------------------------------------------------

    def twins(
        self, fingerprint: str, place: str, connection: sqlite3.Connection | None = None
    ) -> list[Entry]:
        """Return the jobs of equal requests that have a clip or may bring one, newest first."""
        sql = (
            "SELECT * FROM jobs WHERE fingerprint = ? AND place = ? AND (open OR state = 'done')"
            " ORDER BY created DESC, rowid DESC LIMIT 50"
        )
        values = (fingerprint, place)
        rows = connection.execute(sql, values) if connection else self._read(sql, values)
        return [entry_of(row) for row in rows]

    def task_of(self, connection: sqlite3.Connection, account: str, task_id: str) -> Entry | None:
        """Return the job that has a task of an account, within a transaction."""
        row = connection.execute(
            "SELECT * FROM jobs WHERE account = ? AND task_id = ? AND NOT forgotten",
            (account, task_id),
        ).fetchone()
        return entry_of(row) if row else None

    def known_tasks(self, account: str) -> set[str]:
        """Return the ids of all tasks of an account that belong to a job."""
        rows = self._read(
            "SELECT task_id FROM jobs WHERE account = ? AND task_id != ''", (account,)
        )
        return {row["task_id"] for row in rows}

    def has_other(self, path: str, job_id: str) -> bool:
        """Whether another job has the same file."""
        sql = "SELECT 1 FROM jobs WHERE path = ? AND path != '' AND id != ? LIMIT 1"
        return bool(self._read(sql, (path, job_id)))

    # -- numbers -----------------------------------------------------------------------

    def in_flight(self, account: str, model: str) -> int:
        """Return how many tasks of an account and model other living processes watch."""
        rows = self._read(
            "SELECT owner, count(*) AS n FROM jobs WHERE open AND account = ? AND model = ?"
            " AND state IN ('queued', 'running') GROUP BY owner",
            (account, model),
        )
        mine = self.presence.name
        return sum(
            row["n"]
            for row in rows
            if row["owner"] != mine and self.presence.is_alive(row["owner"])
        )

    def run_times(self, place: str, model: str, tier: str, seconds: float | None) -> list[float]:
        """Return how long the latest tasks of a kind took at the server, in seconds."""
        rows = self._read(
            "SELECT made - accepted AS took FROM jobs WHERE place = ? AND model = ? AND tier = ?"
            " AND seconds IS ? AND NOT resumed AND made > accepted ORDER BY created DESC LIMIT ?",
            (place, model, tier, seconds, _SAMPLES),
        )
        return [row["took"] for row in rows]

    def spent(
        self, connection: sqlite3.Connection, starts: Mapping[str, float], notebook: str
    ) -> dict[str, dict[str, Decimal]]:
        """Return what was spent, and what running jobs will cost, by period and currency.

        Parameters
        ----------
        starts : mapping of str to float
            When each period began, in seconds since 1970.
        notebook : str
            Whose jobs the period ``"notebook"`` counts; it began with the first of them.
        """
        unpaid = connection.execute(
            f"SELECT DISTINCT owner FROM jobs WHERE open AND {UNPAID}"  # noqa: S608 - our own
        ).fetchall()
        # What a dead process never sent is never paid.
        dead = [row["owner"] for row in unpaid if not self.presence.is_alive(row["owner"])]
        counts = f"{COUNTS} AND NOT ({UNPAID} AND owner IN ({', '.join('?' * len(dead))}))"
        wanted = {name: ("created >= ?", start) for name, start in starts.items()}
        sums: dict[str, dict[str, Decimal]] = {}
        for name, (where, value) in {**wanted, "notebook": ("notebook = ?", notebook)}.items():
            sums[name] = {}
            for currency, amount, number in connection.execute(
                "SELECT currency, coalesce(cost, estimate), count(*) FROM jobs"  # noqa: S608
                f" WHERE {where} AND {counts} GROUP BY 1, 2",
                (storable(value), *dead),
            ):
                before = sums[name].get(currency, Decimal(0))
                sums[name][currency] = before + Decimal(amount or 0) * number
        return sums

    def bills(self, since: float = 0.0) -> list[Bill]:
        """Return what jobs have cost or will cost, forgotten ones included; in no order."""
        rows = self._read(
            "SELECT created, model, notebook, currency, coalesce(cost, estimate) AS amount"  # noqa: S608
            f" FROM jobs WHERE created >= ? AND {COUNTS}",
            (since,),
        )
        return [
            Bill(created, model, where, currency, None if amount is None else Decimal(amount))
            for created, model, where, currency, amount in rows
        ]


def _stem(word: str) -> str:
    """Return a word that stands for itself in LIKE."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
