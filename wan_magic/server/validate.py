"""What a create call may say, checked against the model table."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, TypeVar

from wan_magic.server.faults import Fault, invalid, specification
from wan_magic.wan.catalog import (
    DATA_URI_MAX_BYTES,
    MODELS,
    NEGATIVE_PROMPT_MAX,
    SEED_MAX,
    TEMPLATES,
    Model,
)

_T = TypeVar("_T", str, int)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A create call that passed its checks, with the model's defaults filled in.

    Attributes
    ----------
    img_url, audio_url : str
        As sent; ``audio_url`` is empty where the model or the call has no use for it.
    prompt, negative_prompt : str
        Cut to the model's limit, silently, as the service does.
    template : str
        Name of the effect; it replaces the prompt.
    resolution : str
        ``"480P"``, ``"720P"`` or ``"1080P"``.
    duration : int
        Seconds.
    seed : int
        As sent, or a random one.
    sound, watermark, prompt_extend : bool
        Whether the clip has a sound track, the mark, a rewritten prompt.
    shot_type : str
        ``"single"`` or ``"multi"``.
    """

    img_url: str
    audio_url: str
    prompt: str
    negative_prompt: str
    template: str
    resolution: str
    duration: int
    seed: int
    sound: bool
    watermark: bool
    prompt_extend: bool
    shot_type: str


def read_body(body: object) -> tuple[Model, dict[str, Any], dict[str, Any]]:
    """Return the model, ``input`` and ``parameters`` of a create call.

    Raises
    ------
    Fault
        What the gateway itself refuses, whatever the model.
    """
    if not isinstance(body, dict):
        raise invalid("Required body invalid, please check the request body format.")
    name = body.get("model")
    if name is None or name == "":
        raise Fault("BadRequest.EmptyModel", 'Required parameter "model" missing from request.')
    if not isinstance(name, str) or name not in MODELS:
        raise invalid("Model not exist.")
    inputs = body.get("input")
    if inputs is None or inputs == {}:
        raise Fault("BadRequest.EmptyInput", "Required input parameter missing from request.")
    parameters = body.get("parameters")
    if parameters is None:
        parameters = {}
    if not isinstance(inputs, dict) or not isinstance(parameters, dict):
        raise invalid(
            "Required parameter(s) missing or invalid, please check the request parameters."
        )
    return MODELS[name], inputs, parameters


def check(model: Model, inputs: dict[str, Any], parameters: dict[str, Any]) -> Wish:
    """Return the call's wish; keys that nobody knows are ignored, as the service does.

    Raises
    ------
    Fault
        A missing first frame, or a value outside the model's row.
    """
    img_url = _text(inputs, "img_url")
    if not img_url:
        raise invalid("Field required: input.img_url")
    _check_data_uri(img_url)
    template = _text(inputs, "template")
    allowed = TEMPLATES if model.templates is None else model.templates
    if template and template not in allowed:
        raise specification(f"template {template!r} is not supported by {model.name}")

    # `audio` is documented for one kind of model only; the others ignore it.
    sound = model.has_sound
    if model.sound == "switch":
        sound = _flag(parameters, "audio", default=True)
    audio_url = _text(inputs, "audio_url") if sound else ""
    _check_data_uri(audio_url)
    shot_type = "single"
    if model.shot_types:
        shot_type = _one_of(parameters, "shot_type", model.shot_types, "single")
    return Wish(
        img_url=img_url,
        audio_url=audio_url,
        prompt=_text(inputs, "prompt")[: model.prompt_max],
        negative_prompt=_text(inputs, "negative_prompt")[:NEGATIVE_PROMPT_MAX],
        template=template,
        resolution=_one_of(parameters, "resolution", model.resolutions, model.resolution),
        duration=_one_of(parameters, "duration", model.durations, model.duration),
        seed=_seed(parameters),
        sound=sound,
        watermark=_flag(parameters, "watermark", default=False),
        prompt_extend=_flag(parameters, "prompt_extend", default=True),
        shot_type=shot_type,
    )


def _text(inputs: dict[str, Any], key: str) -> str:
    value = inputs.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise specification(f"input.{key} must be a string")
    return value


def _flag(parameters: dict[str, Any], key: str, *, default: bool) -> bool:
    value = parameters.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise specification(f"{key} must be true or false")
    return value


def _one_of(parameters: dict[str, Any], key: str, allowed: tuple[_T, ...], default: _T) -> _T:
    value = parameters.get(key)
    if value is None:
        return default
    # A JSON true is an int in Python, and 5.0 equals 5: the type has to match too.
    if type(value) is not type(default) or value not in allowed:
        raise specification(f"{key} should be one of {', '.join(map(str, allowed))}")
    return allowed[allowed.index(value)]


def _seed(parameters: dict[str, Any]) -> int:
    value = parameters.get("seed")
    if value is None:
        return random.randint(0, SEED_MAX)  # noqa: S311 (a picture's seed, no secret)
    if type(value) is not int or not 0 <= value <= SEED_MAX:
        raise invalid(f"Range of seed should be [0, {SEED_MAX}]")
    return value


def _check_data_uri(url: str) -> None:
    if url[:5].lower() == "data:" and len(url) > DATA_URI_MAX_BYTES:
        raise invalid(f"Exceeded limit on max bytes per data-uri item : {DATA_URI_MAX_BYTES}")
