"""The inputs of a request: read, once for many, and together light enough to be sent."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_magic.wan.catalog import Model
    from wan_magic.wan.media import Input

AUDIO_WORDS = {"auto": True, "off": False}
"""What says of sound whether there is some, and is no file."""
_loaded: ContextVar[dict[Any, tuple[Input, object]] | None] = ContextVar("loaded", default=None)


def each(value: object) -> list[object]:
    """Return the values of an option: none, one, or the members of a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


@contextlib.contextmanager
def loading_once() -> Iterator[None]:
    """Read each input only once while several requests are built from the same values."""
    token = _loaded.set({})
    try:
        yield
    finally:
        _loaded.reset(token)


def loaded(name: str, value: object, row: Model, *, fit: bool) -> Input:
    """Return an input, read and checked; while `loading_once`, what was read before."""
    known = _loaded.get()
    if known is None:
        return _load_now(name, value, row, fit=fit)
    key = (name, value if isinstance(value, str) else id(value), row.name, fit)
    if key not in known:  # the value is kept, too: its id must not become another one's
        known[key] = (_load_now(name, value, row, fit=fit), value)
    return known[key][0]


def _load_now(name: str, value: object, row: Model, *, fit: bool) -> Input:
    from wan_magic.wan.media import load

    try:
        return load(name, _clip_of(value), row, fit=fit)
    except InputError as err:
        hint = isinstance(value, str) and catalog.nearest(value.lower(), AUDIO_WORDS)
        if name == "audio" and hint and err.message.startswith("no such audio"):
            raise InputError(err.message, hint=hint) from None
        raise


def _clip_of(value: object) -> object:
    """Let a finished job stand for its clip."""
    from wan_magic.jobs.job import Job

    if not isinstance(value, Job):
        return value
    if not value.done():
        raise InputError(
            f"the clip of that job is not finished ({value.state})",
            hint="run its .result() first, which waits; then this cell",
        )
    if value.exception():
        raise InputError(f"job {value.id} made no clip ({value.state})", hint="take another one")
    return value.result()


def light(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """Let the heaviest pictures be uploaded where all of them are too much for one request."""
    from wan_magic.wan.media.images import INLINE_MAX_BYTES, uploaded_first

    weights = {at: len(one.value) for at, one in enumerate(inputs) if one.value[:5] == "data:"}
    too_much = sum(weights.values()) - INLINE_MAX_BYTES // 3 * 4
    moved = set()
    for at in sorted(weights, key=lambda at: weights[at], reverse=True):
        if too_much <= 0:
            break
        moved.add(at)
        too_much -= weights[at]
    return tuple(uploaded_first(one) if at in moved else one for at, one in enumerate(inputs))
