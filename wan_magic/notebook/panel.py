"""The panel: the same request with buttons, made from the option and model tables."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from wan_magic.actions import api
from wan_magic.errors import WanError
from wan_magic.jobs.intake import RANDOM_SEED
from wan_magic.notebook import panel_words as words
from wan_magic.notebook.live import live_bundle
from wan_magic.notebook.panel_controls import message, rolled, row
from wan_magic.notebook.panel_drop import drop_script
from wan_magic.notebook.panel_form import Form
from wan_magic.notebook.panel_models import starter
from wan_magic.notebook.panel_record import Record
from wan_magic.notebook.panel_results import Result, cell_for
from wan_magic.notebook.views import is_watched
from wan_magic.output import html
from wan_magic.settings import Settings, from_environment
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.notebook.panel_price import Asked

_SETTLE_SECONDS = 0.5
"""Between a click on Generate and the reading of the form."""


def panel(settings: Settings | None = None) -> Panel:
    """Show a panel that makes clips by clicks.

    Parameters
    ----------
    settings : Settings, optional
        Endpoint, key and folder; by default the environment's.

    Returns
    -------
    Panel

    Examples
    --------
    >>> wan_magic.panel()  # doctest: +SKIP
    """
    made = Panel(settings or from_environment())
    made.show()
    return made


class Panel(Form):
    """A form, its price, Generate, and what came of it.

    Attributes
    ----------
    box : ipywidgets.VBox
        The whole panel.
    jobs : list of Job
        What was started here, newest first.
    """

    def __init__(self, settings: Settings) -> None:
        self._shown_in: object = None
        self._made: dict[str, Result] = {}
        self._record = Record(settings)
        self.jobs: list[Any] = []
        self.generate = widgets.Button(
            description=tr("Generate"),
            button_style="primary",
            icon="film",
            tooltip=tr("Submit this request"),
        )
        self.error = widgets.HTML(layout=widgets.Layout(margin="0"))
        self._told: tuple[widgets.HTML, ...] = (self.error,)
        self.another = widgets.Button(
            description=tr("New take"),
            icon="refresh",
            tooltip=tr("The same request with another seed: another clip, billed like this one"),
            layout=widgets.Layout(width="auto", align_self="flex-start", display="none"),
        )
        self.results = self._above = widgets.VBox()
        super().__init__(settings, touched=lambda: self._say(""))
        frame = widgets.Layout(
            border="1px solid rgba(128,128,128,.35)",
            padding="12px 14px",
            margin="4px 0 8px 0",
            max_width="720px",
        )
        start = row(self.generate, self.price, self.as_json)
        start.layout.margin = "8px 0 0"
        last = [start, self.error, self.another, self.json, drop_script()]
        self.box = widgets.VBox(
            [widgets.VBox([*self.parts, *last], layout=frame), self.results],
        )
        self.box.add_class("wan-magic-panel")
        self.generate.on_click(lambda _: self._once(self.generate, self._generate))
        self.another.on_click(lambda _: self._another_take())

    def __repr__(self) -> str:
        return f"<Panel with {len(self.jobs)} jobs>"

    def _ipython_display_(self) -> None:
        """Show it as a cell's value; not once more where the same cell has shown it."""
        if self._shown_in is None or self._shown_in != _cell_count():
            self.show()

    def show(self) -> None:
        """Display the panel as the output of the running cell; a line where nobody could click."""
        self._shown_in = _cell_count()
        if not is_watched(getattr(get_ipython(), "kernel", None)):
            said = tr("The panel needs somebody at the notebook: open it, and run this cell.")
            line = {"text/html": html.frame(html.text(said)), "text/plain": said}
            display(line, raw=True)
            return
        said = tr("A panel was here; %wanvideo panel shows a new one, %wanvideo jobs its clips.")
        fallback = {"text/html": html.frame(html.text(said)), "text/plain": said}
        display(live_bundle(self.box, fallback), raw=True)
        self._record.show()

    def _once(self, button: widgets.Button, pay: Callable[[], None], *places: widgets.HTML) -> None:
        """Start a job a moment after the click; many can run at once.

        Front ends send values and clicks on different threads: what was typed just
        before the click may arrive just after it. And clicks that piled up while the
        kernel was busy are one wish, not several payments.
        """

        def do() -> None:
            self._try(pay, *places)
            button.disabled = False

        if button.disabled:
            return
        button.disabled = True
        if _SETTLE_SECONDS:
            threading.Timer(_SETTLE_SECONDS, do).start()
        else:
            do()

    def _generate(self) -> None:
        self.refresh()
        asked = self.build()
        same = self._made.get(asked.request.fingerprint())
        if same is not None and not (same.job.done() and same.job.exception()):
            self._say(tr("This is the request of a clip below: nothing new was sent."), "warn")
            self.another.layout.display = None
        else:
            self._start(asked)

    def _start(self, asked: Asked, *, fresh: bool = False) -> None:
        job = api.start(asked.request, self._settings, asked.notes, fresh=fresh)
        result = Result(
            job,
            asked,
            cell=lambda one: cell_for(one, self._settings, from_environment()),
            last_frame=lambda one: self._try(lambda: self._start_from(one), one.said),
            new_take=lambda one: self._once(one.new_take, lambda: self._new_take(one), one.said),
            again=self._again,
        )
        self.jobs.insert(0, job)
        if asked.request.seed != RANDOM_SEED:
            self._made[asked.request.fingerprint()] = result
        self._record.add(job)
        # Each has the room for the next one above it. Were it put before the others into one box,
        # front ends would make all of them anew: films would stop, and the page would jump.
        self._above.children = (above := widgets.VBox(), result.box)
        self._above = above

    def _again(self, result: Result) -> Any:
        """Make the request of a job that brought no clip once more."""
        self._say("")
        job = api.start(result.asked.request, self._settings, result.asked.notes)
        self.jobs.insert(0, job)
        self._record.add(job)
        return job

    def _another_take(self) -> None:
        """Roll the seed of the form, and generate."""
        if "seed" not in self.controls:
            self._once(self.another, lambda: self._start(self.build(), fresh=True))
            return
        self.controls["seed"].value = str(rolled(self.row))
        self._once(self.generate, self._generate)

    def _new_take(self, result: Result) -> None:
        """Make a result's request with another seed; where the model takes none, once more."""
        asked, has_seed = result.asked, result.asked.request.row.takes("seed")
        if has_seed:
            seed = rolled(asked.request.row)
            asked = replace(asked, request=replace(asked.request, seed=seed))
        self._start(asked, fresh=not has_seed)
        told = tr("Another take was begun: it is at the top of the results.")
        self._say(told, "good", result.said)

    def _start_from(self, result: Result) -> None:
        """Put the last frame of a result's clip where the first frame is chosen."""
        clip = result.job.result()
        out = io.BytesIO()
        clip.last_frame().save(out, "PNG")
        if "image" not in self.taken:
            self.choose(starter(self.row, self._region))
        self.inputs["image"].put(f"{clip.path.stem}-last.png", out.getvalue())
        told = tr(
            "The last frame is the first frame now, in the form above:"
            " write what happens next, then Generate."
        )
        self._say(told, "good", self.error, result.said)

    def _try(self, do: Callable[[], None], *places: widgets.HTML) -> None:
        """Do what a click asks for, and say what goes wrong."""
        with self.lock:
            try:
                self._say("")
                do()
            except Exception as exc:  # noqa: BLE001 - nobody would see it: this is no cell
                self._complain(exc, *places)

    def _complain(self, exc: Exception, *places: widgets.HTML) -> None:
        if isinstance(exc, WanError):
            told = words.of_fields(exc, self.row)
        else:
            told = tr_sentence(f"unexpected {type(exc).__name__}: {exc}")
        self._say(told, "bad", *places)

    def _say(self, told: str, tone: html.Tone = "bad", *places: widgets.HTML) -> None:
        """Say what came of a click where it was, by default under Generate; and no more before."""
        self.another.layout.display = "none"
        for one in self._told:
            one.value = ""
        self._told = places or (self.error,)
        for one in self._told:
            one.value = message(told, tone)


def _cell_count() -> Any:
    """Return the number of the running cell."""
    return getattr(get_ipython(), "execution_count", None)
