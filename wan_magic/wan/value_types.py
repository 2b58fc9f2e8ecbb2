"""Whether values are of the types that the API has them in, and can be sent at all."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError

if TYPE_CHECKING:
    from wan_magic.wan.request import VideoRequest

ELIDED = "…"
"""What stands for an address, a folder or a picture that is not saved."""
TYPES: dict[str, type] = {
    **dict.fromkeys(("prompt", "negative_prompt", "template", "resolution", "ratio", "size"), str),
    **dict.fromkeys(("shot_type", "audio_setting", "mode", "function"), str),
    **dict.fromkeys(("duration", "seed"), int),
    **dict.fromkeys(("audio", "prompt_extend", "watermark", "check_image"), bool),
}
_TYPE_NAMES = {str: "a text", int: "a whole number", bool: "True or False"}
_EXAMPLES = {str: "put it into quotes", int: "such as 5", bool: "such as True"}
_HALF = re.compile("[\ud800-\udfff]")
"""A surrogate by itself, as of an emoji that was cut: no screen and no file can hold it."""


def check_types(request: VideoRequest) -> None:
    """Refuse what JSON would carry in the wrong type, or can't carry at all.

    Raises
    ------
    InputError
        For 5.0 in place of 5, 1 in place of True, half of an emoji, NaN.
    """
    for name, kind in TYPES.items():
        value = getattr(request, name)
        fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if not fits and (value is not None or name == "prompt"):
            raise wrong_type(name, value, kind)
        if isinstance(value, str) and (half := _HALF.search(value)):
            raise InputError(
                f"the {label_of(name)} holds half of a character ({half[0]!a})",
                hint="type that character again",
            )
    _check_json(request)


def wrong_type(name: str, value: Any, kind: type) -> InputError:
    """Return what to say of a value that is not of its type."""
    hint = "such as 7, or random" if name == "seed" else _EXAMPLES[kind]
    return InputError(f"{label_of(name)} {value!r:.60} is not {_TYPE_NAMES[kind]}", hint=hint)


def _check_json(request: VideoRequest) -> None:
    """Refuse extra fields that JSON can't carry: NaN, objects, what is nested too deeply."""
    for name, value in (*request.extra_parameters.items(), *request.extra_inputs.items()):
        try:
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):
            shown = value if isinstance(value, float) else type(value).__name__
            raise InputError(
                f"the field {name} holds what JSON can't: {shown}",
                hint="JSON has texts, numbers, True and False, None, lists and dictionaries",
            ) from None


def check_fields(option: str, fields: object) -> None:
    """Refuse extra fields that are not values by name, or that were not saved with their value.

    Parameters
    ----------
    option : str
        What they were given as.
    fields : object
        What was given.

    Raises
    ------
    InputError
        With the field.
    """
    if not isinstance(fields, Mapping) or not all(isinstance(name, str) for name in fields):
        raise InputError(
            f"{option} {fields!r:.60} is no dictionary of fields by name",
            hint="such as dict(strength=0.5)",
        )
    for name, value in fields.items():
        if _is_elided(value):
            raise InputError(
                f"{name} was an address, which is not remembered",
                hint="give it again in place of the …",
            )


def _is_elided(value: object) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return any(map(_is_elided, value)) if isinstance(value, list) else value == ELIDED


def label_of(name: str) -> str:
    """Return the name of a value as people read it."""
    return name.replace("_", " ")
