"""What goes into a video, made ready to send: pictures, videos, sounds, documents, pages.

Nothing here talks to a network. Pillow and PyAV are imported where they are used,
so that importing this package stays cheap.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wan_magic.errors import InputError
from wan_magic.wan.catalog import flag
from wan_magic.wan.media.documents import load_document, load_link
from wan_magic.wan.media.given import (
    ENDINGS,
    ending_of,
    find_file,
    near,
    short,
    sniffed,
    url_name,
    web_url,
)
from wan_magic.wan.media.images import load_image, small_jpeg
from wan_magic.wan.media.loaded import Input
from wan_magic.wan.media.sounds import load_sound
from wan_magic.wan.media.videos import load_video

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Media, Model

__all__ = [
    "Input",
    "load",
    "load_document",
    "load_image",
    "load_link",
    "load_sound",
    "load_video",
    "near",
    "short",
    "small_jpeg",
]


def load(option: str, value: object, model: Model, *, fit: bool = True) -> Input:
    """Make the value of an input option ready to send to a model.

    Parameters
    ----------
    option : str
        image, last_frame, ref, video, clip, audio, mask, file or link.
    value : object
        A path, an http(s) URL, bytes, a PIL image or a finished clip, as fits; or what an
        earlier call has returned.
    model : Model
        Whose limits hold.
    fit : bool, default True
        Whether a picture that breaks a limit is changed, with a note; else that is an error.

    Raises
    ------
    InputError
        If the model has no such input, or the value is outside its limits.
    """
    if isinstance(value, Input):
        return _once_more(option, value, model, fit=fit)
    slots = model.slots(option)
    if not slots:
        raise InputError(
            f"{model.name} takes no {flag(option)}",
            hint=f"it takes {', '.join(map(flag, model.options)) or 'a prompt alone'}",
        )
    kinds = [slot.media for slot in slots]
    kind = kinds[0] if len(kinds) == 1 else _kind_of(value, kinds)
    slot = model.slot(option, kind)
    if slot is None:
        raise InputError(
            f"{flag(option)} of {model.name} takes no {kind}",
            hint=f"it takes {' or '.join(kinds)}",
        )
    limits = slot.limits
    if kind == "image":
        return load_image(value, limits, option=option, needs=model.name, fit=fit)
    if kind == "video":
        return load_video(value, limits, option=option, needs=model.name)
    if kind == "audio":
        return load_sound(value, limits, option=option)
    return load_document(value, limits, option=option) if kind == "file" else load_link(value)


def _once_more(option: str, known: Input, model: Model, *, fit: bool) -> Input:
    """Return an input of an earlier request for another one, under its own name."""
    if known.content is None:
        raise InputError(
            f"of {known.name or 'that input'} only the name is known here",
            hint=f"give it again: {flag(option)}, or {option}=…",
        )
    loaded = load(option, known.content, model, fit=fit)
    if loaded.media != "image" and loaded.digest != known.digest:
        raise InputError(
            f"{known.name} is not what it was: the file has changed since",
            hint=f"to use it as it is now, give it again: {option}=…",
        )
    # What was given is the same, unless it had to be changed again for this model.
    digest = loaded.digest if loaded.notes else known.digest
    notes = known.notes + loaded.notes
    return replace(loaded, source=known.source, digest=digest, notes=notes)


def _kind_of(value: object, kinds: list[Media]) -> Media:
    """Tell what a value is, where an input may be several things: by its content, if there is."""
    if isinstance(value, bytes | bytearray | memoryview):
        return sniffed(bytes(value[:32])) or kinds[0]
    if isinstance(value, str | os.PathLike):
        text = os.fsdecode(value).strip()
        if text[:5].lower() == "data:":
            return "image"
        url = web_url(text)
        if not url:
            path, _ = find_file(text, "file")
            with path.open("rb") as stream:
                found = sniffed(stream.read(32))
            return found or ENDINGS.get(ending_of(path.name), kinds[0])
        ending = ending_of(url_name(url))
        if ending in ENDINGS:
            return ENDINGS[ending]
        raise InputError(
            f"the address of {urlsplit(url).netloc} does not tell whether it is"
            f" {' or '.join(kinds)}",
            hint="give an address that ends in .jpg, .mp4 or the like, or the file itself",
        )
    is_clip = callable(getattr(value, "last_frame", None)) and hasattr(value, "path")
    return "video" if is_clip and "video" in kinds else "image"
