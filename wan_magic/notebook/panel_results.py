"""What the panel has made: its live cards, and what to do next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from wan_magic.notebook.panel_controls import problem, row
from wan_magic.notebook.panel_drop import HELD
from wan_magic.notebook.status import StatusCard
from wan_magic.output import html
from wan_magic.output.cell import cell_of
from wan_magic.output.place import default_out
from wan_magic.preferences import CAPS
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.jobs.job import Job
    from wan_magic.notebook.panel_inputs import Chosen
    from wan_magic.notebook.panel_price import Asked
    from wan_magic.settings import Settings
    from wan_magic.wan.media import Input

_INSERT = "apputils:run-all-enabled"
_STEPS = ["notebook:insert-cell-below", "notebook:replace-selection"]
"""Commands of JupyterLab and Notebook 7; a kernel can insert cells only while a cell runs."""


class Result:
    """A job of the panel: its card, and what can be done with it.

    Parameters
    ----------
    job : Job
    asked : Asked
    cell : callable
        Writes the cell that does the same.
    last_frame, new_take, again : callable
        Get this result when their button is clicked; `again` returns the new job.

    Attributes
    ----------
    box : ipywidgets.VBox
        All of it.
    said : ipywidgets.HTML
        What came of the last click on it.
    """

    def __init__(
        self,
        job: Job,
        asked: Asked,
        *,
        cell: Callable[[Asked], str],
        last_frame: Callable[[Result], None],
        new_take: Callable[[Result], None],
        again: Callable[[Result], Job],
    ) -> None:
        self.job, self.asked = job, asked
        self._again = again
        self._write = cell
        self.last_frame = _button(
            tr("Use last frame"),
            "step-forward",
            tr("Start the next clip where this one ends: its last frame becomes the first frame"),
        )
        self.new_take = _button(
            tr("New take"),
            "refresh",
            tr("The same request with another seed: another clip, billed like this one"),
        )
        self.as_cell = widgets.ToggleButton(
            description=tr("Insert as cell"),
            icon="code",
            tooltip=tr("Show the %%wanvideo cell that does the same"),
            layout=widgets.Layout(width="auto"),
        )
        self.said = widgets.HTML(layout=widgets.Layout(margin="0"))
        self.cell = widgets.HTML(layout=widgets.Layout(display="none", margin="0"))
        for one in (self.last_frame, self.new_take):
            one.add_class(HELD)
        self.last_frame.on_click(lambda _: last_frame(self))
        self.new_take.on_click(lambda _: new_take(self))
        self.as_cell.observe(self._show_cell, names="value")
        card = StatusCard(job, start_again=self._start_again)
        self.box = widgets.VBox(
            [card.box, row(self.last_frame, self.new_take, self.as_cell), self.said, self.cell],
            layout=widgets.Layout(margin="0 0 12px 0", max_width="720px"),
        )
        job.on_change(self._changed)
        self._changed(job)

    def _start_again(self) -> Job:
        """Begin another try, whose card takes the place of the first one's."""
        self.job = self._again(self)
        self.job.on_change(self._changed)
        self._changed(self.job)
        return self.job

    def _changed(self, job: Job) -> None:
        """Offer what can be done now; on any thread."""
        if job is not self.job:
            return
        failed = job.done() and job.exception() is not None  # its card says what can be done
        self.last_frame.disabled = not job.done()
        self.last_frame.layout.display = self.new_take.layout.display = "none" if failed else None

    def _show_cell(self, change: Any) -> None:
        if change["new"]:
            try:
                self.cell.value = _shown(self._write(self.asked))
            except Exception as exc:  # noqa: BLE001 - nobody would see it: this is no cell
                self.cell.value = problem(tr_sentence(exc))
        self.cell.layout.display = None if change["new"] else "none"


def _button(description: str, icon: str, tooltip: str) -> widgets.Button:
    layout = widgets.Layout(width="auto")
    return widgets.Button(description=description, icon=icon, tooltip=tooltip, layout=layout)


def _shown(cell: str) -> str:
    """Return a cell to copy, and a link that inserts it where the front end can."""
    # Both commands get all of the arguments, and each takes its own.
    arguments = {"commands": _STEPS, "args": {"text": cell}}
    link = (
        f'<a href="#" role="button" data-commandlinker-command="{_INSERT}"'
        f' data-commandlinker-args="{html.text(json.dumps(arguments))}"'
        f' style="text-decoration:underline;color:inherit">{html.text(tr("Insert it below"))}</a>'
    )
    otherwise = html.text(tr("or copy it into any cell: it makes the very same request"))
    return html.cell(cell) + html.line(link, otherwise)


def cell_for(asked: Asked, settings: Settings, usual: Settings) -> str:
    """Return the cell that makes the same request; what was uploaded becomes a file beside it.

    Parameters
    ----------
    asked : Asked
        Of a job.
    settings : Settings
        Of the panel.
    usual : Settings
        What a cell has without options.
    """
    places = {name: list(values) for name, values in asked.given.items()}

    def typed(one: Input) -> str:
        value = places[one.option].pop(0)
        return _as_path(value if isinstance(value, str) else kept(value, settings))

    run = {
        name: value
        for name in ("endpoint", "workspace", "out", "timeout")
        if (value := getattr(settings, name)) != getattr(usual, name)
    }
    for name in CAPS:
        if (limits := getattr(settings, name)) != getattr(usual, name):
            run[name] = ", ".join(map(str, limits)) or "off"
    return cell_of(asked.request, "clip", run, typed=typed)


def _as_path(text: str) -> str:
    """Return a path so that it is read as one: a bare word would be a variable."""
    return f"./{text}" if text.isidentifier() else text


def kept(file: Chosen, settings: Settings) -> str:
    """Write an uploaded file beside the clips, once, and return its path as a cell has it."""
    folder = (settings.out or default_out()).absolute() / "inputs"
    folder.mkdir(parents=True, exist_ok=True)
    name = Path(file.name.replace("\\", "/")).name or "file"
    path, number = folder / name, 1
    while path.exists() and path.read_bytes() != file:
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    path.write_bytes(file)
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
