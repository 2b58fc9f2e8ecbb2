"""The live status card. When its job ends, it becomes the player, in place.

Workers only set widget traits and update the display handle: printing or displaying
from a thread lands in whichever cell runs. A click may arrive on any thread, at once
or late, so that it only passes a wish on to the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.display import display

from wan_magic.jobs.job import State
from wan_magic.notebook import again, card_parts
from wan_magic.notebook.live import LiveOutput, live_bundle
from wan_magic.notebook.ticking import ticker
from wan_magic.output import html
from wan_magic.output.ended import started_bundle, undrawable_bundle
from wan_magic.output.player import end_bundle
from wan_magic.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.jobs.job import Job
    from wan_magic.output.ended import Bundle
_BORDER = "1px solid rgba(128,128,128,.35)"


_common: dict[str, widgets.Widget] = {}


def _shared() -> dict[str, widgets.Widget]:
    """Return one layout and one style for all texts of all cards: each has a model in the page."""
    if not _common or any(one.comm is None for one in _common.values()):  # the user closed them
        _common.update(layout=widgets.Layout(), style=widgets.HTML.style.klass())
    return _common


class StatusCard(LiveOutput):
    """Shows a job from its first second to its player.

    Parameters
    ----------
    job : Job
        Running or ended.
    notify : bool, default False
        Whether the browser tells of the end.
    in_cell : bool, default False
        Whether running the card's cell again makes the same request again.
    start_again : callable, optional
        Submits the same request as a new job, and returns that; for a card in a panel, which
        then offers it where the job failed, and becomes the card of the new one.

    Attributes
    ----------
    box : ipywidgets.VBox
        The card, to be placed in a panel; `show` displays it as a cell's output.
    """

    def __init__(
        self,
        job: Job,
        *,
        notify: bool = False,
        in_cell: bool = False,
        start_again: Callable[[], Job] | None = None,
    ) -> None:
        super().__init__(notify=notify and not job.done())
        self.job = job
        self._in_cell = in_cell
        self._start_again = start_again
        self._told: tuple[object, tuple[str, ...]] = None, ()
        self._shown_task = ""
        self._key: tuple[object, ...] = ()
        self._steps, self._clock, self._facts = (widgets.HTML(**_shared()) for _ in range(3))
        self._button = widgets.Button(
            description=tr("Cancel"), tooltip=tr("Cancel the task while it waits"), icon="times"
        )
        self._button.add_class("wan-magic-cancel")
        self._button.on_click(self._clicked)
        self._live = [*self._bells(), self._steps, self._clock, self._facts, self._button]
        self.box = widgets.VBox(self._live, layout=_framed(job))
        self.box.add_class("wan-magic-card")
        job.on_change(self._changed)
        self._changed(job)
        if not self._ended:
            ticker.start(self._tick, lambda: job.elapsed)

    def show(self) -> None:
        """Display the card as the output of the running cell."""
        with self._lock:
            if self._ended:
                data, metadata = self._end_bundle()
                self._handle = display(data, raw=True, metadata=metadata, display_id=True)
                return
            self._shown_task = self.job.task_id
            self._handle = display(self._live_bundle(), raw=True, display_id=True)

    def _live_bundle(self) -> dict[str, Any]:
        return live_bundle(self.box, started_bundle(self.job))

    # -- while it runs ------------------------------------------------------------------

    def _tick(self) -> bool:
        """Show the time; whether there will be more of it."""
        with self._lock:
            if not self._ended:
                self._clock.value = card_parts.clock(self.job)
            return not self._ended

    def _clicked(self, _: Any) -> None:
        self._button.disabled = True
        if self.job.cancel_refused:
            self._button.description = tr("Stopping…")
            self.job.detach()
        else:
            self._button.description = tr("Cancelling…")
            self.job.cancel()

    def _changed(self, job: Job) -> None:
        with self._lock:
            if job.done():
                self._end()
                return
            # A download tells of each piece: that waits for the clock.
            said = card_parts.without_numbers(job.message)
            key = (job.state, said, job.task_id, job.cancel_refused, job.notes)
            if self._ended:
                self._begin_again()
            elif key == self._key:
                return
            self._key = key
            self._steps.value = card_parts.stepper(job)
            self._clock.value = card_parts.clock(job)
            self._facts.value = card_parts.facts(job)
            if self._handle is not None and job.task_id != self._shown_task:
                # Once: a notebook that is saved now must hold the way back to a paid task.
                self._shown_task = job.task_id
                self._handle.update(self._live_bundle(), raw=True)
            self._offer(job)

    def _offer(self, job: Job) -> None:
        """Let the button offer what can still be done."""
        if job.cancel_refused and not job.detach_requested:
            self._button.description = tr("Stop watching")
            self._button.tooltip = tr("The task goes on at the server; its id brings it back")
            self._button.icon = "eye-slash"
            self._button.disabled = False
        elif job.state == State.DOWNLOADING and not job.cancel_refused:
            self._button.disabled = True  # it is made: nothing is left to cancel

    def _begin_again(self) -> None:
        """Come back to life: the job was resumed."""
        self._ended = False
        self._button.description, self._button.icon = tr("Cancel"), "times"
        self._button.tooltip = tr("Cancel the task while it waits")
        self._button.disabled = False
        self.box.layout = _framed(self.job)
        self.box.children = self._live
        self._shown_task = self.job.task_id
        if self._handle is not None:
            self._handle.update(self._live_bundle(), raw=True)
        ticker.start(self._tick, lambda: self.job.elapsed)

    # -- the end ------------------------------------------------------------------------

    def _end(self) -> None:
        """Become the player, or say why there is none; again where more comes later."""
        outcome, notes = self.job.clip or self.job.exception(), self.job.notes
        if self._ended and self._told[0] is outcome and self._told[1] == notes:
            return
        first, self._ended, self._told = not self._ended, True, (outcome, notes)
        try:
            bundle = self._end_bundle()
        except Exception as exc:  # noqa: BLE001 - a card must not freeze on what it can't draw
            bundle = undrawable_bundle(self.job, exc), {}
        tell = (lambda bell: bell.ring(self.job)) if first else None
        self._become(bundle, *self._offers_another(), tell=tell)

    def _end_bundle(self) -> Bundle:
        offers = self._in_cell and self.job.exception() is not None
        return end_bundle(self.job, again.row(self.job) if offers else "")

    def _offers_another(self) -> list[widgets.Widget]:
        if self._start_again is None or self.job.exception() is None:
            return []
        return [again.AgainButton(self.job, self._start_again, self._follow).box]

    def _follow(self, job: Job) -> None:
        """Show another try in this one's place."""
        if job is self.job:  # which goes on, and so does this card
            return
        notify = self._bell is not None
        card = StatusCard(job, notify=notify, start_again=self._start_again)
        with self._lock:
            self.box.children = [card.box]


def _framed(job: Job) -> widgets.Layout:
    return widgets.Layout(
        border=_BORDER,
        border_left=f"4px solid {html.tone('preview' if job.is_preview else 'plain')}",
        padding="10px 12px",  # and 2 of each widget: as the player
        margin="4px 0",
        max_width="720px",
    )
