"""The inputs of a create call, read from its flat fields or from its list of media."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wan_magic.server.faults import invalid, required, specification
from wan_magic.wan.catalog import DATA_URI_MAX_BYTES

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Model, Slot

_OLD_NAMES = {"reference_urls": "reference_video_urls"}
"""Fields that had another name (reference-to-video reference, 2025-12)."""


@dataclass(frozen=True)
class Given:
    """One input of a call.

    Attributes
    ----------
    slots : tuple of Slot
        Its place; several where only the file tells whether it is a picture or a video.
    url : str
        As sent; empty where a data URI has been moved to disk.
    """

    slots: tuple[Slot, ...]
    url: str

    @property
    def type(self) -> str:
        """The field, or the type of the media item."""
        return self.slots[0].type

    @property
    def option(self) -> str:
        """The part it plays."""
        return self.slots[0].option


def read_given(model: Model, inputs: dict[str, Any]) -> tuple[Given, ...]:
    """Return a call's inputs in their order.

    Raises
    ------
    Fault
        For an unknown type of media, and for values that are no URLs.
    """
    given = _media(model, inputs) if model.protocol == "media" else _flat(model, inputs)
    for one in given:
        if one.url[:5].lower() == "data:" and len(one.url) > DATA_URI_MAX_BYTES:
            raise invalid(f"Exceeded limit on max bytes per data-uri item : {DATA_URI_MAX_BYTES}")
    return tuple(given)


def text_of(inputs: dict[str, Any], key: str, where: str = "input.") -> str:
    """Return a text field; empty when it is missing or null."""
    value = inputs.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise specification(f"{where}{key} must be a string")
    return value


def _places(model: Model, name: str) -> tuple[Slot, ...]:
    return tuple(slot for slot in model.inputs if slot.type == name)


def _flat(model: Model, inputs: dict[str, Any]) -> list[Given]:
    given = []
    for name in dict.fromkeys(slot.type for slot in model.inputs):
        slots = _places(model, name)
        if not slots[0].many:
            if url := text_of(inputs, name):
                given.append(Given(slots, url))
            continue
        value = inputs.get(name) or inputs.get(_OLD_NAMES.get(name, name))
        urls = [value] if isinstance(value, str) else value or []
        if not isinstance(urls, list) or not all(isinstance(u, str) and u for u in urls):
            raise specification(f"input.{name} must be a list of URLs")
        given += [Given(slots, url) for url in urls]
    for slot in _unnamed(model):
        if url := text_of(inputs, slot.type):
            given.append(Given((slot,), url))
    return given


def _unnamed(model: Model) -> list[Slot]:
    """Return the inputs that no option of ours fills: like the slot of the other end.

    ``last_clip_url`` has no place in the table; what holds for ``first_clip_url`` holds
    for it.
    """
    ends = {slot.type.partition("_")[2]: slot for slot in model.inputs}
    return [
        replace(ends[end], type=name)
        for name in model.parameters
        if name.endswith("_url") and (end := name.partition("_")[2]) in ends
    ]


def _media(model: Model, inputs: dict[str, Any]) -> list[Given]:
    items = inputs.get("media")
    if items is None:
        return []
    if not isinstance(items, list):
        raise specification("input.media must be a list")
    given = []
    for number, item in enumerate(items):
        where = f"input.media.{number}."
        if not isinstance(item, dict):
            raise specification(f"{where[:-1]} must be an object with type and url")
        kind, url = text_of(item, "type", where), text_of(item, "url", where)
        if not kind:
            raise required(f"{where}type")
        slots = tuple(slot for slot in _places(model, kind) if not slot.attached)
        if not slots:
            raise specification(f"the media type {kind!r} is not supported by {model.name}")
        if not url:
            raise required(f"{where}url")
        given.append(Given(slots, url))
        given += [
            Given((slot,), voice)
            for slot in model.inputs
            if slot.attached and (voice := _attached(item, slot.type, where))
        ]
    return given


def _attached(item: dict[str, Any], name: str, where: str) -> str:
    first, *rest = name.split("_")
    # The Java SDK writes this field in camel case.
    other = first + "".join(word.capitalize() for word in rest)
    return text_of(item, name, where) or text_of(item, other, where)
