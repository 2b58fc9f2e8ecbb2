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
from wan_magic.output.ended import Bundle, ended_bundle
from wan_magic.output.ended import started_bundle as started_bundle
from wan_magic.output.ended import undrawable_bundle as undrawable_bundle
from wan_magic.output.facts import amount, model_name, wishes
from wan_magic.output.facts import price_line as price_line
from wan_magic.output.facts import request_facts as request_facts
from wan_magic.output.place import relative_src

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.wan.request import VideoRequest

EMBED_MAX_BYTES = 8 * 1024 * 1024
"""Files up to this are embedded where the front end can't reach them."""

_SHOWN_HEIGHT = 520


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
        model_name(request, is_preview=clip.is_preview),
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


def cost_line(clip: Clip) -> str:
    """Return what the clip cost, in words."""
    if clip.from_library:
        before = "" if clip.is_preview else f" (it cost {amount(clip.cost)})"
        return f"from your library, 0.00{before}"
    if not clip.is_preview:
        return amount(clip.cost)
    if clip.cost.per_second is None:
        return "free"
    return f"free (the hosted API: {amount(clip.cost)})"


def end_bundle(job: Job) -> Bundle:
    """Return what an ended job leaves in the notebook: its player, or why there is none."""
    return ended_bundle(job) if job.exception() else player_bundle(job.result())


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
