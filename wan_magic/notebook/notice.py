"""What ``%load_ext wan_magic`` says: which jobs are still out there. One line, or nothing.

Where nothing was ever written down it only looks whether the ledger's file exists.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path


def notice() -> str:
    """Return a line on the jobs that nobody takes care of; never raises, mostly empty."""
    try:
        folder = _home()
        if not (folder / "ledger.sqlite3").exists() or not _any_open(folder / "ledger.sqlite3"):
            return ""
        return _said(folder)
    except Exception as exc:  # noqa: BLE001 - loading must not fail for what is past
        message = getattr(exc, "message", f"{type(exc).__name__}: {exc}")
        return f"wan_magic: the list of earlier jobs can't be read: {message}"


def _home() -> Path:
    """Return the ledger's folder, as `Settings.home` does, which is heavier to import."""
    if named := os.environ.get("WAN_MAGIC_HOME", "").strip():
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("wan-magic", appauthor=False)


def _any_open(path: Path) -> bool:
    """Whether any job is open, asked without anything of ours; True where that can't be told."""
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
            return ledger.execute("SELECT 1 FROM jobs WHERE open LIMIT 1").fetchone() is not None
    except sqlite3.Error:  # the ledger itself knows what is wrong, if anything is
        return True


def _said(folder: Path) -> str:
    from wan_magic.jobs.open_ledgers import ledger_at
    from wan_magic.output.history import standing

    ledger = ledger_at(folder.absolute())
    unsent, left = ledger.unsent(), ledger.open_entries()
    said = []
    if left:
        ids = {entry.id for entry in left}
        made = Counter(standing(entry, ids) for entry in left)["to be fetched"]
        counted = f" ({made} to be fetched)" if made else ""
        jobs = "1 job is" if len(left) == 1 else f"{len(left)} jobs are"
        said.append(f"{jobs} still out there{counted}: %wanvideo resume")
    if unsent:
        verb = "was" if len(unsent) == 1 else "were"
        said.append(f"{len(unsent)} {verb} never sent, nothing is paid: run the cell again")
    return f"wan_magic: {'; '.join(said)}" if said else ""
