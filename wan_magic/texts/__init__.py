"""The words on cards, players, panels, galleries and tables, in the user's language.

The English text is the key, so that the code reads as the screen does; a text that a
language lacks stays English. What a cell raises, the ledger, help and what the server says are
not translated: people search for them. What a card, a grid or the panel shows of an error is, and
so are notes: see `sentences`.
"""

from __future__ import annotations

import importlib
import os

LANGUAGES = ("en", "zh")
"""English, and simplified Chinese."""

_chosen: str | None = None
_configured: str | None = None


def configure(language: str | None) -> None:
    """Note the language of the config files, which holds where nothing else names one."""
    global _configured
    _configured = language


def use(language: str | None) -> None:
    """Choose the language of this process; None leaves the choice to the environment.

    Parameters
    ----------
    language : {"en", "zh"} or None
        Checked by whoever read it.
    """
    global _chosen
    _chosen = language


def language() -> str:
    """Return the language in use: chosen, ``WAN_MAGIC_LANGUAGE``, the config files', the locale's.

    Returns
    -------
    str
        ``"en"`` or ``"zh"``.
    """
    if _chosen:
        return _chosen
    # The order in which POSIX programs read a locale for messages.
    locales = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    for value in (os.environ.get("WAN_MAGIC_LANGUAGE", "").strip(), _configured, *locales):
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def tr(text: str, /, **values: object) -> str:
    """Return a text in the language in use, with its ``{names}`` filled in.

    Parameters
    ----------
    text : str
        In English; a literal, so that a test finds it.
    **values
        For the names in braces. Nothing is escaped: that is for who makes HTML of it.

    Examples
    --------
    >>> tr("task {id}", id="0385dc79")
    'task 0385dc79'
    """
    known: dict[str, str] = {}
    if language() != "en":
        known = importlib.import_module(f"wan_magic.texts.{language()}").TEXTS
    said = known.get(text, text)
    return said.format(**values) if values else said
