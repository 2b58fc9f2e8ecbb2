"""Which processes are alive: each holds a lock that the system drops when it ends.

So a killed kernel is known to be dead at once, whatever the clocks say, and one that
sleeps for a night is not taken for dead.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int, *, shared: bool = False) -> bool:  # noqa: ARG001 - it knows none
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int, *, shared: bool = False) -> bool:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


_SWEPT = 100
_YOUNG = 60.0
"""Seconds in which a new file may not be locked yet."""


class Presence:
    """A process among all that share a folder: this one.

    Parameters
    ----------
    folder : Path
        Where the locks lie; made when it is needed.

    Examples
    --------
    >>> here = Presence(tmp_path / "kernels")  # doctest: +SKIP
    >>> here.is_alive(here.name)  # doctest: +SKIP
    True
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._name = ""
        self._handle: int | None = None

    @property
    def name(self) -> str:
        """The name of this process; its lock is taken before anybody learns the name."""
        with self._lock:
            if not self._name:
                name = uuid.uuid4().hex
                self._handle = self._locked(name)
                self._name = name
            return self._name

    def _locked(self, name: str) -> int:
        """Return the handle of a process's own lock."""
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{name}.lock"
        for _ in range(3):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if _try_lock(handle) and _is_same(path, handle):
                return handle
            os.close(handle)  # somebody swept it up before it was locked
        raise OSError(f"{self._folder} is on a disk that knows no locks")

    def renew(self) -> None:
        """Take the lock again under the same name where its file was deleted."""
        with self._lock:
            if self._handle is None or _is_same(self._folder / f"{self._name}.lock", self._handle):
                return
            old, self._handle = self._handle, self._locked(self._name)
            os.close(old)

    def sweep(self) -> None:
        """Remove files of some processes that have ended."""
        with contextlib.suppress(OSError), os.scandir(self._folder) as found:
            for one in itertools.islice(found, _SWEPT):
                name = one.name.removesuffix(".lock")
                if name != one.name and time.time() - one.stat().st_mtime > _YOUNG:
                    self.is_alive(name)

    def is_alive(self, name: str) -> bool:
        """Whether a process still runs; what a dead one left is removed."""
        if not name:
            return False
        if name == self._name:
            return True
        path = self._folder / f"{name}.lock"
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:  # too many files are open, say: a job must not be taken from the living
            return True
        try:
            if not _try_lock(handle, shared=True):  # two that look at once must not meet
                return True
            with contextlib.suppress(OSError):
                path.unlink()
            return False
        finally:
            os.close(handle)

    def leave(self) -> None:
        """Forget the lock in a forked child, where it belongs to the parent."""
        if self._handle is not None:
            os.close(self._handle)  # the parent's own handle still holds the lock
        self._name, self._handle = "", None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give the lock up, as the end of the process does."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                (self._folder / f"{self._name}.lock").unlink()
        self.leave()


def _is_same(path: Path, handle: int) -> bool:
    """Whether a path still leads to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False
