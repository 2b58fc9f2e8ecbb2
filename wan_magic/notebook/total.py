"""How far many jobs are, in one line: a small live bar in a notebook, a line on a terminal."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from wan_magic.notebook.grid import total_line
from wan_magic.notebook.live import live_bundle
from wan_magic.notebook.terminal import TotalLine
from wan_magic.notebook.ticking import ticker
from wan_magic.notebook.views import is_watched
from wan_magic.output.sweeps import total_bundle

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from wan_magic.jobs.sweep import Sweep


def show_total(sweep: Sweep) -> None:
    """Show how far a sweep is, wherever this runs; nothing where nobody could see it move.

    On a terminal the line moves while ``result()`` waits.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        if sys.stderr.isatty():
            sweep.while_waiting = TotalLine(sweep, sys.stderr, stays=True).show
    elif is_watched(kernel):
        TotalBar(sweep).show()


class TotalBar:
    """A bar and a line that end as a line of static HTML.

    Parameters
    ----------
    sweep : Sweep
        Running or ended.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._handle: DisplayHandle | None = None
        self._lock = threading.Lock()
        # As wide as a card: a bar across a wide page is hard to read.
        self._html = widgets.HTML(total_line(sweep), layout=widgets.Layout(max_width="720px"))

    def show(self) -> None:
        """Display it as an output of the running cell."""
        if self._sweep.done():
            display(total_bundle(self._sweep), raw=True)
            return
        bundle = live_bundle(self._html, total_bundle(self._sweep))
        self._handle = display(bundle, raw=True, display_id=True)
        ticker.start(self._tick, lambda: self._sweep.elapsed)

    def _tick(self) -> bool:
        with self._lock:
            ended = self._sweep.done()
            shown = total_line(self._sweep)
            if self._html.value != shown:
                self._html.value = shown
            if ended and self._handle is not None:
                self._handle.update(total_bundle(self._sweep), raw=True)
            return not ended
