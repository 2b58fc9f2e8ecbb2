"""What is said of a request wherever it is shown: what will be made, the wishes, the price.

HTML already where it says so; everything that users or servers wrote is escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.output import html

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job
    from wan_magic.wan.estimate import Estimate
    from wan_magic.wan.media import Input
    from wan_magic.wan.request import VideoRequest


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


def model_name(request: VideoRequest, *, is_preview: bool) -> str:
    """Return the model's name, with a badge where a preview only stands in for it."""
    badge = f"{html.badge('PREVIEW', 'preview')} " if is_preview else ""
    return badge + html.text(request.model)


def amount(cost: Estimate) -> str:
    """Return an amount, and whether its price is certain."""
    return f"{cost}, unconfirmed" if cost.note and cost.per_second is not None else str(cost)


def request_facts(job: Job) -> list[str]:
    """Return what will be made, as HTML; of a resumed job only what is known."""
    request = job.request
    facts = [model_name(request, is_preview=job.is_preview)]
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
    return f"free preview (the hosted API: about {amount(job.estimate)})"
