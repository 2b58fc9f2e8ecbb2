"""What every scene is given, and the plain scenes that others are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from wan_magic.server.engines.camera import View
from wan_magic.server.engines.drawing.places import draw
from wan_magic.server.engines.film import Film
from wan_magic.server.engines.palimpsest import unwritten
from wan_magic.server.engines.planes import Planes, Size, blend, open_picture, seen, still

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from wan_magic.server.engines import RenderSpec


class Scene(Protocol):
    """Gives a clip's pictures, asked for in order."""

    def frame(self, index: int) -> Planes:
        """Return picture `index` at the clip's size; the caller may draw on it."""


@dataclass(frozen=True)
class Stage:
    """What every scene is given.

    Attributes
    ----------
    spec : RenderSpec
        The task.
    words : str
        The prompt, or the effect's name.
    views : list of View
        What the camera does.
    room : (int, int)
        Rows between which nothing is written over the picture.
    stack : contextlib.ExitStack
        Closes the films when the clip is done.
    """

    spec: RenderSpec
    words: str
    views: list[View]
    room: tuple[int, int]
    stack: ExitStack

    @property
    def size(self) -> Size:
        """Width and height of the clip."""
        return self.spec.width, self.spec.height

    @property
    def unit(self) -> int:
        """A length in proportion to the frame, for borders and gaps."""
        return max(min(self.size) // 60, 2) // 2 * 2

    def film(self, path: Path, size: Size | None = None, start: float = 0.0) -> Film:
        """Open a video that covers the frame, or a part of it."""
        return self.stack.enter_context(Film(path, size or self.size, start, bare=size is None))

    def drawn(self, views: Sequence[View] | None = None) -> Drawn:
        """Return the scene drawn from the prompt."""
        picture = draw(self.words, self.spec.seed, self.size)
        return Drawn(picture, views or self.views, self.spec.fps)

    def picture(self, path: Path, views: Sequence[View] | None = None) -> Still:
        """Return a scene that glides over a picture file."""
        picture = unwritten(open_picture(path))
        return Still(still(picture, self.size), views or self.views, self.size)

    def backdrop(self, path: Path | None = None) -> Scene:
        """Return what lies behind something: the given picture, or a drawn one."""
        return self.picture(path) if path else self.drawn()


class Still:
    """A picture that the camera glides over."""

    def __init__(self, source: Planes, views: Sequence[View], size: Size) -> None:
        self._source, self._views, self._size = source, views, size

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        return seen(self._source, self._views[index], self._size)


class Drawn:
    """The picture that is drawn from the prompt and the seed."""

    def __init__(self, picture: DrawnPicture, views: Sequence[View], fps: int) -> None:
        self.picture = picture
        self._views, self._fps = views, fps

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        return self.picture.at(self._views[index], index / self._fps)


class DrawnPicture(Protocol):
    """What `draw` returns."""

    def at(self, view: View, seconds: float) -> Planes:
        """Return one frame of it."""


class Playing:
    """A video that plays, and holds its last picture if it is short."""

    def __init__(self, film: Film, fps: int) -> None:
        self._film, self._fps = film, fps

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        return self._film.at(index / self._fps)


class Dissolve:
    """One scene that becomes another between two pictures of the clip.

    Before `start` it is all the first, from `end` on all the second.
    """

    def __init__(self, before: Scene, after: Scene, start: int, end: int) -> None:
        self._before, self._after = before, after
        self._start, self._end = start, max(end, start + 1)

    def frame(self, index: int) -> Planes:
        """Return picture `index`."""
        k = ease((index - self._start) / (self._end - self._start))
        if k <= 0:
            return self._before.frame(index)
        if k >= 1:
            return self._after.frame(index)
        return blend(self._before.frame(index), self._after.frame(index), k)


def push(frames: int, first: float, last: float, start: int = 0) -> list[View]:
    """Return views that go from one zoom to another, from picture `start` on."""
    length = max(frames - 1 - start, 1)
    steps = (ease((i - start) / length) for i in range(frames))
    return [View(0, 0, first + (last - first) * k) for k in steps]


def ease(t: float) -> float:
    """Return 0 to 1 with a soft start and stop."""
    return (1 - math.cos(math.pi * min(max(t, 0.0), 1.0))) / 2
