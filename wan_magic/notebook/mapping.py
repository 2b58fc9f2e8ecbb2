"""`wan_magic.map`: many clips from Python, from prompts or from the rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wan_magic.actions.keywords import check_own, divided, spelled_out
from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep


@spelled_out
def map(  # noqa: A001 - what it is: a function over many prompts
    rows: Any,
    *,
    count: int | None = None,
    yes: bool = False,
    progress: bool = True,
    on_done: Callable[[Job], object] | None = None,
    fresh: bool = False,
    **options: Any,
) -> Sweep:
    """Submit many requests and return at once; run it again, and nothing is paid twice.

    All are checked, priced and written down before the first is sent: one that can't be made
    stops all of them.

    Parameters
    ----------
    rows : str, list of str, list of dict, or DataFrame
        Prompts; or options for each clip by name, the prompt as ``"prompt"``: the columns of a
        DataFrame, whose empty fields are left out.
    count : int, optional
        So many clips of each; their seeds count up from the first.
    yes : bool, default False
        Make more than 100 clips at once.
    progress : bool, default True
        Whether a line shows how far they are: a bar in a notebook; on a terminal while
        ``result()`` waits.
    on_done : callable, optional
        Called once with each job when it has ended, well or not, on a thread of its own.
    fresh : bool, default False
        Pay for new clips although equal requests have some.
    **options
        As for `submit`, for all rows: `max_cost` is for each clip, `max_total` for all of them
        (``"20 CNY"``). A list in place of a value of the request makes a clip of each of its
        members, and of each combination: ``seed=[1, 2], resolution=["480P", "720P"]``; only the
        members of `ref` go into one clip.

    Returns
    -------
    Sweep
        A sequence of jobs; ``result()`` waits for all their clips.

    Raises
    ------
    InputError, SettingsError, BudgetExceeded, LedgerError
        Before anything is sent.

    Examples
    --------
    >>> clips = wan_magic.map(["a cat", "a dog"], seed=[1, 2])  # doctest: +SKIP
    >>> [clip.path.name for clip in clips.result()]  # doctest: +SKIP
    """
    from wan_magic.actions import api
    from wan_magic.actions.planning import MOST, plan
    from wan_magic.actions.sweeping import begin
    from wan_magic.jobs.done import check_callable, when_done

    check_callable(on_done)
    settings, asked = divided(options, map)
    planned = plan(
        [{**asked, **row} for row in rows_of(rows)],
        count=count,
        most=None if yes else MOST,
        region=api.region_of(settings),
    )
    sweep = begin(planned, settings, fresh=fresh)
    if on_done:
        for job in sweep.jobs:
            when_done(job, on_done)
    if progress:
        from wan_magic.notebook.total import show_total

        show_total(sweep)
    return sweep


def rows_of(rows: Any) -> list[dict[str, Any]]:
    """Return the options of each row.

    Raises
    ------
    InputError
        If it is nothing of that kind.

    Examples
    --------
    >>> rows_of(["waves", {"prompt": "rain", "seed": 7}])
    [{'prompt': 'waves'}, {'prompt': 'rain', 'seed': 7}]
    """
    if isinstance(rows, str | Mapping):
        rows = [rows]
    elif hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        rows = rows.to_dict("records")
    if not isinstance(rows, Iterable):
        raise InputError(
            f"{type(rows).__name__} holds no prompts", hint='such as map(["a cat", "a dog"])'
        )
    return [_row(number, row) for number, row in enumerate(rows, 1)]


def _row(number: int, row: Any) -> dict[str, Any]:
    if isinstance(row, str):
        return {"prompt": row}
    if not isinstance(row, Mapping):
        raise InputError(
            f"row {number} is {type(row).__name__}, and no prompt",
            hint='a row is a text, or options by name: {"prompt": "a cat", "seed": 7}',
        )
    check_own(row, "row", number)
    return {str(name): _plain(value) for name, value in row.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    """Whether a field of a table holds nothing: None, NaN and NaT, or pandas' NA."""
    if value is None:
        return True
    equal = value == value  # of NaN and NaT it is False
    try:
        return not equal
    except (TypeError, ValueError):  # an array's are many; that of NA is NA again
        return equal is value


def _plain(value: Any) -> Any:
    """Return Python's own number for one of a table; 5.0 is 5: a column with gaps has floats."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # one, and no array
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value
