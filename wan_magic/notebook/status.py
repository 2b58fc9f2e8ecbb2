"""The live status card. When its job ends, it becomes the player, in place.

Workers only set widget traits and update the display handle: printing or displaying
from a thread lands in whichever cell runs. A click may arrive on any thread, at once
or late, so that it only passes a wish on to the job.
"""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.display import display

from wan_magic.jobs.job import State
from wan_magic.jobs.runner import Runner
from wan_magic.output import html
from wan_magic.output.player import (
    end_bundle,
    price_line,
    request_facts,
    started_bundle,
    undrawable_bundle,
    wishes,
)
from wan_magic.wan.catalog import usual_minutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.display import DisplayHandle

    from wan_magic.jobs.job import Job

_WIDGET = "application/vnd.jupyter.widget-view+json"
_STEPS = (State.SUBMITTING, State.QUEUED, State.RUNNING, State.DOWNLOADING, State.DONE)
_PICTURES = {"image": "first frame", "ref": "reference"}
_BORDER = "1px solid rgba(128,128,128,.35)"
_clock = Runner(workers=1)
"""Ticks all live cards; apart from the jobs' own threads, so that no slow call stops it."""


def live_bundle(box: widgets.Widget, fallback: dict[str, str]) -> dict[str, Any]:
    """Return a widget's mimebundle with what front ends without widgets show in its place."""
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    return {_WIDGET: view, **fallback}


class StatusCard:
    """Shows a job from its first second to its player.

    Parameters
    ----------
    job : Job
        Running or ended.

    Attributes
    ----------
    box : ipywidgets.VBox
        The card, to be placed in a panel; `show` displays it as a cell's output.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._handle: DisplayHandle | None = None
        self._lock = threading.RLock()
        self._ended = False
        self._shown_task = ""
        self._status = widgets.HTML()
        self._message = widgets.HTML()
        self._facts = widgets.HTML(self._facts_html())
        self._button = widgets.Button(
            description="Cancel", tooltip="Cancel the task while it waits", icon="times"
        )
        self._button.add_class("wan-magic-cancel")
        self._button.on_click(self._clicked)
        self._final = widgets.Output()
        self.box = widgets.VBox(
            [self._status, self._message, self._facts, self._button],
            layout=widgets.Layout(
                border=_BORDER,
                border_left=f"4px solid {html.tone('preview' if job.is_preview else 'plain')}",
                padding="10px 14px",
                margin="4px 0",
                max_width="720px",
            ),
        )
        self.box.add_class("wan-magic-card")
        job.on_change(self._changed)
        self._changed(job)
        if not self._ended:
            _clock.start(self._ticks())

    def show(self) -> None:
        """Display the card as the output of the running cell."""
        with self._lock:
            if self._ended:
                data, metadata = end_bundle(self.job)
                display(data, raw=True, metadata=metadata)
                return
            self._shown_task = self.job.task_id
            self._handle = display(self._live_bundle(), raw=True, display_id=True)

    def _live_bundle(self) -> dict[str, Any]:
        return live_bundle(self.box, started_bundle(self.job))

    def _ticks(self) -> Iterator[float]:
        while not self._ended:
            self._refresh()
            yield 1.0

    def _clicked(self, _: Any) -> None:
        self._button.disabled = True
        if self.job.cancel_refused:
            self._button.description = "Stopping…"
            self.job.detach()
        else:
            self._button.description = "Cancelling…"
            self.job.cancel()

    def _changed(self, job: Job) -> None:
        with self._lock:
            if self._ended:
                return
            if job.done():
                self._end()
                return
            self._refresh()
            facts = self._facts_html()
            if self._facts.value != facts:
                self._facts.value = facts
            if self._handle is not None and job.task_id != self._shown_task:
                # Once: a notebook that is saved now must hold the way back to a paid task.
                self._shown_task = job.task_id
                self._handle.update(self._live_bundle(), raw=True)
            if job.cancel_refused and self._button.description.startswith("Cancel"):
                self._button.description = "Stop watching"
                self._button.tooltip = "The task goes on at the server; its id brings it back"
                self._button.icon = "eye-slash"
                self._button.disabled = False
            elif job.state == State.DOWNLOADING and not job.cancel_refused:
                self._button.disabled = True  # it is made: nothing is left to cancel

    def _end(self) -> None:
        self._ended = True
        try:
            data, metadata = end_bundle(self.job)
        except Exception as exc:  # noqa: BLE001 - a card must not freeze on what it can't draw
            data, metadata = undrawable_bundle(self.job, exc), {}
        # First into the widget: after a reload of the page only that can still be reached.
        self._final.outputs = ({"output_type": "display_data", "data": data, "metadata": metadata},)
        self.box.layout = widgets.Layout()
        self.box.children = [self._final]
        # Then the whole output without its widget: the only form that outlives the kernel.
        if self._handle is not None:
            self._handle.update(data, raw=True, metadata=metadata)

    def _refresh(self) -> None:
        with self._lock:
            if self._ended:
                return
            self._status.value = _status_html(self.job)
            shown = html.text(self.job.message)
            message = f'<div role="status" style="line-height:1.5">{shown}</div>' if shown else ""
            if self._message.value != message:
                self._message.value = message

    def _facts_html(self) -> str:
        job = self.job
        parts = [
            html.prompt(job.request.prompt),
            html.line(*request_facts(job), html.text(price_line(job))),
            html.line(*wishes(job.request)),
            html.line(f"task {html.code(job.task_id)}" if job.task_id else ""),
            html.notes(job.notes),
        ]
        shown = job.request.image
        picture = ""
        if shown and shown.thumbnail:
            data = base64.b64encode(shown.thumbnail).decode()
            label = _PICTURES.get(shown.option, shown.option.replace("_", " "))
            picture = (
                f'<img src="data:image/jpeg;base64,{data}" alt="{label}" title="{label}"'
                ' style="width:144px;max-width:100%;margin-top:8px;align-self:flex-start;'
                'border-radius:6px">'
            )
        return (
            '<div style="display:flex;flex-wrap:wrap;gap:4px 12px;line-height:1.5;'
            'overflow-wrap:anywhere">'
            f'{picture}<div style="flex:1 1 220px;min-width:0">{"".join(parts)}</div></div>'
        )


def _status_html(job: Job) -> str:
    """Return the stepper and the clock."""
    steps = []
    at = _STEPS.index(job.state) if job.state in _STEPS else 0
    first = "waiting for a slot" if job.state is State.WAITING else _STEPS[0]
    for index, step in enumerate(_STEPS):
        mark = "●" if index <= at else "○"
        weight = "font-weight:600" if index == at else f"opacity:{0.85 if index < at else 0.5}"
        label = ("submitted" if at else first) if index == 0 else step
        steps.append(f'<span style="white-space:nowrap;{weight}">{mark} {label}</span>')
    clock = [html.duration(job.elapsed), _expected(job), _progress(job)]
    return (
        f'<div data-state="{job.state}" style="line-height:1.5">'
        f'<div style="display:flex;flex-wrap:wrap;gap:2px 12px">{"".join(steps)}</div>'
        f"{html.line(*filter(None, clock), size=13, quiet=False)}</div>"
    )


def _expected(job: Job) -> str:
    """Return the usual time, named an estimate; nothing is known of a resumed job."""
    if job.is_preview:
        return "a preview usually takes seconds (estimate)"
    request = job.request
    if not job.knows_request or not request.effective_duration:
        return ""
    low, high = request.row.minutes or usual_minutes(
        request.effective_resolution, request.effective_duration
    )
    return f"usually {low} to {high} min once it runs (estimate)"


def _progress(job: Job) -> str:
    done, total = job.downloaded
    if job.state != State.DOWNLOADING or not done:
        return ""
    whole = f" of {total / 1e6:.1f}" if total else ""
    return f"{done / 1e6:.1f}{whole} MB"
