"""``[tool.wan-magic]`` of the nearest pyproject.toml: the defaults of a project.

It comes with other people's notebooks, so it may say what a clip looks like, and nothing of keys,
of addresses and of budgets: those are for the user's own config file.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from pathlib import Path
from typing import Any

from wan_magic.errors import SettingsError
from wan_magic.preferences import CAPS, PREFERENCES
from wan_magic.settings import config_values as read
from wan_magic.settings.config import Config, read_presets, read_values

FILE = "pyproject.toml"
TABLE = "tool.wan-magic"
_MARK = b"wan-magic"
_OWN = ("endpoints", "budget", "ledger")
"""What only the user's own config file may say."""


def read_project(folder: Path | None = None) -> Config:
    """Return the defaults of the project; empty where there is none.

    Parameters
    ----------
    folder : Path, optional
        Where to begin to look, and then in the folders above. Default: the notebook's.

    Raises
    ------
    SettingsError
        If the table holds what it must not, or what is none.
    """
    if folder is None:
        from wan_magic.output.place import notebook_folder

        try:
            folder = notebook_folder()
        except OSError:  # the working directory was deleted
            return Config()
    for one in (folder, *folder.parents):
        path = one / FILE
        try:
            seen = path.stat()
        except OSError:
            continue
        found = _read(path, seen.st_mtime_ns, seen.st_size)
        if isinstance(found, SettingsError):
            raise SettingsError(found.message, hint=found.hint)
        if found is not None:
            return found
    return Config()


@functools.lru_cache(maxsize=16)
def _read(path: Path, *_: int) -> Config | SettingsError | None:
    """Return what a file says, None where it does not speak of us; once for each of its states."""
    import tomllib

    try:
        raw = path.read_bytes()
        # Somebody else's broken file is not our business.
        if _MARK not in raw:
            return None
        data = tomllib.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
    except OSError:
        return None
    except ValueError as exc:
        return SettingsError(f"{path}: {exc}", hint="write TOML there; texts stand in quotes")
    table = data.get("tool", {}).get("wan-magic")
    if table is None:
        return None
    try:
        return _project(table, path)
    except SettingsError as exc:
        return SettingsError(f"{path}: {exc.message}", hint=exc.hint)


def _project(table: Any, path: Path) -> Config:
    if not isinstance(table, dict):
        raise SettingsError(f"{TABLE} is not a table", hint=f"write [{TABLE}]")
    read.check_no_secret(table)
    for name in table:
        if name in _OWN or name.startswith("budget_"):
            raise SettingsError(
                f"{TABLE}.{name} is not for a project: it comes with other people's notebooks",
                hint="write it into your own config file; %wanvideo config names it",
            )
    names = tuple(one.name for one in PREFERENCES if one.in_project)
    plain = {name: value for name, value in table.items() if name != "presets"}
    read.check_names(TABLE, plain, (*names, "presets"))
    presets = read_presets(table.get("presets", {}))
    for where, values in ((TABLE, read_values(TABLE, plain)), *presets.items()):
        if "://" in values.get("endpoint", ""):
            raise SettingsError(
                f"{where}.endpoint is an address: your key would be sent there",
                hint="a project may name local, a region, or a gateway of your own config file",
            )
        for name in CAPS if where != TABLE else ():  # a preset comes before the user's own limit
            if name in values:
                raise SettingsError(
                    f"presets.{where}.{name} is not for a project's preset",
                    hint=f"write it into [{TABLE}], or into your own config file",
                )
    return Config(values=_placed(read_values(TABLE, plain), path), presets=presets, path=path)


def _placed(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the values with the folder for clips as seen from the file."""
    if "out" in values:
        out = Path(values["out"])
        values["out"] = str(out if str(out).startswith("~") else path.parent / out)
    return values
