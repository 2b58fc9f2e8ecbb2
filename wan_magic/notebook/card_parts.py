"""What stands on a live card, as HTML: the stepper, the clock, the facts."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING

from wan_magic.jobs.job import State
from wan_magic.output import html
from wan_magic.output.facts import (
    beside,
    body_json,
    picture,
    price_line,
    request_facts,
    wishes,
)
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence
from wan_magic.wan.catalog import usual_minutes

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job

_STEPS = (State.SUBMITTING, State.QUEUED, State.RUNNING, State.DOWNLOADING, State.DONE)
_ENOUGH = 3
"""Clips of a kind from which their times say more than the table."""
_HIDDEN = (
    "position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);"
    "white-space:nowrap"
)
_LINE = 'style="font-size:12px;margin-top:4px"'


def stepper(job: Job) -> str:
    """Return where the job is: for eyes a row of steps, for screen readers a sentence.

    It changes with the state and with what is going on, and not with progress or time, so that
    nothing is announced twice.
    """
    at = _STEPS.index(job.state) if job.state in _STEPS else 0
    steps = []
    for index, label in enumerate(_labels(job, at)):
        mark = "✓" if index < at else "●" if index == at else "○"
        bar = "var(--jp-brand-color1,#1976d2)" if index <= at else "rgba(128,128,128,.35)"
        steps.append(
            f'<li{" aria-current=step" if index == at else ""} style="list-style:none;margin:0;'
            "flex:1 1 auto;white-space:nowrap;"
            f"padding:3px 0 0;border-top:3px solid {bar};font-weight:{600 if index == at else 400};"
            f'opacity:{0.75 if index > at else 1}">{mark} {html.text(label)}</li>'
        )
    words = _sentence(job.state), without_numbers(tr_sentence(job.message))
    sentence = html.text(" ".join(filter(None, words)))
    return (
        f'<div data-state="{job.state}" style="position:relative;{html.FONT};font-size:13px;'
        f'line-height:1.5"><div role="status" style="{_HIDDEN}">{sentence}</div>'
        '<ol style="display:flex;flex-wrap:wrap;gap:4px 6px;margin:0;padding:0">'
        f"{''.join(steps)}</ol></div>"
    )


def _labels(job: Job, at: int) -> list[str]:
    if at:
        first = tr("submitted")
    else:
        first = tr("waiting for a slot") if job.state is State.WAITING else tr("submitting")
    return [first, tr("queued"), tr("running"), tr("downloading"), tr("done")]


def _sentence(state: State) -> str:
    words = {
        State.WAITING: tr("Waiting for a slot."),
        State.SUBMITTING: tr("Submitting the request."),
        State.QUEUED: tr("The task is queued."),
        State.RUNNING: tr("The task is running."),
        State.DOWNLOADING: tr("Downloading the clip."),
    }
    return words.get(state, "")


def without_numbers(message: str) -> str:
    """Return what a message says beside its progress, which changes all the time."""
    return re.sub(r"[\d.,]+", "…", message)


def clock(job: Job) -> str:
    """Return the time so far, the usual time, the progress, and what is going on."""
    elapsed, label = html.text(html.duration(int(job.elapsed))), html.text(tr("time so far"))
    cells = [
        f'<b title="{label}" style="font-variant-numeric:tabular-nums">{elapsed}</b>',
        html.text(_expected(job)),
        html.text(_progress(job)),
    ]
    message = f"<div {_LINE}>{html.text(tr_sentence(job.message))}</div>" if job.message else ""
    return (
        f'<div style="{html.FONT};line-height:1.5;overflow-wrap:anywhere">'
        f"{html.line(*cells, size=13, quiet=False)}{message}</div>"
    )


def _expected(job: Job) -> str:
    """Return the usual time, and where that is known from; nothing where nobody knows."""
    if job.state is State.DOWNLOADING:
        return ""
    request, before = job.request, job.took_before
    if len(before) >= _ENOUGH:
        usual = html.duration(statistics.median(before))
        words = tr(
            "usually {duration} here (from {count} clips)", duration=usual, count=len(before)
        )
        longest = max(before)
    elif job.is_preview:
        return tr("a preview usually takes seconds (estimate)")
    elif not job.knows_request or not request.effective_duration:
        return ""
    else:
        low, high = request.row.minutes or usual_minutes(
            request.effective_resolution, request.effective_duration
        )
        words = tr("usually {low} to {high} min once it runs (estimate)", low=low, high=high)
        longest = 60.0 * high
    if job.state is State.RUNNING and job.clock() - job.since > longest:
        return tr("longer than usual: {words}", words=words)
    return words


def _progress(job: Job) -> str:
    done, total = job.downloaded
    if job.state is not State.DOWNLOADING or not done:
        return ""
    if not total:
        return tr("{done} MB", done=f"{done / 1e6:.1f}")
    return tr("{done} of {total} MB", done=f"{done / 1e6:.1f}", total=f"{total / 1e6:.1f}")


def facts(job: Job) -> str:
    """Return the first frame, the prompt, what will be made, the price, the task's id."""
    request = job.request
    task = html.named(tr("task"), job.task_id) if job.task_id else ""
    return (
        f'<div style="{html.FONT};font-size:13px;line-height:1.5">'
        + beside(
            picture(request),
            html.prompt(request.prompt),
            html.line(*request_facts(job)),
            html.line(f"<b>{html.text(price_line(job))}</b>"),
            html.line(*wishes(request)),
            html.line(task),
            html.notes(job.notes),
            body_json(request) if job.knows_request else "",
        )
        + "</div>"
    )
