"""A cell that makes several clips: its lists, its plan, its grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.actions.planning import MOST, Planned, is_many, plan
from wan_magic.actions.sweeping import begin
from wan_magic.notebook.views import follow_sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wan_magic.jobs.sweep import Sweep
    from wan_magic.settings import Settings


def fresh_note(settings: Settings, clips: str) -> str:
    """Return what ``--fresh`` means for a cell that makes `clips`: these are its words."""
    from wan_magic.wan.endpoints import choose

    endpoint = choose(settings)
    is_free = endpoint is None or endpoint.is_local
    makes = "makes" if is_free else "makes, and bills,"
    return f"--fresh: every run of this cell {makes} {clips}"


def is_sweep(prompts: Sequence[str], options: Mapping[str, Any]) -> bool:
    """Whether a cell asks for several clips, or for a number of them."""
    several = any(is_many(name, value) for name, value in options.items())
    return several or len(prompts) > 1 or options.get("count") is not None


def planned(
    prompts: Sequence[str], options: dict[str, Any], settings: Settings
) -> tuple[Planned, ...]:
    """Return what a cell asks for.

    Raises
    ------
    InputError
        If any of it can't be made.
    """
    from wan_magic.actions import api

    count, most = options.pop("count", None), None if options.pop("yes", False) else MOST
    rows = [{"prompt": prompt, **options} for prompt in prompts]
    return plan(rows, count=count, most=most, region=api.region_of(settings))


def run(
    shell: Any,
    made: Sequence[Planned],
    settings: Settings,
    *,
    name: str | None,
    bind: Callable[[Sweep], None],
    fresh: bool,
    cell: str,
    wait: bool,
    notify: bool | None,
    repeats: bool,
) -> None:
    """Start a sweep and show it; the first of its notes says that it is made anew, if it is.

    Parameters
    ----------
    repeats : bool
        Whether running the cell again asks for the same clips.
    others
        As the options of the line.
    """

    def bound(sweep: Sweep) -> None:
        sweep.name = name or sweep.name
        bind(sweep)

    if fresh:
        note = fresh_note(settings, "other clips")
        made = [Planned(one.request, (note, *one.notes), one.differs) for one in made]
    sweep = begin(made, settings, fresh=fresh, cell=cell, bind=bound)
    follow_sweep(shell, sweep, wait=wait, notify=notify, in_cell=repeats and not fresh)
