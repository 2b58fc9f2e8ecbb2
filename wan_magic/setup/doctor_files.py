"""The folder for clips and the ledger: lines for `wan_magic.setup.doctor`."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from wan_magic.errors import WanError
from wan_magic.output.checkup import Finding
from wan_magic.texts import tr
from wan_magic.within import within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wan_magic.notebook.frontend import FrontEnd
    from wan_magic.settings import Settings

_LEDGER_SECONDS = 10.0
_ROOM_FOR_A_CLIP = 200e6
_ROOM_FOR_MANY = 2e9
"""Bytes: a clip has 1 to 60 MB."""


def folder(settings: Settings, front_end: FrontEnd) -> Iterator[Finding]:
    """Yield whether clips can be saved, and played from there."""
    from wan_magic.actions.places import writable
    from wan_magic.output.place import default_out, relative_src

    name = tr("folder")
    try:
        place = (settings.out or default_out()).absolute()  # the working directory may be gone
        there = _nearest(place)
        if place.is_dir():
            writable(settings)
        elif not os.access(there, os.W_OK) or not there.is_dir():
            yield Finding(
                name, "problem", tr("{path} can't be made", path=place), tr("name another: --out")
            )
            return
        free = shutil.disk_usage(there).free
    except (WanError, OSError) as exc:
        message = getattr(exc, "message", str(exc))
        yield Finding(name, "problem", message, tr("name another: --out"))
        return
    found = tr("{path}, {free:.1f} GB free", path=place, free=free / 1e9)
    state, todo = "ok", ""
    if free < _ROOM_FOR_MANY:
        state = "problem" if free < _ROOM_FOR_A_CLIP else "warning"
        todo = tr("make room: a clip has 1 to 60 MB")
    yield Finding(name, state, found, todo)  # type: ignore[arg-type]
    if not front_end.has_widgets:
        return
    yield _playing(front_end, reachable=relative_src(place / "clip.mp4") is not None)


def _playing(front_end: FrontEnd, *, reachable: bool) -> Finding:
    name = tr("playing")
    if reachable:
        return Finding(name, "ok", tr("clips play from their files"))
    found = tr("{name} reaches no file there: clips go into the notebook", name=front_end.name)
    if not front_end.reads_files:
        return Finding(name, "ok", found)
    todo = tr("take a folder beside the notebook that is not hidden: --out")
    return Finding(name, "warning", found, todo)


def _nearest(place: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    return next((one for one in (place, *place.parents) if one.exists()), place)


def ledger(settings: Settings) -> Finding:
    """Return whether jobs can be written down, and whether those that were are whole."""
    from wan_magic.actions import places

    name = tr("ledger")
    if not settings.ledger:
        found = tr("switched off: nobody remembers paid jobs")
        return Finding(
            name, "warning", found, tr("unset WAN_MAGIC_LEDGER, or ledger in the config")
        )
    book = places.ledger_at_home(settings)
    path = book.path
    if not path.exists():
        if os.access(_nearest(path.parent), os.W_OK):
            return Finding(name, "ok", tr("none yet; it will be {path}", path=path))
        todo = tr("name another folder: WAN_MAGIC_HOME")
        return Finding(name, "problem", tr("{path} can't be written", path=path), todo)

    def look() -> tuple[str, int, int]:
        broken, version = _integrity(path)
        if not broken:
            book.check()
        return broken, version, 0 if broken else len(book.open_entries())

    try:
        broken, version, left = within(_LEDGER_SECONDS, look)
    except WanError as exc:
        return Finding(name, "problem", exc.message, exc.hint)
    except (sqlite3.Error, OSError) as exc:
        broken = tr("no answer") if isinstance(exc, TimeoutError) else str(exc)
    if broken:
        todo = tr("keep a copy, and name another folder: WAN_MAGIC_HOME")
        return Finding(name, "problem", f"{path}: {broken}", todo)
    found = tr("{path}, version {version}, writable and whole", path=path, version=version)
    if left:
        found += tr("; jobs to be fetched: {count}", count=left)
        return Finding(name, "warning", found, "%wanvideo resume")
    return Finding(name, "ok", found)


def _integrity(path: Path) -> tuple[str, int]:
    """Return what SQLite says is broken, and the version of the tables."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        said = str(opened.execute("PRAGMA quick_check(1)").fetchone()[0])
        version = int(opened.execute("PRAGMA user_version").fetchone()[0])
    return ("" if said == "ok" else said), version
