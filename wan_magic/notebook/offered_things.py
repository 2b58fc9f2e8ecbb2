"""Things that a line can name: files, variables, jobs and clips of the library."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.output.table import one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_MOST_SEEN = 5000
"""Entries of a folder that are looked at: one of millions must not block the keyboard."""
_MOST = 200
_SPECIAL = set(" \t\"'\\")
_ENDINGS = {"jpeg": ("jpeg", "jpg"), "tiff": ("tiff", "tif")}
_HOLDERS = (("wan_magic.jobs.job", "Job"), ("wan_magic.jobs.clip", "Clip"))


def quoted(text: str, kind: str, quote: str, is_closed: bool) -> str:
    """Return a thing as it stands on the line: in quotes where it must, or where they are open.

    A folder leaves its quote open, for what lies in it.
    """
    if not quote and not _SPECIAL & set(text):
        return text
    mark = quote or ("'" if '"' in text and "'" not in text else '"')
    if mark == '"' and os.name != "nt":
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return mark + text + ("" if kind == "folder" or is_closed else mark)


def files(beginning: str, formats: Collection[str]) -> list[tuple[str, str]]:
    """Return the files whose names go on from what is typed, and the folders on the way.

    Parameters
    ----------
    beginning : str
        A path, or the first part of one; ``~`` is the user's home.
    formats : collection of str
        JPEG, wav...: the endings that count; none for folders alone.
    """
    if "://" in beginning:
        return []
    head, slash, name = beginning.replace(os.sep, "/").rpartition("/")
    endings = {end for one in formats for end in _ENDINGS.get(one.lower(), (one.lower(),))}
    try:
        folder = Path(head + slash).expanduser() if slash else Path()
        found, folders = [], []
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _MOST_SEEN:
                    break
                if not entry.name.casefold().startswith(name.casefold()):
                    continue
                if entry.name.startswith(".") and not name.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append((f"{head}{slash}{entry.name}/", "folder"))
                elif entry.name.rpartition(".")[2].lower() in endings:
                    found.append((f"{head}{slash}{entry.name}", "file"))
    except (OSError, ValueError, RuntimeError):  # no such folder, or home; not for us to read
        return []
    return [*sorted(found)[:_MOST], *sorted(folders)[:_MOST]]


def variables(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the variables that can be an input: pictures, bytes, paths, clips, jobs, lists."""
    return [(name, "variable") for name, value in list(names.items()) if _can_be_input(name, value)]


def _can_be_input(name: str, value: Any) -> bool:
    if name.startswith("_"):
        return False
    if isinstance(value, list | tuple):
        return bool(value) and _can_be_input(name, value[0])
    if isinstance(value, str):
        return "://" in value or Path(value[-300:]).suffix[1:].isalnum()
    home = type(value).__module__
    is_picture = home == "PIL.Image" or home.endswith("ImageFile") or home.startswith("PIL.")
    is_plain = isinstance(value, bytes | bytearray | Path)
    return is_picture or is_plain or isinstance(value, _loaded_holders())


def holders(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the variables that hold a job or a clip."""
    kinds = _loaded_holders()
    return [
        (name, "variable")
        for name, value in list(names.items())
        if isinstance(value, kinds) and not name.startswith("_")
    ]


def _loaded_holders() -> tuple[type, ...]:
    """Return the types of jobs and clips, if anybody has made one."""
    loaded = ((sys.modules.get(module), name) for module, name in _HOLDERS)
    return tuple(getattr(module, name) for module, name in loaded if module)


def jobs(home: Path, beginning: str, *, is_open: bool) -> list[tuple[str, str]]:
    """Return the ids of the latest jobs, with what they are."""
    from wan_magic.jobs.glimpse import jobs as seen

    return [
        (one.id, f"{one.state} {one_line(one.prompt)[:40]}".strip())
        for one in seen(home, beginning, is_open=is_open)
    ]


def clips(home: Path, beginning: str) -> list[tuple[str, str]]:
    """Return the files of the latest clips, as seen from here, whose names or paths begin so."""
    from wan_magic.jobs.glimpse import clips as seen

    here = Path.cwd()
    found = []
    for text in seen(home):
        path = Path(text)
        shown = str(path.relative_to(here)) if path.is_relative_to(here) else text
        shown = shown.replace(os.sep, "/")
        is_meant = shown.startswith(beginning) or path.name.startswith(beginning)
        if is_meant and path.is_file():
            found.append((shown, "clip"))
    return found
