"""An output that is alive while its jobs run, and static for ever after.

Workers only set widget traits and update the display handle: printing or displaying from a thread
lands in whichever cell runs.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from wan_magic.notebook.bell import STAYS, Bell
from wan_magic.notebook.ticking import ticker

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.display import DisplayHandle

    from wan_magic.output.ended import Bundle

_WIDGET = "application/vnd.jupyter.widget-view+json"


def live_bundle(box: widgets.Widget, fallback: dict[str, str]) -> dict[str, Any]:
    """Return a widget's mimebundle with what front ends without widgets show in its place."""
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    return {_WIDGET: view, **fallback}


class LiveOutput:
    """What the card of a job and the grid of a sweep have in common: how they end.

    Parameters
    ----------
    notify : bool
        Whether the browser tells of the end.

    Attributes
    ----------
    box : ipywidgets.VBox
        What is seen; its children are the heir's, behind those of `_bells`.
    """

    box: widgets.VBox

    def __init__(self, *, notify: bool) -> None:
        self._handle: DisplayHandle | None = None
        self._lock = threading.RLock()
        self._ended = False
        self._left: Bundle = {}, {}
        self._bell = Bell() if notify else None

    def _bells(self) -> list[widgets.Widget]:
        """Return what must stay the first child: a view that moves is made anew."""
        return [self._bell.output] if self._bell else []

    def _become(
        self, bundle: Bundle, *more: widgets.Widget, tell: Callable[[Bell], None] | None = None
    ) -> None:
        """Show what is left; the browser tells of it first, where that is wished."""
        data, metadata = self._left = bundle
        # First into the widget: after a reload of the page only that can still be reached.
        final = widgets.Output()
        final.outputs = ({"output_type": "display_data", "data": data, "metadata": metadata},)
        self.box.layout = widgets.Layout()
        self.box.children = [*self._bells(), final, *more]
        if self._bell and tell:
            tell(self._bell)
            ticker.later(STAYS, self._leave)
        else:
            self._leave()

    def _leave(self) -> None:
        """Replace the whole output by one without a widget: that alone outlives the kernel."""
        with self._lock:
            if self._bell:
                self._bell.silence()
            if self._handle is not None and self._ended:  # or it has begun again meanwhile
                data, metadata = self._left
                self._handle.update(data, raw=True, metadata=metadata)
