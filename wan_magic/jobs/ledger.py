"""The ledger: every job from before its paid call to its file on disk, in one SQLite file.

Any number of kernels share it. A job belongs to the process that `owner` names; whoever wants to
go on with a job takes it over in one transaction, and only when that process has ended.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wan_magic.errors import LedgerError
from wan_magic.jobs.entry import Bill, Entry, Line, entry_of
from wan_magic.jobs.ledger_file import LedgerFile, storable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)
_LIFE = 27 * 3600.0
"""Seconds after which a task can't be fetched any more: a run of 3 hours, and the 24 after it."""
_SAMPLES = 50
_UNSENT = "its notebook ended before it was sent: nothing is paid"
_PREVIEW_GONE = "the preview server ended with its notebook: run the cell again"
_COUNTS = "NOT preview AND (open OR lost OR made IS NOT NULL)"
"""Jobs that cost something, or may: see `Entry.spent`."""
_UNPAID = "sent IS NULL AND task_id = ''"
_LINE = ", ".join("preview" if name == "is_preview" else name for name in Line._fields)


class Ledger(LedgerFile):
    """All jobs of a user.

    Parameters
    ----------
    folder : Path
        Made when it is needed; holds the file and the locks of the processes.
    clock : callable, default time.time
        Seconds since 1970.

    Raises
    ------
    LedgerError
        From every method, if the file can't be read or written.

    Examples
    --------
    >>> ledger = Ledger(tmp_path)  # doctest: +SKIP
    >>> [entry.id for entry in ledger.entries()]  # doctest: +SKIP
    []
    """

    # -- one job ------------------------------------------------------------------------

    def add(self, connection: sqlite3.Connection, values: dict[str, Any]) -> None:
        """Write a new job down, within a transaction; it is ours."""
        values = {**values, "created": self.clock(), "owner": self.presence.name}
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        if task_id := values.get("task_id"):  # its money is counted with the new row
            connection.execute(
                "DELETE FROM jobs WHERE forgotten AND account = ? AND task_id = ?",
                (values.get("account", ""), task_id),
            )
        connection.execute(
            f"INSERT INTO jobs ({names}) VALUES ({marks})",  # noqa: S608 - names are our own
            [*map(storable, values.values())],
        )
        self._event(connection, values["id"], values["state"])

    def change(self, job_id: str, values: dict[str, Any], event: str = "", note: str = "") -> bool:
        """Write new values of a job, and its new state where there is one.

        Returns
        -------
        bool
            Whether there is such a job.
        """
        with self.transaction() as connection:
            is_there = self.change_in(connection, job_id, values)
            if event and is_there:
                self._event(connection, job_id, event, note)
            return is_there

    def sending(self, job_id: str, now: float) -> bool:
        """Note that the paid call of a job is about to be made; False if it is not ours to make.

        It may have been removed, its file with it, or taken over by a process that could not
        see that this one lives.
        """
        with self.transaction() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET sent = ?, state = 'submitting' WHERE id = ? AND owner = ?"
                " AND NOT forgotten",
                (now, job_id, self.presence.name),
            )
            if cursor.rowcount:
                self._event(connection, job_id, "submitting")
            return cursor.rowcount == 1

    def _event(
        self, connection: sqlite3.Connection, job_id: str, state: str, message: str = ""
    ) -> None:
        connection.execute(
            "INSERT INTO events (job, at, state, message) SELECT ?, ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = ? AND forgotten)",
            (job_id, self.clock(), state, storable(message), job_id),
        )

    def is_watched(self, entry: Entry) -> bool:
        """Whether a living process takes care of a job.

        That is another one that lives, or this one unless the job has ended here: what was
        detached is nobody's, but a preview that was detached in another kernel stays that
        kernel's, whose server has it.
        """
        if entry.ended is not None and entry.owner == self.presence.name:
            return False
        return self.presence.is_alive(entry.owner)

    def take_over(self, entry: Entry, connection: sqlite3.Connection | None = None) -> Entry | None:
        """Make a job ours whose process has ended; None if it is somebody's.

        Returns
        -------
        Entry or None
            The job as that process left it: it may have gone on after `entry` was read.
        """
        if self.is_watched(entry):
            return None
        if connection is None:
            with self.transaction() as connection:
                return self.take_over(entry, connection)
        cursor = connection.execute(
            "UPDATE jobs SET owner = ?, resumed = 1, open = 1, lost = 0, ended = NULL, error = '',"
            " hint = '', code = '' WHERE id = ? AND owner = ? AND NOT forgotten",
            (self.presence.name, entry.id, entry.owner),
        )
        if cursor.rowcount != 1:
            return None
        row = connection.execute("SELECT * FROM jobs WHERE id = ?", (entry.id,)).fetchone()
        self._event(connection, entry.id, row["state"], "taken over")
        return entry_of(row)

    def claim_task(self, job_id: str, account: str, task_id: str) -> bool:
        """Give a task to a job, in one transaction; False if another job of the account has it."""
        with self.transaction() as connection:
            taken = connection.execute(
                "SELECT 1 FROM jobs WHERE account = ? AND task_id = ? AND id != ?",
                (account, task_id, job_id),
            ).fetchone()
            if taken is None:
                self.change_in(connection, job_id, {"task_id": task_id})
            return taken is None

    def task_of(self, connection: sqlite3.Connection, account: str, task_id: str) -> Entry | None:
        """Return the job that has a task of an account, within a transaction."""
        row = connection.execute(
            "SELECT * FROM jobs WHERE account = ? AND task_id = ? AND NOT forgotten",
            (account, task_id),
        ).fetchone()
        return entry_of(row) if row else None

    def give_back(self, job_id: str) -> None:
        """Leave a job of ours to whoever wants to go on with it."""
        try:
            self.change(job_id, {"owner": ""})
        except LedgerError as exc:  # else nobody could have it while this process lives
            _log.warning("job %s: %s", job_id, exc)
            self.owe(job_id, {"owner": ""})

    def forget(self, job_id: str) -> Entry | None:
        """Remove a job; what it cost is kept and counts, without anything else; no file is touched.

        Returns
        -------
        Entry or None
            The job, if its money still counts.
        """
        with self.transaction() as connection:
            row = connection.execute(
                f"SELECT * FROM jobs WHERE id = ? AND {_COUNTS} AND NOT ({_UNPAID})"  # noqa: S608
                " AND NOT forgotten",
                (job_id,),
            ).fetchone()
            if row is None:
                connection.execute("DELETE FROM jobs WHERE id = ? AND NOT forgotten", (job_id,))
                return None
            connection.execute(
                "UPDATE jobs SET forgotten = 1, lost = (made IS NULL), open = 0, owner = '',"
                " fingerprint = '', prompt = '', actual_prompt = '', seed = NULL, request = '{}',"
                " notes = '[]', cell = '', folder = '', path = '', bytes = NULL, sha256 = '',"
                " video = '{}', error = '', hint = '', code = '' WHERE id = ?",
                (job_id,),
            )
            connection.execute("DELETE FROM events WHERE job = ?", (job_id,))
            return entry_of(row)

    def has_other(self, path: str, job_id: str) -> bool:
        """Whether another job has the same file."""
        sql = "SELECT 1 FROM jobs WHERE path = ? AND path != '' AND id != ? LIMIT 1"
        return bool(self._read(sql, (path, job_id)))

    def events(self, job_id: str) -> list[tuple[float, str, str]]:
        """Return every state of a job with its time, and what was said of it."""
        rows = self._read(
            "SELECT at, state, message FROM events WHERE job = ? ORDER BY at", (job_id,)
        )
        return [(row["at"], row["state"], row["message"]) for row in rows]

    # -- looking ------------------------------------------------------------------------

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

    def open_entries(self) -> list[Entry]:
        """Return the jobs that no living process takes care of and that have something to fetch.

        See `unwatched`.
        """
        return self.unwatched()[0]

    def unsent(self) -> list[Entry]:
        """Return the paid jobs that ended with their process before they were sent.

        They are closed when the open jobs are next looked at.
        """
        rows = self._read(
            "SELECT * FROM jobs WHERE open AND NOT preview AND sent IS NULL AND task_id = ''"
        )
        return [entry for entry in map(entry_of, rows) if not self.is_watched(entry)]

    def unwatched(self) -> tuple[list[Entry], list[Entry]]:
        """Return the open jobs that no living process takes care of.

        What surely brings nothing any more is closed on the way, with the reason. Age alone
        closes nothing: the clock may be wrong, so that is the service's to say.

        Returns
        -------
        left, lost : list of Entry
            Those that have something to fetch, and those that are too old for it.
        """
        left: list[Entry] = []
        past: list[Entry] = []
        for row in self._read("SELECT * FROM jobs WHERE open ORDER BY created"):
            entry = entry_of(row)
            if not self.is_watched(entry):
                (past if self._past(entry) else left).append(entry)
        if past:
            left = sorted([*left, *self._close_past(past)], key=lambda entry: entry.created)
        lost = {entry.id for entry in left if self._is_lost(entry)}
        return (
            [entry for entry in left if entry.id not in lost],
            [entry for entry in left if entry.id in lost],
        )

    def _close_past(self, entries: Sequence[Entry]) -> list[Entry]:
        """Close jobs that bring nothing any more; return those that there is more to by now.

        Its process may have sent one just before it ended, or another may have taken it over.
        """
        left = []
        with self.transaction() as connection:
            for entry in entries:
                row = connection.execute(
                    "SELECT * FROM jobs WHERE id = ? AND open AND owner = ?",
                    (entry.id, entry.owner),
                ).fetchone()
                if row is None:
                    continue
                now = entry_of(row)
                if not (reason := self._past(now)):
                    left.append(now)
                    continue
                self._close_one(connection, now, reason)
        return left

    def _close_one(self, connection: sqlite3.Connection, entry: Entry, reason: str) -> None:
        state = "cancelled" if entry.sent is None and not entry.task_id else "failed"
        values = {"open": 0, "owner": "", "state": state, "ended": self.clock()}
        self.change_in(connection, entry.id, values | {"error": reason, "hint": ""})
        self._event(connection, entry.id, state, reason)

    def close_unsent(self, connection: sqlite3.Connection, entry: Entry) -> None:
        """Close a job that ended with its process before it was sent: it can't be sent any more.

        Not by that process either, should it live after all, where nobody can see it.
        """
        if entry.open and self._past(entry) == _UNSENT and not self.is_watched(entry):
            self._close_one(connection, entry, _UNSENT)

    def _past(self, entry: Entry) -> str:
        """Return why a job that nobody takes care of surely brings nothing, or nothing."""
        if entry.sent is None and not entry.task_id:
            return _UNSENT
        if entry.is_preview and entry.owner != self.presence.name:
            return _PREVIEW_GONE
        return ""

    def _is_lost(self, entry: Entry) -> bool:
        """Whether the service can't have a result any more, by our clock."""
        since = entry.accepted or entry.sent or entry.created
        return not entry.is_preview and self.clock() - since > _LIFE

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
            f"SELECT DISTINCT owner FROM jobs WHERE open AND {_UNPAID}"  # noqa: S608 - our own
        ).fetchall()
        # What a dead process never sent is never paid.
        dead = [row["owner"] for row in unpaid if not self.presence.is_alive(row["owner"])]
        counts = f"{_COUNTS} AND NOT ({_UNPAID} AND owner IN ({', '.join('?' * len(dead))}))"
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
            f" FROM jobs WHERE created >= ? AND {_COUNTS}",
            (since,),
        )
        return [
            Bill(created, model, where, currency, None if amount is None else Decimal(amount))
            for created, model, where, currency, amount in rows
        ]

    def known_tasks(self, account: str) -> set[str]:
        """Return the ids of all tasks of an account that belong to a job."""
        rows = self._read(
            "SELECT task_id FROM jobs WHERE account = ? AND task_id != ''", (account,)
        )
        return {row["task_id"] for row in rows}

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


def _stem(word: str) -> str:
    """Return a word that stands for itself in LIKE."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_ledgers: dict[Path, Ledger] = {}
_ledgers_lock = threading.Lock()


def ledger_at(folder: Path) -> Ledger:
    """Return the process's one ledger of a folder."""
    with _ledgers_lock:
        if folder not in _ledgers:
            _ledgers[folder] = Ledger(folder)
        return _ledgers[folder]


def _start_afresh() -> None:
    global _ledgers_lock
    _ledgers_lock = threading.Lock()
    for ledger in _ledgers.values():
        ledger.start_afresh()
    _ledgers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)


def _leave() -> None:
    """At the end of the process: others need not find out that it has ended."""
    for ledger in list(_ledgers.values()):
        ledger.leave()


atexit.register(_leave)
