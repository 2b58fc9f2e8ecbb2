"""What to type after a clip: another take, the next shot, another resolution.

Only what this clip's model takes, made from its request; each is checked before it is shown.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.output import html
from wan_magic.output.cell import cell_of
from wan_magic.texts import tr
from wan_magic.wan import catalog
from wan_magic.wan.media import Input
from wan_magic.wan.value_types import ELIDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_magic.jobs.clip import Clip
    from wan_magic.wan.catalog import Model
    from wan_magic.wan.request import VideoRequest

_SHOT = "shot"
"""The variable of the clip that is gone on from."""
_STAYS = ("duration", "negative_prompt", "prompt_extend", "watermark")


def offers_html(clip: Clip) -> str:
    """Return the cells to copy, folded; nothing for a clip whose request is not known."""
    parts = []
    cells = list(_cells(clip))
    for label, typed in cells:
        parts.append(f'<div style="margin-top:6px">{html.text(label)}</div>')
        parts += map(html.cell, typed)
    if not cells:
        return ""
    said = [] if clip.is_preview else [tr("each of these makes, and bills, a new clip")]
    if any(ELIDED in one for _, typed in cells for one in typed):
        said.append(tr("… stands for a folder, an address or a picture that is not saved here"))
    return html.folded(tr("make more of it"), *parts, *map(html.line, map(html.text, said)))


def _cells(clip: Clip) -> Iterator[tuple[str, list[str]]]:
    """Yield what each is for, and the cells to run one after the other."""
    request = clip.request
    is_known = bool(request.prompt or request.inputs or request.template)
    if is_known and clip.seed is not None:
        yield tr("another take"), [cell_of(request, changes={"seed": "random"})]
    elif is_known:
        yield tr("another take"), [cell_of(request, changes={"fresh": True})]
    if clip.task_id:
        show = f"%wanvideo show {clip.task_id[:8]} {_SHOT}"
        yield tr("the next shot, from the last frame"), [show, _next_shot(request)]
    if is_known and (other := _other_resolution(request)):
        changes = {"resolution": other}
        yield tr("in {resolution}", resolution=other), [cell_of(request, changes=changes)]


def _next_shot(request: VideoRequest) -> str:
    """Return the cell that goes on from the clip, as long and as large as it, where that is legal.

    A sound, an effect or a shot type belongs to the shot that they were asked for.
    """
    row = _starter(request)
    shot = type(request)(
        model=row.name,
        prompt=tr("what happens next"),
        inputs=(Input.from_url("image", "image", "https://localhost/frame.png"),),
        unchecked=not row.checked,
    )
    stays = {name: getattr(request, name) for name in _STAYS}
    for name, value in {"resolution": request.effective_resolution or None, **stays}.items():
        if row.takes(name) and _is_legal(kept := replace(shot, **{name: value})):
            shot = kept
    return cell_of(shot, f"{_SHOT}2", typed=lambda _: _SHOT)


def _starter(request: VideoRequest) -> Model:
    """Return the model itself where it starts from a picture, its version's, or the default."""
    row = request.row
    for name in (row.name, *row.aliases):
        with contextlib.suppress(InputError):
            found = catalog.find_model(name, ["image"], unchecked=request.unchecked)
            if catalog.fits(found, ("image",)):
                return found
    return catalog.find_model(None, ["image"])


def _other_resolution(request: VideoRequest) -> str:
    """Return the next higher resolution that the request may have; else the next lower one."""
    if request.size:  # which says the shape, too
        return ""
    ordered = sorted(request.row.resolutions, key=_lines)
    made = _lines(request.effective_resolution)
    higher = [one for one in ordered if _lines(one) > made]
    lower = [one for one in reversed(ordered) if _lines(one) < made]
    return next(
        (one for one in (*higher, *lower) if _is_legal(replace(request, resolution=one))), ""
    )


def _lines(resolution: str) -> int:
    return int("".join(filter(str.isdecimal, resolution)) or 0)


def _is_legal(request: VideoRequest) -> bool:
    try:
        request.check()
    except InputError:
        return False
    return True
