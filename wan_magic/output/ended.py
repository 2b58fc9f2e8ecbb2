"""What a job leaves in the notebook while it has no clip, and where it ended without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""A mimebundle and its metadata."""


def started_bundle(job: Job) -> dict[str, str]:
    """Return what a front end without widgets shows while the job runs."""
    label = tr("SUBMITTED") if job.task_id else tr("SUBMITTING")
    words = html.text(tr("the clip was not there yet when this was saved"))
    command = html.code(f"%wanvideo resume {job.task_id}")
    back = html.line(html.named(tr("task"), job.task_id)) + html.line(
        f"{command} {html.text(tr('fetches it within 24 hours'))}"
    )
    return {
        "text/html": html.frame(
            f"<div>{html.badge(label, 'plain')} {words}</div>",
            beside(
                picture(job.request),
                html.prompt(job.request.prompt),
                html.line(*request_facts(job), html.text(price_line(job))),
                back if job.task_id else "",
            ),
        ),
        "text/plain": repr(job),
    }


def ended_bundle(job: Job, again: str = "") -> Bundle:
    """Return the mimebundle of a job that ended without a clip: what, why, what to do.

    Parameters
    ----------
    job : Job
        Ended.
    again : str, default ""
        HTML that offers another try.
    """
    endings: dict[str, tuple[str, html.Tone]] = {
        "cancelled": (tr("CANCELLED"), "plain"),
        "detached": (tr("NOT WATCHED"), "warn"),
    }
    label, tone = endings.get(str(job.state), (tr("FAILED"), "bad"))
    error = job.exception()
    message = html.text(tr_sentence(getattr(error, "message", error)))
    hint = html.text(tr_sentence(getattr(error, "hint", "")))
    ids = {
        tr("code"): getattr(error, "code", ""),
        tr("task"): getattr(error, "task_id", "") or job.task_id,
        tr("request"): getattr(error, "request_id", "") or job.request_id,
    }
    request = job.request
    after = html.fact(tr("after {duration}", duration=html.duration(job.elapsed)))
    data = {
        "text/html": html.frame(
            f'<div role="status">{html.badge(label, tone)} <b>{message}</b></div>',
            f'<div style="margin-top:4px">→ {hint}</div>' if hint else "",
            again,
            beside(
                picture(request),
                html.prompt(request.prompt),
                html.line(*request_facts(job), after),
                html.line(*wishes(request)),
                html.line(" ".join(html.named(*one) for one in ids.items() if one[1])),
                html.notes(job.notes),
                body_json(request) if job.knows_request else "",
            ),
            tone=tone,
        ),
        "text/plain": f"{label}: {tr_sentence(error)}",
    }
    return data, {"wan_magic": {**request.named_body(), "task_id": job.task_id}}


def undrawable_bundle(job: Job, problem: Exception) -> dict[str, str]:
    """Return what to show where the end of a job can't be drawn: the job is fine."""
    why = f"{type(problem).__name__}: {problem}"
    message = tr("the job has ended, but can't be shown: {why}", why=why)
    return {
        "text/html": html.frame(html.text(message), html.line(html.text(job)), tone="warn"),
        "text/plain": f"{message}\n{job!r}",
    }
