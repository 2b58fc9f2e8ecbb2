"""What the clips of a sweep may cost together, asked before the first is sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from wan_magic.errors import SettingsError
from wan_magic.jobs.budget import check_budget, check_cost, check_total, period_starts, total_of
from wan_magic.jobs.intake import RANDOM_SEED
from wan_magic.jobs.job import State
from wan_magic.jobs.past import file_of, may_bring_a_clip
from wan_magic.money import AMOUNT_HINT, limits_of
from wan_magic.output.place import notebook
from wan_magic.wan.account import place_of
from wan_magic.wan.estimate import PriceList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wan_magic.jobs.ledger import Ledger
    from wan_magic.money import Limits
    from wan_magic.settings import Settings
    from wan_magic.sweep import Planned
    from wan_magic.wan.endpoints import Endpoint


def limits_for(max_total: object) -> Limits:
    """Read what all clips may cost.

    Raises
    ------
    SettingsError
        If it is no amount of money.
    """
    if max_total is None:
        return ()
    try:
        return limits_of(max_total)
    except ValueError as exc:
        raise SettingsError(f"max_total = {max_total!r} {exc}", hint=AMOUNT_HINT) from None


def to_be_paid(
    plan: Sequence[Planned], endpoint: Endpoint, ledger: Ledger | None, folder: Path, *, fresh: bool
) -> list[Planned]:
    """Return those that neither have a clip nor may still bring one."""
    if ledger is None or fresh:
        return list(plan)
    place = place_of(endpoint)
    new = []
    for one in plan:
        twins = ledger.twins(one.request.fingerprint(), place)
        if one.request.seed == RANDOM_SEED or not any(
            (twin.state == State.DONE and file_of(twin, [folder])) or may_bring_a_clip(twin, ledger)
            for twin in twins
        ):
            new.append(one)
    return new


def check(
    plan: Sequence[Planned],
    endpoint: Endpoint,
    settings: Settings,
    ledger: Ledger | None,
    folder: Path,
    *,
    max_total: Limits = (),
    fresh: bool = False,
) -> None:
    """Check what all of them may cost, without what is there or on its way.

    Raises
    ------
    BudgetExceeded
        If one costs more than ``max_cost``, all cost more than `max_total` or than what is
        left of a budget; or if nobody knows.
    """
    if endpoint.is_local:
        return
    new = to_be_paid(plan, endpoint, ledger, folder, fresh=fresh)
    estimates = [one.request.estimate(PriceList.of(endpoint)) for one in new]
    for one in estimates:
        check_cost(one, settings.max_cost)
    if not estimates:
        return
    total = total_of(estimates)
    check_total(total, max_total, len(estimates))
    spent = None
    if settings.budgets and ledger is not None:
        starts = period_starts(datetime.fromtimestamp(ledger.clock()))
        with ledger.transaction() as connection:
            spent = ledger.spent(connection, starts, notebook())
    check_budget(total, settings.budgets, spent, len(estimates))
