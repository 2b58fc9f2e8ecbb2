"""The jobs of all notebooks: their list, a single one, and what they cost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from wan_magic.actions.lookup import found, ledger_of
from wan_magic.settings import from_environment

if TYPE_CHECKING:
    from wan_magic.actions.lookup import Named
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.history import Since
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.output.costs import CostTable
    from wan_magic.output.history import JobTable
    from wan_magic.settings import Settings


def list_jobs(
    query: str = "",
    *,
    state: str | None = None,
    model: str | None = None,
    notebook: str | None = None,
    since: Since | None = None,
    sort: str = "created",
    limit: int | None = None,
) -> JobTable:
    """Return the jobs of all notebooks, newest first.

    Parameters
    ----------
    query : str, default ""
        Words that must all be found in the prompt, the job's or task's id, the model, the
        notebook or the file's name.
    state : str, optional
        queued, running, done, failed, cancelled...; ``"open"`` for all that may still have
        something to fetch.
    model, notebook : str, optional
        A part of the name.
    since : str, date, datetime or timedelta, optional
        ``"7d"``, ``"12h"``, ``"today"``, ``"2026-11-01"``.
    sort : {"created", "cost", "seconds", "model", "state"}
        The newest, dearest or longest first; a ``"-"`` before it turns it round.
    limit : int, optional
        At most so many.

    Raises
    ------
    InputError, LedgerError
        If one of these is not what it can be; if the ledger can't be read.

    Examples
    --------
    >>> wan_magic.list_jobs("cat", state="done", since="7d").to_csv("cats.csv")  # doctest: +SKIP
    """
    from wan_magic.jobs.history import choose, narrowed
    from wan_magic.output.history import JobTable, Listed

    ledger = ledger_of(from_environment())
    chosen: dict[str, Any] = {
        "state": state,
        "model": model,
        "notebook": notebook,
        "since": since,
        "sort": sort,
        "limit": limit,
    }
    narrow = narrowed(query, **chosen)
    if ledger is None:
        return JobTable([])
    # First: what surely brings nothing any more is closed on the way, and is then listed so.
    left, lost = ({entry.id for entry in some} for some in ledger.unwatched())
    lines = choose(ledger.lines(**narrow), query, **chosen)
    return JobTable(
        Listed(lines, ledger.entries_of),
        left=left,
        lost=lost,
        is_filtered=len(lines) < ledger.count(),
    )


def entry(id: Named) -> Entry:  # noqa: A002 - what it is
    """Return what the ledger knows of a job, without going on with it.

    Raises
    ------
    InputError
        If there is no such job, or several.
    """
    return found(id, from_environment())[0]


def cost(by: str = "day", since: Since | None = None) -> CostTable:
    """Return what the jobs of all notebooks cost.

    Parameters
    ----------
    by : {"day", "month", "model", "notebook"}
        What to sum by.
    since : str, date, datetime or timedelta, optional
        ``"30d"``, ``"2026-11-01"``.

    Raises
    ------
    InputError, LedgerError
        If one of these is not what it can be; if the ledger can't be read.

    Examples
    --------
    >>> wan_magic.cost("model", since="30d")  # doctest: +SKIP
    """
    return cost_with(from_environment(), by, since)


def cost_with(settings: Settings, by: str = "day", since: Since | None = None) -> CostTable:
    """Return what jobs cost, and what these settings leave of their budgets; see `cost`."""
    from wan_magic.jobs.history import moment, sums, total
    from wan_magic.output.costs import CostTable

    ledger = ledger_of(settings)
    start = 0.0 if since is None else moment(since)
    if ledger:
        ledger.open_entries()  # what was never sent is closed
    rows = sums(ledger.bills(start) if ledger else [], by)
    return CostTable(rows, by, total(rows), _left(settings, ledger))


def _left(settings: Settings, ledger: Ledger | None) -> tuple[str, ...]:
    """Return what is left of each budget, in words."""
    from wan_magic.jobs.budget import left_of, period_starts
    from wan_magic.output.place import notebook

    if not any(settings.budgets.values()):
        return ()
    if not settings.ledger:
        return ("the ledger is off: budgets can't be kept, and nothing is sent within them",)
    spent = {}
    if ledger:
        starts = period_starts(datetime.fromtimestamp(ledger.clock()))
        with ledger.transaction() as connection:
            spent = ledger.spent(connection, starts, notebook())
    return tuple(left_of(settings.budgets, spent))
