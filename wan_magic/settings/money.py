"""Amounts of money, and limits for them: ``"2 CNY"``, ``["2 CNY", "0.3 USD"]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

CURRENCIES = ("CNY", "USD")
"""The service bills in these."""

AMOUNT_HINT = 'such as "2 CNY", or 2 in the currency of the endpoint; "off" for no limit'

_AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]+)?) *([A-Za-z]*)")


@dataclass(frozen=True)
class Money:
    """An amount of money.

    Attributes
    ----------
    amount : Decimal
        Not below 0.
    currency : str
        ``"CNY"`` or ``"USD"``; empty for the one in which the endpoint bills.

    Examples
    --------
    >>> str(money_of("1.5 cny"))
    '1.50 CNY'
    """

    amount: Decimal
    currency: str = ""

    def __str__(self) -> str:
        return money(self.amount, self.currency)


Limits = tuple[Money, ...]
"""At most one amount for each currency; empty for no limit."""


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with two decimals, or more where it has more: 1.50 CNY, 0.1875 USD."""
    text = f"{amount:.2f}" if amount == round(amount, 2) else f"{amount:f}"
    return f"{text} {currency}".rstrip()


def money_of(value: object) -> Money:
    """Read an amount of money.

    Parameters
    ----------
    value : str, number or Money
        ``"2 CNY"``; a plain number means the currency in which the endpoint bills.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, Money):
        return value
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    text = f"{Decimal(str(value)):f}" if is_number else str(value).strip()
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2].upper() not in ("", *CURRENCIES):
        raise ValueError("is no amount of money")
    return Money(Decimal(found[1]), found[2].upper())


def limits_of(value: object) -> Limits:
    """Read a limit, which may be an amount for each currency.

    Parameters
    ----------
    value : str, number, Money, or a list of them
        A text may hold several with commas between; ``"off"`` means no limit.

    Raises
    ------
    ValueError
        If there is another thing among them, or a currency twice.

    Examples
    --------
    >>> [str(one) for one in limits_of("2 CNY, 0.3 USD")]
    ['2.00 CNY', '0.30 USD']
    """
    if isinstance(value, str):
        if value.strip().lower() == "off":
            return ()
        value = value.split(",")
    limits = tuple(map(money_of, value if isinstance(value, list | tuple) else [value]))
    currencies = [limit.currency for limit in limits]
    if len(limits) > 1 and "" in currencies:
        # Also what 1,000 would else be read as.
        raise ValueError("names several amounts, and not the currency of each")
    if len(set(currencies)) < len(currencies):
        raise ValueError("names a currency twice")
    return limits


def limit_in(limits: Limits, currency: str) -> Money | None:
    """Return the limit for what is billed in a currency, or None where none is set."""
    for limit in limits:
        if limit.currency in ("", currency):
            return Money(limit.amount, currency)
    return None


def lower(limits: Limits, others: Limits) -> Limits:
    """Return limits that keep both: of each currency the lower one.

    Examples
    --------
    >>> [str(one) for one in lower(limits_of("2 CNY, 1 USD"), limits_of("3 CNY"))]
    ['2.00 CNY', '1.00 USD']
    """
    if not limits or not others:
        return limits or others
    kept: dict[str, Money] = {}
    for one in (*limits, *others):
        known = kept.get(one.currency)
        kept[one.currency] = one if known is None else min(one, known, key=lambda m: m.amount)
    # A plain number holds in any currency: beside others it would be found first.
    plain = kept.pop("", None)
    if plain and kept:
        return tuple(
            Money(min(plain.amount, kept[name].amount) if name in kept else plain.amount, name)
            for name in CURRENCIES
        )
    return (plain,) if plain else tuple(kept.values())
