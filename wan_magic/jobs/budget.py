"""Whether a clip may cost what it is expected to cost.

Everything is asked before the paid call, and everything that is not known is a no: a limit that
can't be kept is none. Previews cost nothing and are not asked about.
"""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from wan_magic.errors import BudgetExceeded
from wan_magic.preferences import PERIODS
from wan_magic.settings.config import config_path
from wan_magic.settings.money import Money, limit_in, money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from wan_magic.settings.money import Limits
    from wan_magic.wan.estimate import Estimate

Spent = dict[str, dict[str, Decimal]]
"""What was spent in each period, in each currency; jobs that still run count as expected."""

_WHOSE = {"notebook": "this notebook's", "day": "the day's", "month": "the month's"}
_NO_LIMIT = "--max-cost off asks for no limit"
_NO_TOTAL = "--max-total off asks for no limit"
_NO_BUDGET = "--over-budget makes it all the same"


def total_of(estimates: Sequence[Estimate]) -> Estimate:
    """Return what several clips cost together; where one is unknown, the sum is, too.

    Parameters
    ----------
    estimates : sequence of Estimate
        At least one; of one endpoint, so that all are of one currency.
    """
    for one in estimates:
        if one.amount is None:
            return one
    amount = sum((one.amount or Decimal(0) for one in estimates), Decimal(0))
    seconds = sum(one.seconds or 0.0 for one in estimates)
    return replace(estimates[0], amount=amount, seconds=seconds)


def check_total(total: Estimate, max_total: Limits, clips: int) -> None:
    """Check what clips may cost together that are asked for at once.

    Raises
    ------
    BudgetExceeded
        If they cost more than `max_total`, or nobody knows.
    """
    if not max_total:
        return
    amount, limit = _compared(total, max_total, "--max-total", way_out=_NO_TOTAL)
    if amount > limit.amount:
        all_of_them = f"{_said(clips, alone=clips == 1)} about {total}{' in all' * (clips > 1)}"
        raise BudgetExceeded(
            f"{all_of_them}, over your max_total of {limit}",
            hint=f"fewer or shorter clips cost less; --max-total {_plain(amount)} allows it",
        )


def check_cost(estimate: Estimate, max_cost: Limits, max_total: Limits = ()) -> None:
    """Check what one clip may cost, also where it is all that is asked for.

    Raises
    ------
    BudgetExceeded
        If it costs more than `max_cost` or `max_total`, or nobody knows.
    """
    if max_cost:
        amount, limit = _compared(estimate, max_cost, "--max-cost", way_out=_NO_LIMIT)
        if amount > limit.amount:
            raise BudgetExceeded(
                f"this clip costs about {estimate}, over your max_cost of {limit}",
                hint=f"a shorter or smaller clip costs less; --max-cost {_plain(amount)} allows it",
            )
    check_total(estimate, max_total, 1)


def check_budget(
    estimate: Estimate,
    budgets: Mapping[str, Limits],
    spent: Mapping[str, Mapping[str, Decimal]] | None,
    clips: int = 1,
) -> None:
    """Check what all clips of a notebook, a day and a month may cost.

    Parameters
    ----------
    estimate : Estimate
        Of the next clip, or of the next clips together.
    budgets : mapping
        The limits by period.
    spent : mapping or None
        What was spent, by period and currency, running jobs included; None where nobody
        writes it down.
    clips : int, default 1
        How many the estimate is of.

    Raises
    ------
    BudgetExceeded
        If it costs more than is left, or nobody knows.
    """
    for period in PERIODS:
        limits = budgets.get(period)
        if not limits:
            continue
        whose = f"{_WHOSE[period]} budget"
        if spent is None:
            raise BudgetExceeded(
                f"{whose} can't be kept: the ledger is off, so nobody knows what was spent",
                hint=f"turn the ledger on (WAN_MAGIC_LEDGER=on), or {_NO_BUDGET}",
            )
        amount, limit = _compared(estimate, limits, whose, way_out=_NO_BUDGET)
        used = spent.get(period, {}).get(estimate.currency, Decimal(0))
        if used + amount > limit.amount:
            so_far = f"{Money(used, estimate.currency)} is spent or on its way, and"
            raise BudgetExceeded(
                f"{whose} of {limit} is not enough:"
                f" {f'{so_far} ' if used else ''}{_said(clips, alone=not used)} about {estimate}",
                hint=f"{_NO_BUDGET}; {period} in [budget] of {config_path(os.environ)}"
                " sets the limit",
            )


def left_of(budgets: Mapping[str, Limits], spent: Mapping[str, Mapping[str, Decimal]]) -> list[str]:
    """Return what is left of each budget, in words.

    Parameters
    ----------
    budgets, spent : mapping
        As for `check_budget`.

    Examples
    --------
    >>> from wan_magic.settings.money import limits_of
    >>> left_of({"day": limits_of("50 CNY")}, {"day": {"CNY": Decimal(12)}})
    ["the day's budget: 38.00 of 50.00 CNY left"]
    """
    said = []
    for period in PERIODS:
        used = spent.get(period, {})
        for limit in budgets.get(period, ()):
            # A limit without a currency holds in each in which something is billed.
            currencies = [limit.currency] if limit.currency else sorted(filter(None, used)) or [""]
            for currency in currencies:
                left = limit.amount - used.get(currency, Decimal(0))
                whole = Money(limit.amount, currency)
                words = f"{money(left, '')} of {whole} left"
                if left < 0:
                    words = f"used up, {money(-left, currency)} over {whole}"
                said.append(f"{_WHOSE[period]} budget: {words}")
    return said


def _compared(
    estimate: Estimate, limits: Limits, what: str, *, way_out: str
) -> tuple[Decimal, Money]:
    """Return the amount and its limit, both in the currency in which it is billed."""
    said = f"{what} {' and '.join(map(str, limits))}"
    if estimate.per_second is None:
        raise BudgetExceeded(
            f"the price is unknown here, so it can't be kept under {said}",
            hint=f"name it in [endpoints.NAME.prices] of the config file; {way_out}",
        )
    if estimate.amount is None:
        raise BudgetExceeded(
            f"at {estimate}, and how many are billed is not known before, it can't be kept"
            f" under {said}",
            hint=f"give --duration, or a local file in place of an address; {way_out}",
        )
    limit = limit_in(limits, estimate.currency)
    if limit is None:
        raise BudgetExceeded(
            f"this clip costs about {estimate}, and {said} says nothing of {estimate.currency}",
            hint=f"give a limit in {estimate.currency}, too; {way_out}",
        )
    return estimate.amount, limit


def _said(clips: int, *, alone: bool = False) -> str:
    if clips == 1:
        return "this clip alone costs" if alone else "this clip costs"
    return f"these {clips} clips{' alone' if alone else ''} cost"


def _plain(amount: Decimal) -> str:
    return f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"


def period_starts(now: datetime) -> dict[str, float]:
    """Return when the day and the month began, in seconds since 1970.

    Parameters
    ----------
    now : datetime
        Without a time zone it is the user's own.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> period_starts(datetime(1970, 1, 2, 12, tzinfo=timezone.utc))
    {'day': 86400.0, 'month': 0.0}
    """
    day = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return {"day": day.timestamp(), "month": day.replace(day=1).timestamp()}
