"""Clips from anywhere: search words, jobs, entries, clips and lists of these, each once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wan_magic.actions.library import list_jobs
from wan_magic.errors import InputError
from wan_magic.jobs.clip import Clip
from wan_magic.jobs.entry import Entry
from wan_magic.jobs.job import Job
from wan_magic.jobs.past import end_of
from wan_magic.output.place import default_out
from wan_magic.settings.config_values import nearest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wan_magic.jobs.history import Since

MOST = 60
"""Clips of the library that are shown where no limit is named."""


@dataclass(frozen=True)
class Collected:
    """A clip, and since when it is there.

    Attributes
    ----------
    clip : Clip
        Its file was there when it was looked for.
    created : float
        Seconds since 1970.
    """

    clip: Clip
    created: float

    @property
    def day(self) -> str:
        """When it was made, for people."""
        return datetime.fromtimestamp(self.created).astimezone().strftime("%Y-%m-%d %H:%M")


def collect(
    what: Sequence[Any],
    *,
    since: Since | None = None,
    model: str | None = None,
    notebook: str | None = None,
    limit: int = MOST,
) -> tuple[list[Collected], list[str]]:
    """Return clips, and what should be said of those that are not among them.

    Parameters
    ----------
    what : sequence
        Search words, clips, jobs, entries, or any lists of these; nothing for the newest.
    since, model, notebook
        Narrow what is searched, as `wan_magic.list_jobs` takes them.
    limit : int
        Of each search.

    Raises
    ------
    InputError
        If something else is among them.
    """
    found: dict[str, Collected] = {}
    missing: dict[str, int] = {}
    narrow: dict[str, Any] = {"since": since, "model": model, "notebook": notebook}
    for one in _each(what or [""], {**narrow, "limit": limit}):
        clip, created, why = _clip_of(one)
        if clip is None:
            missing[why] = missing.get(why, 0) + 1
        else:
            found.setdefault(str(clip.path), Collected(clip, created))
    notes = [f"{number} left out: {why}" for why, number in missing.items()]
    return list(found.values()), notes


def _each(what: Iterable[Any], search: dict[str, Any]) -> Iterator[Any]:
    for one in what:
        if isinstance(one, str):
            yield from list_jobs(one, state="done", **search)
        elif isinstance(one, Clip | Job | Entry):
            yield one
        elif isinstance(one, Iterable) and not isinstance(one, bytes):
            yield from _each(one, search)
        else:
            raise InputError(
                f"{type(one).__name__} is nothing that a gallery can show",
                hint="give search words, clips, jobs, or lists of these",
            )


def _clip_of(one: Clip | Job | Entry) -> tuple[Clip | None, float, str]:
    """Return a clip and since when it is there; or why there is none."""
    now = time.time()
    if isinstance(one, Entry):
        if one.state != "done":
            return None, 0.0, f"without a clip ({one.state})"
        made = end_of(one, [default_out()], now)
        if not isinstance(made, Clip):
            return None, 0.0, "the file is gone"
        return made, one.created, ""
    if isinstance(one, Job):
        if one.clip is None:
            return None, 0.0, f"without a clip ({one.state})"
        one = one.clip
    try:
        return one, one.path.stat().st_mtime, ""
    except OSError:
        return None, 0.0, "the file is gone"


ORDERS: dict[str, Callable[[Collected], Any]] = {
    "date": lambda one: -one.created,
    "cost": lambda one: (one.clip.cost.currency, -(one.clip.cost.amount or 0)),
    "seconds": lambda one: -one.clip.duration,
    "model": lambda one: one.clip.request.model,
    "seed": lambda one: (one.clip.seed is None, one.clip.seed),
}
"""What a gallery can be sorted by: the newest, dearest or longest first."""


def ordered(items: Iterable[Collected], by: str) -> list[Collected]:
    """Return clips in another order; a ``"-"`` before it turns it round.

    Raises
    ------
    InputError
        If there is no such order.
    """
    word = str(by).lower()
    name = word.removeprefix("-").replace("created", "date")
    if name not in ORDERS:
        raise InputError(f"a gallery can't be sorted by {by!r}", hint=nearest_of(name, ORDERS))
    return sorted(items, key=ORDERS[name], reverse=word.startswith("-"))
