"""Meadows, mountains, forests, snow and deserts, from the horizon to the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.server.engines.drawing import shapes
from wan_magic.server.engines.drawing.board import STEP
from wan_magic.server.engines.drawing.sparks import Sparks
from wan_magic.server.engines.drawing.themes import mix
from wan_magic.server.engines.drawing.water import birds

if TYPE_CHECKING:
    from wan_magic.server.engines.drawing.board import Board


def mountain(board: Board) -> None:
    """Three ridges and a few firs."""
    for i, (base, rise) in enumerate(((0.66, 0.38), (0.74, 0.28), (0.84, 0.2))):
        depth = 0.28 + 0.24 * i
        board.add(board.band(base, rise, shapes.peaks), board.shades(depth), 0.4 + 0.2 * i,
                  top=base - rise)  # fmt: skip
    _firs(board, 0.9, 0.1, 0.8, 1.0, 0.13)
    birds(board)


def _firs(board: Board, base: float, rise: float, depth: float, close: float, tall: float) -> None:
    paper = board.band(base, rise, shapes.hills)
    _plant(board, paper, tall, (0.12, 0.5))
    board.add(paper, board.shades(depth), close, top=base - tall)


def _plant(board: Board, paper: shapes.Paper, tall: float, gaps: tuple[float, float]) -> None:
    """Put firs on the outline that was drawn last."""
    rng, unit = board.rng, board.unit
    x = rng.uniform(0, unit * 0.1)
    while x < board.wide[0]:
        y = board.line[min(int(x / STEP), len(board.line) - 1)]
        shapes.conifer(paper, x, y + unit * 0.01, unit * tall * rng.uniform(0.6, 1.25))
        x += unit * tall * rng.uniform(*gaps)


def forest(board: Board) -> None:
    """Rows of firs, and lights between them."""
    board.add(board.band(0.6, 0.22, shapes.peaks), board.shades(0.18), 0.35, top=0.4)
    rows = (
        (0.68, 0.36, 0.5, 0.16),
        (0.76, 0.56, 0.7, 0.24),
        (0.87, 0.78, 0.9, 0.36),
        (1.02, 1, 1.15, 0.5),
    )
    for base, depth, close, tall in rows:
        _firs(board, base, 0.05, depth, close, tall)
    kind, tint = (
        ("fireflies", (255, 226, 130)) if board.theme.hour != "day" else ("petals", (222, 232, 170))
    )
    board.sparks.append(Sparks(kind, board.size, tint, board.rng, (0, 0.35, 1, 1)))


def snow(board: Board) -> None:
    """White ridges, firs on white ground, snow in the air."""
    theme = board.theme
    for i, (base, rise) in enumerate(((0.66, 0.4), (0.74, 0.24))):
        paper = board.band(base, rise, shapes.peaks)
        rock = mix(theme.sky[1], theme.sky[0], 0.25 + 0.3 * i)
        lit = mix(theme.near, theme.sky[2], 0.15)
        board.add(paper, (lit, rock), 0.35 + 0.15 * i, top=base - rise * 0.9)
    dark = mix(theme.sky[0], (20, 40, 60), 0.7)
    for base, tall, k in ((0.78, 0.14, 0.45), (0.9, 0.26, 0.85)):
        ground = board.band(base, 0.04, shapes.hills)
        trees = shapes.Paper(board.wide)
        _plant(board, trees, tall, (0.22, 1.0))
        tint = mix(theme.sky[2], dark, 0.4 + 0.6 * k)
        board.add(trees, (tint, tint), 0.5 + 0.5 * k)
        lit, shade = mix(theme.sky[2], theme.near, 0.7), mix(theme.near, theme.sky[1], 0.3)
        board.add(ground, (lit, shade), 0.5 + 0.5 * k, top=base)
    if theme.weather != "snow":
        board.sparks.append(Sparks("snow", board.size, (250, 252, 255), board.rng))


def desert(board: Board) -> None:
    """Dunes before a far ridge."""
    theme, rng = board.theme, board.rng
    board.add(board.band(0.64, 0.07, shapes.peaks), board.shades(0.25), 0.35, top=0.55)
    warm = mix((214, 138, 66), theme.sky[1], 0.12)
    for i, (base, rise) in enumerate(((0.72, 0.08), (0.82, 0.13), (0.95, 0.17), (1.1, 0.22))):
        0.25 + 0.25 * i
        lit = mix(mix(theme.sky[2], warm, 0.4 + 0.2 * i), theme.near, 0.22 * i)
        board.add(board.band(base, rise, shapes.dunes), (lit, mix(lit, theme.near, 0.55)),
                  0.45 + 0.2 * i, top=base - rise)  # fmt: skip
    if rng.random() < 0.7:
        birds(board)


def meadow(board: Board) -> None:
    """Hills with trees behind tall grass."""
    theme, rng, unit = board.theme, board.rng, board.unit
    board.add(board.band(0.62, 0.16, shapes.hills), board.shades(0.3), 0.35, top=0.5)
    paper = board.band(0.7, 0.07, shapes.hills)
    for _ in range(rng.randint(4, 8)):
        x = rng.uniform(0, board.wide[0])
        ground = board.line[int(x / STEP)] + 2
        shapes.crown(paper, rng, x, ground, unit * rng.uniform(0.09, 0.17))
    board.add(paper, board.shades(0.5), 0.55, top=0.6)
    board.add(board.band(0.8, 0.06, shapes.hills), board.shades(0.72), 0.75, top=0.72)
    for i, (base, tall) in enumerate(((0.93, 0.12), (1.03, 0.2))):
        paper = board.band(base, 0.03, shapes.hills)
        shapes.blades(paper, rng, board.line, STEP, unit * tall)
        top, foot = board.shades(0.85 + 0.15 * i)
        board.add(paper, (mix(top, theme.light, 0.12), foot), 0.9 + 0.2 * i, top=base - tall,
                  sway=(unit * 0.008, 0, 2.4 + i))  # fmt: skip
    kind, tint = (
        ("fireflies", (255, 236, 150)) if theme.hour == "night" else ("petals", (255, 238, 240))
    )
    board.sparks.append(Sparks(kind, board.size, tint, rng, (0, 0.2, 1, 1)))
