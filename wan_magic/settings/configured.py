"""What is set, and where: for ``%wanvideo config`` and ``wan-magic config``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.errors import SettingsError, WanError
from wan_magic.output.defaults import Default, DefaultsTable
from wan_magic.preferences import PREFERENCES, Preference, shown
from wan_magic.settings.config import config_path
from wan_magic.settings.wishes import checked

if TYPE_CHECKING:
    from wan_magic.settings import Settings

_UNSET = "–"


def configured(settings: Settings) -> DefaultsTable:
    """Return every setting with its value and where that is from; a key is never shown.

    Parameters
    ----------
    settings : Settings
        As they hold for the next cell.

    Examples
    --------
    >>> from wan_magic.settings import Settings
    >>> table = configured(Settings().with_values({"resolution": "480P"}, "%config"))
    >>> [row[:3] for row in table if row.name == "resolution"]
    [('resolution', '480P', '%config')]
    """
    rows = [_row(one, settings) for one in PREFERENCES]
    at = next(i for i, row in enumerate(rows) if row.name == "endpoint")
    rows.insert(at + 1, _key(settings))
    return DefaultsTable(rows, _notes(settings))


def _row(one: Preference, settings: Settings) -> Default:
    source = settings.sources.get(one.name, "")
    if one.name not in settings.values:
        standard = _text(one.standard) if one.standard is not None else _UNSET
        return Default(one.name, standard, "default", one.help)
    value = settings.values[one.name]
    text = shown(value).strip("'") if isinstance(value, str) else _text(value)
    if one.is_wish:
        try:
            text = _text(checked(one.name, value))
        except WanError as exc:
            text = f"{text} – {exc.hint.partition(';')[0] or exc.message}"
    return Default(one.name, text, _home(source), one.help)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _key(settings: Settings) -> Default:
    what = "of the endpoint that is asked; never shown"
    from wan_magic.wan.endpoints import choose

    try:
        endpoint = choose(settings)
    except SettingsError as exc:
        return Default("key", f"not set: {exc.message}", "", f"%wanvideo login; {what}")
    if endpoint is None:
        return Default("key", "none is needed: previews of this machine", "", what)
    return Default("key", f"set, for {endpoint.name}", endpoint.key_variable, what)


def _notes(settings: Settings) -> list[str]:
    path = config_path(os.environ)
    there = "" if path.is_file() else " (not there yet)"
    notes = [f"your config file: {_home(str(path))}{there}"]
    from wan_magic.settings.project import read_project

    project = read_project().path
    notes.append(
        f"project: [tool.wan-magic] of {_home(str(project))}"
        if project
        else "project: no pyproject.toml above speaks of wan-magic"
    )
    for name, (values, source) in settings.presets.items():
        said = ", ".join(f"{key} = {_text(value)}" for key, value in values.items())
        notes.append(f"--preset {name}: {said} ({_home(source)})")
    notes.append(
        "the strongest first: option, --preset, %config, environment, project, config file, default"
    )
    return notes


def _home(text: str) -> str:
    """Return a text with the user's home as ~: notebooks are shown to others."""
    try:
        return text.replace(str(Path.home()), "~")
    except RuntimeError:
        return text
