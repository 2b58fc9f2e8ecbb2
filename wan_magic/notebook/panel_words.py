"""The words of the panel: what its kinds and fields are called, and what stands in them empty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wan_magic.notebook.options import OPTIONS
from wan_magic.texts import language, tr
from wan_magic.texts.sentences import tr_sentence
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Kind, Model


def kinds() -> dict[Kind, tuple[str, str]]:
    """Return what the panel calls each kind, and what it needs; in the order of the panel."""
    return {
        "t2v": (tr("Text to video"), tr("Your words alone make the clip.")),
        "i2v": (tr("Picture to video"), tr("Your picture is the first frame, and moves.")),
        "kf2v": (tr("First and last frame"), tr("The clip leads from one picture to another.")),
        "r2v": (
            tr("References to video"),
            tr("The clip shows who or what your pictures show: “Image 1 waves to Image 2”."),
        ),
        "edit": (tr("Edit a video"), tr("Your words change a video that you give.")),
        "s2v": (tr("Make a portrait speak"), tr("A portrait and a voice; no prompt.")),
        "animate": (
            tr("Motion transfer"),
            tr("A figure from a picture moves as somebody in a video does; no prompt."),
        ),
        "all": (tr("All in one"), tr("Words, and whatever else you have.")),
    }


def model_name(model: Model) -> str:
    """Return a model as it stands in the list: its name, and what to choose it by."""
    facts = [model.name]
    seconds = [one for one in model.durations if one > 0]
    if seconds:
        low, high = min(seconds), max(seconds)
        facts.append(tr("{seconds} s", seconds=high if low == high else f"{low}–{high}"))
    if model.resolutions:
        facts.append(model.resolutions[-1])
    facts.append(tr("with sound") if model.has_sound else tr("silent"))
    return " · ".join(facts)


def label(option: str, model: Model) -> str:
    """Return what the panel calls an option of a model."""
    if option == "image" and model.kind in ("s2v", "animate"):
        return tr("Picture")
    if option == "audio" and model.kind == "s2v":
        return tr("Voice")
    known = {
        "image": tr("First frame"),
        "last_frame": tr("Last frame"),
        "ref": tr("References"),
        "video": tr("Video"),
        "clip": tr("Clip to go on"),
        "audio": tr("Sound"),
        "mask": tr("Mask"),
        "file": tr("Document"),
        "link": tr("Web page"),
        "model": tr("Model"),
        "resolution": tr("Resolution"),
        "ratio": tr("Ratio"),
        "duration": tr("Duration"),
        "negative_prompt": tr("Negative prompt"),
        "seed": tr("Seed"),
        "shot_type": tr("Shot type"),
        "template": tr("Effect"),
        "audio_setting": tr("Sound of video"),
        "mode": tr("Mode"),
        "function": tr("Function"),
        "prompt_extend": tr("Rewrite prompt"),
        "watermark": tr("Watermark"),
        "check_image": tr("Check picture"),
    }
    return known.get(option) or option.replace("_", " ").capitalize()


def hint(option: str) -> str:
    """Return what stands in an empty field."""
    known = {
        "image": tr("cat.png or https://…; files over {most} go here", most=UPLOAD_MOST),
        "last_frame": tr("cat.png or https://…; files over {most} go here", most=UPLOAD_MOST),
        "ref": tr("one a line: pictures, videos, a voice after its picture"),
        "video": tr("path or URL of an MP4 or MOV file"),
        "clip": tr("path or URL of an MP4 or MOV file"),
        "audio": tr("rain.mp3 or https://…"),
        "mask": tr("path or URL of a picture or video: white is repainted"),
        "file": tr("path or URL of a document, such as talk.pdf"),
        "link": tr("address of a web page"),
        "negative_prompt": tr("such as: blurry, text"),
        "seed": tr("automatic"),
        "template": tr("such as flying"),
    }
    return known.get(option, "")


UPLOAD_MOST = "9 MB"
"""Front ends lose their connection over larger messages, so that the file never arrives."""


def of_fields(message: object, model: Model) -> str:
    """Return a message of the magic line in the panel's words: its names in place of flags."""
    named = {
        option.flag: tr("“{label}”", label=label(option.name, model))
        for option in OPTIONS
        if option.in_panel or option.group == "input"
    }
    # An example shows what to write into the field, which has its name beside it.
    told = re.sub(r"(such as |例如 )--[a-z-]+ (?=\S)", r"\1", tr_sentence(message))
    return re.sub(r"--[a-z]+(-[a-z]+)*", lambda flag: named.get(flag[0], flag[0]), told)


def value(value: object) -> str:
    """Return a value of the API, and what it means where the language is not the API's."""
    known = catalog.TEMPLATES.get(str(value))  # the official list has Chinese names
    meant = known.label if known and language() == "zh" else tr(str(value))
    return f"{value} · {meant}" if meant != str(value) else str(value)
