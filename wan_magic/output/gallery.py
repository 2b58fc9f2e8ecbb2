"""Any clips side by side, as static HTML and as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.output import html
from wan_magic.output.grid import Tile, grid_html, plain_tile
from wan_magic.output.player import provenance
from wan_magic.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.output.look import Look


def gallery_bundle(
    tiles: Sequence[Tile],
    title: str,
    notes: Sequence[str] = (),
    *,
    look: Look | None = None,
    is_playing: bool = False,
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the mimebundle and metadata of any clips.

    Parameters
    ----------
    tiles : sequence of Tile
        In their order.
    title : str
        What stands above them, as text.
    notes : sequence of str
        What should be known, as text.
    look, is_playing
        As for `grid_html`.
    """
    line = html.line(f"<b>{html.text(title)}</b>", size=13, quiet=False)
    shown = grid_html(tiles, line, html.notes(notes), look=look, is_playing=is_playing)
    said = (tr("note: {note}", note=note) for note in notes)
    text = "\n".join([title, *map(plain_tile, tiles), *said])
    clips = [provenance(tile.clip) for tile in tiles if tile.clip is not None]
    return {"text/html": shown, "text/plain": text}, {"wan_magic": {"clips": clips}}
