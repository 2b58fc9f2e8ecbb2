"""The buttons of a gallery: play all together, sort, pick.

The grid is static HTML in an output of its own, which is what is saved; the buttons stand
above it in another one, and go away when they are done with, or when nobody touches them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.display import display

from wan_magic.actions.collecting import ordered
from wan_magic.notebook.live import live_bundle
from wan_magic.notebook.ticking import ticker
from wan_magic.texts import tr

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from wan_magic.notebook.gallery import Gallery

_PLAYS = 60.0
"""Seconds for which all play together: a grid that is saved later should be still."""
_IDLE = 900.0
"""Seconds after the last click when the buttons go away."""


class GalleryButtons:
    """The buttons above a gallery, and its grid in an output of its own.

    Parameters
    ----------
    gallery : Gallery
        Of at least one clip.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._is_playing = False
        self._clicks = 0
        self._handles: tuple[DisplayHandle, DisplayHandle] | None = None
        orders = {
            tr("newest first"): "date",
            tr("dearest first"): "cost",
            tr("longest first"): "seconds",
            tr("by model"): "model",
            tr("by seed"): "seed",
        }
        self._given = gallery.items
        by = gallery.order or ("date" if ordered(gallery.items, "date") == gallery.items else "")
        shown = by if by in orders.values() else ""
        as_given = [] if shown else [(tr("as given"), "")]
        self._sort = widgets.Dropdown(
            options=[*as_given, *orders.items()],
            value=shown,
            description=tr("Sort"),
            layout=widgets.Layout(width="auto", margin="2px 2px 2px 8px"),
            style={"description_width": "auto"},
        )
        self._play = widgets.Button(layout=widgets.Layout(width="112px"))  # its words change
        self._name_play()
        self._done = widgets.Button(
            description=tr("Done"),
            tooltip=tr("Takes these buttons away; the clips stay"),
            icon="check",
            layout=widgets.Layout(width="auto"),
        )
        self._picks = [
            widgets.ToggleButton(
                value=gallery.is_picked(number),
                description=str(number),
                tooltip=tr("Pick clip {number}", number=number),
                layout=widgets.Layout(width="42px"),
            )
            for number in range(1, len(gallery) + 1)
        ]
        for number, pick in enumerate(self._picks, 1):
            pick.observe(partial(self._picked, number), "value")
        self._sort.observe(self._sorted, "value")
        self._play.on_click(self._played)
        self._done.on_click(lambda _: self._leave())
        wraps = widgets.Layout(flex_flow="row wrap", align_items="center")
        label = widgets.Label(tr("Pick"), layout=widgets.Layout(margin="0 6px 0 2px"))
        self.box = widgets.VBox(
            [
                widgets.HBox([self._play, self._sort, self._done], layout=wraps),
                widgets.HBox([label, *self._picks], layout=wraps),
            ]
        )
        self.box.add_class("wan-magic-gallery")

    def show(self) -> None:
        """Display both outputs in the running cell."""
        left = {"text/plain": "", "text/html": ""}
        buttons = display(live_bundle(self.box, left), raw=True, display_id=True)
        data, metadata = self._gallery.bundle()
        grid = display(data, raw=True, metadata=metadata, display_id=True)
        self._handles = (buttons, grid)
        self._touched()

    def _refresh(self) -> None:
        if self._handles:
            data, metadata = self._gallery.bundle(is_playing=self._is_playing)
            self._handles[1].update(data, raw=True, metadata=metadata)

    def _touched(self) -> None:
        """Remember that somebody is there."""
        self._clicks += 1
        ticker.later(_IDLE, partial(self._idle, self._clicks))

    def _idle(self, clicks: int) -> None:
        if clicks == self._clicks:
            self._leave()

    def _picked(self, number: int, change: Any) -> None:
        self._touched()
        (self._gallery.pick if change["new"] else self._gallery.unpick)(number)
        self._refresh()

    def _sorted(self, change: Any) -> None:
        self._touched()
        if change["new"]:
            self._gallery.sort(change["new"])
        else:
            self._gallery.items = self._given
        for number, pick in enumerate(self._picks, 1):  # the numbers are on other clips now
            with pick.hold_trait_notifications():
                pick.unobserve_all("value")
                pick.value = self._gallery.is_picked(number)
            pick.observe(partial(self._picked, number), "value")
        self._refresh()

    def _played(self, _: Any) -> None:
        self._touched()
        self._is_playing = not self._is_playing
        self._name_play()
        self._refresh()
        if self._is_playing:
            ticker.later(_PLAYS, partial(self._still, self._clicks))

    def _still(self, clicks: int) -> None:
        if self._is_playing and clicks == self._clicks:
            self._is_playing = False
            self._name_play()
            self._refresh()

    def _name_play(self) -> None:
        self._play.description = tr("Stop") if self._is_playing else tr("Play all")
        self._play.icon = "stop" if self._is_playing else "play"
        self._play.tooltip = tr("All together, without their sound")

    def _leave(self) -> None:
        """Take the buttons away: what is left is what is saved."""
        if self._handles is None:
            return
        buttons, _ = self._handles
        self._is_playing = False
        self._refresh()
        self._handles = None
        buttons.update({"text/plain": "", "text/html": ""}, raw=True)
        self.box.close()
