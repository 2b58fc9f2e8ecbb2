"""What is said of a word of the magic line that can't be read: which option was meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.wan.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wan_magic.notebook.options import Option

IN_PROMPT = "the prompt goes into the cell, below this line; values with spaces need quotes"
_DASHES = "-–—−"
"""Editors, chats and word processors make one long dash of two short ones."""


def nearest_flag(word: str, flags: Iterable[str]) -> str:
    """Return ``"did you mean --X?"`` for the closest of the long flags, or ``""``.

    The dashes that all of them share are no likeness.

    Examples
    --------
    >>> nearest_flag("--Resolutoin", ["--resolution", "--out"]), nearest_flag("--foo", ["--out"])
    ('did you mean --resolution?', '')
    """
    names = [flag[2:] for flag in flags if flag.startswith("--")]
    return nearest(word.lstrip(_DASHES).lower(), names).replace("mean ", "mean --")


def unknown_option(word: str, table: Sequence[Option]) -> InputError:
    """Return what to say of a word that looks like an option."""
    if word == "--prompt":
        return InputError("there is no option --prompt", hint=IN_PROMPT)
    for option in table:
        if option.kind == "flag" and word == f"--no-{option.flag[2:]}":
            return InputError(f"there is no {word}", hint=f"just leave {option.flag} out")
    short = {flag for option in table for flag in option.flags if not flag.startswith("--")}
    hint = nearest_flag(word, _long_flags(table))
    # A Python keyword such as --negative_prompt is a near miss of its own kind.
    for option in table:
        if word.lstrip("-").replace("-", "_") == option.name:
            hint = f"did you mean {option.flag}?"
    if not hint and word[:2] in short:
        hint = f"write {word[:2]} {word[2:]}"
    return InputError(f"unknown option {word}", hint=hint or "%wanvideo help lists them all")


def unexpected(word: str, table: Sequence[Option]) -> InputError:
    """Return what to say of a word that is neither the job's name nor an option."""
    return InputError(f"unexpected {word!r}", hint=meant_as_option(word, table) or IN_PROMPT)


def meant_as_option(word: str, table: Sequence[Option]) -> str:
    """Return how an option is written that lacks its two hyphens; "" for what is none."""
    name, equals, value = word.partition("=")
    if not (equals or word[:1] in _DASHES):
        return ""
    plain = name.lstrip(_DASHES).lower().replace("-", "_")
    for option in table:
        if plain in (option.name, option.flag[2:].replace("-", "_")):
            typed = f"{option.flag} {value}" if value else option.flag
            return f"an option begins with two hyphens: {typed}"
    return ""


def valueless(option: Option, value: str) -> InputError:
    """Return what to say of a value for an option that takes none.

    It would be the name of the job, and ``--fresh false`` would be paid.
    """
    return InputError(
        f"{option.flag} takes no value, and {value!r} follows it",
        hint=f"{option.flag} alone means yes; leave it out for no",
    )


def unparsed(message: str, table: Sequence[Option]) -> InputError:
    """Return what to say of a complaint of argparse."""
    found = re.match(r"argument (\S+): (.*)", message)
    flags = found[1].split("/") if found else []
    option = next((one for one in table if one.flag in flags), None)
    if found is None or option is None:
        return InputError(message)
    if found[2].startswith("ignored explicit argument"):
        if option.kind == "flag":
            return valueless(option, found[2].partition("'")[2].rstrip("'"))
        return InputError(f"{' and '.join(flags)} take no value", hint="write one of them alone")
    return InputError(
        f"{option.flag} needs a value",
        hint=f'such as {option.flag} {option.metavar}; one with a dash first: {option.flag}="-…"',
    )


def _long_flags(table: Sequence[Option]) -> list[str]:
    switches = [f"--no-{option.flag[2:]}" for option in table if option.kind == "switch"]
    return [option.flag for option in table] + switches
