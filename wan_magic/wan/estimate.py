"""What a request is expected to cost, and whose prices say so."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wan_magic.errors import SettingsError
from wan_magic.settings.money import money
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.settings.config_values import Price
    from wan_magic.wan.catalog import Model, Region
    from wan_magic.wan.endpoints import Endpoint


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
    source : str
        Where the price comes from, if not from the price page.
    """

    amount: Decimal | None
    currency: str
    seconds: float | None
    per_second: Decimal | None
    note: str = ""
    as_of: str = catalog.PRICES_AS_OF
    source: str = ""

    def __str__(self) -> str:
        if self.amount is not None:
            return money(self.amount, self.currency)
        if self.per_second is not None:
            return tr("{price} a second", price=money(self.per_second, self.currency))
        return tr("price unknown")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - IPython's protocol
        """As the value of a cell it reads as on a card: what it is, and how that was reckoned."""
        printer.text(f"{self} ({self.detail})")

    @property
    def detail(self) -> str:
        """The sum as it was made: ``"5 s × 0.30 CNY, price list of 2026-04"``."""
        if self.per_second is None:
            return tr("the price table has no row for this endpoint, model and resolution")
        source = tr_sentence(self.note or self.source)
        source = source or tr("price list of {date}", date=self.as_of)
        if self.seconds is None:
            return tr("how many seconds are billed is not known before; {source}", source=source)
        price = money(self.per_second, self.currency)
        seconds = f"{self.seconds:g}"
        return tr("{seconds} s × {price}, {source}", seconds=seconds, price=price, source=source)


@dataclass(frozen=True)
class PriceList:
    """What an endpoint asks for a second: the config file's prices, else its region's.

    Attributes
    ----------
    region : str or None
        Whose price list holds; None for a gateway without one.
    currency : str
        In which it bills; empty for that of its region.
    prices : dict
        The config file's, by model; or by model and resolution (or mode).

    Examples
    --------
    >>> PriceList("singapore").billed_in
    'USD'
    """

    region: Region | None = None
    currency: str = ""
    prices: Mapping[str, Price] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, endpoint: Endpoint | None) -> PriceList:
        """Return an endpoint's; for the preview, which is free, what Beijing would ask."""
        if endpoint is None or endpoint.is_local:
            return cls("beijing")
        return cls(endpoint.region, endpoint.currency, endpoint.prices)

    @property
    def billed_in(self) -> str:
        """The currency; empty where nobody knows."""
        return self.currency or _currency_of(self.region)

    def estimate(
        self, row: Model, tier: str, seconds: float | None, *, silent: bool = False
    ) -> Estimate:
        """Return what a clip costs.

        Parameters
        ----------
        row : Model
            That makes it.
        tier : str
            Resolution, or mode.
        seconds : float or None
            As billed; None where they are not known.
        silent : bool, default False
            Some models are cheaper without sound; the config file's prices are not.
        """
        own = self._own(row.name, tier)
        price = self._listed(row, tier, silent=silent) if own is None else own
        amount = None
        if price is not None and seconds is not None:
            amount = price * Decimal(f"{seconds:g}")
        return Estimate(
            amount=amount,
            currency=self.billed_in,
            seconds=seconds,
            per_second=price,
            note=row.price_note if own is None else "",
            source="" if own is None else "price in your config file",
        )

    def _own(self, model: str, tier: str) -> Decimal | None:
        price = self.prices.get(model)
        return price if isinstance(price, Decimal | None) else price.get(tier)

    def _listed(self, row: Model, tier: str, *, silent: bool) -> Decimal | None:
        if self.billed_in != _currency_of(self.region):
            return None  # the list's amounts are of another currency
        return row.price(self.region, tier, silent=silent)


def _currency_of(region: Region | None) -> str:
    return "" if region is None else "CNY" if region == "beijing" else "USD"


def check_prices(where: str, prices: Mapping[str, Price]) -> None:
    """Refuse names of models and resolutions that are slips of known ones.

    Unknown models are welcome: new ones come faster than releases of this package.

    Parameters
    ----------
    where : str
        Their place in the config file, for messages.
    prices : mapping
        By model; or by model and resolution (or mode).

    Raises
    ------
    SettingsError
        With the name that was meant.
    """
    for model, price in prices.items():
        if meant := _meant(model):
            raise SettingsError(f"{where} has a price for {model}, which is no model", hint=meant)
        row = catalog.MODELS.get(model)
        if row is None or isinstance(price, Decimal):
            continue
        tiers = row.values(row.priced_by)
        for tier in price:
            if tier not in tiers and (hint := catalog.nearest(tier, tiers)):
                raise SettingsError(
                    f'{where}."{model}" has a price for {tier}, which it does not make',
                    hint=f"{hint} ({', '.join(tiers)})",
                )


def _meant(name: str) -> str:
    """Return which known model an unknown name is a slip of, as a hint; or nothing."""
    if name in catalog.MODELS:
        return ""
    version = name.lower().removeprefix("wanx").removeprefix("wan")
    if version in catalog.versions():
        rows = [row.name for row in catalog.MODELS.values() if version in row.aliases]
        return f"{name} stands for several models: name each, such as {rows[0]}"
    # What differs in a number, or has more behind it, is a new model and no slip.
    same = [one for one in catalog.MODELS if _digits(one) == _digits(name)]
    if any(name.startswith(f"{one}-") for one in same):
        return ""
    begun = sorted(one for one in same if len(name) > 4 and one.startswith(name.lower()))
    close = begun or difflib.get_close_matches(name.lower(), same, n=1, cutoff=0.85)
    return f"did you mean {close[0]}?" if close else ""


def _digits(name: str) -> str:
    return re.sub(r"[^0-9.]", "", name.partition("-")[0])
