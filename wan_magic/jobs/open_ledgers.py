"""The ledgers that this process has open: one of each folder, through forks and to its end."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

from wan_magic.jobs.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

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
