"""Tab on the line of the magic: how IPython is answered. `wan_magic.notebook.offers` knows what.

One matcher of IPython's second interface is asked by JupyterLab, Notebook 7 and the terminal
alike, with Jedi or without. On our line it silences the others, whose files and Python names would
mean nothing there; in the prompt nobody speaks.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.notebook.offers import Offers
    from wan_magic.settings import Settings

_log = logging.getLogger(__name__)
_ID = "wan_magic"
_CELL = re.compile(r"\s*%%wanvideo(?=\s|$)")
_LINE = re.compile(r"\s*(?:[\w.,\s\[\]()*]+=\s*)?%wanvideo(?=\s)")


class _Silence(list[Any]):
    """No completions, which IPython takes for some: else it would ask the others."""

    def __len__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return True


def add(shell: Any, settings: Callable[[str], Settings]) -> None:
    """Let a shell complete the lines of the magic; doing it twice is harmless.

    Parameters
    ----------
    shell : InteractiveShell
        Any; one without a completer is left alone.
    settings : callable
        Returns the settings of this shell with the preset of this name, or "".
    """
    completer = getattr(shell, "Completer", None)
    if completer is None:
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    def matcher(context: Any) -> dict[str, Any]:
        try:
            found = _found(context, shell, settings)
        except Exception:  # noqa: BLE001 - a traceback at every key would be worse than no offer
            _log.debug("completion of %r failed", context.full_text, exc_info=True)
            found = None
        if found is None or not (found.is_ours or found.offers):
            return {"completions": [], "suppress": False}
        completions = [SimpleCompletion(text, type=kind) for text, kind in found.offers]
        return {
            "completions": completions or _Silence(),
            "matched_fragment": context.text_until_cursor[found.start :],
            "suppress": True,
            "ordered": True,
        }

    remove(shell)
    named: Any = context_matcher(priority=100, identifier=_ID)
    completer.custom_matchers.append(named(matcher))


def remove(shell: Any) -> None:
    """Leave the completer as it was."""
    matchers = getattr(getattr(shell, "Completer", None), "custom_matchers", [])
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != _ID]


def _found(context: Any, shell: Any, settings: Callable[[str], Settings]) -> Offers | None:
    """Return what to offer, None where the line is not ours."""
    text = context.full_text
    if "%wanvideo" not in text:
        return None
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    cell = _CELL.match(lines[first])
    if cell and context.cursor_line > first:
        from wan_magic.notebook.offers import Offers

        return Offers(context.cursor_position)  # the prompt
    line = lines[context.cursor_line]
    magic = cell if cell and context.cursor_line == first else _LINE.match(line)
    if magic is None or context.cursor_position <= magic.end():
        return None
    from dataclasses import replace

    from wan_magic.notebook.offers import Around, offers

    hidden = getattr(shell, "user_ns_hidden", {})
    names = {
        name: one for name, one in list(shell.user_ns.items()) if hidden.get(name, shell) is not one
    }
    found = offers(
        line[magic.end() :],
        context.cursor_position - magic.end(),
        Around(names, settings),
        is_cell=bool(cell),
    )
    return replace(found, start=found.start + magic.end())
