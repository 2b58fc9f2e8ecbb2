"""What a request is expected to cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_magic.wan import catalog

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True)
class Estimate:
    """What a request is expected to cost.

    Attributes
    ----------
    amount : Decimal or None
        In `currency`; None where the price or the length is not known.
    currency : str
        ``"CNY"`` or ``"USD"``.
    seconds : float or None
        Seconds of video that are billed; None where only the server will know.
    per_second : Decimal or None
        In `currency`.
    note : str
        What is uncertain about the price.
    as_of : str
        When the price was read from the price page.
    """

    amount: Decimal | None
    currency: str
    seconds: float | None
    per_second: Decimal | None
    note: str = ""
    as_of: str = catalog.PRICES_AS_OF

    def __str__(self) -> str:
        if self.amount is not None:
            return money(self.amount, self.currency)
        if self.per_second is not None:
            return f"{money(self.per_second, self.currency)} a second"
        return "price unknown"

    @property
    def detail(self) -> str:
        """The sum as it was made: ``"5 s × 0.30 CNY, price list of 2026-04"``."""
        if self.per_second is None:
            return "the price table has no row for this endpoint, model and resolution"
        source = self.note or f"price list of {self.as_of}"
        if self.seconds is None:
            return f"how many seconds are billed is not known before; {source}"
        return f"{self.seconds:g} s × {money(self.per_second, self.currency)}, {source}"


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with two decimals, or more where it has more: 1.50 CNY, 0.1875 USD."""
    return f"{amount:.2f} {currency}" if amount == round(amount, 2) else f"{amount:f} {currency}"
