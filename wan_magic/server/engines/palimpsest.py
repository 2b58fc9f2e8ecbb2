"""Pictures that are previews themselves: what is written on them is rubbed out, to write anew.

Previews are chained: the last frame of one begins the next, a clip is continued or edited. A
second caption over the first could not be read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageFilter, ImageStat

from wan_magic.server.engines.overlay import caption_rows, most_lines, sprites

if TYPE_CHECKING:
    from wan_magic.server.engines.overlay import Sprite
    from wan_magic.server.engines.planes import Planes

Region = tuple[int, int, int, int]
_LETTERS, _PLATE = 190, 120
"""Lightness that a badge's letters have at least, and plates at most, on any ground."""
_INK = 130
"""Lightness that a caption's thin letters have at least; no ground shines so through its plate."""
_GRAIN = 60
"""How many patches of colour are across a picture where something was rubbed out."""
_SOFT = 120
"""The part of a picture's width over which that fades into what is around it."""


def written_on(image: Image.Image) -> tuple[Region, ...]:
    """Return where something is written on a preview's picture; nothing for any other picture.

    A preview is known by its badge, which stands in the same place of every one.
    """
    mark, badge = sprites(*image.size, caption="", watermark=True)
    if not (box := _stands(badge, image)):
        return ()
    marked = _stands(mark, image)
    low = (*marked, *_caption_on(image.convert("L"), watermark=bool(marked)))
    if len(low) < 2:
        return (*box, *low)
    # One so close above the other would be taken for what is around it.
    lefts, tops, rights, bottoms = zip(*low, strict=True)
    return (*box, (min(lefts), min(tops), max(rights), max(bottoms)))


def _stands(sprite: Sprite, image: Image.Image) -> tuple[Region, ...]:
    """Return where light letters and what is dark around them stand, if they do."""
    wide, high = sprite.image.size
    box = (sprite.x, sprite.y, sprite.x + wide, sprite.y + high)
    if min(box) < 0 or box[2] > image.width or box[3] > image.height:
        return ()
    patch, light = image.crop(box).convert("L"), sprite.image.convert("L")
    opaque = sprite.image.getchannel("A").point([255 * (v > 180) for v in range(256)])
    letters = ImageChops.multiply(light.point([255 * (v > 220) for v in range(256)]), opaque)
    ground = ImageChops.multiply(light.point([255 * (v < 40) for v in range(256)]), opaque)
    if not (letters.getbbox() and ground.getbbox()):
        return ()
    seen = [ImageStat.Stat(patch, mask).mean[0] for mask in (letters, ground)]
    return (box,) if seen[0] > _LETTERS and seen[1] < _PLATE else ()


def _caption_on(light: Image.Image, *, watermark: bool) -> tuple[Region, ...]:
    """Return where a preview's picture has a caption: one, or none."""
    middle = light.width // 2
    found: list[tuple[int, int, int]] = []
    for lines in range(1, most_lines(*light.size) + 1):
        rows = caption_rows(*light.size, lines, watermark=watermark)
        if half := _reach(light, rows):
            found.append((half, rows[0], rows[-1]))
    widest = max((half for half, *_ in found), default=0)
    # More lines than there are end early, where the ground above the plate is light.
    for half, top, bottom in reversed(found):
        if half * 2 > widest:
            return ((middle - widest, top, middle + widest, bottom),)
    return ()


def _reach(light: Image.Image, rows: list[int]) -> int:
    """Return how far a caption with these rows goes to both sides of the middle: 0 if none does.

    Its plate is dark on any ground, and stands in the middle with all of its lines.
    """
    middle, high = light.width // 2, rows[2] - rows[1]
    edges = rows[:2], rows[-2:]
    # The plate of a single letter is as wide as a line is high.
    least, near = (middle - high // 2, middle + high // 2), (middle - high, middle + high)
    if not (
        all(_dark(light, least, edge) for edge in edges)
        and all(_inked(light, near, (row, row + high)) for row in rows[1:-2])
    ):
        return 0
    far, dark = 0, True
    while dark and far < middle:
        sides = (middle - far - high, middle - far), (middle + far, middle + far + high)
        # No gap between words is so wide.
        if not any(_inked(light, side, (rows[1], rows[-2])) for side in sides):
            break
        dark = all(_dark(light, side, edge) for side in sides for edge in edges)
        far += high
    return min(far + high // 2 + 2, middle)


def _inked(light: Image.Image, across: tuple[int, int], rows: tuple[int, int]) -> bool:
    patch = light.crop((across[0], rows[0], across[1], rows[1]))
    return any(patch.histogram()[_INK:])


def _dark(light: Image.Image, across: tuple[int, int], rows: list[int]) -> bool:
    patch = light.crop((across[0], rows[0] + 1, across[1], rows[1] - 1))
    return ImageStat.Stat(patch).mean[0] < _PLATE


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
    soft = max(image.width // _SOFT, 2)
    left, top = max(region[0] - soft, 0), max(region[1] - soft, 0)
    right, bottom = min(region[2] + soft, image.width), min(region[3] + soft, image.height)
    edges = [(top - 2, top)] if top >= 2 else []
    edges += [(bottom, bottom + 2)] if bottom + 2 <= image.height else []
    if right <= left or bottom <= top or not edges:
        return
    across = max((right - left) * _GRAIN // image.width, 1)
    rows = Image.new(image.mode, (across, 2))
    for row, (first, last) in enumerate((edges[0], edges[-1])):
        edge = image.crop((left, first, right, last))
        rows.paste(edge.resize((across, 1), Image.Resampling.BOX), (0, row))
    fill = rows.resize((right - left, bottom - top), Image.Resampling.BICUBIC)
    mask = _soft((region[2] - region[0], region[3] - region[1]), soft)
    x, y = left - region[0] + soft, top - region[1] + soft
    image.paste(fill, (left, top), mask.crop((x, y, x + fill.width, y + fill.height)))


@lru_cache(8)
def _soft(size: tuple[int, int], by: int) -> Image.Image:
    """Return a mask of a region that fades away around it."""
    mask = Image.new("L", (size[0] + 2 * by, size[1] + 2 * by), 0)
    # Blurred, its edge reaches from the region's own to the mask's.
    near = by // 2
    mask.paste(255, (near, near, mask.width - near, mask.height - near))
    return mask.filter(ImageFilter.BoxBlur(near))
