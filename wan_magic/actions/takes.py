"""From one clip to the next: the same with changes, other takes of it, the shot that follows.

All is checked before anything is sent, and equal requests are not paid twice.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.actions import api, launch
from wan_magic.actions.keywords import REQUEST_OPTIONS, check_names
from wan_magic.actions.loading import each
from wan_magic.errors import InputError, LedgerError
from wan_magic.jobs.intake import RANDOM_SEED
from wan_magic.settings import WISHES, from_environment
from wan_magic.settings.run import RUN_OPTIONS, split_off
from wan_magic.settings.wishes import checked
from wan_magic.wan import catalog
from wan_magic.wan.request import VideoRequest

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep
    from wan_magic.settings import Settings
    from wan_magic.wan.catalog import Model, Region
    from wan_magic.wan.media import Input

_GOES_ON = ("resolution", "duration", "negative_prompt", "audio", "prompt_extend", "watermark")
"""What the next shot takes over from the one before, where its model takes that value."""


def again(clip: Clip, *, fresh: bool = False, **changes: Any) -> Job:
    """Do what `Clip.again` says."""
    settings = settings_for(clip, changes)
    request, notes = rebuilt(clip, changes, api.region_of(settings))
    return launch.start(request, settings, notes, fresh=fresh)


def variants(clip: Clip, number: int = 4, *, fresh: bool = False, **changes: Any) -> Sweep:
    """Do what `Clip.variants` says."""
    from wan_magic.actions.planning import MOST, Planned, with_seeds
    from wan_magic.actions.sweeping import begin

    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST:
        raise InputError(f"{number!r} is no number of variants", hint=f"1 to {MOST}")
    settings = settings_for(clip, changes)
    if clip.request.seed == RANDOM_SEED:  # else none of them would be known when this runs again
        changes = {"seed": None, **changes}
    first, notes = rebuilt(clip, changes, api.region_of(settings))
    others = with_seeds(first, number, without=clip.request.seed)
    plan = [Planned(one, notes, {"seed": str(one.seed)}) for one in others]
    return begin(plan, settings, fresh=fresh)


def extend(clip: Clip, prompt: str, *, fresh: bool = False, **options: Any) -> Job:
    """Do what `Clip.extend` says."""
    if "image" in options:
        raise InputError(
            "the next shot starts from this clip's last frame",
            hint="leave image out; wan_magic.submit starts from any other picture",
        )
    settings = settings_for(clip, options)
    region = api.region_of(settings)
    options = next_shot(clip.request, options, region)
    request, notes = api.build(prompt, image=clip, region=region, **options)
    return launch.start(request, settings, notes, fresh=fresh)


def settings_for(clip: Clip, options: dict[str, Any]) -> Settings:
    """Return where a clip was made, and what the options say of the run, taken out of them.

    A preview leads to a preview: what was free does not cost money by surprise. What a preset
    says of the request becomes options: it was asked for, and is no default here.

    Raises
    ------
    InputError
        If there is no such option.
    """
    from wan_magic.actions.lookup import ledger_of, settings_of
    from wan_magic.wan.endpoints import LOCAL

    check_names(options, ("prompt", *REQUEST_OPTIONS, *RUN_OPTIONS))
    given = split_off(options)
    settings = from_environment()
    preset = settings.preset(given["preset"])[0] if given.get("preset") else {}
    for one in WISHES:
        if one.name in preset:
            options.setdefault(one.name, checked(one.name, preset[one.name]))
    if given.get("endpoint") or "endpoint" in preset:
        return settings.override(**given)
    try:
        ledger = ledger_of(settings)
        entries = ledger.find(clip.task_id) if ledger and clip.task_id else []
    except LedgerError:  # said when the job starts, if it matters
        entries = []
    if entries:
        return settings_of(entries[0], settings, **given)
    return settings.override(**given | ({"endpoint": LOCAL} if clip.is_preview else {}))


def rebuilt(
    clip: Clip, changes: dict[str, Any], region: Region | None
) -> tuple[VideoRequest, tuple[str, ...]]:
    """Return a clip's request with changes, checked, and the notes on it.

    Parameters
    ----------
    changes : dict
        As `wan_magic.actions.api.build` takes them; a None leaves the thing out.

    Raises
    ------
    InputError
        If the request is none with these changes; if an input is not here any more.
    """
    request = clip.request
    options: dict[str, Any] = {
        one.name: value
        for one in fields(VideoRequest)
        if one.name != "inputs" and (value := getattr(request, one.name)) not in (None, "", {})
    }
    for one in request.inputs:
        if one.option not in changes:
            options.setdefault(one.option, [])
            options[one.option] = [*each(options[one.option]), one]
    options |= changes
    if options.get("model") != request.model and "seed" not in changes:
        row = catalog.find_model(
            options.get("model"), _given(options), region=region, unchecked=request.unchecked
        )
        if not row.takes("seed"):
            options.pop("seed", None)
    for name in {one.option for one in request.inputs} - changes.keys():
        options[name] = [_at_hand(one, clip) for one in options[name]]
    return api.build(options.pop("prompt", ""), region=region, **options)


def next_shot(
    before: VideoRequest, options: dict[str, Any], region: Region | None
) -> dict[str, Any]:
    """Return the options of the shot that follows a request's: its own, and what stays.

    The model is the one before where it starts from a picture, else its version's that does,
    else the default one.
    """
    if options.get("model") is None:
        model = _starter(before.row, [*_given(options), "image"], region)
        options = {"unchecked": before.unchecked, **options, "model": model}
    row = catalog.find_model(
        options["model"],
        [*_given(options), "image"],
        region=region,
        unchecked=bool(options.get("unchecked")),
    )
    stays = {name: getattr(before, name) for name in _GOES_ON}
    stays["resolution"] = before.effective_resolution or None
    kept = {name: value for name, value in stays.items() if _takes(row, name, value)}
    return kept | options


def _starter(row: Model, given: list[str], region: Region | None) -> str | None:
    if catalog.fits(row, tuple(given)):
        return row.name
    for version in row.aliases:
        try:
            found = catalog.find_model(version, given, region=region)
        except InputError:
            continue
        if catalog.fits(found, tuple(given)):
            return version
    return None


def _takes(row: Model, name: str, value: object) -> bool:
    if value in (None, "") or not row.takes(name):
        return False
    if name == "audio":
        return value is True or row.sound == "switch"
    if name == "duration" and row.parameters["duration"].low is not None:
        parameter = row.parameters["duration"]
        return float(parameter.low or 0) <= float(str(value)) <= float(parameter.high or 1e9)
    values = row.values(name)
    return not values or value in values


def _given(options: dict[str, Any]) -> list[str]:
    """Return the input options that are given, each as often as it is."""
    names = {slot.option for row in catalog.MODELS.values() for slot in row.inputs}
    return [
        name
        for name in options.keys() & names
        for one in each(options[name])
        if not isinstance(one, bool) and one not in (None, "auto", "off")
    ]


def _at_hand(one: Input, clip: Clip) -> Input:
    """Return an input with its content: of a clip of the past it is looked for by its name."""
    from wan_magic.wan.media import load

    if one.content is not None:
        return one
    frame_of = one.source.removeprefix("the last frame of ")
    for folder in (Path.cwd(), clip.path.parent):
        path = folder / frame_of
        if not (one.source and path.is_file()):
            continue
        value: object = path
        if frame_of != one.source:
            from wan_magic.wan.video import last_frame

            value = last_frame(path)
        try:
            found = load(one.option, value, clip.request.row)
        except InputError:
            continue
        if found.digest == one.digest:
            return replace(found, source=one.source)
    return one  # refused with its name when it is loaded
