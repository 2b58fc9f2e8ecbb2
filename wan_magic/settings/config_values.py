"""Reading the values of the config file: each is checked, and a mistake is told with its place."""

from __future__ import annotations

import difflib
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wan_magic.errors import SettingsError
from wan_magic.settings.money import CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Price = Decimal | dict[str, Decimal]
"""Of one second: one for all clips of a model, or by resolution (or mode)."""

_SECRETS = re.compile(r"(api|access|secret)?[-_]?(key|token|secret|password)s?", re.IGNORECASE)
_PRICE_HINT = 'the price of one second, such as 0.3, or { "720P" = 0.5, "1080P" = 0.8 }'


def text(where: str, table: dict[str, Any], name: str) -> str | None:
    """Return a text without blanks around it; None where there is none."""
    value = table.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{place(where, name)} is not a text", hint=f'write {name} = "…"')
    return value.strip()


def rate(where: str, table: dict[str, Any], name: str) -> float | None:
    """Return a number above 0; None where there is none."""
    value = table.get(name)
    if value is None:
        return None
    if not _is_number(value) or not 0 < value < 1_000_000:
        raise SettingsError(
            f"{place(where, name)} = {said(value)} is not a number above 0",
            hint=f"such as {name} = 2; leave it out where it is not known",
        )
    return float(value)


def count(where: str, table: dict[str, Any], name: str) -> int | None:
    """Return a whole number above 0; None where there is none."""
    found = rate(where, table, name)
    if found is not None and found != int(found):
        raise SettingsError(
            f"{place(where, name)} = {said(table[name])} is not a whole number",
            hint=f"such as {name} = {int(found) or 1}",
        )
    return None if found is None else int(found)


def currency(where: str, table: dict[str, Any]) -> str:
    """Return a currency; empty where there is none."""
    found = (text(where, table, "currency") or "").upper()
    if found and found not in CURRENCIES:
        raise SettingsError(
            f"{where}.currency = {table['currency']!r} is no currency of the service",
            hint=" or ".join(f'"{one}"' for one in CURRENCIES),
        )
    return found


def prices(where: str, table: dict[str, Any]) -> dict[str, Price]:
    """Return the price of a second by model."""
    where = f"{where}.prices"
    found = table.get("prices", {})
    if not isinstance(found, dict):
        raise SettingsError(f"{where} is not a table", hint=f"write [{where}] above its lines")
    for model, price in found.items():
        # TOML reads wan2.6-i2v = 1 as a table wan2 with a line 6-i2v.
        for name in price if isinstance(price, dict) else ():
            if re.match(r"[0-9]+-", name):
                raise SettingsError(
                    f"{where}.{model}.{name} has no quotes around the model's name",
                    hint=f'write "{model}.{name}" = …',
                )
    return {model: _price(f'{where}."{model}"', price) for model, price in found.items()}


def _price(where: str, value: Any) -> Price:
    if isinstance(value, dict) and value:
        return {_tier(name): _amount(f"{where}.{name}", one) for name, one in value.items()}
    return _amount(where, value)


def _amount(where: str, value: Any) -> Decimal:
    if not _is_number(value) or not 0 <= value < 1_000_000:
        raise SettingsError(f"{where} = {said(value)} is no price", hint=_PRICE_HINT)
    return Decimal(value)


def _tier(name: str) -> str:
    return name.upper() if re.fullmatch(r"[0-9]+[pk]", name) else name


def _is_number(value: Any) -> bool:
    # No comparison with a NaN is allowed.
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def said(value: Any) -> str:
    """Return a value as it stands in the file, or nearly so."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(said, value))}]"
    return str(value) if isinstance(value, Decimal) else repr(value)


def place(where: str, name: str) -> str:
    """Return where a value stands."""
    return f"{where}.{name}".lstrip(".")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``"did you mean X?"`` for the closest name, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


_FEW = 12


def nearest_of(word: str, choices: Iterable[str], more: str = "") -> str:
    """Return the closest choice and all of them, if they are few; or that it has to be one.

    Examples
    --------
    >>> nearest_of("dun", ["day", "month"]), nearest_of("mont", ["day", "month"])
    ('one of day, month', 'did you mean month? (day, month)')
    """
    known = list(choices)
    listed, hint = f"{', '.join(known)}{more}", nearest(word, known)
    if hint:
        return hint if len(known) > _FEW else f"{hint} ({listed})"
    return f"one of {listed}"


def check_names(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Refuse a name that is no setting."""
    for name in table:
        if name not in known:
            raise SettingsError(
                f"{place(where, name)}: there is no such setting",
                hint=nearest_of(name, known),
            )


def check_no_secret(data: Any, where: str = "") -> None:
    """Refuse a key in the file, which is copied and committed too easily; it is not repeated."""
    for name, value in data.items() if isinstance(data, dict) else enumerate(data):
        here = place(where, str(name))
        named = _looks_secret(str(name))
        if isinstance(value, (dict, list)) and not named:
            check_no_secret(value, here)
        elif named or _looks_secret(str(value)) or _SECRETS.fullmatch(str(name)):
            raise SettingsError(
                "one of the names is a key" if named else f"{here} holds a key",
                hint="keys stay out of this file: put it into an environment variable,"
                ' and write key_env = "ITS_NAME" here',
            )


def _looks_secret(value: str) -> bool:
    # Temporary keys begin with st-, as St Moritz does: those only by themselves.
    return re.search(r"(?<![\w-])sk-[\w-]{12}|^st-[\w-]{20,}$", value) is not None
