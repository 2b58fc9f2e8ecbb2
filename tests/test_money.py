"""Amounts of money as people write them, and limits in more than one currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wan_magic.settings.money import Money, limit_in, limits_of, money, money_of

CNY2, USD03 = Money(Decimal(2), "CNY"), Money(Decimal("0.3"), "USD")


@pytest.mark.parametrize("value", ["2 CNY", "2CNY", " 2.00  cny ", CNY2])
def test_an_amount_and_its_currency(value):
    assert money_of(value) == CNY2


@pytest.mark.parametrize("value", ["2", 2, 2.0, Decimal("2.00")])
def test_a_plain_number_is_in_the_currency_in_which_the_endpoint_bills(value):
    assert money_of(value) == Money(Decimal(2), "")


def test_fractions_stay_exact():
    assert money_of(0.1).amount == Decimal("0.1")
    assert money_of("0.1875 USD").amount == Decimal("0.1875")
    assert money_of(1e-7).amount == Decimal("0.0000001")


def test_nothing_may_be_spent():
    assert money_of("0").amount == 0


@pytest.mark.parametrize(
    "value",
    [
        *("", "CNY", "two", "-2 CNY", "+2", "2 EUR", "2 CNY a day", "¥2", "1e3", ".5", "2.", "٢"),
        *("inf", "nan", -1, float("nan"), float("inf"), Decimal("sNaN"), True, None, b"2", 10**12),
    ],
    ids=repr,
)
def test_what_is_no_amount(value):
    with pytest.raises(ValueError, match="is no amount of money"):
        money_of(value)


@pytest.mark.parametrize(
    "value", ["2 CNY, 0.3 USD", ["2 CNY", "0.3 USD"], ("2 CNY", USD03), (CNY2, USD03)]
)
def test_a_limit_for_each_currency(value):
    assert limits_of(value) == (CNY2, USD03)


@pytest.mark.parametrize("value", ["2 CNY", CNY2, ["2 CNY"]])
def test_a_limit_in_one_currency(value):
    assert limits_of(value) == (CNY2,)


@pytest.mark.parametrize("value", ["off", " OFF ", (), []])
def test_no_limit(value):
    assert limits_of(value) == ()


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("2 CNY, 3 CNY", "names a currency twice"),
        ("1,000 CNY", "not the currency of each"),
        ("2, 3 USD", "not the currency of each"),
        ("2 CNY,", "is no amount"),
        ("2 CNY, off", "is no amount"),
        (["2 CNY", ["3 USD"]], "is no amount"),
        ({}, "is no amount"),
    ],
    ids=repr,
)
def test_what_is_no_limit(value, part):
    with pytest.raises(ValueError, match=part):
        limits_of(value)


def test_the_limit_for_a_currency():
    assert limit_in((CNY2, USD03), "USD") == USD03
    assert limit_in((CNY2,), "USD") is None
    assert limit_in((), "CNY") is None
    assert limit_in(limits_of(3), "USD") == Money(Decimal(3), "USD")


def test_how_it_is_written():
    assert list(map(str, (CNY2, USD03, money_of(5)))) == ["2.00 CNY", "0.30 USD", "5.00"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("5", "5.00 CNY"),
        ("1.5", "1.50 CNY"),
        ("0.72", "0.72 CNY"),
        ("0.1875", "0.1875 CNY"),
        ("1234.5", "1234.50 CNY"),
        ("0", "0.00 CNY"),
    ],
)
def test_money_has_two_decimals_or_as_many_as_it_needs(amount, text):
    assert money(Decimal(amount), "CNY") == text
