"""What may be said of a run by name, wherever one begins: on a line, in Python, in a terminal.

Each has a row in `wan_magic.preferences`, but for what only one run can say; and a row in
`wan_magic.notebook.options`, which gives it a flag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import os
    from decimal import Decimal

    from wan_magic.settings.money import Limits, Money


class RunOptions(TypedDict, total=False):
    """The options of a run, with their types; None leaves one alone."""

    endpoint: str | None
    workspace: str | None
    out: str | os.PathLike[str] | None
    timeout: float | None
    max_cost: str | float | Decimal | Money | Limits | None
    max_total: str | float | Decimal | Money | Limits | None
    over_budget: bool | None
    preset: str | None
    embed: str | None
    player_width: int | None
    loop: bool | None


RUN_OPTIONS = tuple(RunOptions.__annotations__)
"""Their names."""


def split_off(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the run, taken out of others."""
    return {name: options.pop(name) for name in RUN_OPTIONS if name in options}
