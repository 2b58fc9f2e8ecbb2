"""A sweep as a live grid. When its jobs have ended, it becomes a static one, in place.

As with the card, workers only set traits and update the display handle; a click may arrive on
any thread, so that it only passes a wish on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.display import display

from wan_magic.errors import WanError
from wan_magic.notebook.again import run_cell
from wan_magic.notebook.live import LiveOutput, live_bundle
from wan_magic.notebook.ticking import ticker
from wan_magic.output import html
from wan_magic.output.grid import GRID, WIDEST, WIDTH, tile_html, tile_look
from wan_magic.output.sweeps import head, money_words, standing, sweep_bundle, tile_of
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep
    from wan_magic.output.ended import Bundle

_COLUMNS = GRID.partition("grid-template-columns:")[2].partition(";")[0]


class SweepGrid(LiveOutput):
    """Shows a sweep from its first second to its clips.

    Parameters
    ----------
    sweep : Sweep
        Running or ended.
    notify : bool, default False
        Whether the browser tells of the end.
    in_cell : bool, default False
        Whether running the grid's cell again makes what has no clip, and nothing else.

    Attributes
    ----------
    box : ipywidgets.VBox
        The grid; `show` displays it as a cell's output.
    """

    def __init__(self, sweep: Sweep, *, notify: bool = False, in_cell: bool = False) -> None:
        super().__init__(notify=notify and not sweep.done())
        self.sweep = sweep
        self._in_cell = in_cell
        self._clips = 0
        self._line = widgets.HTML()
        self._cancel = widgets.Button(
            description=tr("Cancel"),
            tooltip=tr("Cancel what still waits; what runs goes on and is billed"),
            icon="times",
        )
        self._cancel.add_class("wan-magic-cancel")
        self._cancel.on_click(self._clicked)
        self._tiles = [_Tile(sweep, at, self._retry) for at in range(len(sweep))]
        self._live = [
            *self._bells(),
            self._line,
            widgets.HTML(f'<div style="{html.FONT};line-height:1.5">{head(sweep)}</div>'),
            self._cancel,
            widgets.Box(
                [tile.box for tile in self._tiles],
                layout=widgets.Layout(
                    display="grid",
                    grid_template_columns=_COLUMNS,
                    grid_gap="12px",
                    overflow="visible",
                    max_width=f"{len(sweep) * WIDEST}px",
                    margin="10px 0 0",
                ),
            ),
        ]
        self.box = widgets.VBox(self._live, layout=_framed())
        self.box.add_class("wan-magic-grid")
        sweep.on_change(self._changed)
        if sweep.done():
            self._end()
        else:
            ticker.start(self._tick, lambda: sweep.elapsed)

    def show(self) -> None:
        """Display the grid as the output of the running cell."""
        with self._lock:
            if self._ended:
                data, metadata = self._end_bundle()
                self._handle = display(data, raw=True, metadata=metadata, display_id=True)
                return
            self._handle = display(self._bundle(), raw=True, display_id=True)

    def _bundle(self) -> dict[str, Any]:
        return live_bundle(self.box, sweep_bundle(self.sweep)[0])

    def _end_bundle(self) -> Bundle:
        again = ""
        if self._in_cell and self.sweep.failed:
            words = tr("run this cell again: what has no clip is made, the rest costs nothing")
            again = run_cell(tr("Try again"), words)
        return sweep_bundle(self.sweep, again)

    def _tick(self) -> bool:
        with self._lock:
            if not self._ended:
                _set(self._line, total_line(self.sweep))
            return not self._ended

    def _clicked(self, _: Any) -> None:
        self._cancel.disabled = True
        self._cancel.description = tr("Cancelling…")
        self.sweep.cancel()

    def _retry(self, at: int) -> None:
        # It asks the ledger, and perhaps the network: nothing for a front end's thread.
        threading.Thread(target=self._tried, args=(at,), daemon=True).start()

    def _tried(self, at: int) -> None:
        try:
            self.sweep.retry(at)
        except WanError as exc:
            self._tiles[at].say(tr_sentence(exc))

    def _changed(self, at: int, job: Job) -> None:
        with self._lock:
            if self._ended and not job.done():
                self._begin_again()
            elif self._ended and len(self.sweep.clips) == self._clips:
                return
            self._tiles[at].refresh()
            if self.sweep.done():
                self._end()

    def _begin_again(self) -> None:
        """Come back to life: what failed is tried again."""
        self._ended = False
        self._cancel.disabled = False
        self._cancel.description = tr("Cancel")
        for tile in self._tiles:
            tile.refresh()
        self.box.layout = _framed()
        self.box.children = self._live
        if self._handle is not None:
            self._handle.update(self._bundle(), raw=True)
        ticker.start(self._tick, lambda: self.sweep.elapsed)

    def _end(self) -> None:
        self._ended, self._clips = True, len(self.sweep.clips)
        first = self.sweep[0]
        words = standing(self.sweep), html.short(first.request.prompt, 120), first.id
        self._become(self._end_bundle(), tell=lambda bell: bell.tell(*words))


class _Tile:
    """One place of the grid: text while its job runs, then its player."""

    def __init__(self, sweep: Sweep, at: int, retry: Callable[[int], None]) -> None:
        self._sweep, self._at = sweep, at
        self._look = tile_look(sweep.look, len(sweep))
        self._said = ""
        self._html = widgets.HTML()
        # An output area keeps room at its right, which a tile needs.
        self._film = widgets.Output(layout=widgets.Layout(width="calc(100% + 18px)"))
        self._button = widgets.Button(
            description=tr("Try again"), tooltip=tr("Make this clip in a new job"), icon="refresh"
        )
        self._button.add_class("wan-magic-retry")
        self._button.on_click(lambda _: self._wanted(retry))
        self.box = widgets.VBox([self._html], layout=widgets.Layout(min_width="0"))
        self.refresh()

    def refresh(self) -> None:
        """Show how it stands now; nothing is sent where that has not changed."""
        tile = tile_of(self._sweep, self._at)
        shown = tile_html(tile, self._look)
        job = tile.job
        if tile.clip is not None:
            # A source beside the notebook is found in an output, and not in an HTML widget.
            data = {"output_type": "display_data", "data": {"text/html": shown}, "metadata": {}}
            if self._film.outputs != (data,):
                self._film.outputs = (data,)
            self._hold(self._film)
            return
        _set(self._html, shown)
        if job is not None and job.done():
            self._hold(self._html, self._button)
        else:
            self._button.disabled = False
            self._hold(self._html)

    def say(self, problem: str) -> None:
        """Show why it can't be tried again."""
        line = html.line(html.text(problem))
        _set(self._html, tile_html(tile_of(self._sweep, self._at), self._look) + line)
        self._button.disabled = False

    def _wanted(self, retry: Callable[[int], None]) -> None:
        if not self._button.disabled:  # clicks that piled up are one wish
            self._button.disabled = True
            retry(self._at)

    def _hold(self, *children: widgets.Widget) -> None:
        if tuple(self.box.children) != children:
            self.box.children = children


def _framed() -> widgets.Layout:
    return widgets.Layout(
        border="1px solid rgba(128,128,128,.35)",
        border_left=f"4px solid {html.tone('plain')}",
        padding="10px 12px",  # and 2 of each widget: as the static grid
        margin="4px 0",
        max_width=f"{WIDTH}px",
    )


def _set(widget: widgets.HTML, value: str) -> None:
    if widget.value != value:
        widget.value = value


def total_line(sweep: Sweep) -> str:
    """Return how many are there, the time and the money: what ticks, as HTML."""
    ended = sum(job.done() for job in sweep.jobs)
    label = html.text(tr("clips that have ended"))
    return (
        f'<div style="{html.FONT};line-height:1.5">'
        f'<progress value="{ended}" max="{len(sweep.jobs)}" aria-label="{label}" title="{label}"'
        ' style="width:100%"></progress>'
        + html.line(
            f'<b style="font-variant-numeric:tabular-nums">{html.text(standing(sweep))}</b>',
            html.text(money_words(sweep)),
            size=13,
            quiet=False,
        )
        + "</div>"
    )
