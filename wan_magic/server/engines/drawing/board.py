"""What a place is drawn on: the frame, its colours, and chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

from wan_magic.server.engines.drawing import shapes
from wan_magic.server.engines.drawing.layers import SIDE, Layer, gradient
from wan_magic.server.engines.drawing.themes import mix
from wan_magic.server.engines.planes import even

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from wan_magic.server.engines.drawing.sparks import Sparks
    from wan_magic.server.engines.drawing.themes import Theme
    from wan_magic.server.engines.planes import Colour, Size

    Outline = Callable[[random.Random, Size, float, float, float], shapes.Heights]

STEP = 3.0
"""Pixels between two points of an outline."""


@dataclass
class Board:
    """What a place is drawn on.

    Attributes
    ----------
    size : (int, int)
        The frame.
    theme : Theme
        What to draw.
    rng : random.Random
        Chance.
    sun : (float, float)
        Where the light stands, as parts of the frame.
    """

    size: Size
    theme: Theme
    rng: random.Random
    sun: tuple[float, float]
    layers: list[Layer] = field(default_factory=list)
    sparks: list[Sparks] = field(default_factory=list)
    line: shapes.Heights = field(default_factory=list)

    @property
    def wide(self) -> Size:
        """Size of a layer's shape."""
        return even(self.size[0] * (1 + 2 * SIDE)), self.size[1]

    @property
    def unit(self) -> float:
        """The frame's shorter side, to which things are in proportion."""
        return float(min(self.size))

    def fill(self, top: float, upper: Colour, lower: Colour) -> Image.Image:
        """Return colours that stand still, from `top` (a part of the height) down."""
        return gradient(self.size, ((0, upper), (max(top, 0.0), upper), (1, lower)))

    def add(
        self,
        paper: shapes.Paper | Image.Image,
        colours: tuple[Colour, Colour],
        depth: float,
        *,
        top: float = 0.5,
        drift: float = 0.0,
        sway: tuple[float, float, float] = (0.0, 0.0, 1.0),
    ) -> None:
        """Add a layer in front of those that are there."""
        mask = paper if isinstance(paper, Image.Image) else paper.taken()
        rocking = (*sway, self.rng.uniform(0, 6.28))
        fill = self.fill(top, *colours)
        self.layers.append(Layer(mask, fill, depth, drift * self.unit, rocking))

    def band(self, base: float, rise: float, outline: Outline) -> shapes.Paper:
        """Add nothing yet: return paper with land under an outline."""
        paper = shapes.Paper(self.wide)
        self.line = outline(self.rng, self.wide, base * self.size[1], rise * self.size[1], STEP)
        paper.land(self.line, STEP)
        return paper

    def shades(self, depth: float, fade: float = 0.35) -> tuple[Colour, Colour]:
        """Return a layer's colours: its own on top, haze or dark at its foot."""
        own = self.theme.layer(depth)
        foot = self.theme.layer(max(depth - fade, 0)) if depth < 0.75 else mix(own, (0, 0, 0), 0.3)
        return own, foot
