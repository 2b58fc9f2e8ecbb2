"""Cities, volcanoes, and the edge of space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image

from wan_magic.server.engines.drawing import shapes
from wan_magic.server.engines.drawing.layers import Layer, gradient
from wan_magic.server.engines.drawing.sparks import Sparks
from wan_magic.server.engines.drawing.themes import mix
from wan_magic.server.engines.planes import even

if TYPE_CHECKING:
    from wan_magic.server.engines.drawing.board import Board


def city(board: Board) -> None:
    """Three rows of houses with lit windows."""
    theme, rng, unit = board.theme, board.rng, board.unit
    night = theme.hour in ("night", "sunset") or theme.weather == "rain"
    for i in range(3):
        depth = 0.35 + 0.32 * i
        paper, lights = shapes.Paper(board.wide), shapes.Paper(board.wide)
        x = -unit * 0.1
        while x < board.wide[0]:
            wide = unit * rng.uniform(0.07, 0.15) * (0.7 + 0.5 * i)
            high = board.size[1] * rng.uniform(0.18, 0.46) * (1 - 0.12 * i)
            roof = board.size[1] * (0.84 + 0.09 * i) - high
            paper.box(x, roof, x + wide, board.size[1])
            if rng.random() < 0.35:
                paper.box(x + wide * 0.3, roof - unit * 0.025, x + wide * 0.7, roof)
            if rng.random() < 0.25:
                paper.box(x + wide * 0.48, roof - unit * 0.09, x + wide * 0.52, roof)
            _windows(board, lights, (x, roof, wide), 0.42 if night else 0.12, i)
            x += wide + unit * rng.choice((0.0, 0.0, 0.012, 0.04))
        mask = paper.taken()
        own, foot = board.shades(depth, fade=0.3)
        picture = Image.new("RGB", mask.size, own)
        fog = shapes.glow(64, 255).resize((mask.width, max(even(unit * 0.5), 2)))
        picture.paste(mix(foot, theme.sky[2], 0.4), (0, mask.height - fog.height // 2), fog)
        tint = mix((255, 214, 140), theme.accent, 0.15 * i)
        picture.paste(tint, (0, 0), lights.taken())
        board.layers.append(Layer(mask, picture, 0.4 + 0.3 * i))


def _windows(
    board: Board, lights: shapes.Paper, house: tuple[float, float, float], share: float, row: int
) -> None:
    rng, (left, roof, wide) = board.rng, house
    size = board.unit * (0.007 + 0.003 * row)
    across = max(int(wide / (size * 2.4)), 1)
    gap = wide / across
    y = roof + size * 1.5
    while y < board.size[1]:
        for k in range(across):
            if rng.random() < share:
                x = left + gap * (k + 0.5)
                lights.box(x - size / 2, y, x + size / 2, y + size * 1.3, rng.randint(110, 235))
        y += size * 2.6


def fire(board: Board) -> None:
    """Draw a volcano, its lava, and embers."""
    theme, rng, unit = board.theme, board.rng, board.unit
    board.add(board.band(0.66, 0.2, shapes.peaks), board.shades(0.35), 0.4, top=0.45)
    # The mountain of fire itself, and a stream of lava with its glow.
    paper, lava = shapes.Paper(board.wide), shapes.Paper(board.wide)
    x = (board.wide[0] - board.size[0]) / 2 + board.sun[0] * board.size[0]
    top, foot, lip = board.size[1] * board.sun[1], board.size[1] * 0.92, unit * 0.07
    crater = [(x - lip, top), (x - lip * 0.4, top + lip * 0.3)]
    crater += [(x + lip * 0.5, top + lip * 0.2), (x + lip, top)]
    paper.polygon([*crater, (x + unit * 0.62, foot), (x - unit * 0.62, foot)])
    points, at = [(x, top + lip * 0.2)], x
    for k in range(1, 19):
        at += (0.05 * math.sin(k * 0.9) + rng.uniform(-0.022, 0.026)) * unit * 0.6
        points.append((at, top + (foot - top) * k / 18))
    lava.line(points, unit * 0.026)
    arm = (x - unit * 0.2, top + unit * 0.3)
    lava.line([(x - lip * 0.2, top + lip * 0.2), arm], unit * 0.014)
    slopes = gradient(board.wide, ((0, theme.layer(0.8)), (0.3, theme.layer(0.8)), (1, theme.near)))
    slopes.paste((255, 110, 20), (0, 0), lava.taken(blur=unit * 0.02))
    slopes.paste((255, 226, 130), (0, 0), lava.taken(blur=unit * 0.003))
    board.layers.append(Layer(paper.taken(), slopes, 0.6))
    for i in range(2):
        rocks = board.band(0.88 + 0.1 * i, 0.08, shapes.peaks)
        board.add(rocks, board.shades(0.85 + 0.15 * i), 0.85 + 0.25 * i, top=0.8)
    board.sparks.append(Sparks("embers", board.size, (255, 190, 90), rng))


def space(board: Board) -> None:
    """Put a rocky edge before the stars."""
    theme, rng = board.theme, board.rng
    board.sparks.append(Sparks("stars", board.size, (240, 244, 255), rng))
    ground = mix(theme.near, theme.accent, 0.3)
    for i in range(2):
        paper = board.band(0.86 + 0.08 * i, 0.05 + 0.02 * i, shapes.peaks)
        tint = mix(ground, theme.near, 0.3 + 0.6 * i)
        board.add(paper, (mix(tint, theme.light, 0.1), tint), 0.7 + 0.35 * i, top=0.8)
