"""A given clip, and how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.server.engines.film import facts
from wan_magic.server.engines.planes import Planes, seen
from wan_magic.server.engines.scenes.morph import towards
from wan_magic.server.engines.scenes.stage import Playing, Scene, Stage, push

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.server.engines.camera import View

_LEAST_NEW = 0.25
"""The part of the clip that is new, at least: of a longer clip only the end is shown."""


class GoingOn:
    """A video's own pictures first, then a glide from its last one."""

    def __init__(self, playing: Scene, own: int, views: list[View]) -> None:
        self._playing, self._own, self._views = playing, own, views
        self._last: Planes | None = None

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        if index < self._own:
            return self._playing.frame(index)
        if self._last is None:
            self._last = self._playing.frame(index)
        return seen(self._last, self._views[index], self._last[0].size)


def going_on(stage: Stage, clip: Path, last: Path | None) -> Scene:
    """Play the clip, then glide on from its last picture, or over to the last frame."""
    frames, fps = stage.spec.frames, stage.spec.fps
    length = round(facts(clip).seconds * fps)
    own = length if length < frames else max(round(frames * (1 - _LEAST_NEW)), 1)
    film = stage.film(clip, start=max(length - own, 0) / fps)
    scene = GoingOn(Playing(film, fps), own, push(frames, 1.0, 1.3, own))
    return towards(stage, scene, last, own) if last else scene
