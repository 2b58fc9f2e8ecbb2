"""The ledger: every job from before its paid call to its file on disk, in one SQLite file.

Any number of kernels share it. A job belongs to the process that `owner` names; whoever wants to
go on with a job takes it over in one transaction, and only when that process has ended.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wan_magic.errors import LedgerError
from wan_magic.jobs.entry import Entry, entry_of
from wan_magic.jobs.presence import Presence
from wan_magic.jobs.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_FILE = "ledger.sqlite3"
_LIFE = 27 * 3600.0
"""Seconds after which a task can't be fetched any more: a run of 3 hours, and the 24 after it."""
_BUSY_SECONDS = 30.0
_SAMPLES = 50
_LOST = "its result was not fetched within the 24 hours for which the service keeps it"
_UNSENT = "its notebook ended before it was sent: nothing is paid"
_PREVIEW_GONE = "the preview server ended with its notebook: run the cell again"


class Ledger:
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

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.path = folder / _FILE
        self.clock = clock
        self.presence = Presence(folder / "kernels")
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owed: dict[str, dict[str, Any]] = {}

    def __repr__(self) -> str:
        return f"<Ledger {self.path}>"

    # -- the file -----------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the ledger for one change; nobody else writes meanwhile, and all of it holds."""
        with self._lock, self._errors():
            connection = self._open()
            if self._owed:
                with _all_or_nothing(connection):
                    for job_id, values in self._owed.items():
                        self.change_in(connection, job_id, values)
                self._owed = {}
            with _all_or_nothing(connection):
                yield connection

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock, self._errors():
            return self._open().execute(sql, values).fetchall()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            self._close()
            raise LedgerError(
                f"the ledger {self.path} can't be used: {exc}",
                hint="free or repair it, or name another folder with WAN_MAGIC_HOME;"
                " WAN_MAGIC_LEDGER=off does without, and then nobody remembers paid jobs",
            ) from exc

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                connection.row_factory = sqlite3.Row
                _to_wal(connection)
                connection.execute("PRAGMA synchronous = FULL")  # also what the power cuts off
                connection.execute("PRAGMA foreign_keys = ON")
                self._migrate(connection)
            except BaseException:
                connection.close()
                raise
            with contextlib.suppress(OSError):
                self.path.chmod(0o600)  # prompts are nobody else's
            self._connection = connection
        return self._connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
            return
        connection.execute("BEGIN EXCLUSIVE")
        try:
            seen = connection.execute("PRAGMA user_version").fetchone()[0]
            if seen > len(MIGRATIONS):
                raise LedgerError(
                    f"the ledger {self.path} was written by a newer wan_magic (version {seen})",
                    hint="upgrade with pip install -U wan-magic, or name another folder with"
                    " WAN_MAGIC_HOME",
                )
            for script in MIGRATIONS[seen:]:
                for statement in script.split(";\n"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        except BaseException:
            connection.rollback()
            raise
        connection.commit()

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Close the file and leave; what was ours can be taken over."""
        with self._lock:
            self._close()
            self.presence.close()

    def start_afresh(self) -> None:
        """In a forked child: the connection and the lock are the parent's."""
        self._lock = threading.RLock()
        _parents.append(self._connection)  # closing it here could spoil it for the parent
        self._connection = None
        self._owed = {}
        self.presence.leave()

    def check(self) -> None:
        """Make sure that it can be written.

        Raises
        ------
        LedgerError
            If it can't.
        """
        with self.transaction() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ''")

    # -- one job ------------------------------------------------------------------------

    def add(self, connection: sqlite3.Connection, values: dict[str, Any]) -> None:
        """Write a new job down, within a transaction; it is ours."""
        values = {**values, "created": self.clock(), "owner": self.presence.name}
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        connection.execute(
            f"INSERT INTO jobs ({names}) VALUES ({marks})",  # noqa: S608 - names are our own
            tuple(values.values()),
        )
        self._event(connection, values["id"], values["state"])

    def change(self, job_id: str, values: dict[str, Any], event: str = "", note: str = "") -> None:
        """Write new values of a job, and its new state where there is one."""
        with self.transaction() as connection:
            self.change_in(connection, job_id, values)
            if event:
                self._event(connection, job_id, event, note)

    def owe(self, job_id: str, values: dict[str, Any]) -> None:
        """Remember values that could not be written; they go before the next change."""
        with self._lock:
            self._owed[job_id] = self._owed.get(job_id, {}) | values

    def change_in(
        self, connection: sqlite3.Connection, job_id: str, values: dict[str, Any]
    ) -> None:
        """Write new values of a job within a transaction."""
        if values:
            names = ", ".join(f"{name} = ?" for name in values)
            connection.execute(
                f"UPDATE jobs SET {names} WHERE id = ?",  # noqa: S608 - names are our own
                (*values.values(), job_id),
            )

    def _event(
        self, connection: sqlite3.Connection, job_id: str, state: str, message: str = ""
    ) -> None:
        connection.execute(
            "INSERT INTO events (job, at, state, message) VALUES (?, ?, ?, ?)",
            (job_id, self.clock(), state, message),
        )

    def is_watched(self, entry: Entry) -> bool:
        """Whether a living process takes care of a job; one that has ended is nobody's."""
        return entry.ended is None and self.presence.is_alive(entry.owner)

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
            "UPDATE jobs SET owner = ?, resumed = 1, open = 1, ended = NULL, error = '',"
            " hint = '', code = '' WHERE id = ? AND owner = ?",
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

    def give_back(self, job_id: str) -> None:
        """Leave a job of ours to whoever wants to go on with it."""
        self.change(job_id, {"owner": ""})

    def forget(self, job_id: str) -> None:
        """Remove a job from the ledger; its file stays."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def events(self, job_id: str) -> list[tuple[float, str, str]]:
        """Return every state of a job with its time, and what was said of it."""
        rows = self._read(
            "SELECT at, state, message FROM events WHERE job = ? ORDER BY at", (job_id,)
        )
        return [(row["at"], row["state"], row["message"]) for row in rows]

    # -- looking ------------------------------------------------------------------------

    def entry(self, job_id: str) -> Entry | None:
        """Return a job by its id."""
        rows = self._read("SELECT * FROM jobs WHERE id = ?", (job_id,))
        return entry_of(rows[0]) if rows else None

    def find(self, word: str) -> list[Entry]:
        """Return the jobs whose id or task id is, or else begins with, a word; newest first."""
        exact = self._read("SELECT * FROM jobs WHERE id = ? OR task_id = ?", (word, word))
        if not exact and len(word) >= 4:  # less could be anything
            stem = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            exact = self._read(
                "SELECT * FROM jobs WHERE id LIKE ? ESCAPE '\\' OR task_id LIKE ? ESCAPE '\\'"
                " ORDER BY created DESC",
                (stem, stem),
            )
        return [entry_of(row) for row in exact]

    def entries(self, since: float = 0.0) -> list[Entry]:
        """Return all jobs since a time, newest first."""
        rows = self._read(
            "SELECT * FROM jobs WHERE created >= ? ORDER BY created DESC, rowid DESC", (since,)
        )
        return [entry_of(row) for row in rows]

    def open_entries(self) -> list[Entry]:
        """Return the jobs that no living process takes care of and that have something to fetch.

        What can't be fetched any more is closed on the way, with the reason.
        """
        left = []
        for row in self._read("SELECT * FROM jobs WHERE open ORDER BY created"):
            entry = entry_of(row)
            if self.is_watched(entry):
                continue
            if not self._past(entry) or not self._close_past(entry):
                left.append(entry)
        return left

    def _close_past(self, entry: Entry) -> bool:
        """Close a job that can't be fetched any more; False if there is more to it by now.

        Its process may have sent it just before it ended, or another may have taken it over.
        """
        with self.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM jobs WHERE id = ? AND open AND owner = ?", (entry.id, entry.owner)
            ).fetchone()
            if row is None:
                return True
            if not (reason := self._past(entry_of(row))):
                return False
            state = "cancelled" if row["sent"] is None and not row["task_id"] else "failed"
            values = {"open": 0, "owner": "", "state": state, "ended": self.clock()}
            self.change_in(connection, entry.id, values | {"error": reason, "hint": ""})
            self._event(connection, entry.id, state, reason)
            return True

    def _past(self, entry: Entry) -> str:
        """Return why nothing can be fetched any more, or nothing."""
        if entry.sent is None and not entry.task_id:
            return _UNSENT
        if entry.is_preview:
            return "" if entry.owner == self.presence.name else _PREVIEW_GONE
        since = entry.accepted or entry.sent or entry.created
        return _LOST if self.clock() - since > _LIFE else ""

    def twins(
        self, fingerprint: str, place: str, connection: sqlite3.Connection | None = None
    ) -> list[Entry]:
        """Return the jobs of equal requests, newest first."""
        sql = (
            "SELECT * FROM jobs WHERE fingerprint = ? AND place = ?"
            " ORDER BY created DESC, rowid DESC LIMIT 50"
        )
        values = (fingerprint, place)
        rows = connection.execute(sql, values) if connection else self._read(sql, values)
        return [entry_of(row) for row in rows]

    def can_go_on(self, entry: Entry) -> bool:
        """Whether the service may still have a result for a job."""
        return not self._past(entry)

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
        sums: dict[str, dict[str, Decimal]] = {name: {} for name in (*starts, "notebook")}
        for row in connection.execute(
            "SELECT * FROM jobs WHERE NOT preview AND (created >= ? OR notebook = ?)",
            (min(starts.values(), default=0.0), notebook),
        ):
            entry = entry_of(row)
            periods = [name for name, start in starts.items() if entry.created >= start]
            periods += ["notebook"] if entry.notebook == notebook else []
            for name in periods:
                before = sums[name].get(entry.currency, Decimal(0))
                sums[name][entry.currency] = before + (entry.spent or Decimal(0))
        return sums

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


@contextlib.contextmanager
def _all_or_nothing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file over; SQLite does not wait here for others who do the same."""
    for tries in range(100):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if "locked" not in str(exc) or tries == 99:
                raise
            time.sleep(0.05)
        else:
            return


_parents: list[sqlite3.Connection | None] = []
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
