"""What a create call may say, checked against the model table."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wan_magic.server.faults import (
    BAD_BODY,
    BAD_REQUEST,
    MODES_CLASH,
    Fault,
    invalid,
    required,
    specification,
)
from wan_magic.server.functions import check_function
from wan_magic.server.given import Given, read_given, text_of
from wan_magic.wan.catalog import MODELS, SEED_MAX, TEMPLATES, Clash, Model, Parameter, clash

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN_MEDIA = ("file", "link")
"""What the model reads through the rewriting of the prompt."""
DECIDED_SECONDS = 5
"""Length where the model decides (``duration`` -1): ours always decides for the default."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A create call that passed its checks, with the model's defaults filled in.

    Attributes
    ----------
    inputs : tuple of Given
        What is to be fetched, in the order of the call.
    prompt, negative_prompt : str
        Cut to the model's limit, silently, as the service does.
    template : str
        Name of the effect; it replaces the prompt.
    sent : mapping
        The parameters of the call that the model knows.
    values : mapping
        The same, and the model's defaults for the others.
    seed : int
        As sent, or a random one.
    sound : bool
        Whether the clip has a sound track.
    """

    inputs: tuple[Given, ...]
    prompt: str
    negative_prompt: str
    template: str
    sent: Mapping[str, Any]
    values: Mapping[str, Any]
    seed: int
    sound: bool


def read_body(
    body: object, models: Mapping[str, Model] = MODELS
) -> tuple[Model, dict[str, Any], dict[str, Any]]:
    """Return the model, ``input`` and ``parameters`` of a create call.

    Raises
    ------
    Fault
        What the gateway itself refuses, whatever the model.
    """
    if not isinstance(body, dict):
        raise invalid(BAD_BODY)
    name = body.get("model")
    if name is None or name == "":
        raise Fault("BadRequest.EmptyModel", 'Required parameter "model" missing from request.')
    if not isinstance(name, str) or name not in models:
        raise invalid("Model not exist.")
    inputs = body.get("input")
    if inputs is None or inputs == {}:
        raise Fault("BadRequest.EmptyInput", "Required input parameter missing from request.")
    parameters = body.get("parameters")
    if parameters is None:
        parameters = {}
    if not isinstance(inputs, dict) or not isinstance(parameters, dict):
        raise invalid(BAD_REQUEST)
    return models[name], inputs, parameters


def check(model: Model, inputs: dict[str, Any], parameters: dict[str, Any]) -> Wish:
    """Return the call's wish; keys that nobody knows are ignored, as the service does.

    Raises
    ------
    Fault
        Inputs that are missing or do not go together, a value outside the model's row.
    """
    template = _template(model, inputs)
    given = read_given(model, inputs)
    if template:  # an effect has its own end
        given = tuple(one for one in given if one.option != "last_frame")
    sent = _sent(model, inputs, parameters)
    values = {name: p.default for name, p in model.parameters.items()} | sent
    prompt = text_of(inputs, "prompt")[: model.prompt_max]
    _check_inputs(model, given)
    if not prompt and not template:
        if model.prompt == "required":
            raise required("input.prompt")
        if model.prompt == "optional" and not given:
            raise required("input.prompt or input.media")
    _check_together(model, given, values)
    if "function" in values:
        references = sum(one.option == "ref" for one in given)
        check_function({one.type for one in given}, values, references)
    sound = model.has_sound and (model.sound == "always" or values.get("audio") is not False)
    if not sound:  # the switch wins over a sound that is given along
        given = tuple(one for one in given if one.option != "audio")
    seed = values.get("seed")
    return Wish(
        inputs=given,
        prompt=prompt,
        negative_prompt=text_of(inputs, "negative_prompt")[: model.negative_prompt_max],
        template=template,
        sent=sent,
        values=values,
        # -1 means "any", where it is legal.
        seed=seed if seed not in (None, -1) else random.randint(0, SEED_MAX),  # noqa: S311
        sound=sound,
    )


def _template(model: Model, inputs: dict[str, Any]) -> str:
    if model.templates == ():
        return ""
    template = text_of(inputs, "template")
    if template and template not in (TEMPLATES if model.templates is None else model.templates):
        raise specification(f"template {template!r} is not supported by {model.name}")
    return template


def _sent(model: Model, inputs: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    sent = {}
    for name, parameter in model.parameters.items():
        value = (inputs if parameter.section == "input" else parameters).get(name)
        if value is not None:
            _check_value(name, parameter, value)
            sent[name] = value
        elif parameter.required:
            raise required(f"{parameter.section}.{name}")
    return sent


def _check_value(name: str, parameter: Parameter, value: Any) -> None:
    allowed, low, high = parameter.values, parameter.low, parameter.high
    if allowed and isinstance(allowed[0], bool):
        if not isinstance(value, bool):
            raise specification(f"{name} must be true or false")
    elif allowed:
        # A JSON true is an int in Python, and 5.0 equals 5: the type has to match too.
        if not any(type(value) is type(one) and value == one for one in allowed):
            if name == "size":
                raise invalid(f"The size is not match {value}")
            raise specification(f"{name} should be one of {', '.join(map(str, allowed))}")
    elif low is not None or high is not None:
        kinds = (int,) if parameter.whole else (int, float)
        if (
            type(value) not in kinds
            or not (low is None or low <= value)
            or not (high is None or value <= high)
        ):
            span = f"[{'' if low is None else low}, {'' if high is None else high}]"
            raise invalid(f"Range of {name} should be {span}")


def _check_inputs(model: Model, given: tuple[Given, ...]) -> None:
    found = clash(model, Counter(one.type for one in given))
    if found is not None:
        raise _clash_fault(model, found, bool(given))


def _clash_fault(model: Model, found: Clash, any_given: bool) -> Fault:
    media = model.protocol == "media"
    names = " and ".join(found.types)
    if found.kind == "exclusive":
        frames = found.types[0] in ("first_frame", "last_frame")
        return invalid(MODES_CLASH) if frames else specification(f"{names} exclude each other")
    if found.kind in ("missing", "set") and media and not any_given:
        return required("input.media")
    if found.kind == "missing":
        return required("input.media (" + names + ")" if media else f"input.{found.types[0]}")
    if found.kind == "many":
        return specification(f"at most {found.limit} of {names}")
    return specification(f"input.media can't be {names} alone")


def _check_together(model: Model, given: tuple[Given, ...], values: Mapping[str, Any]) -> None:
    if values.get("prompt_extend") is False:
        for one in given:
            if one.slots[0].media in _SHOWN_MEDIA:
                raise specification(f"prompt_extend must be true with {one.type}")
    duration = values.get("duration") or 0
    for name, most in model.seconds_with.items():
        if duration > most and any(one.type == name for one in given):
            raise specification(f"duration should be at most {most} with {name}")
