"""``{{expression}}`` in a magic line or a prompt: found, evaluated, put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARK = re.compile("\0(\\d+)\0")
"""What stands for a value while a line is read."""


def insert(text: str, evaluate: Callable[[str], Any]) -> str:
    r"""Return a prompt with every ``{{expression}}`` replaced by its value.

    Anything else stays as it is: single braces, ``$``, ``%`` and quotes; ``\{{``
    becomes two plain braces.

    Raises
    ------
    InputError
        If an expression can't be evaluated.

    Examples
    --------
    >>> insert("a {{2 + 1}}-legged {cat} for $5", eval)
    'a 3-legged {cat} for $5'
    """
    marked, values = mark(text, evaluate)
    return fill(marked, values)


def mark(text: str, evaluate: Callable[[str], Any]) -> tuple[str, list[Any]]:
    """Put a mark where each ``{{expression}}`` was, so that quoting can't touch it."""
    if "\0" in text:
        raise InputError("the text holds a null character", hint="remove it")
    out: list[str] = []
    values: list[Any] = []
    at = 0
    while (start := text.find("{{", at)) >= 0:
        if text[start - 1 : start] == "\\":
            out.append(text[at : start - 1] + "{{")
            at = start + 2
            continue
        expression, end = _expression(text, start + 2)
        out.append(f"{text[at:start]}\0{len(values)}\0")
        try:
            values.append(evaluate(expression))
        except Exception as exc:
            problem = str(exc) or "no message"
            raise InputError(
                f"{{{{{expression}}}}} can't be evaluated: {type(exc).__name__}: {problem}",
                hint=r"define it before this cell, or write \{{ for plain braces",
            ) from exc
        at = end
    return "".join([*out, text[at:]]), values


def _expression(text: str, start: int) -> tuple[str, int]:
    """Find the end of an expression: the first ``}}`` that leaves valid Python before it."""
    end = text.find("}}", start)
    first = end
    while end >= 0:
        expression = text[start:end].strip()
        try:
            compile(expression, "{{}}", "eval")
        except (SyntaxError, ValueError):
            end = text.find("}}", end + 1)
        else:
            return expression, end + 2
    shown = text[start : first if first >= 0 else start + 30].strip()
    raise InputError(
        f"{{{{{shown}{'}}' if first >= 0 else ' …'} is not a Python expression",
        hint=r"write \{{ for plain braces",
    )


def fill(text: str, values: Sequence[Any]) -> str:
    """Return a text with the values of its marks."""
    return MARK.sub(lambda mark: str(values[int(mark[1])]), text)
