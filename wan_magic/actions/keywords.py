"""What `submit`, `map` and `storyboard` take by name: named once, for help, checks and types."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from wan_magic.errors import InputError
from wan_magic.settings import from_environment
from wan_magic.settings.run import RUN_OPTIONS, RunOptions, split_off
from wan_magic.wan.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from wan_magic.settings import Settings

F = TypeVar("F", bound="Callable[..., Any]")


class RequestOptions(TypedDict, total=False):
    """The options of a request beside its prompt, as `wan_magic.actions.api.build` takes them."""

    image: object
    last_frame: object
    ref: object
    video: object
    clip: object
    audio: object
    mask: object
    file: object
    link: object
    fit: bool
    model: str | None
    resolution: str | None
    ratio: str | None
    size: str | None
    duration: int | None
    negative_prompt: str | None
    seed: int | Literal["random"] | None
    shot_type: str | None
    template: str | None
    audio_setting: str | None
    mode: str | None
    function: str | None
    prompt_extend: bool | None
    watermark: bool | None
    check_image: bool | None
    extra_parameters: Mapping[str, Any]
    extra_inputs: Mapping[str, Any]
    unchecked: bool


class Options(RequestOptions, RunOptions, total=False):
    """The options of a request and of its run."""


REQUEST_OPTIONS = tuple(RequestOptions.__annotations__)
"""The names of the first ones."""

_STANDARD = {"fit": True, "unchecked": False, "over_budget": False}
"""What holds where nothing is given, where that is not None."""


def spelled_out(function: F) -> F:
    """Let help(), Shift-Tab and Tab name what a function takes as ``**options``."""
    signature = inspect.signature(function)
    own = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    named = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_STANDARD.get(name),
            annotation=hint.__forward_arg__,
        )
        for name, hint in Options.__annotations__.items()
    ]
    function.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*own, *named]
    )
    return function


def divided(
    options: Mapping[str, Any], function: Callable[..., Any]
) -> tuple[Settings, dict[str, Any]]:
    """Return the settings of a run, and what is left for the request, its defaults among it.

    Parameters
    ----------
    options : mapping
        What was given by name.
    function : callable
        What it was given to, as `spelled_out` made it.

    Raises
    ------
    InputError
        If it takes no such option.
    SettingsError
        If a setting is none.
    """
    check_names(options, inspect.signature(function).parameters)
    rest = dict(options)
    settings = from_environment().override(**split_off(rest))
    return settings, {**rest, "wishes": settings.wishes}


def check_names(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse the name of an option that there is not, with the nearest one.

    Raises
    ------
    InputError
        If one of them is not known.
    """
    for name in names:
        if name not in known:
            hint = nearest(name, known) or f"options: {', '.join(sorted(known))}"
            raise InputError(f"unknown option {name!r}", hint=hint)


def check_own(options: Mapping[str, Any], kind: str, number: int) -> None:
    """Refuse options of the run among those of one of many.

    Parameters
    ----------
    options : mapping
        Of that one.
    kind, number : str, int
        Which one it is, counted from 1: a shot, a row.

    Raises
    ------
    InputError
        If there is one.
    """
    for name in RUN_OPTIONS:
        if name in options:
            raise InputError(
                f"{kind} {number} has its own {name}", hint=f"give it once, for all {kind}s"
            )
