"""What a clip, a notebook, a day and a month may cost."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from wan_magic.errors import BudgetExceeded
from wan_magic.jobs.budget import check_budget, check_cost, period_starts
from wan_magic.settings.config import config_path
from wan_magic.settings.money import limits_of
from wan_magic.wan.estimate import Estimate


def costs(amount, currency="CNY"):
    return Estimate(Decimal(amount), currency, 5, Decimal(amount) / 5)


UNKNOWN_PRICE = Estimate(None, "", 5, None)
UNKNOWN_SECONDS = Estimate(None, "CNY", None, Decimal("0.6"))


def refusal(check, *args):
    with pytest.raises(BudgetExceeded) as caught:
        check(*args)
    return str(caught.value)


# -- one clip ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimate", "limit"),
    [
        (costs(5), "off"),
        (costs(5), "5 CNY"),
        (costs(5), "5"),
        (costs("0.75", "USD"), "2 CNY, 0.75 USD"),
        (costs(0), "0"),
        (UNKNOWN_PRICE, "off"),
        (UNKNOWN_SECONDS, "off"),
    ],
    ids=str,
)
def test_a_clip_within_the_limit(estimate, limit):
    check_cost(estimate, limits_of(limit))


def test_a_clip_over_the_limit():
    assert refusal(check_cost, costs(5), limits_of("2 CNY")) == (
        "this clip costs about 5.00 CNY, over your max_cost of 2.00 CNY\n"
        "→ a shorter or smaller clip costs less; --max-cost 5 allows it"
    )


def test_the_limit_is_in_the_currency_in_which_the_endpoint_bills():
    told = refusal(check_cost, costs("0.1875", "USD"), limits_of(0.1))
    assert "about 0.1875 USD, over your max_cost of 0.10 USD" in told
    assert "--max-cost 0.1875 allows it" in told


def test_a_clip_in_a_currency_for_which_nothing_is_said():
    assert refusal(check_cost, costs("0.5", "USD"), limits_of("2 CNY")) == (
        "this clip costs about 0.50 USD, and --max-cost 2.00 CNY says nothing of USD\n"
        "→ give a limit in USD, too; --max-cost off asks for no limit"
    )


def test_a_clip_whose_price_nobody_knows():
    told = refusal(check_cost, UNKNOWN_PRICE, limits_of("2 CNY"))
    assert "the price is unknown here, so it can't be kept under --max-cost 2.00 CNY" in told
    assert "[endpoints.NAME.prices]" in told
    assert "--max-cost off" in told


def test_a_clip_whose_length_nobody_knows():
    told = refusal(check_cost, UNKNOWN_SECONDS, limits_of("2 CNY, 1 USD"))
    assert "at 0.60 CNY a second, and how many are billed is not known before" in told
    assert "under --max-cost 2.00 CNY and 1.00 USD" in told
    assert "give --duration" in told


# -- all clips ---------------------------------------------------------------------------

DAY = {"day": limits_of("50 CNY")}


def spent(amount, period="day", currency="CNY"):
    return {period: {currency: Decimal(amount)}}


@pytest.mark.parametrize(
    ("estimate", "budgets", "used"),
    [
        (costs(5), {}, {}),
        (costs(5), {}, None),
        (UNKNOWN_PRICE, {"day": ()}, None),
        (costs(5), DAY, {}),
        (costs(5), DAY, spent(45)),
        (costs(5), DAY, spent(100, "month")),
        (costs(5), DAY, spent(100, currency="USD")),
        (costs(1, "USD"), {"day": limits_of("50 CNY, 7 USD")}, spent(50)),
    ],
    ids=str,
)
def test_a_clip_within_the_budget(estimate, budgets, used):
    check_budget(estimate, budgets, used)


def test_a_clip_for_which_the_day_has_not_enough_left():
    assert refusal(check_budget, costs(5), DAY, spent(48)) == (
        "the day's budget of 50.00 CNY is not enough: 48.00 CNY is spent or on its way,"
        " and this clip costs about 5.00 CNY\n"
        "→ --over-budget makes it all the same; day in [budget] of"
        f" {config_path(os.environ)} sets the limit"
    )


@pytest.mark.parametrize(
    ("period", "whose"), [("notebook", "this notebook's"), ("month", "the month's")]
)
def test_each_period_has_its_own(period, whose):
    budgets = {"notebook": limits_of(9), "day": limits_of(9), "month": limits_of(9)}
    told = refusal(check_budget, costs(5), budgets, spent(5, period))
    assert told.startswith(f"{whose} budget of 9.00 CNY")
    assert f"{period} in [budget]" in told


def test_a_clip_that_alone_is_more_than_the_budget():
    assert "is not enough: this clip alone costs about 60.00 CNY" in refusal(
        check_budget, costs(60), DAY, {}
    )


@pytest.mark.parametrize(
    ("estimate", "part"),
    [
        (UNKNOWN_PRICE, "the price is unknown here, so it can't be kept under the day's budget"),
        (UNKNOWN_SECONDS, "how many are billed is not known before"),
        (costs(1, "USD"), "the day's budget 50.00 CNY says nothing of USD"),
    ],
    ids=str,
)
def test_what_is_not_known_is_no(estimate, part):
    told = refusal(check_budget, estimate, DAY, {})
    assert part in told
    assert "--over-budget makes it all the same" in told


def test_a_budget_that_nobody_counts_is_none():
    told = refusal(check_budget, costs(5), DAY, None)
    assert "the ledger is off, so nobody knows what was spent" in told
    assert "WAN_MAGIC_LEDGER=on" in told


# -- days and months ------------------------------------------------------------------------


def test_a_day_and_a_month_begin_at_midnight():
    now = datetime(2026, 11, 23, 15, 30, 1, 5, tzinfo=UTC)
    starts = period_starts(now)
    assert starts["day"] == datetime(2026, 11, 23, tzinfo=UTC).timestamp()
    assert starts["month"] == datetime(2026, 11, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def berlin(monkeypatch):
    """The clocks of a place where they change at the end of October."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system's own clock can't be set here")
def test_they_are_the_users_own_also_when_the_clocks_change(berlin):
    starts = period_starts(datetime(2026, 10, 31, 12))
    assert starts["day"] == datetime(2026, 10, 30, 23, tzinfo=UTC).timestamp()
    assert starts["month"] == datetime(2026, 9, 30, 22, tzinfo=UTC).timestamp()
    changed = period_starts(datetime(2026, 10, 25, 12))["day"]
    assert changed == datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp()
    assert (
        period_starts(datetime(2026, 10, 26))["day"] - changed
        == timedelta(hours=25).total_seconds()
    )
