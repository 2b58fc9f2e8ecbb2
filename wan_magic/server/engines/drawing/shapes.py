"""Outlines of hills, waves, trees and roofs, drawn twice too large and reduced."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from wan_magic.server.engines.planes import Size

_FINE = 2
Heights = list[float]


class Paper:
    """A mask to draw on in pixels of the picture, smooth when taken off."""

    def __init__(self, size: Size, ground: int = 0) -> None:
        self.size = size
        self._big = Image.new("L", (size[0] * _FINE, size[1] * _FINE), ground)
        self._draw = ImageDraw.Draw(self._big)

    def polygon(self, points: Sequence[tuple[float, float]], fill: int = 255) -> None:
        """Fill a shape with corners."""
        self._draw.polygon([(x * _FINE, y * _FINE) for x, y in points], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: int = 255) -> None:
        """Fill a rectangle."""
        right, bottom = max(left, right), max(top, bottom)
        self._draw.rectangle([v * _FINE for v in (left, top, right, bottom)], fill=fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: int = 255) -> None:
        """Fill an oval around its middle."""
        self._draw.ellipse([v * _FINE for v in (x - rx, y - ry, x + rx, y + ry)], fill=fill)

    def line(self, points: Sequence[tuple[float, float]], width: float, fill: int = 255) -> None:
        """Draw a line through points."""
        thick = max(round(width * _FINE), 1)
        self._draw.line([(x * _FINE, y * _FINE) for x, y in points], fill, thick, joint="curve")

    def land(self, heights: Heights, step: float) -> None:
        """Fill everything under an outline."""
        points = [(i * step, y) for i, y in enumerate(heights)]
        wide, high = self.size
        self.polygon([(-4, high + 4), *points, (wide + 4, heights[-1]), (wide + 4, high + 4)])

    def taken(self, blur: float = 0.0) -> Image.Image:
        """Return the mask."""
        done = self._big.resize(self.size, Image.Resampling.BOX)
        return done.filter(ImageFilter.GaussianBlur(blur)) if blur else done


def hills(rng: random.Random, size: Size, base: float, rise: float, step: float) -> Heights:
    """Return soft rolling hills whose middle height is `base` pixels from the top."""
    waves = [
        (rng.uniform(0.6, 1.4) * f, rng.uniform(0, math.tau), rise / f**0.9) for f in (1, 2.1, 4.3)
    ]
    count = int(size[0] / step) + 2
    return [
        base
        - sum(a * math.sin(f * math.tau * i * step / size[0] * 1.5 + p) for f, p, a in waves) / 2
        for i in range(count)
    ]


def peaks(rng: random.Random, size: Size, base: float, rise: float, step: float) -> Heights:
    """Return mountains, by halving: each half's middle is moved by chance, less each time."""
    count = int(size[0] / step) + 2
    line = [rng.uniform(-0.3, 0.3) if i % 2 else rng.uniform(0.4, 1) for i in range(9)]
    move = 0.22
    while len(line) < count:
        finer = [line[0]]
        for a, b in itertools.pairwise(line):
            finer += [(a + b) / 2 + rng.uniform(-move, move), b]
        line, move = finer, move * 0.52
    at = (len(line) - 1) / (count - 1)
    return [base - rise * line[int(i * at)] for i in range(count)]


def dunes(rng: random.Random, size: Size, base: float, rise: float, step: float) -> Heights:
    """Return dunes: a long slope to the crest, and a short one down."""
    count = int(size[0] / step) + 2
    wide = size[0] / rng.uniform(2.2, 3.6)
    offset, second = rng.uniform(0, wide), rng.uniform(0, math.tau)
    made = []
    for i in range(count):
        x = i * step + offset
        t = (x % wide) / wide
        tall = 0.7 + 0.3 * math.sin(int(x / wide) * 2.4 + second)
        curve = (t / 0.72) ** 1.6 if t < 0.72 else (1 - (t - 0.72) / 0.28) ** 1.3
        made.append(base - rise * tall * curve)
    return made


def swell(rng: random.Random, size: Size, base: float, rise: float, step: float) -> Heights:
    """Return waves of the sea: round below, a little pointed on top."""
    length = size[1] * rng.uniform(0.28, 0.4) * (0.35 + rise / size[1] * 22)
    phase, slow = rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    made = []
    for i in range(int(size[0] / step) + 2):
        x = i * step
        wave = 1 - abs(math.sin(x / length * math.pi + phase)) ** 0.8
        made.append(base - rise * wave * (0.75 + 0.25 * math.sin(x / length * 0.7 + slow)))
    return made


def conifer(paper: Paper, x: float, ground: float, high: float) -> None:
    """Draw a fir: a stem and a few skirts, each wider than the one above."""
    wide = high * 0.2
    paper.box(x - high * 0.025, ground - high * 0.2, x + high * 0.025, ground + high * 0.1)
    for row in range(5):
        top = ground - high + high * 0.17 * row
        foot = top + high * (0.24 + 0.02 * row)
        half = wide * (0.35 + 0.16 * row)
        paper.polygon([(x, top), (x - half, foot), (x, foot - high * 0.04), (x + half, foot)])


def crown(paper: Paper, rng: random.Random, x: float, ground: float, high: float) -> None:
    """Draw a round tree."""
    paper.box(x - high * 0.04, ground - high * 0.6, x + high * 0.04, ground + high * 0.1)
    for _ in range(7):
        size = high * rng.uniform(0.16, 0.26)
        dx, dy = rng.uniform(-0.24, 0.24) * high, rng.uniform(-0.22, 0.16) * high
        paper.oval(x + dx, ground - high * 0.7 + dy, size, size * 0.9)


def blades(paper: Paper, rng: random.Random, heights: Heights, step: float, high: float) -> None:
    """Draw tall grass along an outline."""
    for i in range(0, len(heights), 2):
        for _ in range(2):
            x, y = (i + rng.random()) * step, heights[i]
            tall, lean = high * rng.uniform(0.4, 1), rng.uniform(-0.35, 0.5)
            half = max(high * 0.03, 0.8)
            tip = (x + tall * lean, y - tall)
            bend = (x + tall * lean * 0.35 + half, y - tall * 0.6)
            paper.polygon([(x - half, y + 3), tip, bend, (x + half, y + 3)])


def clouds(rng: random.Random, size: Size, count: int, scale: float) -> Image.Image:
    """Return a mask of soft clouds with flat feet in the upper half."""
    paper = Paper((size[0] // 2, size[1] // 2))
    for _ in range(count):
        x, y = rng.uniform(0, size[0] / 2), rng.uniform(0.06, 0.34) * size[1] / 2
        wide = rng.uniform(0.08, 0.2) * scale
        for k in range(9):
            at = (k / 8 - 0.5) * 2
            r = wide * 0.27 * (1.15 - abs(at)) * rng.uniform(0.5, 1.15) + wide * 0.05
            paper.oval(x + at * wide * 0.6, y - r * 0.5, r * 1.6, r * 0.72, 210)
    soft = paper.taken(blur=max(scale * 0.006, 0.8))
    return soft.resize(size, Image.Resampling.BILINEAR)


def glow(size: int, strength: int) -> Image.Image:
    """Return a round light of `size` pixels that fades from the middle to its edge."""
    ramp = Image.radial_gradient("L").resize((size, size), Image.Resampling.BILINEAR)
    # 0 in the middle, 181 where the circle touches the sides.
    return ramp.point([round(strength * max(1 - v / 178, 0) ** 2.2) for v in range(256)])
