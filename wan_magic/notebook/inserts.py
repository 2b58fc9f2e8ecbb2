"""``{{expression}}`` in a magic line or a prompt: found, evaluated, put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARK = re.compile("\0(\\d+)\0")
"""What stands for a value while a line is read."""

_BETWEEN = re.compile(r"^[ \t]*---[ \t]*$", re.MULTILINE)


def insert_each(text: str, evaluate: Callable[[str], Any]) -> list[str]:
    r"""Return the prompts of a cell: divided by lines of ``---``, with all values inserted.

    Every ``{{expression}}`` is replaced by its value; a part that is nothing but one whose value
    is a list is that many prompts. Anything else stays as it is: single braces, ``$``, ``%`` and
    quotes; ``\{{`` becomes two plain braces.

    Raises
    ------
    InputError
        If one of several is empty, or an expression can't be evaluated.

    Examples
    --------
    >>> insert_each("a {{2 + 1}}-legged {cat} for $5\n---\na dog", eval)
    ['a 3-legged {cat} for $5', 'a dog']
    """
    prompts: list[str] = []
    for part in _BETWEEN.split(text):
        marked, values = mark(part.strip(), evaluate)
        is_list = MARK.fullmatch(marked) and isinstance(values[0], list | tuple)
        prompts += map(str, values[0]) if is_list else [fill(marked, values).strip()]
    if not prompts:
        raise InputError("the list of prompts is empty", hint="give at least one")
    for at, prompt in enumerate(prompts):
        if len(prompts) > 1 and not prompt.strip():
            raise InputError(
                f"prompt {at + 1} of {len(prompts)} is empty", hint="lines of --- divide prompts"
            )
    return prompts


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
