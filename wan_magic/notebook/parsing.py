"""The magic line and the cell body, read: names, options, inserted Python values."""

from __future__ import annotations

import builtins
import keyword
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.notebook.inserts import MARK, fill, insert_each, mark
from wan_magic.notebook.misread import (
    IN_PROMPT,
    meant_as_option,
    unexpected,
    unknown_option,
)
from wan_magic.notebook.option_parser import typed_options
from wan_magic.notebook.options import OPTIONS
from wan_magic.wan.catalog import nearest
from wan_magic.wan.media import near

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_magic.notebook.options import Option

__all__ = [
    "checked_name",
    "insert_each",
    "look_up",
    "parse",
    "parse_words",
    "read",
    "words",
]

_SHORT = {flag for option in OPTIONS for flag in option.flags if not flag.startswith("--")}
_SWITCHES = ("auto", "off")


def parse(line: str, evaluate: Callable[[str], Any]) -> tuple[str | None, dict[str, Any]]:
    """Read a magic line.

    Parameters
    ----------
    line : str
        ``clip --image cat.png -r 480P``, quoted as in a shell.
    evaluate : callable
        Evaluates a Python expression in the user's namespace.

    Returns
    -------
    name : str or None
        The variable for the job.
    options : dict
        Value by option name; only what was given. A list where several values were given of
        which each makes another clip: ``--seed 1,2``, or a Python list.

    Raises
    ------
    InputError
        For anything that is not in the option table.
    """
    marked, values = mark(line, evaluate)
    extra, options = read(words(marked), values, lists=True)
    for word in extra:
        if hint := meant_as_option(str(word), OPTIONS):
            raise InputError(f"unexpected {str(word)!r}", hint=hint)
    if len(extra) > 1:
        raise unexpected(str(extra[1]), OPTIONS)
    return (checked_name(str(extra[0])) if extra else None), options


def parse_words(
    line: str, evaluate: Callable[[str], Any], table: Sequence[Option]
) -> tuple[list[Any], dict[str, Any]]:
    """Read the line of a subcommand: its words, and its options by name.

    Parameters
    ----------
    line, evaluate
        As for `parse`; a word that is one ``{{expression}}`` is its value.
    table : sequence of Option
        The options that are read.

    Raises
    ------
    InputError
        For an option that is not in the table.
    """
    marked, values = mark(line, evaluate)
    return read(words(marked), values, table)


def read(
    tokens: Sequence[str],
    values: Sequence[Any] = (),
    table: Sequence[Option] = OPTIONS,
    *,
    lists: bool = False,
) -> tuple[list[Any], dict[str, Any]]:
    """Return the words that are no options, and the options by name: only what was given.

    Parameters
    ----------
    tokens : sequence of str
        As a shell splits a line.
    values : sequence
        Those of the marks that stand for expressions.
    table : sequence of Option
        The options that are read; default: all of the magic.
    lists : bool, default False
        Whether an option that is given once may have several values.

    Raises
    ------
    InputError
        For an option that is not in the table.
    """
    for token in tokens:
        # argparse would read -negative as -n egative.
        if token[:2] in _SHORT and token[2:3] not in ("", "="):
            raise unknown_option(fill(token.partition("=")[0], values), table)
    given, extra = typed_options(tokens, table)
    for word in extra:
        if word.startswith("-") and len(word) > 1:
            raise unknown_option(word.partition("=")[0], table)
    by_name = {option.name: option for option in table}
    options = {}
    for name, typed in given.items():
        option = by_name[name]
        if option.repeat:
            many = [option.convert(_meant(one, values)) for one in typed]
            options[name] = _each_once(option.flag, many) if option.kind == "pair" else many
        elif lists and (several := _several(option, _meant(typed, values))) is not None:
            options[name] = several
        else:
            options[name] = option.convert(_meant(typed, values))
    return [_meant(word, values) for word in extra], options


def _several(option: Option, value: Any) -> list[Any] | None:
    """Return the values of an option of which each makes another clip; None where it is one.

    A comma divides what can hold none: numbers, choices, models. A text, a name of a file and
    JSON may well hold one, and are several only as a Python list.
    """
    if option.group == "run" or option.kind in ("switch", "flag"):
        return None
    if isinstance(value, str):
        if "," not in value or not option.divides:
            return None
        value = [part.strip() for part in value.split(",")]
        if "" in value:
            raise InputError(
                f"{option.flag} has an empty value between or after its commas",
                hint="no spaces between them, or all of them in quotes",
            )
    if not isinstance(value, list | tuple | range):
        return None
    made = [option.convert(one) for one in value]
    for one in made:
        if isinstance(one, str | int | float) and made.count(one) > 1:
            raise InputError(f"{option.flag} has {one} twice", hint="each makes a clip: keep one")
    return made


def words(line: str) -> list[str]:
    """Split a magic line as a shell does: at spaces, but not within quotes.

    Raises
    ------
    InputError
        If a quote is not closed.

    Examples
    --------
    >>> words('clip --negative "a, b"')
    ['clip', '--negative', 'a, b']
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":
        lexer.escape = ""  # backslashes are paths there
    try:
        return list(lexer)
    except ValueError:
        raise InputError(
            "a quote on the magic line is not closed", hint='put text with a \' into "…"'
        ) from None


def _meant(typed: Any, values: Sequence[Any]) -> Any:
    """Return a typed word with its expressions: the value itself where it is one alone."""
    if not isinstance(typed, str):
        return typed
    whole = MARK.fullmatch(typed)
    return _something(values[int(whole[1])], "a {{…}}") if whole else fill(typed, values)


def _something(value: Any, name: str) -> Any:
    """Refuse what holds nothing: without its picture the clip would be another one."""
    if value is None or (isinstance(value, list | tuple) and not value):
        what = "None" if value is None else "an empty list"
        raise InputError(
            f"{name} on the magic line is {what}", hint="leave its option out, or give a value"
        )
    return value


def _each_once(flag: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dictionary of pairs; a key that comes again is an error, not a silent winner."""
    made = dict(pairs)
    for key in made:
        if sum(key == one for one, _ in pairs) > 1:
            raise InputError(f"{flag} {key}=… is given twice", hint="keep one of them")
    return made


def look_up(value: Any, namespace: dict[str, Any]) -> Any:
    """Return what an input option means: a variable of that name, else the text itself.

    Of a repeatable option each one may also be a list, whose members count one by one.
    """
    if isinstance(value, list):
        each = [look_up(one, namespace) if isinstance(one, str) else one for one in value]
        lists = [list(one) if isinstance(one, list | tuple) else [one] for one in each]
        return [one for members in lists for one in members]
    if not (isinstance(value, str) and value.isidentifier()):
        return value
    if value not in namespace:
        if Path(value).exists() or nearest(value.lower(), _SWITCHES):
            return value
        hint = near(Path(value))
        if "did you mean" not in hint:
            hint = "run the cell that makes it; a file needs its ending, such as cat.png"
        raise InputError(f"there is no variable and no file called {value!r}", hint=hint)
    if Path(value).exists():
        raise InputError(
            f"both a variable and a file are called {value!r}",
            hint=f"write {{{{{value}}}}} for the variable, ./{value} for the file",
        )
    return _something(namespace[value], f"the variable {value!r}")


def checked_name(name: str) -> str:
    """Return a name that a variable can have.

    Raises
    ------
    InputError
        If it is none, or one of Python's own.
    """
    if hasattr(builtins, name):
        raise InputError(f"{name!r} is a name of Python's own", hint="call the job clip, say")
    if name.isidentifier() and not keyword.iskeyword(name):
        return name
    raise InputError(
        f"{name!r} can't be the name of a variable",
        hint=f"the first word names the job, such as clip; {IN_PROMPT}",
    )
