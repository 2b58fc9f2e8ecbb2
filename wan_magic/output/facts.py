"""What is said of a request wherever it is shown: what will be made, the wishes, the price.

HTML already where it says so; everything that users or servers wrote is escaped.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from wan_magic.output import html
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job
    from wan_magic.wan.estimate import Estimate
    from wan_magic.wan.media import Input
    from wan_magic.wan.request import VideoRequest


def wishes(request: VideoRequest) -> list[str]:
    """Return what else was asked for, as HTML: only what was set."""
    yes_no = {True: tr("yes"), False: tr("no"), None: None}
    sound = {True: tr("auto"), False: tr("off"), None: request.audio_setting}
    said = {
        **_given(request),
        tr("effect"): request.template,
        tr("ratio"): request.ratio,
        tr("shots"): request.shot_type,
        tr("mode"): request.mode,
        tr("function"): request.function,
        tr("sound"): sound[request.audio],
        tr("prompt extension"): yes_no[request.prompt_extend],
        tr("watermark"): yes_no[request.watermark],
        tr("picture check"): yes_no[request.check_image],
        tr("negative prompt"): request.negative_prompt,
        **{name: str(value) for name, value in request.named_extras().items()},
    }
    return [
        html.text(tr("{name}: {value}", name=name, value=html.short(text, 200)))
        for name, text in said.items()
        if text
    ]


def _given(request: VideoRequest) -> dict[str, str]:
    """Return the names of the inputs."""
    words = {
        "image": tr("picture"),
        "last_frame": tr("last frame"),
        "ref": tr("references"),
        "video": tr("video"),
        "clip": tr("continues"),
        "audio": tr("sound from"),
        "mask": tr("mask"),
        "file": tr("document"),
        "link": tr("page"),
    }
    return {word: _names(request.of(option)) for option, word in words.items()}


def _names(inputs: tuple[Input, ...]) -> str:
    """Return names; a sound among references is the voice of the one before it."""
    names: list[str] = []
    for one in inputs:
        if one.option == "ref" and one.media == "audio" and names:
            names[-1] += tr(" (voice: {name})", name=one.name)
        else:
            names.append(tr_sentence(one.name))
    return ", ".join(names)


def model_name(request: VideoRequest, *, is_preview: bool) -> str:
    """Return the model's name, with a badge where a preview only stands in for it."""
    badge = f"{html.badge(tr('PREVIEW'), 'preview')} " if is_preview else ""
    return badge + html.text(request.model)


def picture(request: VideoRequest) -> str:
    """Return the first of the inputs that can be seen, small; nothing where there is none."""
    shown = request.image
    if shown is None or not shown.thumbnail:
        return ""
    names = {
        "image": tr("first frame"),
        "ref": tr("reference"),
        "last_frame": tr("last frame"),
        "video": tr("video"),
        "clip": tr("clip"),
    }
    label = html.text(names.get(shown.option, shown.option))
    data = base64.b64encode(shown.thumbnail).decode()
    return (
        f'<img src="data:image/jpeg;base64,{data}" alt="{label}" title="{label}"'
        ' style="width:144px;max-width:100%;align-self:flex-start;border-radius:4px">'
    )


def beside(shown: str, *parts: str) -> str:
    """Return a picture with text beside it, or below it where that is too narrow."""
    level = ";margin-top:-5px" if shown else ""  # a prompt's first line begins where it does
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:8px 14px;margin-top:10px;'
        'overflow-wrap:anywhere">'
        f'{shown}<div style="flex:1 1 200px;min-width:0{level}">{"".join(parts)}</div></div>'
    )


def body_json(request: VideoRequest) -> str:
    """Return the request as JSON, folded: inputs by name, no bytes, no signed address."""
    body = json.dumps(request.named_body(), indent=2, ensure_ascii=False)
    return html.folded(
        tr("request as JSON"),
        '<pre style="margin:4px 0 0;font-size:12px;line-height:1.4;white-space:pre-wrap;'
        f'overflow-wrap:anywhere;background:none;color:inherit">{html.text(body)}</pre>',
    )


def amount(cost: Estimate) -> str:
    """Return an amount, and whether its price is certain."""
    if cost.note and cost.per_second is not None:
        return tr("{amount}, unconfirmed", amount=cost)
    return str(cost)


def request_facts(job: Job) -> list[str]:
    """Return what will be made, as HTML; of a resumed job only what is known."""
    request = job.request
    facts = [model_name(request, is_preview=job.is_preview)]
    if job.knows_request:
        facts.append(html.text(request.size or request.tier))
        if request.effective_duration:
            facts.append(html.fact(tr("{seconds} s", seconds=f"{request.effective_duration:g}")))
        if request.seed is not None:
            facts.append(html.fact(tr("seed {seed}", seed=request.seed)))
    if not job.is_preview:
        facts.append(html.fact(tr("at {endpoint}", endpoint=job.endpoint)))
    return facts


def price_line(job: Job) -> str:
    """Return what the job still costs, in words."""
    if job.is_resumed or job.was_sent:
        return tr("no further cost")
    return price_of_another(job)


def price_of_another(job: Job) -> str:
    """Return what a new task for the same request would cost, in words."""
    if job.estimate.per_second is None:
        return tr("free preview") if job.is_preview else tr("price unknown here")
    if not job.is_preview:
        return tr("estimated cost {cost} ({detail})", cost=job.estimate, detail=job.estimate.detail)
    return tr("free preview (the hosted API: about {cost})", cost=amount(job.estimate))
