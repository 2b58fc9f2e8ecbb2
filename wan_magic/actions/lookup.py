"""A job by what people call it, and the settings that it was sent with."""

from __future__ import annotations

import difflib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from wan_magic.actions import places
from wan_magic.errors import InputError, SettingsError
from wan_magic.output.table import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.settings import Settings

    Named: TypeAlias = str | Job | Entry | Clip

_LIST = "%wanvideo jobs lists them all"
_LEAST = 4
"""Characters of an id that may stand for it."""
_NEAR = 2000
"""Of so many jobs, the latest, the ids are compared with one that is mistyped."""


def word_of(one: Named) -> str:
    """Return the id of what was given: an id itself, a job, an entry, a clip.

    Raises
    ------
    InputError
        If it has none.
    """
    word = one if isinstance(one, str) else getattr(one, "id", None) or getattr(one, "task_id", "")
    if not isinstance(word, str) or not word.strip():
        raise InputError("no task id or job id was given", hint=_LIST)
    return word.strip()


def ledger_of(settings: Settings) -> Ledger | None:
    """Return the user's ledger; None where nothing was ever written down."""
    ledger = places.ledger_at_home(settings)
    return ledger if ledger.path.exists() else None


def look_up(word: str, ledger: Ledger | None) -> Entry | None:
    """Return the job that a word names, or None.

    Raises
    ------
    InputError
        If it names several.
    LedgerError
        If the ledger can't be read.
    """
    entries = ledger.find(word) if ledger else []
    if len(entries) > 1:
        shown = "; ".join(map(_said, entries[:4]))
        more = f"; and {len(entries) - 4} more" if len(entries) > 4 else ""
        raise InputError(
            f"{word!r} is the beginning of {len(entries)} jobs: {shown}{more}",
            hint="write more of the id",
        )
    return entries[0] if entries else None


def found(one: Named, settings: Settings) -> tuple[Entry, Ledger]:
    """Return the job of the ledger that is meant, as it stands now.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    word, ledger = word_of(one), ledger_of(settings)
    entry = look_up(word, ledger)
    if entry is None or ledger is None:
        raise unknown(word, ledger.entries(limit=_NEAR) if ledger else [])
    return refreshed(entry, ledger), ledger


def unknown(word: str, entries: Sequence[Entry]) -> InputError:
    """Return what to say of an id that no job has: which ones are near."""
    if not entries:
        return InputError(
            f"there is no job {word!r}: the ledger is empty",
            hint="%wanvideo resume ID fetches a task that was submitted elsewhere",
        )
    if len(word) < _LEAST:
        hint = f"an id may be shortened to {_LEAST} characters, not to {len(word)}; {_LIST}"
        return InputError(f"there is no job {word!r}", hint=hint)
    ids = {one: entry for entry in entries for one in (entry.id, entry.task_id) if one}
    # What was typed may be a beginning with a slip in it.
    heads = {one[: len(word)]: entry for one, entry in ids.items()}
    near = difflib.get_close_matches(word, heads, n=2, cutoff=0.6)
    guess = " or ".join(_said(heads[one]) for one in near)
    return InputError(
        f"there is no job {word!r}", hint=f"did you mean {guess}? {_LIST}" if guess else _LIST
    )


def refreshed(entry: Entry, ledger: Ledger) -> Entry:
    """Return a job as it stands now: what surely brings nothing any more is closed."""
    if entry.open:
        ledger.open_entries()
    return ledger.entry(entry.id) or entry


def _said(entry: Entry) -> str:
    words = one_line(entry.prompt)
    prompt = f" ({words if len(words) <= 30 else words[:29] + '…'})" if words else ""
    return f"{entry.id}{prompt}"


def settings_of(entry: Entry, settings: Settings, **given: Any) -> Settings:
    """Return the settings that a job was sent with, below what is given now.

    Parameters
    ----------
    entry : Entry
        The job.
    settings : Settings
        For the key, the timeout, and what the config file says of endpoints.
    **given
        endpoint, workspace, out, timeout: override what the ledger says.
    """
    folder = Path(entry.folder) if entry.folder else None
    usable = folder is not None and folder.is_dir() and os.access(folder, os.W_OK)
    sent = replace(
        settings,
        endpoint=_endpoint_of(entry, settings),
        # Today's workspace is not the one that it was sent from.
        workspace=entry.workspace or None,
        config_workspace=None,
        out=folder if usable else settings.out,
    )
    return sent.override(**given)


def _endpoint_of(entry: Entry, settings: Settings) -> str:
    """Return the endpoint's name where it still leads to the same address, else that address."""
    from wan_magic.wan.endpoints import LOCAL, choose
    from wan_magic.wan.hosts import REGIONS

    if entry.is_preview:
        return LOCAL
    if entry.endpoint not in REGIONS and entry.endpoint not in settings.endpoints:
        return entry.base_url
    named = replace(
        settings, endpoint=entry.endpoint, workspace=entry.workspace or None, config_workspace=None
    )
    try:
        chosen = choose(named)
    except SettingsError:  # no key, say: the name makes the better message
        return entry.endpoint
    return entry.endpoint if chosen and chosen.base_url == entry.base_url else entry.base_url
