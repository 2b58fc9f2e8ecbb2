"""Pictures that are previews themselves: what is written on them is rubbed out, to write anew.

Previews are chained: the last frame of one begins the next, a clip is continued or edited. A
second caption over the first could not be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageStat

from wan_magic.server.engines.overlay import caption_room, sprites

if TYPE_CHECKING:
    from wan_magic.server.engines.planes import Planes

Region = tuple[int, int, int, int]
_LETTERS, _PLATE = 190, 120
"""Lightness that a badge's letters have at least, and its plate at most, on any ground."""
_GRAIN = 30
"""How many patches of colour are across a picture where something was rubbed out."""


def written_on(image: Image.Image) -> tuple[Region, ...]:
    """Return where something is written on a preview's picture; nothing for any other picture.

    A preview is known by its badge, which stands in the same place of every one.
    """
    badge = sprites(*image.size, caption="", watermark=False)[-1]
    box = (badge.x, badge.y, badge.x + badge.image.width, badge.y + badge.image.height)
    if box[2] > image.width or box[3] > image.height:
        return ()
    patch, light = image.crop(box).convert("L"), badge.image.convert("L")
    opaque = badge.image.getchannel("A").point([255 * (v > 180) for v in range(256)])
    letters = ImageChops.multiply(light.point([255 * (v > 240) for v in range(256)]), opaque)
    plate = ImageChops.multiply(light.point([255 * (v < 40) for v in range(256)]), opaque)
    if not (letters.getbbox() and plate.getbbox()):
        return ()
    seen = [ImageStat.Stat(patch, mask).mean[0] for mask in (letters, plate)]
    return (box, caption_room(*image.size)) if seen[0] > _LETTERS and seen[1] < _PLATE else ()


def unwritten(image: Image.Image) -> Image.Image:
    """Return a picture without what a preview has written on it."""
    for region in written_on(image):
        image = image.copy()
        _rub_out(image, region)
    return image


def rub_out(picture: Planes, regions: tuple[Region, ...]) -> None:
    """Take what is written off a picture, in place; regions are in pixels of light."""
    for left, top, right, bottom in regions:
        _rub_out(picture[0], (left, top, right, bottom))
        for plane in picture[1:]:
            _rub_out(plane, (left // 2, top // 2, -(-right // 2), -(-bottom // 2)))


def _rub_out(image: Image.Image, region: Region) -> None:
    """Let the colours above and below a region run into each other."""
    left, top = max(region[0], 0), max(region[1], 0)
    right, bottom = min(region[2], image.width), min(region[3], image.height)
    edges = [(top - 2, top)] if top >= 2 else []
    edges += [(bottom, bottom + 2)] if bottom + 2 <= image.height else []
    if right <= left or bottom <= top or not edges:
        return
    across = max((right - left) * _GRAIN // image.width, 1)
    rows = Image.new(image.mode, (across, 2))
    for row, (first, last) in enumerate((edges[0], edges[-1])):
        edge = image.crop((left, first, right, last))
        rows.paste(edge.resize((across, 1), Image.Resampling.BOX), (0, row))
    image.paste(rows.resize((right - left, bottom - top), Image.Resampling.BICUBIC), (left, top))
