"""Given videos, read picture by picture: never more than a few are in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import av
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from wan_magic.server.engines.palimpsest import rub_out, written_on
from wan_magic.server.engines.planes import Planes, Size, even
from wan_magic.wan.video import image_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wan_magic.server.engines.palimpsest import Region

_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
_SLACK = 1e-4
_LONGEST = 16


@dataclass(frozen=True)
class Facts:
    """What a video file says about itself: its size as shown, length and sound."""

    size: Size
    seconds: float
    sound: bool


def facts(path: Path) -> Facts:
    """Read a video file's packets, and decode its first picture.

    Raises
    ------
    ValueError
        If there is no picture in it.
    """
    with av.open(str(path), "r") as file:
        stream = _video(file, path)
        start = end = None
        for packet in file.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            time = float(packet.pts * packet.time_base)
            start = time if start is None else min(start, time)
            until = time + float((packet.duration or 0) * packet.time_base)
            end = until if end is None else max(end, until)
        has_sound = bool(file.streams.audio)
    with av.open(str(path), "r") as file:
        frame = next(file.decode(_video(file, path)), None)
        if frame is None:
            raise ValueError(f"no picture in {path.name}")
        size = (frame.width, frame.height)
        if frame.rotation % 180:
            size = (frame.height, frame.width)
    return Facts(size, (end or 0.0) - (start or 0.0), has_sound)


class Film:
    """A video that is asked for its picture at a time, and time only goes forward.

    Parameters
    ----------
    path : pathlib.Path
        A video file.
    size : (int, int)
        Even width and height to cover; what sticks out is cut off evenly.
    start : float
        Seconds to leave out at its beginning.
    bare : bool
        Whether what is written on it is rubbed out, where it is a preview itself.
    """

    def __init__(self, path: Path, size: Size, start: float = 0.0, *, bare: bool = False) -> None:
        self.size = size
        self._start = start
        self._file = av.open(str(path), "r")
        try:
            stream = _video(self._file, path)
            stream.thread_type = "AUTO"
            self._frames = self._timed(stream)
            first = next(self._frames, None)
        except BaseException:
            self._file.close()
            raise
        if first is None:
            self._file.close()
            raise ValueError(f"no picture in {path.name}")
        self._now = first[1]
        self._written = _written_on(self._now) if bare else ()
        self._next = next(self._frames, None)
        self._made: tuple[av.VideoFrame, Planes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def at(self, seconds: float) -> Planes:
        """Return its picture at a time; after its end, the last one. Draw on it freely."""
        moment = seconds + self._start + _SLACK
        while self._next is not None and self._next[0] <= moment:
            self._now = self._next[1]
            self._next = next(self._frames, None)
        if self._made is None or self._made[0] is not self._now:
            self._made = (self._now, _covering(self._now, self.size))
            rub_out(self._made[1], _covered(self._written, self._now, self.size))
        y, cb, cr = self._made[1]
        return y.copy(), cb.copy(), cr.copy()

    def _timed(self, stream: av.VideoStream) -> Iterator[tuple[float, av.VideoFrame]]:
        rate = float(stream.average_rate or 30)
        zero: float | None = None
        last = 0.0
        for index, frame in enumerate(self._file.decode(stream)):
            time = frame.time if frame.time is not None else index / rate
            zero = time if zero is None else zero
            # A file whose clock runs backwards is shown in the order it has.
            last = max(time - zero, last)
            yield last, frame


def _video(file: av.container.InputContainer, path: Path) -> av.VideoStream:
    if not file.streams.video:
        raise ValueError(f"no picture in {path.name}")
    return file.streams.video[0]


def _written_on(frame: av.VideoFrame) -> tuple[Region, ...]:
    """Return where a preview's frame is written on; no preview is stored turned."""
    if frame.rotation % 360:
        return ()
    return written_on(image_of(frame))


def _large(frame: av.VideoFrame, size: Size) -> Size:
    """Return how large a frame is when it covers a size."""
    scale = max(size[0] / frame.width, size[1] / frame.height)
    # A very long strip is pressed together rather than blown up without end.
    return (
        min(max(even(frame.width * scale + 1.99), size[0]), _LONGEST * size[0]),
        min(max(even(frame.height * scale + 1.99), size[1]), _LONGEST * size[1]),
    )


def _covered(regions: tuple[Region, ...], frame: av.VideoFrame, size: Size) -> tuple[Region, ...]:
    """Return where parts of an upright frame are when it covers a size."""
    large = _large(frame, size)
    left, top = (large[0] - size[0]) / 2, (large[1] - size[1]) / 2
    x, y = large[0] / frame.width, large[1] / frame.height
    return tuple(
        (
            *(round(r[0] * x - left), round(r[1] * y - top)),
            *(round(r[2] * x - left), round(r[3] * y - top)),
        )
        for r in regions
    )


def _covering(frame: av.VideoFrame, size: Size) -> Planes:
    turn = _TURNS.get(frame.rotation % 360)
    wide, high = size if frame.rotation % 180 == 0 else (size[1], size[0])
    large = _large(frame, (wide, high))
    scaled = frame.reformat(
        width=large[0],
        height=large[1],
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        threads=1,  # see image_of
    )
    left, top = even((large[0] - wide) / 2), even((large[1] - high) / 2)
    made = []
    for index, plane in enumerate(scaled.planes):
        part = 1 if index == 0 else 2
        whole = (large[0] // part, large[1] // part)
        picture = Image.frombuffer("L", whole, bytes(plane), "raw", "L", plane.line_size, 1)
        box = (left // part, top // part, (left + wide) // part, (top + high) // part)
        picture = picture.crop(box)
        made.append(picture if turn is None else picture.transpose(turn))
    return made[0], made[1], made[2]
