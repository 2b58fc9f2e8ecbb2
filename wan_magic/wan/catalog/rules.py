"""Which inputs go together and which count: rules that client and server both ask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from wan_magic.wan.catalog.model import Model


_EXTENDED = ("first_frame_url", "last_frame_url", "first_clip_url", "last_clip_url")
FUNCTION_NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "image_reference": (("ref_images_url",),),
    "video_repainting": (("video_url",),),
    "video_edit": (("video_url",), ("mask_image_url", "mask_video_url")),
    "video_extension": (_EXTENDED,),
    "video_outpainting": (("video_url",),),
}
"""What each function of VACE needs: of each group one input (VACE reference, in excerpts, 2026)."""


FUNCTION_CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "video_repainting": ("posebodyface", "posebody", "depth", "scribble"),
    "video_edit": ("posebodyface", "depth", ""),
}
"""What a function of VACE may keep of the video (``control_condition``, same source)."""


def lacks(function: str, types: Collection[str]) -> tuple[str, ...] | None:
    """Return the inputs of which a function of VACE lacks one, or None.

    Examples
    --------
    >>> lacks("video_edit", ["video_url"])
    ('mask_image_url', 'mask_video_url')
    """
    groups = FUNCTION_NEEDS.get(function, ())
    return next((group for group in groups if not any(one in types for one in group)), None)


@dataclass(frozen=True)
class Clash:
    """What is wrong with a set of inputs.

    Attributes
    ----------
    kind : str
        missing: a required type, or too few of a group; many: too many of one type or of a
        group; exclusive: two types that can't be together; set: none of the legal sets.
    types : tuple of str
        The types that it is about.
    limit : int
        How many there may be (many) or must be (missing).
    """

    kind: Literal["missing", "many", "exclusive", "set"]
    types: tuple[str, ...]
    limit: int = 0


def clash(model: Model, counts: Mapping[str, int]) -> Clash | None:
    """Return what is wrong with the inputs of a request, or None.

    Parameters
    ----------
    model : Model
        Its row.
    counts : mapping of str to int
        How many inputs of each type (`Slot.type`) are given.

    Examples
    --------
    >>> from wan_magic.wan.catalog import MODELS
    >>> clash(MODELS["wan2.7-i2v"], {"last_frame": 1})
    Clash(kind='set', types=('last_frame',), limit=0)
    """
    given = tuple(name for name, count in counts.items() if count)
    for left, right in model.excludes:
        both = [name for name in given if name in left], [name for name in given if name in right]
        if all(both):
            return Clash("exclusive", (both[0][0], both[1][0]))
    if model.sets and frozenset(given) not in model.sets:
        return Clash("set", given)
    for slot in model.inputs:
        if slot.required and not counts.get(slot.type):
            return Clash("missing", (slot.type,), 1)
    for types, least, most in model.totals:
        total = sum(counts.get(name, 0) for name in types)
        if total < least:
            return Clash("missing", types, least)
        if total > most:
            return Clash("many", types, most)
    most_of: dict[str, int] = {}
    for slot in model.inputs:  # one type may hold two kinds of media, each with its own number
        most_of[slot.type] = max(most_of.get(slot.type, 0), slot.most)
    for name, most in most_of.items():
        if counts.get(name, 0) > most:
            return Clash("many", (name,), most)
    return None


def billed_input(videos: Sequence[float], cap: float | None) -> float:
    """Return the seconds of input that are billed.

    Each of n videos counts up to its part of the cap: 5, 2.5, 1.65, 1.25, 1 s
    (wan2.7 reference-to-video reference).

    Examples
    --------
    >>> billed_input([4, 1, 9], 5)
    4.3
    """
    if cap is None or not videos:
        return sum(videos)
    each = math.floor(cap / len(videos) * 20) / 20
    return round(sum(min(seconds, each) for seconds in videos), 3)
