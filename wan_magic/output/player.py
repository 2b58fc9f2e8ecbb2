"""The static output that a finished, failed or cancelled job leaves in the notebook.

It holds no widget, no script and no style block: it plays after a restart, in an
untrusted notebook and in an HTML export. ``src`` stands on the video itself, since
JupyterLab's sanitizer strips it from ``<source>``; inside the video a linked picture
remains for viewers that show no video at all (GitHub).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from wan_magic.output import html
from wan_magic.output.place import relative_src

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.wan.estimate import Estimate
    from wan_magic.wan.media import Input
    from wan_magic.wan.request import VideoRequest

EMBED_MAX_BYTES = 8 * 1024 * 1024
"""Files up to this are embedded where the front end can't reach them."""

_SHOWN_HEIGHT = 520

Bundle = tuple[dict[str, Any], dict[str, Any]]


def player_bundle(clip: Clip) -> Bundle:
    """Return the mimebundle and metadata of a clip.

    Returns
    -------
    data : dict
        ``text/html`` and ``text/plain``.
    metadata : dict
        Provenance under ``"wan_magic"``: no key, no signed URL.
    """
    data = {"text/html": player_html(clip), "text/plain": plain_line(clip)}
    return data, {"wan_magic": provenance(clip)}


def player_html(clip: Clip) -> str:
    """Return the player with its caption."""
    request = clip.request
    title = html.short(_title(clip), 200)
    shown = f'width="{_shown_width(clip)}"'
    poster = "data:image/jpeg;base64," + base64.b64encode(clip.poster).decode()
    link, src, note = relative_src(clip.path), None, ""
    try:
        size = clip.path.stat().st_size
        if link is not None:
            src = link
        elif size <= EMBED_MAX_BYTES:
            data = base64.b64encode(clip.path.read_bytes()).decode()
            src = f"data:video/mp4;base64,{data}"
        else:
            note = html.line(
                "this front end can't reach the file, and it is too large to embed; it is at"
                f" {html.code(str(clip.path))}"
            )
    except OSError:
        link, note = None, html.line("the file is gone, or may not be read any more")
    picture = (
        f'<img src="{poster}" alt="{html.text(title)}" {shown}'
        ' style="max-width:100%;border-radius:6px">'
    )
    href = html.text(link) if link else ""
    fallback = f'<a href="{href}">{picture}</a>' if link else picture
    video = (
        f'<video src="{html.text(src)}" poster="{poster}" controls loop preload="metadata"'
        f' {shown} title="{html.text(title)}"'
        ' style="display:block;max-width:100%;height:auto;border-radius:6px">'
        f"{fallback}</video>"
        if src
        else fallback
    )
    file = f'<a href="{href}">{html.text(clip.path.name)}</a>' if link else html.text(clip.path)
    return html.frame(
        video,
        html.prompt(request.prompt),
        *_caption(clip),
        html.line(file, f"task {html.code(clip.task_id)}"),
        note,
        tone="preview" if clip.is_preview else "good",
    )


def _title(clip: Clip) -> str:
    """Return what a clip is called: by its prompt, its effect, its inputs, or its file."""
    request = clip.request
    names = ", ".join(dict.fromkeys(one.name for one in request.inputs))
    made = names and f"{request.model}: {names}"
    return request.prompt.strip() or request.template or made or clip.path.name


def _shown_width(clip: Clip) -> int:
    """Return the player's width in pixels: as wide as a card, and a portrait not too high."""
    return min(clip.width, 690, round(_SHOWN_HEIGHT * clip.width / clip.height))


def _caption(clip: Clip) -> list[str]:
    request = clip.request
    facts = [
        _model(request, is_preview=clip.is_preview),
        f"{clip.width}×{clip.height}",
        f"{clip.duration:g} s",
        "" if clip.has_audio else "silent",
        f"seed {clip.seed}" if clip.seed is not None else "",
        html.text(cost_line(clip)),
        f"took {html.duration(clip.took)}" if clip.took else "",
    ]
    lines = [html.line(*facts), html.line(*wishes(request))]
    if clip.actual_prompt and clip.actual_prompt != request.prompt:
        lines.append(
            '<details style="margin-top:4px;font-size:12px"><summary>prompt as the server'
            f" rewrote it</summary>{html.text(clip.actual_prompt)}</details>"
        )
    return [*lines, html.notes(clip.notes)]


def wishes(request: VideoRequest) -> list[str]:
    """Return what else was asked for, as HTML: only what was set."""
    yes_no = {True: "yes", False: "no", None: None}
    said = {
        **_given(request),
        "effect": request.template,
        "ratio": request.ratio,
        "shots": request.shot_type,
        "mode": request.mode,
        "function": request.function,
        "sound": {True: "auto", False: "off", None: request.audio_setting}[request.audio],
        "prompt extension": yes_no[request.prompt_extend],
        "watermark": yes_no[request.watermark],
        "picture check": yes_no[request.check_image],
        "negative prompt": request.negative_prompt,
        **{name: str(value) for name, value in request.named_extras().items()},
    }
    return [
        f"{html.text(name)}: {html.text(html.short(text, 200))}"
        for name, text in said.items()
        if text
    ]


_INPUT_WORDS = {
    "image": "picture",
    "last_frame": "last frame",
    "ref": "references",
    "video": "video",
    "clip": "continues",
    "audio": "sound from",
    "mask": "mask",
    "file": "document",
    "link": "page",
}


def _given(request: VideoRequest) -> dict[str, str]:
    """Return the names of the inputs."""
    return {words: _names(request.of(option)) for option, words in _INPUT_WORDS.items()}


def _names(inputs: tuple[Input, ...]) -> str:
    """Return names; a sound among references is the voice of the one before it."""
    names: list[str] = []
    for one in inputs:
        if one.option == "ref" and one.media == "audio" and names:
            names[-1] += f" (voice: {one.name})"
        else:
            names.append(one.name)
    return ", ".join(names)


def _model(request: VideoRequest, *, is_preview: bool) -> str:
    """Return the model's name, with a badge where a preview only stands in for it."""
    badge = f"{html.badge('PREVIEW', 'preview')} " if is_preview else ""
    return badge + html.text(request.model)


def cost_line(clip: Clip) -> str:
    """Return what the clip cost, in words."""
    if clip.from_library:
        before = "" if clip.is_preview else f" (it cost {_amount(clip.cost)})"
        return f"from your library, 0.00{before}"
    if not clip.is_preview:
        return _amount(clip.cost)
    if clip.cost.per_second is None:
        return "free"
    return f"free (the hosted API: {_amount(clip.cost)})"


def _amount(cost: Estimate) -> str:
    """Return an amount, and whether its price is certain."""
    return f"{cost}, unconfirmed" if cost.note and cost.per_second is not None else str(cost)


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
    return data, {"wan_magic": {**_request_facts(request), "task_id": job.task_id}}


def request_facts(job: Job) -> list[str]:
    """Return what will be made, as HTML; of a resumed job only what is known."""
    request = job.request
    facts = [_model(request, is_preview=job.is_preview)]
    if job.knows_request:
        facts.append(html.text(request.size or request.tier))
        if request.effective_duration:
            facts.append(f"{request.effective_duration:g} s")
        facts += [f"seed {request.seed}"] if request.seed is not None else []
    if not job.is_preview:
        facts.append(f"at {html.text(job.endpoint)}")
    return facts


def price_line(job: Job) -> str:
    """Return the expected cost in words."""
    if job.is_resumed or job.was_sent:
        return "no further cost"
    if job.estimate.per_second is None:
        return "free preview" if job.is_preview else "price unknown here"
    if not job.is_preview:
        return f"estimated cost {job.estimate} ({job.estimate.detail})"
    return f"free preview (the hosted API: about {_amount(job.estimate)})"


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


_ENDINGS: dict[str, tuple[str, html.Tone]] = {
    "failed": ("FAILED", "bad"),
    "cancelled": ("CANCELLED", "plain"),
    "detached": ("NOT WATCHED", "warn"),
}


def end_bundle(job: Job) -> Bundle:
    """Return what an ended job leaves in the notebook: its player, or why there is none."""
    return ended_bundle(job) if job.exception() else player_bundle(job.result())


def undrawable_bundle(job: Job, problem: Exception) -> dict[str, str]:
    """Return what to show where the end of a job can't be drawn: the job is fine."""
    message = f"the job has ended, but can't be shown: {type(problem).__name__}: {problem}"
    return {
        "text/html": html.frame(html.text(message), html.line(html.text(job)), tone="warn"),
        "text/plain": f"{message}\n{job!r}",
    }


def plain_line(clip: Clip) -> str:
    """Return the clip as one line of text, for terminals and logs."""
    preview = "PREVIEW " if clip.is_preview else ""
    seed = "" if clip.seed is None else f", seed {clip.seed}"
    return (
        f"▶ {preview}{clip.path} ({clip.request.model}, {clip.width}×{clip.height},"
        f" {clip.duration:g} s{seed}, {cost_line(clip)})"
    )


def provenance(clip: Clip) -> dict[str, Any]:
    """Return how the clip was made, fit to be saved with it."""
    return {
        **_request_facts(clip.request),
        "task_id": clip.task_id,
        "file": clip.path.name,
        "preview": clip.is_preview,
    }


def _request_facts(request: VideoRequest) -> dict[str, Any]:
    # Names for inputs: an address may be long, or signed by somebody else.
    return request.named_body()
