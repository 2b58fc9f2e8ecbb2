"""Removing a job from the ledger, and what it left in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.jobs.provenance import is_ours, sidecar_of
from wan_magic.settings.money import money

if TYPE_CHECKING:
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.ledger import Ledger


def forget_entry(entry: Entry, ledger: Ledger, *, files: bool = False) -> str:
    """Remove a job; return in words what was removed. What it cost still counts.

    Parameters
    ----------
    entry : Entry
        The job.
    ledger : Ledger
        That has it.
    files : bool, default False
        Whether its clip is deleted, too: if it is as it was saved, and no other job's.
    """
    said = [f"job {entry.id} is forgotten"]
    shared = ledger.has_other(entry.path, entry.id)
    if kept := ledger.forget(entry.id):
        said.append(f"{_cost(kept)} still counts in the cost and the budgets")
    parts = [part for part in _parts(entry) if _deleted(part)]
    if parts:
        said.append("what it had downloaded of an unfinished clip is deleted")
    if files and entry.path:
        said.append(_clip_deleted(entry, shared=shared))
    return "; ".join(said)


def _cost(entry: Entry) -> str:
    if not entry.spent:
        return "what it cost"
    return f"{'≈ ' if entry.cost is None else ''}{money(entry.spent, entry.currency)}"


def _parts(entry: Entry) -> list[Path]:
    """Return what a download that broke off has left; see `wan_magic.jobs.keep.part_of`."""
    folders = {Path(one) for one in (entry.folder, str(Path(entry.path).parent)) if one}
    return [part for folder in folders for part in folder.glob(f".*-{entry.id}.part")]


def _clip_deleted(entry: Entry, *, shared: bool) -> str:
    path = Path(entry.path)
    if not path.exists():
        return f"{path} was gone already"
    if shared:
        return f"{path} stays: it is another job's, too"
    if entry.file is None:
        return f"{path} stays: it is not as it was saved"
    if not _deleted(path):
        return f"{path} can't be deleted"
    if is_ours(sidecar_of(path)):
        _deleted(sidecar_of(path))
    return f"{path.name} is deleted"


def _deleted(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
