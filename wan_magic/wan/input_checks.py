"""Which inputs a request has, and whether its model takes them together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.catalog import flag

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Model
    from wan_magic.wan.request import VideoRequest


def check_inputs(request: VideoRequest, row: Model) -> None:
    """Check what is given, and what goes together.

    Raises
    ------
    InputError
        With the options that don't fit, and those that do.
    """
    for one in request.inputs:
        if row.slot(one.option, one.media) is None:
            raise InputError(
                f"{row.name} takes no {one.media} as {flag(one.option)}",
                hint=f"it takes {', '.join(map(flag, row.options)) or 'a prompt alone'}",
            )
    _check_voices(request, row)
    _check_numbers(request, row)
    _check_extra(request, row)
    _check_addresses(request, row)
    counts = Counter(type_of(row, one) for one in request.inputs)
    for slot in row.inputs:
        if slot.attached:
            counts.pop(slot.type, None)
    counts.update(_extra_types(request, row))
    found = catalog.clash(row, counts)
    # A template of first and last frame needs the first one alone, which is required anyway.
    if found is None:
        _check_objects(request, row, counts)
        _check_function(request, row, counts)
        return
    flags = [flag(option) for name in found.types if (option := option_of(row, name))]
    if found.kind == "missing":
        problem = f"{row.name} needs {words(flags, 'or')}"
        hint = f"add {flags[0]}" + (" (a picture or its URL)" if flags[0] == "--image" else "")
        raise InputError(problem, hint=hint)
    if found.kind == "many":
        number = sum(counts[name] for name in found.types)
        raise InputError(
            f"{number} of {words(flags, 'and')} are too many for {row.name}",
            hint=f"at most {found.limit}",
        )
    if found.kind == "exclusive":
        raise InputError(
            f"{row.name} does not take {flags[0]} together with {flags[1]}",
            hint="keep one of them",
        )
    legal = "; ".join(
        " + ".join(flag(option_of(row, slot.type)) for slot in row.inputs if slot.type in one)
        for one in row.sets
    )
    if not flags:
        raise InputError(
            f"{row.name} needs a first frame or a clip to continue", hint=f"it takes {legal}"
        )
    alone = " by itself" if len(flags) == 1 else ""
    problem = f"{row.name} does not take {words(flags, 'with')}{alone}"
    raise InputError(problem, hint=f"it takes {legal}")


def _check_numbers(request: VideoRequest, row: Model) -> None:
    """Refuse too many of one kind, where an option holds several: 5 pictures, but 3 videos."""
    for slot in row.inputs:
        number = len([one for one in request.of(slot.option) if one.media == slot.media])
        if number > slot.most:
            raise InputError(
                f"{number} {slot.media}s as {flag(slot.option)} are too many for {row.name}",
                hint=f"at most {slot.most}",
            )


def _check_objects(request: VideoRequest, row: Model, counts: Counter[str]) -> None:
    """Refuse words on references (``obj_or_bg``) that are not one for each of them."""
    words = request.extra_parameters.get("obj_or_bg")
    if words is None or "obj_or_bg" not in row.parameters:
        return
    if not isinstance(words, list) or not set(map(str, words)) <= {"obj", "bg"}:
        raise InputError(f"obj or bg {words!r} is not a list of 'obj' and 'bg'")
    if words.count("bg") > 1:
        raise InputError(f"obj or bg {words!r} names several grounds", hint="at most one 'bg'")
    given = sum(counts[name] for name in {slot.type for slot in row.slots("ref")})
    if len(words) != given:
        raise InputError(
            f"obj or bg {words!r} is {len(words)} words for {given} of --ref",
            hint="one word for each picture",
        )


def _check_voices(request: VideoRequest, row: Model) -> None:
    """Refuse a voice that no reference comes before: it belongs to that one."""
    before = ""
    for one in request.inputs:
        slot = row.slot(one.option, one.media)
        if slot is not None and slot.attached and before in ("", slot.type):
            raise InputError(
                f"{one.name} is a voice, and no picture or video comes before it",
                hint="a voice follows the reference that it is for: --ref anna.png --ref anna.wav",
            )
        before = slot.type if slot else ""


def _check_function(request: VideoRequest, row: Model, counts: Counter[str]) -> None:
    """Refuse a function of VACE that lacks one of its inputs, or keeps what another one keeps."""
    if "function" not in row.parameters:
        return
    function = request.body()["input"].get("function", "")
    kept = request.extra_parameters.get("control_condition")
    allowed = catalog.FUNCTION_CONDITIONS.get(function)
    if kept is not None and allowed and kept not in allowed:
        raise InputError(
            f"{function} does not take control condition {kept!r}",
            hint=f"allowed: {', '.join(one or repr(one) for one in allowed)}",
        )
    missing = catalog.lacks(function, [name for name, count in counts.items() if count])
    if missing:
        flags = [flag(option) for name in missing if (option := option_of(row, name))]
        raise InputError(
            f"{row.name}: {function} needs {words(flags, 'or')}", hint=f"add {flags[0]}"
        )


def _extra_types(request: VideoRequest, row: Model) -> list[str]:
    """Return the types of inputs that are given as plain fields."""
    types = []
    known = _fields_of_inputs(row)
    for name, value in request.extra_inputs.items():
        if name == "media" and row.protocol == "media" and isinstance(value, list):
            types += [one["type"] for one in value]
        elif name in known or (row.protocol == "flat" and name.endswith("_url")):
            types += [name] * (len(value) if isinstance(value, list) else 1)
    return types


def _check_extra(request: VideoRequest, row: Model) -> None:
    """Refuse a field that other models know and this one ignores: it would be paid in vain."""
    fields_of_input = {"prompt", *catalog.TEXT_FIELDS}
    if row.protocol == "media":
        fields_of_input.add("media")
    sections = {"--param": request.extra_parameters, "--input": request.extra_inputs}
    for typed, fields in sections.items():
        section = "parameters" if typed == "--param" else "input"
        for name in fields:
            own = row.parameters.get(name)
            if own and own.section == section:
                continue
            is_slot = name in _fields_of_inputs(row)
            if section == "input" and (is_slot or name in fields_of_input):
                continue
            if own or is_slot:
                other = "--input" if typed == "--param" else "--param"
                problem = f"{name} is no field of {section}"
                raise InputError(problem, hint=f"write {other} {name}=…")
            if name in _known_fields() or name in ("resolution", "ratio"):
                takes = ", ".join(flag(option) for option in row.options) or "a prompt alone"
                hint = f"{flag(name)} is what it takes" if row.takes(name) else f"it takes {takes}"
                raise InputError(f"{row.name} has no field {name} in {section}", hint=hint)


def _check_addresses(request: VideoRequest, row: Model) -> None:
    """Refuse inputs that are given as fields and hold no addresses."""
    many = {slot.type: slot.many for slot in row.inputs if row.protocol == "flat"}
    many |= {name: False for name in row.parameters if name.endswith("_url")}
    for name, value in request.extra_inputs.items():
        each = value if many.get(name) and isinstance(value, list) and value else [value]
        if name in many and not all(isinstance(one, str) and one for one in each):
            raise InputError(f"{name} {value!r:.60} is no address", hint="an http(s) URL in quotes")
        if name == "media" and row.protocol == "media":
            _check_media(value, row)


def _check_media(items: Any, row: Model) -> None:
    types = [slot.type for slot in row.inputs if not slot.attached]
    texts = ("type", "url", *(slot.type for slot in row.inputs if slot.attached))
    each: list[Any] = items if isinstance(items, list) else [None]
    for one in each:
        fits = isinstance(one, dict) and one.get("type") and one.get("url")
        if not fits or not all(isinstance(one.get(name, ""), str) for name in texts):
            raise InputError(
                f"media {items!r:.60} is no list of items",
                hint='such as [{"type": "…", "url": "https://…"}]',
            )
        if one["type"] not in types:
            raise InputError(
                f"{row.name} takes no media of type {one['type']!r}",
                hint=f"it takes {', '.join(types)}",
            )


def _fields_of_inputs(row: Model) -> set[str]:
    """Return the inputs that are fields; the media protocol has none but ``media``."""
    return {slot.type for slot in row.inputs} if row.protocol == "flat" else set()


def _known_fields() -> set[str]:
    """Return every field that some model has."""
    models = catalog.MODELS.values()
    return (
        {name for row in models for name in row.parameters}
        | {slot.type for row in models for slot in row.inputs}
        | {"media"}
    )


def type_of(row: Model, one: Any) -> str:
    """Return the type by which a model knows an input; empty where it takes none."""
    slot = row.slot(one.option, one.media)
    return slot.type if slot else ""


def option_of(row: Model, name: str) -> str:
    """Return the option of an input type; empty where the type has none."""
    return next((slot.option for slot in row.inputs if slot.type == name), "")


def words(flags: list[str], joint: str) -> str:
    """Return flags as a list in words, each once."""
    unique = list(dict.fromkeys(flags))
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} {joint} {unique[-1]}"
