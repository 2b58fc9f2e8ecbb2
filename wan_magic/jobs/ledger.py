"""The ledger: every job from before its paid call to its file on disk, in one SQLite file.

Any number of kernels share it. A job belongs to the process that `owner` names; whoever wants to
go on with a job takes it over in one transaction, and only when that process has ended.

Here is what changes a job; what is asked of the ledger is in `ledger_reader`, the file itself in
`ledger_file`, and the ledgers that this process has in `open_ledgers`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from wan_magic.errors import LedgerError
from wan_magic.jobs.entry import Entry, entry_of
from wan_magic.jobs.ledger_file import storable
from wan_magic.jobs.ledger_reader import COUNTS, UNPAID, LedgerReader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_log = logging.getLogger(__name__)
_LIFE = 27 * 3600.0
"""Seconds after which a task can't be fetched any more: a run of 3 hours, and the 24 after it."""
_UNSENT = "its notebook ended before it was sent: nothing is paid"
_PREVIEW_GONE = "the preview server ended with its notebook: run the cell again"


class Ledger(LedgerReader):
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

    # -- a job of ours -----------------------------------------------------------------

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
                f"SELECT * FROM jobs WHERE id = ? AND {COUNTS} AND NOT ({UNPAID})"  # noqa: S608
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

    def _event(
        self, connection: sqlite3.Connection, job_id: str, state: str, message: str = ""
    ) -> None:
        connection.execute(
            "INSERT INTO events (job, at, state, message) SELECT ?, ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = ? AND forgotten)",
            (job_id, self.clock(), state, storable(message), job_id),
        )

    # -- jobs of processes that have ended ---------------------------------------------

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

    def open_entries(self) -> list[Entry]:
        """Return the jobs that no living process takes care of and that have something to fetch.

        See `unwatched`.
        """
        return self.unwatched()[0]

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
