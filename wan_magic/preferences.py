"""The table of what can be set once for all cells.

A row is a line of the config file and of ``[tool.wan-magic]``, a trait of ``%config WanMagics``,
an environment variable, and a line of ``%wanvideo config``. ``%load_ext`` reads this module for
the traits, so that it stays light: what reads a value is imported where one is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wan_magic.errors import SettingsError
from wan_magic.texts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["text", "choice", "integer", "number", "switch", "money"]

PERIODS = ("notebook", "day", "month")
"""What budgets are for."""


@dataclass(frozen=True)
class Preference:
    """One row.

    Attributes
    ----------
    name : str
        Of the line, the trait and the option; in the variable in capitals.
    kind : str
        text; choice (one of `values`); integer; number (above 0); switch; money (limits).
    help : str
        One line.
    values : tuple
        The legal values of a choice. Those of a wish are in the model table.
    least, most : int
        Of an integer.
    standard : object
        What holds where nothing is set; None: it depends, as the help says.
    is_wish : bool
        A value of the request, left out with a note where the model does not take it.
    in_project : bool
        Whether ``[tool.wan-magic]`` may say it. What protects the user's money and key is not
        for files that come with other people's notebooks.
    in_preset : bool
        Whether a preset may.
    in_config : bool
        Whether it is a trait of ``%config WanMagics``.
    """

    name: str
    kind: Kind
    help: str
    values: tuple[str, ...] = ()
    least: int = 0
    most: int = 2**31 - 1
    standard: Any = None
    is_wish: bool = False
    in_project: bool = True
    in_preset: bool = True
    in_config: bool = True

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"WAN_MAGIC_{self.name.upper()}"

    def read(self, value: Any, place: str, *, typed: bool = False) -> Any:
        """Return a value as the program uses it.

        Parameters
        ----------
        value : object
            As it stands in a file, in a variable, or behind ``%config``.
        place : str
            Where that is, for the message.
        typed : bool, default False
            In a file ``"5"`` is no number; elsewhere all may be text.

        Raises
        ------
        SettingsError
            If it can't be one.
        """
        return _READ[self.kind](self, value, place, typed)


PREFERENCES = (
    Preference(
        "model",
        "text",
        "model, or a version such as 2.7; else 2.5, or one that takes the inputs",
        is_wish=True,
    ),
    Preference("resolution", "text", "480P, 720P or 1080P", is_wish=True),
    Preference("ratio", "text", "width to height, such as 9:16", is_wish=True),
    Preference("duration", "integer", "whole seconds", least=-1, is_wish=True),
    Preference("negative_prompt", "text", "what should not be seen", is_wish=True),
    Preference("seed", "integer", "0 to 2147483647; else it follows from the cell", is_wish=True),
    Preference("prompt_extend", "switch", "let the server rewrite the prompt", is_wish=True),
    Preference("watermark", "switch", "print “AI生成” into the video", is_wish=True),
    Preference("endpoint", "text", "local, a region, a gateway, or a URL; else as the key says"),
    Preference("workspace", "text", "workspace id of the region's own host"),
    Preference("out", "text", "folder for clips; else wan_videos beside the notebook"),
    Preference("timeout", "number", "seconds until a task is no longer watched", standard=10800),
    Preference("max_cost", "money", 'the most that a clip may cost, such as "2 CNY"'),
    Preference("max_total", "money", "the most that clips asked for at once may cost together"),
    *(
        Preference(
            f"budget_{period}",
            "money",
            f"what all clips of a {period} may cost",
            in_project=False,
            in_preset=False,
        )
        for period in PERIODS
    ),
    Preference(
        "provenance",
        "switch",
        "whether a clip's file, and a JSON beside it, say how it was made",
        standard=True,
    ),
    Preference(
        "language",
        "choice",
        "of cards, players and panels; else as the system's",
        values=LANGUAGES,
        in_preset=False,
    ),
    Preference(
        "notify", "switch", "whether the browser tells when a job has ended", standard=False
    ),
    Preference(
        "embed",
        "choice",
        "whether films go into the notebook: auto (where no file can be reached), file, embed",
        values=("auto", "file", "embed"),
        standard="auto",
    ),
    Preference(
        "embed_limit", "integer", "MB; no larger film is embedded", least=1, most=100, standard=8
    ),
    Preference(
        "player_width", "integer", "pixels of a player; else as its card", least=120, most=3840
    ),
    Preference("loop", "switch", "players start again at the end", standard=True),
    Preference(
        "ledger",
        "switch",
        "whether jobs are written down",
        standard=True,
        in_project=False,
        in_preset=False,
        in_config=False,  # several processes share it
    ),
)
"""Every preference, in the order in which they are listed."""

BY_NAME = {one.name: one for one in PREFERENCES}

CAPS = tuple(one.name for one in PREFERENCES if one.kind == "money" and one.in_project)
"""Limits that a project can lower, and not raise."""

_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}


def shown(value: object) -> str:
    """Quote a value for a message, unless it looks like a key that is in the wrong place."""
    from wan_magic.settings import config_values as values

    text = values.said(value)
    return "what looks like an API key" if text.strip("'\"").startswith(("sk-", "st-")) else text


def _text(_: Preference, value: Any, place: str, typed: bool) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if typed or not hasattr(value, "__fspath__"):
        name = place.rpartition(".")[2]
        raise SettingsError(f"{place} is not a text", hint=f'write {name} = "…"')
    return str(value)


def _choice(one: Preference, value: Any, place: str, _: bool) -> str:
    found = str(value).strip().lower()
    if found in one.values:
        return found
    from wan_magic.settings import config_values as values

    raise SettingsError(
        f"{place} = {shown(value)} is none of {', '.join(one.values)}",
        hint=values.nearest(found, one.values) or f'such as "{one.values[0]}"',
    )


def _number(one: Preference, value: Any, place: str, typed: bool) -> float:
    try:
        if isinstance(value, bool) or (typed and isinstance(value, str)):
            raise ValueError
        found = float(value)
        if not 0 < found < math.inf:
            raise ValueError
    except (TypeError, ValueError):
        raise SettingsError(
            f"{place} = {shown(value)} is not a number above 0",
            hint=f"such as {one.standard or 10}, without quotes",
        ) from None
    return found


def _integer(one: Preference, value: Any, place: str, typed: bool) -> int:
    try:
        if isinstance(value, str) and not typed:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
    except ValueError:
        raise SettingsError(
            f"{place} = {shown(value)} is not a whole number", hint="such as 5, without quotes"
        ) from None
    if not one.least <= value <= one.most:
        raise SettingsError(f"{place} = {value} is out of range", hint=f"{one.least} to {one.most}")
    return value


def _switch(_: Preference, value: Any, place: str, typed: bool) -> bool:
    if isinstance(value, bool):
        return value
    if typed:
        raise SettingsError(
            f"{place} = {shown(value)} is neither true nor false",
            hint=f"write {place} = true or {place} = false, without quotes",
        )
    if str(value).strip().lower() not in _SWITCH:
        raise SettingsError(f"{place} = {shown(value)} is neither on nor off", hint=f"{place}=off")
    return _SWITCH[str(value).strip().lower()]


def _money(_: Preference, value: Any, place: str, __: bool) -> Any:
    from wan_magic.settings.money import AMOUNT_HINT, limits_of

    try:
        return limits_of(value)
    except ValueError as exc:
        raise SettingsError(f"{place} = {shown(value)} {exc}", hint=AMOUNT_HINT) from None


_READ: dict[Kind, Callable[[Preference, Any, str, bool], Any]] = {
    "text": _text,
    "choice": _choice,
    "integer": _integer,
    "number": _number,
    "switch": _switch,
    "money": _money,
}
