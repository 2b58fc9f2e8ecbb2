"""Another try of what failed: it costs again only where somebody clicks.

In the saved output no widget may stand. But JupyterLab and Notebook 7 run a command for a
click on an element that names one (in an untrusted notebook they ask first), and a click into
a cell's output makes that cell the active one. Elsewhere the words beside it say the same.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from wan_magic.errors import WanError
from wan_magic.jobs.recorder import is_open
from wan_magic.output import html
from wan_magic.output.facts import price_of_another
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.jobs.job import Job

_RUN_CELL = "notebook:run-cell"
_STYLE = (
    "font:inherit;color:inherit;background:rgba(128,128,128,.15);cursor:pointer;padding:3px 12px;"
    "border:1px solid rgba(128,128,128,.6);border-radius:3px"
)


def row(job: Job) -> str:
    """Return a button and words to run the cell again, of a job that brought no clip."""
    if _goes_on(job):
        label, words = tr("Go on"), tr("run this cell again to go on: no further cost")
    else:
        label = tr("Try again")
        price = price_of_another(job)
        words = tr("run this cell again to try again: a new task, {price}", price=price)
    return run_cell(label, words)


def run_cell(label: str, words: str) -> str:
    """Return a button that runs its cell again, and words that say the same, as HTML."""
    return (
        '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px;margin-top:8px">'
        f'<button type="button" data-commandlinker-command="{_RUN_CELL}" style="{_STYLE}">'
        f"↻ {html.text(label)}</button>"
        f'<span style="font-size:12px;flex:1 1 160px">{html.text(words)}</span></div>'
    )


def _goes_on(job: Job) -> bool:
    """Whether the ended job may still bring its clip, so that nothing new is sent."""
    error = job.exception()
    return isinstance(error, WanError) and is_open(job, error)


class AgainButton:
    """A button that submits a request once more, for a card that stands in no cell.

    Parameters
    ----------
    job : Job
        Ended without a clip.
    start : callable
        Submits the same request, and returns its job; called on a thread of its own.
    show : callable
        Gets that job.

    Attributes
    ----------
    box : ipywidgets.VBox
        The button, and what went wrong with it.
    """

    def __init__(self, job: Job, start: Callable[[], Job], show: Callable[[Job], None]) -> None:
        self._start, self._show = start, show
        goes_on = _goes_on(job)
        price = tr("no further cost") if goes_on else price_of_another(job)
        self.button = widgets.Button(
            description=tr("Go on") if goes_on else tr("Try again"),
            tooltip=tr("Submits the same request: {price}", price=price),
            icon="refresh",
        )
        self.button.add_class("wan-magic-again")
        self.button.on_click(self._clicked)
        self._problem = widgets.HTML()
        self._price = widgets.HTML(html.line(html.text(price)))
        line = widgets.HBox([self.button, self._price], layout=widgets.Layout(flex_flow="wrap"))
        self.box = widgets.VBox([line, self._problem])

    def _clicked(self, _: Any) -> None:
        """Start a job; clicks that piled up while the kernel was busy are one wish."""
        if self.button.disabled:
            return
        self.button.disabled = True
        threading.Thread(target=self._begin, name="wan_magic-again", daemon=True).start()

    def _begin(self) -> None:
        try:
            self._show(self._start())
        except Exception as exc:  # noqa: BLE001 - nobody would see it: this is no cell
            said = exc if isinstance(exc, WanError) else f"unexpected {type(exc).__name__}: {exc}"
            self._problem.value = html.frame(html.text(tr_sentence(said)), tone="bad")
            self.button.disabled = False
