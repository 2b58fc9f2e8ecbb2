"""A magic line that is still being typed: its words, what was given, what the cursor is at."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.notebook.options import Option

_BLANK = " \t"


@dataclass(frozen=True)
class Word:
    """A word of the line, as `wan_magic.notebook.parsing.words` reads it, finished or not.

    Attributes
    ----------
    start : int
        Where it begins in the line.
    text : str
        Without quotes.
    quote : str
        The quote that is open at its end.
    opened : int or None
        Where a ``{{`` in it begins that is not closed.
    """

    start: int
    text: str = ""
    quote: str = ""
    opened: int | None = None


def split(line: str) -> list[Word]:
    """Return the words of a line, however unfinished it is.

    Examples
    --------
    >>> [word.text for word in split('clip --image "my cat')]
    ['clip', '--image', 'my cat']
    """
    words: list[Word] = []
    at = 0
    while at < len(line):
        if line[at] in _BLANK:
            at += 1
            continue
        word, at = _word(line, at)
        words.append(word)
    return words


def _word(line: str, start: int) -> tuple[Word, int]:
    at, text, quote = start, "", ""
    escape = "" if os.name == "nt" else "\\"
    while at < len(line):
        char = line[at]
        if line.startswith("{{", at):
            end = line.find("}}", at)
            if end < 0:
                return Word(start, text + line[at:], quote, opened=at), len(line)
            text += line[at : end + 2]
            at = end + 2
        elif char == escape and quote != "'" and at + 1 < len(line):
            keeps = quote and line[at + 1] not in '"\\'
            text += line[at : at + 2] if keeps else line[at + 1]
            at += 2
        elif quote:
            quote, text = ("", text) if char == quote else (quote, text + char)
            at += 1
        elif char in "\"'":
            quote = char
            at += 1
        elif char in _BLANK:
            break
        else:
            text += char
            at += 1
    return Word(start, text, quote), at


@dataclass(frozen=True)
class Typed:
    """A line with a cursor.

    Attributes
    ----------
    word : Word
        What the cursor is at the end of; empty after a blank.
    names : tuple of str
        The words before it that are no options and no values.
    option : Option or None
        Whose value is typed at the cursor.
    given : dict of str to list of str
        Values by option of the rest of the line, also behind the cursor.
    start : int
        Where the piece begins that is typed: after ``--flag=``, after the last comma of a list.
    text : str
        That piece, without quotes.
    listed : tuple of str
        The pieces before it, of a list.
    """

    word: Word
    names: tuple[str, ...] = ()
    option: Option | None = None
    given: dict[str, list[str]] = field(default_factory=dict)
    start: int = 0
    text: str = ""
    listed: tuple[str, ...] = ()


_LISTS = ("choice", "integer", "seed")
"""Kinds whose values may be a list: 480P,720P."""


def typed(line: str, cursor: int, table: Sequence[Option]) -> Typed:
    """Read a line.

    Parameters
    ----------
    line : str
        Behind the magic's name.
    cursor : int
        A place in it.
    table : sequence of Option
        The options of the magic, or of a subcommand.
    """
    flags = {flag: option for option in table for flag in option.flags}
    flags |= {f"--no-{one.flag[2:]}": one for one in table if one.kind == "switch"}
    before = split(line[:cursor])
    at_word = bool(before) and (before[-1].quote or not line[cursor - 1 : cursor].isspace())
    word = before.pop() if at_word or (before and before[-1].opened is not None) else Word(cursor)
    names, given, pending = _given(before, flags)
    behind = split(line[cursor:])
    if behind and behind[0].start == 0:  # the rest of the word
        behind = behind[1:]
    _, later, _ = _given(behind, flags)
    for name, values in later.items():
        given.setdefault(name, []).extend(values)
    start, text = word.start, word.text
    flag, equals, value = text.partition("=")
    if pending is None and equals and flag in flags and _has_value(flags[flag]):
        pending, text = flags[flag], value
        start += line[word.start :].index("=") + 1
    listed: list[str] = []
    is_list = pending and (pending.kind in _LISTS or pending.name == "model")
    if is_list and not word.quote and "," in text:
        start += line[start:cursor].rindex(",") + 1
        *listed, text = text.split(",")
    return Typed(word, tuple(names), pending, given, start, text, tuple(listed))


def _has_value(option: Option) -> bool:
    return option.kind not in ("flag", "switch")


def _given(
    words: Sequence[Word], flags: dict[str, Option]
) -> tuple[list[str], dict[str, list[str]], Option | None]:
    """Return the plain words, the values by option, and the option that waits for its value."""
    names: list[str] = []
    given: dict[str, list[str]] = {}
    pending: Option | None = None
    for word in words:
        if pending is not None:
            given[pending.name].append(word.text)
            pending = None
            continue
        flag, equals, value = word.text.partition("=")
        option = flags.get(flag)
        if option is None:
            if not word.text.startswith("-"):
                names.append(word.text)
            continue
        given.setdefault(option.name, [])
        if _has_value(option) and equals:
            given[option.name].append(value)
        elif _has_value(option):
            pending = option
    return names, given, pending
