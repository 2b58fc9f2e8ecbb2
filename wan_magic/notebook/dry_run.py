"""``--dry-run``: the exact request, its cost, and whether limits allow it, with nothing sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wan_magic.errors import BudgetExceeded
from wan_magic.jobs.budget import check_budget, check_cost
from wan_magic.wan.endpoints import LOCAL, choose
from wan_magic.wan.estimate import PriceList

if TYPE_CHECKING:
    from wan_magic.jobs.budget import Spent
    from wan_magic.settings import Settings
    from wan_magic.wan.estimate import Estimate
    from wan_magic.wan.request import VideoRequest


def print_dry_run(
    request: VideoRequest,
    settings: Settings,
    notes: tuple[str, ...],
    spent: Spent | None = None,
) -> None:
    """Print where the request would go, its JSON body (base64 shortened), and its cost.

    With `spent` it is also said whether the budgets would allow it.
    """
    endpoint = choose(settings)
    base = endpoint.base_url if endpoint else "the embedded preview server"
    cost = request.estimate(PriceList.of(endpoint))
    money = f"{cost} ({cost.detail})"
    if endpoint is None:
        money = f"free on {LOCAL}; the hosted API: {money}"
    lines = [
        f"POST {base}{request.row.path}" if endpoint else f"POST to {base}",
        json.dumps(request.shown_body(), indent=2, ensure_ascii=False),
        f"estimated cost: {money}",
        *(_verdict(cost, settings, spent) if endpoint else ()),
        *(f"note: {note}" for note in notes),
        "dry run: nothing was sent",
    ]
    print("\n".join(lines))  # noqa: T201 - a magic speaks through the cell's output


def _verdict(cost: Estimate, settings: Settings, spent: Spent | None) -> list[str]:
    """Return what the limits say to it, one line for each."""
    try:
        check_cost(cost, settings.max_cost)
        # What one clip alone would break is known without the ledger.
        check_budget(cost, settings.budgets, (spent or {}) if settings.ledger else None)
    except BudgetExceeded as exc:
        return [f"would be refused: {exc.message}", f"→ {exc.hint}"]
    budgets = [
        f"{period} {' and '.join(map(str, limits))}"
        for period, limits in settings.budgets.items()
        if limits
    ]
    lines = [f"within --max-cost {' and '.join(map(str, settings.max_cost))}"]
    when = "is checked when it is submitted" if spent is None else "allows it"
    lines += [f"the budget ({', '.join(budgets)}) {when}"] if budgets else []
    return lines if settings.max_cost else lines[1:]
