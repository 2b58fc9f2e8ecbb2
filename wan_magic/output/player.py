"""The static output that a finished, failed or cancelled job leaves in the notebook.

It holds no widget, no script and no style block: it plays after a restart, in an
untrusted notebook and in an HTML export.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wan_magic.errors import WanError
from wan_magic.output import html
from wan_magic.output.ended import Bundle, ended_bundle
from wan_magic.output.ended import started_bundle as started_bundle
from wan_magic.output.ended import undrawable_bundle as undrawable_bundle
from wan_magic.output.facts import amount, model_name, wishes
from wan_magic.output.facts import price_line as price_line
from wan_magic.output.facts import request_facts as request_facts
from wan_magic.output.look import Look
from wan_magic.output.offers import offers_html
from wan_magic.output.place import shown_path
from wan_magic.output.screen import screen
from wan_magic.texts import tr

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.film import Film
    from wan_magic.jobs.job import Job

_AROUND = 33
"""Pixels of a card beside its content."""


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
    """Return the player with its caption, and what to type for more of it."""
    title = html.short(_title(clip), 200)
    shown = screen(clip, title, look_of(clip))
    name = html.text(clip.path.name)
    file = f'<a href="{html.text(shown.link)}">{name}</a>' if shown.link else name
    return html.frame(
        shown.html,
        html.prompt(clip.request.prompt),
        *_caption(clip),
        html.line(file, html.named(tr("task"), clip.task_id)),
        *(html.line(html.text(note)) for note in shown.notes),
        offers_html(clip),
        tone="preview" if clip.is_preview else "good",
        width=max(720, shown.width + _AROUND),
    )


def look_of(clip: Film) -> Look:
    """Return how a clip is to be shown: as its job was told, else as it is set."""
    if clip.look is not None:
        return clip.look
    from wan_magic.settings import from_environment

    try:
        return from_environment().look
    except WanError:  # of the config file, say: no reason to hide a clip
        return Look()


def _title(clip: Clip) -> str:
    """Return what a clip is called: by its prompt, its effect, its inputs, or its file."""
    request = clip.request
    names = ", ".join(dict.fromkeys(one.name for one in request.inputs))
    made = names and f"{request.model}: {names}"
    return request.prompt.strip() or request.template or made or clip.path.name


def _caption(clip: Clip) -> list[str]:
    request = clip.request
    facts = [
        model_name(request, is_preview=clip.is_preview),
        html.fact(f"{clip.width}×{clip.height}"),
        html.fact(tr("{seconds} s", seconds=f"{clip.duration:g}")),
        "" if clip.has_audio else html.fact(tr("silent")),
        html.fact(tr("seed {seed}", seed=clip.seed)) if clip.seed is not None else "",
        html.fact(cost_line(clip)),
        html.fact(tr("took {duration}", duration=html.duration(clip.took))) if clip.took else "",
    ]
    lines = [html.line(*facts), html.line(*wishes(request))]
    if clip.actual_prompt and clip.actual_prompt != request.prompt:
        rewritten = f'<div style="white-space:pre-line">{html.text(clip.actual_prompt)}</div>'
        lines.append(html.folded(tr("prompt as the server rewrote it"), rewritten))
    return [*lines, html.notes(clip.notes)]


def cost_line(clip: Clip) -> str:
    """Return what the clip cost, in words."""
    if clip.from_library:
        if clip.is_preview or clip.cost.amount is None:
            return tr("from your library, 0.00")
        return tr("from your library, 0.00 (it cost {cost})", cost=amount(clip.cost))
    if not clip.is_preview:
        return amount(clip.cost)
    if clip.cost.per_second is None:
        return tr("free")
    return tr("free (the hosted API: {cost})", cost=amount(clip.cost))


def end_bundle(job: Job, again: str = "") -> Bundle:
    """Return what an ended job leaves in the notebook: its player, or why there is none.

    Parameters
    ----------
    job : Job
        Ended.
    again : str, default ""
        HTML that offers another try, where it failed.
    """
    clip = job.clip
    if clip is None:
        return ended_bundle(job, again)
    late = tuple(note for note in job.notes if note not in clip.notes)
    return player_bundle(replace(clip, notes=(*clip.notes, *late)) if late else clip)


def plain_line(clip: Clip) -> str:
    """Return the clip as one line of text, for terminals and logs."""
    preview = f"{tr('PREVIEW')} " if clip.is_preview else ""
    facts = [
        clip.request.model,
        f"{clip.width}×{clip.height}",
        tr("{seconds} s", seconds=f"{clip.duration:g}"),
        "" if clip.seed is None else tr("seed {seed}", seed=clip.seed),
        cost_line(clip),
    ]
    return f"▶ {preview}{shown_path(clip.path)} ({', '.join(filter(None, facts))})"


def provenance(clip: Clip) -> dict[str, Any]:
    """Return how the clip was made, fit to be saved with it."""
    return {
        # Names for inputs: an address may be long, or signed by somebody else.
        **clip.request.named_body(),
        "task_id": clip.task_id,
        "file": clip.path.name,
        "preview": clip.is_preview,
    }
