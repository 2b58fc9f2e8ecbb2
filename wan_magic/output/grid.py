"""Many clips side by side as static HTML.

Like the player it needs no widget, no script and no style block. Nothing of a film is loaded
before it is played, and posters are small, so that fifty clips open at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wan_magic.output import html
from wan_magic.output.facts import picture
from wan_magic.output.job_words import state_word
from wan_magic.output.look import Look
from wan_magic.output.player import cost_line, plain_line
from wan_magic.output.screen import screen
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job

WIDTH = 1240
"""Of a whole grid at most, in pixels."""
GRID = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(210px,100%),1fr));gap:12px"
WIDEST = 400
"""Of a tile, in pixels: one alone does not fill the page."""
_TILE = (
    "box-sizing:border-box;min-width:0;padding:8px;border:1px solid rgba(128,128,128,.35);"
    "overflow-wrap:anywhere"
)
_EMPTY = (
    "display:flex;align-items:center;justify-content:center;gap:8px;flex-wrap:wrap;"
    "box-sizing:border-box;min-height:110px;padding:8px;text-align:center;"
    "background:rgba(128,128,128,.12);border-radius:6px"
)


@dataclass(frozen=True)
class Tile:
    """One place of a grid.

    Attributes
    ----------
    number : int
        As it is counted on the page, from 1.
    label : str
        What makes it another one than its neighbours.
    job : Job or None
        Where it comes from, if that is known.
    clip : Clip or None
        What is shown, if it is there.
    facts : tuple of str
        What else is said of it, as text.
    is_picked : bool
        Whether the user has picked it.
    """

    number: int
    label: str
    job: Job | None = None
    clip: Clip | None = None
    facts: tuple[str, ...] = ()
    is_picked: bool = False


def tile_html(tile: Tile, look: Look, *, is_playing: bool = False) -> str:
    """Return a tile: the clip, or in its place how its job stands.

    Parameters
    ----------
    tile : Tile
        What it shows.
    look : Look
        Where the film's bytes go.
    is_playing : bool, default False
        Whether the clip plays by itself, without its sound.
    """
    job = tile.job
    state = "done" if job is None else str(job.state)
    number = html.text(tr("number {number}", number=tile.number))
    picked = html.badge(tr("PICKED"), "good") + " " if tile.is_picked else ""
    shown, *more = _shown(tile, look, is_playing=is_playing)
    return (
        f'<div data-tile="{tile.number}" data-state="{state}" style="{_TILE};{html.FONT};'
        f'font-size:13px;line-height:1.45">{shown}'
        f'<div style="margin-top:6px"><span title="{number}" style="opacity:.75">'
        f"{tile.number}</span> {picked}<b>{html.text(tile.label)}</b></div>"
        f"{''.join(more)}</div>"
    )


def _shown(tile: Tile, look: Look, *, is_playing: bool) -> list[str]:
    """Return what stands in a tile's place, and the lines below it."""
    if tile.clip is not None:
        return _film(tile.clip, tile, look, is_playing=is_playing)
    if tile.job is None:
        return [f'<div style="{_EMPTY}">{html.text(tr("the file is gone"))}</div>']
    job = tile.job
    price = html.line(html.fact(price_words(job)))
    if not job.done():
        words = html.text(state_words(job))
        return [f'<div style="{_EMPTY}">{picture(job.request)}<span>{words}</span></div>', price]
    tones: dict[str, html.Tone] = {"cancelled": "plain", "detached": "warn"}
    error = job.exception()
    hint = tr_sentence(getattr(error, "hint", ""))
    badge = html.badge(state_words(job).upper(), tones.get(str(job.state), "bad"))
    message = html.text(html.short(_why(error), 200))
    task = html.line(html.named(tr("task"), job.task_id)) if job.task_id else ""
    return [
        f'<div style="{_EMPTY}" role="status">{badge} <span>{message}</span></div>',
        html.line(f"→ {html.text(html.short(hint, 200))}") if hint else "",
        task,
    ]


def _film(clip: Clip, tile: Tile, look: Look, *, is_playing: bool) -> list[str]:
    title = html.short(clip.request.prompt.strip() or clip.path.name, 120)
    if tile.label and tile.label not in title:
        title = f"{title} ({tile.label})"
    film = screen(clip, title, look, is_tile=True)
    shown = film.html
    if is_playing:  # muted: a browser plays nothing by itself with its sound
        shown = shown.replace(' preload="none"', ' preload="auto" autoplay muted', 1)
    name = html.text(clip.path.name)
    file = f'<a href="{html.text(film.link)}">{name}</a>' if film.link else name
    preview = f"{html.badge(tr('PREVIEW'), 'preview')} " if clip.is_preview else ""
    first, *more = map(html.fact, (*tile.facts, cost_line(clip)))
    return [
        shown,
        html.line(preview + first, *more),
        html.line(file, size=11),
        "".join(html.line(html.text(note), size=11) for note in film.notes),
    ]


def state_words(job: Job) -> str:
    """Return how a job stands, in a word or two."""
    if job.state == "waiting":
        return tr("waiting for a slot")
    return state_word("not watched" if job.state == "detached" else str(job.state))


def price_words(job: Job) -> str:
    """Return what a job that runs costs, as short as it can be said."""
    if job.is_preview:
        return tr("free")
    if job.is_resumed or job.was_sent:
        return tr("no further cost")
    if job.estimate.per_second is None:
        return tr("price unknown here")
    return tr("about {cost}", cost=job.estimate)


def tile_look(look: Look | None, number: int) -> Look:
    """Return how the films of so many tiles are kept: the limit is for all of them together."""
    look = look or Look()
    return replace(look, embed_limit=look.embed_limit // max(number, 1), width=None)


def grid_html(
    tiles: Sequence[Tile],
    *above: str,
    look: Look | None = None,
    tone: html.Tone = "plain",
    is_playing: bool = False,
) -> str:
    """Return tiles side by side, as many in a row as there is room for.

    Parameters
    ----------
    tiles : sequence of Tile
        In their order.
    *above : str
        What stands above them, as HTML.
    look : Look, optional
        Where the films' bytes go; the limit for embedding is for all of them together.
    tone : str
        Of the left border.
    is_playing : bool, default False
        Whether all play by themselves, without their sound.
    """
    look = tile_look(look, len(tiles))
    shown = "".join(tile_html(tile, look, is_playing=is_playing) for tile in tiles)
    widest = len(tiles) * WIDEST
    grid = f'<div style="{GRID};margin-top:10px;max-width:{widest}px">{shown}</div>'
    return html.frame(*above, grid, tone=tone, width=WIDTH)


def plain_tile(tile: Tile) -> str:
    """Return a tile as a line of text."""
    start = f"{tile.number}. {tile.label}: " if tile.label else f"{tile.number}. "
    if tile.clip is not None:
        return start + plain_line(tile.clip)
    if tile.job is None:
        return start + tr("the file is gone")
    error = tile.job.exception()
    return start + state_words(tile.job) + (f": {_why(error)}" if error else "")


def _why(error: BaseException | None) -> str:
    return tr_sentence(getattr(error, "message", error))
