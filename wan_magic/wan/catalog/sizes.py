"""Pixels: the resolution tiers, the fixed size lists, and the size of a clip.

Sources: image-to-video API reference (2.1 to 2.6, 2026), text-to-video reference
(2025-12), wan2.7 text-to-video OpenAPI (2026-06), wan2.2-s2v reference (2026-02).
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Size = tuple[int, int]
Sizes = dict[str, dict[str, Size]]
"""Width and height in pixels by resolution and ratio."""

TIER_AREA: Mapping[str, int] = MappingProxyType(
    {"480P": 832 * 480, "720P": 1280 * 720, "1080P": 1920 * 1080},
)
"""Pixels in a frame of each resolution tier."""


def _table(**tiers: str) -> Sizes:
    """``_table(_720P="16:9 1280*720, 1:1 960*960")``."""
    made: Sizes = {}
    for tier, row in tiers.items():
        pairs = (entry.split() for entry in row.split(","))
        made[tier.strip("_")] = {ratio: parse_size(size) for ratio, size in pairs}
    return made


def parse_size(text: str) -> Size:
    """Return width and height of ``"1280*720"``.

    Examples
    --------
    >>> parse_size("1280*720")
    (1280, 720)
    """
    width, height = text.split("*")
    return int(width), int(height)


def size_text(size: Size) -> str:
    """Return a size as the API writes it.

    Examples
    --------
    >>> size_text((1280, 720))
    '1280*720'
    """
    return f"{size[0]}*{size[1]}"


LEGACY_SIZES = _table(
    _480P="16:9 832*480, 9:16 480*832, 1:1 624*624",
    _720P="16:9 1280*720, 9:16 720*1280, 1:1 960*960, 4:3 1088*832, 3:4 832*1088",
    _1080P="16:9 1920*1080, 9:16 1080*1920, 1:1 1440*1440, 4:3 1632*1248, 3:4 1248*1632",
)
"""``parameters.size`` of wan2.6 and older."""
SIZES_27 = _table(
    _720P="16:9 1280*720, 9:16 720*1280, 1:1 960*960, 4:3 1104*832, 3:4 832*1104",
    _1080P="16:9 1920*1080, 9:16 1080*1920, 1:1 1440*1440, 4:3 1648*1248, 3:4 1248*1648",
)
"""What ``resolution`` and ``ratio`` mean in wan2.7."""
# wan3.0's own list is not published: these are the lists above, and for what they lack
# the rule of `output_size`. A 480P 9:16 clip of 480x832 was seen (2026-09).
SIZES_30 = _table(
    _480P="21:9 960*400, 16:9 832*480, 4:3 720*544, 1:1 624*624, 3:4 544*720, 9:16 480*832",
    _720P="21:9 1456*624, 16:9 1280*720, 4:3 1104*832, 1:1 960*960, 3:4 832*1104, 9:16 720*1280",
    _1080P="21:9 2192*928, 16:9 1920*1080, 4:3 1648*1248, 1:1 1440*1440, 3:4 1248*1648,"
    "9:16 1080*1920",
)


def tiers(sizes: Sizes, *names: str) -> Sizes:
    """Return a part of a size list."""
    return {name: sizes[name] for name in names}


def area_size(width: int, height: int, area: int) -> Size:
    """Return a size of about `area` pixels in the shape of ``width x height``.

    Both sides are multiples of 16, rounded down, as the open Wan code does.
    """
    # isqrt keeps exact squares exact: no float error just under a multiple of 16.
    w = math.isqrt(area * width // height) // 16 * 16
    h = math.isqrt(area * height // width) // 16 * 16
    return max(w, 16), max(h, 16)


def output_size(width: int, height: int, resolution: str) -> Size:
    """Return the clip's width and height, in pixels, for a first frame and a tier.

    The area is the tier's, the shape is the image's, both sides are multiples of
    16, rounded down (image-to-video API reference: 750 x 1000 at 720P gives 816 x 1104).

    Examples
    --------
    >>> output_size(750, 1000, "720P")
    (816, 1104)
    """
    return area_size(width, height, TIER_AREA[resolution])
