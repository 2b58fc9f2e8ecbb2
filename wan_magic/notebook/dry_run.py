"""``--dry-run``: the exact request, its cost, and whether limits allow it, with nothing sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wan_magic.errors import BudgetExceeded
from wan_magic.jobs.budget import check_budget, check_cost, total_of
from wan_magic.wan.endpoints import LOCAL, choose
from wan_magic.wan.estimate import PriceList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.actions.planning import Planned
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
        check_cost(cost, settings.max_cost, settings.max_total)
        # What one clip alone would break is known without the ledger.
        check_budget(cost, settings.budgets, (spent or {}) if settings.ledger else None)
    except BudgetExceeded as exc:
        return [f"would be refused: {exc.message}", f"→ {exc.hint}"]
    budgets = [
        f"{period} {' and '.join(map(str, limits))}"
        for period, limits in settings.budgets.items()
        if limits
    ]
    caps = {"--max-cost": settings.max_cost, "--max-total": settings.max_total}
    lines = [
        f"within {flag} {' and '.join(map(str, limits))}" for flag, limits in caps.items() if limits
    ]
    when = "is checked when it is submitted" if spent is None else "allows it"
    lines += [f"the budget ({', '.join(budgets)}) {when}"] if budgets else []
    return lines


def print_dry_sweep(plan: Sequence[Planned], settings: Settings) -> None:
    """Print what a sweep would make, each clip's cost and that of all; nothing is sent.

    What the library has already would cost nothing, and counts nothing here either.
    """
    from wan_magic.actions.places import ledger_for, writable
    from wan_magic.actions.sweeping import check, to_be_paid

    endpoint = choose(settings)
    prices = PriceList.of(endpoint)
    costs = [one.request.estimate(prices) for one in plan]
    rows = [
        f"{at}. {one.label or one.request.model}: {cost}"
        for at, (one, cost) in enumerate(zip(plan, costs, strict=True), 1)
    ]
    notes = dict.fromkeys(note for one in plan for note in one.notes)
    lines = [
        *rows,
        f"the first of them: {json.dumps(plan[0].request.shown_body(), ensure_ascii=False)}",
    ]
    if endpoint is None:
        lines.append(f"{len(plan)} clips, free on {LOCAL}; the hosted API: {total_of(costs)}")
    else:
        ledger, folder = ledger_for(settings, endpoint), writable(settings)
        new = to_be_paid(plan, endpoint, ledger, folder, fresh=False)
        total = total_of([one.request.estimate(prices) for one in new]) if new else "0.00"
        lines.append(f"{len(plan)} clips, {len(new)} of them new: {total} in all")
        try:
            check(plan, endpoint, settings, ledger, folder)
        except BudgetExceeded as exc:
            lines += [f"would be refused: {exc.message}", f"→ {exc.hint}"]
    lines += [*(f"note: {note}" for note in notes), "dry run: nothing was sent"]
    print("\n".join(lines))  # noqa: T201 - a magic speaks through the cell's output
