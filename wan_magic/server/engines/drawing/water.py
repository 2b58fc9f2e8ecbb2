"""The sea, and what is under it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wan_magic.server.engines.drawing import shapes
from wan_magic.server.engines.drawing.board import STEP
from wan_magic.server.engines.drawing.sparks import Sparks
from wan_magic.server.engines.drawing.themes import mix

if TYPE_CHECKING:
    from wan_magic.server.engines.drawing.board import Board


def sea(board: Board) -> None:
    """Waves before an island, a boat, and the sun on the water."""
    theme, rng, unit = board.theme, board.rng, board.unit
    if rng.random() < 0.8:
        far = board.band(0.64, 0.05, shapes.peaks)
        board.add(far, board.shades(0.22), 0.4, top=0.55)
    for i in range(5):
        depth = (i + 1) / 5
        paper = board.band(0.635 + 0.075 * i, 0.006 + 0.011 * i, shapes.swell)
        sway = (unit * (0.02 + 0.035 * depth), unit * 0.008 * depth, 5.5 - 2.2 * depth)
        if i == 1:
            x = board.wide[0] * (0.5 + rng.choice((-1, 1)) * rng.uniform(0.08, 0.16))
            boat = shapes.Paper(board.wide)
            _boat(boat, x, board.line[int(x / STEP)] + unit * 0.004, unit * 0.17)
            dark = mix(theme.near, (8, 10, 24), 0.4)
            board.add(boat, (dark, dark), 0.6, sway=sway)
        own = mix(theme.layer(0.45 + 0.55 * depth), theme.sky[1], 0.15 * (1 - depth))
        board.add(paper, (own, theme.layer(0.35 + 0.6 * depth)), 0.45 + 0.6 * depth,
                  top=0.6 + 0.075 * i, sway=sway)  # fmt: skip
        if i == 2 and theme.weather != "rain":
            x = board.sun[0]
            area = (max(x - 0.13, 0), 0.645, min(x + 0.13, 1), 0.9)
            board.sparks.append(Sparks("glitter", board.size, theme.light, rng, area))
    birds(board)


def _boat(paper: shapes.Paper, x: float, y: float, size: float) -> None:
    hull = [(x - size * 0.42, y - size * 0.13), (x + size * 0.42, y - size * 0.13)]
    paper.polygon([*hull, (x + size * 0.28, y + size * 0.06), (x - size * 0.3, y + size * 0.06)])
    paper.box(x - size * 0.012, y - size, x + size * 0.012, y - size * 0.1)
    paper.polygon([(x + size * 0.04, y - size * 0.96), (x + size * 0.4, y - size * 0.2),
                   (x + size * 0.04, y - size * 0.2)])  # fmt: skip
    paper.polygon([(x - size * 0.04, y - size * 0.8), (x - size * 0.3, y - size * 0.2),
                   (x - size * 0.04, y - size * 0.2)])  # fmt: skip


def birds(board: Board) -> None:
    """Add a few birds, by day."""
    if board.theme.hour == "night" or board.theme.weather:
        return
    rng, unit = board.rng, board.unit
    paper = shapes.Paper(board.wide)
    x, y = board.wide[0] * rng.uniform(0.35, 0.6), board.size[1] * rng.uniform(0.2, 0.36)
    for _ in range(rng.randint(3, 6)):
        wing = unit * rng.uniform(0.014, 0.026)
        points = [(x - wing, y - wing * 0.5), (x - wing * 0.4, y - wing * 0.55), (x, y)]
        points += [(x + wing * 0.4, y - wing * 0.55), (x + wing, y - wing * 0.5)]
        paper.line(points, max(wing * 0.16, 1.0), 230)
        x, y = x + unit * rng.uniform(0.05, 0.1), y + unit * rng.uniform(-0.05, 0.05)
    dark = mix(board.theme.near, board.theme.sky[0], 0.3)
    board.add(paper, (dark, dark), 0.6, drift=0.04, sway=(0, unit * 0.008, 2.6))


def underwater(board: Board) -> None:
    """Weed, shoals of fish and bubbles."""
    theme, rng, unit = board.theme, board.rng, board.unit
    for i in range(3):
        0.35 + 0.3 * i
        paper = board.band(0.82 + 0.08 * i, 0.09, shapes.hills)
        for _ in range(5 + 2 * i):
            _weed(board, paper, rng.uniform(0, board.wide[0]), unit * (0.12 + 0.11 * i))
        tint = mix(theme.sky[1], theme.near, 0.45 + 0.27 * i)
        board.add(paper, (tint, mix(tint, theme.near, 0.6)), 0.45 + 0.3 * i, top=0.6,
                  sway=(unit * 0.012, 0, 3.5 + i))  # fmt: skip
        fish = shapes.Paper(board.wide)
        way = rng.choice((-1, 1))
        x, y = board.wide[0] * rng.uniform(0.35, 0.65), board.size[1] * rng.uniform(0.25, 0.62)
        for _ in range(7 - 2 * i):
            size = unit * rng.uniform(0.02, 0.032) * (1 + 0.9 * i)
            fish.oval(x, y, size, size * 0.42)
            tail = x - way * size * 0.8
            fish.polygon([(tail, y), (tail - way * size * 0.7, y - size * 0.45),
                          (tail - way * size * 0.7, y + size * 0.45)])  # fmt: skip
            x, y = x + size * rng.uniform(2.2, 4), y + size * rng.uniform(-2.4, 2.4)
        tint = mix(theme.sky[1], (255, 170, 70) if i == 2 else theme.near, 0.75)
        board.add(fish, (tint, tint), 0.5 + 0.3 * i, drift=way * 0.035 * (1 + i),
                  sway=(0, unit * 0.012, 2.8))  # fmt: skip
    board.sparks.append(Sparks("bubbles", board.size, (225, 250, 255), rng))


def _weed(board: Board, paper: shapes.Paper, x: float, high: float) -> None:
    ground = board.line[min(int(x / STEP), len(board.line) - 1)] + 4
    for _ in range(4):
        tall, lean = high * board.rng.uniform(0.5, 1.1), board.rng.uniform(-0.35, 0.35)
        phase = board.rng.uniform(0, 6)
        points = [
            (
                x + lean * tall * t / 8 + math.sin(t * 0.9 + phase) * high * 0.05,
                ground - tall * t / 8,
            )
            for t in range(9)
        ]
        paper.line(points, max(high * 0.05, 1.5))
        x += high * 0.08
