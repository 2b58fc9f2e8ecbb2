"""Small things in the air: snow, rain, embers, fireflies, bubbles, light on water."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from wan_magic.server.engines.drawing.shapes import glow
from wan_magic.server.engines.planes import Planes, Size, halved, to_yuv

if TYPE_CHECKING:
    import random

    from wan_magic.server.engines.planes import Colour

_STEPS = 5

# How many, size of the frame's height, speed down (heights a second), sideways, blinking.
_KINDS = {
    "snow": (110, (0.006, 0.016), (0.07, 0.17), 0.03, False),
    "rain": (90, (0.05, 0.11), (1.3, 2.1), 0.0, False),
    "embers": (70, (0.006, 0.018), (-0.2, -0.08), 0.04, True),
    "fireflies": (34, (0.016, 0.03), (-0.015, 0.01), 0.06, True),
    "bubbles": (40, (0.008, 0.024), (-0.16, -0.06), 0.02, False),
    "glitter": (80, (0.012, 0.05), (0.0, 0.0), 0.01, True),
    "stars": (60, (0.006, 0.014), (0.0, 0.0), 0.0, True),
    "petals": (36, (0.010, 0.018), (0.05, 0.12), 0.07, False),
}


class Sparks:
    """Many small lights of one kind, whose places follow from the time alone.

    Parameters
    ----------
    kind : str
        A name of the table here.
    size : (int, int)
        The frame.
    colour : (int, int, int)
        Theirs.
    rng : random.Random
        Where they start.
    area : (float, float, float, float)
        Left, top, right, bottom of their room, as parts of the frame.
    """

    def __init__(
        self,
        kind: str,
        size: Size,
        colour: Colour,
        rng: random.Random,
        area: tuple[float, float, float, float] = (0, 0, 1, 1),
    ) -> None:
        count, sizes, speeds, self._swing, self._blink = _KINDS[kind]
        wide, high = size
        self._size, self._area = size, area
        self._colour = to_yuv(colour)
        count = round(count * (area[2] - area[0]) ** 0.5)
        steps = [sizes[0] + (sizes[1] - sizes[0]) * i / 3 for i in range(4)]
        base = min(wide, high)
        self._looks = [
            [_look(kind, s * base, k / _STEPS) for k in range(1, _STEPS + 1)] for s in steps
        ]
        self._each = [
            (
                rng.random(),
                rng.random(),
                rng.uniform(*speeds) * base / high,
                rng.uniform(0, math.tau),
                rng.uniform(1.5, 4.0),
                rng.randrange(4),
            )
            for _ in range(count)
        ]

    def on(self, frame: Planes, seconds: float) -> None:
        """Draw them all on a frame."""
        wide, high = self._size
        left, top, right, bottom = self._area
        for x, y, speed, phase, period, which in self._each:
            turn = math.tau * seconds / period + phase
            x = (x + self._swing * math.sin(turn)) % 1.0  # noqa: PLW2901
            y = (y + speed / (bottom - top) * seconds) % 1.0  # noqa: PLW2901
            level = _STEPS - 1
            if self._blink:
                level = round((0.5 + 0.5 * math.sin(turn * 1.7)) * _STEPS) - 1
                if level < 0:
                    continue
            light, colour = self._looks[which][level]
            px = int((left + (right - left) * x) * wide - light.width / 2)
            py = int((top + (bottom - top) * y) * high - light.height / 2)
            frame[0].paste(self._colour[0], (px, py), light)
            half = (px // 2, py // 2)
            frame[1].paste(self._colour[1], half, colour)
            frame[2].paste(self._colour[2], half, colour)


def _look(kind: str, size: float, strength: float) -> tuple[Image.Image, Image.Image]:
    pixels = max(round(size) // 2 * 2, 4)
    if kind == "rain":
        light = Image.new("L", (max(pixels // 8, 2) * 2, pixels))
        ImageDraw.Draw(light).line((light.width - 1, 0, 0, pixels), fill=80, width=1)
    elif kind == "glitter":
        light = glow(pixels, 255).resize((pixels, max(pixels // 10, 1) * 2))
    elif kind == "bubbles":
        light = Image.new("L", (pixels * 4, pixels * 4))
        ring = (4, 4, pixels * 4 - 5, pixels * 4 - 5)
        ImageDraw.Draw(light).ellipse(ring, fill=36, outline=190, width=5)
        light = light.resize((pixels, pixels), Image.Resampling.BOX)
    elif kind == "petals":
        light = Image.new("L", (pixels * 4, pixels * 4))
        ImageDraw.Draw(light).ellipse((4, pixels, pixels * 4 - 4, pixels * 3), fill=225)
        light = light.rotate(35).resize((pixels, pixels), Image.Resampling.BOX)
    else:
        light = glow(pixels * 2, 255)
    light = light.point([round(v * strength) for v in range(256)])
    return light, halved(light)
