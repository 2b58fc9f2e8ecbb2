"""A figure that moves as in a video, and a portrait that speaks."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from PIL import ImageDraw

from wan_magic.server.engines import Source, sound
from wan_magic.server.engines.camera import rng_for
from wan_magic.server.engines.drawing.themes import theme_for
from wan_magic.server.engines.film import facts
from wan_magic.server.engines.overlay import plate
from wan_magic.server.engines.planes import Planes, even, open_picture, stamp, to_yuv
from wan_magic.server.engines.scenes.gathered import Gathered, card
from wan_magic.server.engines.scenes.stage import Playing
from wan_magic.server.engines.scenes.tiles import within

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.server.engines.scenes.stage import Scene, Stage

_BARS = 41
_SLOTS = 20


def performed(stage: Stage, image: Path, video: Path) -> Scene:
    """Show who moves, and how: the scene's owner fills the frame, the other is an inset."""
    mixed = "mix" in stage.spec.model
    scene: Scene = Playing(stage.film(video), stage.spec.fps) if mixed else stage.picture(image)
    inset = Source(role="image", media="image", path=image)
    shape = open_picture(image).size if mixed else facts(video).size
    if not mixed:
        inset = Source(role="video", media="video", path=video)
    top, bottom = stage.room
    wide, gap = stage.size[0], stage.unit * 2
    room = (0, 0, round(wide * 0.36), round(min((bottom - top) * 0.62, stage.size[1] * 0.42)))
    _, _, w, h = within(shape, room)
    box = (even(wide - gap - w), even(bottom - gap - h), w, h)
    name = "Figure" if mixed else "Motion"
    return Gathered(scene, [card(stage, inset, box, name)], stage.spec.fps)


class Spoken:
    """A portrait, and its sound as bars that pass from right to left."""

    def __init__(self, stage: Stage, portrait: Scene, pcm: bytes) -> None:
        self._portrait, self._fps = portrait, stage.spec.fps
        self._levels = levels(pcm)
        wide, (_, bottom) = stage.size[0], stage.room
        high = even(min(stage.size) * 0.16)
        self._step = max(even(wide * 0.62 / _BARS), 2)
        across = even(self._step * (_BARS + 2))
        left, top = even((wide - across) / 2), even(bottom - high - stage.unit)
        self._plate = stamp(plate(across, high, high / 3, (10, 12, 18, 150)), left, top)
        self._left, self._middle, self._high = left + self._step, top + high // 2, high * 0.42
        accent = theme_for(stage.words, rng_for(stage.spec.seed, stage.words, "bars")).accent
        self._colours = (to_yuv((255, 255, 255)), to_yuv(accent))

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        picture = self._portrait.frame(index)
        self._plate.on(picture)
        pens = [ImageDraw.Draw(plane) for plane in picture]
        now = index * _SLOTS / self._fps
        start, shift = int(now), now - int(now)
        for k in range(_BARS):
            at = start + k - _BARS // 2
            level = self._levels[at] if 0 <= at < len(self._levels) else 0.0
            half = max(level * self._high, 2)
            # The sound of this very moment stands in the middle.
            y, cb, cr = self._colours[0 if abs(at - now) <= 1 else 1]
            y = max(y, 150)
            x = self._left + (k + 0.5 - shift) * self._step
            box = (
                x - self._step * 0.3,
                self._middle - half,
                x + self._step * 0.3,
                self._middle + half,
            )
            pens[0].rectangle(box, fill=y)
            for pen, value in zip(pens[1:], (cb, cr), strict=True):
                pen.rectangle([v / 2 for v in box], fill=value)
        return picture


def levels(pcm: bytes) -> list[float]:
    """Return how loud a sound is, from 0 to 1, twenty times a second."""
    values = array("h", pcm)
    size = sound.RATE * 2 // _SLOTS
    found = []
    for start in range(0, len(values), size):
        part = values[start : start + size]
        found.append(max(abs(max(part)), abs(min(part))) / 32768)
    most = max(*found, 0.05) if found else 1.0
    return [(v / most) ** 0.8 for v in found]
