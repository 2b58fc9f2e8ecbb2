"""A drawn picture in layers, which the camera passes at different speeds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

from wan_magic.server.engines.camera import View
from wan_magic.server.engines.planes import Planes, Size, halved, to_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.server.engines.drawing.sparks import Sparks
    from wan_magic.server.engines.planes import Colour

SIDE = 0.3
"""How much wider a layer is than the frame, on each side: room for its own motion."""


_PASS = 0.1


def gradient(size: Size, stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """Return a picture whose colour changes from top (0) to bottom (1)."""
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        at = y / max(size[1] - 1, 1)
        low = max((s for s in stops if s[0] <= at), key=lambda s: s[0], default=stops[0])
        high = min((s for s in stops if s[0] >= at), key=lambda s: s[0], default=stops[-1])
        k = (at - low[0]) / (high[0] - low[0]) if high[0] > low[0] else 0.0
        r, g, b = (round(p + (q - p) * k) for p, q in zip(low[1], high[1], strict=True))
        column.putpixel((0, y), (r, g, b))
    return column.resize(size)


@dataclass
class Layer:
    """One layer: a shape filled with colours that stand still, or with its own picture.

    Attributes
    ----------
    mask : PIL.Image.Image
        The shape, `SIDE` wider than the picture on each side.
    fill : Image.Image
        RGB of the frame's size, seen through the shape; or of the mask's size, which
        moves with it.
    depth : float
        How much it follows the camera: 0 not at all, 1 like what is in front.
    drift : float
        Pixels a second to the right.
    sway : tuple of float
        Pixels sideways, pixels up and down, seconds, and the phase of its rocking.
    """

    mask: Image.Image
    fill: Image.Image
    depth: float
    drift: float = 0.0
    sway: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 0.0)
    _masks: tuple[Image.Image, Image.Image] = field(init=False, repr=False)
    _fills: Planes = field(init=False, repr=False)
    _own: bool = field(init=False)
    _rows: Size = field(init=False)
    _solid: int = field(init=False)

    def __post_init__(self) -> None:
        self._own = self.fill.size == self.mask.size
        box = self.mask.getbbox() or (0, 0, 2, 2)
        self._rows = (box[1], box[3])
        clear = self.mask.point([255] * 250 + [0] * 6).getbbox()
        self._solid = clear[3] if clear else 0
        self._masks = (self.mask, halved(self.mask))
        self._fills = to_planes(self.fill)

    def box(self, size: Size, view: View, seconds: float) -> tuple[float, float, float, float]:
        """Return which part of the shape the camera sees."""
        near = View(view.x, view.y, 1 + (view.zoom - 1) * self.depth)
        left, top, right, bottom = near.box(*size)
        across, up, period, phase = self.sway
        turn = math.tau * seconds / period + phase
        move = self.drift * seconds + across * math.sin(turn)
        # What is near passes further: the shape reaches beyond the picture's sides.
        move -= view.x * self.depth * size[0] * _PASS
        room = self.mask.width - size[0]
        shift = min(max(room / 2 - move, -left), self.mask.width - right)
        lift = min(max(up * math.cos(turn), -top), self.mask.height - bottom)
        return left + shift, top + lift, right + shift, bottom + lift

    def solid_from(self, size: Size, box: tuple[float, float, float, float]) -> int:
        """Return the frame's row from which nothing shines through."""
        scale = (box[3] - box[1]) / size[1]
        return min(max(math.ceil((self._solid - box[1]) / scale / 2) * 2 + 2, 0), size[1])

    def on(self, frame: Planes, box: tuple[float, float, float, float], limit: int) -> None:
        """Draw it on a frame, down to the row where something nearer hides it."""
        size = frame[0].size
        left, top, right, bottom = box
        scale = (bottom - top) / size[1]
        # Only the rows that have something: whole pairs, as colour needs.
        first = max(int((self._rows[0] - top) / scale) // 2 * 2, 0)
        last = min(int((self._rows[1] - top) / scale) // 2 * 2 + 4, limit, size[1])
        edge = last if self._own else min(max(self.solid_from(size, box), first), last)
        if last <= first:
            return
        for index, plane in enumerate(frame):
            part = 1 if index == 0 else 2
            wide = size[0] // part
            if edge > first:
                mask = self._masks[min(index, 1)]
                low = min((top + edge * scale) / part, mask.height)
                corner = (
                    left / part,
                    (top + first * scale) / part,
                    min(right / part, mask.width),
                    low,
                )
                out = (wide, (edge - first) // part)
                shape = mask.resize(out, Image.Resampling.BILINEAR, box=corner)
                if self._own:
                    fill = self._fills[index].resize(out, Image.Resampling.BILINEAR, box=corner)
                else:
                    fill = self._fills[index].crop((0, first // part, wide, edge // part))
                plane.paste(fill, (0, first // part), shape)
            if last > edge:
                rest = self._fills[index].crop((0, edge // part, wide, last // part))
                plane.paste(rest, (0, edge // part))


def _above(sky: Planes, view: View, size: Size, limit: int) -> Planes:
    """Return what the camera sees of the sky, down to a row that something hides."""
    frame = Image.new("L", size), *(Image.new("L", (size[0] // 2, size[1] // 2)) for _ in "uv")
    rows = min(max(limit, 2), size[1])
    for index, plane in enumerate(frame):
        part = 1 if index == 0 else 2
        left, top, right, bottom = view.box(*sky[index].size)
        low = min(top + (bottom - top) * rows / size[1], bottom)
        out = (size[0] // part, rows // part)
        seen = sky[index].resize(out, Image.Resampling.BILINEAR, box=(left, top, right, low))
        plane.paste(seen, (0, 0))
    return frame[0], frame[1], frame[2]


@dataclass
class Picture:
    """A whole drawing: a sky, layers before it, and what flies in the air."""

    size: Size
    sky: Planes
    layers: list[Layer]
    sparks: list[Sparks]

    def at(self, view: View, seconds: float) -> Planes:
        """Return one frame of it."""
        far = View(view.x, view.y, 1 + (view.zoom - 1) * 0.3)
        boxes = [layer.box(self.size, view, seconds) for layer in self.layers]
        limits, limit = [], self.size[1]
        for layer, box in zip(reversed(self.layers), reversed(boxes), strict=True):
            limits.append(limit)
            limit = min(limit, layer.solid_from(self.size, box))
        frame = _above(self.sky, far, self.size, limit)
        for layer, box, low in zip(self.layers, boxes, reversed(limits), strict=True):
            layer.on(frame, box, low)
        for sparks in self.sparks:
            sparks.on(frame, seconds)
        return frame
