"""Defaults of a request are wishes: what the model does not take is left out, and said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.written import as_the_api_has_it

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.wan.request import VideoRequest

WHERE = "%wanvideo config says where it is set"


def checked(name: str, value: Any) -> Any:
    """Return a default as the API has it.

    Parameters
    ----------
    name : str
        A row of `wan_magic.preferences` that is a wish.
    value : object
        As that row reads it.

    Raises
    ------
    InputError
        If no model takes it: a slip, and no wish.

    Examples
    --------
    >>> checked("resolution", "720p")
    '720P'
    """
    if name == "model":
        known = (*catalog.MODELS, *catalog.versions())
        if value.lower().removeprefix("wanx").removeprefix("wan") not in known:
            catalog.find_model(value)  # says what is near, where it is none
        return value
    value = as_the_api_has_it(name, value)
    allowed = {one: None for row in catalog.MODELS.values() for one in row.values(name)}
    if allowed and value not in allowed:
        listed = ", ".join(map(str, allowed))
        hint = catalog.nearest(str(value), map(str, allowed))
        raise InputError(
            f"no model takes {_label(name)} {value!r}, which is set as a default",
            hint=f"{hint} ({listed}); {WHERE}".lstrip(),
        )
    return value


def granted(
    request: VideoRequest, wishes: Mapping[str, Any]
) -> tuple[VideoRequest, tuple[str, ...]]:
    """Return a request with the wishes that go with it, and a note on each that does not.

    Parameters
    ----------
    request : VideoRequest
        With its inputs. What it says itself comes first.
    wishes : mapping
        Values by name; a model among them is of no concern here.

    Raises
    ------
    InputError
        If no model at all takes one of them.
    """
    notes = []
    extra = {*request.extra_parameters, *request.extra_inputs}
    for name, wish in wishes.items():
        if name == "model" or name in extra or getattr(request, name) not in (None, ""):
            continue
        value = checked(name, wish)
        wider = replace(request, **{name: value})
        if problem := _problem(wider, request):
            notes.append(f"your default {_label(name)} {value} is left out: {problem}")
        else:
            request = wider
    return request, tuple(notes)


def _problem(wider: VideoRequest, request: VideoRequest) -> str:
    """Return what is wrong with a wish, if it is the wish that makes it wrong."""
    try:
        wider.check_values()
    except InputError as exc:
        return exc.message
    try:
        wider.check()
    except InputError as exc:
        try:
            request.check()
        except InputError:  # wrong all the same: the request's own check says it
            return ""
        return exc.message
    return ""


def _label(name: str) -> str:
    return name.replace("_", " ")
