"""Whether a request is legal, and what its user should know: before any money is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.catalog import flag
from wan_magic.wan.input_checks import check_inputs, type_of
from wan_magic.wan.value_types import TYPES, check_types, label_of, wrong_type

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Model, Parameter
    from wan_magic.wan.request import VideoRequest

_MOST_NAMED = 6


def check(request: VideoRequest) -> list[str]:
    """Return notes on a request.

    Raises
    ------
    InputError
        With the value that is wrong and the values that are allowed.
    """
    row = request.row
    check_values(request)
    if not row.checked:
        return [_unchecked_note(request)]
    check_inputs(request, row)
    notes = _check_prompt(request, row)
    notes += _check_template(request, row)
    notes += _check_audio(request, row)
    notes += _check_seconds(request, row)
    _check_extension(request, row)
    if request.shot_type and request.prompt_extend is False:
        notes.append("the shot type has an effect only together with prompt extension")
    if request.ratio and any(type_of(row, one) in row.ratio_ignored_with for one in request.inputs):
        notes.append("the ratio has no effect: the clip takes the shape of the first frame")
    return notes


def check_values(request: VideoRequest) -> None:
    """Check types and values, which needs none of the inputs."""
    check_types(request)
    if request.model not in catalog.MODELS and not request.unchecked:
        found = catalog.find_model(request.model)  # says what is near
        raise InputError(f"{request.model!r} is no model's name", hint=f"such as {found.name}")
    if request.row.checked:
        _check_values(request, request.row)


def _unchecked_note(request: VideoRequest) -> str:
    name = request.model
    if name in catalog.MODELS:
        return f"unchecked: the values are sent to {name} as they are"
    shaped = catalog.find_model(name, unchecked=True)
    kind = catalog.KINDS[shaped.kind]
    return (
        f"unchecked: {name} is not in the model table; the request is shaped like those for"
        f" {kind} ({'input.media' if shaped.protocol == 'media' else 'plain fields'})"
    )


def _check_values(request: VideoRequest, row: Model) -> None:
    for name in TYPES:
        value = getattr(request, name)
        if value is None or name in ("prompt", "negative_prompt", "template", "audio"):
            continue
        _check_value(name, value, row)
    for section in (request.extra_parameters, request.extra_inputs):
        for name, value in section.items():
            if name in row.parameters:
                _check_value(name, value, row)
    if request.negative_prompt and not row.negative_prompt_max:
        raise _takes_no("negative_prompt", row)
    if request.size and (request.resolution or request.ratio):
        raise InputError(
            f"size {request.size!r} is given together with a resolution or a ratio",
            hint="keep the size, or the other two",
        )
    if "size" in row.parameters and (request.resolution or request.ratio):
        tier = request.resolution or row.resolution
        ratio = request.ratio or row.default("ratio")
        if ratio not in row.sizes.get(tier, {}):
            allowed = ", ".join(row.sizes.get(tier, {}))
            raise InputError(f"{row.name} makes no {ratio} at {tier}", hint=f"allowed: {allowed}")


def _check_value(name: str, value: Any, row: Model) -> None:
    if not row.takes(name):
        raise _takes_no(name, row)
    parameter: Parameter = row.parameters.get(name, catalog.Parameter())
    low, high = parameter.low, parameter.high
    if parameter.whole and type(value) is not int:
        raise wrong_type(name, value, int)
    if low is not None or high is not None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        within = number and (low is None or value >= low) and (high is None or value <= high)
        if not within:
            span = f"{low:g} to {high:.10g}" if high is not None else f"{low:g} or more"
            problem = f"{label_of(name)} {value!r:.60} is out of range"
            raise InputError(problem, hint=span)
        return
    allowed = row.values(name)
    if not allowed or value in allowed:
        return
    # What another model takes is no slip.
    known = any(value in other.values(name) for other in catalog.MODELS.values())
    hint = catalog.nearest(value, allowed) if isinstance(value, str) and not known else ""
    options = _listed(allowed)
    allowed_text = f"allowed: {options}" if len(allowed) > 1 else f"it makes {options} only"
    raise InputError(
        f"{row.name} does not take {label_of(name)} {value!r:.60}",
        hint=f"{hint} ({allowed_text})" if hint else allowed_text,
    )


def _listed(values: tuple[Any, ...]) -> str:
    """Return allowed values as people read them: a long row of numbers as from and to."""
    whole = [one for one in values if type(one) is int and one > 0]
    if len(whole) > 4 and whole == list(range(whole[0], whole[-1] + 1)):
        rest = [str(one) for one in values if one not in whole]
        return ", ".join([*rest, f"{whole[0]} to {whole[-1]}"])
    return ", ".join("''" if one == "" else str(one) for one in values)


def _takes_no(name: str, row: Model) -> InputError:
    if name in ("ratio", "size") and row.follows and not row.sizes:
        return InputError(
            f"{row.name} takes no {label_of(name)}", hint="its clips have the shape of the input"
        )
    takers = [m.name for m in catalog.MODELS.values() if m.takes(name)]
    # Those of the same kind are what the user can really take instead.
    same = [m for m in takers if catalog.MODELS[m].kind == row.kind] or takers
    more = f" and {len(same) - _MOST_NAMED} more" if len(same) > _MOST_NAMED else ""
    return InputError(
        f"{row.name} takes no {label_of(name)}",
        hint=f"models that do: {', '.join(same[:_MOST_NAMED])}{more}",
    )


def _check_prompt(request: VideoRequest, row: Model) -> list[str]:
    empty = not request.prompt.strip()
    if row.prompt == "none":
        return [] if empty else [f"{row.name} reads no prompt: it is kept as the clip's title"]
    if empty and not request.template:
        if row.prompt == "required" or not request.inputs:
            raise InputError("the prompt is empty", hint="write what the video should show")
        return ["there is no prompt: the model decides what happens"]
    notes = cut("prompt", request.prompt, row.prompt_max, row)
    return notes + cut("negative prompt", request.negative_prompt, row.negative_prompt_max, row)


def _check_template(request: VideoRequest, row: Model) -> list[str]:
    if not request.template:
        return []
    notes = []
    if row.templates == ():
        raise _takes_no("template", row)
    if row.templates is None:
        notes.append(
            f"the documents list no templates for {row.name}: it may not know {request.template!r}"
        )
    else:
        _check_value("template", request.template, row)
    if request.prompt.strip():
        notes.append("the server ignores the prompt when a template is set")
    if request.of("last_frame"):
        notes.append("the server ignores the last frame when a template is set")
    return notes


def _check_extension(request: VideoRequest, row: Model) -> None:
    read = [one for one in request.inputs if one.media in ("file", "link")]
    if read and request.prompt_extend is False:
        raise InputError(
            f"{row.name} reads {flag(read[0].option)} by prompt extension, which is off",
            hint="leave prompt extension on",
        )


def _check_audio(request: VideoRequest, row: Model) -> list[str]:
    given = request.of("audio")
    if request.audio is None and not given:
        return []
    if row.sound == "none":
        raise InputError(
            f"{row.name} makes silent clips and takes no audio",
            hint=f"leave audio out, or take one of {', '.join(_voiced(row))}",
        )
    notes = []
    if request.audio is not None and row.sound == "always":
        notes.append(
            f"today's documents list no audio switch for {row.name}:"
            " it may ignore it and add sound anyway"
        )
    elif request.audio is False and given:
        notes.append(f"{row.name} makes a silent clip of this: audio is off, and that comes first")
    elif given and row.kind != "s2v":
        length = request.effective_duration
        told = f"longer than {length:g} s is cut, shorter" if length else "shorter than the clip"
        notes.append(f"sound {told} leaves silence at the end")
    return notes


def _voiced(row: Model) -> list[str]:
    names = [m.name for m in catalog.MODELS.values() if m.has_sound and m.kind == row.kind]
    return names[:_MOST_NAMED] or [m.name for m in catalog.MODELS.values() if m.has_sound][:3]


def _check_seconds(request: VideoRequest, row: Model) -> list[str]:
    """Rules between the duration and the lengths of inputs, as far as they are known."""
    asked = request.duration or row.duration
    for slot_type, most in row.seconds_with.items():
        if asked > most and any(type_of(row, one) == slot_type for one in request.inputs):
            raise InputError(
                f"duration {asked} is too long together with a reference video",
                hint=f"at most {most} s then",
            )
    for slot in row.inputs:
        limit = slot.limits.total_seconds
        lengths = [one.seconds for one in request.inputs if type_of(row, one) == slot.type]
        total = sum(filter(None, lengths))
        if limit and total > limit + 0.1:
            raise InputError(
                f"the {slot.media}s last {total:.2f} s together",
                hint=f"at most {limit:g} s for {row.name}",
            )
    videos = sum(one.seconds or 0 for one in request.inputs if one.media == "video")
    if row.total_seconds and videos and asked + videos > row.total_seconds:
        raise InputError(
            f"{videos:g} s of video and a duration of {asked} s are too long together",
            hint=f"at most {row.total_seconds} s for {row.name}",
        )
    clip = request.of("clip")
    if clip and "duration" in row.parameters and row.kind == "i2v":
        length = clip[0].seconds
        if length is not None and asked <= length:
            raise InputError(
                f"the clip lasts {length:g} s, and duration {asked} leaves nothing to add",
                hint="duration is the whole length, the given clip included",
            )
        return [f"{asked} s is the whole length, the given clip included; all of it is billed"]
    return []


def cut(label: str, text: str | None, limit: int, row: Model) -> list[str]:
    """Say where the server cuts a text that is too long; it does so silently."""
    if text is None or len(text) <= limit:
        return []
    kept, lost = text[:limit], text[limit:]
    note = (
        f"the {label} has {len(text)} characters and {row.name} reads {limit}:"
        f" it ends after “…{kept[-30:]}”, and “{lost[:30]}…” is not read"
    )
    return [note]
