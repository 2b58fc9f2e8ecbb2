"""What a job leaves in the notebook while it has no clip, and where it ended without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.output import html
from wan_magic.output.facts import price_line, request_facts, wishes

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""A mimebundle and its metadata."""

_ENDINGS: dict[str, tuple[str, html.Tone]] = {
    "failed": ("FAILED", "bad"),
    "cancelled": ("CANCELLED", "plain"),
    "detached": ("NOT WATCHED", "warn"),
}


def started_bundle(job: Job) -> dict[str, str]:
    """Return what a front end without widgets shows while the job runs."""
    return {
        "text/html": html.frame(
            f"<div>{html.badge('SUBMITTED' if job.task_id else 'SUBMITTING', 'plain')}"
            " the clip was not there yet when this was saved</div>",
            html.prompt(job.request.prompt),
            html.line(*request_facts(job), html.text(price_line(job))),
            html.line(
                f"task {html.code(job.task_id)}",
                f"{html.code(f'%wanvideo resume {job.task_id}')} fetches it within 24 hours",
            )
            if job.task_id
            else "",
        ),
        "text/plain": repr(job),
    }


def ended_bundle(job: Job) -> Bundle:
    """Return the mimebundle of a job that ended without a clip: what, why, what to do."""
    error = job.exception()
    message = getattr(error, "message", str(error))
    hint = getattr(error, "hint", "")
    ids = {
        "code": getattr(error, "code", ""),
        "task": getattr(error, "task_id", "") or job.task_id,
        "request": getattr(error, "request_id", "") or job.request_id,
    }
    label, tone = _ENDINGS.get(str(job.state), _ENDINGS["failed"])
    request = job.request
    data = {
        "text/html": html.frame(
            f"<div>{html.badge(label, tone)} <b>{html.text(message)}</b></div>",
            f'<div style="margin-top:4px">→ {html.text(hint)}</div>' if hint else "",
            html.prompt(request.prompt),
            html.line(*request_facts(job), f"after {html.duration(job.elapsed)}"),
            html.line(*wishes(request)),
            html.line(*(f"{name} {html.code(value)}" for name, value in ids.items() if value)),
            tone=tone,
        ),
        "text/plain": f"{label}: {error}",
    }
    return data, {"wan_magic": {**request.named_body(), "task_id": job.task_id}}


def undrawable_bundle(job: Job, problem: Exception) -> dict[str, str]:
    """Return what to show where the end of a job can't be drawn: the job is fine."""
    message = f"the job has ended, but can't be shown: {type(problem).__name__}: {problem}"
    return {
        "text/html": html.frame(html.text(message), html.line(html.text(job)), tone="warn"),
        "text/plain": f"{message}\n{job!r}",
    }
