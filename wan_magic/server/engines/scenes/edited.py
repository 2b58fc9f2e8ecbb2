"""A given video, edited: graded, masked, or within a larger picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageOps

from wan_magic.server.engines.camera import View, rng_for
from wan_magic.server.engines.drawing.themes import theme_for
from wan_magic.server.engines.film import facts
from wan_magic.server.engines.planes import (
    Planes,
    Size,
    even,
    flat,
    halved,
    open_picture,
    put,
    to_yuv,
)
from wan_magic.server.engines.scenes.gathered import Gathered, strip
from wan_magic.server.engines.scenes.stage import Playing, ease
from wan_magic.server.engines.scenes.tiles import Card, within

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.server.engines import Source
    from wan_magic.server.engines.scenes.stage import Scene, Stage

_WIPE_SECONDS = 0.9
_TINT = 0.55


class Grade:
    """Another light and colour for every picture: the prompt's own."""

    def __init__(self, words: str, seed: int) -> None:
        rng = rng_for(seed, words, "grade")
        theme = theme_for(words, rng)
        self.accent = theme.accent
        _, cb, cr = to_yuv(theme.accent)
        hard = rng.uniform(0.35, 0.6)
        lift = rng.uniform(-8, 10)
        keep = rng.uniform(0.35, 0.6)
        self._tables = (
            [_level(v, hard, lift) for v in range(256)],
            [_clip(128 + (v - 128) * keep + (cb - 128) * 0.6) for v in range(256)],
            [_clip(128 + (v - 128) * keep + (cr - 128) * 0.6) for v in range(256)],
        )

    def of(self, picture: Planes) -> Planes:
        """Return a picture in the new light."""
        y, cb, cr = (p.point(t) for p, t in zip(picture, self._tables, strict=True))
        return y, cb, cr


def _level(value: int, hard: float, lift: float) -> int:
    k = (value - 16) / 219
    return _clip(16 + 219 * (k * (1 - hard) + ease(k) * hard) + lift, 16, 235)


def _clip(value: float, low: int = 16, high: int = 240) -> int:
    return round(min(max(value, low), high))


class Regraded:
    """The video as given at first; then the new light wipes over it, and stays."""

    def __init__(self, playing: Scene, grade: Grade, wipe: int) -> None:
        self._playing, self._grade, self._wipe = playing, grade, max(wipe, 1)

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        before = self._playing.frame(index)
        after = self._grade.of(before)
        wide, high = before[0].size
        line = even(wide * ease(index / self._wipe))
        if line >= wide:
            return after
        for index_, plane in enumerate(after):
            part = 1 if index_ == 0 else 2
            box = (line // part, 0, wide // part, high // part)
            plane.paste(before[index_].crop(box), box[:2])
        if line:
            after[0].paste(235, (line - 2, 0, min(line + 2, wide), high))
        return after


class Repainted:
    """The video, with a tint over what a mask marks to be painted anew."""

    def __init__(self, playing: Scene, mask: Scene, grade: Grade, fps: int) -> None:
        self._playing, self._mask, self._grade = playing, mask, grade
        self._fps = fps
        self._tint: Planes | None = None

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        picture = self._playing.frame(index)
        if self._tint is None:
            self._tint = flat(picture[0].size, self._grade.accent)
        marked = self._mask.frame(index)[0]
        # It breathes, so that it is not taken for a part of the picture.
        strength = _TINT + 0.12 * math.sin(index / self._fps * math.pi)
        mask = marked.point([round(strength * min(max(v - 16, 0), 219)) for v in range(256)])
        put(picture, self._tint, (0, 0), (mask, halved(mask)))
        edge = ImageChops.difference(marked, ImageChops.offset(marked, 2, 2))
        picture[0].paste(225, (0, 0), edge)
        return picture


class _Held:
    """The same planes for every picture."""

    def __init__(self, picture: Planes) -> None:
        self._picture = picture

    def frame(self, index: int) -> Planes:  # noqa: ARG002 (a scene's own form)
        """Return the picture."""
        return self._picture


def edited(stage: Stage, video: Path, references: list[Source]) -> Scene:
    """Play a video under the treatment that the task's function asks for."""
    spec = stage.spec
    if spec.function == "video_outpainting":
        return strip(stage, references, _outpainted(stage, video))
    grade = Grade(stage.words, spec.seed)
    playing = Playing(stage.film(video), spec.fps)
    mask = next((s for s in spec.inputs if s.role == "mask" and s.path), None)
    scene: Scene
    if mask and mask.path:
        marked: Scene = (
            Playing(stage.film(mask.path), spec.fps)
            if mask.media == "video"
            else _Held(_mask(mask.path, stage.size))
        )
        scene = Repainted(playing, marked, grade, spec.fps)
    else:
        wipe = min(round(_WIPE_SECONDS * spec.fps), spec.frames * 2 // 5)
        scene = Regraded(playing, grade, wipe)
    return strip(stage, references, scene)


def _mask(path: Path, size: Size) -> Planes:
    return _to_flat(ImageOps.fit(open_picture(path).convert("L"), size))


def _to_flat(mask: Image.Image) -> Planes:
    light = mask.point([16 + round(v * 219 / 255) for v in range(256)])
    return light, halved(light), halved(light)


def _outpainted(stage: Stage, video: Path) -> Scene:
    wide, high = stage.size
    box = within(facts(video).size, (wide // 6, high // 6, wide * 2 // 3, high * 2 // 3))
    behind = stage.drawn([View(0, 0, 1)] * stage.spec.frames)
    return Gathered(behind, [Card(stage.film(video, box[2:]), box, "", stage.unit)], stage.spec.fps)
