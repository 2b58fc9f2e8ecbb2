"""The film on the page: ``<video>``, its poster, and where its bytes are.

``src`` stands on the video itself, since JupyterLab's sanitizer strips it from ``<source>``;
within the video a small linked picture remains for viewers that show no video at all.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from wan_magic.output import html
from wan_magic.output.look import MB, Look
from wan_magic.output.place import default_out, in_vscode, relative_src, shown_path
from wan_magic.output.poster import small
from wan_magic.texts import tr

if TYPE_CHECKING:
    from pathlib import Path

_CARD_WIDTH, _HEIGHT = 687, 520
_POSTER, _TILE = (640, 20_000), (320, 10_000)
"""Longest side in pixels, and bytes."""
_FALLBACK = (240, 6_000)


class Film(Protocol):
    """What can be shown: a clip, or several of them in one file."""

    @property
    def path(self) -> Path:
        """The MP4 file."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""

    @property
    def poster(self) -> bytes:
        """A JPEG."""

    @property
    def has_audio(self) -> bool:
        """Whether it has a sound track."""


@dataclass(frozen=True)
class Screen:
    """A film as HTML.

    Attributes
    ----------
    html : str
        The video; where it can't be played its poster.
    width : int
        Of the video on the page, in pixels, where there is room for it.
    link : str or None
        URL of the file, relative to the notebook, if the front end reaches it.
    notes : tuple of str
        What should be said below it, as text.
    """

    html: str
    width: int
    link: str | None
    notes: tuple[str, ...]


def screen(film: Film, title: str, look: Look, *, is_tile: bool = False) -> Screen:
    """Return a film as HTML.

    Parameters
    ----------
    film : Film
        Its file may be gone.
    title : str
        What it is called, for those who hear the page and for the mouse.
    look : Look
        Where its bytes go, its width, whether it loops.
    is_tile : bool, default False
        Whether it is one of many on the page: a smaller poster, nothing loaded before it plays,
        and as wide as its place.
    """
    width = _width(film, look)
    src, link, notes = _source(film.path, look)
    if src and film.has_audio and in_vscode():
        notes += (tr("VS Code plays no AAC sound: open the file to hear it"),)
    side, most = _TILE if is_tile else _POSTER
    # Twice the pixels of a narrow player are enough.
    poster = _jpeg_uri(small(film.poster, min(side, 2 * width), most))
    label = html.text(title)
    if not src:
        return Screen(_picture(poster, label, width), width, link, notes)
    inside = tr("this viewer plays no video")
    if link:
        # Seen only where videos are stripped, and stored beside the poster: a small one will do.
        thumbnail = _picture(_jpeg_uri(small(film.poster, *_FALLBACK)), label, min(width, 320))
        inside = f'<a href="{html.text(link)}">{label if is_tile else thumbnail}</a>'
    return Screen(
        f'<video src="{html.text(src)}" poster="{poster}" controls{" loop" if look.loop else ""}'
        f' preload="{"none" if is_tile else "metadata"}" width="{width}" title="{label}"'
        f' aria-label="{label}" style="display:block;{"width:100%;" if is_tile else ""}'
        f"max-width:100%;height:auto;border-radius:6px;"
        f'aspect-ratio:{film.width}/{film.height}">{inside}</video>',
        width,
        link,
        notes,
    )


def _width(film: Film, look: Look) -> int:
    """Return the player's width: as asked for, else that of a card, and a portrait not too high."""
    if look.width:
        return look.width
    return min(film.width, _CARD_WIDTH, round(_HEIGHT * film.width / film.height))


def _source(path: Path, look: Look) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return what plays, the link to the file, and what should be said of it."""
    link = relative_src(path)
    try:
        size = path.stat().st_size
        wants = look.embed == "embed" or (look.embed == "auto" and link is None)
        if wants and size <= look.embed_limit:
            data = base64.b64encode(path.read_bytes()).decode()
            return f"data:video/mp4;base64,{data}", link, ()
        with path.open("rb"):
            pass
    except OSError:
        return None, None, (tr("the file is gone, or may not be read any more"),)
    sizes = {"size": f"{size / MB:.1f} MB", "limit": f"{look.embed_limit / MB:g} MB"}
    too_large = tr("{size} is too large to embed (the limit is {limit})", **sizes) if wants else ""
    if link is None and (copy := _beside(path)) is not None:
        link = relative_src(copy)
        beside = tr("copied beside the notebook: {path}", path=shown_path(copy))
        return link, link, tuple(filter(None, (too_large, beside)))
    if link is not None:
        return link, link, tuple(filter(None, (too_large,)))
    where = tr("this front end can't reach the file; it is at {path}", path=shown_path(path))
    return None, None, tuple(filter(None, (too_large, where)))


def _beside(path: Path) -> Path | None:
    """Return a copy of a file that the front end can reach, beside the notebook; None if none can.

    The same file is copied once.
    """
    from wan_magic.errors import WanError
    from wan_magic.jobs.past import copied

    folder = default_out()
    if relative_src(folder / path.name) is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return copied(path, folder)
    except (OSError, WanError):  # a full disk, a folder that can't be written
        return None


def _picture(uri: str, label: str, width: int) -> str:
    return (
        f'<img src="{uri}" alt="{label}" width="{width}"'
        ' style="max-width:100%;height:auto;border-radius:6px">'
    )


def _jpeg_uri(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
