"""The places: which layers a sea, a city or a forest is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.server.engines.camera import rng_for
from wan_magic.server.engines.drawing import land, shapes, water, wonders
from wan_magic.server.engines.drawing.board import Board
from wan_magic.server.engines.drawing.layers import Picture
from wan_magic.server.engines.drawing.skies import sky_for
from wan_magic.server.engines.drawing.sparks import Sparks
from wan_magic.server.engines.drawing.themes import hexed, mix, theme_for
from wan_magic.server.engines.planes import to_planes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wan_magic.server.engines.planes import Size

PLACES: Mapping[str, Callable[[Board], None]] = {
    "sea": water.sea,
    "underwater": water.underwater,
    "meadow": land.meadow,
    "mountain": land.mountain,
    "forest": land.forest,
    "snow": land.snow,
    "desert": land.desert,
    "city": wonders.city,
    "fire": wonders.fire,
    "space": wonders.space,
}


def draw(words: str, seed: int, size: Size) -> Picture:
    """Return the picture of a prompt. Same words and seed, same picture."""
    rng = rng_for(seed, words, "picture")
    theme = theme_for(words, rng)
    low = theme.hour in ("sunset", "dawn")
    sun = (rng.uniform(0.2, 0.8), rng.uniform(0.42, 0.5) if low else rng.uniform(0.16, 0.28))
    if theme.place == "fire":
        sun = (rng.uniform(0.36, 0.64), 0.3)
    board = Board(size, theme, rng, sun)
    sky = to_planes(sky_for(theme, size, sun, rng))
    if theme.place not in ("space", "underwater", "fire"):
        _clouds(board)
    PLACES[theme.place](board)
    if theme.weather:
        grey = (205, 215, 228) if theme.weather == "rain" else (250, 252, 255)
        board.sparks.append(Sparks(theme.weather, size, grey, rng))
    return Picture(size, sky, board.layers, board.sparks)


def _clouds(board: Board) -> None:
    rng, theme = board.rng, board.theme
    if theme.hour == "night" and theme.weather != "rain":
        tint, count = mix(theme.sky[1], theme.sky[2], 0.5), 3
    elif theme.weather == "rain":
        tint, count = mix(theme.sky[0], theme.sky[2], 0.35), 14
    else:
        tint, count = mix(theme.sky[2], hexed("ffffff"), 0.65), rng.randint(4, 7)
    mask = shapes.clouds(rng, board.wide, count, board.unit)
    board.add(mask, (tint, theme.sky[2]), 0.4, top=0.1, drift=rng.choice((-1, 1)) * 0.012)
