"""The file that the ledger stands in: opened, locked, migrated, written as a whole or not at all.

What can't be written now is owed, and goes before the next change.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

from wan_magic.errors import LedgerError, WanError
from wan_magic.jobs.presence import Presence
from wan_magic.jobs.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)
FILE = "ledger.sqlite3"
_BUSY_SECONDS = 30.0
_MOMENT = 200
"""Milliseconds that somebody who only reads waits for others who write."""
_KEPT = ("sent", "accepted", "made", "ended", "state", "lost", "currency", "estimate", "cost")
"""What is still written of a job that is forgotten while it runs: what its money hangs on."""


class LedgerFile:
    """The ledger's SQLite file, as one process has it; safe for threads. See `Ledger`."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.path = folder / FILE
        self.clock = clock
        self.presence = Presence(folder / "kernels")
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: os.stat_result | None = None
        self._has_left = False
        self._owed: dict[str, dict[str, Any]] = {}

    def __repr__(self) -> str:
        return f"<Ledger {self.path}>"

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the ledger for one change; nobody else writes meanwhile, and all of it holds."""
        with self._lock, self._errors():
            connection = self._open()
            for job_id in list(self._owed):
                self._write_owed(connection, job_id, self._owed[job_id])
                del self._owed[job_id]
            with _all_or_nothing(connection):
                yield connection

    def _write_owed(
        self, connection: sqlite3.Connection, job_id: str, values: dict[str, Any]
    ) -> None:
        """Write what is owed, all or else one by one: what can't be is dropped.

        It must not stand in the way of all later changes.
        """
        refused = (sqlite3.IntegrityError, *_NO_VALUE)
        try:
            with _all_or_nothing(connection):
                self.change_in(connection, job_id, values)
        except refused as exc:
            if len(values) == 1:
                _log.warning("job %s: %s can't be written down: %s", job_id, *values, exc)
                return
            for name, value in values.items():
                self._write_owed(connection, job_id, {name: value})

    def _read(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            self.pay()
            with self._errors():
                return self._open().execute(sql, [*map(storable, values)]).fetchall()

    def _pay(self) -> None:
        """Write what is owed, if that can be done at once, before anybody reads.

        What we know must not look as if it had not happened: a job that has ended here would be
        followed as one that runs.
        """
        with contextlib.suppress(LedgerError, sqlite3.Error):
            connection = self._open()
            if connection.in_transaction:
                return
            connection.execute(f"PRAGMA busy_timeout = {_MOMENT}")
            with self.transaction():
                pass
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except WanError:  # what was asked within a transaction; some are OSErrors, too
            raise
        except (sqlite3.Error, OSError, ValueError, OverflowError) as exc:
            self._close()
            raise LedgerError(
                f"the ledger {self.path} can't be used: {exc}",
                hint="free or repair it, or name another folder with WAN_MAGIC_HOME;"
                " WAN_MAGIC_LEDGER=off does without, and then nobody remembers paid jobs",
            ) from exc

    def _open(self) -> sqlite3.Connection:
        if self._has_left:
            raise LedgerError("this process ends", hint="%wanvideo resume goes on in another one")
        if self._connection is not None and self._was_replaced(self._connection):
            _log.warning("the ledger %s was deleted or replaced: it is opened anew", self.path)
            self._close()
            self.presence.renew()
        if self._connection is None:
            self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Its owner's alone before there is anything in it, and so the files beside it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            _to_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")  # also what the power cuts off
            connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(connection)
            self._file = self.path.stat()
            if self._file.st_mode & 0o077:
                with contextlib.suppress(OSError):
                    self.path.chmod(0o600)  # prompts are nobody else's
            self.presence.sweep()
        except BaseException:
            connection.close()
            raise
        return connection

    def _was_replaced(self, connection: sqlite3.Connection) -> bool:
        """Whether what is written would go into a file that is deleted."""
        if connection.in_transaction or self._file is None:
            return False
        try:
            return not os.path.samestat(self.path.stat(), self._file)
        except FileNotFoundError:
            return True

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
            return
        with _all_or_nothing(connection, "EXCLUSIVE"):
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

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        # From 3.13 on Python warns of a connection that nobody closed. No names of the module
        # are used: they may be gone by now.
        if self._connection is not None:
            self._connection.close()

    def close(self) -> None:
        """Close the file and leave; what was ours can be taken over."""
        with self._lock:
            self._close()
            self.presence.close()

    def leave(self) -> None:
        """Leave for good, as the process ends: from here on nothing is written.

        So a job that was not sent yet can't be sent both here and by who takes it over.
        """
        if self._lock.acquire(timeout=2):
            try:
                self._has_left = True
                self._close()
                self.presence.close()
            finally:
                self._lock.release()

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
        with self._errors():
            self.presence.renew()

    def owe(self, job_id: str, values: dict[str, Any]) -> None:
        """Remember values that could not be written; they go before the next change."""
        with self._lock:
            self._owed[job_id] = self._owed.get(job_id, {}) | values

    def pay(self, job_id: str = "") -> bool:
        """Write what is owed, if that can be done at once; whether of a job nothing is left."""
        with self._lock:
            if self._owed:
                self._pay()
            return job_id not in self._owed

    def change_in(
        self, connection: sqlite3.Connection, job_id: str, values: dict[str, Any]
    ) -> bool:
        """Write new values of a job within a transaction; whether there is such a job."""
        if _updated(connection, job_id, values, "NOT forgotten"):
            return True
        kept = {k: v for k, v in values.items() if k in _KEPT}
        if values.get("open"):  # nobody watches it any more, and it may still be billed
            kept["lost"] = 1
        return _updated(connection, job_id, kept, "forgotten")


@contextlib.contextmanager
def _all_or_nothing(connection: sqlite3.Connection, how: str = "IMMEDIATE") -> Iterator[None]:
    try:
        connection.execute(f"BEGIN {how}")  # an interrupt arrives when it has returned
        yield
        connection.commit()
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


_NO_VALUE = (
    *(sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
    *(ValueError, OverflowError),
)
"""What is raised where a value can't be one of SQLite's."""


def storable(value: Any) -> Any:
    """Return a text without what UTF-8 does not know: halves of characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _updated(
    connection: sqlite3.Connection, job_id: str, values: Mapping[str, Any], which: str
) -> bool:
    """Write values of a job if it is such a one."""
    names = ", ".join(f"{name} = ?" for name in values) or "id = id"
    cursor = connection.execute(
        f"UPDATE jobs SET {names} WHERE id = ? AND {which}",  # noqa: S608 - names are our own
        (*map(storable, values.values()), job_id),
    )
    return cursor.rowcount > 0


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
