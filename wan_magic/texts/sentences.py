"""Finished sentences in the language in use: notes, what a check found, why a job has no clip.

They are made in English where something is found out, are kept so in the ledger, and raised so
in a cell, where people search for them. A card or the panel that shows one knows it again by
its template. What the server said stays as it is, whatever stands around it.
"""

from __future__ import annotations

import importlib
import re
import string
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from wan_magic.texts import language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ARROW = "\n→ "
"""Between what was wrong and what to do next, as in `wan_magic.errors`."""
_NUMBERS = ("number", "low", "high", "most", "seconds", "width", "height")
_NAMES = ("model", "flag", "host", "endpoint", "id", "code", "status", "type")
_HELD = dict.fromkeys(_NUMBERS, r"-?[0-9][0-9.,]*") | dict.fromkeys(_NAMES, r"\S+")
"""What fills a hole: a number, one word, a word of ours a `label`; any other holds anything."""
_QUOTES = re.compile(r"HTTP \d|the task failed: ")
"""A sentence that begins so holds the server's words: they are no sentence of ours by chance."""
_JOINTS = re.compile(r"(, | or | and | with |; )")
_WORD = "\0"
"""Around a word that was looked up, until the blanks about it are gone: Chinese has none."""
_BLANKS = re.compile(f"(?<=[\u4e00-\u9fff]) (?={_WORD})|(?<={_WORD}) (?=[\u4e00-\u9fff])|{_WORD}")


def tr_sentence(text: object) -> str:
    """Return a finished sentence in the language in use; as it is, where that lacks it.

    Parameters
    ----------
    text : object
        In English; of an error the message, and the hint behind its arrow.

    Examples
    --------
    >>> tr_sentence("the prompt is empty")
    'the prompt is empty'
    """
    given, chosen = str(text), language()
    return _said(given, chosen) if given and chosen != "en" else given


@lru_cache(1024)
def _said(text: str, chosen: str) -> str:
    book = _book(chosen)
    return _ARROW.join(_BLANKS.sub("", book.sentence(part)) for part in text.split(_ARROW, 1))


@cache
def _book(chosen: str) -> _Book:
    tables = importlib.import_module(f"wan_magic.texts.{chosen}_sentences")
    failures = importlib.import_module(f"wan_magic.texts.{chosen}_failures")
    return _Book({**tables.SENTENCES, **failures.SENTENCES}, tables.WORDS)


class _Book(string.Formatter):
    """The sentences and words of a language; holes are filled by their conversion.

    ``!w`` is a word of ours, ``!l`` a list of such, ``!s`` another sentence.
    """

    def __init__(self, sentences: Mapping[str, str], words: Mapping[str, str]) -> None:
        self._labels = "|".join(re.escape(one) for one in words if "{" not in one)
        self._sentences = sentences, self._patterns(sentences)
        self._words = words, self._patterns(words)

    def sentence(self, text: str) -> str:
        """Return a text by the template that says most of it literally; or as it is.

        Several that semicolons join are told one by one, each of which may hold another.
        """
        for table in (self._sentences, self._words):
            if (known := self._known(text, *table)) != text:
                return known
        joints = () if _QUOTES.match(text) else re.finditer("; ", text)
        for at, behind in (joint.span() for joint in joints):
            last = text[behind:]
            if (known := self._known(last, *self._sentences)) != last:
                return f"{self.sentence(text[:at])}；{known}"
        return text

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion == "w":
            return self._word(value)
        if conversion == "l":
            return "".join(map(self._word, _JOINTS.split(value)))
        return self.sentence(value) if conversion == "s" else value

    def _word(self, value: str) -> str:
        known = self._known(value, *self._words)
        return value if known == value else f"{_WORD}{known}{_WORD}"

    def _known(
        self, text: str, table: Mapping[str, str], patterns: list[tuple[re.Pattern[str], str]]
    ) -> str:
        if text in table:
            return table[text]
        for pattern, template in patterns:
            if found := pattern.fullmatch(text):
                return self.vformat(table[template], (), found.groupdict())
        return text

    def _patterns(self, templates: Iterable[str]) -> list[tuple[re.Pattern[str], str]]:
        """Return what recognises the templates with holes; the least vague ones first.

        Before them go those that say something behind another sentence, which would take it,
        too; and first of all those that end it, as their hole would.
        """
        made = []
        for template in templates:
            pieces = list(self.parse(template))
            if any(name for _, name, _, _ in pieces):
                source = "".join(re.escape(fixed) + self._hole(name) for fixed, name, *_ in pieces)
                begins, name, *_ = pieces[0]
                is_behind = not begins and name == "why"
                source = source if begins or is_behind else f"(?!{_QUOTES.pattern}){source}"
                fixed = sum(len(fixed) for fixed, *_ in pieces)
                is_open = bool(pieces[-1][1])
                rank = (not is_behind, is_behind and is_open, -fixed)
                made.append((rank, re.compile(source, re.DOTALL), template))
        made.sort(key=lambda one: one[0])
        return [(pattern, template) for _, pattern, template in made]

    def _hole(self, name: str | None) -> str:
        if not name:
            return ""
        held = {"label": self._labels, **_HELD}.get(name, ".+?")
        return f"(?P<{name}>{held})"
