"""The sky behind everything: its colours, the sun or the moon, stars, a planet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from wan_magic.server.engines.drawing.layers import gradient
from wan_magic.server.engines.drawing.shapes import Paper, glow
from wan_magic.server.engines.drawing.themes import Theme, mix

if TYPE_CHECKING:
    import random

    from wan_magic.server.engines.planes import Colour, Size


def sky_for(theme: Theme, size: Size, sun: tuple[float, float], rng: random.Random) -> Image.Image:
    """Return what is behind all layers, in the frame's size."""
    top, middle, low = theme.sky
    horizon = 1.0 if theme.place in ("space", "underwater") else 0.68
    image = gradient(size, ((0, top), (horizon * 0.55, middle), (horizon, low), (1, low)))
    unit = min(size)
    if theme.place == "underwater":
        return _rays(image, rng)
    if theme.place == "space":
        _nebula(image, theme, rng)
        _stars(image, rng, 420, 1.0)
        _planet(image, theme, rng)
        return image
    if theme.hour == "night" and theme.weather != "rain":
        _stars(image, rng, 190, 0.7)
    at = (sun[0] * size[0], sun[1] * size[1])
    if theme.place == "fire":
        _light(image, at, unit * 1.3, (255, 170, 70), 235)
    if theme.weather == "rain" or theme.place == "fire":
        return image
    night = theme.hour == "night"
    _light(image, at, unit * (0.9 if night else 1.5), theme.light, 110 if night else 190)
    radius = unit * (0.055 if night else 0.075)
    disc = Paper(size)
    disc.oval(*at, radius, radius)
    if night and rng.random() < 0.6:
        disc.oval(at[0] + radius * 0.5, at[1] - radius * 0.22, radius * 0.88, radius * 0.88, 0)
    image.paste(theme.light, (0, 0), disc.taken())
    return image


def _light(
    image: Image.Image, at: tuple[float, float], wide: float, tint: Colour, strength: int
) -> None:
    size = int(wide)
    mask = glow(size, strength)
    image.paste(tint, (int(at[0] - size / 2), int(at[1] - size / 2)), mask)


def _stars(image: Image.Image, rng: random.Random, count: int, share: float) -> None:
    draw = ImageDraw.Draw(image)
    unit = max(min(image.size) / 480, 0.5)
    for _ in range(count):
        x, y = rng.uniform(0, image.width), rng.uniform(0, image.height * share)
        bright = rng.random() ** 2
        r = unit * (0.4 + bright)
        shade = round(130 + 125 * bright)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(shade, shade, min(shade + 20, 255)))


def _nebula(image: Image.Image, theme: Theme, rng: random.Random) -> None:
    unit = min(image.size)
    for index in range(9):
        size = int(unit * rng.uniform(0.5, 1.1))
        tint = mix(theme.accent, (rng.randint(40, 255), 90, 230), rng.random() * 0.6)
        # Along a diagonal, as galaxies like to lie.
        x = image.width * (index + rng.random()) / 9 - size / 2
        y = image.height * (0.75 - 0.5 * (index / 9) + rng.uniform(-0.2, 0.2)) - size / 2
        image.paste(tint, (int(x), int(y)), glow(size, rng.randint(40, 95)))


def _planet(image: Image.Image, theme: Theme, rng: random.Random) -> None:
    unit = min(image.size)
    radius = unit * rng.uniform(0.16, 0.24)
    x, y = image.width * rng.uniform(0.25, 0.75), image.height * rng.uniform(0.3, 0.5)
    body = mix(theme.accent, (255, rng.randint(120, 220), rng.randint(80, 200)), 0.6)
    box = (int(radius * 2) // 2 * 2, int(radius * 2) // 2 * 2)
    ball = Image.new("RGB", box, body)
    draw = ImageDraw.Draw(ball)
    for row in range(9):
        top = box[1] * row / 9
        shade = mix(body, (20, 10, 40), rng.uniform(0.0, 0.35))
        draw.rectangle((0, top, box[0], top + box[1] / 9), fill=shade)
    ball = ball.filter(ImageFilter.GaussianBlur(radius / 16)).rotate(-18, fillcolor=body)
    # Lit from the upper left: the shadow is the same disc, moved.
    round_mask = Paper(box)
    round_mask.oval(box[0] / 2, box[1] / 2, box[0] / 2 - 1, box[1] / 2 - 1)
    lit = Paper(box)
    lit.oval(box[0] * 0.36, box[1] * 0.36, box[0] * 0.52, box[1] * 0.52)
    dark = ImageChops.invert(lit.taken(blur=radius / 5)).point(
        [round(v * 0.85) for v in range(256)]
    )
    ball.paste((4, 3, 14), (0, 0), dark)
    corner = (int(x - box[0] / 2), int(y - box[1] / 2))
    if rng.random() < 0.65:
        ring = Image.new("L", (box[0] * 4, box[0] * 4))
        pen = ImageDraw.Draw(ring)
        for k, fill in ((0.95, 150), (0.86, 90), (0.8, 170), (0.7, 110)):
            half = (box[0] * 1.9 * k, box[0] * 0.42 * k)
            middle = box[0] * 2
            oval = (middle - half[0], middle - half[1], middle + half[0], middle + half[1])
            pen.ellipse(oval, outline=fill, width=max(int(radius * 0.14), 2))
        ring = ring.rotate(16).resize((box[0] * 2, box[0] * 2), Image.Resampling.BOX)
        place = (corner[0] - box[0] // 2, corner[1] - box[1] + box[1] // 2)
        tint = mix(body, (255, 245, 225), 0.5)
        image.paste(tint, place, ring)
        image.paste(ball, corner, round_mask.taken())
        # The near half of the ring passes before the planet.
        front = ring.copy()
        front.paste(0, (0, 0, ring.width, ring.height // 2))
        image.paste(tint, place, front)
    else:
        image.paste(ball, corner, round_mask.taken())


def _rays(image: Image.Image, rng: random.Random) -> Image.Image:
    paper = Paper(image.size)
    wide, high = image.size
    start = wide * rng.uniform(0.3, 0.7)
    for _ in range(9):
        x, spread = start + rng.uniform(-0.5, 0.5) * wide, rng.uniform(0.03, 0.1) * wide
        lean = (x - start) * 1.1
        foot = high * rng.uniform(0.6, 1.0)
        points = [(x, -5), (x + spread * 0.4, -5), (x + spread + lean, foot), (x + lean, foot)]
        paper.polygon(points, rng.randint(30, 70))
    mask = paper.taken(blur=min(image.size) / 40)
    fade = Image.linear_gradient("L").resize(image.size)
    image.paste((225, 255, 250), (0, 0), ImageChops.multiply(mask, ImageChops.invert(fade)))
    return image
