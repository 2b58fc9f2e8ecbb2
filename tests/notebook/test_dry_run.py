"""What a dry run says of money: the price, whose it is, and whether limits allow it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wan_magic.notebook.dry_run import print_dry_run
from wan_magic.settings import Settings
from wan_magic.settings.config import EndpointTable
from wan_magic.settings.money import limits_of
from wan_magic.wan.request import VideoRequest

REQUEST = VideoRequest(model="wan2.7-t2v", prompt="waves", resolution="720P", duration=5)
PRICE = "3.00 CNY (5 s × 0.60 CNY, price list of 2026-04)"
GATEWAY = EndpointTable(
    base="https://g.example/api/v1", currency="USD", prices={"wan2.7-t2v": Decimal("0.05")}
)


@pytest.fixture
def said(capsys):
    """Run dry; the lines after the body."""

    def run(spent=None, **settings):
        given = {"endpoint": "beijing", "api_key": "sk-x", "endpoints": {"g": GATEWAY}} | settings
        print_dry_run(REQUEST, Settings(**given), (), spent)
        lines = capsys.readouterr().out.splitlines()
        assert lines.pop() == "dry run: nothing was sent"
        return lines[lines.index("}") + 1 :]

    return run


def test_without_limits_there_is_the_price_alone(said):
    assert said() == [f"estimated cost: {PRICE}"]


def test_a_price_of_the_config_file_says_so(said):
    assert said(endpoint="g") == [
        "estimated cost: 0.25 USD (5 s × 0.05 USD, price in your config file)"
    ]


def test_a_clip_within_the_limit(said):
    assert said(max_cost=limits_of("3 CNY, 1 USD"))[1:] == [
        "within --max-cost 3.00 CNY and 1.00 USD"
    ]


def test_a_clip_over_the_limit_is_told_and_not_refused(said):
    assert said(max_cost=limits_of("2 CNY"))[1:] == [
        "would be refused: this clip costs about 3.00 CNY, over your max_cost of 2.00 CNY",
        "→ a shorter or smaller clip costs less; --max-cost 3 allows it",
    ]


def test_a_budget_is_named_and_checked_later(said):
    budgets = {"day": limits_of("50 CNY"), "month": limits_of("500 CNY, 70 USD")}
    assert said(budgets=budgets)[1:] == [
        "the budget (day 50.00 CNY, month 500.00 CNY and 70.00 USD) is checked when it is submitted"
    ]


def test_a_budget_with_what_was_spent(said):
    budgets = {"day": limits_of("50 CNY")}
    assert said({"day": {"CNY": Decimal(47)}}, budgets=budgets)[1:] == [
        "the budget (day 50.00 CNY) allows it"
    ]
    refused = said({"day": {"CNY": Decimal(48)}}, budgets=budgets)[1]
    assert refused.startswith("would be refused: the day's budget of 50.00 CNY is not enough")


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"budgets": {"day": limits_of("2 CNY")}}, "this clip alone costs about 3.00 CNY"),
        ({"budgets": {"day": limits_of("2 USD")}}, "says nothing of CNY"),
        ({"budgets": {"day": limits_of(50)}, "ledger": False}, "the ledger is off"),
    ],
    ids=str,
)
def test_what_no_ledger_needs_to_tell_is_told_at_once(said, settings, part):
    assert part in said(**settings)[1]


def test_a_preview_has_no_limits(said):
    lines = said(endpoint="local", max_cost=limits_of(0), budgets={"day": limits_of(0)})
    assert lines == [f"estimated cost: free on local; the hosted API: {PRICE}"]
