"""Pictures on cards: references side by side, insets, and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PIL import Image, ImageDraw

from wan_magic.server.engines.overlay import label, plate
from wan_magic.server.engines.planes import (
    Planes,
    Size,
    Stamp,
    even,
    halved,
    put,
    stamp,
)

if TYPE_CHECKING:
    from wan_magic.server.engines.film import Film

Box = tuple[int, int, int, int]


_LABEL_PART = 0.6
"""The part of a card's width that its label takes at most, if it can be read then."""


class Tile(Protocol):
    """Something that is put on every frame."""

    def on(self, frame: Planes, seconds: float) -> None:
        """Draw it as it is at this time."""


class Card:
    """A picture or a video in a rounded frame, with a label on its corner.

    Parameters
    ----------
    content : Planes or Film
        Of the box's size.
    box : (int, int, int, int)
        Left, top, width and height in even pixels.
    name : str
        The label; empty for none.
    unit : int
        Thickness of the frame, in even pixels.
    """

    def __init__(self, content: Planes | Film, box: Box, name: str, unit: int) -> None:
        left, top, wide, high = box
        self._content, self._at = content, (left, top)
        radius = unit * 2.0
        shape = plate(wide, high, radius, (255, 255, 255, 255)).getchannel("A")
        shape = shape.crop((0, 0, wide, high))
        self._masks = (shape, halved(shape))
        edge = max(unit // 2 * 2, 2)
        frame = plate(wide + 2 * edge, high + 2 * edge, radius + edge, (250, 250, 252, 255))
        self._under: Stamp = stamp(frame, left - edge, top - edge)
        self._label: Stamp | None = None
        if name:
            size, room = max(min(unit * 2.4, wide / 6, high / 4), 8), wide * _LABEL_PART
            tag = label(name, size)
            if tag.width > room:  # a long name on a narrow card
                tag = label(name, max(size * room / tag.width, 8))
            self._label = stamp(tag, left + edge, top + edge)

    def on(self, frame: Planes, seconds: float) -> None:
        """Draw it as it is at this time."""
        self._under.on(frame)
        content = self._content
        picture = content if isinstance(content, tuple) else content.at(seconds)
        put(frame, picture, self._at, self._masks)
        if self._label:
            self._label.on(frame)


def within(size: Size, room: Box) -> Box:
    """Return the largest box of a picture's shape inside a room, in even pixels."""
    left, top, wide, high = room
    scale = min(wide / size[0], high / size[1])
    w, h = max(even(size[0] * scale), 4), max(even(size[1] * scale), 4)
    return even(left + (wide - w) / 2), even(top + (high - h) / 2), w, h


def grid(count: int, room: Box, gap: int, shape: float) -> list[Box]:
    """Return rooms for so many pictures: the rows that let them be largest.

    Parameters
    ----------
    count : int
        How many.
    room : (int, int, int, int)
        Left, top, width and height of all.
    gap : int
        Pixels between two.
    shape : float
        A picture's width over its height, more or less.
    """
    left, top, wide, high = room
    best, columns = 0.0, 1
    for n in range(1, count + 1):
        rows = -(-count // n)
        w, h = (wide - gap * (n - 1)) / n, (high - gap * (rows - 1)) / rows
        if (area := min(w, h * shape)) > best:
            best, columns = area, n
    rows = -(-count // columns)
    w, h = (wide - gap * (columns - 1)) / columns, (high - gap * (rows - 1)) / rows
    made = []
    for i in range(count):
        row, column = divmod(i, columns)
        here = min(columns, count - row * columns)
        start = left + (wide - here * w - (here - 1) * gap) / 2
        made.append(
            (round(start + column * (w + gap)), round(top + row * (h + gap)), int(w), int(h))
        )
    return made


def document(name: str, size: Size, *, link: bool) -> Image.Image:
    """Return a title card: a sheet with a folded corner, or a page in a window."""
    wide, high = size
    image = Image.new("RGB", size, (246, 246, 250))
    draw = ImageDraw.Draw(image)
    unit = min(size) / 20
    ink, pale = (38, 44, 66), (206, 210, 224)
    ending = "WEB" if link else name.rpartition(".")[2].upper()[:5] if "." in name else "FILE"
    tint = (58, 110, 220) if link else (214, 72, 62)
    draw.rectangle((0, 0, wide, unit * 3), fill=(228, 230, 238) if link else tint)
    if link:
        for k, colour in enumerate(((236, 96, 88), (244, 190, 80), (98, 196, 110))):
            x = unit * (1.5 + 1.6 * k)
            draw.ellipse((x, unit, x + unit, unit * 2), fill=colour)
        draw.rounded_rectangle((unit * 7, unit * 0.8, wide - unit, unit * 2.2), unit * 0.7, "white")
    badge = label(ending, max(unit * 1.5, 8), tint)
    image.paste(badge, (even(wide / 2 - badge.width / 2), even(unit * 4.4)), badge)
    # A name is not broken if a smaller letter spares it.
    big, pages, room = unit * 1.9, (246, 246, 250), wide - 2 * unit
    while big > unit and label(name or ending, max(big, 9), pages, ink).width > room:
        big *= 0.93
    title = label(name or ending, max(big, 9), pages, ink, room=room)
    middle = even(unit * 4.4 + badge.height + unit)
    image.paste(title, (even(wide / 2 - title.width / 2), middle), title)
    y = middle + title.height + unit
    row = 0
    while y < high - unit * 1.4:
        draw.rounded_rectangle(
            (unit * 2, y, wide - unit * (2, 3.4, 2.6, 6)[row % 4], y + unit * 0.5),
            unit * 0.25,
            pale,
        )
        y, row = y + unit * 1.3, row + 1
    return image
