"""References, side by side over a backdrop; documents and links as title cards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from wan_magic.server.engines.film import facts
from wan_magic.server.engines.planes import Planes, Size, open_picture, to_planes
from wan_magic.server.engines.scenes.tiles import Box, Card, Tile, document, grid, within

if TYPE_CHECKING:
    from wan_magic.server.engines import Source
    from wan_magic.server.engines.scenes.stage import Scene, Stage


class Gathered:
    """A scene with cards on it."""

    def __init__(self, behind: Scene, tiles: list[Tile], fps: int) -> None:
        self._behind, self._tiles, self._fps = behind, tiles, fps

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        picture = self._behind.frame(index)
        for tile in self._tiles:
            tile.on(picture, index / self._fps)
        return picture


def names_for(stage: Stage, sources: list[Source]) -> list[str]:
    """Return what the prompt calls each: images and videos are counted apart."""
    chinese = bool(re.search(r"图\s*\d|视频\s*\d", stage.spec.prompt))
    made, seen = [], {"image": 0, "video": 0}
    for index, source in enumerate(sources, 1):
        if source.media not in seen:
            made.append("")
        elif stage.spec.model.startswith("wan2.6"):
            made.append(f"character{index}")
        else:
            seen[source.media] += 1
            kind = {"image": ("Image ", "图"), "video": ("Video ", "视频")}[source.media][chinese]
            made.append(f"{kind}{seen[source.media]}")
    return made


def gathered(
    stage: Stage, sources: list[Source], behind: Scene, *, beside: bool = False
) -> Gathered:
    """Show pictures, videos and documents on cards before a scene, or at its side."""
    top, bottom = stage.room
    gap = stage.unit * 3
    room = (gap, top, stage.size[0] - 2 * gap, max(bottom - top, 16))
    if beside:
        room = _part(room)
    shapes = [_shape(source, stage.size) for source in sources]
    middle = sorted(w / h for w, h in shapes)[len(shapes) // 2]
    # A lone reference leaves the backdrop some room.
    rooms = [
        _smaller(r, 0.86 if len(sources) < 3 else 1.0)
        for r in grid(len(sources), room, gap, middle)
    ]
    names = names_for(stage, sources)
    tiles = [
        card(stage, source, within(shape, place), name)
        for source, shape, place, name in zip(sources, shapes, rooms, names, strict=True)
    ]
    return Gathered(behind, list(tiles), stage.spec.fps)


def card(stage: Stage, source: Source, box: Box, name: str) -> Card:
    """Return one input on a card of this place and size."""
    size = box[2:]
    unit = max(min(stage.unit, min(size) // 12), 2)
    if source.media == "video" and source.path:
        return Card(stage.film(source.path, size), box, name, unit)
    if source.media == "image" and source.path:
        image = ImageOps.fit(open_picture(source.path), size, Image.Resampling.LANCZOS)
        return Card(to_planes(image), box, name, unit)
    page = document(source.name, size, link=source.media == "link")
    return Card(to_planes(page), box, name, unit)


def strip(stage: Stage, sources: list[Source], behind: Scene) -> Scene:
    """Show references as a row of small cards at the upper right."""
    if not sources:
        return behind
    top, _ = stage.room
    gap, side = stage.unit * 2, round(min(stage.size) * 0.2)
    tiles: list[Tile] = []
    right = stage.size[0] - gap
    names = names_for(stage, sources)
    for source, name in reversed(list(zip(sources, names, strict=True))):
        wide, high = _shape(source, stage.size)
        box = within((wide, high), (0, 0, round(side * 1.3), side))
        right -= box[2]
        if right < gap:
            break
        tiles.append(card(stage, source, (right // 2 * 2, top // 2 * 2, *box[2:]), name))
        right -= gap
    return Gathered(behind, tiles, stage.spec.fps)


def _part(room: Box) -> Box:
    left, top, wide, high = room
    if wide > high:
        return left + wide * 66 // 100, top, wide * 34 // 100, high
    return left, top + high * 66 // 100, wide, high * 34 // 100


def _smaller(box: Box, k: float) -> Box:
    left, top, wide, high = box
    w, h = int(wide * k), int(high * k)
    return left + (wide - w) // 2, top + (high - h) // 2, w, h


def _shape(source: Source, frame: Size) -> Size:
    size = (4, 3)
    if source.path and source.media == "video":
        size = facts(source.path).size
    elif source.path and source.media == "image":
        size = open_picture(source.path).size
    elif source.media in ("file", "link"):
        size = (3, 4) if source.media == "file" and frame[0] < frame[1] * 2 else (3, 2)
    # A very long picture is cut at its ends, so that it can be seen at all.
    wide, high = size
    return min(wide, high * 2), min(high, wide * 2)
