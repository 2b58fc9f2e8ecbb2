"""The history of jobs: which of them, in which order, and what they cost; from entries alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wan_magic.errors import InputError
from wan_magic.settings.config_values import nearest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wan_magic.jobs.entry import Bill, Entry, Line

One = TypeVar("One", "Entry", "Line")
Since = str | date | datetime | timedelta
"""A time to look back to: ``"7d"``, ``"12h"``, ``"today"``, ``"2026-11-01"``, a date."""

STATES = (
    *("waiting", "submitting", "queued", "running", "downloading"),
    *("done", "failed", "cancelled", "detached"),
)
"""As `wan_magic.jobs.job.State`, in the order of a job's life."""

OPEN = "open"
"""The word for all jobs that may still have something to fetch."""

GROUPS = ("day", "month", "model", "notebook")
"""What costs can be summed by."""

_SUCH = {"query": "cat", "state": "done", "model": "i2v", "notebook": "film", "sort": "cost"}
"""What a text that narrows a list may be."""
_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SINCE_HINT = 'such as "7d", "12h", "today", or a date: "2026-11-01"'


# -- which, and in which order -------------------------------------------------------------


def choose(
    entries: Iterable[One],
    query: str = "",
    *,
    state: str | None = None,
    model: str | None = None,
    notebook: str | None = None,
    since: Since | None = None,
    sort: str = "created",
    limit: int | None = None,
    now: float | None = None,
) -> list[One]:
    """Return the jobs that fit everything that is asked for.

    Parameters
    ----------
    entries : iterable of Entry or Line
        In any order.
    query : str, default ""
        Words that must all be found in the prompt, the ids, the model, the notebook or the
        file's name; upper and lower case are the same.
    state : str, optional
        One of `STATES`, or ``"open"``.
    model, notebook : str, optional
        A part of the name.
    since : str, date, datetime or timedelta, optional
        Only jobs from then on.
    sort : {"created", "cost", "seconds", "model", "state"}
        The newest, dearest or longest first; names from A to Z; states in the order of a
        job's life. A ``"-"`` before it turns it round.
    limit : int, optional
        At most so many, the first ones.
    now : float, optional
        Seconds since 1970.

    Raises
    ------
    InputError
        If one of these is not what it can be.

    Examples
    --------
    >>> choose([], "cat", state="done", since="7d", sort="-cost")
    []
    """
    _check_texts(query=query, state=state, model=model, notebook=notebook, sort=sort)
    wanted = _state(state)
    order, turned = _order(sort)
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InputError(f"the limit is {limit!r}", hint="give how many jobs to list, such as 20")
    start = 0.0 if since is None else moment(since, now)
    words = query.casefold().split()
    found = [
        entry
        for entry in entries
        if entry.created >= start
        and (wanted is None or (entry.open if wanted == OPEN else entry.state == wanted))
        and (model or "").casefold() in entry.model.casefold()
        and (notebook or "").casefold() in entry.notebook.casefold()
        and all(word in _text(entry) for word in words)
    ]
    found.sort(key=lambda entry: -entry.created)
    found.sort(key=order)
    if turned:
        found.reverse()
    return found[:limit]


def narrowed(
    query: str = "",
    *,
    state: str | None = None,
    model: str | None = None,
    notebook: str | None = None,
    since: Since | None = None,
    sort: str = "created",
    limit: int | None = None,
) -> dict[str, Any]:
    """Return what of `choose` the ledger can do while it reads, for `Ledger.lines`.

    Raises
    ------
    InputError
        As `choose` does.
    """
    _check_texts(model=model, notebook=notebook)
    choose([], query, state=state, since=since, sort=sort, limit=limit)
    wanted = _state(state)
    narrow: dict[str, Any] = {
        "since": 0.0 if since is None else moment(since),
        "is_open": wanted == OPEN,
        "state": wanted if wanted and wanted != OPEN else "",
    }
    if model and model.isascii():  # SQLite knows upper and lower case of these alone
        narrow["model"] = model
    if limit is not None and sort.lower() == "created" and not (query.split() or model or notebook):
        narrow["limit"] = limit
    return narrow


def _check_texts(**given: object) -> None:
    for name, value in given.items():
        is_left_out = value is None and name not in ("query", "sort")
        if not isinstance(value, str) and not is_left_out:
            raise InputError(
                f"{name} = {value!r:.60} is no text", hint=f'such as {name}="{_SUCH[name]}"'
            )


def _text(entry: Entry | Line) -> str:
    names = (Path(entry.notebook).name, Path(entry.path).name)
    return "\n".join((entry.prompt, entry.id, entry.task_id, entry.model, *names)).casefold()


def _state(word: str | None) -> str | None:
    if word is None or word.lower() in (*STATES, OPEN):
        return word.lower() if word else None
    known = (*STATES, OPEN)
    raise InputError(f"there is no state {word!r}", hint=nearest_of(word.lower(), known))


def _by_cost(entry: Entry | Line) -> tuple[bool, str, Decimal]:
    amount = entry.spent
    return amount is None, entry.currency, -(amount or Decimal(0))


ORDERS: dict[str, Callable[[Entry | Line], Any]] = {
    "created": lambda entry: -entry.created,
    "cost": _by_cost,
    "seconds": lambda entry: (entry.seconds is None, -(entry.seconds or 0.0)),
    "model": lambda entry: entry.model,
    "state": lambda entry: STATES.index(entry.state) if entry.state in STATES else len(STATES),
}


def _order(sort: str) -> tuple[Callable[[Entry | Line], Any], bool]:
    name = sort.removeprefix("-").lower()
    if name not in ORDERS:
        raise InputError(f"jobs can't be sorted by {sort!r}", hint=nearest_of(name, ORDERS))
    return ORDERS[name], sort.startswith("-")


def moment(since: Since, now: float | None = None) -> float:
    """Return the time to look back to, in seconds since 1970.

    Parameters
    ----------
    since : str, date, datetime or timedelta
        Without a time zone it is the user's own.
    now : float, optional
        Seconds since 1970; default: the clock's.

    Raises
    ------
    InputError
        If it is no time.

    Examples
    --------
    >>> moment("2h", now=10_000.0)
    2800.0
    """
    clock = datetime.now().timestamp() if now is None else now
    if isinstance(since, timedelta):
        return clock - since.total_seconds()
    if isinstance(since, datetime):
        return since.timestamp()
    if isinstance(since, date):
        return datetime(since.year, since.month, since.day).timestamp()
    if not isinstance(since, str):
        raise InputError(f"{since!r} is no time", hint=_SINCE_HINT)
    word = since.strip().lower()
    if found := re.fullmatch(r"(\d{1,6}(?:\.\d+)?) *(min|[mhdw])", word):
        return clock - float(found[1]) * _UNITS[found[2]]
    if word in ("today", "yesterday"):
        day = datetime.fromtimestamp(clock).date() - timedelta(days=word == "yesterday")
        return moment(day)
    try:
        return datetime.fromisoformat(since.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise InputError(f"{since!r} is no time", hint=_SINCE_HINT) from None


# -- what they cost ------------------------------------------------------------------------


@dataclass
class Sum:
    """What some jobs cost together.

    Attributes
    ----------
    key : str
        The day, month, model or notebook.
    jobs : int
        How many are billed, or will be.
    amounts : dict of str to Decimal
        By currency: as billed where the service said it, else as expected.
    unknown : int
        How many of them have a price that nobody knows.
    """

    key: str
    jobs: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    unknown: int = 0

    def add(self, other: Sum) -> None:
        """Take another sum in."""
        self.jobs += other.jobs
        self.unknown += other.unknown
        for currency, amount in other.amounts.items():
            self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + amount


def sums(entries: Iterable[Entry | Bill], by: str = "day") -> list[Sum]:
    """Return what jobs cost, by day, month, model or notebook.

    Previews, and what failed or was cancelled, cost nothing and are not counted.

    Parameters
    ----------
    entries : iterable of Entry or Bill
        In any order.
    by : {"day", "month", "model", "notebook"}
        Days and months are the user's own, in their order; the others by name.

    Raises
    ------
    InputError
        For any other word.
    """
    if by not in GROUPS:
        raise InputError(f"costs can't be summed by {by!r}", hint=nearest_of(str(by), GROUPS))
    found: dict[str, Sum] = {}
    for entry in entries:
        amount = entry.spent
        if entry.is_preview or amount == 0:
            continue
        one = Sum("", 1, {} if amount is None else {entry.currency: amount}, int(amount is None))
        key = _key(entry, by)
        found.setdefault(key, Sum(key)).add(one)
    return [found[key] for key in sorted(found)]


def _key(entry: Entry | Bill, by: str) -> str:
    if by in ("day", "month"):
        day = datetime.fromtimestamp(entry.created).date().isoformat()
        return day if by == "day" else day[:7]
    return entry.model if by == "model" else entry.notebook


def total(rows: Sequence[Sum]) -> Sum:
    """Return the sum of sums."""
    whole = Sum("total")
    for row in rows:
        whole.add(row)
    return whole
